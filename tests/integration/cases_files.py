# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages that come without SMTP: clrelay-sendmail with its drop folder, and pickup folders."""
import email
import glob
import json
import os
import stat
import threading
import time

import harness
from harness import Relay, case, check, equal, run, verify_dkim, key_settings, wait_for

OPEN = 0o3733


def pickup(folder, extra=""):
    return f"[pickup files]\ndirectory = {folder}/pickup\nbad-directory = {folder}/bad\npoll-interval = 1\nsettle-time = 1\n{extra}"


def drop_settings(folder):
    return f"[pickup local]\ndirectory = {folder}/drop\nbad-directory = {folder}/bad\nlocal-users = true\npoll-interval = 1\n"


def relay_with(make, **options):
    relay = Relay(**options)
    os.makedirs(os.path.join(relay.folder, "pickup"), exist_ok=True)
    relay.write(extra=make(relay.folder) + options.get("extra", ""))
    return relay


def leave(relay, name, text, where="pickup"):
    """A file that appears whole."""
    path = os.path.join(relay.folder, where, name)
    with open(path + ".part", "wb") as file:
        file.write(text.encode() if isinstance(text, str) else text)
    os.rename(path + ".part", path)
    return path


def sendmail(relay, *words, data="", expect=0):
    result = run(os.path.join(harness.BUILD, "common", "cli", "clrelay-sendmail"), *words, data=data.encode() if isinstance(data, str) else data,
                 env={**os.environ, "CLRELAY_DROP": os.path.join(relay.folder, "drop")})
    equal(result.returncode, expect, f"exit status of clrelay-sendmail {' '.join(words)} ({result.stderr.decode().strip()})")
    return result.stdout.decode()


def captured(relay, n=1):
    """The n messages that arrived: [(envelope, parsed, octets)]."""
    wait_for(lambda: min(len(glob.glob(relay.capture + end)) for end in ("/*.json", "/*.eml")) >= n, 20, f"{n} captured messages")
    found = []
    for path in sorted(glob.glob(relay.capture + "/*.json")):
        with open(path, encoding="utf-8") as file:
            envelope = json.load(file)
        with open(path[:-5] + ".eml", "rb") as file:
            octets = file.read()
        found.append((envelope, email.message_from_bytes(octets), octets))
    equal(len(found), n, "captured messages")
    return found


def recipients(envelope):
    return sorted(r["address"] if isinstance(r, dict) else r for r in envelope["recipients"])


def bad_files(relay, n=1):
    """{end of the name: reason} of the n files that were put aside."""
    wait_for(lambda: len(glob.glob(relay.folder + "/bad/*.reason")) >= n, 20, f"{n} bad files")
    found = {}
    for path in glob.glob(relay.folder + "/bad/*.reason"):
        with open(path, encoding="utf-8") as file:
            found[os.path.basename(path)[:-7].split("-")[-1]] = file.read()
        check(os.path.lexists(path[:-7]), f"{path[:-7]} is not there")
    return found


@case("pickup: X-Sender and X-Receiver are the envelope, as IIS has it, and do not travel")
def _():
    with relay_with(pickup, extra=key_settings()) as relay:
        path = leave(relay, "iis.eml", "X-Sender: <app@internal.test>\nX-Receiver: one@example.test\nX-Receiver: <two@example.test> NOTIFY=NEVER\n"
                                       "From: Application <app@internal.test>\nTo: other@example.test\nBcc: hidden@example.test\nSubject: from a file\n\nline\n.\nend\n")
        envelope, message, octets = captured(relay)[0]
        equal((envelope["sender"], recipients(envelope)), ("app@internal.test", ["one@example.test", "two@example.test"]), "envelope")
        equal((message["X-Sender"], message["X-Receiver"], message["Bcc"], message["To"]), (None, None, None, "other@example.test"), "fields")
        check(message["Date"] and message["Message-ID"], "Date and Message-ID are not added")
        check(octets.endswith(b"\r\n\r\nline\r\n.\r\nend\r\n"), "the body has changed")
        check(b"\n" not in octets.replace(b"\r\n", b""), "a lone LF")
        equal(verify_dkim(octets), 2, "signatures")
        wait_for(lambda: not os.path.exists(path), 5, "the removal of the file")
        status = relay.show(os.path.basename(glob.glob(relay.capture + "/*.json")[0])[:-5])
        equal((status["device"], status["client"]), ("files", "files (user root)" if os.geteuid() == 0 else status["client"]), "who brought it")


@case("pickup: a plain .eml is for To, Cc and Bcc, whatever form the addresses have")
def _():
    with relay_with(pickup) as relay:
        leave(relay, "plain.eml", b'From: "Scanner, 3rd floor" <scan@internal.test>\r\nTo: Group: a@example.test, "B, b" <b@example.test>;,\r\n'
                                  b"\t(a comment (in it)) <@gate.test,@x.test:c@example.test>\r\nCc: d@example.test (Dora), A@example.test\r\nBcc: hidden@example.test,\r\n"
                                  b" two@example.test\r\nSubject: plain\r\n\r\nbody\r\n")
        envelope, message, octets = captured(relay)[0]
        equal(envelope["sender"], "scan@internal.test", "sender")
        equal(recipients(envelope), sorted(["A@example.test", "a@example.test", "b@example.test", "c@example.test", "d@example.test", "hidden@example.test",
                                            "two@example.test"]), "recipients")
        check(b"hidden" not in octets, "Bcc travels")
        equal(message["Subject"], "plain", "subject")


@case("pickup: a file that is still written is waited for")
def _():
    with relay_with(pickup) as relay:
        with open(os.path.join(relay.folder, "pickup", "slow.eml"), "w", encoding="utf-8") as file:
            file.write("From: a@internal.test\nTo: b@example.test\nSubject: slow\n\n")
            for i in range(12):
                file.write(f"line {i}\n")
                file.flush()
                time.sleep(0.3)
                check(not glob.glob(relay.capture + "/*.eml"), f"half a file was taken after line {i}")
        check(captured(relay)[0][2].endswith(b"line 11\r\n"), "the end is missing")


@case("pickup: what is no message is put aside with a reason, and the next one goes on")
def _():
    with relay_with(pickup, limits="max-message-size = 64K\nmax-header-size = 4K\n", routes="") as relay:
        relay.write(routes=f"[route out]\nrecipients = example.test\nvia = capture\ndirectory = {relay.capture}\n")
        relay.hangup()
        head = "From: a@internal.test\nTo: b@example.test\n"
        os.symlink("/etc/passwd", os.path.join(relay.folder, "pickup", "link.eml"))
        os.mkfifo(os.path.join(relay.folder, "pickup", "pipe.eml"))
        leave(relay, "empty.eml", "")
        leave(relay, "nul.eml", head + "\n\0\n")
        leave(relay, "large.eml", head + "\n" + "x" * 70 * 1024)
        leave(relay, "header.eml", head + "X: " + "y" * 5000 + "\n\n")
        leave(relay, "nobody.eml", "From: a@internal.test\nSubject: x\n\n")
        leave(relay, "address.eml", "From: a@internal.test\nTo: not an address\n\n")
        leave(relay, "route.eml", "From: a@internal.test\nTo: b@elsewhere.test\n\n")
        os.link(leave(relay, "hard.txt", head + "\n"), os.path.join(relay.folder, "hard.eml"))
        os.mkdir(os.path.join(relay.folder, "pickup", "folder"))
        leave(relay, "good.eml", head + "\ngood\n")
        captured(relay)
        reasons = bad_files(relay, 10)
        for name, words in {"link.eml": "symbolic link", "pipe.eml": "not a file", "empty.eml": "empty", "nul.eml": "NUL", "large.eml": "larger",
                            "header.eml": "header section", "nobody.eml": "no recipient", "address.eml": "list of addresses", "route.eml": "no route",
                            "hard.txt": "hard link"}.items():
            check(words in reasons.get(name, ""), f"{name}: {reasons.get(name)}")
        equal(os.listdir(os.path.join(relay.folder, "pickup")), ["folder"], "what is left")


@case("pickup: 300 files at once, a kill in the middle: each arrives, none twice but those on their way")
def _():
    with relay_with(pickup) as relay:
        for i in range(300):
            leave(relay, f"{i}.eml", f"From: a@internal.test\nTo: b@example.test\nSubject: number {i}\n\n" + "x\n" * (i % 50) * 20)
        wait_for(lambda: len(glob.glob(relay.capture + "/*.json")) > 20, 20, "the first files")
        relay.kill()
        relay.start()
        wait_for(lambda: not os.listdir(os.path.join(relay.folder, "pickup")), 60, "an empty folder")
        relay.wait_empty(60)
        subjects = [email.message_from_bytes(o)["Subject"] for o in relay.captured().values()]
        equal(set(subjects), {f"number {i}" for i in range(300)}, "what arrived")
        check(len(subjects) <= 300 + 64, f"{len(subjects) - 300} messages arrived twice")


@case("pickup: a message larger than the spool size goes by the disk")
def _():
    with relay_with(pickup) as relay:
        body = ("0123456789" * 7 + "\r\n") * 60000
        leave(relay, "large.eml", "From: a@internal.test\r\nTo: b@example.test\r\n\r\n" + body)
        check(captured(relay)[0][2].endswith(b"\r\n\r\n" + body.encode()), "the body has changed")


@case("sendmail: a message is left while the relay is down, and taken when it is there")
def _():
    relay = relay_with(drop_settings)
    sendmail(relay, "b@example.test", data="Subject: too early\n\n", expect=69)
    with relay:
        drop = os.path.join(relay.folder, "drop")
        wait_for(lambda: os.path.exists(drop + "/.open"), 10, "the mark")
        equal(stat.S_IMODE(os.stat(drop).st_mode), OPEN, "mode of the drop folder")
        relay.stop()
        sendmail(relay, "-F", "Back up", "-f", "backup@internal.test", "b@example.test", "c@example.test", data="Subject: while it was down\n\nhello\n.\nnot sent\n")
        files = glob.glob(drop + "/*")
        equal((len(files), stat.S_IMODE(os.stat(files[0]).st_mode)), (1, 0o640), "the file in the drop folder")
        relay.start()
        envelope, message, octets = captured(relay)[0]
        equal((envelope["sender"], recipients(envelope)), ("backup@internal.test", ["b@example.test", "c@example.test"]), "envelope")
        equal((message["From"], message["Subject"]), ('"Back up" <backup@internal.test>', "while it was down"), "fields")
        check(octets.endswith(b"\r\n\r\nhello\r\n"), f"the body is {octets[-40:]}")
        wait_for(lambda: not glob.glob(drop + "/*"), 5, "an empty drop folder")


@case("sendmail: -t, -i, -N, -R, and words that programs use")
def _():
    with relay_with(drop_settings) as relay:
        wait_for(lambda: os.path.exists(relay.folder + "/drop/.open"), 10, "the mark")
        sendmail(relay, "-t", "-oi", "-odb", "-oem", "-R", "hdrs", "-Nnever", "-fa@internal.test", "-V", "e1", "extra@example.test",
                 data="From: A <a@internal.test>\nTo: b@example.test\nBcc: c@example.test\nX-Receiver: not-this@example.test\nSubject: all\n\n.\nend")
        envelope, message, octets = captured(relay)[0]
        equal(recipients(envelope), ["b@example.test", "c@example.test", "extra@example.test"], "recipients")
        equal((message["Bcc"], message["X-Receiver"]), (None, "not-this@example.test"), "fields")
        check(octets.endswith(b"\r\n\r\n.\r\nend\r\n"), f"the body is {octets[-40:]}")
        sendmail(relay, "-t", data="Subject: nobody\n\n", expect=64)
        sendmail(relay, data="Subject: nobody\n\n", expect=64)
        sendmail(relay, "-bx", "b@example.test", data="x", expect=64)
        sendmail(relay, "b@example.test> NOTIFY=NEVER <c@example.test", data="x", expect=64)
        sendmail(relay, "-bi")
        # No header at all, the way a shell script sends; and the null sender.
        sendmail(relay, "-f", "<>", "b@example.test", data="just a line\n")
        found = [c for c in captured(relay, 2) if c[0]["sender"] == ""]
        equal(len(found), 1, "messages of the null sender")
        check(found[0][2].endswith(b"\r\n\r\njust a line\r\n"), f"the message is {found[0][2][-80:]}")


@case("sendmail: a hundred at a time")
def _():
    with relay_with(drop_settings) as relay:
        wait_for(lambda: os.path.exists(relay.folder + "/drop/.open"), 10, "the mark")
        threads = [threading.Thread(target=lambda k: [sendmail(relay, "b@example.test", data=f"Subject: {k}-{i}\n\n") for i in range(10)], args=(k,))
                   for k in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal({m["Subject"] for _, m, _ in captured(relay, 100)}, {f"{k}-{i}" for k in range(10) for i in range(10)}, "subjects")


@case("sendmail -bs speaks with the relay's listener; 421 when it is down")
def _():
    relay = Relay(listener="tls = none")
    words = ("-C", relay.conf, "-bs")
    check(sendmail(relay, *words, data="QUIT\r\n", expect=75).startswith("421 "), "the answer while it is down")
    with relay:
        said = sendmail(relay, *words, data="EHLO here.test\r\nMAIL FROM:<a@internal.test>\r\nRCPT TO:<b@example.test>\r\nDATA\r\n"
                                            "Subject: s\r\n\r\n.\r\nQUIT\r\n")
        check(said.startswith("220 ") and "queued as" in said and "221 " in said, f"the dialogue: {said}")
        captured(relay)


@case("pickup: reload takes other folders, and closes the drop to users")
def _():
    with relay_with(drop_settings) as relay:
        mark = relay.folder + "/drop/.open"
        wait_for(lambda: os.path.exists(mark), 10, "the mark")
        relay.write(extra=pickup(relay.folder))
        relay.hangup()
        wait_for(lambda: not os.path.exists(mark), 10, "the removal of the mark")
        sendmail(relay, "b@example.test", data="x\n", expect=69)
        wait_for(lambda: os.path.isdir(relay.folder + "/pickup"), 10, "the new folder")
        leave(relay, "x.eml", "From: a@internal.test\nTo: b@example.test\n\n")
        captured(relay)


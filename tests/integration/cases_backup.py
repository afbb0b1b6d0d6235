# SPDX-License-Identifier: LGPL-2.1-or-later
"""`clrelay backup` and `clrelay restore`: a relay goes into one file and comes out of it, with its queue."""
import json
import os
import random
import re
import subprocess
import threading
import time

from harness import Relay, Sink, case, certificate, check, clrelay, dkim_keys, equal, key_settings, run, temp, wait_for

PASSPHRASE = b"correct horse battery staple\n"
NOT_NOW = {"RCPT": "451 4.3.0 not now"}
LINE = "x" * 70 + "\r\n"


def fill(relay, n, large=(), prefix="number"):
    """N messages; those whose numbers are in LARGE have 5 MiB. Returns their subjects."""
    for i in range(n):
        relay.send(f"Subject: {prefix} {i}\r\n\r\n" + LINE * (5 * 1024 * 1024 // 72 if i in large else 3))
    return {f"{prefix} {i}" for i in range(n)}


def subjects(sink):
    return sorted(re.search(rb"^Subject: (.*?)\r?$", mail.content, re.M)[1].decode() for mail in sink.mails)


def make_backup(relay, *words):
    path = os.path.join(temp("backup"), "relay.backup")
    relay.cli("backup", path, *words, data=PASSPHRASE)
    equal(os.stat(path).st_mode & 0o777, 0o600, "the backup's mode")
    return path


def successor(relay, **parts):
    """A relay elsewhere that is not started: a backup of RELAY will fill it, and then it listens where RELAY did."""
    other = Relay(**parts)
    other.port = relay.port
    return other


def restore(relay, path, *words, data=PASSPHRASE, expect=0):
    result = run(clrelay(), "--config", relay.conf, "restore", path, *words, data=data)
    check(result.returncode == expect, f"restore {' '.join(words)}: exit status {result.returncode}, wanted {expect}: {result.stderr.decode()}")
    return result.stdout.decode() + result.stderr.decode()


@case("backup: 100 in the queue, one of 5 MiB; restored as moved, all are delivered, none twice")
def _():
    with Sink(dict(NOT_NOW)) as sink:
        relay = Relay(sink.route(), queue="retry-first = 1s\nretry-longest = 2s\n")
        relay.start()
        try:
            relay.cli("secret", "set", "sink", data=b"open sesame\n")
            relay.cli("user", "add", "printer", "--generate")
            relay.cli("token", "add", "monitor")
            wanted = fill(relay, 100, large={17})
            path = make_backup(relay)
            told = relay.json("audit")
            check(any("backup made: 100 messages" in entry["what"] for entry in told["entries"]), told)
            check(not os.path.exists(os.path.join(relay.state, "backup.part")), "the copies are still there")
        finally:
            relay.kill()
        other = successor(relay)
        text = restore(other, path, "--moved")
        check("100 messages for 100 recipients" in text, text)
        equal(sink.mails, [], "the sink took mail although it refuses")
        sink.script.clear()
        with other:
            equal(len(other.json("token", "list")), 1, "tokens")
            equal([u["login"] for u in other.json("user", "list")], ["printer"], "users")
            sink.wait(100, 60)
            other.wait_empty()
            time.sleep(1)
            told = other.json("audit")
            check(any(entry["who"] == "clrelay restore" for entry in told["entries"]), told)
        equal(subjects(sink), sorted(wanted), "what arrived")
        large = next(mail for mail in sink.mails if b"Subject: number 17\r\n" in mail.content)
        check(large.content.count(LINE.encode()) == 5 * 1024 * 1024 // 72, "the large message is not whole")
        with open(os.path.join(other.state, "secrets", "sink"), "rb") as file:
            equal(file.read(), b"open sesame", "the secret")


@case("backup: without --moved what waits is held and says why; released it goes")
def _():
    with Sink(dict(NOT_NOW)) as sink, Relay(sink.route()) as relay:
        wanted = fill(relay, 5)
        path = make_backup(relay, "--history")
        relay.kill()
        sink.script.clear()
        other = successor(relay)
        check("is held at the next start" in restore(other, path), "no word of holding")
        with other:
            queue = other.queue()
            equal(len(queue), 5, "messages in the queue")
            facts = other.show(queue[0]["id"])["recipients"][0]
            equal(facts["state"], "held", "state")
            check("the old relay may have delivered it" in facts["reply"] and "relay.internal.test" in facts["reply"], facts)
            time.sleep(1)
            equal(sink.mails, [], "held mail has left")
            other.cli("queue", "release", "--all")
            sink.wait(5)
            other.wait_empty()
        equal(subjects(sink), sorted(wanted), "what arrived")
        check("first start from the backup of" in other.read_log(), "no event")
        # It is said once: mail of the next start is not held.
        with other:
            other.send("Subject: later\r\n\r\nx\r\n")
            sink.wait(6)


@case("backup: wrong passphrase, cuts and flipped bits are refused with a clear word, and nothing changes")
def _():
    with Relay() as relay:
        relay.send()
        relay.wait_empty()
        path = make_backup(relay)
        relay.cli("backup", path, data=PASSPHRASE, expect=1)  # it is there already
        relay.cli("backup", path + "2", data=b"short\n", expect=2)
        busy = run(clrelay(), "--config", relay.conf, "restore", path, "--replace", data=PASSPHRASE)
        check(busy.returncode == 1 and b"stop it first" in busy.stderr, busy)
    other = successor(relay)
    with open(other.conf, "rb") as file:
        before = file.read()
    check("whole backup of relay.internal.test" in restore(other, path, "--check"), "--check")
    check("passphrase is not the one" in restore(other, path, "--check", data=b"wrong horse battery\n", expect=4), "wrong passphrase")
    with open(path, "rb") as file:
        octets = file.read()
    broken = path + ".broken"
    chunk = 65536 + 16
    places = {0: "no backup", 9: "newer version", 13: "beginning|passphrase", 20: "passphrase", 50: "passphrase", 64: "damaged",
              64 + chunk: "damaged", len(octets) - 1: "cut short, or damaged"}
    for place, word in places.items():
        with open(broken, "wb") as file:
            file.write(octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1:])
        text = run(clrelay(), "--config", other.conf, "restore", broken, data=PASSPHRASE)
        check(text.returncode != 0 and re.search(word, text.stderr.decode()), f"octet {place}: {text}")
    for size in (0, 10, 64, 65, 64 + 16, 64 + chunk, 64 + chunk + 5, len(octets) - 1):
        with open(broken, "wb") as file:
            file.write(octets[:size])
        text = run(clrelay(), "--config", other.conf, "restore", broken, data=PASSPHRASE)
        check(text.returncode != 0 and re.search("cut short|missing|damaged", text.stderr.decode()), f"{size} octets: {text}")
    with open(broken, "wb") as file:
        file.write(octets + b"\0")
    text = run(clrelay(), "--config", other.conf, "restore", broken, data=PASSPHRASE)
    check(text.returncode != 0 and b"damaged" in text.stderr, f"with more behind its end: {text}")
    with open(other.conf, "rb") as file:
        equal(file.read(), before, "the settings after all that was refused")
    equal(sorted(os.listdir(other.state)), ["lock"], "the state after all that was refused")


@case("backup: keys and certificates that settings name, former settings; a state that is there is moved aside")
def _():
    cert, key = certificate()
    with Relay(listener=f"tls = may\ncertificate-file = {cert}\nkey-file = {key}\n", extra=key_settings()) as relay:
        relay.cli("config", "set", "limits.max-recipients=177")
        relay.cli("config", "set", "limits.max-recipients=178")
        path = make_backup(relay)
    names = {cert, key, *(file for file, _ in dkim_keys().values())}
    other = Relay()
    with other:  # it has a state of its own
        other.send("Subject: of the former state\r\n\r\nx\r\n")
    check("--replace" in restore(other, path, expect=1), "a state that is there")
    told = json.loads(run(clrelay(), "--config", other.conf, "restore", path, "--replace", "--json", data=PASSPHRASE).stdout)
    check(told["former"].startswith("before-restore-"), told)
    equal([note for note in told["notes"] if "file:" in note], [], "notes of files, with every file where it was")
    check(os.path.exists(os.path.join(other.state, told["former"], "queue.db")), "the former queue is not kept")
    former = [name for name in os.listdir(other.folder) if name.startswith("clrelay.conf.before-restore-")]
    check(former, f"the former settings are not kept: {os.listdir(other.folder)}")
    equal(run(clrelay(), "--config", other.conf, "config", "get", "limits.max-recipients").stdout.strip(), b"178", "the setting")
    history = json.loads(run(clrelay(), "--config", other.conf, "config", "history", "--json").stdout)
    equal(len(history), 2, "former versions")
    # On a machine that lacks the files they come out of the backup.
    for name in names:
        os.rename(name, name + ".away")
    try:
        third = successor(relay)
        told = json.loads(run(clrelay(), "--config", third.conf, "restore", path, "--json", data=PASSPHRASE).stdout)
        equal(len([note for note in told["notes"] if "file: " in note]), 4, told["notes"])
        with third:
            with third.client() as smtp:
                smtp.starttls()
            third.send("From: a@internal.test\r\nSubject: signed\r\n\r\nx\r\n")
            wait_for(third.captured, what="the captured message")
            equal(len(re.findall(rb"^DKIM-Signature:", next(iter(third.captured().values())), re.M)), 2, "signatures")
    finally:
        for name in names:
            os.rename(name + ".away", name)


@case("backup: settings alone; the queue stays as it is")
def _():
    with Relay() as relay:
        relay.cli("secret", "set", "one", data=b"1\n")
        path = make_backup(relay)
    with Sink(dict(NOT_NOW)) as sink:
        other = Relay(sink.route())
        with other:
            other.send("Subject: stays\r\n\r\nx\r\n")
        restore(other, path, "--settings-only", "--replace")
        other.port = relay.port
        with other:
            equal(len(other.queue()), 1, "messages in the queue")
            check(other.show(other.queue()[0]["id"])["recipients"][0]["state"] != "held", "mail that was there is held")
        check(os.path.exists(os.path.join(other.state, "secrets", "one")), "the secret")


@case("backup: made while mail comes and goes; what it holds is whole, the relay loses nothing")
def _():
    stop = threading.Event()
    accepted, problems = {}, []
    with Sink() as sink, Relay(sink.route(), queue="retry-first = 1s\n") as relay:
        def load(number):
            i = 0
            while not stop.is_set() and i < 400:
                subject = f"load {number}-{i}"
                i += 1
                try:
                    size = 5000 if i % 4 == 0 else 3  # every fourth lies in a spool file
                    relay.send(f"Subject: {subject}\r\n\r\n" + LINE * size)
                    accepted[subject] = time.monotonic()
                except Exception as problem:  # noqa: BLE001
                    problems.append(problem)
                    return
        threads = [threading.Thread(target=load, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(accepted) > 20 or problems, 30, what="load")
        paths = []
        for _ in range(3):
            begun = time.monotonic()
            path = make_backup(relay)
            paths.append((begun, path, set(subjects(sink))))
        stop.set()
        for thread in threads:
            thread.join(60)
        check(not problems, problems)
        sink.wait(len(accepted), 120)
        relay.wait_empty(60)
    equal(subjects(sink), sorted(accepted), "what the running relay has delivered")
    for begun, path, delivered in paths:
        with Sink() as second:
            other = successor(relay)
            restore(other, path, "--moved")
            # Its mail goes to another sink.
            with open(other.conf, encoding="utf-8") as file:
                text = file.read()
            with open(other.conf, "w", encoding="utf-8") as file:
                file.write(text.replace(f":{sink.port}", f":{second.port}"))
            with other:
                other.wait_empty(60)
            got = subjects(second)
            equal(len(got), len(set(got)), "messages that came twice")
            missing = [s for s, when in accepted.items() if when < begun and s not in delivered and s not in got]
            equal(missing, [], "accepted before, delivered neither by the old relay nor by the new one")
            for mail in second.mails:
                n = mail.content.count(LINE.encode())
                check(n in (3, 5000), f"a message with {n} lines")


@case("backup: restoring, killed at any moment, leaves the old relay or the new one, whole")
def _():
    with Relay() as relay:
        relay.cli("config", "set", "limits.max-recipients=199")
        path = make_backup(relay)
    stats = {"old": 0, "new": 0}
    random.seed(7)
    other = Relay()
    with other:
        other.send("Subject: old\r\n\r\nx\r\n")
        wait_for(other.captured, what="delivery")
    with open(other.conf, "rb") as file:
        former = file.read()
    longest = 0.1
    for i in range(24):
        with open(other.conf, "wb") as file:
            file.write(former)
        begun = time.monotonic()
        process = subprocess.Popen([clrelay(), "--config", other.conf, "restore", path, "--replace"], stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        process.stdin.write(PASSPHRASE)
        process.stdin.close()
        if i == 0:
            process.wait(60)
            longest = time.monotonic() - begun
        else:
            # Deriving the key takes most of the time: the interesting part is at the end.
            time.sleep(longest * random.uniform(0.5, 1.0))
            process.kill()
            process.wait(10)
        if i % 4 == 3:
            with other:
                pass
        else:
            run(clrelay(), "--config", other.conf, "restore", "--finish")
        with open(other.conf, "rb") as file:
            text = file.read()
        is_new = b"max-recipients = 199" in text
        check(is_new or text == former, "the settings are neither the old ones nor the new ones")
        stats["new" if is_new else "old"] += 1
        check(not os.path.exists(os.path.join(other.state, "restoring")), "a restore still waits")
        for name in ("queue.db", "state.db"):
            check(os.path.exists(os.path.join(other.state, name)), f"{name} is missing (round {i}, {stats})")
    check(stats["new"] >= 1, stats)
    restore(other, path, "--replace")
    other.port = relay.port
    with other:
        other.send("Subject: at work\r\n\r\nx\r\n")
        wait_for(other.captured, what="delivery")

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mail out: to our sink with its script, and to servers of others; TLS, logging in, retrying, failing over, names."""
import contextlib
import glob
import os
import json
import re
import socket
import struct
import subprocess
import threading
import time

import harness
from harness import (Relay, Sink, Skip, answers, case, certificate, check, equal, free_port, key_settings, need, run, running, temp,
                     verify_dkim, wait_for)

TEXT = b"From: a@internal.test\r\nTo: b@example.test\r\nSubject: out\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n" \
       b"Message-ID: <1@internal.test>\r\n\r\nHello.\r\n.dot\r\n..two\r\n.\r\nend\r\n"


def route(port, settings="tls = none"):
    return f"[smarthost out]\nhosts = 127.0.0.1:{port}\n{settings}\n[route default]\nvia = smarthost:out\n"


@case("out to the sink: content octet by octet, dots and all; the connection is used again")
def _():
    with Sink() as sink, Relay(sink.route(), extra=key_settings()) as relay:
        for n in range(10):
            relay.send(TEXT)
            sink.wait(n + 1)
        for mail in sink.wait(10):
            check(mail.content.endswith(TEXT), f"got {mail.content[-200:]!r}")
            equal(verify_dkim(mail.content), 2, "signatures")
            equal((mail.sender, mail.recipients), ("a@internal.test", ["b@example.test"]), "envelope")
        check(sink.connections <= 5, f"{sink.connections} connections for 10 messages")
        relay.wait_empty()


@case("out to a sink without any extension, and to one that knows HELO only")
def _():
    for script, extensions in (({}, ()), ({"EHLO": lambda line: "502 5.5.1 no" if line.startswith("EHLO") else None}, ())):
        with Sink(script, extensions=extensions) as sink, Relay(sink.route()) as relay:
            relay.send(TEXT)
            check(sink.wait()[0].content.endswith(TEXT), "the content changed")


@case("8-bit content is declared to a next hop with 8BITMIME, whatever the client said; the word BODY=8BITMIME alone asks nothing")
def _():
    with Sink(extensions=("ENHANCEDSTATUSCODES",)) as sink, Relay(sink.route()) as relay:
        relay.send(TEXT, eight_bit=True)
        check(sink.wait()[0].content.endswith(TEXT), "the content changed")
    with Sink() as sink, Relay(sink.route()) as relay:
        relay.send(TEXT.replace(b"Hello", "Grüße".encode()))
        check(any("BODY=8BITMIME" in c for c in sink.commands) if sink.wait() else False, "8BITMIME was not declared")


@case("out to smtp-sink")
def _():
    program, port, folder = need("smtp-sink", "/usr/sbin/smtp-sink"), free_port(), temp("smtp-sink")
    os.chmod(folder, 0o777)
    os.chmod(harness.WORK, 0o755)
    with running(program, "-u", "nobody" if os.getuid() == 0 else "", "-d", os.path.join(folder, "%M."), f"inet:127.0.0.1:{port}", "100") as process:
        wait_for(lambda: answers(port) or process.poll() is not None, 10, "smtp-sink's greeting")
        check(process.poll() is None, "smtp-sink does not run")
        with Relay(route(port)) as relay:
            relay.send(TEXT)
            relay.wait_empty()
        files = glob.glob(folder + "/*")
        equal(len(files), 1, "messages of smtp-sink")
        with open(files[0], "rb") as file:
            check(file.read().rstrip(b"\n").endswith(b"\n.dot\n..two\n.\nend"), "the content changed")


@case("out to aiosmtpd")
def _():
    try:
        from aiosmtpd.controller import Controller
    except ImportError:
        raise Skip("aiosmtpd is not installed") from None
    got = []

    class Handler:
        async def handle_DATA(self, server, session, envelope):
            got.append(envelope.original_content)
            return "250 2.0.0 ok"
    port = free_port()
    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        with Relay(route(port), extra=key_settings()) as relay:
            relay.send(TEXT)
            relay.wait_empty()
        check(got and got[0].endswith(TEXT), f"aiosmtpd got {got!r}")
        equal(verify_dkim(got[0]), 2, "signatures")
    finally:
        controller.stop()


@case("a signature verifies with OpenDKIM")
def _():
    program = need("opendkim", "/usr/sbin/opendkim")
    with Relay(extra=key_settings(kinds=("rsa",))) as relay:
        identity = relay.send(TEXT)
        wait_for(lambda: relay.captured(), 10, "delivery")
        message = os.path.join(relay.capture, identity + ".eml")
        keys, conf = os.path.join(relay.folder, "keys"), os.path.join(relay.folder, "opendkim.conf")
        with open(keys, "w", encoding="ascii") as file:
            file.write(f"rsa._domainkey.internal.test {harness.dkim_keys()['rsa'][1].decode()}\n")
        with open(conf, "w", encoding="ascii") as file:
            file.write(f"Mode v\nTestPublicKeys {keys}\nSyslog no\n")
        result = run(program, "-x", conf, "-vv", "-t", message, timeout=30)
        text = (result.stdout + result.stderr).decode(errors="replace")
        check("verification (s=rsa" in text and "succeeded" in text, f"OpenDKIM says ({result.returncode}): {text[-400:]}")


@case("of four recipients two are refused: each has its own state")
def _():
    script = {"RCPT": lambda r: "550 5.1.1 unknown" if r.startswith("bad") else None}
    with Sink(script) as sink, Relay(sink.route()) as relay:
        identity = relay.send(TEXT, to=("good1@x.test", "bad1@x.test", "good2@x.test", "bad2@x.test"))
        equal(sorted(sink.wait()[0].recipients), ["good1@x.test", "good2@x.test"], "recipients of the sink")
        wanted = {"good1@x.test": "delivered", "good2@x.test": "delivered", "bad1@x.test": "failed", "bad2@x.test": "failed"}
        wait_for(lambda: "active" not in relay.states(identity).values(), 10, "an end of all deliveries")
        states = relay.states(identity)
        equal({k: states.get(k) for k in wanted if k in states}, {k: wanted[k] for k in wanted if k in states}, "states")
        check({"bad1@x.test", "bad2@x.test"} <= set(states), f"the failed ones are not shown: {states}")
        check(set(states) == set(wanted), f"not every recipient is shown: {states}")
        bad = next(r for r in relay.show(identity)["recipients"] if r["address"] == "bad1@x.test")
        equal((bad["code"], bad["enhanced"]), (550, "5.1.1"), "the reply kept")
        # The sender is told; then the message is over, and the history keeps what was said last.
        wait_for(lambda: relay.show(identity)["place"] == "history", 10, "the message in the history")
        bad = next(r for r in relay.show(identity)["recipients"] if r["address"] == "bad1@x.test")
        equal((bad["state"], bad["code"], bad["enhanced"]), ("failed", 550, "5.1.1"), "the reply in the history")
        relay.cli("queue", "delete", identity, expect=3)


@case("a message refused at the end of DATA has failed, with the reply")
def _():
    with Sink({"END": lambda mail: "554 5.6.0 not this one"}) as sink, Relay(sink.route()) as relay:
        identity = relay.send(TEXT)
        wait_for(lambda: relay.states(identity) == {"b@example.test": "failed"}, 10, "the failure")
        check("not this one" in relay.show(identity)["recipients"][0]["reply"], "the reply is not kept")
        check(not sink.mails, "the sink has mail")


@case("4xx at RCPT waits; queue retry --all delivers it")
def _():
    tries = []

    def rcpt(recipient):
        tries.append(recipient)
        return "451 4.2.0 later" if len(tries) == 1 else None
    with Sink({"RCPT": rcpt}) as sink, Relay(sink.route(), queue="retry-first = 1h\n") as relay:
        identity = relay.send(TEXT)
        wait_for(lambda: tries and relay.states(identity) == {"b@example.test": "waiting"}, 10, "the deferral")
        recipient = relay.show(identity)["recipients"][0]
        equal((recipient["code"], recipient["attempts"]), (451, 1), "what is kept")
        check(recipient["next-attempt"], "no next attempt is told")
        relay.cli("queue", "retry", "--all")
        sink.wait()
        relay.wait_empty()
        wait_for(lambda: relay.show(identity)["place"] == "history", 10, "the history")
        equal([a["outcome"] for a in relay.show(identity)["attempts"]], ["deferred", "delivered"], "attempts")


@case("the retry comes by itself after retry-first")
def _():
    tries = []

    def end(mail):
        tries.append(mail)
        return "452 4.3.1 full" if len(tries) < 3 else None
    with Sink({"END": end}) as sink, Relay(sink.route(), queue="retry-first = 1s\n") as relay:
        relay.send(TEXT)
        sink.wait(1, 20)
        equal(len(tries), 3, "attempts")


@case("mail that outlives its lifetime has failed and is kept")
def _():
    with Sink({"RCPT": lambda r: "451 4.2.0 later"}) as sink, Relay(sink.route(), queue="retry-first = 1s\nlifetime = 2s\n") as relay:
        identity = relay.send(TEXT)
        wait_for(lambda: relay.states(identity) == {"b@example.test": "failed"}, 20, "the end of its life")
        check(not sink.mails, "the sink has mail")


@case("the second host takes over when the first does not answer")
def _():
    with Sink() as sink:
        routes = f"[smarthost out]\nhosts = 127.0.0.1:{free_port()}, 127.0.0.1:{sink.port}\n[route default]\nvia = smarthost:out\n"
        with Relay(routes) as relay:
            relay.send(TEXT)
            sink.wait(1, 10)
            relay.wait_empty()


@case("the second host takes over when the first greets with 421, or closes")
def _():
    for greeting in ("421 4.3.2 not now", "554 5.3.2 never", "close"):
        with Sink({"GREETING": greeting}) as first, Sink() as sink:
            routes = f"[smarthost out]\nhosts = 127.0.0.1:{first.port}, 127.0.0.1:{sink.port}\n[route default]\nvia = smarthost:out\n"
            with Relay(routes) as relay:
                relay.send(TEXT)
                sink.wait(1, 10)


@case("a connection that breaks at the end of DATA defers, and loses nothing")
def _():
    breaks = []

    def end(mail):
        breaks.append(mail)
        return "close" if len(breaks) == 1 else None
    with Sink({"END": end}) as sink, Relay(sink.route(), queue="retry-first = 1s\n") as relay:
        relay.send(TEXT)
        sink.wait(1, 20)
        relay.wait_empty()


@case("routes: by domain, to captures, discard and reject")
def _():
    with Sink() as sink:
        relay = Relay()
        relay.write(routes=f"""[smarthost sink]\nhosts = 127.0.0.1:{sink.port}
[route one]\nrecipients = one.test, .one.test\nvia = capture\ndirectory = {relay.capture}
[route two]\nrecipients = two.test\nvia = discard
[route three]\nrecipients = three.test\nvia = reject\nreply = no mail for three
[route default]\nvia = smarthost:sink\n""")
        with relay:
            identity = relay.send(TEXT, to=("a@one.test", "a@sub.ONE.test", "a@two.test", "a@three.test", "a@four.test"))
            equal(sink.wait()[0].recipients, ["a@four.test"], "recipients of the sink")
            wait_for(lambda: "active" not in relay.states(identity).values() and "waiting" not in relay.states(identity).values(), 10, "all deliveries")
            states = relay.states(identity)
            equal(states.pop("a@three.test"), "failed", "the rejected one")
            equal(set(states.values()), {"delivered"}, "the others")
            check("no mail for three" in str(relay.show(identity)), "the reply of the route is not told")


@case("TLS out: STARTTLS when offered, encrypt takes any certificate")
def _():
    for settings in ("tls = may", "tls = encrypt"):
        with Sink(tls=certificate()) as sink, Relay(sink.route(settings)) as relay:
            identity = relay.send(TEXT)
            check(sink.wait()[0].tls, f"{settings}: the mail came in clear")
            wait_for(lambda: relay.show(identity)["place"] == "history", 10, "the history")
            check("TLS" in relay.show(identity)["attempts"][-1]["tls"], "the attempt does not tell the TLS version")


@case("TLS out: none never uses it; encrypt defers where STARTTLS is missing")
def _():
    with Sink(tls=certificate()) as sink, Relay(sink.route("tls = none")) as relay:
        relay.send(TEXT)
        check(not sink.wait()[0].tls, "tls = none used TLS")
    with Sink() as sink, Relay(sink.route("tls = encrypt")) as relay:
        identity = relay.send(TEXT)
        wait_for(lambda: "TLS" in str(relay.show(identity)["recipients"][0].get("reply")), 10, "the deferral")
        equal(relay.states(identity), {"b@example.test": "waiting"}, "states")
        check(not sink.mails and not any(c.startswith("MAIL") for c in sink.commands), "mail was sent in clear")


@case("TLS out: verify defers with an untrusted certificate, delivers with ca-file")
def _():
    cert = certificate()
    for tls, implicit in (("verify", False), ("implicit", True)):
        with Sink(tls=cert, implicit=implicit) as sink:
            with Relay(sink.route(f"tls = {tls}")) as relay:
                identity = relay.send(TEXT)
                wait_for(lambda: relay.show(identity)["recipients"][0].get("reply"), 15, "the deferral")
                equal(relay.states(identity), {"b@example.test": "waiting"}, "states")
                check("ertificate" in relay.show(identity)["recipients"][0]["reply"], f"the reason: {relay.show(identity)['recipients'][0]['reply']}")
                relay.write(routes=sink.route(f"tls = {tls}\nca-file = {cert[0]}"))
                relay.hangup()
                relay.cli("queue", "retry", "--all")
                check(sink.wait(1, 15)[0].tls, "clear")
                relay.wait_empty()


@case("TLS out: a trusted certificate for another name is not enough")
def _():
    cert = certificate("elsewhere.test")
    # The certificate names 127.0.0.1, too; localhost is what the relay is told to reach.
    with Sink(tls=cert) as sink:
        routes = f"[smarthost out]\nhosts = mx.internal.test:{sink.port}\nallow-loopback = true\ntls = verify\nca-file = {cert[0]}\n[route default]\nvia = smarthost:out\n"
        with Dns({"mx.internal.test": "127.0.0.1"}) as dns, Relay(routes, extra=f"[dns]\nservers = 127.0.0.1:{dns.port}\n") as relay:
            identity = relay.send(TEXT)
            wait_for(lambda: relay.show(identity)["recipients"][0].get("reply"), 15, "the deferral")
            check("ertificate" in relay.show(identity)["recipients"][0]["reply"], f"the reason: {relay.show(identity)['recipients'][0]}")
            check(not sink.mails, "mail was sent to another name")


@case("AUTH PLAIN and LOGIN with a secret set at the command line")
def _():
    for auth in ("PLAIN", "LOGIN", "LOGIN PLAIN"):
        with Sink(tls=certificate(), users={"office": "s3cret wörd"}, auth=auth) as sink:
            with Relay(sink.route("tls = encrypt\nuser = office\npassword = provider")) as relay:
                relay.cli("secret", "set", "provider", data="s3cret wörd\n".encode())
                relay.send(TEXT)
                equal(sink.wait()[0].user, "office", f"user with {auth}")
                relay.wait_empty()
                for folder, _, files in os.walk(relay.folder):
                    for name in files:
                        if not os.path.isfile(os.path.join(folder, name)):
                            continue
                        with open(os.path.join(folder, name), "rb") as file:
                            found = "s3cret wörd".encode() in file.read()
                        mode = os.stat(os.path.join(folder, name)).st_mode & 0o777
                        check(not found or mode & 0o077 == 0, f"{name} holds the password with mode {mode:o}")
                check("s3cret" not in relay.read_log(), "the password is in the log")


@case("AUTH: a wrong password defers, the right one delivers; no password in clear")
def _():
    with Sink(tls=certificate(), users={"office": "right"}) as sink, Relay(sink.route("tls = encrypt\nuser = office\npassword = provider")) as relay:
        relay.cli("secret", "set", "provider", data=b"wrong\n")
        identity = relay.send(TEXT)
        wait_for(lambda: relay.show(identity)["recipients"][0].get("reply"), 15, "the deferral")
        equal(relay.states(identity), {"b@example.test": "waiting"}, "states")
        relay.cli("secret", "set", "provider", data=b"right\n")
        relay.cli("queue", "retry", "--all")
        sink.wait(1, 15)
    with Sink(users={"office": "right"}) as sink, Relay(sink.route("tls = may\nuser = office\npassword = provider")) as relay:
        relay.cli("secret", "set", "provider", data=b"right\n", expect=None)
        relay.send(TEXT, to=("b@example.test",))
        time.sleep(1)
        check(not any(c.startswith("AUTH") for c in sink.commands), "the password was sent in clear")


class Dns:
    """A DNS server over UDP that knows some A records."""

    def __init__(self, addresses):
        self.addresses, self.questions = addresses, []
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.port = free_port()
        self.sock.bind(("127.0.0.1", self.port))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                question, who = self.sock.recvfrom(4096)
            except OSError:
                return
            at, labels = 12, []
            while question[at]:
                labels.append(question[at + 1:at + 1 + question[at]].decode().lower())
                at += 1 + question[at]
            kind = struct.unpack(">H", question[at + 1:at + 3])[0]
            name = ".".join(labels)
            self.questions.append((name, kind))
            address = self.addresses.get(name) if kind == 1 else None
            known = name in self.addresses or any(n.endswith("." + name) for n in self.addresses)
            head = question[:2] + struct.pack(">HHHHH", 0x8180 if known else 0x8183, 1, 1 if address else 0, 0, 0)
            answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(address) if address else b""
            self.sock.sendto(head + question[12:at + 5] + answer, who)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


@case("a smarthost by name; one that resolves to this machine only with allow-loopback")
def _():
    with Dns({"mx.internal.test": "127.0.0.1"}) as dns, Sink() as sink:
        def routes(more):
            return f"[smarthost out]\nhosts = mx.internal.test:{sink.port}\n{more}\n[route default]\nvia = smarthost:out\n"
        with Relay(routes(""), extra=f"[dns]\nservers = 127.0.0.1:{dns.port}\n") as relay:
            identity = relay.send(TEXT)
            wait_for(lambda: relay.show(identity)["recipients"][0].get("reply"), 15, "the deferral")
            equal((relay.states(identity), sink.connections), ({"b@example.test": "waiting"}, 0), "states, connections")
            relay.write(routes=routes("allow-loopback = true"))
            relay.hangup()
            relay.cli("queue", "retry", "--all")
            sink.wait(1, 15)
        check(("mx.internal.test", 1) in dns.questions, f"questions: {dns.questions}")


@case("a smarthost whose name does not exist: mail waits and says why")
def _():
    with Dns({}) as dns, Relay("[smarthost out]\nhosts = nowhere.internal.test\n[route default]\nvia = smarthost:out\n",
                               extra=f"[dns]\nservers = 127.0.0.1:{dns.port}\n") as relay:
        identity = relay.send(TEXT)
        wait_for(lambda: relay.show(identity)["recipients"][0].get("reply"), 15, "the deferral")
        equal(relay.states(identity), {"b@example.test": "waiting"}, "states")
        check("nowhere.internal.test" in str(relay.show(identity)["recipients"][0]), f"it says {relay.show(identity)['recipients'][0]}")


@case("a relay that is its own smarthost is refused at the start")
def _():
    relay = Relay()
    relay.write(routes=route(relay.port)).launch()
    equal(relay.process.wait(20), 1, "exit status")
    check("round in circles" in relay.read_log(), relay.read_log())


@case("max-recipients splits a message, max-connections holds")
def _():
    with Sink() as sink, Relay(sink.route("max-recipients = 10\nmax-connections = 3")) as relay:
        relay.send(TEXT, to=[f"r{n}@x.test" for n in range(95)])
        wait_for(lambda: sum(len(m.recipients) for m in sink.mails) == 95, 20, "95 recipients at the sink")
        check(all(len(m.recipients) <= 10 for m in sink.mails), "a transaction has more than 10 recipients")
        equal(len({r for m in sink.mails for r in m.recipients}), 95, "different recipients")


@case("hundreds of messages over a slow sink, none lost, none twice")
def _():
    with Sink({"END": lambda mail: (0.01, "250 2.0.0 ok")}) as sink, Relay(sink.route()) as relay:
        source = need("smtp-source", "/usr/sbin/smtp-source")
        result = run(source, "-s", "5", "-m", "400", "-N", "-f", "a@internal.test", "-t", "b@example.test", f"inet:127.0.0.1:{relay.port}")
        equal(result.returncode, 0, "smtp-source")
        sink.wait(400, 30)
        relay.wait_empty()
        equal(len(sink.mails), 400, "messages at the sink")
        ids = {re.search(rb"\sid (\S+?)[;\s]", m.content)[1] for m in sink.mails}
        equal(len(ids), 400, "different queue ids")


@case("a trace finds mail that waits, is finished, or was deleted, each once and newest first")
def _():
    def rcpt(recipient):
        return "451 4.2.0 come back later" if "wait" in recipient else None
    with Sink({"RCPT": rcpt}) as sink, Relay(sink.route(), queue="retry-first = 1h\nhistory-size = 64M\n") as relay:
        done = relay.send(b"Subject: first one\r\nMessage-ID: <one@internal.test>\r\n\r\nx\r\n", to=["b@example.test"])
        wait_for(lambda: relay.show(done)["place"] == "history", 10, "the history")
        waits = relay.send(b"Subject: second one\r\n\r\nx\r\n", to=["wait@example.test"])
        gone = relay.send(b"Subject: third one\r\n\r\nx\r\n", to=["wait2@example.test", "wait3@example.test"])
        wait_for(lambda: set(relay.states(gone).values()) | set(relay.states(waits).values()) == {"waiting"}, 10, "the deferrals")

        def trace(*words):
            return [m["id"] for m in json.loads(relay.cli("trace", *words, "--json", expect=None))]
        equal(trace("subject:one"), [gone, waits, done], "mail by subject")
        equal(trace("--limit", "2", "a@internal.test"), [gone, waits], "the newest two of a sender")
        for words, wanted in ((["b@example.test"], done), (["one@internal.test"], done), ([waits], waits), (["second one"], waits),
                              (["reply:come back", "to:wait@example.test"], waits), (["state:delivered", "--since", "1h"], done)):
            equal(trace(*words), [wanted], f"trace {words}")
        relay.cli("queue", "delete", "--filter", "to:wait2@example.test")
        wait_for(lambda: trace("state:deleted") == [gone], 10, "the deleted recipient in the history")
        equal(relay.states(gone), {"wait3@example.test": "waiting", "wait2@example.test": "deleted"}, "states of both places")
        relay.cli("queue", "delete", gone)
        wait_for(lambda: relay.show(gone)["place"] == "history", 10, "the deleted message in the history")
        equal(set(relay.states(gone).values()), {"deleted"}, "states of the deleted message")
        check(all(r["deleted-by"] for r in relay.show(gone)["recipients"]), "nobody has deleted it")
        equal(trace("subject:one"), [gone, waits, done], "mail by subject, after the deletion")
        text = relay.cli("trace", "example.test")
        for part in ("accepted from 127.0.0.1", "delivered <b@example.test>", "will try again: 451 4.2.0 come back later", "was deleted by",
                     "next attempt"):
            check(part in text, f"{part!r} is not in {text!r}")
        relay.cli("trace", "nobody@example.test", expect=3)
        relay.cli("trace", "foo:bar", expect=1)
        relay.cli("trace", "--until", "2020-01-31 08:30", "subject:one", expect=3)

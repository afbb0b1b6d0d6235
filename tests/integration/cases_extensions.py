# SPDX-License-Identifier: LGPL-2.1-or-later
"""CHUNKING, SMTPUTF8, LIMITS and DSN on both sides, and what a peer gets that offers less: renditions, signed again."""
import email
import email.policy
import glob
import os
import re

import harness
from harness import (Raw, Relay, Sink, Skip, answers, case, check, equal, free_port, key_settings, need, queue_id, room, running, temp, verify_dkim,
                     wait_for)

HEAD = b"From: a@internal.test\r\nTo: b@example.test\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <1@internal.test>\r\n"
PLAIN = HEAD + b"Subject: out\r\n\r\nHello.\r\n.dot\r\n..two\r\n.\r\nend\r\n"
ALL = ("PIPELINING", "8BITMIME", "SIZE 100000000", "ENHANCEDSTATUSCODES", "SMTPUTF8", "CHUNKING", "DSN")
SOME = ("PIPELINING", "8BITMIME", "SIZE 100000000", "ENHANCEDSTATUSCODES")


def utf8(text):
    """What the sink has read as Latin-1."""
    return text.encode("latin-1").decode()


def hello(raw):
    raw.reply()
    return raw.ask("EHLO client.test")


def envelope(raw, sender="a@internal.test", to=("b@example.test",), parameters=""):
    for line in (f"MAIL FROM:<{sender}>{parameters}", *(f"RCPT TO:<{r}>" for r in to)):
        raw.send((line + "\r\n").encode())
        reply = raw.reply()
        check(reply.startswith("250"), f"{line}: {reply}")


def send(relay, content, sender="a@internal.test", to=("b@example.test",), parameters=""):
    """One message by BDAT; the queue id."""
    with Raw(relay.port) as raw:
        hello(raw)
        envelope(raw, sender, to, parameters)
        raw.send(f"BDAT {len(content)} LAST\r\n".encode() + content)
        reply = raw.reply()
        check(reply.startswith("250"), f"BDAT: {reply}")
        return queue_id(reply)


def big(octets=3_000_000, line="Grüße aus dem Büro, Seite {n}\r\n"):
    """A message beyond the spool size, with 8-bit text."""
    lines, size = [], 0
    while size < octets:
        lines.append(line.format(n=len(lines)).encode())
        size += len(lines[-1])
    return HEAD + b"Subject: big\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + b"".join(lines)


@case("CHUNKING in: one chunk, many chunks, chunks beyond the spool size; the content octet by octet")
def _():
    with Relay() as relay:
        with Raw(relay.port) as raw:
            reply = hello(raw)
            for word in ("CHUNKING", "SMTPUTF8", "8BITMIME", "LIMITS RCPTMAX="):
                check(word in reply, f"EHLO does not offer {word}: {reply}")
            check("BINARYMIME" not in reply, "BINARYMIME is offered")
        contents = {}
        contents[send(relay, PLAIN)] = PLAIN
        large = big()
        contents[send(relay, large)] = large
        for step in (1, 7, 50, 70_001):
            content = PLAIN if step < 100 else large
            with Raw(relay.port) as raw:
                hello(raw)
                envelope(raw)
                pieces = [content[i:i + step] for i in range(0, len(content), step)]
                raw.send(b"".join(b"BDAT %d\r\n%s" % (len(p), p) for p in pieces) + b"BDAT 0 LAST\r\n")
                for _ in pieces:
                    check(raw.reply().startswith("250"), "a chunk was refused")
                contents[queue_id(raw.reply())] = content
        wait_for(lambda: len(relay.captured()) == len(contents), 20, "all captured files")
        for identity, content in relay.captured().items():
            check(content.endswith(contents[identity]), f"{identity} changed on its way")


@case("CHUNKING out: small ones in the flight of their envelope, large ones behind it; refused recipients")
def _():
    script = {"RCPT": lambda r: "550 5.1.1 no" if r.startswith("no") else None}
    with Sink(script, extensions=ALL) as sink, Relay(sink.route("max-connections = 1"), extra=key_settings()) as relay:
        relay.send(PLAIN)
        relay.send(PLAIN, to=("b@example.test", "no@example.test"))
        relay.send(PLAIN, to=("no@example.test",))
        relay.send(PLAIN)
        large = big()
        relay.send(large)
        mails = [m for m in sink.wait(6, 30) if m.sender]  # and two reports about those who were refused
        equal(len(mails), 4, "messages")
        for mail in mails:
            check(mail.content.endswith(large if len(mail.content) > 1_000_000 else PLAIN), f"the content changed: {len(mail.content)} octets, {mail.content[-200:]}")
            equal(verify_dkim(mail.content), 2, "signatures")
        check(any(re.fullmatch(r"BDAT \d+ LAST", c) for c in sink.commands), f"no BDAT was said: {sink.commands}")
        check("DATA" not in sink.commands, "DATA was said to a peer with CHUNKING")


@case("DSN parameters are passed on to a peer that offers DSN, and only there")
def _():
    def ask(raw):
        hello(raw)
        for line in ("MAIL FROM:<a@internal.test> RET=HDRS ENVID=QQ+2B1",
                     "RCPT TO:<b@example.test> NOTIFY=FAILURE,DELAY ORCPT=rfc822;old@example.test", "RCPT TO:<c@example.test> NOTIFY=NEVER"):
            check(raw.ask(line).startswith("250"), line)
        raw.send(b"BDAT %d LAST\r\n" % len(PLAIN) + PLAIN)
        check(raw.reply().startswith("250"), "BDAT")
    for extensions in (ALL, SOME):
        with Sink(extensions=extensions) as sink, Relay(sink.route()) as relay:
            with Raw(relay.port) as raw:
                ask(raw)
            sink.wait()
            said = "\n".join(sink.commands)
            for words in (" RET=HDRS ENVID=QQ+2B1", "<b@example.test> NOTIFY=FAILURE,DELAY ORCPT=rfc822;old@example.test",
                          "<c@example.test> NOTIFY=NEVER ORCPT=rfc822;c@example.test"):
                equal(words in said, extensions is ALL, f"{words} was said to {extensions}: {said}")


@case("LIMITS of a peer: RCPTMAX, RCPTDOMAINMAX and MAILMAX are obeyed")
def _():
    with Sink(extensions=(*SOME, "LIMITS RCPTMAX=2 MAILMAX=3")) as sink, Relay(sink.route("max-connections = 1")) as relay:
        relay.send(PLAIN, to=tuple(f"r{n}@example.test" for n in range(9)))
        mails = sink.wait(5)
        equal(sorted(len(m.recipients) for m in mails), [1, 2, 2, 2, 2], "recipients of the transactions")
        equal(sink.connections, 2, "connections for 5 transactions")
        relay.wait_empty()
    with Sink(extensions=(*SOME, "LIMITS RCPTDOMAINMAX=1")) as sink, Relay(sink.route("max-connections = 1")) as relay:
        relay.send(PLAIN, to=("a@one.test", "b@ONE.test", "c@two.test", "d@one.test"))
        equal([len(m.recipients) for m in sink.wait(3)], [2, 1, 1], "recipients of the transactions")


@case("8-bit content to a 7-bit peer: a rendition, signed again; small, and from the spool with bounded memory")
def _():
    parts = HEAD + ("Subject: Grüße\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSchöne Grüße\r\n--b\r\n"
                    "Content-Type: application/octet-stream; name=\"übung.bin\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n").encode() \
        + bytes(c for c in range(1, 256) if c not in (10, 13)) + b"\r\n--b--\r\n"
    with Sink(extensions=("PIPELINING", "SIZE 100000000")) as sink, Relay(
            sink.route(), extra=key_settings(), limits="max-message-size = 60M\n") as relay:
        relay.send(parts)
        mail = sink.wait()[0]
        check(mail.content.isascii(), "8-bit octets have left us")
        equal(verify_dkim(mail.content), 2, "good signatures")
        message = email.message_from_bytes(mail.content, policy=email.policy.default)
        equal(message["Subject"], "Grüße", "the subject")
        first, second = message.iter_parts()
        equal(first.get_content().strip(), "Schöne Grüße", "the text")
        equal(second.get_filename(), "übung.bin", "the file name")
        equal(second.get_payload(decode=True).strip(b"\r\n"), parts.split(b"8bit\r\n\r\n")[1].split(b"\r\n--b--")[0], "the file")
        large = big(16_000_000)
        relay.send(large)
        mail = sink.wait(2, 120)[1]
        check(mail.content.isascii(), "8-bit octets have left us")
        equal(verify_dkim(mail.content), 2, "good signatures")
        text = email.message_from_bytes(mail.content, policy=email.policy.default).get_payload(decode=True)
        equal(text.replace(b"\n", b"\r\n") if b"\r\n" not in text else text, large.split(b"\r\n\r\n", 1)[1], "the text")
        with open(f"/proc/{relay.process.pid}/status", encoding="ascii") as file:
            peak = int(re.search(r"VmHWM:\s+(\d+)", file.read())[1])
        check(peak < room(80_000), f"{peak} KiB for a message of 16 MB")


@case("a signature of others is not broken: 5.6.3 for the recipient")
def _():
    with Sink(extensions=("PIPELINING",)) as sink, Relay(sink.route()) as relay:
        content = b"DKIM-Signature: v=1; a=rsa-sha256; d=else.test; s=x; h=from; bh=x; b=x\r\n" + HEAD + "\r\nGrüße\r\n".encode()
        identity = relay.send(content)
        wait_for(lambda: "5.6.3" in relay.read_log(), 10, "the failure")
        sent = [mail for mail in sink.mails if mail.sender]  # its report is none of these
        check(identity in relay.read_log() and not sent, "the message was sent")


# The test plan of the EAI test tools (the public vectors' eai/mta-tests.json); each case bears the number it has there.

EAI = HEAD + "Subject: Grüße aus 例子\r\n\r\nGrüße\r\n".encode()
U_LABEL, A_LABEL = "büro.internal.test", "xn--bro-hoa.internal.test"


def eai_relay(sink):
    """A relay whose own name is international, as far as the settings write it: with an A-label."""
    return Relay(sink.route(), server=f"hostname = {A_LABEL}", extra=key_settings())


def eai_send(sender="a@internal.test", to="b@example.test", header="Subject: Grüße aus 例子", extensions=ALL):
    """One message by SMTPUTF8 through a relay to a peer: (what arrived, what was said to the peer)."""
    with Sink(extensions=extensions) as sink, eai_relay(sink) as relay:
        content = f"From: a@internal.test\r\nTo: b@example.test\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n" \
                  f"Message-ID: <1@internal.test>\r\n{header}\r\n\r\ntext\r\n"
        for name in re.findall(r"^(\S+): ", header, re.M):  # one field of a kind
            content = re.sub(rf"^{name}: .*\r\n(?=(.*\r\n)*{name}: )", "", content, count=1, flags=re.M)
        send(relay, content.encode(), sender, (to,), " SMTPUTF8")
        mail = sink.wait()[0]
        check(mail.content.endswith(content.encode()), f"the content changed: {mail.content!r}")
        equal((utf8(mail.sender), [utf8(r) for r in mail.recipients]), (sender, [to]), "the envelope")
        return mail, [utf8(c) for c in sink.commands]


def said_to(commands, verb):
    return [c for c in commands if c.startswith(verb)]


@case("EAI-MTA-001: SMTPUTF8 is offered; EAI-MTA-002: 8BITMIME is offered")
def _():
    with Relay() as relay, Raw(relay.port) as raw:
        lines = [line[4:].split()[0] for line in hello(raw).splitlines()]
        check("SMTPUTF8" in lines, f"001: {lines}")
        check("8BITMIME" in lines, f"002: {lines}")


@case("EAI-MTA-003: the name in EHLO has A-labels; EAI-MTA-004: MAIL says SMTPUTF8; EAI-MTA-005: Received has U-labels; "
      "EAI-MTA-006: Received says UTF8SMTP")
def _():
    mail, commands = eai_send("grüße@internal.test", "用户@例子.test", "To: 用户@例子.test")
    equal(said_to(commands, "EHLO"), [f"EHLO {A_LABEL}"], "003")
    check(all(c.endswith(" SMTPUTF8") for c in said_to(commands, "MAIL")), f"004: {commands}")
    received = re.search(r"^Received: (?:.*\r\n)(?:[ \t].*\r\n)*", mail.content.decode(), re.M)[0]
    check(re.search(rf"\tby {U_LABEL} ", received), f"005: {received}")
    check(" with UTF8SMTP id " in received, f"006: {received}")


@case("EAI-MTA-007: reverse paths and EAI-MTA-008: forward paths go as they are, with A-labels or U-labels")
def _():
    for sender in ("grüße@internal.test", "a@bücher.test", "grüße@xn--bcher-kva.test"):
        eai_send(sender=sender)
    for to in ("用户@example.test", "b@例子.test", "用户@xn--fsqu00a.test"):
        eai_send(to=to)


@case("EAI-MTA-009: originators, EAI-MTA-010: destinations and EAI-MTA-011: unstructured fields in UTF-8 arrive")
def _():
    for header in ("From: Jürgen <grüße@bücher.test>", "Reply-To: grüße@bücher.test", "To: 用户 <用户@例子.test>", "Cc: 用户@例子.test",
                   "Subject: Grüße aus 例子"):
        _, commands = eai_send(header=header)
        check(all(c.endswith(" SMTPUTF8") for c in said_to(commands, "MAIL")), f"{header}: {commands}")


@case("EAI-MTA-012: MAIL does not say SMTPUTF8 for what needs none, and Received keeps A-labels")
def _():
    with Sink(extensions=ALL) as sink, eai_relay(sink) as relay:
        send(relay, PLAIN, parameters=" SMTPUTF8")
        relay.send(PLAIN)
        for mail in sink.wait(2):
            check(f"by {A_LABEL} ".encode() in mail.content, f"Received: {mail.content!r}")
        check(not any("SMTPUTF8" in c for c in said_to(sink.commands, "MAIL")), f"{sink.commands}")


@case("EAI-MTA-013: a peer without SMTPUTF8 does not get it: the recipient fails with 5.6.7, and the sender hears of it")
def _():
    for sender, to, header in (("a@internal.test", "用户@example.test", ""), ("a@internal.test", "b@example.test", "From: grüße@internal.test\r\n")):
        with Sink(extensions=SOME) as sink, eai_relay(sink) as relay:
            send(relay, header.encode() + (PLAIN if not header else PLAIN.split(b"\r\n", 1)[1]), sender, (to,), " SMTPUTF8")
            report = sink.wait()[0]
            equal((report.sender, report.recipients), ("", [sender]), "the report's envelope")
            check(b"5.6.7" in report.content and report.content.isascii(), f"the report: {report.content!r}")


@case("EAI: a peer without SMTPUTF8 gets what can be said in ASCII; an address that cannot fails with 5.6.7")
def _():
    with Sink(extensions=SOME) as sink, eai_relay(sink) as relay:
        send(relay, EAI, parameters=" SMTPUTF8")
        mail = sink.wait()[0]
        check(mail.content.split(b"\r\n\r\n")[0].isascii(), "UTF-8 in the header section")
        check(f"by {A_LABEL} ".encode() in mail.content, "our name in Received")
        equal(email.message_from_bytes(mail.content, policy=email.policy.default)["Subject"], "Grüße aus 例子", "the subject")
        equal(verify_dkim(mail.content), 2, "good signatures")
        check(not any("SMTPUTF8" in c for c in sink.commands), "SMTPUTF8 was said")
        send(relay, PLAIN, to=("用户@example.test",), parameters=" SMTPUTF8")
        wait_for(lambda: "5.6.7" in relay.read_log(), 10, "the failure")
        equal(len(sink.mails), 1, "messages at the sink")


@case("EAI: the word SMTPUTF8 alone asks nothing of the next hop; UTF-8 without the word is refused, or made ASCII")
def _():
    with Sink(extensions=SOME) as sink, Relay(sink.route()) as relay:
        send(relay, PLAIN, parameters=" SMTPUTF8")
        check(sink.wait()[0].content.endswith(PLAIN), "the content changed")
        with Raw(relay.port) as raw:
            hello(raw)
            raw.send("MAIL FROM:<grüße@internal.test>\r\n".encode())
            check(raw.reply().startswith("550 5.6.7"), "MAIL")
            raw.ask("MAIL FROM:<a@internal.test>")
            raw.send("RCPT TO:<用户@example.test>\r\n".encode())
            check(raw.reply().startswith("553 5.6.7"), "RCPT")

    # A printer that knows nothing of all this: as it is, where 8 bits may pass.
    printer = HEAD + "Subject: Büro\r\n\r\nx\r\n".encode("latin-1")
    for extensions in (SOME, ("PIPELINING",)):
        with Sink(extensions=extensions) as sink, Relay(sink.route()) as relay:
            relay.send(printer)
            content = sink.wait()[0].content
            check(content.endswith(printer) if extensions is SOME else content.isascii() and b"=?unknown-8bit?B?" in content, f"got {content!r}")


@case("EAI: another host of the smarthost that offers SMTPUTF8 is tried before anything fails")
def _():
    with Sink(extensions=SOME) as first, Sink(extensions=ALL) as second:
        route = f"[smarthost out]\nhosts = 127.0.0.1:{first.port}, 127.0.0.1:{second.port}\n[route default]\nvia = smarthost:out\n"
        with Relay(route) as relay:
            send(relay, EAI, "a@internal.test", ("用户@example.test",), " SMTPUTF8")
            second.wait()
            relay.send(PLAIN)
            wait_for(lambda: len(first.mails) + len(second.mails) == 2, 10, "the plain message")
            relay.wait_empty()


@case("SMTPUTF8, CHUNKING and 8BITMIME with aiosmtpd")
def _():
    try:
        from aiosmtpd.controller import Controller
    except ImportError:
        raise Skip("aiosmtpd is not installed") from None
    got = []

    class Handler:
        async def handle_DATA(self, server, session, envelope):
            got.append(envelope)
            return "250 2.0.0 taken"
    controller = Controller(Handler(), hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=True)
    controller.start()
    try:
        route = f"[smarthost out]\nhosts = 127.0.0.1:{controller.port}\ntls = none\n[route default]\nvia = smarthost:out\n"
        with Relay(route) as relay:
            send(relay, EAI, "grüße@internal.test", ("用户@example.test",), " SMTPUTF8")
            wait_for(lambda: got, 15, "the message")
            equal((got[0].mail_from, got[0].rcpt_tos), ("grüße@internal.test", ["用户@example.test"]), "the envelope")
            check(got[0].content.endswith(EAI), "the content changed")
    finally:
        controller.stop()


@case("8-bit content to smtp-sink without 8BITMIME")
def _():
    program, port, folder = need("smtp-sink", "/usr/sbin/smtp-sink"), free_port(), temp("smtp-sink")
    os.chmod(folder, 0o777)
    os.chmod(harness.WORK, 0o755)
    with running(program, "-8", "-u", "nobody" if os.getuid() == 0 else "", "-d", os.path.join(folder, "%M."), f"inet:127.0.0.1:{port}", "100") as process:
        wait_for(lambda: answers(port) or process.poll() is not None, 10, "smtp-sink's greeting")
        check(process.poll() is None, "smtp-sink does not run")
        with Relay(f"[smarthost out]\nhosts = 127.0.0.1:{port}\ntls = none\n[route default]\nvia = smarthost:out\n") as relay:
            relay.send(EAI)
            relay.wait_empty()
        with open(glob.glob(folder + "/*")[0], "rb") as file:
            octets = file.read()
        check(octets.isascii() and b"R3LDvMOfZQ0K" in octets, f"got {octets!r}")

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mail from outside: strangers bring mail for our domain, NSD has the records of theirs."""
import contextlib
import re
import socket
import threading
import time

from harness import Dns, Raw, Relay, case, check, clrelay, dkim_keys, equal, free_port, need, queue_id, run, wait_for

OURS = "[inbound]\ndomains = ours.test\n"


def key_record():
    text = dkim_keys()["ed25519"][1].decode()
    return f'ed25519._domainkey TXT "{text}"\n'


def zones():
    bomb = " ".join(f"include:b{i}.bomb.test" for i in range(10))
    return {
        "test": "x TXT x\n",
        "good.test": '@ TXT "v=spf1 ip4:127.0.0.5 -all"\n_dmarc TXT "v=DMARC1; p=reject; adkim=s"\n' + key_record(),
        "soft.test": '@ TXT "v=spf1 ~all"\n_dmarc TXT "v=DMARC1; p=none"\n',
        "silent.test": "x TXT x\n",
        "broken.test": None,
        "bomb.test": f'@ TXT "v=spf1 {bomb} -all"\n' + "".join(
            f'b{i} TXT "v=spf1 mx:m.bomb.test mx:n.bomb.test {bomb} -all"\n' for i in range(10))
            + "".join(f"m MX {i} h{i}\nn MX {i} h{i}\nh{i} A 192.0.2.{i}\n" for i in range(20)),
    }


@contextlib.contextmanager
def house(settings="", zone=None, dns=None, **options):
    port = free_port()
    with contextlib.ExitStack() as stack:
        server = dns or stack.enter_context(Dns(zone or zones()))
        extra = f"[listener mx]\naddress = 127.0.0.1:{port}\nrole = inbound\ntls = none\n" + (settings or OURS) + server.settings
        relay = stack.enter_context(Relay(extra=extra, **options))
        relay.mx = port
        yield relay


def swaks(relay, sender, *words, source="127.0.0.5", to="u@ours.test", expect=0, header=None, data=None):
    program = need("swaks")
    options = ["--data", data] if data else ["--header", header or "Subject: x"]
    result = run(program, "--server", "127.0.0.1", "--port", str(relay.mx), "--local-interface", source, "--helo", "client.test",
                 "--from", sender, "--to", to, *options, *words)
    check(result.returncode == expect, f"swaks: exit status {result.returncode}: {result.stdout.decode()[-600:]}")
    return result.stdout.decode()


def sent(relay, sender, **options):
    """What the internal server gets."""
    identity = queue_id(swaks(relay, sender, **options))
    wait_for(lambda: identity in relay.captured(), 20, "the arrival")
    return relay.captured()[identity]


def results(message):
    """The unfolded value of our own field, which stands first."""
    text = message.decode()
    check(text.startswith("Authentication-Results: relay.internal.test;"), f"the message begins with {text[:80]!r}")
    return re.match(r"Authentication-Results: (.*?)\r\n(?![ \t])", text, re.S)[1].replace("\r\n", "")


def expect(message, *words):
    value = results(message)
    for word in words:
        check(word in value, f"{word!r} is not in {value!r}")


@case("inbound: SPF and DMARC of mail that passes, and of mail that does not; what is not ours is refused")
def _():
    with house() as relay:
        expect(sent(relay, "a@good.test"), "spf=pass", "smtp.mailfrom=a@good.test", "dkim=none", "dmarc=pass", "header.from=good.test")
        expect(sent(relay, "a@good.test", source="127.0.0.6"), "spf=fail", "dmarc=fail", "asks for reject")
        expect(sent(relay, "a@soft.test"), "spf=softfail", "dmarc=fail")
        expect(sent(relay, "a@silent.test"), "spf=none", "dmarc=none")
        expect(sent(relay, "a@broken.test"), "spf=temperror", "dmarc=temperror")
        expect(sent(relay, "<>"), "spf=none", "smtp.helo=client.test")
        for stranger in ("u@elsewhere.test", "u@sub.ours.test", "u%elsewhere.test@good.test", "u@ours.test.evil.test"):
            check("550 5.7.1" in swaks(relay, "a@good.test", to=stranger, expect=24), f"{stranger} is taken")
        check("250" in swaks(relay, "a@good.test", to="postmaster"), "the postmaster")
        identity = next(iter(relay.captured()))
        check(any("spf=" in word for word in relay.show(identity).get("authentication", [])), "queue show does not say what was checked")


@case("inbound: DKIM that passes and that was changed; a From of ours is not signed for strangers")
def _():
    key = f"[key own]\ndomain = ours.test\nselector = own\nfile = {dkim_keys()['rsa'][0]}\n"
    with house(OURS + key) as relay:
        plain = b"From: a@good.test\r\nTo: u@ours.test\r\nSubject: signed\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@good.test>\r\n\r\nHello\r\n"
        clrelay_sign = run(clrelay(), "sign", "--key", dkim_keys()["ed25519"][0], "--domain", "good.test", "--selector", "ed25519", data=plain)
        check(clrelay_sign.returncode == 0, clrelay_sign.stderr.decode())
        for content, words in ((clrelay_sign.stdout, ("dkim=pass", "header.d=good.test", "header.s=ed25519", "dmarc=pass")),
                               (clrelay_sign.stdout.replace(b"Hello", b"Hallo"), ("dkim=fail", "header.d=good.test", "dmarc=fail"))):
            with Raw(relay.mx) as client:
                client.reply()
                client.ask("EHLO client.test")
                client.ask("MAIL FROM:<a@silent.test>")
                client.ask("RCPT TO:<u@ours.test>")
                client.ask("DATA")
                client.send(content)
                identity = queue_id(client.ask("."))
            wait_for(lambda i=identity: i in relay.captured(), 20, "the arrival")
            expect(relay.captured()[identity], "spf=none", *words)
        message = sent(relay, "boss@silent.test", header="From: boss@ours.test")
        check(b"DKIM-Signature" not in message, "a stranger's mail bears our signature")


@case("inbound: Authentication-Results that say they are ours are removed, in whatever spelling; others stay")
def _():
    forged = ("Authentication-Results: relay.internal.test; spf=pass smtp.mailfrom=boss@forged.test\n"
              "authentication-results :\n (a;b) \"RELAY.internal.test\" 1;\n dmarc=pass header.from=forged.test\n"
              "Subject: forged\n"
              "Authentication-Results: relay.internal.test. (x); dkim=pass header.d=forged.test\n"
              "Authentication-Results: elsewhere.test; spf=pass smtp.mailfrom=a@kept.test\n"
              "From: a@good.test\n\nbody stays: Authentication-Results: relay.internal.test; spf=pass\n")
    with house() as relay:
        message = sent(relay, "a@good.test", data=forged).decode()
        head, body = message.split("\r\n\r\n", 1)
        check("forged.test" not in head, f"a forged field is left: {head}")
        check("kept.test" in head and "Subject: forged\r\n" in head, "another's field is gone")
        check("relay.internal.test; spf=pass" in body, "the body was changed")
        equal(len(re.findall(r"(?im)^authentication-results", head)), 2, "fields")


@case("inbound: what fails DMARC against its author's will is held, said, released and delivered; the rest goes on")
def _():
    with house("[inbound]\ndomains = ours.test, .ours.test\ndmarc = hold\n") as relay:
        identity = queue_id(swaks(relay, "a@good.test", source="127.0.0.6"))
        equal(relay.states(identity), {"u@ours.test": "held"}, "states")
        check(f"{identity}: from 127.0.0.6, is held" in relay.read_log(), "the log does not tell")
        check("dmarc=fail (reject)" in relay.cli("queue", "show", identity), "queue show does not tell why")
        two = queue_id(swaks(relay, "a@silent.test", header="From: a@good.test, b@soft.test"))
        equal(relay.states(two), {"u@ours.test": "held"}, "states of two authors")
        expect(sent(relay, "a@good.test"), "dmarc=pass")
        expect(sent(relay, "a@soft.test", to="v@x.ours.test"), "dmarc=fail")
        expect(sent(relay, "a@broken.test"), "dmarc=temperror")
        check(identity not in relay.captured(), "what is held was delivered")
        relay.stop()
        relay.start()
        equal(relay.states(identity), {"u@ours.test": "held"}, "states after a restart")
        relay.cli("queue", "release", identity)
        wait_for(lambda: identity in relay.captured(), 20, "what was released")
        expect(relay.captured()[identity], "spf=fail", "dmarc=fail")
        relay.cli("queue", "delete", two)


@case("inbound: an SPF bomb ends in an error within its look-ups and time; the mail goes on")
def _():
    with house() as relay:
        start = time.monotonic()
        expect(sent(relay, "a@bomb.test"), "spf=permerror")
        check(time.monotonic() - start < 10, "it took long")
        told = run(clrelay(), "check", "spf", "--ip", "127.0.0.5", "--mail-from", "a@bomb.test", "--json", "--resolver",
                   re.search(r"servers = (\S+)", relay.parts["extra"])[1])
        questions = int(re.search(rb'"questions"\s*:\s*(\d+)', told.stdout)[1])
        check(questions <= 120, f"{questions} questions")


@case("inbound: how many look-ups an SPF record may need is a setting")
def _():
    zone = zones()
    zone["good.test"] = ('@ TXT "v=spf1 ' + " ".join(f"include:i{i}.good.test" for i in range(6)) + '" " '
                         + " ".join(f"include:i{i}.good.test" for i in range(6, 11)) + ' ip4:127.0.0.5 -all"\n'
                         + "".join(f'i{i} TXT "v=spf1 ?all"\n' for i in range(11)))
    zone["soft.test"] = '@ TXT "v=spf1 a:x1.soft.test a:x2.soft.test a:x3.soft.test ip4:127.0.0.5 -all"\n'
    with house(zone=zone) as relay:
        expect(sent(relay, "a@good.test"), "spf=permerror")
        expect(sent(relay, "a@soft.test"), "spf=permerror")
        relay.write(extra=relay.parts["extra"].replace("domains = ours.test\n", "domains = ours.test\nspf-lookups = 20\nspf-void-lookups = 3\n"))
        check("spf-lookups" in relay.parts["extra"], relay.parts["extra"])
        relay.hangup()
        expect(sent(relay, "a@good.test"), "spf=pass")
        expect(sent(relay, "a@soft.test"), "spf=pass")


class Mute:
    """A name server that takes questions and says nothing."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.names = set()
        self.settings = f"[dns]\nservers = 127.0.0.1:{self.socket.getsockname()[1]}\ntimeout = 60s\n"
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        with contextlib.suppress(OSError):
            while True:
                packet = self.socket.recv(4096)
                self.names.add(packet[12:].lower())


@case("inbound: a name server that says nothing costs the time that is set, and no mail")
def _():
    mute = Mute()
    signatures = "".join(f"DKIM-Signature: v=1; a=rsa-sha256; d=d{i}.test; s=s; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=eHh4\n" for i in range(8))
    with house(OURS + "timeout = 3s\n", dns=mute) as relay:
        start = time.monotonic()
        message = sent(relay, "a@good.test", data=f"{signatures}From: a@good.test\nSubject: x\n\nx\n")
        seconds = time.monotonic() - start
        expect(message, "spf=temperror", "dkim=temperror", "dmarc=temperror")
        check(2.5 < seconds < 9, f"{seconds:.1f} s")
        # whoever goes away meanwhile takes nothing along
        for _ in range(3):
            with Raw(relay.mx) as client:
                client.reply()
                client.ask("EHLO client.test")
                client.ask("MAIL FROM:<a@good.test>")
                client.ask("RCPT TO:<u@ours.test>")
                client.ask("DATA")
                client.send(f"{signatures}From: a@good.test\r\n\r\nx\r\n.\r\n".replace("\r\n", "\n").replace("\n", "\r\n").encode())
        # others are not kept waiting: the relay's own devices have nothing to do with it
        start = time.monotonic()
        relay.send()
        check(time.monotonic() - start < 2, "a device had to wait")
    mute.socket.close()


@case("inbound: a thousand DKIM signatures cost eight questions, and not more time than one")
def _():
    mute = Mute()
    signatures = "".join(f"DKIM-Signature: v=1; a=rsa-sha256; d=d{i}.test; s=s; h=from:to:subject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=eHh4\n" for i in range(1000))
    with house(OURS + "timeout = 2s\n", dns=mute) as relay:
        start = time.monotonic()
        message = sent(relay, "a@good.test", data=f"{signatures}From: a@good.test\nSubject: x\n\nx\n")
        check(time.monotonic() - start < 10, "it took long")
        expect(message, "dkim=temperror", "992 further signatures were not looked at")
        asked = {name for name in mute.names if b"_domainkey" in name}
        check(len(asked) <= 8, f"{len(asked)} keys were asked for")
    mute.socket.close()


@case("inbound: settings that would open the relay, or take nothing, are refused with the reason")
def _():
    with Relay() as relay:
        for settings, words in (("[inbound]\ndomains = *\n", "open relay"), ("", "needs the domains of [inbound]")):
            relay.write(extra=f"[listener mx]\naddress = 127.0.0.1:{free_port()}\nrole = inbound\n{settings}")
            relay.hangup(expect="not applied")
            check(words in relay.read_log(), f"{words!r} is not in the log")
        relay.write(extra="")
        relay.hangup()

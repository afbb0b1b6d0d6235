# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mail to the world: NSD with zones of ours, sinks on several addresses of loopback that are the mail exchangers."""
import contextlib
import socket
import ssl
import time

from harness import Dns, Raw, Relay, Sink, case, certificate, check, clrelay, equal, free_port, queue_id, run, wait_for

MX = """
mx1 A 127.0.0.2
mx2 A 127.0.0.3
mx3 A 127.0.0.4
dead A 127.0.0.9
both AAAA ::1
both A 127.0.0.2
"""


@contextlib.contextmanager
def world(records="", hosts=("127.0.0.2", "127.0.0.3"), *, settings="", zones=None, route="tls = none", port=None, scripts=None, **options):
    """NSD with the zone test., sinks on some addresses at one port, and a relay that delivers there by MX."""
    port = port or free_port()
    dns = Dns({"test": MX + records, **(zones or {})})
    with contextlib.ExitStack() as stack:
        sinks = [stack.enter_context(Sink((scripts or {}).get(host), port=port, host=host)) for host in hosts]
        stack.enter_context(dns)
        relay = stack.enter_context(Relay(f"[route default]\nvia = mx\nport = {port}\nallow-loopback = true\n{route}\n",
                                          extra=dns.settings + settings, **options))
        yield relay, sinks, dns


def show(relay, identity):
    """What a person is told."""
    return relay.cli("queue", "show", identity)


def expect(relay, identity, *words, state=None, timeout=20):
    """Waits until queue show says all of WORDS."""
    def told():
        text = show(relay, identity)
        return all(word in text for word in words) and (state is None or state in relay.states(identity).values())
    try:
        wait_for(told, timeout, "the words")
    except AssertionError:
        raise AssertionError(f"queue show should say {words} and {state}, but says: {show(relay, identity)}") from None


def retry(relay):
    """A person without patience."""
    relay.cli("queue", "retry", "--all")
    time.sleep(0.5)
    return True


@case("MX: preference decides; the second takes over when the first does not answer, or greets with 421")
def _():
    with world("d MX 10 mx1\nd MX 20 mx2\ne MX 10 dead\ne MX 20 mx2\n") as (relay, (first, second), _dns):
        identity = relay.send(to=["u@d.test"])
        first.wait()
        expect(relay, identity, "delivered", "mx1.test (127.0.0.2:", "250")
        identity = relay.send(to=["u@e.test"])
        second.wait()
        expect(relay, identity, "delivered", "mx2.test (127.0.0.3:")
    with world("d MX 10 mx1\nd MX 20 mx2\n", scripts={"127.0.0.2": {"GREETING": "421 4.3.2 not now"}}) as (relay, (first, second), _dns):
        identity = relay.send(to=["u@d.test"])
        second.wait()
        expect(relay, identity, "delivered", "mx2.test (127.0.0.3:")
        equal(len(first.mails), 0, "mails at the first")


@case("MX: a refusal at RCPT is final; another exchanger is not asked")
def _():
    with world("d MX 10 mx1\nd MX 20 mx2\n", scripts={"127.0.0.2": {"RCPT": "550 5.1.1 nobody here"}}) as (relay, (_first, second), _dns):
        identity = relay.send(to=["u@d.test"])
        expect(relay, identity, "550", "5.1.1", "nobody here", state="failed")
        equal(second.connections, 0, "connections to the second")


@case("MX: equal preference is spread")
def _():
    with world("d MX 10 mx1\nd MX 10 mx2\n", route="tls = none\nmax-messages-per-connection = 1\n") as (relay, sinks, _dns):
        for _ in range(24):
            relay.send(to=["u@d.test"])
        wait_for(lambda: sum(len(s.mails) for s in sinks) == 24, 20, "the arrival of 24 messages")
        check(all(len(s.mails) >= 2 for s in sinks), f"spread as {[len(s.mails) for s in sinks]}")


@case("MX: none, and the domain's own address takes it; a CNAME is followed; a literal goes straight there")
def _():
    with world("a A 127.0.0.2\nalias CNAME d\nd MX 10 mx2\n") as (relay, (first, second), _dns):
        identity = relay.send(to=["u@a.test"])
        first.wait()
        expect(relay, identity, "delivered", "a.test (127.0.0.2:")
        identity = relay.send(to=["u@alias.test"])
        second.wait()
        expect(relay, identity, "delivered", "mx2.test (127.0.0.3:")
        identity = relay.send(to=["u@[127.0.0.2]"])
        first.wait(2)
        expect(relay, identity, "delivered", "127.0.0.2:")


@case("MX: what cannot be delivered fails at once and says why: null MX, no such domain, no address, a wrong literal")
def _():
    with world("null MX 0 .\nnowhere MX 10 nothing\nmixed MX 0 .\nmixed MX 10 mx1\nempty TXT x\n") as (relay, (first, _second), _dns):
        for domain, words in (("null.test", ("5.1.10", "null.test does not accept mail (null MX)")),
                              ("missing.test", ("5.1.2", "there is no domain missing.test")),
                              ("nowhere.test", ("5.4.4", "nothing.test cannot be resolved")),
                              ("empty.test", ("5.4.4", "empty.test cannot be resolved: it has no address"))):
            expect(relay, relay.send(to=["u@" + domain]), *words, state="failed")
        identity = relay.send(to=["u@mixed.test"])
        first.wait()
        expect(relay, identity, "delivered")
        identity = relay.send(sender="", to=["u@null.test"])
        expect(relay, identity, "5.1.10", state="failed")
        check(len(relay.queue()) <= 6, "a report about a report")


@case("MX: an internationalised domain by its A-label, whichever case it is written in")
def _():
    with world("xn--bcher-kva MX 10 mx1\n") as (relay, (first, _second), _dns):
        identity = relay.send(to=["u@XN--Bcher-kva.test"])
        first.wait()
        expect(relay, identity, "delivered", "mx1.test (127.0.0.2:")
        first.extensions += ("SMTPUTF8",)
        time.sleep(6)  # the connection that does not know of it has ended
        with Raw(relay.port) as client:
            client.reply()
            client.ask("EHLO client.test")
            check(client.ask("MAIL FROM:<a@internal.test> SMTPUTF8").startswith("250"), "MAIL")
            check(client.ask("RCPT TO:<u@bücher.test>").startswith("250"), "RCPT")
            client.ask("DATA")
            identity = queue_id(client.ask("Subject: x\r\n\r\nx\r\n."))
        first.wait(2)
        expect(relay, identity, "delivered", "mx1.test (127.0.0.2:")


@case("MX: exchangers that are ourselves: better ones are used, equals and worse ones are not, none is a loop")
def _():
    port = free_port()
    with world("d MX 10 mx1\nd MX 20 relay.internal.test.\nd MX 30 mx2\nloop MX 10 relay.internal.test.\nloop MX 20 mx2\n"
               "byaddress MX 10 self\nbyaddress MX 20 mx2\nself A 127.0.0.1\nrelay.internal A 127.0.0.1\n",
               hosts=("127.0.0.3",), port=port) as (relay, (second,), dns):
        # nobody at mx1, and what stands behind ourselves is not for us
        expect(relay, relay.send(to=["u@d.test"]), "mx1.test (127.0.0.2:", "refused", state="waiting")
        expect(relay, relay.send(to=["u@loop.test"]), "5.4.6", "round in circles", state="failed")
        # a relay whose listener is the exchangers' port
        route = f"[route default]\nvia = mx\nport = {relay.port}\nallow-loopback = true\n"
        relay.write(routes=route)
        relay.hangup()
        expect(relay, relay.send(to=["u@byaddress.test"]), "5.4.6", "our own listeners", state="failed")
        expect(relay, relay.send(to=["u@[127.0.0.1]"]), "5.4.6", "our own listeners", state="failed")
        # loopback is not for the world
        relay.write(routes=f"[route default]\nvia = mx\nport = {port}\n")
        relay.hangup()
        expect(relay, relay.send(to=["u@byaddress.test"]), "5.4.6", "allow-loopback", state="failed")
        equal(second.connections, 0, "connections behind ourselves")


@case("MX: SERVFAIL waits, says so, and delivers when the zone is back")
def _():
    with world(zones={"broken.test": None}, queue="retry-first = 1s\n") as (relay, (first, _second), dns):
        identity = relay.send(to=["u@broken.test"])
        expect(relay, identity, "4.4.3", "the mail exchangers of broken.test cannot be looked up", state="waiting")
        dns.stop()
        dns.write("broken.test", "@ MX 10 mx1.test.")
        dns.start()
        wait_for(lambda: retry(relay) and first.mails, 60, "the delivery")
        expect(relay, identity, "delivered", "mx1.test (127.0.0.2:")


@case("MX: a dead name server stops neither the start nor the acceptance of mail; it goes when the server is back")
def _():
    port = free_port()
    dns = Dns({"test": MX + "d MX 10 mx1\n"})
    with Sink(port=port, host="127.0.0.2") as sink:
        with Relay(f"[route default]\nvia = mx\nport = {port}\nallow-loopback = true\ntls = none\n", extra=dns.settings,
                   queue="retry-first = 1s\n") as relay:
            identity = relay.send(to=["u@d.test"])
            expect(relay, identity, "the mail exchangers of d.test cannot be looked up: the name servers", state="waiting")
            with dns:
                wait_for(lambda: retry(relay) and sink.mails, 60, "the delivery")
                expect(relay, identity, "delivered", "mx1.test (127.0.0.2:")


@case("MX: a thousand domains of one provider share a few connections")
def _():
    records = "".join(f"c{n} MX {10 + n % 2} mx1\nc{n} MX 20 mx2\n" for n in range(1000))
    with world(records, route="tls = none\nmax-connections = 8\n") as (relay, (first, second), _dns):
        with relay.client() as smtp:
            smtp.ehlo()
            for n in range(1000):
                smtp.sendmail("a@internal.test", [f"u@c{n}.test"], "Subject: x\r\n\r\nx\r\n")
        first.wait(1000, 120)
        equal(len({m.recipients[0] for m in first.mails}), 1000, "domains served")
        check(first.connections <= 40, f"{first.connections} connections for 1000 messages")
        equal(second.connections, 0, "connections to the second")
        relay.wait_empty(30)


class Blackhole:
    """An address that swallows attempts to connect: a listener whose queue is full."""

    def __init__(self, host, port):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socks = [socket.socket(family)]
        self.socks[0].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socks[0].bind((host, port))
        self.socks[0].listen(0)
        for _ in range(6):
            sock = socket.socket(family)
            sock.setblocking(False)
            sock.connect_ex((host, port))
            self.socks.append(sock)
        time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in self.socks:
            sock.close()


@case("MX: IPv6 that leads nowhere costs a moment, and is left for last after a few times")
def _():
    port = free_port()
    with Blackhole("::1", port), world("d MX 10 both\n", hosts=("127.0.0.2",), port=port, server="workers = 1\n",
                                       route="tls = none\nmax-messages-per-connection = 1\n") as (relay, (sink,), _dns):
        times = []
        for n in range(6):
            start = time.monotonic()
            relay.send(to=["u@d.test"])
            sink.wait(n + 1)
            times.append(time.monotonic() - start)
            time.sleep(0.1)
        check(max(times) < 2, f"deliveries took {times}")
        check(min(times[:2]) > 0.24, f"IPv6 was not tried first: {times}")
        check(min(times[4:]) < 0.2, f"the broken family is still tried first: {times}")


@case("MX: family = ipv4 and ipv6")
def _():
    for family, host in (("ipv4", "127.0.0.2"), ("ipv6", "::1")):
        with world("d MX 10 both\nfour MX 10 mx1\n", hosts=("127.0.0.2", "::1"), route=f"tls = none\nfamily = {family}\n") as (relay, sinks, _dns):
            identity = relay.send(to=["u@d.test"])
            wait_for(lambda: any(s.mails for s in sinks), 10, "the arrival")
            expect(relay, identity, "delivered", f"both.test ({host}:" if family == "ipv4" else "both.test ([::1]:")
            if family == "ipv6":
                expect(relay, relay.send(to=["u@four.test"]), "5.4.4", "it has no address", state="failed")


@case("MX: an answer too large for a datagram comes over TCP; the best exchanger is used")
def _():
    records = "".join(f"big MX {100 + n} long-name-of-an-exchanger-that-fills-the-packet-{n}.{'x' * 20}\n" for n in range(100))
    with world(records + "big MX 5 mx1\n") as (relay, (first, _second), _dns):
        identity = relay.send(to=["u@big.test"])
        first.wait()
        expect(relay, identity, "delivered", "mx1.test (127.0.0.2:")


@case("MX: DNSSEC: a signed zone is used, a zone whose signatures are wrong waits")
def _():
    port = free_port()
    with Sink(port=port, host="127.0.0.2") as sink, Dns({"test": MX + "d MX 10 mx1\n"}, signed="test") as dns:
        route = f"[route default]\nvia = mx\nport = {port}\nallow-loopback = true\ntls = none\n"
        with Relay(route, extra=f"{dns.settings}trust-anchor = {dns.anchor}\n") as relay:
            identity = relay.send(to=["u@d.test"])
            sink.wait()
            expect(relay, identity, "delivered", "mx1.test (127.0.0.2:")
        other = Dns({"test": MX}, signed="test")
        with Relay(route, extra=f"{dns.settings}trust-anchor = {other.anchor}\n") as relay:
            identity = relay.send(to=["u@d.test"])
            expect(relay, identity, "4.4.3", "d.test cannot be looked up", "DNSSEC signature is wrong", state="waiting")
            equal(len(sink.mails), 1, "messages at the sink")


@case("MX: tls = may goes on in clear when the handshake breaks, encrypt does not")
def _():
    port = free_port()
    with Dns({"test": MX + "d MX 10 mx1\n"}) as dns, Sink(port=port, host="127.0.0.2", tls=certificate()) as sink:
        sink.context.maximum_version = sink.context.minimum_version = ssl.TLSVersion.TLSv1_2
        sink.context.set_ciphers("AES128-SHA")
        route = f"[route default]\nvia = mx\nport = {port}\nallow-loopback = true\n"
        with Relay(route + "tls = encrypt\n", extra=dns.settings) as relay:
            expect(relay, relay.send(to=["u@d.test"]), "TLS", state="waiting")
            equal(len(sink.mails), 0, "messages at the sink")
        with Relay(route, extra=dns.settings, server="workers = 1\n") as relay:
            identity = relay.send(to=["u@d.test"])
            sink.wait()
            expect(relay, identity, "delivered")
            check("mail goes there in clear" in relay.read_log(), "the log does not tell")
            before = sum(c == "STARTTLS" for c in sink.commands)
            time.sleep(0.1)
            relay.send(to=["u@d.test"])
            sink.wait(2)
            equal(sum(c == "STARTTLS" for c in sink.commands), before, "STARTTLS commands after it was given up")


@case("MX settings: only for via = mx, and a wrong one is named")
def _():
    for lines, words in (("via = discard\nport = 26\n", "is for via = mx only"), ("via = mx\nfamily = ipv5\n", "ipv5"),
                         ("via = mx\ntls = implicit\n", "implicit"), ("via = mx\nport = 70000\n", "70000")):
        relay = Relay("[route default]\n" + lines)
        result = run(clrelay(), "config", "check", relay.conf)
        said = (result.stderr + result.stdout).decode()
        check(result.returncode != 0 and words in said, f"{lines!r} got {said!r}")

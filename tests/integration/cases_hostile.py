# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that are slow, endless, many or rude, while another one is served."""
import contextlib
import re
import time

from harness import Raw, Relay, case, check, equal, room, wait_for


def serves(relay, within=1.0):
    """A normal client gets its message in soon enough."""
    start = time.monotonic()
    relay.send()
    took = time.monotonic() - start
    check(took < within, f"a normal client had to wait {took:.1f} s")


def drain(raw, octets=b"x" * 65536, most=400):
    """Sends until the relay has enough of it; returns how much went."""
    sent = 0
    with contextlib.suppress(OSError):
        raw.sock.settimeout(5)
        for _ in range(most):
            raw.send(octets)
            sent += len(octets)
    return sent


def memory(relay):
    with open(f"/proc/{relay.process.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) // 1024


@case("slow clients are told 421 when their time is over")
def _():
    with Relay(limits="command-timeout = 2s\ndata-timeout = 2s\n") as relay:
        with Raw(relay.port) as idle, Raw(relay.port) as data:
            idle.reply()
            data.open_data()
            data.send("Subject: slow\r\n")
            serves(relay)
            for raw in (idle, data):
                reply = raw.reply()
                check(reply.startswith("421"), f"it said {reply!r}")
                equal(raw.reply(), "", "after the 421")


@case("slow loris: commands in single octets end by the session's time")
def _():
    with Relay(limits="command-timeout = 8s\nsession-timeout = 10s\n") as relay, Raw(relay.port) as raw:
        raw.reply()
        raw.sock.settimeout(0.5)
        start, text = time.monotonic(), b""
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - start < 20:
                raw.send(b"E")
                with contextlib.suppress(TimeoutError):
                    octets = raw.sock.recv(1000)
                    text += octets
                    if not octets:
                        break
        took = time.monotonic() - start
        check(took < 15, f"it lasted {took:.0f} s; the relay said {text!r}")
        check(b"421" in text, f"the relay said {text!r}")
        serves(relay)


@case("after a quiet time that is longer than all limits, each client has its full time")
def _():
    with Relay(limits="command-timeout = 2s\n") as relay:
        for _ in range(3):
            time.sleep(3)
            with contextlib.ExitStack() as stack:  # so many that each thread has one
                raws = [stack.enter_context(Raw(relay.port)) for _ in range(8)]
                time.sleep(0.5)
                for raw in raws:
                    check(raw.reply().startswith("220"), "no greeting")
                    reply = raw.ask("NOOP")
                    check(reply.startswith("250"), f"it said {reply!r}")


@case("an endless command line is refused and costs no memory")
def _():
    with Relay() as relay, Raw(relay.port) as raw:
        raw.reply()
        before = memory(relay)
        drain(raw)
        check(memory(relay) - before < room(10), f"memory grew from {before} to {memory(relay)} MiB")
        serves(relay)
    with Relay() as relay, Raw(relay.port) as raw:
        raw.reply()
        raw.send(b"NOOP " + b"x" * 10000 + b"\r\nNOOP\r\n")
        check(raw.reply().startswith("500"), "a long line was not told 500")
        check(raw.reply().startswith("250"), "the command behind it was lost")


@case("an endless header section is refused with 552 and costs no memory")
def _():
    with Relay(limits="max-header-size = 64K\n") as relay, Raw(relay.port) as raw:
        raw.open_data()
        before = memory(relay)
        for _ in range(300):
            raw.send(b"X-Field: " + b"x" * 900 + b"\r\n" + (b" " + b"y" * 900 + b"\r\n") * 60)
        check(memory(relay) - before < room(10), f"memory grew from {before} to {memory(relay)} MiB")
        raw.send(b"\r\nbody\r\n.\r\n")
        reply = raw.reply()
        check(reply.startswith("552"), f"it said {reply}")
        check(raw.ask("NOOP").startswith("250"), "the session is out of step")
        serves(relay)


@case("an endless line in a message is carried or refused, and costs no memory")
def _():
    with Relay() as relay, Raw(relay.port) as raw:
        raw.open_data()
        raw.send(b"Subject: long\r\n\r\n")
        before = memory(relay)
        for _ in range(320):
            raw.send(b"x" * 65536)
        check(memory(relay) - before < room(16), f"memory grew from {before} to {memory(relay)} MiB")
        raw.send(b"\r\n.\r\n")
        reply = raw.reply()
        check(reply[:1] in "25" and reply, f"it said {reply!r}")
        serves(relay, 2)


@case("endless content is refused with 552, once, at its end")
def _():
    with Relay(limits="max-message-size = 1M\n") as relay, Raw(relay.port) as raw:
        raw.open_data()
        raw.send(b"Subject: big\r\n\r\n")
        for _ in range(160):
            raw.send((b"x" * 76 + b"\r\n") * 840)
        raw.send(b".\r\n")
        check(raw.reply().startswith("552"), "it was not refused")
        check(raw.ask("NOOP").startswith("250"), "the session is out of step")
        equal(relay.queue(), [], "queue")


@case("1000 idle connections, and a normal client is served within a second")
def _():
    with Relay(limits="max-connections-per-client = 2000\n") as relay:
        idle = []
        try:
            for _ in range(1000):
                idle.append(Raw(relay.port))
            for raw in idle:
                check(raw.reply().startswith("220"), "no greeting")
            serves(relay)
            equal(relay.json("status")["connections-in"], 1000, "connections in the status")
            check(memory(relay) < room(120), f"the relay takes {memory(relay)} MiB")
        finally:
            for raw in idle:
                raw.close()
        wait_for(lambda: relay.json("status")["connections-in"] == 0, 10, "the end of the connections")


@case("beyond the limits of connections: 421, and room again when others leave")
def _():
    for limits in ("max-connections-per-client = 3\n", "max-connections = 3\n"):
        with Relay(limits=limits) as relay:
            first = [Raw(relay.port) for _ in range(3)]
            for raw in first:
                check(raw.reply().startswith("220"), "no greeting")
            with Raw(relay.port) as fourth:
                check(fourth.reply().startswith("421"), "the fourth was not told 421")
                equal(fourth.reply(), "", "after the 421")
            for raw in first:
                raw.close()
            wait_for(lambda: relay.json("status")["connections-in"] == 0, 10, "the end of the connections")
            serves(relay)


@case("a client of errors only is told 421")
def _():
    with Relay(limits="max-errors = 5\n") as relay, Raw(relay.port) as raw:
        raw.reply()
        replies = [raw.ask("NONSENSE") for _ in range(6)]
        check(replies[0].startswith("50"), f"it said {replies[0]}")
        check(any(r.startswith("421") for r in replies), f"it said {replies}")


@case("octets that are no commands do no harm")
def _():
    with Relay() as relay:
        for octets in (b"\0" * 1000 + b"\r\n", bytes(range(256)) * 50, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
                       b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"EHLO \xff\xfe\r\nMAIL FROM:<\x00@\xff>\r\nRCPT TO:<>\r\nDATA\r\n",
                       b"EHLO a\r\n" + b"MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nRSET\r\n" * 200):
            with Raw(relay.port) as raw, contextlib.suppress(OSError):
                raw.send(octets)
                raw.sock.settimeout(1)
                while raw.sock.recv(65536):
                    pass
        serves(relay)


@case("clients that vanish in every phase leave nothing behind")
def _():
    steps = ["", "EHLO c.test\r\n", "MAIL FROM:<a@internal.test>\r\n", "RCPT TO:<b@example.test>\r\n", "DATA\r\n", "Subject: half\r\n", "\r\nhalf\r\n.\r"]
    with Relay() as relay:
        for n in range(len(steps)):
            for _ in range(5):
                with Raw(relay.port) as raw:
                    raw.reply()
                    for step in steps[1:n + 1]:
                        raw.send(step)
        wait_for(lambda: relay.json("status")["connections-in"] == 0, 10, "the end of the connections")
        equal((relay.json("status")["accepted"], relay.queue()), (0, []), "accepted, queue")
        serves(relay)


@case("a web page cannot make a browser send mail, nor talk to the control socket")
def _():
    with Relay() as relay, Raw(relay.port) as raw:
        raw.reply()
        raw.send(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nEHLO a\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\n")
        time.sleep(0.5)
        equal(relay.json("status")["accepted"], 0, "accepted messages")

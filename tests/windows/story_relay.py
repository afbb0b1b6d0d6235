# SPDX-License-Identifier: LGPL-2.1-or-later
"""The relay on Windows: mail in from Linux by SMTP, out to a sink on Linux, over loopback."""
import contextlib
import os
import re
import selectors
import socket
import time

from harness import Relay, Sink, Skip, certificate, check, clrelay, daemon, equal, run
from relay import WindowsRelay

CASES = []


def case(name):
    def mark(function):
        CASES.append((name, function))
        return function
    return mark


@case("a message in and out again, octet by octet")
def _(wine):
    body = "Subject: Grüße\r\n\r\n.dot\r\n例 äöü\r\n\r\n".encode()
    with Sink() as sink, WindowsRelay(wine, sink.route()) as relay:
        relay.send(body, eight_bit=True)
        got = sink.wait(1)[0]
        check(got.content.endswith(body), f"the sink has {got.content[-200:]!r}")
        check(b"Received: " in got.content, "no Received field")


@case("a certificate on a path with letters of no code page; STARTTLS in and out")
def _(wine):
    cert, key = certificate()
    folder = wine.place("Büro 例", "Schlüssel")
    for name, path in (("cert.pem", cert), ("key.pem", key)):
        with open(path, "rb") as source, open(f"{folder}/{name}", "wb") as copy:
            copy.write(source.read())
    place = wine.path(folder)
    out = f"tls = verify\nca-file = {place}\\cert.pem\nhostname = localhost\n"
    with Sink(tls=(cert, key)) as sink:
        listener = f"tls = require\ncertificate-file = {place}\\cert.pem\nkey-file = {place}\\key.pem\n"
        with WindowsRelay(wine, sink.route(out.replace("hostname = localhost\n", "")), listener=listener) as relay:
            with relay.client() as smtp:
                smtp.starttls()
                smtp.sendmail("a@internal.test", ["b@example.test"], "Subject: s\r\n\r\nx\r\n")
            sink.wait(1)


@case("killed with mail in the queue: after the next start nothing is lost, nothing comes twice")
def _(wine):
    n, large = 30, 300 * 1024  # some so large that they lie in files of their own
    wanted = {f"number {i}" for i in range(n)}
    with Sink({"RCPT": "451 4.3.0 not now"}) as sink:
        relay = WindowsRelay(wine, sink.route(), queue="retry-first = 1s\nretry-longest = 2s\n").start()
        try:
            for text in sorted(wanted):
                filler = "x" * 70 + "\r\n"
                relay.send(f"Subject: {text}\r\n\r\n" + (filler * (large // 72) if text.endswith("7") else filler))
        finally:
            relay.kill()
        check(sink.mails == [], "the sink took mail although it refuses")
        sink.script.clear()
        with relay:
            sink.wait(n, 90)
            time.sleep(1)
        found = [next(line for line in mail.content.decode().split("\r\n") if line.startswith("Subject: "))[9:] for mail in sink.mails]
        equal(sorted(found), sorted(wanted), "what arrived")


@case("clrelay.exe reads and changes the settings, with the service at work")
def _(wine):
    with Sink() as sink, WindowsRelay(wine, sink.route()) as relay:
        equal(relay.cli("config", "get", "server.hostname").strip(), "relay.internal.test", "the host name")
        relay.cli("config", "set", "limits.max-recipients=123")
        equal(relay.cli("config", "get", "limits.max-recipients").strip(), "123", "the changed setting")
        equal(relay.queue(), [], "the queue")


PASSPHRASE = "Büro 例 battery staple\n".encode()


def fill(relay, n):
    """Some of them so large that they lie in files of their own. Returns their subjects."""
    for i in range(n):
        relay.send(f"Subject: number {i}\r\n\r\n" + ("x" * 70 + "\r\n") * (5000 if i % 10 == 7 else 2))
    return sorted(f"number {i}" for i in range(n))


def arrived(sink):
    return sorted(re.search(rb"^Subject: (.*?)\r?$", mail.content, re.M)[1].decode() for mail in sink.mails)


def need_linux():
    if not os.path.exists(daemon()) or not os.path.exists(clrelay()):
        raise Skip("the folder of a Linux build is not given")


@case("a backup made on Linux is restored here, its queue is delivered, and its secret is there")
def _(wine):
    need_linux()
    with Sink({"RCPT": "451 4.3.0 not now"}) as sink:
        relay = Relay(sink.route(), folder=wine.place("linux relay")).start()
        path = os.path.join(relay.folder, "relay.backup")
        try:
            relay.cli("secret", "set", "sink", data=b"open sesame\n")
            relay.cli("user", "add", "printer", "--generate")
            wanted = fill(relay, 30)
            relay.cli("backup", path, data=PASSPHRASE)
        finally:
            relay.kill()
        other = WindowsRelay(wine, sink.route())
        other.port = relay.port
        told = other.run_cli("restore", wine.path(path), "--moved", data=PASSPHRASE)
        check(told.returncode == 0, told)
        check(b"is now" in told.stdout, f"no word about what has moved: {told.stdout.decode()}")
        sink.script.clear()
        with other:
            sink.wait(30, 90)
            time.sleep(1)
            equal([u["login"] for u in other.json("user", "list")], ["printer"], "users")
            equal(os.listdir(os.path.join(other.state, "secrets")), ["sink"], "secrets")
        equal(arrived(sink), wanted, "what arrived")


@case("a backup made here is restored on Linux, its queue is delivered, and its secret is there")
def _(wine):
    need_linux()
    with Sink({"RCPT": "451 4.3.0 not now"}) as sink:
        relay = WindowsRelay(wine, sink.route()).start()
        path = os.path.join(relay.folder, "relay.backup")
        try:
            relay.cli("secret", "set", "sink", data=b"open sesame\n")
            wanted = fill(relay, 30)
            relay.cli("backup", wine.path(path), data=PASSPHRASE)
        finally:
            relay.kill()
        other = Relay(sink.route(), folder=wine.place("linux successor"))
        other.port = relay.port
        told = run(clrelay(), "--config", other.conf, "restore", path, "--moved", data=PASSPHRASE)
        check(told.returncode == 0, told)
        sink.script.clear()
        with other:
            sink.wait(30, 60)
            other.wait_empty()
        equal(arrived(sink), wanted, "what arrived")
        with open(os.path.join(other.state, "secrets", "sink"), "rb") as file:
            equal(file.read(), b"open sesame", "the secret")


@case("2,000 connections at a time, all answered")
def _(wine):
    n = 2000
    with Sink() as sink, WindowsRelay(wine, sink.route(), limits=f"max-connections = {n + 100}\nmax-connections-per-client = {n + 100}\n") as relay:
        with contextlib.ExitStack() as stack:
            socks = []
            for _ in range(n):
                sock = stack.enter_context(socket.socket())
                sock.settimeout(30)
                sock.connect(("127.0.0.1", relay.port))
                socks.append(sock)
            expect_all(socks, b"220 ")
            for sock in socks:
                sock.sendall(b"NOOP\r\n")
            expect_all(socks, b"250 ")
            relay.send("Subject: among many\r\n\r\nx\r\n")  # one more is served as usual
            sink.wait(1)


def expect_all(socks, start, timeout=90):
    """One line that begins with START from each."""
    end = time.monotonic() + timeout
    waiting = {sock: b"" for sock in socks}
    with selectors.DefaultSelector() as selector:
        for sock in socks:
            selector.register(sock, selectors.EVENT_READ)
        while waiting:
            check(time.monotonic() < end, f"{len(waiting)} of {len(socks)} connections had no answer {start!r} within {timeout} s")
            for key, _ in selector.select(1):
                octets = key.fileobj.recv(4096)
                check(octets, "a connection was ended")
                waiting[key.fileobj] += octets
                if waiting[key.fileobj].endswith(b"\n"):
                    check(waiting[key.fileobj].startswith(start), f"an answer is {waiting[key.fileobj]!r}")
                    selector.unregister(key.fileobj)
                    del waiting[key.fileobj]

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile weather: what breaks, how, and what becomes of the mail. The first half is a table of next hops.

Each row of the table is a next hop with a script and the state that `clrelay queue show` must tell of its mail while the
weather lasts, with the reason. Then the weather is over: what waited is delivered, and nothing is lost. All rows run at
once, through one relay, so that they also show that no bad next hop hinders another."""
import http.client
import json
import os
import re
import resource
import signal
import socket
import sqlite3
import struct
import subprocess
import threading
import time

from harness import (Raw, Relay, Sink, Skip, case, certificate, check, equal, free_port, need, queue_id, raw_data, run, submit, temp,
                     wait_for)
from weather_peer import DROP, HANG, RESET, Deaf, Peer

TEXT = b"Subject: weather\r\n\r\n" + b"".join(b"line %d\r\n" % n for n in range(20))
POINTS = ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END")
PHASES = {"GREETING": "greeting", "EHLO": "EHLO", "MAIL": "MAIL", "RCPT": "RCPT", "DATA": "DATA", "END": "end of data"}
PLAIN = ("8BITMIME", "ENHANCEDSTATUSCODES")  # without PIPELINING


class Row:
    """what: in words. script: of the peer. state: of the mail in bad weather. reply: what its reason holds (an expression).
    settings: of the smarthost. after: how many times the mail has arrived in the end, None: not at all."""

    def __init__(self, what, script, state, reply="", *, settings="", extensions=None, tls=None, to=1, content=TEXT, after=1, peer=None,
                 secure=None):
        self.what, self.state, self.reply, self.settings, self.content, self.after = what, state, reply, settings, content, after
        self.secure = secure  # whether the mail arrived over TLS
        self.make = peer or (lambda: Peer(script, **({} if extensions is None else {"extensions": extensions}), certificate=tls))
        self.n = to

    def recipients(self, number):
        return [f"{'bad' if i % 2 else 'good'}{i}@row{number}.test" for i in range(self.n)]


def expired():
    """A certificate whose time is over."""
    folder = temp("expired")
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    request = os.path.join(folder, "request")
    for words in (["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout",
                   key, "-out", request],
                  ["x509", "-req", "-in", request, "-key", key, "-days", "-1", "-out", cert]):
        result = run(need("openssl"), *words)
        check(result.returncode == 0, result.stderr.decode())
    return cert, key


def table():
    rows = []
    # At every point of the dialogue: silence, an end, an abrupt end, refusals for now and for ever, nonsense; in groups of
    # commands and one by one.
    for extensions in (None, PLAIN):
        for point in POINTS:
            phase = re.escape(PHASES[point])
            early = point in ("GREETING", "EHLO")
            way = f"{PHASES[point]}, {'one by one' if extensions else 'pipelined'}"
            # What was answered with the content complete may have been delivered: then it comes twice, never not at all.
            rows += [
                Row(f"hangs at {way}", {point: HANG}, "waiting", rf"in time \({phase}\)", settings="command-timeout = 5s\nfinal-timeout = 5s",
                    extensions=extensions),
                Row(f"drops at {way}", {point: DROP}, "waiting", rf"\({phase}\)", extensions=extensions),
                Row(f"421 at {way}", {point: "421 4.3.2 closing"}, "waiting", "421 4.3.2 closing", extensions=extensions),
                Row(f"4xx at {way}", {point: "451 4.3.0 later"}, "waiting", "451 4.3.0 later", extensions=extensions),
                Row(f"5xx at {way}", {point: "554 5.3.0 never"}, "waiting" if early else "failed", "554 5.3.0 never", extensions=extensions,
                    after=1 if early else None),
                Row(f"nonsense at {way}", {point: b"\xff\xfe\x00 what?\r\n"}, "waiting", "does not speak SMTP", extensions=extensions),
            ]
    # An RST throws away answers that had come before it: which command was the last is chance.
    rows += [Row(f"resets at {PHASES[point]}", {point: RESET}, "waiting", r"reset|closed|\(") for point in POINTS]
    rows += [
        Row("does not take the connection", None, "waiting", "the connect took too long", settings="connect-timeout = 2s", after=None, peer=Deaf),
        Row("421 in the middle of the recipients", {"RCPT": lambda r: "421 4.3.2 closing" if r.startswith("bad") else None}, "waiting", "421",
            to=4, extensions=PLAIN),
        Row("refuses every second recipient for now", {"RCPT": lambda r: "450 4.2.1 busy" if r.startswith("bad") else None},
            {"good": "delivered", "bad": "waiting"}, "450 4.2.1 busy|^0|^250", to=6, after=2),
        Row("refuses every second recipient for ever", {"RCPT": lambda r: "550 5.1.1 unknown" if r.startswith("bad") else None},
            {"good": "delivered", "bad": "failed"}, "550 5.1.1 unknown|^0|^250", to=6, after=2),
        Row("says 250 to DATA", {"DATA": "250 2.0.0 taken"}, "waiting", "out of step"),
        Row("says 354 to RCPT", {"RCPT": "354 go ahead"}, "waiting", "out of step"),
        Row("says 354 to the end of the content", {"END": "354 more"}, "waiting", "no meaning", after=2),
        Row("answers MAIL twice", {"MAIL": b"250 2.1.0 ok\r\n250 2.1.0 ok\r\n"}, "waiting", "out of step"),
        Row("has an answer to the content before it has come", {"DATA": b"354 go ahead\r\n451 4.3.0 no\r\n"}, "waiting", "451 4.3.0 no", after=2),
        Row("refuses the sender, and takes recipient and DATA", {"MAIL": "451 4.1.8 whose?", "RCPT": "250 2.1.5 ok", "DATA": "354 go ahead"},
            "waiting", "451 4.1.8"),
        Row("an answer of 50 MiB in one line", {"EHLO": ("many", b"250-" + b"x" * (1 << 20), 50)}, "waiting", r"\(EHLO\)|SMTP",
            settings="command-timeout = 12s"),
        Row("an answer of 50 MiB in lines", {"MAIL": ("many", b"250-" + b"x" * 500 + b"\r\n", 100000)}, "waiting", "(?i)lines|SMTP"),
        Row("an endless answer, slowly", {"RCPT": ("drip", b"250-ok\r\n" * 30, 0.3)}, "waiting", r"in time \(RCPT\)", settings="command-timeout = 4s"),
        Row("a greeting of one octet a second", {"GREETING": ("drip", b"220 peer.test hello\r\n", 1)}, "waiting", r"in time \(greeting\)",
            settings="command-timeout = 4s"),
        Row("slow with each recipient, but in time", {"RCPT": ("late", b"250 2.1.5 ok\r\n", 2)}, "delivered", to=5,
            settings="command-timeout = 6s"),
        Row("reads nothing of the content", {"CONTENT": HANG}, "waiting", r"in time \(content\)",
            settings="data-timeout = 4s\nfinal-timeout = 20s", content=TEXT + (b"y" * 70 + b"\r\n") * 100000),
        Row("closes in the middle of the content", {"CONTENT": DROP}, "waiting", r"\((content|end of data)\)",
            content=TEXT + (b"y" * 70 + b"\r\n") * 100000),
        Row("RSET is refused", {"RCPT": "450 4.2.0 not yet", "RSET": "500 5.5.1 what"}, "waiting", "450 4.2.0"),
        Row("hangs at QUIT", {"QUIT": HANG}, "delivered"),
        Row("drops at QUIT", {"QUIT": DROP}, "delivered"),
    ]
    # TLS: what goes wrong, and what each mode makes of it. The names are of the mode's promise: may never keeps mail back.
    good, elsewhere, old = certificate(), certificate("elsewhere.test"), expired()
    handshakes = {"hangs in the handshake": HANG, "drops in the handshake": DROP, "says nonsense in the handshake": b"no TLS here\r\n" * 5}
    for what, action in handshakes.items():
        rows += [
            Row(f"{what}, tls = may", {"HANDSHAKE": action}, "delivered", settings="tls = may\ncommand-timeout = 4s", tls=good, secure=False),
            Row(f"{what}, tls = encrypt", {"HANDSHAKE": action}, "waiting", "(?i)tls|handshake", settings="tls = encrypt\ncommand-timeout = 4s",
                tls=good, secure=True),
        ]
    for what, cert in (("a certificate that has expired", old), ("a certificate of nobody we know", elsewhere)):
        rows += [
            Row(f"{what}, tls = may", {}, "delivered", settings="tls = may", tls=cert, secure=True),
            Row(f"{what}, tls = encrypt", {}, "delivered", settings="tls = encrypt", tls=cert, secure=True),
            Row(f"{what}, tls = verify", {}, "waiting", "(?i)certificate", settings="tls = verify", tls=cert, after=None),
        ]
    rows += [
        Row("STARTTLS refused, tls = encrypt", {"STARTTLS": "454 4.7.0 not now"}, "waiting", "454 4.7.0", settings="tls = encrypt", tls=good,
            secure=True),
        Row("no STARTTLS, tls = encrypt", {}, "waiting", "STARTTLS", settings="tls = encrypt", after=None),
    ]
    return rows


class Api:
    """The control API without a process for each question."""

    def __init__(self, relay):
        self.socket = relay.socket

    def show(self, identity):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(20)
            sock.connect(self.socket)
            connection = http.client.HTTPConnection("localhost")
            connection.sock = sock
            connection.request("GET", f"/v1/messages/{identity}", headers={"Connection": "close"})
            answer = connection.getresponse()
            body = answer.read()
        check(answer.status == 200, f"/v1/messages/{identity}: {answer.status} {body}")
        return json.loads(body)

    def states(self, identity):
        return {r["address"]: r["state"] for r in self.show(identity)["recipients"]}


def memory_of(process):
    """Resident octets."""
    with open(f"/proc/{process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def expected(row, address):
    if isinstance(row.state, str):
        return row.state
    return row.state["bad" if address.startswith("bad") else "good"]


def is_as_expected(row, shown):
    return all(r["state"] == expected(row, r["address"]) and re.search(row.reply, told(r)) for r in shown["recipients"])


def told(recipient):
    return " ".join(str(recipient.get(key, "")) for key in ("code", "enhanced", "reply"))


@case("weather: 100 next hops, each bad in its own way: what waits and what has failed, with the reason; then all arrives")
def _():
    rows = table()
    peers = [row.make() for row in rows]
    problems = []
    try:
        routes = ""
        for n, (row, peer) in enumerate(zip(rows, peers)):
            settings = row.settings if "tls =" in row.settings else row.settings + "\ntls = none"
            routes += (f"[smarthost s{n}]\nhosts = 127.0.0.1:{peer.port}\n{settings}\n[route r{n}]\nrecipients = row{n}.test\n"
                       f"via = smarthost:s{n}\n")
        with Sink() as sink, Relay(routes + sink.route(), queue="retry-first = 1h\n") as relay:
            ids = []
            before = memory_of(relay.process)
            with relay.client(timeout=60) as smtp:
                smtp.ehlo()
                ids = [submit(smtp, row.content, to=row.recipients(n)) for n, row in enumerate(rows)]
                start = time.monotonic()
                submit(smtp, TEXT)
            sink.wait(1, 30)
            check(time.monotonic() - start < 15, "mail for a good next hop waits behind the bad ones")
            api = Api(relay)
            open_rows = dict(enumerate(rows))
            end, most = time.monotonic() + 45, 0
            while open_rows and time.monotonic() < end:
                most = max(most, memory_of(relay.process))
                for n in list(open_rows):
                    if is_as_expected(rows[n], api.show(ids[n])):
                        del open_rows[n]
                time.sleep(0.1)
            for n, row in open_rows.items():
                problems.append(f"{row.what}: wanted {row.state} with {row.reply!r}, "
                                f"got {[(r['address'], r['state'], told(r)) for r in api.show(ids[n])['recipients']]}")
            check(most - before < 100 << 20, f"the relay grew by {(most - before) >> 20} MiB")
            # The sun comes out.
            for peer in peers:
                peer.well = True
            relay.cli("queue", "retry", "--all")
            for n, (row, peer) in enumerate(zip(rows, peers)):
                if row.after is None or n in open_rows:
                    continue
                try:
                    wait_for(lambda: "waiting" not in api.states(ids[n]).values() and "active" not in api.states(ids[n]).values(), 25, "it")
                except AssertionError:
                    problems.append(f"{row.what}: afterwards {[(r['address'], r['state'], told(r)) for r in api.show(ids[n])['recipients']]}")
                    continue
                came = [r for mail in peer.mails for r in mail[1]]
                missing = [a for a in row.recipients(n) if a not in came and expected(row, a) != "failed"]
                if missing:
                    problems.append(f"{row.what}: lost {missing}")
                if any(not mail[2].endswith(row.content) for mail in peer.mails):
                    problems.append(f"{row.what}: the content has changed")
                if len(peer.mails) > row.after:
                    problems.append(f"{row.what}: arrived {len(peer.mails)} times, wanted {row.after}")
                if row.secure is not None and set(peer.tls) != {row.secure}:
                    problems.append(f"{row.what}: arrived over TLS {peer.tls}")
        for problem in problems:
            print(f"# {problem}", flush=True)
        check(not problems, f"{len(problems)} of {len(rows)} rows: " + "; ".join(problems))
    finally:
        for peer in peers:
            peer.close()

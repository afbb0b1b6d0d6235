# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile weather outside: next hops and name servers. What breaks, how, and what becomes of the mail.

Each row of the table is a next hop with a script and the state that `clrelay queue show` must tell of its mail while the
weather lasts, with the reason. Then the weather is over: what waited is delivered, and nothing is lost. All rows run at
once, through one relay, so that they also show that no bad next hop hinders another."""
import http.client
import json
import os
import re
import resource
import socket
import struct
import threading
import time

from harness import Relay, Sink, case, certificate, check, equal, free_port, need, room, run, submit, temp, wait_for
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
        Row("STARTTLS refused, tls = may", {"STARTTLS": "454 4.7.0 not now"}, "delivered", settings="tls = may", tls=good, secure=False),
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
            check(most - before < room(100 << 20), f"the relay grew by {(most - before) >> 20} MiB")
            # The sun comes out.
            for peer in peers:
                peer.well = True
            relay.cli("queue", "retry", "--all")
            for n, (row, peer) in enumerate(zip(rows, peers)):
                if n in open_rows or (row.after is None and row.state != "failed"):
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
                if len(peer.mails) > (row.after or 0):
                    problems.append(f"{row.what}: arrived {len(peer.mails)} times, wanted {row.after}")
                # What has failed, and has been reported, is over: no order brings it back.
                refused = {a: s for a, s in api.states(ids[n]).items() if expected(row, a) == "failed"}
                if any(s != "failed" or a in came for a, s in refused.items()):
                    problems.append(f"{row.what}: has failed, and then {refused}, arrived: {came}")
                if row.secure is not None and set(peer.tls) != {row.secure}:
                    problems.append(f"{row.what}: arrived over TLS {peer.tls}")
        for problem in problems:
            print(f"# {problem}", flush=True)
        check(not problems, f"{len(problems)} of {len(rows)} rows: " + "; ".join(problems))
    finally:
        for peer in peers:
            peer.close()


class BadDns:
    """A DNS server over UDP whose answer hangs on the first label of the name; well: 127.0.0.1 for all of them."""

    def __init__(self):
        self.well, self.sock, self.port = False, socket.socket(socket.AF_INET, socket.SOCK_DGRAM), free_port()
        self.sock.bind(("127.0.0.1", self.port))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                question, who = self.sock.recvfrom(4096)
                self.answer(question, who)
            except (OSError, IndexError, struct.error):
                if self.sock.fileno() < 0:
                    return

    def answer(self, question, who):
        end = question.index(b"\0", 12) + 5
        name, (kind,) = question[12:end - 4], struct.unpack(">H", question[end - 4:end - 2])
        how = question[13:13 + question[12]].decode().lower()

        def reply(rcode=0, records=(), flags=0x8180, identity=question[:2], asked=question[12:end]):
            self.sock.sendto(identity + struct.pack(">HHHHH", flags | rcode, 1, len(records), 0, 0) + asked + b"".join(records), who)

        def record(owner=b"\xc0\x0c", kind=1, data=b"\x7f\0\0\1"):
            return owner + struct.pack(">HHIH", kind, 1, 1, len(data)) + data
        if self.well or how not in BAD_NAMES:
            reply(records=[record()] if kind == 1 and how in BAD_NAMES else [])
        elif how == "wrong-id":
            reply(records=[record()], identity=bytes([question[0] ^ 0xff, question[1]]))
        elif how == "garbage":
            self.sock.sendto(question[:2] + b"\x81\x80" + os.urandom(60), who)
        elif how == "short":
            self.sock.sendto(question[:7], who)
        elif how == "truncated":
            reply(flags=0x8380)
        elif how == "other-question":
            reply(records=[record()], asked=b"\x05other\x04test\0" + question[end - 4:end])
        elif how == "other-owner":
            reply(records=[record(owner=b"\x05other\x04test\0")])
        elif how == "loop":
            reply(records=[record(kind=5, data=name)])
        elif how == "wrong-length":
            reply(records=[record(data=b"\x7f\0\0")])
        elif how in ("servfail", "nxdomain", "refused"):
            reply(rcode={"servfail": 2, "nxdomain": 3, "refused": 5}[how])
        elif how == "empty":
            reply()

    def close(self):
        self.sock.close()


# The name's first label, and what the reason must hold. Nothing is ever refused for what the DNS says of a smarthost.
BAD_NAMES = {"servfail": "failure", "refused": "failure", "nxdomain": "no such name|no address", "empty": "no such name|no address",
             "dead": "in time|failure", "wrong-id": "in time|failure", "garbage": "in time|failure", "short": "in time|failure",
             "truncated": "in time|failure", "other-question": "in time|failure", "other-owner": "no such name|no address|failure|in time",
             "loop": "no such name|no address|failure", "wrong-length": "cannot be read|no address"}


@case("weather: the DNS is dead, or lies, in thirteen ways: mail waits and tells why; it goes when the DNS is back")
def _():
    dns = BadDns()
    with Sink() as sink:
        routes = "".join(f"[smarthost {how}]\nhosts = {how}.weather.internal.test:{sink.port}\nallow-loopback = true\ntls = none\n"
                         f"[route {how}]\nrecipients = {how}.test\nvia = smarthost:{how}\n" for how in BAD_NAMES)
        with Relay(routes + sink.route(), queue="retry-first = 1h\n", extra=f"[dns]\nservers = 127.0.0.1:{dns.port}\ntimeout = 4s\n") as relay:
            ids = {how: relay.send(TEXT, to=(f"b@{how}.test",)) for how in BAD_NAMES}
            relay.send(TEXT)
            sink.wait(1, 10)
            api, problems = Api(relay), []
            for how, words in BAD_NAMES.items():
                recipient = wait_for(lambda: next((r for r in api.show(ids[how])["recipients"] if r.get("reply")), None), 30, f"a word about {how}")
                if recipient["state"] != "waiting" or not re.search(words, recipient["reply"]):
                    problems.append(f"{how}: {recipient['state']} {recipient['reply']}")
            check(not problems, "; ".join(problems))
            equal(len(sink.mails), 1, "messages at the sink")
            dns.well = True
            # What was learned is forgotten within seconds, not hours.
            wait_for(lambda: relay.cli("queue", "retry", "--all", expect=None) is not None and not time.sleep(1) and relay.queue() == [], 60,
                     "the delivery of all")
            equal(len(sink.mails), 1 + len(BAD_NAMES), "messages at the sink")
    dns.close()

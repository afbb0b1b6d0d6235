# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile weather at mail exchangers: the first of two is dead, closes its doors, or falls silent at each point of the dialogue."""
import re

from cases_weather import PHASES, POINTS, TEXT, Api, told
from harness import Dns, Relay, case, check, free_port, submit, wait_for
from weather_peer import DROP, HANG, Peer

LONG = TEXT + (b"y" * 70 + b"\r\n") * 100000
EARLY = ("GREETING", "EHLO")  # before a transaction the next exchanger is asked at once


class Row:
    """what: in words. first, second: their scripts, None: nobody listens. state, reply: of the mail while the weather lasts.
    by: which of them has it in the end: 1, 2, or 0: either."""

    def __init__(self, what, first, second, state, reply="", by=0, content=TEXT):
        self.what, self.scripts, self.state, self.reply, self.by, self.content = what, (first, second), state, reply, by, content


def table():
    rows = [
        Row("the first is dead", None, {}, "delivered", "250", by=2),
        Row("the first greets with 421", {"GREETING": "421 4.3.2 closed"}, {}, "delivered", "250", by=2),
        Row("the first greets with 554", {"GREETING": "554 5.3.2 no mail here"}, {}, "delivered", "250", by=2),
        Row("the first closes at once", {"GREETING": DROP}, {}, "delivered", "250", by=2),
        Row("both are dead", None, None, "waiting", "refused"),
        Row("both greet with 421", {"GREETING": "421 4.3.2 closed"}, {"GREETING": "421 4.3.2 closed too"}, "waiting", "421 4.3.2 closed"),
        Row("the first is dead, the second greets with 421", None, {"GREETING": "421 4.3.2 closed"}, "waiting", "421 4.3.2 closed", by=2),
        Row("the first reads nothing of the content", {"CONTENT": HANG}, {}, "waiting", r"in time \(content\)", content=LONG),
    ]
    for point in POINTS:
        early = point in EARLY
        rows.append(Row(f"the first hangs at {PHASES[point]}", {point: HANG}, {}, "delivered" if early else "waiting",
                        "250" if early else rf"in time \({PHASES[point]}\)", by=2 if early else 0))
    return rows


@case("weather: two mail exchangers, the first or both bad, in fourteen ways: the times of the route hold, all arrives in the end")
def _():
    rows, port, problems = table(), free_port(), []
    records = "".join(f"r{n} MX 10 a{n}\nr{n} MX 20 b{n}\na{n} A 127.1.{n}.1\nb{n} A 127.1.{n}.2\n" for n in range(len(rows)))
    peers = [[Peer(script, host=f"127.1.{n}.{i + 1}", port=port) if script is not None else None for i, script in enumerate(row.scripts)]
             for n, row in enumerate(rows)]
    route = (f"[route default]\nvia = mx\nport = {port}\nallow-loopback = true\ntls = none\ncommand-timeout = 5s\ndata-timeout = 4s\n"
             "final-timeout = 5s\n")
    try:
        with Dns({"test": records}) as dns, Relay(route, extra=dns.settings, queue="retry-first = 1h\n") as relay:
            api = Api(relay)
            with relay.client(timeout=60) as smtp:
                smtp.ehlo()
                ids = [submit(smtp, row.content, to=[f"u@r{n}.test"]) for n, row in enumerate(rows)]

            def recipient(n):
                return api.show(ids[n])["recipients"][0]
            for n, row in enumerate(rows):
                try:
                    wait_for(lambda n=n, row=row: recipient(n)["state"] == row.state and re.search(row.reply, told(recipient(n))), 40, "it")
                except AssertionError:
                    problems.append(f"{row.what}: wanted {row.state} with {row.reply!r}, got {recipient(n)}")
            # The sun comes out, and where nobody listened somebody does.
            for n, pair in enumerate(peers):
                for i, peer in enumerate(pair):
                    if peer is None and rows[n].scripts != (None, {}) and rows[n].by == 0:
                        pair[i] = Peer({}, host=f"127.1.{n}.{i + 1}", port=port)
                    elif peer:
                        peer.well = True
            relay.cli("queue", "retry", "--all")
            for n, row in enumerate(rows):
                try:
                    wait_for(lambda n=n: recipient(n)["state"] == "delivered", 30, "it")
                except AssertionError:
                    problems.append(f"{row.what}: afterwards {recipient(n)}")
                    continue
                mails = [len(peer.mails) if peer else 0 for peer in peers[n]]
                content = [mail[2] for peer in peers[n] if peer for mail in peer.mails]
                if row.by and mails[2 - row.by]:
                    problems.append(f"{row.what}: arrived {mails} times, wanted at number {row.by}")
                if not content or any(not text.endswith(row.content) for text in content):
                    problems.append(f"{row.what}: lost or changed, arrived {mails} times")
        for problem in problems:
            print(f"# {problem}", flush=True)
        check(not problems, f"{len(problems)} of {len(rows)} rows: " + "; ".join(problems))
    finally:
        for pair in peers:
            for peer in pair:
                if peer:
                    peer.close()

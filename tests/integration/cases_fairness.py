# SPDX-License-Identifier: LGPL-2.1-or-later
"""A next hop that is slow, or dead, does not slow the others."""
import re
import time

from harness import Relay, Sink, case, check, equal, submit, wait_for

QUICK = 100  # next hops beside the slow one
LARGE = b"Subject: large\r\n\r\n" + (b"x" * 98 + b"\r\n") * 1000  # a hundred thousand octets


def routes(slow, quick):
    """A next hop of its own for slow.test, and one for each of qN.test, all of these at one sink."""
    text = f"[smarthost slow]\nhosts = 127.0.0.1:{slow}\n[route slow]\nrecipients = slow.test\nvia = smarthost:slow\n"
    for n in range(QUICK):
        text += f"[smarthost q{n}]\nhosts = 127.0.0.1:{quick}\n[route q{n}]\nrecipients = q{n}.test\nvia = smarthost:q{n}\n"
    return text


def load(relay):
    """More for the slow one than all memory for contents holds, then two messages for each of the others: when the last was
    taken."""
    with relay.client() as smtp:
        smtp.ehlo()
        for _ in range(600):
            submit(smtp, LARGE, to=("a@slow.test",))
        for n in range(2 * QUICK):
            submit(smtp, b"Subject: small\r\n\r\nhello\r\n", to=(f"a@q{n % QUICK}.test",))
    return time.monotonic()


def resident(relay):
    with open(f"/proc/{relay.process.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) // 1024


@case("one slow next hop with 60 MB of mail, a hundred quick ones behind it: these are served at once")
def _():
    with Sink({"END": (20, "250 2.0.0 at last")}) as slow, Sink() as quick, Relay(routes(slow.port, quick.port), server="drain-time = 1s") as relay:
        end = load(relay)
        quick.wait(2 * QUICK, 30)
        took = time.monotonic() - end
        equal(sorted(mail.recipients[0] for mail in quick.mails), sorted(f"a@q{n}.test" for n in range(QUICK) for _ in range(2)), "who was served")
        check(len(slow.mails) < 200, f"the slow one was not slow: it took {len(slow.mails)}")
        check(took < 15, f"the last quick one was served {took:.0f} s after it was taken")
        check(resident(relay) < 200, f"{resident(relay)} MiB in memory")


@case("one dead next hop that never answers, a hundred quick ones behind it: these are served at once")
def _():
    with Sink({"GREETING": (60, "close")}) as slow, Sink() as quick, Relay(routes(slow.port, quick.port), server="drain-time = 1s") as relay:
        end = load(relay)
        quick.wait(2 * QUICK, 30)
        check(time.monotonic() - end < 15, "the quick ones had to wait")
        equal(slow.mails, [], "mail of the dead one")
        wait_for(lambda: relay.json("queue", "count", "--filter", "domain:slow.test")["messages"] == 600, 10, "600 messages that wait")

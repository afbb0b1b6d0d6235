#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real binary, killed under load. Usage: kill.py BUILD-DIR [--kills N] [--stops N] [--starts N]; prints TAP.

Clients hand in numbered messages and write down every 250; the sink writes down what arrives. Whatever was answered 250
must arrive, unharmed. What arrives twice must not have been stored as delivered before: the log says when it was, for
the line is written after the commit. Some recipients are refused for good: of each of them exactly one report is made,
with and without notices of delay. CLR_CRASH_SEED repeats the moments, as far as the system's threads allow."""
import argparse
import collections
import hashlib
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import harness  # noqa: E402
from harness import Relay, Sink, equal, queue_id, raw_data, wait_for  # noqa: E402

SETTINGS = "retry-first = 1s\nretry-longest = 2s\nmin-free-space = 0\nspool-size = 64K\n"
BACKLOG = 1500  # the clients wait while more are on their way
SENDER = "a@internal.test"
count, bad = 0, 0


def tell(good, name, details=()):
    global count, bad
    count += 1
    bad += not good
    print(f"{'ok' if good else 'not ok'} {count} {name}")
    for line in details:
        print(f"# {line}")
    sys.stdout.flush()


class Ledger:
    """What was answered 250, and what has arrived. Both also go to files as they happen."""

    def __init__(self, folder, rand, failing=0.0):
        self.failing = failing
        self.lock = threading.Lock()
        self.rand = rand
        self.next = 0
        self.accepted = {}  # number -> (queue id, recipients)
        self.arrived = collections.Counter()  # (number, recipient)
        self.reports = collections.defaultdict(set)  # (action, recipient) -> Message-IDs
        self.told = 0  # recipients of whose failure a report has come
        self.harmed = []
        self.large = 0
        self.file = open(os.path.join(folder, "accepted"), "a", encoding="ascii")

    def make(self):
        with self.lock:
            self.next += 1
            number, rand = self.next, random.Random(self.rand.random())
        large = rand.random() < 0.04
        size = rand.randrange(80_000, 700_000) if large else rand.randrange(50, 4000)
        body = (rand.randbytes((size + 1) // 2).hex() + "\r\n").encode()
        body = b"\r\n".join(body[i:i + 76] for i in range(0, len(body), 76)) + b"\r\n"
        head = f"From: a@internal.test\r\nX-Number: {number}\r\nX-Hash: {hashlib.sha256(body).hexdigest()}\r\n\r\n"
        recipients = [f"{'x' if rand.random() < self.failing else 'r'}{number}-{i}@example.test" for i in range(rand.choice((1, 1, 1, 2, 3)))]
        return number, recipients, head.encode() + body, large

    def accept(self, number, recipients, identity, large):
        with self.lock:
            self.accepted[number] = (identity, recipients)
            self.large += large
            self.file.write(f"{number} {identity} {' '.join(recipients)}\n")
            self.file.flush()

    def report(self, mail):
        name = re.search(rb"^Message-ID: <(\S+)>", mail.content, re.M | re.I).group(1)
        told = re.findall(rb"^Final-Recipient: rfc822; ?(\S+)\r\n(?:[^\r].*\r\n)*?Action: (\S+)", mail.content, re.M)
        with self.lock:
            if not told or mail.recipients != [SENDER]:
                self.harmed.append(f"report {name.decode()}")
            for recipient, action in told:
                self.told += action == b"failed" and ("failed", recipient.decode()) not in self.reports
                self.reports[action.decode(), recipient.decode()].add(name)

    def arrive(self, mail):
        if mail.sender == "":
            return self.report(mail)
        head, body = mail.content.split(b"\r\n\r\n", 1)
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line.startswith("X-"))
        good = hashlib.sha256(body).hexdigest() == fields["X-Hash"]
        mail.content = b""
        with self.lock:
            for recipient in mail.recipients:
                self.arrived[int(fields["X-Number"]), recipient] += 1
            if not good:
                self.harmed.append(fields["X-Number"])

    def backlog(self):
        with self.lock:
            return sum(len(r) for _, r in self.accepted.values()) - len(self.arrived) - self.told

    def missing(self):
        with self.lock:
            return [f"{n} ({identity}) to {r}" for n, (identity, recipients) in self.accepted.items() for r in recipients
                    if (n, r) not in self.arrived and ("failed", r) not in self.reports]

    def misreported(self):
        """What was told twice, or is not true."""
        with self.lock:
            return [f"{action} {recipient}: {len(names)} reports" for (action, recipient), names in self.reports.items()
                    if len(names) > 1 or (action == "failed") > (recipient[0] == "x") or action not in ("failed", "delayed")]

    def twice(self):
        with self.lock:
            return {key: n for key, n in self.arrived.items() if n > 1}


class Load:
    """Sessions that hand in messages, and begin anew when the relay dies under them."""

    def __init__(self, relay, ledger, sessions):
        self.relay, self.ledger, self.stop = relay, ledger, threading.Event()
        self.threads = [threading.Thread(target=self.pour, daemon=True) for _ in range(sessions)]
        for thread in self.threads:
            thread.start()

    def pour(self):
        while not self.stop.is_set():
            try:
                with self.relay.client(timeout=30) as smtp:
                    smtp.ehlo()
                    while not self.stop.is_set():
                        if self.ledger.backlog() > BACKLOG:
                            time.sleep(0.05)
                            continue
                        self.hand_in(smtp)
            except Exception:  # the relay is not there, or was killed in the middle
                time.sleep(0.01)

    def hand_in(self, smtp):
        number, recipients, content, large = self.ledger.make()
        if smtp.mail(SENDER)[0] != 250 or any(smtp.rcpt(r)[0] != 250 for r in recipients):
            raise OSError("refused")
        code, text = raw_data(smtp, content)
        if code == 250:
            self.ledger.accept(number, recipients, queue_id(text), large)

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(60)


def stored_twice(relay):
    """Deliveries that the log tells twice: the first was stored, and yet there was a second."""
    told = collections.Counter(re.findall(r"(\S+: <\S+>) delivered by ", relay.read_log()))
    return [f"{recipient}: {n} times" for recipient, n in told.items() if n > 1]


def drain(relay, ledger):
    """Until everything that was accepted has arrived, and the queue is empty."""
    end = time.monotonic() + 90
    while time.monotonic() < end and (ledger.missing() or relay.queue()):
        relay.cli("queue", "retry", "--all", expect=None)
        time.sleep(0.3)


def judge(name, relay, ledger, twice_allowed, facts):
    """The ledger's verdict, as one test."""
    problems = []
    missing = ledger.missing()
    if missing:
        problems.append(f"LOST {len(missing)}: {'; '.join(missing[:10])}")
    if ledger.harmed:
        problems.append(f"arrived with another content: {ledger.harmed[:10]}")
    misreported = ledger.misreported()
    if misreported:
        problems.append(f"reports that are doubled or wrong: {len(misreported)}: {misreported[:10]}")
    stored = stored_twice(relay)
    if stored:
        problems.append(f"delivered again although stored as delivered: {len(stored)}: {stored[:10]}")
    twice = ledger.twice()
    if twice and not twice_allowed:
        problems.append(f"arrived more than once: {list(twice.items())[:10]}")
    if relay.queue():
        problems.append(f"still in the queue: {len(relay.queue())}")
    recipients = sum(len(r) for _, r in ledger.accepted.values())
    tell(not problems, name, [
        f"{facts}; accepted {len(ledger.accepted)} messages ({ledger.large} spooled) to {recipients} recipients, arrived "
        f"{len(ledger.arrived)}, lost {len(missing)}, arrived again {sum(twice.values()) - len(twice)}; reports: "
        f"{dict(collections.Counter(action for action, _ in ledger.reports))}", *problems])


def check_history(relay, ledger, rand):
    """Some finished messages: the history has each with its recipients, once."""
    problems = []
    for number in rand.sample(sorted(ledger.accepted), min(40, len(ledger.accepted))):
        identity, recipients = ledger.accepted[number]
        told = sorted(r["address"] for r in relay.show(identity)["recipients"])
        if told != sorted(recipients):
            problems.append(f"{identity}: {told} instead of {sorted(recipients)}")
    tell(not problems, "kill: the history knows each message once, with its recipients", problems[:10])


def test_kills(rand, kills):
    for notice in ("0", "1s"):
        kill_often(rand, kills // 2, notice)


def kill_often(rand, kills, notice):
    sink = Sink({"RCPT": lambda to: "550 5.1.1 nobody" if to[0] == "x" else None,
                 "END": lambda mail: "451 4.3.0 not now" if rand.random() < 0.03 else ledger.arrive(mail)})
    with sink:
        relay = Relay(sink.route(), queue=f"{SETTINGS}delay-notice = {notice}\n", limits="max-message-size = 10M\n")
        ledger = Ledger(relay.folder, rand, failing=0.1)
        relay.start()
        load = Load(relay, ledger, 6)
        ways = collections.Counter()
        for _ in range(kills):
            way = rand.choice(("work", "work", "work", "work", "start", "drain"))
            ways[way] += 1
            if way == "work":
                time.sleep(rand.uniform(0.02, 1.2))
            elif way == "start":
                relay.kill()
                relay.launch()
                time.sleep(rand.uniform(0, 0.15))
            else:
                time.sleep(rand.uniform(0.02, 0.4))
                relay.process.send_signal(signal.SIGTERM)
                time.sleep(rand.uniform(0, 0.12))
            relay.kill()
            relay.start()
        load.end()
        drain(relay, ledger)
        judge(f"kill: SIGKILL {kills} times under load, nothing is lost, delay-notice = {notice}", relay, ledger, True,
              f"killed {', '.join(f'{n} times in {way}' for way, n in ways.items())}")
        check_history(relay, ledger, rand)
        relay.stop()
        relay.check_log()


def test_first_starts(rand, starts):
    """A start on an empty folder, cut: the next start finds nothing that stops it."""
    problems = []
    for _ in range(starts):
        relay = Relay(queue=SETTINGS)
        relay.launch()
        time.sleep(rand.uniform(0, 0.12))
        relay.kill()
        try:
            relay.start()
            relay.send()
            relay.stop()
        except AssertionError as problem:
            problems.append(str(problem))
            if relay.process:
                relay.kill()
        shutil.rmtree(relay.folder)
    tell(not problems, f"kill: SIGKILL in the first start, {starts} times", problems[:5])


def test_stops(rand, stops):
    """SIGTERM in the middle of 100 deliveries."""
    sink = Sink({"END": lambda mail: (rand.uniform(0.005, 0.1), ledger.arrive(mail))})
    longest = 0
    with sink:
        relay = Relay(sink.route(), queue=SETTINGS, server="drain-time = 15s\n")
        ledger = Ledger(relay.folder, rand)
        for _ in range(stops):
            relay.start()
            before = len(ledger.arrived)
            with relay.client() as smtp:
                smtp.ehlo()
                for _ in range(100):
                    number, recipients, content, large = ledger.make()
                    smtp.mail(SENDER)
                    for recipient in recipients:
                        smtp.rcpt(recipient)
                    code, text = raw_data(smtp, content)
                    equal(code, 250, "the answer to a message")
                    ledger.accept(number, recipients, queue_id(text), large)
                wait_for(lambda: len(ledger.arrived) > before + rand.randrange(5, 60), 30, "deliveries")
            start = time.monotonic()
            relay.stop(60)
            longest = max(longest, time.monotonic() - start)
        relay.start()
        drain(relay, ledger)
        judge(f"stop: SIGTERM in the middle of 100 deliveries, {stops} times, nothing is lost or doubled", relay, ledger, False,
              f"longest stop {longest:.1f} s of 15 s")
        relay.stop()
        relay.check_log()


def test_cut_stops(rand, stops):
    """A peer that is silent behind the final dot: the stop ends in time, only what was cut may arrive twice."""
    stuck = set()

    def end(mail):
        text = mail.content
        answer = ledger.arrive(mail)
        number = text.split(b"X-Number: ", 1)[1].split(b"\r\n", 1)[0]
        if number not in stuck and rand.random() < 0.1:
            stuck.add(number)
            return 8, "250 2.0.0 late"
        return answer

    longest = 0
    sink = Sink({"END": end})
    with sink:
        relay = Relay(sink.route(), queue=SETTINGS, server="drain-time = 1s\n")
        ledger = Ledger(relay.folder, rand)
        for _ in range(stops):
            relay.start()
            load = Load(relay, ledger, 2)
            time.sleep(rand.uniform(0.3, 0.8))
            start = time.monotonic()
            relay.stop(60)
            longest = max(longest, time.monotonic() - start)
            load.end()
        relay.start()
        drain(relay, ledger)
        twice = [n for n, _ in ledger.twice() if str(n).encode() not in stuck]
        tell(longest < 8, f"stop: ends within the drain time, {stops} times with peers that hang", [f"longest {longest:.1f} s of 1 s + 2 s"])
        judge(f"stop: SIGTERM with peers that hang, {stops} times, nothing is lost", relay, ledger, True,
              f"{len(stuck)} messages were cut")
        tell(not twice, "stop: only what was cut has arrived again", [f"{len(twice)}: {twice[:10]}"] if twice else ())
        relay.stop()
        relay.check_log()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--stops", type=int, default=24)
    parser.add_argument("--starts", type=int, default=30)
    options = parser.parse_args()
    harness.BUILD = os.path.abspath(options.build)
    harness.WORK = tempfile.mkdtemp(prefix="clrelay-crash-")
    seed = int(os.environ.get("CLR_CRASH_SEED") or random.randrange(1 << 31))
    start = time.monotonic()
    for name, function, n in (("first starts", test_first_starts, options.starts), ("stops", test_stops, options.stops),
                              ("stops that cut", test_cut_stops, options.stops // 3), ("kills", test_kills, options.kills)):
        try:
            if n:
                function(random.Random(seed), n)
        except Exception as problem:  # whatever it was, it is the test that failed
            tell(False, f"kill: {name}", [f"{type(problem).__name__}: {problem}".replace("\n", " | ")[:1500], *traceback.format_exc().splitlines()[-6:]])
    print(f"# {time.monotonic() - start:.0f} s; again: CLR_CRASH_SEED={seed}")
    print(f"1..{count}")
    if bad == 0:
        shutil.rmtree(harness.WORK, ignore_errors=True)
    else:
        print(f"# kept: {harness.WORK}")
    sys.stdout.flush()
    os._exit(1 if bad else 0)


main()

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A queue with a million waiting messages: memory, start, acceptance, lists, retry, and how fast it drains.

The queue is filled by SQL through the schema that the relay itself made, while it does not run. Then two relays, one with
the full queue and one with an empty one, take the same load in turn, and the full one is drained to a sink on loopback.
Needs smtp-source and smtp-sink (package postfix); the sink may be another program. All traffic is on 127.0.0.1, all
files are in one new folder, which goes in the end. Rates depend on what else the machine does; CPU time and commits a message do
so far less.

  scale.py BUILD-DIR [--messages 1000000] [--sink 'smtp-sink -u nobody 127.0.0.1:{port} 1024']
"""
import argparse
import json
import os
import random
import shlex
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

POSTFIX_DRAINS = 1043  # messages a second: 20,000 deferred ones, when that was measured beside us
EPOCH_MS = 1577836800000


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Relay:
    def __init__(self, build, folder, sink):
        self.build, self.folder, self.port, self.process = build, folder, free_port(), None
        self.socket, self.database = f"{folder}/control.sock", f"{folder}/state/queue.db"
        self.peak, self.samples = 0, []
        os.makedirs(folder)
        with open(f"{folder}/relay.conf", "w") as file:
            file.write(f"""[server]
hostname = relay.internal.test
postmaster = postmaster@internal.test
state-directory = {folder}/state
control-socket = {self.socket}

[listener bench]
address = 127.0.0.1:{self.port}
tls = none

[device loopback]
networks = 127.0.0.0/8

[smarthost sink]
hosts = 127.0.0.1:{sink}
tls = none

[route default]
via = smarthost:sink
""")

    def start(self):
        """Returns the seconds until the port answers."""
        begin = time.monotonic()
        self.process = subprocess.Popen([f"{self.build}/service/clrelayd", "--config", f"{self.folder}/relay.conf"],
                                        stderr=open(f"{self.folder}/log", "w"))
        while True:
            if self.process.poll() is not None or time.monotonic() - begin > 120:
                raise RuntimeError(f"the relay does not start: {open(f'{self.folder}/log').read()[-2000:]}")
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                    if connection.recv(200).startswith(b"220"):
                        connection.sendall(b"QUIT\r\n")
                        connection.recv(200)
                        return time.monotonic() - begin
            except OSError:
                time.sleep(0.005)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.note_memory()
            self.process.terminate()
            self.process.wait(120)

    def memory(self):
        """The present resident memory and its peak, MiB."""
        with open(f"/proc/{self.process.pid}/status") as file:
            facts = dict(line.split(":", 1) for line in file)
        return int(facts["VmRSS"].split()[0]) / 1024, int(facts["VmHWM"].split()[0]) / 1024

    def note_memory(self):
        self.peak = max(self.peak, self.memory()[1])

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def metrics(self):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            connection.connect(self.socket)
            connection.sendall(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")
            text = b""
            while part := connection.recv(65536):
                text += part
        rows = [line.rsplit(" ", 1) for line in text.decode().splitlines() if line.startswith("clrelay_")]
        return {name: float(value) for name, value in rows}

    def command(self, *words):
        """Runs the command line; returns the seconds and what it said."""
        begin = time.monotonic()
        done = subprocess.run([f"{self.build}/common/cli/clrelay", "--socket", self.socket, *words], text=True,
                              capture_output=True, timeout=1200)
        if done.returncode:
            raise RuntimeError(f"clrelay {' '.join(words)}: {done.stderr}")
        return time.monotonic() - begin, done.stdout

    def load(self, n, sessions, size):
        """Sends @n messages. Returns messages a second, and milliseconds of the relay's CPU time a message."""
        cpu, begin = self.cpu(), time.monotonic()
        subprocess.run(["smtp-source", "-s", str(sessions), "-m", str(n), "-l", str(size), "-d", "-f", "a@internal.test",
                        "-t", "b@example.com", f"127.0.0.1:{self.port}"], check=True, timeout=600)
        return n / (time.monotonic() - begin), (self.cpu() - cpu) * 1000 / n


def fill(path, n, size, lane, shuffled):
    """@n waiting messages of one lane, due within an hour that begins in an hour."""
    now = int(time.time() * 1e6)
    body = (b"Received: by relay.internal.test\r\nFrom: a@internal.test\r\nTo: b@example.com\r\nSubject: a waiting message\r\n\r\n"
            + b"What waits here is short and made by nobody.\r\n" * (size // 46 + 1))[:size - 2] + b"\r\n"
    due = lambda i: now + 3600 * 10**6 + i * 3600 * 10**6 // n
    ids = [(now // 1000 - EPOCH_MS - n + i) << 22 for i in range(n)]
    numbers = list(range(n))
    if shuffled:
        random.Random(7).shuffle(numbers)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous=OFF")
    database.execute("PRAGMA cache_size=-65536")
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO lane(id,key,look) VALUES(1,?,?)", (lane, due(0)))
    database.executemany(
        "INSERT INTO message(id,node,created,sender,ret,eight_bit,size,spool,recipients,origin,client,device,priority,requiretls,"
        "attributes) VALUES(?,0,?,'a@internal.test',0,0,?,0,1,'smtp','127.0.0.1','loopback',0,0,?)",
        ((id, now, size, f'{{"subject":"a waiting message","message-id":"<{id}@internal.test>"}}') for id in ids))
    database.executemany(
        "INSERT INTO recipient(message,number,address,notify,lane,state,due,expires,attempts,code,enhanced,text,host,tried)"
        " VALUES(?,0,?,0,1,0,?,?,1,451,'4.3.0','please try again later','127.0.0.1',?)",
        ((id, f"b{i % 1000}@example.com", due(numbers[i]), now + 5 * 86400 * 10**6, now) for i, id in enumerate(ids)))
    database.executemany("INSERT INTO content VALUES(?,?)", ((id, body) for id in ids))
    database.execute("UPDATE tally SET messages=?1,waiting=?1", (n,))
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


class Watch(threading.Thread):
    """Samples what waits and the memory of a relay, twice a second."""

    def __init__(self, relay):
        super().__init__(daemon=True)
        self.relay, self.points, self.ended = relay, [], threading.Event()
        self.start()

    def run(self):
        while not self.ended.is_set():
            try:
                metrics = self.relay.metrics()
            except OSError:
                continue
            self.points.append((time.monotonic(), metrics["clrelay_recipients_delivered_total"],
                                metrics["clrelay_store_commits_total"], self.relay.cpu(), self.relay.memory()[0]))
            self.ended.wait(0.5)

    def end(self):
        self.ended.set()
        self.join(60)


def wait_for_idle(relay, waiting, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        metrics = relay.metrics()
        if metrics["clrelay_queue_messages"] <= waiting:
            return
        time.sleep(0.1)
    raise RuntimeError(f"mail does not get through: {metrics['clrelay_queue_messages']:.0f} messages are left")


class Report:
    def __init__(self):
        self.number, self.failed, self.figures = 0, 0, {}

    def say(self, good, text, **figures):
        self.number += 1
        self.failed += not good
        self.figures.update(figures)
        print(f"{'ok' if good else 'not ok'} {self.number} {text}", flush=True)


def measure_acceptance(empty, full, options, report):
    rates, cpu = {empty: [], full: []}, {empty: [], full: []}
    for _ in range(options.runs):
        for relay in (empty, full):
            rate, used = relay.load(options.load, 20, options.size)
            rates[relay].append(rate)
            cpu[relay].append(used)
            wait_for_idle(relay, options.messages if relay is full else 0, 120)
    ratio = statistics.median(rates[full]) / statistics.median(rates[empty])
    report.say(ratio >= 0.8, f"acceptance: {statistics.median(rates[full]):.0f} a second with the full queue, "
               f"{statistics.median(rates[empty]):.0f} with the empty one, ratio {ratio:.2f} (at least 0.80); CPU "
               f"{statistics.median(cpu[full]):.3f} and {statistics.median(cpu[empty]):.3f} ms a message", acceptance=ratio)


def measure_lists(full, options, report):
    for words in (("queue", "list", "--filter", "to:b7@example.com"), ("queue", "count", "--filter", "to:b7@example.com"),
                  ("queue", "count", "--state", "waiting")):
        try:
            seconds, said = full.command(*words)
        except RuntimeError as error:
            report.say(False, str(error))
            continue
        report.say(True, f"clrelay {' '.join(words)}: {seconds:.2f} s ({len(said.splitlines())} lines)")


def make_due(path, n):
    """The @n first messages are due, as after an outage."""
    now = int(time.time() * 1e6)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA cache_size=-65536")
    database.execute("BEGIN IMMEDIATE")
    last, = database.execute("SELECT id FROM message ORDER BY id LIMIT 1 OFFSET ?", (n - 1,)).fetchone()
    database.execute("UPDATE recipient SET due=?1+(due-?1)/10000000 WHERE message<=?2", (now - 1000000, last))
    database.execute("UPDATE lane SET look=?", (now - 1000000,))
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def wait_until(relay, left, seconds):
    """Until so many messages are left. Returns the samples of the time in which mail went out."""
    watch, end = Watch(relay), time.monotonic() + seconds
    while time.monotonic() < end and relay.metrics()["clrelay_queue_messages"] > left:
        time.sleep(0.2)
    watch.end()
    # Neither the way in nor the tail is the rate.
    last = watch.points[-1][1]
    return [point for point in watch.points if 0.02 * last <= point[1] <= 0.97 * last]


def describe_drain(points):
    seconds, n = points[-1][0] - points[0][0], max(points[-1][1] - points[0][1], 1)
    return n / seconds, (f"{n / seconds:.0f} a second over {n:.0f} messages; {(points[-1][3] - points[0][3]) * 1000 / n:.3f} ms CPU "
                         f"and {(points[-1][2] - points[0][2]) / n:.4f} commits a message")


def measure_drain(full, options, report):
    full.stop()
    part = options.messages * 3 // 4
    make_due(full.database, part)
    full.start()
    waiting = full.metrics()["clrelay_queue_messages"]
    rate, said = describe_drain(wait_until(full, waiting - part, options.seconds))
    report.say(rate >= 8 * POSTFIX_DRAINS, f"drain: {said} (at least {8 * POSTFIX_DRAINS} a second)", drain=rate)
    report.say(True, f"memory while that went on: {full.memory()[1]:.1f} MiB at its peak")
    waiting, begin = full.metrics()["clrelay_queue_messages"], time.monotonic()
    order = threading.Thread(target=lambda: answered.append(full.command("queue", "retry", "--all")[0]))
    answered = []
    order.start()
    rate, said = describe_drain(wait_until(full, 0, options.seconds))
    order.join(600)
    report.say(bool(answered), f"retry --all: answered after {answered[0] if answered else 0:.1f} s, {waiting:.0f} messages went out "
               f"in {time.monotonic() - begin:.1f} s: {said}", retry=rate)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--messages", type=int, default=1000000)
    parser.add_argument("--size", type=int, default=600, help="octets a message")
    parser.add_argument("--load", type=int, default=6000, help="messages of a load in the comparison")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=300, help="draining is given up then")
    parser.add_argument("--sink", default="smtp-sink -u nobody 127.0.0.1:{port} 1024")
    parser.add_argument("--folder", help="where the work folder is made (100,000 messages take about 0.2 GB)")
    parser.add_argument("--shuffled", action="store_true", help="due in no order of age: the worst case for the disk")
    parser.add_argument("--only", choices=["acceptance", "drain"])
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))

    folder, port, report = tempfile.mkdtemp(prefix="clr-scale-", dir=options.folder), free_port(), Report()
    os.chmod(folder, 0o755)
    build = os.path.abspath(options.build)
    sink = subprocess.Popen([word.replace("{port}", str(port)) for word in shlex.split(options.sink)],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    empty, full = Relay(build, f"{folder}/empty", port), Relay(build, f"{folder}/full", port)
    try:
        full.start()
        full.stop()
        begin = time.monotonic()
        fill(full.database, options.messages, options.size, "smarthost:sink", options.shuffled)
        print(f"# {options.messages} messages written in {time.monotonic() - begin:.0f} s, "
              f"{os.path.getsize(full.database) >> 20} MiB", flush=True)
        starts = []
        for _ in range(3):
            starts.append(full.start())
            full.stop()
        report.say(max(starts) < 2, f"start until the port answers: {', '.join(f'{start:.2f}' for start in starts)} s (below 2)")
        full.start()
        report.say(full.memory()[0] <= 64, f"memory after the start: {full.memory()[0]:.1f} MiB", start=max(starts))
        if options.only in (None, "acceptance"):
            empty.start()
            measure_acceptance(empty, full, options, report)
            empty.stop()
            measure_lists(full, options, report)
        if options.only in (None, "drain"):
            measure_drain(full, options, report)
        full.note_memory()
        report.say(full.peak <= 64, f"memory at its peak: {full.peak:.1f} MiB (at most 64)", memory=full.peak)
        print(f"# {json.dumps(report.figures)}")
    finally:
        for relay in (empty, full):
            relay.stop()
        sink.terminate()
        sink.wait()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"1..{report.number}")
    sys.exit(report.failed > 0)


if __name__ == "__main__":
    main()

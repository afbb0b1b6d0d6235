#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Throughput of clrelayd beside Postfix, in one run, on loopback: smtp-source -> relay -> smtp-sink.

Postfix runs as a private instance in the work directory; nothing of the system's is touched. Needs root (Postfix and
the CPU accounting by cgroup) and the package postfix. Figures to quote are the ratios: both relays saw the same noise.

  bench.py BUILD-DIR [--messages N] [--sessions 1,10,50] [--runs 3] [--size 4096] [--only clrelay]
"""
import argparse
import json
import os
import pty
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

SINK, CLRELAY, POSTFIX = 2690, 2691, 2692


class Sink:
    """smtp-sink with its running counter; when the last message came."""

    def __init__(self):
        self.counter, other = pty.openpty()  # into a pipe it would count in blocks
        self.process = subprocess.Popen(["smtp-sink", "-u", "nobody", "-c", f"127.0.0.1:{SINK}", "1024"], stdout=other,
                                        stderr=subprocess.DEVNULL)
        os.close(other)
        self.count, self.last = 0, 0.0
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        text = b""
        while True:
            try:
                text = text[-20:] + os.read(self.counter, 65536)
            except OSError:
                return
            found = re.findall(rb"mesg=(\d+)[^\d]", text)
            if found and int(found[-1]) > self.count:
                self.count, self.last = int(found[-1]), time.monotonic()

    def wait_for(self, n, idle=20):
        changed, count = time.monotonic(), self.count
        while self.count < n:
            if self.count != count:
                changed, count = time.monotonic(), self.count
            if time.monotonic() - changed > idle:
                raise RuntimeError(f"only {self.count} of {n} messages arrived")
            time.sleep(0.01)
        return self.last

    def close(self):
        self.process.terminate()
        self.process.wait()


class Cgroup:
    """CPU time of everything a peer starts; None where there is no cgroup v2 to write to."""

    def __init__(self, name):
        root = next((line.split()[1] for line in open("/proc/mounts") if line.split()[2] == "cgroup2"), None)
        self.path = f"{root}/clr-bench-{name}" if root and os.access(root, os.W_OK) else None
        if self.path:
            os.makedirs(self.path, exist_ok=True)

    def enter(self):
        if self.path:
            with open(f"{self.path}/cgroup.procs", "w") as file:
                file.write("0")

    def cpu(self):
        if not self.path:
            return None
        with open(f"{self.path}/cpu.stat") as file:
            return int(re.search(r"usage_usec (\d+)", file.read()).group(1)) / 1e6

    def remove(self):
        for _ in range(50):
            try:
                if self.path:
                    os.rmdir(self.path)
                return
            except OSError:
                time.sleep(0.1)


class ClRelay:
    name, port = "clrelay", CLRELAY

    def __init__(self, build, directory):
        self.cgroup = Cgroup(self.name)
        self.directory = f"{directory}/clrelay"
        os.makedirs(self.directory)
        config = f"{self.directory}/relay.conf"
        with open(config, "w") as file:
            file.write(f"""[server]
hostname = relay.internal.test
postmaster = postmaster@internal.test
state-directory = {self.directory}/state
control-socket = {self.directory}/control.sock

[listener bench]
address = 127.0.0.1:{self.port}
tls = none

[device loopback]
networks = 127.0.0.0/8

[smarthost sink]
hosts = 127.0.0.1:{SINK}
tls = none

[route default]
via = smarthost:sink
""")
        self.process = subprocess.Popen([f"{build}/service/clrelayd", "--config", config], preexec_fn=self.cgroup.enter,
                                        stderr=open(f"{self.directory}/log", "w"))

    def close(self):
        self.process.terminate()
        self.process.wait(60)
        self.cgroup.remove()


class Postfix:
    name, port = "postfix", POSTFIX

    def __init__(self, build, directory):
        self.cgroup = Cgroup(self.name)
        self.directory = f"{directory}/postfix"
        self.etc = f"{self.directory}/etc"
        for folder in ("etc", "spool", "data"):
            os.makedirs(f"{self.directory}/{folder}")
        shutil.chown(f"{self.directory}/data", "postfix")
        for name in ("postfix-files", "dynamicmaps.cf"):
            if os.path.exists(f"/etc/postfix/{name}"):
                shutil.copy(f"/etc/postfix/{name}", self.etc)
        with open("/usr/share/postfix/master.cf.dist") as file:
            services = file.read()
        services = re.sub(r"(?m)^smtp(\s+inet.*smtpd)$", rf"127.0.0.1:{self.port}\1", services)
        # Without chroot: the private queue has no copies of the system's files.
        services = re.sub(r"(?m)^(\S+\s+(?:inet|unix|unix-dgram|fifo|pass)\s+\S+\s+\S+\s+)y", r"\1n", services)
        with open(f"{self.etc}/master.cf", "w") as file:
            file.write(services)
        with open(f"{self.etc}/main.cf", "w") as file:
            file.write(f"""compatibility_level = 3.6
queue_directory = {self.directory}/spool
data_directory = {self.directory}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
maillog_file = {self.directory}/maillog
maillog_file_prefixes = {self.directory}
myhostname = relay.internal.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:{SINK}
alias_maps =
alias_database =
local_recipient_maps =
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
default_process_limit = 200
default_destination_concurrency_limit = 50
initial_destination_concurrency = 20
in_flow_delay = 0
""")
        self.command("start")

    def command(self, word):
        subprocess.run(["postfix", "-c", self.etc, word], preexec_fn=self.cgroup.enter, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True, timeout=60)

    def close(self):
        self.command("stop")
        self.cgroup.remove()


def wait_for_port(port):
    import socket
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                connection.recv(200)
                connection.sendall(b"QUIT\r\n")
                connection.recv(200)
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing answers on port {port}")


def measure(kind, build, sessions, messages, size):
    """One fresh relay, one load. Rates are messages a second."""
    directory = tempfile.mkdtemp(prefix="clr-bench-", dir=os.environ.get("CLR_BENCH_DIR"))
    os.chmod(directory, 0o755)
    sink = Sink()
    peer = kind(build, directory)
    try:
        wait_for_port(peer.port)
        time.sleep(0.3)
        before, begin = peer.cgroup.cpu(), time.monotonic()
        subprocess.run(["smtp-source", "-s", str(sessions), "-m", str(messages), "-l", str(size), "-d",
                        "-f", "scan@internal.test", "-t", "office@example.com", f"127.0.0.1:{peer.port}"],
                       check=True, timeout=300)
        accepted = time.monotonic()
        end = sink.wait_for(messages)
        time.sleep(0.3)
        cpu = peer.cgroup.cpu()
        return {"peer": kind.name, "sessions": sessions, "accept": messages / (accepted - begin),
                "end_to_end": messages / (end - begin),
                "cpu_ms": (cpu - before) * 1000 / messages if cpu is not None else None}
    finally:
        peer.close()
        sink.close()
        shutil.rmtree(directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--sessions", default="1,10,50")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--only", choices=["clrelay", "postfix"])
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))

    kinds = [kind for kind in (ClRelay, Postfix) if options.only in (None, kind.name)]
    rows = []
    for _ in range(options.runs):
        for sessions in map(int, options.sessions.split(",")):
            for kind in kinds:  # in turn, so that noise meets both
                row = measure(kind, os.path.abspath(options.build), sessions, options.messages, options.size)
                rows.append(row)
                print(f"# {json.dumps(row)}", flush=True)

    number, failed = 0, 0
    for sessions in map(int, options.sessions.split(",")):
        median = {}
        for kind in kinds:
            for figure in ("accept", "end_to_end", "cpu_ms"):
                values = [row[figure] for row in rows if row["peer"] == kind.name and row["sessions"] == sessions]
                median[kind.name, figure] = None if None in values else statistics.median(values)
        for figure, floor in (("accept", 2 if sessions == 1 else 5), ("end_to_end", 2 if sessions == 1 else 5)):
            ours, theirs = (median.get((name, figure)) for name in ("clrelay", "postfix"))
            if ours is None or theirs is None:
                continue
            number += 1
            good = ours / theirs >= floor
            failed += not good
            print(f"{'ok' if good else 'not ok'} {number} {figure} at {sessions} sessions: {ours / theirs:.1f} times Postfix "
                  f"(floor {floor}; medians {ours:.0f} and {theirs:.0f} a second)")
        ours, theirs = (median.get((name, "cpu_ms")) for name in ("clrelay", "postfix"))
        if ours is not None:
            print(f"# CPU a message at {sessions} sessions: {ours:.2f} ms"
                  + (f", Postfix {theirs:.2f} ms" if theirs is not None else ""))
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""A relay that accepts and holds: what is measured is acceptance alone. On loopback, in a folder of its own."""
import glob
import os
import socket
import subprocess
import time

DEVICES = "[device loopback]\nnetworks = 127.0.0.0/8\n"


def free_port():
    """Below the range the system gives to outgoing connections, which could meet themselves."""
    for port in range(20000 + os.getpid() % 5000, 32000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port")


class Relay:
    """With the devices given as text of the settings; the next hop's port is one on which nobody listens."""

    def __init__(self, build, directory, devices=DEVICES):
        self.port = free_port()
        self.build, self.directory, self.socket = build, directory, f"{directory}/control.sock"
        os.makedirs(f"{directory}/state")
        with open(f"{directory}/relay.conf", "w") as file:
            file.write(f"""[server]
hostname = relay.internal.test
postmaster = postmaster@internal.test
state-directory = {directory}/state
control-socket = {self.socket}
[queue]
history-size = 0
min-free-space = 0
[listener bench]
address = 127.0.0.1:{self.port}
tls = none
{devices}
[smarthost sink]
hosts = 127.0.0.1:1
tls = none
[route default]
via = smarthost:sink
""")

    def start(self):
        self.process = subprocess.Popen([f"{self.build}/service/clrelayd", "--config", f"{self.directory}/relay.conf"],
                                        stderr=open(f"{self.directory}/log", "w"))
        for _ in range(600):
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
                    if connection.recv(100).startswith(b"220"):
                        return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(open(f"{self.directory}/log").read()[-2000:])

    def cpu_seconds(self, *threads):
        """What the threads of these names have taken, all without a name; it hardly depends on what else the machine does."""
        total = 0
        for stat in glob.glob(f"/proc/{self.process.pid}/task/*/stat"):
            name, numbers = open(stat).read().split("(", 1)[1].rsplit(")", 1)
            if not threads or name in threads:
                total += sum(map(int, numbers.split()[11:13]))
        return total / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait(60)

    def accept(self, messages, sessions):
        """Messages a second."""
        begin = time.monotonic()
        subprocess.run(["smtp-source", "-s", str(sessions), "-m", str(messages), "-l", "4096", "-f", "scan@internal.test",
                        "-t", "office@example.com", f"127.0.0.1:{self.port}"], check=True, timeout=600)
        return messages / (time.monotonic() - begin)

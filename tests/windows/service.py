# SPDX-License-Identifier: LGPL-2.1-or-later
"""The relay as a service of Windows."""
import contextlib
import json
import os
import re
import smtplib
import time

from wine import harness
from harness import check, wait_for

LATER = {"RCPT": "451 4.3.0 later"}  # what a sink says that takes no mail now


class WindowsService:
    """clrelayd.exe as the service manager of WINE starts it; its files lie where Windows says. There is one in a Wine.
    @home: the folder of Windows in which its bin is."""

    def __init__(self, wine, home):
        self.wine, self.home = wine, home
        self.port, self.control = harness.free_port(), harness.free_port()
        self.data = os.path.join(wine.drive, "ProgramData", "Cl Mail Relay")
        self.conf = os.path.join(self.data, "clrelay.conf")
        self.state_folder = os.path.join(self.data, "State")

    def write(self, sink, server=""):
        """The settings: in at its port, out to SINK."""
        os.makedirs(self.data, exist_ok=True)
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write("[server]\nhostname = relay.internal.test\npostmaster = postmaster@internal.test\ndrain-time = 2s\n"
                       f"{server}\n[queue]\nretry-first = 1s\nretry-longest = 2s\n[control]\nlisten = 127.0.0.1:{self.control}\n"
                       f"[listener in]\naddress = 127.0.0.1:{self.port}\n[device all]\nnetworks = 127.0.0.0/8\n{sink.route()}")

    def read(self, *names):
        path = os.path.join(self.data, *names)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def log(self):
        return self.read("Logs", "service.log")

    def daemon(self, *words, **options):
        return self.wine.say(self.home + r"\bin\clrelayd.exe", *words, **options)

    def cli(self, *words, **options):
        return self.wine.say(self.home + r"\bin\clrelay.exe", *words, **options)

    def queue(self):
        return json.loads(self.cli("queue", "list", "--json"))

    # the service manager
    def state(self):
        """RUNNING, STOPPED, …, or "" when there is no such service."""
        match = re.search(r"STATE\s*:\s*\d+\s+(\w+)", self.wine.say("sc", "query", "clrelay", expect=None))
        return match[1] if match else ""

    def wait_state(self, state, timeout=60):
        wait_for(lambda: self.state() == state, timeout, f"the service's state {state or 'gone'}")

    def wait_greeting(self, timeout=60):
        wait_for(lambda: harness.answers(self.port), timeout, "the greeting")

    def start(self):
        self.daemon("--start", timeout=200)
        self.wait_greeting()

    def stop(self):
        self.wine.say("net", "stop", "clrelay")
        self.wait_state("STOPPED")

    def start_after_kill(self):
        """Wine restarts no service, and shows a killed one as running. A new session starts it, as the machine's start does;
        where that does not, this asks for it."""
        self.wine.end()
        self.wine.begin()
        end = time.monotonic() + 150
        while not harness.answers(self.port):
            check(time.monotonic() < end, "the relay did not come back")
            self.daemon("--start", expect=None, timeout=200)

    # mail
    def send(self, subject):
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as smtp:
            harness.submit(smtp, f"Subject: {subject}\r\n\r\ntext\r\n".encode())

    def wait_end(self, timeout=30):
        """Nobody answers any more."""
        wait_for(lambda: not harness.answers(self.port), timeout, "the end of the process")


def subjects(sink):
    found = []
    for mail in sink.mails:
        with contextlib.suppress(StopIteration):
            found.append(next(line[9:] for line in mail.content.decode().split("\r\n") if line.startswith("Subject: ")))
    return found


def wait_arrived(sink, *wanted, timeout=60):
    """All of WANTED are there; each once, then and ever after is for the caller to see."""
    wait_for(lambda: set(wanted) <= set(subjects(sink)), timeout, f"the arrival of {wanted}")

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the relay owes a Unix system: its service manager, and the groups of those who ask for it."""
import contextlib
import ctypes
import grp
import os
import re
import select
import socket
import stat
import subprocess
import time

from harness import Relay, Skip, case, check, equal, wait_for

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT, WALL = 17, 0x4206, 0x4207, 0x40000000


class Manager:
    """Starts a relay as a service manager does, and hears what it is told."""

    def __init__(self, relay, watchdog=None):
        self.path = os.path.join(relay.folder, "notify")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(self.path)
        relay.launch(NOTIFY_SOCKET=self.path, **({"WATCHDOG_USEC": str(int(watchdog * 1e6))} if watchdog else {}))

    def next(self, timeout):
        """The next word, or None."""
        return self.sock.recv(4096).decode() if select.select([self.sock], [], [], timeout)[0] else None

    def drain(self):
        while self.next(0):
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


@contextlib.contextmanager
def frozen(process, name):
    """One thread of a process, stopped for a while."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    threads = {}
    for tid in os.listdir(f"/proc/{process.pid}/task"):
        with open(f"/proc/{process.pid}/task/{tid}/comm", encoding="utf-8") as file:
            threads[file.read().strip()] = int(tid)
    tid = threads[name]
    if libc.ptrace(PTRACE_SEIZE, tid, None, None) != 0:
        raise Skip(f"a thread cannot be stopped here: {os.strerror(ctypes.get_errno())}")
    libc.ptrace(PTRACE_INTERRUPT, tid, None, None)
    os.waitpid(tid, WALL)
    try:
        yield
    finally:
        libc.ptrace(PTRACE_DETACH, tid, None, None)


@case("the service manager hears READY, RELOADING and STOPPING")
def _():
    relay = Relay()
    with Manager(relay) as other:
        equal(other.next(20), "READY=1", "the first word")
        relay.hangup()
        words = other.next(10)
        check(re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", words or ""), f"the word at SIGHUP: {words}")
        equal(other.next(10), "READY=1", "the word after it")
        relay.stop()
        equal(other.next(10), "STOPPING=1", "the last word")
        check(other.next(0.2) is None, "more words")


@case("the watchdog is fed while all threads answer, and not while one hangs")
def _():
    relay = Relay(server="workers = 2\n")
    with Manager(relay, watchdog=0.8) as other:
        equal(other.next(20), "READY=1", "the first word")
        for _ in range(5):
            equal(other.next(5), "WATCHDOG=1", "a word while all is well")
        for name in ("queue", "worker 1"):
            with frozen(relay.process, name):
                time.sleep(0.4)  # for a round that was answered before
                other.drain()
                check(other.next(2) is None, f"the watchdog is fed while the thread {name} hangs")
            equal(other.next(10), "WATCHDOG=1", f"the word after {name} goes on")
            other.drain()
        relay.stop()


ASK = """
import socket, sys
with socket.socket(socket.AF_UNIX) as sock:
    sock.settimeout(10)
    sock.connect(sys.argv[1])
    sock.sendall(b"GET /v1/status HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
    print(sock.recv(4096).decode().split("\\r")[0])
"""


def ask_as(relay, groups):
    """The status line that a stranger with these supplementary groups gets; "" where he is turned away."""
    return subprocess.run(["/usr/bin/python3", "-c", ASK, relay.socket], user=65534, group=65534, extra_groups=groups, capture_output=True,
                          text=True, timeout=30, check=False).stdout.strip()


@case("the control socket: a supplementary group gets in, a stranger does not")
def _():
    if os.geteuid() != 0:
        raise Skip("only root can try as somebody else")
    try:
        view = grp.getgrnam("clrelay-view").gr_gid
    except KeyError:
        raise Skip("there is no group clrelay-view here; tests/packages makes one in its own root") from None
    with Relay() as relay:
        path = relay.folder
        while path != "/":
            if not os.stat(path).st_mode & stat.S_IXOTH:
                os.chmod(path, 0o711)
            path = os.path.dirname(path)
        equal(ask_as(relay, [view]), "HTTP/1.1 200 OK", "a member of clrelay-view")
        equal(ask_as(relay, []), "", "a stranger")
        wait_for(lambda: "neither root nor in the group" in relay.read_log(), 10, "the word about the stranger")

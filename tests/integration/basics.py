# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the smallest of the cases' tools need: questions with an answer, and ports of loopback."""
import contextlib
import os
import socket
import threading
import time


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def equal(got, wanted, what):
    check(got == wanted, f"{what}: got {got!r}, wanted {wanted!r}")


def wait_for(question, timeout=15, what="something"):
    """Asks until the answer is true, and returns it."""
    end = time.monotonic() + timeout
    while True:
        answer = question()
        if answer:
            return answer
        check(time.monotonic() < end, f"{what} did not happen within {timeout} s")
        time.sleep(0.03)


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as sock:
        return sock.recv(10).startswith(b"220")
    return False


_ports = set()
_ports_lock = threading.Lock()


def free_port(family=socket.AF_INET):
    """A port nobody listens at, below the range the system gives to outgoing connections."""
    with _ports_lock:
        for port in range(20000 + os.getpid() % 5000, 32000):
            if port in _ports:
                continue
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1" if family == socket.AF_INET else "::1", port))
                except OSError:
                    continue
            _ports.add(port)
            return port
    raise AssertionError("no free port")

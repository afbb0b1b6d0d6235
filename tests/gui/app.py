# SPDX-License-Identifier: LGPL-2.1-or-later
"""The app under Xvfb, driven as by hand."""
import codecs
import contextlib
import os
import subprocess
import tempfile

import harness
from harness import check, wait_for


@contextlib.contextmanager
def display():
    """An X server of our own on a number that it chooses itself."""
    read, write = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"], pass_fds=[write],
                              stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        check(number, "Xvfb did not start")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)


class App:
    """clrelay-admin beside a relay; commands are those of the driver."""

    def __init__(self, where, socket, style="light", language="en", config=None, bus=None, scale=None):
        env = dict(os.environ, DISPLAY=where, GSK_RENDERER="cairo", GDK_BACKEND="x11", GTK_A11Y="none", GSETTINGS_BACKEND="memory",
                   LC_ALL="C.UTF-8", LANGUAGE=language, NO_AT_BRIDGE="1",
                   XDG_RUNTIME_DIR=tempfile.mkdtemp(dir=harness.WORK), XDG_CONFIG_HOME=config or tempfile.mkdtemp(dir=harness.WORK))
        if bus:  # what a screen reader hears is asked over it
            env.update(DBUS_SESSION_BUS_ADDRESS=bus, GTK_A11Y="atspi")
            del env["NO_AT_BRIDGE"]
        if scale:
            env.update(CLR_TEST_TEXT_SCALE=str(scale))
        self.errors = tempfile.TemporaryFile("w+", dir=harness.WORK)
        self.process = subprocess.Popen([os.path.join(harness.BUILD, "tests", "gui", "driver"), socket, style], env=env, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        self.pages = self.answer("the start")[1].split()

    def answer(self, command):
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise AssertionError(f"{command}: the app ended, status {self.process.wait(10)}: {self.errors.read()[-800:]}")
        word, _, text = line.rstrip("\n").partition(" ")
        return word == "ok", codecs.escape_decode(text.encode())[0].decode("utf-8", "replace")

    def ask(self, command):
        """Whether it went well, and the text."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.answer(command)

    def do(self, command, timeout=15):
        """Tried until it goes well: what it is about may not be in sight yet."""
        last = []

        def again():
            last[:] = self.ask(command)
            return last[0]
        try:
            wait_for(again, timeout, command)
        except AssertionError as problem:
            raise AssertionError(f"{command}: {last[1] if last else problem}") from None
        return last[1]

    def until(self, command, wanted, timeout=15):
        """Asked until the text is, or holds, what is wanted."""
        last = []

        def again():
            last[:] = self.ask(command)
            return last[0] and (wanted(last[1]) if callable(wanted) else wanted in last[1])
        try:
            wait_for(again, timeout, command)
        except AssertionError:
            raise AssertionError(f"{command}: {last[1] if last else 'nothing'!r}, wanted {wanted if not callable(wanted) else 'another'!r}") from None
        return last[1]

    def close(self):
        """Returns what went wrong, "" for nothing."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write("quit\n")
            self.process.stdin.flush()
        try:
            status = self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.errors.seek(0)
        text = self.errors.read()
        return "" if status == 0 and not text.strip() else f"status {status}: {text[-800:]}"

    def __enter__(self):
        return self

    def __exit__(self, kind, problem, trace):
        wrong = self.close()
        if kind is None:
            check(not wrong, wrong)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Windows of our own: Wine without a screen, in a folder that goes away with everything in it."""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import harness  # noqa: E402
from harness import check  # noqa: E402

# Not those of /usr/bin, which would start the 32-bit ones where there are any.
LOADER, SERVER = "/usr/lib/wine/wine64", "/usr/lib/wine/wineserver64"


class Wine:
    """A prefix. Programs find the DLLs of @stage, the folder that installer/windows/build fills."""

    def __init__(self, stage):
        self.folder = tempfile.mkdtemp(prefix="clrelay-wine-")
        self.drive = os.path.join(self.folder, "drive_c")
        self.stage = stage
        self.keeper = None
        self.env = {**os.environ, "WINEPREFIX": self.folder, "WINEARCH": "win64", "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml=",
                    "WINESERVER": SERVER, "WINEPATH": self.path(os.path.join(stage, "bin")), "LC_ALL": "C.UTF-8", "TZ": "UTC",
                    "CLRELAY_PRESETS": self.path(os.path.join(harness.ROOT, "common/settings/presets"))}
        self.env.pop("DISPLAY", None)

    def path(self, place):
        """How Windows programs name a file of ours."""
        drive, rest = ("C:", place[len(self.drive):]) if place.startswith(self.drive + "/") else ("Z:", place)
        return drive + rest.replace("/", "\\")

    def place(self, *names):
        """A folder on its disk C:, made."""
        folder = os.path.join(self.drive, *names)
        os.makedirs(folder, exist_ok=True)
        return folder

    def popen(self, program, *words, **options):
        return subprocess.Popen([LOADER, program, *words], env=self.env, **{"stdin": subprocess.DEVNULL, **options})

    def run(self, program, *words, timeout=120, data=None):
        """One program. Its output goes through files: a service that it starts would hold a pipe open."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as problems:
            result = subprocess.run([LOADER, program, *words], env=self.env, stdout=out, stderr=problems, timeout=timeout, check=False,
                                    **({"input": data} if data is not None else {"stdin": subprocess.DEVNULL}))
            out.seek(0)
            problems.seek(0)
            result.stdout, result.stderr = out.read(), problems.read()
        return result

    def say(self, program, *words, expect=0, **options):
        """What a program says, which ends with the status EXPECT, if that is not None."""
        result = self.run(program, *words, **options)
        text, problems = (octets.decode(errors="replace") for octets in (result.stdout, result.stderr))
        check(expect in (None, result.returncode), f"{program} {' '.join(words)}: exit status {result.returncode}, wanted {expect}: "
              f"{text.strip()[-300:]} {problems.strip()[-500:]}")
        return text if expect == 0 else text + problems

    def registry(self, key, value):
        """The text of a value of the registry, or None."""
        match = re.search(rf"{re.escape(value)}\s+REG_\w+\s+(.*)", self.say("reg", "query", key, "/v", value, expect=None))
        return match[1].strip() if match else None

    def kill(self, program):
        """Kills what runs PROGRAM, in this prefix only: Windows programs are processes of Linux, too."""
        found = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    if program.encode() not in file.read():
                        continue
                with open(f"/proc/{entry}/environ", "rb") as file:
                    if f"WINEPREFIX={self.folder}".encode() in file.read().split(b"\0"):
                        found.append(int(entry))
        check(found, f"there is no {program} to kill")
        for pid in found:
            os.kill(pid, signal.SIGKILL)

    def begin(self):
        """A session: an idle program, so that the server and the services go on when others end."""
        self.keeper = self.popen("cmd", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end(self):
        """Everything ends as at a power cut, in this prefix only."""
        subprocess.run([SERVER, "-k"], env=self.env, timeout=60, check=False, capture_output=True)
        if self.keeper:
            with contextlib.suppress(OSError):
                self.keeper.stdin.close()
            try:
                self.keeper.wait(20)
            except subprocess.TimeoutExpired:
                self.keeper.kill()
                self.keeper.wait(10)
            self.keeper = None

    def __enter__(self):
        result = self.run("wineboot", "--init", timeout=300)
        check(os.path.exists(self.drive), f"wineboot made no prefix: {result.stderr.decode(errors='replace')[-500:]}")
        self.begin()
        return self

    def __exit__(self, *_):
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

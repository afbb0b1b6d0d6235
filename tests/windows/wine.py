# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Windows of our own: Wine without a screen, in a folder that goes away with everything in it."""
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import harness  # noqa: E402
from harness import check  # noqa: E402

LOADER = "/usr/lib/wine/wine64"  # /usr/bin/wine would start the 32-bit one where there is one


class Wine:
    """A prefix. Programs find the DLLs of @stage, the folder that installer/windows/build fills."""

    def __init__(self, stage):
        self.folder = tempfile.mkdtemp(prefix="clrelay-wine-")
        self.stage = stage
        self.env = {**os.environ, "WINEPREFIX": self.folder, "WINEARCH": "win64", "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml=",
                    "WINEPATH": self.path(os.path.join(stage, "bin")), "LC_ALL": "C.UTF-8", "TZ": "UTC",
                    "CLRELAY_PRESETS": self.path(os.path.join(harness.ROOT, "common/settings/presets"))}
        self.env.pop("DISPLAY", None)

    def path(self, place):
        """How Windows programs name a file of ours."""
        inside = os.path.join(self.folder, "drive_c")
        drive, rest = ("C:", place[len(inside):]) if place.startswith(inside + "/") else ("Z:", place)
        return drive + rest.replace("/", "\\")

    def place(self, *names):
        """A folder on its disk C:, made."""
        folder = os.path.join(self.folder, "drive_c", *names)
        os.makedirs(folder, exist_ok=True)
        return folder

    def popen(self, program, *words, **options):
        return subprocess.Popen([LOADER, program, *words], env=self.env, stdin=subprocess.DEVNULL, **options)

    def run(self, program, *words, timeout=120, data=None):
        return subprocess.run([LOADER, program, *words], env=self.env, input=data, stdin=None if data is not None else subprocess.DEVNULL,
                              capture_output=True, timeout=timeout)

    def __enter__(self):
        result = self.run("wineboot", "--init", timeout=180)
        check(os.path.exists(os.path.join(self.folder, "drive_c")), f"wineboot made no prefix: {result.stderr.decode(errors='replace')[-500:]}")
        # Holds the server of this prefix, so that not every program starts one.
        self.keeper = self.popen("cmd", "/c", "pause", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        subprocess.run(["wineserver", "-k"], env=self.env, timeout=60, check=False, capture_output=True)  # of this prefix only
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.keeper.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


class WindowsRelay(harness.Relay):
    """clrelayd.exe on a console that nobody sees. Its files lie on C:, in folders with a blank and with letters of no one code page."""

    def __init__(self, wine, routes, **parts):
        self.wine = wine
        super().__init__(routes, folder=wine.place("Büro 例", "Cl Mail Relay", os.urandom(4).hex()), **parts)

    def write(self, **changes):
        super().write(**changes)
        with open(self.conf, encoding="utf-8") as file:
            text = file.read()
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(text.replace(self.folder, self.wine.path(self.folder)))
        return self

    def launch(self, **environment):
        with open(self.log, "ab") as log:
            self.process = self.wine.popen(os.path.join(self.wine.stage, "bin", "clrelayd.exe"), "--config", self.wine.path(self.conf),
                                           stdout=log, stderr=log)

    def start(self):
        super().start()
        return self

    def run_cli(self, *words, data=None):
        return self.wine.run(os.path.join(self.wine.stage, "bin", "clrelay.exe"), "--config", self.wine.path(self.conf), *words, data=data)

    def cli(self, *words, data=None, expect=0):
        result = self.run_cli(*words, data=data)
        if expect is not None:
            check(result.returncode == expect, f"clrelay {' '.join(words)}: exit status {result.returncode}, wanted {expect}: "
                  f"{result.stderr.decode(errors='replace').strip()[-500:]}")
        return result.stdout.decode()

    def __exit__(self, kind, problem, trace):
        if self.process is not None:
            if kind is not None and self.process.poll() is not None:
                raise AssertionError(f"{problem}; and the relay had died with status {self.process.returncode}: {self.read_log()[-800:]}") from problem
            self.kill()
        if kind is None:
            self.check_log()

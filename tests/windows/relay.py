# SPDX-License-Identifier: LGPL-2.1-or-later
"""The relay on a console of Windows that nobody sees."""
import os

from wine import harness
from harness import check


class WindowsRelay(harness.Relay):
    """clrelayd.exe --config FILE. Its files lie on C:, in folders with a blank and with letters of no one code page."""

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

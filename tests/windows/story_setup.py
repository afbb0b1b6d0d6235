# SPDX-License-Identifier: LGPL-2.1-or-later
"""The installer, silent: installed, mail through, installed over itself with a queue in it, removed with the data kept, installed again.
Each case stands on those before."""
import functools
import glob
import os

from harness import Sink, answers, check, equal, wait_for
from service import LATER, WindowsService, wait_arrived

CASES = []
HOME = r"C:\Program Files\Cl Mail Relay"
UNINSTALL = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall\Cl Mail Relay"


@functools.cache
def set_up(wine):
    return WindowsService(wine, HOME), Sink()


def case(name):
    def mark(function):
        CASES.append((name, lambda wine: function(*set_up(wine))))
        return function
    return mark


def install(service, expect=0):
    folder = os.path.dirname(service.wine.stage)
    found = glob.glob(os.path.join(folder, "clrelay-*-setup.exe"))
    equal(len(found), 1, f"installers in {folder}")
    service.wine.say(found[0], "/S", expect=expect, timeout=300)


def programs(service):
    return os.path.join(service.wine.drive, "Program Files", "Cl Mail Relay")


@case("installed silently: the service runs, and a message goes through")
def _(service, sink):
    service.write(sink)
    install(service)
    service.wait_greeting()
    equal(service.state(), "RUNNING", "the state")
    check(service.wine.registry(UNINSTALL, "DisplayVersion"), "Windows does not know it")
    service.send("first")
    wait_arrived(sink, "first")


@case("installed over the running one with a queue in it: what is no longer brought goes, the queue stays and is delivered")
def _(service, sink):
    sink.script.update(LATER)
    service.send("waits")
    old = os.path.join(programs(service), "bin", "old.dll")
    with open(old, "wb") as file:
        file.write(b"of an older version")
    install(service)
    check(not os.path.exists(old), "a file of the older version stayed")
    service.wait_greeting()
    equal(len(service.queue()), 1, "messages in the queue")
    sink.script.clear()
    wait_arrived(sink, "waits")


@case("uninstalled: service and programs are gone, settings and mail are there")
def _(service, sink):
    sink.script.update(LATER)
    service.send("stays")
    # The uninstaller runs a copy of itself, and returns before that has ended.
    service.wine.say(HOME + r"\uninstall.exe", "/S")
    service.wait_state("")
    check(not answers(service.port), "it still answers")
    wait_for(lambda: not os.path.exists(programs(service)), 60, "the programs' going")
    for name in ("clrelay.conf", "State/queue.db", "State/history.db"):
        check(os.path.exists(os.path.join(service.data, name)), f"{name} is gone")


@case("installed again, it delivers what was left")
def _(service, sink):
    sink.script.clear()
    install(service)
    wait_arrived(sink, "stays")


@case("with settings that are wrong it is installed, says so by exit status 3, and the log tells why")
def _(service, sink):
    service.write(sink, "no-such-setting = 1")
    install(service, expect=3)
    check("no-such-setting" in service.log(), "no word of the wrong setting in the log")
    equal(service.state(), "STOPPED", "the state")

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service: installed, started, mail through it, stopped, killed, started again with nothing lost. Each case stands on those before."""
import functools
import json
import os
import re
import shutil
import time

from harness import Sink, check, equal, wait_for
from service import LATER, WindowsService, subjects, wait_arrived

CASES = []
SERVICE = r"HKLM\SYSTEM\CurrentControlSet\Services\clrelay"
SOURCE = r"HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\Cl Mail Relay"
# A path with a blank, and letters that no code page of the West has.
PLACE = "Büro Почта"


@functools.cache
def set_up(wine):
    """The service of all cases, not installed yet, and its sink."""
    shutil.copytree(wine.stage, os.path.join(wine.drive, PLACE))
    return WindowsService(wine, f"C:\\{PLACE}"), Sink()


def case(name):
    def mark(function):
        CASES.append((name, lambda wine: function(*set_up(wine))))
        return function
    return mark


@case("clrelayd --install makes service, folder, settings and event source, and is said twice without harm")
def _(service, sink):
    service.daemon("--install")
    check("postmaster@" in service.read("clrelay.conf"), "no first settings file")
    service.write(sink)
    service.daemon("--install")
    check("relay.internal.test" in service.read("clrelay.conf"), "installing again wrote over the settings")
    registry = service.wine.registry
    program = registry(SERVICE, "ImagePath")
    # What reg prints is in a code page that lacks some letters of the place.
    check(program and re.fullmatch(r'"C:\\[^"]*\\bin\\clrelayd\.exe" --service', program), f"the program is not quoted: {program}")
    equal(registry(SERVICE, "ObjectName"), r"NT SERVICE\clrelay", "the account")
    equal(registry(SERVICE, "Start"), "0x2", "how it is started")
    equal(registry(SERVICE, "PreshutdownTimeout"), "0x1d4c0", "the time at shutdown")
    source = registry(SOURCE, "EventMessageFile")
    check(source and source.endswith("clrelayd.exe"), f"no messages for the event log: {source}")


@case("started by the service manager it takes a message and delivers it")
def _(service, sink):
    service.start()
    equal(service.state(), "RUNNING", "the state")
    service.send("first")
    wait_arrived(sink, "first")
    check("ready: version" in service.log(), "nothing in the service's log")


@case("clrelay.exe finds it through its pass file, and changed settings are applied")
def _(service, sink):
    check(json.loads(service.cli("status", "--json")), "no status")
    service.cli("config", "set", "server.postmaster=chief@internal.test")
    check("chief@internal.test" in service.read("clrelay.conf"), "the setting is not in the file")
    wait_for(lambda: "applied" in service.log(), 20, "a word of the changed settings")


@case("a secret does not stand on the disk as it is")
def _(service, sink):
    service.cli("secret", "set", "probe", data=b"open sesame\n")
    with open(os.path.join(service.state_folder, "secrets", "probe"), "rb") as file:
        content = file.read()
    check(b"sesame" not in content and content.startswith(b"Cl Mail Relay, sealed"), f"not sealed: {content[:40]!r}")


@case("stopping is bounded, and what waits is delivered after the next start")
def _(service, sink):
    sink.script.update(LATER)
    service.send("waits")
    before = time.monotonic()
    service.stop()
    check(time.monotonic() - before < 40, "the stop took long")
    check("stopping: told to by the service manager" in service.log(), "the log tells nothing of the stop")
    check(not os.path.exists(os.path.join(service.state_folder, "local.pass")), "the pass outlived the service")
    sink.script.clear()
    service.start()
    wait_arrived(sink, "waits")


@case("killed while it has mail, it delivers that once it runs again")
def _(service, sink):
    sink.script.update(LATER)
    wanted = [f"kept {i}" for i in range(5)]
    for subject in wanted:
        service.send(subject)
    service.wine.kill("clrelayd.exe")
    service.wait_end()
    sink.script.clear()
    service.start_after_kill()
    wait_arrived(sink, *wanted)


@case("with wrong settings it does not start: --start says so, and the log why")
def _(service, sink):
    service.stop()
    service.write(sink, "no-such-setting = 1")
    said = service.daemon("--start", expect=1)
    check("event log" in said, f"--start says nothing of where to look: {said}")
    check("no-such-setting" in service.log(), "no word of the wrong setting in the log")
    equal(service.state(), "STOPPED", "the state")
    check("--service is for the service manager" in service.daemon("--service", expect=1), "--service on the console")


@case("--start waits until it takes mail, and is said twice without harm")
def _(service, sink):
    service.write(sink)
    service.daemon("--start")
    service.send("at once")
    service.daemon("--start")
    wait_arrived(sink, "at once")


@case("clrelayd --uninstall stops and forgets the service; settings and mail stay; nothing came twice")
def _(service, sink):
    service.daemon("--uninstall")
    service.wait_state("")
    service.wait_end()
    for name in ("clrelay.conf", "State/queue.db"):
        check(os.path.exists(os.path.join(service.data, name)), f"{name} is gone")
    equal(sorted(subjects(sink)), sorted(["first", "waits", "at once", *(f"kept {i}" for i in range(5))]), "what arrived")

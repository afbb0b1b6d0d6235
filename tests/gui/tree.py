# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a screen reader is told of the app: the tree of AT-SPI, over buses of our own."""
import contextlib
import os
import shutil
import subprocess

ROOT = "/org/a11y/atspi/accessible/root"
ACCESSIBLE = "org.a11y.atspi.Accessible"
# Whoever comes upon one of these must hear what it is.
NAMED = {"push button", "toggle button", "check box", "radio button", "combo box", "text", "text box", "password text", "entry", "switch",
         "spin button", "slider", "table", "link", "button"}
# Of these, what they hold is heard where they have no name.
READ_OUT = {"list item", "row"}


def can_run():
    """Whether there is what it takes."""
    try:
        from gi.repository import Gio  # noqa: F401
    except ImportError:
        return False
    return bool(shutil.which("dbus-daemon")) and os.path.exists("/usr/share/dbus-1/services/org.a11y.Bus.service")


@contextlib.contextmanager
def session_bus():
    """The address of a session bus of our own; the bus of accessibility comes with the first question."""
    bus = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address=1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield bus.stdout.readline().strip()
    finally:
        bus.terminate()
        bus.wait(10)


class Tree:
    def __init__(self, session):
        from gi.repository import Gio, GLib
        self.Gio, self.GLib = Gio, GLib
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        connection = Gio.DBusConnection.new_for_address_sync(session, flags, None, None)
        address = connection.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", None, None, 0, 20000, None).unpack()[0]
        self.bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)

    def call(self, place, interface, method, *arguments):
        parameters = self.GLib.Variant(f"({'s' * len(arguments)})", arguments) if arguments else None
        return self.bus.call_sync(place[0], place[1], interface, method, parameters, None, 0, 20000, None).unpack()[0]

    def get(self, place, name):
        return self.call(place, "org.freedesktop.DBus.Properties", "Get", ACCESSIBLE, name)

    def applications(self):
        return self.call(("org.a11y.atspi.Registry", ROOT), ACCESSIBLE, "GetChildren")

    def says(self, place, depth=0):
        """Whether it, or something in it, has a name; what has gone meanwhile says nothing wrong."""
        try:
            return self._says(place, depth)
        except self.GLib.Error:
            return True

    def _says(self, place, depth):
        return bool(self.get(place, "Name").strip()) or depth < 12 and any(self.says(tuple(child), depth + 1)
                                                                         for child in self.call(place, ACCESSIBLE, "GetChildren"))

    def walk(self, place, above=()):
        """Yields (names of those above it, role, name) of all that is there. Rows come and go while one walks."""
        try:
            role, name = self.call(place, ACCESSIBLE, "GetRoleName"), self.get(place, "Name")
            children = self.call(place, ACCESSIBLE, "GetChildren")
        except self.GLib.Error:
            return
        yield above, role, name or ("…" if role in READ_OUT and self.says(place) else "")
        if len(above) < 60:
            for child in children:
                yield from self.walk(tuple(child), above + (name or role,))

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mail servers of others at both ends of the relay: Exim, OpenSMTPD. Unpacked beside the system, never installed."""
import glob
import os
import shutil
import subprocess
import tempfile

import harness
from cases_delivery import TEXT, route
from harness import Relay, Skip, answers, case, check, equal, free_port, key_settings, run, running, verify_dkim, wait_for


def unpack(package):
    """A Debian package, unpacked beside the system: nothing of it is installed or started."""
    folder = tempfile.mkdtemp(prefix=package + "-", dir=harness.WORK)
    os.chmod(folder, 0o755)
    try:
        result = run("sh", "-c", f"cd {folder} && apt-get -q download {package}", timeout=60)
    except subprocess.TimeoutExpired:
        raise Skip(f"the package {package} could not be fetched in time") from None
    packages = glob.glob(os.path.join(folder, "*.deb"))
    if result.returncode or not packages:
        raise Skip(f"the package {package} could not be fetched")
    check(run("dpkg", "-x", packages[0], folder).returncode == 0, f"dpkg -x {packages[0]}")
    return folder


def stranger(folder, users):
    """Words before a command that let it see users which this system does not have: {name: number}."""
    for name, line in (("passwd", "{0}:x:{1}:{1}::/:/bin/false"), ("group", "{0}:x:{1}:")):
        with open(f"/etc/{name}", encoding="utf-8") as old, open(os.path.join(folder, name), "w", encoding="utf-8") as new:
            new.write("".join(row for row in old if row.split(":")[0] not in users))
            new.write("".join(line.format(*user) + "\n" for user in users.items()))
        os.chmod(os.path.join(folder, name), 0o644)
    return ["unshare", "--mount", "sh", "-c", f'mount --bind {folder}/passwd /etc/passwd && mount --bind {folder}/group /etc/group && exec "$@"', "sh"]


@case("out to Exim, unpacked beside the system")
def _():
    if os.getuid() != 0:
        raise Skip("Exim wants to be started by root")
    folder, port = unpack("exim4-daemon-light"), free_port()
    program = os.path.join(folder, "usr/sbin/exim4")
    os.chmod(harness.WORK, 0o755)
    for name in ("spool", "log", "mail"):
        os.mkdir(os.path.join(folder, name))
        os.chmod(os.path.join(folder, name), 0o777)
    conf = os.path.join(folder, "exim.conf")
    with open(conf, "w", encoding="utf-8") as file:
        file.write(f"""primary_hostname = exim.test
exim_path = {program}
exim_user = nobody
exim_group = nogroup
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
domainlist all = *
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
never_users =
acl_smtp_rcpt = accept
acl_smtp_data = accept
begin acl
accept:
  accept
begin routers
file:
  driver = accept
  transport = file
begin transports
file:
  driver = appendfile
  file = {folder}/mail/box
  user = nobody
  group = nogroup
  create_directory = false
  mode_fail_narrower = false
""")
    os.chmod(conf, 0o644)
    alone = stranger(folder, {"Debian-exim": 65000})
    tried = run(*alone, program, "-C", conf, "-bV", timeout=20)
    if tried.returncode:
        raise Skip("the unpacked Exim does not run here: " + tried.stderr.decode()[-120:].strip())
    with running(*alone, program, "-C", conf, "-bdf", "-oX", f"127.0.0.1.{port}", "-oP", os.path.join(folder, "pid")) as process:
        wait_for(lambda: process.poll() is not None or answers(port), 15, "Exim's greeting")
        check(process.poll() is None, "Exim ended")
        with Relay(route(port), extra=key_settings()) as relay:
            identity = relay.send(TEXT)
            relay.wait_empty()
            equal(relay.states(identity), {"b@example.test": "delivered"}, "states")
        box = os.path.join(folder, "mail", "box")
        wait_for(lambda: os.path.exists(box) and os.path.getsize(box), 15, "Exim's delivery")
        with open(box, "rb") as file:
            content = file.read().replace(b"\n", b"\r\n").rstrip()
        content = content.split(b"\r\n", 1)[1]  # the "From " line of a mail folder
        check(content.endswith(b"\r\n.dot\r\n..two\r\n.\r\nend"), f"got {content[-100:]!r}")
        equal(verify_dkim(content + b"\r\n"), 2, "signatures")


@case("through OpenSMTPD, unpacked beside the system: it takes from one relay and hands to another")
def _():
    if os.getuid() != 0:
        raise Skip("OpenSMTPD wants to be started by root")
    folder, port = unpack("opensmtpd"), free_port()
    program = os.path.join(folder, "usr/sbin/smtpd")
    os.chmod(harness.WORK, 0o755)
    # Its spool, its socket and its control program have fixed places; it gets folders of its own there.
    places = {"/var/spool": "own-spool", "/run": "own-run", "/var/lib": "own-lib"}
    for name in places.values():
        os.mkdir(os.path.join(folder, name))
    os.mkdir(os.path.join(folder, "own-lib", "opensmtpd"))
    os.mkdir(os.path.join(folder, "own-lib", "opensmtpd", "empty"), 0o755)
    for name in ("usr/sbin/smtpctl", "usr/libexec/opensmtpd/encrypt"):
        shutil.chown(os.path.join(folder, name), group="nogroup")
    users = {"opensmtpd": 65001, "opensmtpq": 65002}
    alone = stranger(folder, users)
    alone[4] = " && ".join(f"mount --bind {folder}/{name} {place}" for place, name in places.items()) + " && " + alone[4]
    with Relay() as second:
        conf = os.path.join(folder, "smtpd.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(f"""listen on 127.0.0.1 port {port} hostname opensmtpd.test
action "on" relay host smtp+notls://127.0.0.1:{second.port}
match from any for any action "on"
""")
        os.chmod(conf, 0o644)
        tried = run(*alone, program, "-n", "-f", conf, timeout=20)
        if tried.returncode:
            raise Skip("the unpacked OpenSMTPD does not run here: " + tried.stderr.decode()[-200:].strip())
        with running(*alone, program, "-d", "-f", conf) as process:
            wait_for(lambda: process.poll() is not None or answers(port), 15, "OpenSMTPD's greeting")
            check(process.poll() is None, "OpenSMTPD ended")
            with Relay(route(port), extra=key_settings()) as first:
                identity = first.send(TEXT)
                first.wait_empty()
                equal(first.states(identity), {"b@example.test": "delivered"}, "states")
            content = next(iter(wait_for(second.captured, 20, "OpenSMTPD's delivery").values()))
        second.wait_empty()
    check(content.endswith(TEXT), f"got {content[-150:]!r}")
    check(b"opensmtpd.test" in content, "no Received field of OpenSMTPD")
    equal(verify_dkim(content), 2, "signatures")

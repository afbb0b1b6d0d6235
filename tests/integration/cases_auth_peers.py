# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logins by the mail servers of others, floods of guesses, and channel binding on TLS 1.3."""
import base64
import contextlib
import ctypes
import ctypes.util
import glob
import os
import re
import selectors
import shutil
import socket
import threading
import time

import harness
from cases_auth import PASSWORD, b64, scram, with_user
from cases_servers import stranger, unpack
from harness import Raw, Skip, case, check, equal, need, run, temp, wait_for

MAIL = b"From: a@internal.test\nTo: b@example.test\nSubject: handed on\n\nHello.\n"
DEVICES = "[device servers]\nlogins = printer\n"


@contextlib.contextmanager
def postfix(folder, settings):
    """A private instance of Postfix; nothing of the system's is touched."""
    program = need("postfix", "/usr/sbin/postfix")
    if os.getuid() != 0:
        raise Skip("Postfix wants to be started by root")
    os.chmod(harness.WORK, 0o755)
    os.chmod(folder, 0o755)
    for name in ("etc", "spool", "data"):
        os.mkdir(os.path.join(folder, name), 0o755)
    etc = os.path.join(folder, "etc")
    shutil.chown(os.path.join(folder, "data"), "postfix")
    for name in ("postfix-files", "dynamicmaps.cf"):
        if os.path.exists(f"/etc/postfix/{name}"):
            shutil.copy(f"/etc/postfix/{name}", etc)
    with open("/usr/share/postfix/master.cf.dist", encoding="utf-8") as file:
        services = re.sub(r"(?m)^smtp(\s+inet.*smtpd)$", r"#smtp\1", file.read())
    services = re.sub(r"(?m)^(\S+\s+(?:inet|unix|unix-dgram|fifo|pass)\s+\S+\s+\S+\s+)y", r"\1n", services)
    with open(os.path.join(etc, "master.cf"), "w", encoding="utf-8") as file:
        file.write(services)
    with open(os.path.join(etc, "main.cf"), "w", encoding="utf-8") as file:
        file.write(f"""compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
myhostname = postfix.internal.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
smtp_dns_support_level = disabled
{settings}
""")
    tried = run(program, "-c", etc, "start")
    if tried.returncode:
        raise Skip("the private Postfix does not start here: " + tried.stderr.decode()[-200:].strip())
    try:
        yield etc
    finally:
        run(program, "-c", etc, "stop")


@case("auth: Postfix logs in by PLAIN and by LOGIN over TLS, and its mail goes through")
def _():
    if not glob.glob("/usr/lib/*/sasl2/libplain.so*"):
        raise Skip("the SASL modules that Postfix logs in with are not installed")
    for mechanism in ("plain", "login"):
        folder = temp("postfix")
        with with_user(devices=DEVICES, log="level = debug") as relay:
            settings = (f"relayhost = [127.0.0.1]:{relay.port}\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = inline:{{ [127.0.0.1]:{relay.port}=printer:{PASSWORD} }}\n"
                        f"smtp_sasl_security_options = noanonymous\nsmtp_sasl_mechanism_filter = {mechanism}\nsmtp_tls_security_level = encrypt\n")
            with postfix(folder, settings) as etc:
                handed = run(need("sendmail", "/usr/sbin/sendmail"), "-C", etc, "-f", "a@internal.test", "b@example.test", data=MAIL)
                equal(handed.returncode, 0, f"sendmail: {handed.stderr.decode()}")
                with open(os.path.join(folder, "maillog"), encoding="utf-8", errors="replace") as log:
                    try:
                        content = next(iter(wait_for(relay.captured, 30, "Postfix's mail").values()))
                    except AssertionError as problem:
                        raise AssertionError(f"{problem}: {log.read()[-600:]}") from problem
            check(b"with ESMTPSA" in content and b"handed on" in content, content[:600])
            check(mechanism.upper() in relay.read_log(), "the log names the mechanism")


@case("auth: Exim logs in, unpacked beside the system, and its mail goes through")
def _():
    if os.getuid() != 0:
        raise Skip("Exim wants to be started by root")
    folder = unpack("exim4-daemon-light")
    program = os.path.join(folder, "usr/sbin/exim4")
    os.chmod(harness.WORK, 0o755)
    for name in ("spool", "log"):
        os.mkdir(os.path.join(folder, name))
        os.chmod(os.path.join(folder, name), 0o777)
    conf = os.path.join(folder, "exim.conf")
    with with_user(devices=DEVICES) as relay:
        with open(conf, "w", encoding="utf-8") as file:
            file.write(f"""primary_hostname = exim.test
exim_path = {program}
exim_user = nobody
exim_group = nogroup
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
keep_environment =
never_users =
begin routers
out:
  driver = manualroute
  transport = relay
  route_list = * 127.0.0.1
  self = send
begin transports
relay:
  driver = smtp
  port = {relay.port}
  hosts_require_auth = *
  hosts_require_tls = *
  tls_verify_certificates =
  tls_try_verify_hosts =
  allow_localhost
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  client_send = ^printer^{PASSWORD}
""")
        os.chmod(conf, 0o644)
        alone = stranger(folder, {"Debian-exim": 65000})
        tried = run(*alone, program, "-C", conf, "-bV", timeout=20)
        if tried.returncode:
            raise Skip("the unpacked Exim does not run here: " + tried.stderr.decode()[-120:].strip())
        # -odf: delivered before it returns.
        handed = run(*alone, program, "-C", conf, "-odf", "-f", "a@internal.test", "b@example.test", data=MAIL, timeout=60)
        log = "".join(open(path, encoding="utf-8", errors="replace").read() for path in glob.glob(os.path.join(folder, "log", "*")))
        equal(handed.returncode, 0, f"exim: {handed.stderr.decode()} {log[-600:]}")
        try:
            content = next(iter(wait_for(relay.captured, 15, "Exim's mail").values()))
        except AssertionError as problem:
            raise AssertionError(f"{problem}: {log[-600:]}") from problem
        check(b"with ESMTPSA" in content and b"handed on" in content, content[:600])


def guess_at_once(port, guesses):
    """A connection for each (address, login): all say AUTH in the same moment. Returns: the reply to each."""
    chooser, crowd = selectors.DefaultSelector(), []
    for address, login in guesses:
        sock = socket.create_connection(("127.0.0.1", port), 20, source_address=(address, 0))
        crowd.append([sock, b"", login])
    for one in crowd:
        greeting = one[0].recv(500)
        check(greeting.startswith(b"220"), f"the greeting was {greeting}")
        one[0].sendall(b"EHLO guess.test\r\n")
    for one in crowd:
        while b"\r\n250 " not in one[1]:
            octets = one[0].recv(2000)
            check(octets, f"EHLO was answered {one[1]}")
            one[1] += octets
        one[1] = b""
    for one in crowd:
        one[0].sendall(b"AUTH PLAIN " + base64.b64encode(b"\0" + one[2].encode() + b"\0wrong-" + one[2].encode()) + b"\r\n")
        one[0].setblocking(False)
        chooser.register(one[0], selectors.EVENT_READ, one)
    end = time.monotonic() + 90
    while chooser.get_map() and time.monotonic() < end:
        for key, _ in chooser.select(1):
            octets = b""
            with contextlib.suppress(OSError):
                octets = key.fileobj.recv(2000)
            key.data[1] += octets
            if not octets or b"\r\n" in key.data[1]:
                chooser.unregister(key.fileobj)
    check(not chooser.get_map(), f"{len(chooser.get_map())} guesses were never answered")
    for one in crowd:
        one[0].close()
    return [one[1].decode(errors="replace") for one in crowd]


@case("auth: hundreds of guesses at once: some are told 454 4.7.0, the guessers are banned, and who knows the password gets in meanwhile")
def _():
    devices = "[device old]\nnetworks = 127.0.0.0/8\nlogins = printer\nquirks = auth-in-clear\n"
    with with_user(devices=devices, extra="[users]\niterations = 400000\nguesses = 2\nban-time = 10m\ncache-time = 0\n") as relay:
        guesses = [(f"127.0.1.{1 + i % 20}", f"nobody{i}") for i in range(400)]
        told = []
        def guess():
            try:
                told.extend(guess_at_once(relay.port, guesses))
            except (AssertionError, OSError) as problem:
                told.append(f"the flood failed: {problem!r}")

        flood = threading.Thread(target=guess)
        flood.start()
        start, attempts, inside = time.monotonic(), 0, False
        while not inside and time.monotonic() - start < 90:
            attempts += 1
            with Raw(relay.port, timeout=60) as raw:
                raw.reply()
                raw.ask("EHLO good.test")
                reply = raw.ask("AUTH PLAIN " + b64(f"\0printer\0{PASSWORD}"))
                check(reply[:3] in ("235", "454"), f"who knows the password was told {reply}")
                inside = reply.startswith("235")
            time.sleep(0.05)
        check(inside, "who knows the password did not get in")
        flood.join(120)
        check(not flood.is_alive() and len(told) == len(guesses), f"the flood did not end: {told[:1]}")
        counts = {code: sum(t.startswith(code) for t in told) for code in ("535 5.7.8", "454 4.7.0", "421 4.7.0")}
        print(f"# {len(guesses)} guesses: {counts}; in after {attempts} attempts, {time.monotonic() - start:.1f} s", flush=True)
        equal(sum(counts.values()), len(guesses), f"other replies: {[t for t in told if not t.startswith(('535', '454', '421'))][:3]}")
        check(counts["454 4.7.0"] > 0 and counts["535 5.7.8"] > 0, f"the bound was not met: {counts}")
        banned = wait_for(lambda: [b["subject"] for b in relay.json("ban", "list") if b["subject"].startswith("address 127.0.1.")], 20, "bans")
        with socket.create_connection(("127.0.0.1", relay.port), 10, source_address=(banned[0].split()[1], 0)) as sock:
            check(sock.recv(200).startswith(b"421 4.7.0"), "a banned guesser gets another session")
        check("login printer" not in str(relay.json("ban", "list")), "who knows the password is banned")
        with relay.client() as smtp:  # mail of others goes on
            smtp.ehlo()


class Datum(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_uint)]


class GnutlsClient:
    """A client in TLS 1.3 by GnuTLS, which tells the exporter (RFC 9266) that Python's own TLS does not."""

    def __init__(self, port):
        name = ctypes.util.find_library("gnutls")
        if not name:
            raise Skip("libgnutls is not installed")
        self.lib = lib = ctypes.CDLL(name)
        if not hasattr(lib, "gnutls_session_channel_binding"):
            raise Skip("this libgnutls has no channel binding")
        lib.gnutls_record_recv.restype = lib.gnutls_record_send.restype = ctypes.c_ssize_t
        lib.gnutls_free = ctypes.c_void_p.in_dll(lib, "gnutls_free")
        self.plain = Raw(port)
        self.plain.reply()
        self.plain.ask("EHLO client.test")
        check(self.plain.ask("STARTTLS").startswith("220"), "STARTTLS")
        self.plain.sock.settimeout(None)
        self.session, credentials = ctypes.c_void_p(), ctypes.c_void_p()
        lib.gnutls_certificate_allocate_credentials(ctypes.byref(credentials))
        equal(lib.gnutls_init(ctypes.byref(self.session), 2), 0, "gnutls_init")
        equal(lib.gnutls_priority_set_direct(self.session, b"NORMAL:-VERS-ALL:+VERS-TLS1.3", None), 0, "priority")
        lib.gnutls_credentials_set(self.session, 1, credentials)
        lib.gnutls_transport_set_int2(self.session, self.plain.sock.fileno(), self.plain.sock.fileno())
        while (code := lib.gnutls_handshake(self.session)) in (-28, -52):  # again, interrupted
            pass
        equal(code, 0, "the handshake")
        self.offers = self.ask("EHLO client.test")

    def binding(self):
        datum = Datum()
        code = self.lib.gnutls_session_channel_binding(self.session, 2, ctypes.byref(datum))  # GNUTLS_CB_TLS_EXPORTER
        if code:
            raise Skip(f"this libgnutls has no tls-exporter ({code}); 3.7.2 has")
        return ctypes.string_at(datum.data, datum.size)

    def ask(self, line):
        octets = line.encode() + b"\r\n"
        equal(self.lib.gnutls_record_send(self.session, octets, len(octets)), len(octets), "octets sent")
        reply, piece = b"", ctypes.create_string_buffer(4096)
        while not re.search(rb"(?m)^\d{3}(?: .*)?\r\n\Z", reply):
            size = self.lib.gnutls_record_recv(self.session, piece, 4096)
            if size in (-28, -52):
                continue
            if size <= 0:
                break
            reply += piece.raw[:size]
        return reply.decode("latin-1").strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lib.gnutls_deinit(self.session)
        self.plain.close()


@case("auth: SCRAM-SHA-256-PLUS on TLS 1.3 is bound by tls-exporter (RFC 9266), as GnuTLS tells it")
def _():
    with with_user(devices="", extra="[users]\nguesses = 0\n") as relay:
        def attempt(header, binding=None):
            with GnutlsClient(relay.port) as client:
                check("SCRAM-SHA-256-PLUS" in client.offers, client.offers)
                own = client.binding()
                equal(len(own), 32, "octets of the exporter")
                return scram(client, PASSWORD, mechanism="SCRAM-SHA-256-PLUS", header=header, binding=own if binding is None else binding)

        reply, proved = attempt(b"p=tls-exporter,,")
        check(reply.startswith("235 2.7.0") and proved, f"{reply}, proved: {proved}")
        check(attempt(b"p=tls-exporter,,", bytes(32))[0].startswith("535"), "the binding of another connection is taken")
        # RFC 9266 section 4.2: tls-unique is not defined for TLS 1.3.
        check(not attempt(b"p=tls-unique,,")[0].startswith("235"), "tls-unique is taken on TLS 1.3")

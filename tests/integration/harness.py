# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the cases are made with: a relay, a sink that takes its mail, the command line, a client without manners."""
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import threading

from basics import answers, check, equal, free_port, wait_for  # noqa: F401
from sink import Mail, Sink  # noqa: F401

BUILD = ""  # set by run
WORK = ""  # a folder for the whole run, set by run
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
CASES = []
os.environ["CLRELAY_PRESETS"] = os.path.join(ROOT, "common", "settings", "presets")


class Skip(Exception):
    """The case cannot run here; the text says why."""


def case(name):
    """Marks a function as a case."""
    def mark(function):
        CASES.append((name, function))
        return function
    return mark


def room(amount):
    """A bound on memory. With CLR_TEST_SANITIZED it is wide: what a sanitizer keeps of its own is not what is measured."""
    return amount * 8 if os.environ.get("CLR_TEST_SANITIZED") else amount


def need(program, *places):
    """The path of a program, or the case is skipped."""
    for path in (shutil.which(program), *places):
        if path and os.path.exists(path):
            return path
    raise Skip(f"{program} is not installed")


def run(*words, data=None, timeout=60, env=None):
    return subprocess.run([str(w) for w in words], input=data, capture_output=True, timeout=timeout, env=env)


@contextlib.contextmanager
def running(*words, **options):
    """A server of others in the foreground, ended by its process id."""
    process = subprocess.Popen([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def temp(prefix):
    return tempfile.mkdtemp(prefix=prefix + "-", dir=WORK)


def daemon(name="clrelayd"):
    return os.path.join(BUILD, "service", name)


def clrelay():
    return os.path.join(BUILD, "common", "cli", "clrelay")


# Certificates and keys are made once, for all cases.
_made = {}
_made_lock = threading.Lock()


def certificate(name="localhost"):
    """A self-signed certificate for NAME and 127.0.0.1: (certificate file, key file)."""
    with _made_lock:
        if name not in _made:
            folder = temp("cert")
            cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
            result = run(need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                         "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1",
                         "-keyout", key, "-out", cert)
            check(result.returncode == 0, result.stderr.decode())
            _made[name] = (cert, key)
        return _made[name]


def dkim_keys():
    """An RSA and an Ed25519 key: {selector: (file, TXT record)}."""
    with _made_lock:
        if "dkim" not in _made:
            folder, keys = temp("dkim"), {}
            for kind in ("rsa", "ed25519"):
                path = os.path.join(folder, kind + ".pem")
                result = run(clrelay(), "dkim", "new", "internal.test", "--selector", kind, "--type", kind, "--file", path)
                check(result.returncode == 0, result.stderr.decode())
                keys[kind] = (path, "".join(re.findall(r'"([^"]*)"', result.stdout.decode())).encode())
            _made["dkim"] = keys
        return _made["dkim"]


def key_settings(domain="internal.test", kinds=("rsa", "ed25519"), prefix=""):
    return "".join(f"[key {prefix}{kind}]\ndomain = {domain}\nselector = {kind}\nfile = {dkim_keys()[kind][0]}\n" for kind in kinds)


def verify_dkim(message, most=None):
    """How many signatures of MESSAGE, the first MOST of them, dkimpy finds good; a bad one fails the case."""
    try:
        import dkim
    except ImportError:
        raise Skip("dkimpy is not installed") from None
    records = {kind: record for kind, (_, record) in dkim_keys().items()}
    n = len([1 for name, _ in dkim.DKIM(message).headers if name.lower() == b"dkim-signature"])
    n = n if most is None else min(n, most)
    for i in range(n):
        good = dkim.DKIM(message).verify(i, dnsfunc=lambda name, timeout=5: records.get(name.decode().split(".")[0]))
        check(good, f"signature {i + 1} of {n} does not verify")
    return n


class Relay:
    """The real clrelayd with settings of its own, in a folder of its own, on free ports of loopback."""

    def __init__(self, routes="", *, device="", devices=None, server="", log="", listener="tls = may", limits="", queue="", extra="",
                 ipv6=False, folder=None):
        self.folder = folder or temp("relay")
        self.port = free_port()
        self.port6 = free_port(socket.AF_INET6) if ipv6 else None
        self.capture = os.path.join(self.folder, "capture")
        self.state = os.path.join(self.folder, "state")
        self.socket = os.path.join(self.folder, "control.sock")
        self.conf = os.path.join(self.folder, "clrelay.conf")
        self.log = os.path.join(self.folder, "log")
        self.process = None
        self.env = {}  # more variables for the relay
        self.parts = {"server": server, "log": log, "listener": listener, "limits": limits, "queue": queue, "extra": extra}
        self.parts["devices"] = f"[device all]\nnetworks = 127.0.0.0/8, ::1\n{device}" if devices is None else devices
        self.parts["routes"] = routes or f"[route default]\nvia = capture\ndirectory = {self.capture}\n"
        for path in (self.capture, self.state):
            os.makedirs(path, exist_ok=True)
        self.write()

    def write(self, **changes):
        """The settings file, with some parts replaced."""
        self.parts.update(changes)
        p = self.parts
        addresses = f"127.0.0.1:{self.port}" + (f", [::1]:{self.port6}" if self.port6 else "")
        hostname = "" if "hostname" in p["server"] else "hostname = relay.internal.test\n"
        text = (f"[server]\n{hostname}postmaster = postmaster@internal.test\nstate-directory = {self.state}\n"
                f"control-socket = {self.socket}\n{p['server']}\n[log]\n{p['log']}\n[limits]\n{p['limits']}\n[queue]\n{p['queue']}\n"
                f"[listener in]\naddress = {addresses}\n{p['listener']}\n{p['devices']}\n{p['routes']}\n{p['extra']}\n")
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(text)
        return self

    def launch(self, **environment):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([daemon(), "--config", self.conf], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**os.environ, **environment})

    def start(self):
        size = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        self.launch()
        wait_for(lambda: self.process.poll() is not None or re.search(r"ready: version|service\.ready", self.read_log()[size:]),
                 20, "the relay's ready line")
        check(self.process.poll() is None, f"the relay did not start: {self.read_log()[-800:]}")
        return self

    def stop(self, timeout=40):
        """SIGTERM, and all that is expected of it."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout)
        self.process = None
        equal(code, 0, "exit status after SIGTERM")

    def kill(self):
        self.process.kill()
        self.process.wait(10)
        self.process = None

    def hangup(self, expect="applied"):
        """SIGHUP, and waits for the word about it."""
        size = len(self.read_log())
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: expect in self.read_log()[size:], 10, f"the log line with {expect!r}")

    def read_log(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def check_log(self):
        for line in self.read_log().splitlines():
            check(not re.search(r"-CRITICAL|-WARNING \*\*|ERROR \*\*|Sanitizer|runtime error", line), f"in the log: {line}")

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, problem, trace):
        if self.process is None:
            if kind is None:
                self.check_log()
            return
        if kind is not None:
            dead = self.process.poll()
            self.kill()
            if dead is not None:
                raise AssertionError(f"{problem}; and the relay had died with status {dead}: {self.read_log()[-500:]}") from problem
            return
        self.stop()
        self.check_log()

    # the command line
    def cli(self, *words, data=None, expect=0):
        result = run(clrelay(), "--socket", self.socket, *words, data=data)
        if expect is not None:
            check(result.returncode == expect, f"clrelay {' '.join(words)}: exit status {result.returncode}, wanted {expect}: "
                  f"{result.stderr.decode().strip()}")
        return result.stdout.decode()

    def json(self, *words):
        return json.loads(self.cli(*words, "--json"))

    def queue(self):
        return self.json("queue", "list")

    def show(self, identity):
        return self.json("queue", "show", identity)

    def states(self, identity):
        return {r["address"]: r["state"] for r in self.show(identity)["recipients"]}

    def wait_empty(self, timeout=20):
        wait_for(lambda: self.queue() == [], timeout, "an empty queue")

    # mail in
    def client(self, **options):
        return smtplib.SMTP("127.0.0.1", self.port, timeout=options.pop("timeout", 30), **options)

    def send(self, text="Subject: test\r\n\r\ntest\r\n", sender="a@internal.test", to=("b@example.test",), eight_bit=False):
        """One message over smtplib, octets as given; returns the queue id."""
        content = text if isinstance(text, bytes) else text.encode()
        with self.client() as smtp:
            smtp.ehlo()
            return submit(smtp, content, sender, to, eight_bit)

    def captured(self):
        """{id: content} of the capture folder."""
        found = {}
        for path in glob.glob(os.path.join(self.capture, "*.eml")):
            with open(path, "rb") as file:
                found[os.path.basename(path)[:-4]] = file.read()
        return found


def submit(smtp, content, sender="a@internal.test", to=("b@example.test",), eight_bit=False):
    code, text = smtp.mail(sender, ["BODY=8BITMIME"] if eight_bit or not content.isascii() else [])
    check(code == 250, f"MAIL: {code} {text}")
    for recipient in to:
        code, text = smtp.rcpt(recipient)
        check(code == 250, f"RCPT: {code} {text}")
    code, text = raw_data(smtp, content)
    check(code == 250, f"the message was answered {code} {text}")
    return queue_id(text)


def raw_data(smtp, content):
    """DATA as it stands, dots doubled after CR LF only: smtplib itself would change line ends."""
    code, text = smtp.docmd("DATA")
    check(code == 354, f"DATA: {code} {text}")
    stuffed = re.sub(rb"(\A|\r\n)\.", rb"\1..", content)
    smtp.send(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
    return smtp.getreply()


def queue_id(reply):
    text = reply.decode() if isinstance(reply, bytes) else reply
    match = re.search(r"queued as ([0-9A-Z]{10,})", text)
    check(match, f"the reply names no queue id: {text}")
    return match[1]


class Raw:
    """A client that sends what it likes."""

    def __init__(self, port, host="127.0.0.1", timeout=20):
        self.sock = socket.create_connection((host, port), timeout)
        self.file = self.sock.makefile("rb")

    def send(self, octets):
        self.sock.sendall(octets.encode() if isinstance(octets, str) else octets)

    def reply(self):
        """A whole reply; "" at the end of the connection."""
        lines = []
        while True:
            try:
                line = self.file.readline()
            except (ConnectionError, ssl.SSLError):
                line = b""
            lines.append(line.decode("latin-1"))
            if len(line) < 4 or line[3:4] != b"-":
                return "".join(lines).strip()

    def ask(self, line):
        self.send(line + "\r\n")
        return self.reply()

    def open_data(self, sender="a@internal.test", to="b@example.test"):
        self.reply()
        self.ask("EHLO client.test")
        self.ask(f"MAIL FROM:<{sender}>")
        reply = self.ask(f"RCPT TO:<{to}>")
        check(reply.startswith("250"), f"RCPT: {reply}")
        reply = self.ask("DATA")
        check(reply.startswith("354"), f"DATA: {reply}")

    def close(self):
        self.file.close()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Dns:
    """NSD with zones of ours on a port of its own, on IPv4 loopback. Zones: {name: records}, None for one whose file cannot be read,
    which is answered SERVFAIL. @signed: sign the zone, and leave its trust anchor in .anchor."""

    # Seconds until no answer is kept any more: the records live 2, and libunbound, which counts whole ones, lets go in the third.
    LIFE = 3.2

    def __init__(self, zones, signed=None):
        self.program = need("nsd", "/usr/sbin/nsd")
        self.folder, self.port, self.process = temp("nsd"), free_port(), None
        self.settings = f"[dns]\nservers = 127.0.0.1:{self.port}\ntimeout = 3s\n"
        text = (f"server:\n ip-address: 127.0.0.1\n port: {self.port}\n username: \"\"\n chroot: \"\"\n zonesdir: \"{self.folder}\"\n"
                f" database: \"\"\n pidfile: \"\"\n logfile: \"{self.folder}/log\"\n xfrdfile: \"\"\n zonelistfile: \"{self.folder}/zones\"\n"
                f" xfrdir: \"{self.folder}\"\n server-count: 1\n verbosity: 1\nremote-control:\n control-enable: no\n")
        for name, records in zones.items():
            if records is not None:
                self.write(name, records)
                if name == signed:
                    self.sign(name)
            text += f"zone:\n name: {name}\n zonefile: {name}.zone\n"
        self.conf = os.path.join(self.folder, "nsd.conf")
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(text)

    def write(self, name, records):
        with open(os.path.join(self.folder, name + ".zone"), "w", encoding="utf-8") as file:
            file.write(f"$ORIGIN {name}.\n$TTL 2\n@ SOA ns hostmaster 1 3600 600 86400 2\n@ NS ns\nns A 127.0.0.1\n{records}\n")

    def sign(self, name):
        tool, path = need("ldns-keygen"), os.path.join(self.folder, name + ".zone")
        result = subprocess.run([tool, "-k", "-a", "ECDSAP256SHA256", name], cwd=self.folder, capture_output=True, timeout=60, check=True)
        key = os.path.join(self.folder, result.stdout.decode().strip())
        result = run(need("ldns-signzone"), "-o", name, "-f", path + ".signed", path, key)
        check(result.returncode == 0, result.stderr.decode())
        os.replace(path + ".signed", path)
        self.anchor = key + ".key"

    def start(self):
        self.process = subprocess.Popen([self.program, "-d", "-c", self.conf], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for(lambda: self.process.poll() is not None or self.answers(), 10, "NSD's first answer")
        check(self.process.poll() is None, "NSD does not run")
        return self

    def answers(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.3)
            with contextlib.suppress(OSError):
                sock.connect(("127.0.0.1", self.port))
                sock.send(b"\0\1\0\0\0\1\0\0\0\0\0\0\4test\0\0\6\0\1")
                return len(sock.recv(512)) > 12
        return False

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process:
            self.stop()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""TLS on the way in: old TLS for named devices until a day, certificates from PEM and PFX, chosen by name, renewed, close to their end."""
import datetime
import os
import re
import shutil
import socket
import ssl
import subprocess

from harness import Relay, case, certificate, check, clrelay, equal, need, run, temp, wait_for

OLD = ["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"]
DEVICE = "[device old]\nnetworks = 127.0.0.1\nlegacy-tls-until = {}\n[device other]\nnetworks = 127.0.0.0/8\n"
YEARS, GONE = f"{datetime.date.today().year + 2}-06-30", "2020-01-31"


def make(name, days, folder):
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    result = run(need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(days),
                 "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", key + ".new", "-out", cert + ".new")
    equal(result.returncode, 0, result.stderr.decode())
    os.replace(key + ".new", key)
    os.replace(cert + ".new", cert)
    os.chmod(key, 0o600)
    return cert, key


def openssl(port, *options, host="127.0.0.1"):
    """What openssl s_client tells of a connection with STARTTLS."""
    try:
        result = run(need("openssl"), "s_client", "-connect", f"127.0.0.1:{port}", "-starttls", "smtp", "-bind", host, *options, data=b"QUIT\r\n",
                     timeout=20)
    except subprocess.TimeoutExpired:
        return "time-out"
    return (result.stdout + result.stderr).decode(errors="replace")


def is_tls10(text):
    return re.search(r"Protocol *: TLSv1$", text, re.M) is not None and re.search(r"Cipher *: (0000|\(NONE\))", text) is None


def shown(port, name="localhost"):
    """The names of the certificate that is shown to who asks for NAME."""
    text = openssl(port, "-servername", name, "-showcerts")
    pem = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.S)
    check(pem, f"no certificate: {text[-300:]}")
    return run("openssl", "x509", "-noout", "-subject", "-enddate", data=pem[0].encode()).stdout.decode()


@case("tls in: TLS 1.0 of OpenSSL and GnuTLS is taken of the device that is set so, until the day")
def _():
    with Relay(devices=DEVICE.format(YEARS)) as relay:
        text = openssl(relay.port, *OLD)
        check(is_tls10(text), f"TLS 1.0 of the device: {text[-400:]}")
        check("TLSv1.3" in openssl(relay.port), "the same device with new TLS")
        text = openssl(relay.port, *OLD, host="127.0.0.2")
        check(not is_tls10(text), f"TLS 1.0 of another device: {text[-400:]}")
        check("TLSv1.3" in openssl(relay.port, host="127.0.0.2"), "another device with new TLS")
        peer = shutil.which("gnutls-cli")
        if peer:
            result = run(peer, "--starttls-proto=smtp", "--insecure", "--priority=NORMAL:-VERS-ALL:+VERS-TLS1.0:%COMPAT", "-p", relay.port, "127.0.0.1",
                         data=b"QUIT\r\n", timeout=20)
            check(b"(TLS1.0-" in result.stdout, f"GnuTLS: {result.stdout[-300:]!r} {result.stderr[-300:]!r}")
        check("client.tls-failed" in relay.read_log() or "TLS handshake failed" in relay.read_log(), "the refusal is told")
        # The day is over: a reload, no restart.
        relay.write(devices=DEVICE.format(GONE))
        relay.hangup()
        text = openssl(relay.port, *OLD)
        check(not is_tls10(text), f"TLS 1.0 after the day: {text[-400:]}")
        check("TLSv1.3" in openssl(relay.port), "new TLS after the day")
        check(any("device old" in line and "2020-01-31" in line for line in relay.json("status")["warnings"]), "the end is told in status")


@case("tls in: PEM, PFX with a password, chosen by name; renewed without losing a session; a warning before the end")
def _():
    one, two = temp("one"), temp("two")
    pair = make("one.test", 100, one)
    make("two.test", 20, two)
    pfx = os.path.join(two, "two.pfx")
    result = run("openssl", "pkcs12", "-export", "-in", os.path.join(two, "cert.pem"), "-inkey", os.path.join(two, "key.pem"), "-passout", "pass:geheim", "-out", pfx)
    equal(result.returncode, 0, result.stderr.decode())
    os.chmod(pfx, 0o600)
    extra = (f"[certificate one]\ncertificate-file = {pair[0]}\nkey-file = {pair[1]}\n"
             f"[certificate two]\ncertificate-file = {pfx}\npassword = pfx\n")
    relay = Relay(listener="tls = may\ncertificates = one, two", extra=extra)
    equal(run(clrelay(), "--config", relay.conf, "secret", "set", "pfx", data=b"geheim\n").returncode, 0, "secret set")
    with relay:
        check("one.test" in shown(relay.port, "one.test"), "one by name")
        check("two.test" in shown(relay.port, "two.test"), "two by name")
        check("one.test" in shown(relay.port, "elsewhere.test"), "the first for the others")
        check(any(pfx in line and "expires in" in line for line in relay.json("status")["warnings"]), "the warning in status")
        check(re.search(r"certificate.*two\.pfx.*expires in (19|20) days", relay.read_log()), "the event before the end")
        check(pair[0] not in "".join(relay.json("status")["warnings"]), "no warning of what is good for long")
        # Renewed while a session is open.
        context = ssl._create_unverified_context()
        with socket.create_connection(("127.0.0.1", relay.port), 20) as plain:
            plain.recv(1000)
            for line in (b"EHLO a\r\n", b"STARTTLS\r\n"):
                plain.sendall(line)
                plain.recv(4000)
            with context.wrap_socket(plain) as session:
                before = shown(relay.port, "one.test")
                make("one.test", 300, one)
                wait_for(lambda: shown(relay.port, "one.test") != before, 20, "the new certificate")
                session.sendall(b"NOOP\r\n")
                check(session.recv(1000).startswith(b"250"), "the session of before goes on")
        # What cannot be used is told, and the former one stays.
        after = shown(relay.port, "one.test")
        with open(pair[0], "w", encoding="utf-8") as file:
            file.write("half a certif")
        wait_for(lambda: "the former one stays in use" in relay.read_log(), 20, "the event")
        equal(shown(relay.port, "one.test"), after, "the former certificate")


@case("tls in: a key that everybody can read is refused with the command that mends it; a wrong password is told")
def _():
    folder = temp("open")
    cert, key = make("open.test", 100, folder)
    os.chmod(key, 0o644)
    relay = Relay(listener=f"tls = may\ncertificate-file = {cert}\nkey-file = {key}")
    relay.launch()
    check(relay.process.wait(20) != 0, "the relay starts with an open key")
    relay.process = None
    command = re.search(r"run as administrator: (chmod 600 \S+)", relay.read_log())
    check(command and command[1] == f"chmod 600 {key}", f"the command: {relay.read_log()[-300:]}")
    equal(run("sh", "-c", command[1]).returncode, 0, "the command")
    with relay:
        check("open.test" in shown(relay.port), "the certificate")
        relay.write(listener="tls = may\ncertificates = p", extra=f"[certificate p]\ncertificate-file = {certificate()[0]}\nkey-file = {key}\n")
        relay.hangup("not applied")
        check("does not belong" in relay.read_log(), "a key of another certificate")
        check("open.test" in shown(relay.port), "the former certificate stays")

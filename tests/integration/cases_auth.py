# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logins: users, every way devices log in, guesses and bans."""
import base64
import hashlib
import hmac
import os
import re
import smtplib
import socket
import ssl
import stat
import threading
import time

from harness import Raw, Relay, case, certificate, check, clrelay, equal, need, run, submit, wait_for

PASSWORD = "gk7p-Mz42q"
NO_CHECK = ssl._create_unverified_context()


def b64(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def with_user(*, login="printer", password=PASSWORD, **options):
    """A relay with one user, who was added before its start."""
    relay = Relay(**options)
    result = run(clrelay(), "--config", relay.conf, "user", "add", login, data=password.encode() + b"\n")
    equal(result.returncode, 0, f"user add: {result.stderr.decode()}")
    return relay


class Secure(Raw):
    """A client without manners, inside TLS."""

    def __init__(self, port, version=None):
        context = ssl._create_unverified_context()
        if version:
            context.maximum_version = version
        super().__init__(port)
        self.reply()
        self.ask("EHLO client.test")
        check(self.ask("STARTTLS").startswith("220"), "STARTTLS")
        self.sock = context.wrap_socket(self.sock)
        self.file = self.sock.makefile("rb")
        self.offers = self.ask("EHLO client.test")


def try_login(port, login, password):
    with Secure(port) as raw:
        return raw.ask("AUTH PLAIN " + b64(f"\0{login}\0{password}"))


@case("auth: PLAIN and LOGIN in every way devices say them")
def _():
    user, password = b64("printer"), b64(PASSWORD)
    ways = [["AUTH PLAIN " + b64(f"\0printer\0{PASSWORD}")],
            ["auth plain " + b64(f"printer\0PRINTER\0{PASSWORD}")],
            ["AUTH PLAIN", b64(f"\0printer\0{PASSWORD}")],
            ["AUTH LOGIN", user, password],
            ["auth login", user, password],
            ["AUTH LOGIN " + user, password],
            ["AUTH LOGIN =", user, password],
            ["AUTH LOGIN", b64("printer\0"), b64(PASSWORD + "\0")]]
    with with_user(devices="") as relay:
        for way in ways:
            with Secure(relay.port) as raw:
                check("AUTH " in raw.offers and "PLAIN LOGIN" in raw.offers, raw.offers)
                for line in way[:-1]:
                    reply = raw.ask(line)
                    check(reply.startswith("334"), f"{way}: {line}: {reply}")
                    if "login" in way[0].lower():
                        check(reply in ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"), f"the prompt is {reply}")
                reply = raw.ask(way[-1])
                check(reply.startswith("235 2.7.0"), f"{way}: {reply}")
                check("AUTH" not in raw.ask("EHLO again"), "AUTH is offered to somebody who is logged in")
                check(raw.ask(way[0]).startswith("503"), "a second AUTH")


@case("auth: a wrong password, no such user, what is malformed, in clear, too often")
def _():
    with with_user(devices="", extra="[users]\nguesses = 0\n") as relay:
        for login, password in (("printer", "wrong"), ("nobody", PASSWORD), ("", ""), ("printer", ""), ("x" * 300, "y" * 3000)):
            with Secure(relay.port) as raw:
                raw.ask("AUTH PLAIN")
                reply = raw.ask(b64(f"\0{login}\0{password}"))
                check(reply.startswith("535 5.7.8"), f"{login[:20]}: {reply}")
            time.sleep(0.1)
        with Raw(relay.port) as raw:
            raw.reply()
            check("AUTH" not in raw.ask("EHLO client.test"), "AUTH is offered in clear")
            check(raw.ask("AUTH LOGIN").startswith("538 5.7.11"), "AUTH in clear")
        with Secure(relay.port) as raw:
            replies = [raw.ask("AUTH PLAIN !!!")[:9], raw.ask("AUTH KERBEROS_V4")[:9]]
            raw.ask("AUTH LOGIN")
            replies += [raw.ask("*")[:9], raw.ask("AUTH PLAIN " + b64("\0printer\0no"))[:9]]
            equal(replies, ["501 5.5.2", "504 5.5.4", "501 5.7.0", "421 4.7.0"], "replies")
            equal(raw.reply(), "", "what came after 421")


@case("users: added, changed and removed while the relay runs; passwords for panels; what is kept")
def _():
    with Relay(devices="") as relay:
        with Secure(relay.port) as raw:
            check("AUTH" not in raw.offers, "AUTH is offered without users")
        relay.cli("user", "add", "scanner@office", data=b"first-one\n")
        check(try_login(relay.port, "Scanner@Office", "first-one").startswith("235"), "the first password")
        relay.cli("user", "add", "scanner@office", data=b"x\n", expect=None)
        password = relay.cli("user", "passwd", "scanner@office", "--generate").strip()
        check(re.fullmatch(r"[abcdefghjkmnpqrstuvwxyz2-9]{12}", password), password)
        check(try_login(relay.port, "scanner@office", "first-one").startswith("535"), "the former password still counts")
        check(try_login(relay.port, "scanner@office", password).startswith("235"), "the new password")
        equal([u["login"] for u in relay.json("user", "list")], ["scanner@office"], "users")
        path = os.path.join(relay.state, "users", "list")
        equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode of the users file")
        with open(path, encoding="ascii") as file:
            text = file.read()
        check("SCRAM-SHA-256$" in text and password not in text and b64(password) not in text, text)
        check(password not in relay.read_log(), "the password is in the log")
        relay.cli("user", "remove", "scanner@office")
        check(try_login(relay.port, "scanner@office", password).startswith("5"), "a removed user logs in")
        relay.cli("user", "remove", "scanner@office", expect=3)
        relay.cli("user", "passwd", "nobody", "--generate", expect=3)
        for bad in ("", "a b", "x" * 101, "ü"):
            relay.cli("user", "add", bad, "--generate", expect=None)
        equal(relay.json("user", "list"), [], "users")


@case("auth: the device is found by its login; before it, RCPT is told 530")
def _():
    with with_user(devices="[device printer]\nlogins = printer\n") as relay:
        with Secure(relay.port) as raw:
            raw.ask("MAIL FROM:<a@internal.test>")
            check(raw.ask("RCPT TO:<b@example.test>").startswith("530 5.7.0"), "RCPT without a login")
        with relay.client() as smtp:
            smtp.starttls(context=NO_CHECK)
            smtp.login("printer", PASSWORD)
            submit(smtp, b"Subject: scan\r\n\r\nscan\r\n")
        wait_for(relay.captured, 10, "delivery")
        check(b"with ESMTPSA" in list(relay.captured().values())[0], "the Received field does not say ESMTPSA")


@case("auth: in clear, and the old spelling AUTH=, only for a device that is set so")
def _():
    with with_user(devices="[device old]\nnetworks = 127.0.0.1\nquirks = auth-in-clear\n") as relay, Raw(relay.port) as raw:
        raw.reply()
        offers = raw.ask("EHLO old")
        check("AUTH SCRAM-SHA-256 PLAIN LOGIN" in offers and "AUTH=LOGIN PLAIN" in offers, offers)
        check(raw.ask("AUTH PLAIN " + b64(f"\0printer\0{PASSWORD}")).startswith("235"), "AUTH in clear")


def greeting(port):
    with Raw(port) as raw:
        return raw.reply()


@case("ban: too many wrong passwords; it outlives a restart, until it is lifted, for good")
def _():
    with with_user(devices="", extra="[users]\nguesses = 3\n") as relay:
        for password in ("one", "two", "three"):
            check(try_login(relay.port, "printer", password).startswith("535"), f"{password} is taken")
        wait_for(lambda: len(relay.json("ban", "list")) == 2, 10, "bans of address and login")
        banned = relay.json("ban", "list")
        equal([b["subject"] for b in banned], ["address 127.0.0.1", "login printer"], "who is banned")
        equal(greeting(relay.port), "421 4.7.0 too many wrong passwords from your address, try again later", "what a banned client hears")
        relay.stop()
        relay.start()
        equal([(b["subject"], b["until"], b["bans"]) for b in relay.json("ban", "list")],
              [(b["subject"], b["until"], b["bans"]) for b in banned], "bans after the restart")
        check(greeting(relay.port).startswith("421 4.7.0"), "the restart has lifted the ban")
        relay.cli("ban", "lift", "127.0.0.1")
        relay.cli("ban", "lift", "printer")
        relay.cli("ban", "lift", "printer", expect=3)
        check(try_login(relay.port, "printer", PASSWORD).startswith("235"), "lifted, but not let in")
        relay.stop()
        relay.start()
        equal(relay.json("ban", "list"), [], "bans after they were lifted and a restart")
        check(try_login(relay.port, "printer", PASSWORD).startswith("235"), "a lifted ban is back")


MAIL = b"From: a@internal.test\nTo: b@example.test\nSubject: from a client with a login\n\nHello.\n"


def hand_in(*words, data=None, taken=True):
    """A client of others sends one message. Returns: what it said."""
    result = run(*words, data=data)
    out = (result.stdout + result.stderr).decode(errors="replace")
    check((result.returncode == 0) == taken, f"{words[0]}: exit status {result.returncode}: {out[-800:]}")
    return out


@case("auth: swaks by PLAIN and LOGIN, right and wrong")
def _():
    swaks = need("swaks")
    with with_user(devices="[device clients]\nlogins = printer\n") as relay:
        words = (swaks, "--server", "127.0.0.1", "--port", relay.port, "--from", "a@internal.test", "--to", "b@example.test", "--tls")
        login = ("--auth-user", "printer", "--auth-password")
        for mechanism in ("PLAIN", "LOGIN"):
            check(" 235 2.7.0" in hand_in(*words, "--auth", mechanism, *login, PASSWORD), mechanism)
            check(" 535 5.7.8" in hand_in(*words, "--auth", mechanism, *login, "wrong " + mechanism, taken=False), f"{mechanism}, wrong")
        check(" 530 5.7.0" in hand_in(*words, taken=False), "without a login")
        wait_for(lambda: len(relay.captured()) == 2, 20, "two messages")
        for content in relay.captured().values():
            check(b"with ESMTPSA" in content, "the Received field does not say ESMTPSA")


@case("auth: msmtp by PLAIN, LOGIN and SCRAM-SHA-256")
def _():
    msmtp = need("msmtp")
    with with_user(devices="[device clients]\nlogins = printer\n") as relay:
        words = (msmtp, "--host=127.0.0.1", f"--port={relay.port}", "--tls=on", "--tls-starttls=on", "--tls-certcheck=off", "--user=printer",
                 "--from=a@internal.test", "--domain=client.test", "b@example.test")
        mechanisms = ["plain", "login"]
        # Whether it can SCRAM hangs on how it was built.
        if "scram-sha-256" in run(msmtp, "--version").stdout.decode().lower():
            mechanisms.append("scram-sha-256")
        for mechanism in mechanisms:
            hand_in(words[0], f"--auth={mechanism}", f"--passwordeval=echo {PASSWORD}", *words[1:], data=MAIL)
        hand_in(words[0], "--auth=plain", "--passwordeval=echo wrong", *words[1:], data=MAIL, taken=False)
        wait_for(lambda: len(relay.captured()) == len(mechanisms), 20, "the messages")


@case("auth: curl by each mechanism it picks, with and without an initial response")
def _():
    curl = need("curl")
    with with_user(devices="[device clients]\nlogins = printer\n") as relay:
        words = (curl, "-sSv", "--max-time", "20", "--ssl-reqd", "--insecure", "--url", f"smtp://127.0.0.1:{relay.port}/client.test",
                 "--mail-from", "a@internal.test", "--mail-rcpt", "b@example.test", "-T", "-")
        ways = [("--login-options", f"AUTH={name}", *more) for name in ("PLAIN", "LOGIN") for more in ((), ("--sasl-ir",))]
        for way in (*ways, ()):
            check("< 235 2.7.0" in hand_in(*words, *way, "--user", "printer:" + PASSWORD, data=MAIL.replace(b"\n", b"\r\n")), f"{way}")
        # 67: curl's word for a login that was refused
        equal(run(*words, "--user", "printer:wrong", data=MAIL).returncode, 67, "curl's exit status with a wrong password")
        wait_for(lambda: len(relay.captured()) == len(ways) + 1, 20, "the messages")


def hmac256(key, text):
    return hmac.digest(key, text, "sha256")


def scram(raw, password, *, mechanism="SCRAM-SHA-256", header=b"n,,", binding=b"", login="printer"):
    """RFC 5802 section 3 as a client. Returns: the last reply, and whether the server has proved itself."""
    nonce = b64(os.urandom(18))
    bare = f"n={login},r={nonce}".encode()
    first = raw.ask(f"AUTH {mechanism} {b64(header + bare)}")
    if not first.startswith("334 "):
        return first, False
    said = base64.b64decode(first[4:])
    fields = dict(field.split("=", 1) for field in said.decode().split(","))
    check(fields["r"].startswith(nonce) and len(fields["r"]) > len(nonce) + 10, "the server's nonce")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
    final = f"c={b64(header + binding)},r={fields['r']}".encode()
    whole = b",".join((bare, said, final))
    key = hmac256(salted, b"Client Key")
    signature = hmac256(hashlib.sha256(key).digest(), whole)
    proof = bytes(a ^ b for a, b in zip(key, signature))
    reply = raw.ask(b64(final + b",p=" + base64.b64encode(proof)))
    if not reply.startswith("334 "):
        return reply, False
    proved = base64.b64decode(reply[4:]) == b"v=" + base64.b64encode(hmac256(hmac256(salted, b"Server Key"), whole))
    return raw.ask(""), proved


@case("auth: SCRAM-SHA-256: both sides prove themselves; wrong passwords and unknown logins look the same")
def _():
    with with_user(devices="", extra="[users]\nguesses = 0\n") as relay:
        with Secure(relay.port) as raw:
            reply, proved = scram(raw, PASSWORD)
            check(reply.startswith("235 2.7.0") and proved, f"{reply}, proved: {proved}")
        replies = set()
        for login, password in (("printer", "wrong"), ("nobody", PASSWORD)):
            with Secure(relay.port) as raw:
                replies.add(scram(raw, password, login=login))
        check(len(replies) == 1 and replies.pop()[0].startswith("535 5.7.8"), "the replies tell who exists")


@case("auth: SCRAM-SHA-256-PLUS is bound to the TLS connection: another one's binding, or a stripped offer, is refused")
def _():
    with with_user(devices="", extra="[users]\nguesses = 0\n") as relay:
        def attempt(header, binding, mechanism="SCRAM-SHA-256-PLUS"):
            with Secure(relay.port, version=ssl.TLSVersion.TLSv1_2) as raw:
                check("SCRAM-SHA-256-PLUS" in raw.offers, raw.offers)
                own = raw.sock.get_channel_binding("tls-unique")
                return scram(raw, PASSWORD, mechanism=mechanism, header=header, binding=own if binding is None else binding)

        reply, proved = attempt(b"p=tls-unique,,", None)
        check(reply.startswith("235 2.7.0") and proved, f"{reply}, proved: {proved}")
        check(attempt(b"p=tls-unique,,", bytes(12))[0].startswith("535"), "the binding of another connection is taken")
        # RFC 5802 section 6: "y" says that the server has not offered it; it has, so somebody has cut it out.
        check(attempt(b"y,,", b"", "SCRAM-SHA-256")[0].startswith("535"), "a stripped offer is not noticed")
    with with_user(devices="[device old]\nnetworks = 127.0.0.1\nquirks = auth-in-clear\n") as relay, Raw(relay.port) as raw:
        raw.reply()
        raw.ask("EHLO old")
        check(scram(raw, PASSWORD, header=b"y,,")[0].startswith("235"), "in clear nothing was offered that could be cut out")


@case("auth: CRAM-MD5 is for devices set so, and users whose password may be read")
def _():
    with Relay(devices="[device old]\nnetworks = 127.0.0.1\nquirks = cram-md5\n", extra="[users]\nguesses = 0\n") as relay:
        relay.cli("user", "add", "camera", "--cram-md5", data=PASSWORD.encode() + b"\n")
        relay.cli("user", "add", "printer", data=PASSWORD.encode() + b"\n")

        def attempt(login, password):
            with Secure(relay.port) as raw:
                check("CRAM-MD5" in raw.offers, raw.offers)
                challenge = raw.ask("AUTH CRAM-MD5")
                check(challenge.startswith("334 "), challenge)
                return raw.ask(b64(f"{login} {hmac.new(password.encode(), base64.b64decode(challenge[4:]), 'md5').hexdigest()}"))

        check(attempt("camera", PASSWORD).startswith("235 2.7.0"), "the right password")
        check(attempt("camera", "wrong").startswith("535 5.7.8"), "a wrong password")
        check(attempt("printer", PASSWORD).startswith("535 5.7.8"), "a user without")

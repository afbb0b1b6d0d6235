# SPDX-License-Identifier: LGPL-2.1-or-later
"""OAuth out: tokens had, renewed, refused and broken; the queue waits meanwhile and loses nothing."""
import os
import subprocess
import threading
import time
import urllib.error
import urllib.request

import harness
from harness import Relay, Sink, case, certificate, check, clrelay, equal, run, wait_for
from token_server import Provider, Refused, mail_login

USER = "sender@mail.test"


def smarthost(sink, more=""):
    return (f"[smarthost mail]\nhosts = 127.0.0.1:{sink.port}\ntls = encrypt\nauth = oauth\noauth = acc\nuser = {USER}\n{more}\n"
            "[route default]\nvia = smarthost:mail\n")


def mail_server(provider, auth="PLAIN LOGIN XOAUTH2", **options):
    return Sink(tls=certificate(), auth=auth, login=mail_login(provider, USER, **options))


def relay_for(sink, provider, grant="client-secret", more="", hop="", **options):
    relay = Relay(smarthost(sink, hop), extra=provider.settings(grant, more=more), **options)
    keep_secret(relay, "app-secret", provider.secret)
    return relay


def keep_secret(relay, name, secret):
    folder = os.path.join(relay.state, "secrets")
    os.makedirs(folder, 0o700, exist_ok=True)
    with open(os.path.join(folder, name), "w", encoding="ascii") as file:
        file.write(secret)


def account(relay):
    return relay.json("oauth", "list")["accounts"][0]


def wait_state(relay, state, timeout=15):
    return wait_for(lambda: account(relay) if account(relay)["state"] == state else None, timeout, f"the account's state {state}")


def no_secrets(relay, provider, *more):
    """No token stands in the log, nor leaves by the API."""
    texts = relay.read_log() + relay.cli("oauth", "list", "--json") + relay.cli("status", "--json") + relay.cli("queue", "list", "--json")
    for word in (*provider.tokens, *provider.refresh, provider.secret, *more):
        check(word not in texts, f"{word} is told")


@case("oauth: client credentials, XOAUTH2, the token kept for many messages")
def _():
    with Provider() as provider, mail_server(provider) as sink, relay_for(sink, provider) as relay:
        for _ in range(3):
            relay.send(sender=USER)
        sink.wait(3)
        equal([m.user for m in sink.mails], [USER] * 3, "who sent")
        equal(provider.wrong, [], "what the provider found wrong")
        equal(len(provider.requests), 1, "requests for a token")
        equal(account(relay)["state"], "good", "the account")
        no_secrets(relay, provider)


@case("oauth: OAUTHBEARER where it is offered (RFC 7628)")
def _():
    with Provider() as provider, mail_server(provider, "XOAUTH2 OAUTHBEARER", mechanism="OAUTHBEARER") as sink, \
            relay_for(sink, provider) as relay:
        relay.send(sender=USER)
        sink.wait()
        equal(provider.wrong, [], "what was found wrong")


@case("oauth: client credentials with a certificate (RFC 7523)")
def _():
    folder = harness.temp("assertion")
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    made = run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=relay", "-keyout", key, "-out", cert)
    check(made.returncode == 0, made.stderr.decode())
    try:
        import cryptography  # noqa: F401
    except ImportError:
        raise harness.Skip("cryptography is not installed") from None
    with Provider(certificate=cert) as provider, mail_server(provider) as sink, \
            relay_for(sink, provider, "client-certificate", f"certificate-file = {cert}\nkey-file = {key}") as relay:
        relay.send(sender=USER)
        sink.wait()
        equal(provider.wrong, [], "what the provider found wrong")
        relay.cli("oauth", "renew", "acc")
        wait_for(lambda: len(provider.requests) == 2, what="the second request")
        equal(provider.wrong, [], "what the provider found wrong the second time")


def login(relay, *words):
    """clrelay oauth login in the background: (process, the first line with an address)."""
    process = subprocess.Popen([clrelay(), "--socket", relay.socket, "oauth", "login", "acc", *words], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if "http" in line:
            return process, line.strip()
    raise AssertionError(f"no address; exit status {process.wait(5)}")


def fetch(url):
    try:
        with urllib.request.urlopen(url.replace("localhost", "127.0.0.1"), timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as problem:
        return problem.code


@case("oauth: a person logs in by the authorization code, PKCE and state are checked; refresh tokens rotate and outlive a restart")
def _():
    with Provider(expires=4) as provider, mail_server(provider) as sink, relay_for(sink, provider, "authorization-code") as relay:
        identity = relay.send(sender=USER)
        waiting = wait_state(relay, "waiting")
        check("clrelay oauth login acc" in waiting["problem"], waiting["problem"])
        process, url = login(relay)
        back = provider.person(url)
        equal(fetch(back.replace("state=", "state=x")), 400, "a redirect with a wrong state")
        equal(fetch(back.split("?")[0]), 400, "a redirect without anything")
        equal(fetch(back), 200, "the redirect")
        equal(process.wait(15), 0, "exit status of the login")
        sink.wait()
        equal(relay.states(identity) if relay.queue() else {}, {}, "the queue")
        equal(fetch(back), 400, "the redirect once more")
        wait_for(lambda: any(r.get("grant_type") == "refresh_token" for r in provider.requests), 10, "a renewal")
        equal(provider.wrong, [], "what the provider found wrong")
        path = os.path.join(relay.state, "secrets", "oauth-acc")
        equal(os.stat(path).st_mode & 0o777, 0o600, "mode of the refresh token")
        no_secrets(relay, provider, *provider.refresh)
        relay.stop()
        relay.start()
        relay.send(sender=USER)
        sink.wait(2)
        equal(provider.wrong, [], "what the provider found wrong")


@case("oauth: the browser is elsewhere, its address is pasted; consent refused is told")
def _():
    with Provider() as provider, mail_server(provider) as sink, relay_for(sink, provider, "authorization-code") as relay:
        process, url = login(relay)
        relay.cli("oauth", "answer", "acc", data=b"http://localhost:1/?code=a&state=b\n", expect=1)
        state = url.split("state=")[1].split("&")[0]
        denied = f"http://localhost:1/?error=access_denied&error_description=AADSTS65004%3A+User+declined&state={state}\n"
        relay.cli("oauth", "answer", "acc", data=denied.encode())
        equal(process.wait(15), 1, "exit status of the refused login")
        process, url = login(relay)
        relay.cli("oauth", "answer", "acc", data=(provider.person(url) + "\n").encode())
        equal(process.wait(15), 0, "exit status of the login")
        equal(provider.wrong, [], "what the provider found wrong")
        relay.send(sender=USER)
        sink.wait()


@case("oauth: device code, asked no faster than told")
def _():
    with Provider() as provider, mail_server(provider) as sink, relay_for(sink, provider, "device-code") as relay:
        provider.interval = 2
        process, line = login(relay)
        check("WDJB-MJHT" in line, line)
        wait_for(lambda: sum("device_code" in r for r in provider.requests) >= 1, what="a question")
        for device in provider.devices.values():
            device["done"] = True
        equal(process.wait(20), 0, "exit status of the login")
        equal(provider.wrong, [], "what the provider found wrong")
        relay.send(sender=USER)
        sink.wait()


@case("oauth: a login that nobody ends is over in time")
def _():
    with Provider() as provider, mail_server(provider) as sink, \
            relay_for(sink, provider, "authorization-code", "login-timeout = 5s") as relay:
        process, _ = login(relay)
        start = time.monotonic()
        equal(process.wait(20), 1, "exit status")
        check(time.monotonic() - start < 12, "it took too long")


@case("oauth: tokens are renewed ahead of their end, one request at a time")
def _():
    with Provider(expires=4) as provider, mail_server(provider) as sink, relay_for(sink, provider, hop="idle-time = 0s") as relay:
        provider.script = []
        end = time.monotonic() + 10
        while time.monotonic() < end:
            relay.send(sender=USER)
            time.sleep(0.25)
        relay.wait_empty()
        check(len(provider.requests) >= 3, f"{len(provider.requests)} requests")
        equal(provider.most_at_once, 1, "requests at a time")
        equal(provider.wrong, [], "what was found wrong: no token was used beyond its end")
        check("AUTH" in " ".join(sink.commands), "logins")


@case("oauth: an expired secret: mail waits, nothing is lost, status says what to do; it flows when the secret is right")
def _():
    with Provider() as provider, mail_server(provider) as sink, \
            relay_for(sink, provider, queue="lifetime = 1s\nretry-first = 1s") as relay:
        provider.secret = "new-one"
        relay.cli("oauth", "renew", "acc")
        wait_for(lambda: "problem" in account(relay), what="the problem")
        relay.stop()
        relay.start()
        wait_state(relay, "waiting")
        identities = [relay.send(sender=USER) for _ in range(3)]
        time.sleep(3)  # beyond the lifetime of mail
        for identity in identities:
            equal(relay.states(identity), {"b@example.test": "waiting"}, "the message")
        shown = relay.show(identities[0])
        check("clrelay secret set" in shown["recipients"][0]["reply"], str(shown["recipients"]))
        equal(shown["recipients"][0]["attempts"], 0, "attempts")
        check("oauth acc: mail waits" in relay.cli("status"), relay.cli("status"))
        check("AADSTS7000215" in relay.read_log(), "the event")
        equal(relay.read_log().count("oauth acc: no new token"), 2, "events: one a start")
        equal(sink.connections, 0, "connections to the mail server")
        relay.cli("secret", "set", "app-secret", data=b"new-one\n")
        sink.wait(3)
        relay.wait_empty()
        check("tokens are given again" in relay.read_log(), "the event that it is back")
        check("warnings" not in relay.json("status") or relay.json("status")["warnings"] == [], "warnings are gone")


@case("oauth: a revoked token is renewed once and mail flows; nothing bounces")
def _():
    with Provider() as provider, mail_server(provider) as sink, relay_for(sink, provider, hop="idle-time = 0s") as relay:
        relay.send(sender=USER)
        sink.wait()
        provider.revoke()
        relay.send(sender=USER)
        sink.wait(2)
        equal(len(provider.requests), 2, "requests for a token")
        equal(provider.wrong, [], "what was found wrong")
        check("failed" not in relay.read_log() and "no new token" not in relay.read_log(), relay.read_log()[-600:])


@case("oauth: a mail server that refuses fresh tokens is told with advice; mail waits, and the relay does not hammer")
def _():
    refusal = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."
    with Provider() as provider, mail_server(provider, refusal=refusal) as sink, relay_for(sink, provider, queue="lifetime = 1s") as relay:
        good = provider.is_good
        provider.is_good = lambda token: False
        identity = relay.send(sender=USER)
        waiting = wait_state(relay, "waiting")
        check("Set-CASMailbox" in waiting["problem"], waiting["problem"])
        time.sleep(3)
        equal(relay.states(identity), {"b@example.test": "waiting"}, "the message")
        check(len(provider.requests) <= 2, f"{len(provider.requests)} requests")
        check(sink.connections <= 4, f"{sink.connections} connections")
        provider.is_good = good
        relay.cli("oauth", "renew", "acc")
        sink.wait()
        relay.wait_empty()
        equal(provider.wrong, [], "what was found wrong")


@case("oauth: slow, broken, oversized and hostile answers of the provider")
def _():
    hostile = [
        (200, b""), (200, b"{"), (200, b"[" * 100000), (200, b"null"), (200, b"[1]"), (500, b"<html>oops</html>"), (302, b""),
        (200, b'{"access_token": 7, "token_type": "Bearer"}'), (200, b'{"access_token": "", "token_type": "Bearer"}'),
        (200, b'{"access_token": "a\\u0001auth=Bearer b", "token_type": "Bearer"}'),
        (200, b'{"access_token": "a\\r\\nQUIT", "token_type": "Bearer"}'),
        (200, b'{"access_token": "' + b"x" * 9000 + b'", "token_type": "Bearer"}'),
        (200, b'{"access_token": "x", "token_type": "mac"}'), (200, b'{"access_token": "x\\u0000y", "token_type": "Bearer"}'),
        (200, b" " * 3_000_000), (200, b'\xff\xfe{"access_token": "x"}'), (400, b'{"error": {"a": 1}}'),
        (400, b'{"error": "\\u001b[31mred", "error_description": "' + b"y" * 5000 + b'"}'),
        (200, b'{"error": "invalid_grant", "access_token": "x", "token_type": "Bearer"}'),
    ]
    with Provider() as provider, mail_server(provider) as sink, relay_for(sink, provider, more="timeout = 2s") as relay:
        wait_state(relay, "good")
        for answer in hostile:
            before = len(provider.requests)
            provider.script = [answer]
            relay.cli("oauth", "renew", "acc")
            wait_for(lambda b=before: len(provider.requests) > b, what="the request")
            wait_for(lambda: "problem" in account(relay), what=f"a problem with {answer[1][:40]}")
            equal(account(relay)["state"], "good", f"the former token after {answer[1][:40]}")
            relay.cli("oauth", "renew", "acc")
            wait_for(lambda: "problem" not in account(relay), what=f"a good token again after {answer[1][:40]}")
        provider.script = [4]
        relay.cli("oauth", "renew", "acc")
        wait_for(lambda: "within 2 seconds" in account(relay).get("problem", ""), 10, "the time-out")
        relay.send(sender=USER)
        sink.wait()
        check("\x1b" not in relay.read_log(), "control characters in the log")
        equal(provider.wrong, [], "what was found wrong")


@case("oauth: a provider that cannot be reached at the start: mail waits and flows by itself")
def _():
    with Provider() as provider, mail_server(provider) as sink, relay_for(sink, provider, queue="lifetime = 1s") as relay:
        relay.stop()
        provider.script = [Refused("temporarily_unavailable", status=503), (502, b"bad gateway")]
        relay.start()
        relay.send(sender=USER)
        sink.wait(1, 40)
        equal(provider.wrong, [], "what was found wrong")


@case("oauth: through an HTTP proxy")
def _():
    with Provider() as provider, mail_server(provider) as sink:
        seen = []

        def proxy(port, target):
            import socket
            listener = socket.create_server(("127.0.0.1", port))
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                head = client.recv(65536)
                seen.append(head.split(b"\r\n")[0])
                while b"\r\n\r\n" not in head:
                    head += client.recv(65536)
                line, rest = head.split(b"\r\n", 1)
                path = line.split(b" ")[1].split(b"/", 3)[3]
                server = socket.create_connection(("127.0.0.1", target))
                server.sendall(b"POST /" + path + b" HTTP/1.1\r\nConnection: close\r\n" + rest)
                server.settimeout(3)
                if not rest.split(b"\r\n\r\n", 1)[1]:
                    server.sendall(client.recv(65536))
                with_all = b""
                while piece := server.recv(65536):
                    with_all += piece
                client.sendall(with_all)
                client.close()

        port = harness.free_port()
        threading.Thread(target=proxy, args=(port, provider.port), daemon=True).start()
        with relay_for(sink, provider, more=f"proxy = http://127.0.0.1:{port}") as relay:
            relay.send(sender=USER)
            sink.wait()
            check(seen and seen[0].startswith(f"POST {provider.url}/token ".encode()), f"what the proxy saw: {seen}")


@case("oauth: settings that would not work are refused with the reason")
def _():
    with Provider() as provider, mail_server(provider) as sink:
        for text, wanted in [
            (smarthost(sink).replace("tls = encrypt", "tls = may"), "a token is never"),
            (smarthost(sink).replace("oauth = acc", "oauth = other"), "there is no [oauth other]"),
            (smarthost(sink).replace(f"user = {USER}\n", ""), "needs the setting user"),
            (smarthost(sink, "preset = nobody"), "there is no preset"),
        ]:
            relay = Relay(text, extra=provider.settings())
            result = run(clrelay(), "config", "check", "--config", relay.conf)
            check(result.returncode == 4 and wanted in result.stderr.decode() + result.stdout.decode(),
                  f"{wanted}: {result.returncode} {result.stderr.decode()}")

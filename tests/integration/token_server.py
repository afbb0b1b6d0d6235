# SPDX-License-Identifier: LGPL-2.1-or-later
"""A strict provider of OAuth tokens on loopback, and the login of a mail server that takes them."""
import base64
import hashlib
import http.server
import json
import threading
import time
import urllib.parse

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Refused(Exception):
    def __init__(self, error, description="", status=400):
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


def unbase64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Provider:
    """RFC 6749, 7636, 8628, 7523 to the letter: what does not fit is noted in .wrong, and refused. script: a list of answers that
    come first, each (status, octets), a number of seconds to wait, or an exception Refused."""

    def __init__(self, client="app-1", secret="s3cret&=+", expires=3600, scope="https://mail.test/.default", certificate=None):
        self.client, self.secret, self.expires, self.scope, self.certificate = client, secret, expires, scope, certificate
        self.script, self.wrong, self.requests, self.paths = [], [], [], []
        self.tokens, self.refresh, self.codes, self.devices = {}, {}, {}, {}
        self.number, self.lock, self.most_at_once, self.at_once = 0, threading.Lock(), 0, 0
        self.interval, self.jtis = 1, set()
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                provider.serve(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a client that goes away
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def settings(self, grant="client-secret", name="acc", more=""):
        secret = "client-secret = app-secret\n" if grant == "client-secret" else ""
        return (f"[oauth {name}]\ngrant = {grant}\nclient-id = {self.client}\n{secret}token-url = {self.url}/token\n"
                f"authorization-url = {self.url}/authorize\ndevice-url = {self.url}/device\n"
                f"application-scope = {self.scope}\nscope = {self.scope} offline_access\n{more}\n")

    def need(self, condition, what):
        if not condition:
            self.wrong.append(what)
            raise Refused("invalid_request", what)

    def serve(self, request):
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            status, body, kind = self.answer(request)
            request.send_response(status)
            request.send_header("Content-Type", kind)
            request.send_header("Content-Length", str(len(body)))
            request.send_header("Cache-Control", "no-store")
            request.end_headers()
            request.wfile.write(body)
        except OSError:
            pass
        finally:
            with self.lock:
                self.at_once -= 1

    def answer(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        self.paths.append(request.path)
        try:
            self.need(request.headers.get("Content-Type") == "application/x-www-form-urlencoded", "Content-Type of a form")
            pairs = urllib.parse.parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
            form = dict(pairs)
            self.need(len(form) == len(pairs), "a parameter stands twice")
            self.requests.append(form)
            while self.script:
                step = self.script.pop(0)
                if isinstance(step, (int, float)):
                    time.sleep(step)
                    continue
                if isinstance(step, Refused):
                    raise step
                return (*step, "application/json")
            path = urllib.parse.urlsplit(request.path).path
            self.check_client(form)
            answer = self.give_device(form) if path == "/device" else self.give_token(form, path)
            return 200, json.dumps(answer).encode(), "application/json; charset=utf-8"
        except Refused as refusal:
            text = json.dumps({"error": refusal.error, "error_description": refusal.description})
            return refusal.status, text.encode(), "application/json"

    def check_client(self, form):
        self.need(form.get("client_id") == self.client, "client_id")
        if form.get("grant_type") != "client_credentials":
            return
        if self.certificate:
            self.check_assertion(form)
        elif form.get("client_secret") != self.secret:
            raise Refused("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401)

    def check_assertion(self, form):
        """RFC 7523 section 3, checked with another library than the relay's."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding
        self.need(form.get("client_assertion_type") == ASSERTION, "client_assertion_type")
        self.need("client_secret" not in form, "an assertion and a secret")
        head, claims, signature = form["client_assertion"].split(".")
        with open(self.certificate, "rb") as file:
            certificate = x509.load_pem_x509_certificate(file.read())
        certificate.public_key().verify(unbase64url(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
        head, claims = json.loads(unbase64url(head)), json.loads(unbase64url(claims))
        self.need(head["alg"] == "RS256" and head["typ"] == "JWT", "alg, typ")
        self.need(unbase64url(head["x5t"]) == certificate.fingerprint(hashes.SHA1()), "x5t")
        self.need(unbase64url(head["x5t#S256"]) == certificate.fingerprint(hashes.SHA256()), "x5t#S256")
        self.need(claims["aud"] == f"{self.url}/token", "aud")
        self.need(claims["iss"] == claims["sub"] == self.client, "iss, sub")
        self.need(claims["nbf"] <= time.time() < claims["exp"] <= time.time() + 600, "nbf, exp")
        self.need(claims["jti"] not in self.jtis, "jti was seen before")
        self.jtis.add(claims["jti"])

    def give_token(self, form, path):
        self.need(path == "/token", "path of the token endpoint")
        grant = form.get("grant_type")
        if grant == "client_credentials":
            self.need(form.get("scope") == self.scope, "scope")
            return self.new_token()
        if grant == "refresh_token":
            self.need(form.get("scope") == f"{self.scope} offline_access", "scope")
            if form.get("refresh_token") not in self.refresh:
                raise Refused("invalid_grant", "AADSTS70008: The refresh token has expired due to inactivity.")
            del self.refresh[form["refresh_token"]]  # each serves once
            return self.new_token(delegated=True)
        if grant == "authorization_code":
            known = self.codes.pop(form.get("code"), None)
            self.need(known, "code")
            verifier = form.get("code_verifier", "")
            self.need(43 <= len(verifier) <= 128, "length of code_verifier")
            digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
            self.need(digest == known["code_challenge"], "code_verifier")
            self.need(form.get("redirect_uri") == known["redirect_uri"], "redirect_uri")
            return self.new_token(delegated=True)
        if grant == DEVICE_GRANT:
            device = self.devices.get(form.get("device_code"))
            self.need(device, "device_code")
            soon = time.monotonic() - device["asked"] < self.interval - 0.1
            device["asked"] = time.monotonic()
            if soon:
                self.wrong.append("asked too soon")
                raise Refused("slow_down")
            if not device["done"]:
                raise Refused("authorization_pending")
            del self.devices[form["device_code"]]
            return self.new_token(delegated=True)
        raise Refused("unsupported_grant_type")

    def new_token(self, delegated=False):
        with self.lock:
            self.number += 1
            token = f"token-{self.number}.{self.client}"
            self.tokens[token] = time.monotonic() + self.expires
            answer = {"token_type": "Bearer", "access_token": token, "expires_in": self.expires}
            if delegated:
                answer["refresh_token"] = f"refresh-{self.number}"
                self.refresh[answer["refresh_token"]] = True
        return answer

    def give_device(self, form):
        self.need(form.get("scope") == f"{self.scope} offline_access", "scope")
        self.number += 1
        code = f"device-{self.number}"
        self.devices[code] = {"done": False, "asked": 0}
        return {"device_code": code, "user_code": "WDJB-MJHT", "verification_uri": f"{self.url}/enter", "expires_in": 60,
                "interval": self.interval}

    def person(self, url):
        """What the login page does with a person who consents: the address to which the browser is led."""
        parts = urllib.parse.urlsplit(url)
        query = dict(urllib.parse.parse_qsl(parts.query, strict_parsing=True))
        self.need(parts.path == "/authorize", "path of the login page")
        self.need(query["response_type"] == "code" and query["client_id"] == self.client, "response_type, client_id")
        self.need(query["code_challenge_method"] == "S256" and len(query["code_challenge"]) == 43, "code_challenge")
        self.need(len(query["state"]) >= 20, "state")
        self.need(query["redirect_uri"].startswith("http://localhost:"), "redirect_uri")
        self.number += 1
        code = f"code/{self.number}+&="
        self.codes[code] = query
        return query["redirect_uri"] + "?" + urllib.parse.urlencode({"code": code, "state": query["state"]})

    def is_good(self, token):
        return self.tokens.get(token, 0) > time.monotonic()

    def revoke(self):
        self.tokens.clear()


def mail_login(provider, user="sender@mail.test", mechanism=None, refusal="535 5.7.3 Authentication unsuccessful"):
    """For Sink(login=...): RFC 7628, and XOAUTH2 as Google and Microsoft describe it."""
    def login(dialogue, words):
        def refuse(text):
            problems.append(text)
            dialogue.say("535 5.7.8 " + text)
        problems = provider.wrong
        if not dialogue.secure:
            return refuse("a token in clear")
        if len(words) != 3 or (mechanism and words[1] != mechanism):
            return refuse(f"AUTH {words[1]} with {len(words)} words")
        text = base64.b64decode(words[2], validate=True).decode()
        if words[1] == "XOAUTH2":
            fields = text.split("\x01")
            if len(fields) != 4 or fields[2:] != ["", ""] or not fields[1].startswith("auth=Bearer "):
                return refuse(f"XOAUTH2 {fields[:1]}")
            who, token, answer = fields[0].removeprefix("user="), fields[1].removeprefix("auth=Bearer "), ""
        elif words[1] == "OAUTHBEARER":
            fields = text.split("\x01")
            pairs = dict(field.split("=", 1) for field in fields[1:] if field)
            if not fields[0].startswith("n,a=") or fields[-2:] != ["", ""] or pairs.get("port") != str(dialogue.sink.port) \
                    or pairs.get("host") != "127.0.0.1":
                return refuse(f"OAUTHBEARER {fields[0]}")
            who, token, answer = fields[0][4:-1], pairs["auth"].removeprefix("Bearer "), "AQ=="
        else:
            return refuse(f"mechanism {words[1]}")
        if who == user and provider.is_good(token):
            dialogue.say("235 2.7.0 welcome")
            return who
        error = json.dumps({"status": "401", "schemes": "bearer", "scope": provider.scope})
        dialogue.say("334 " + base64.b64encode(error.encode()).decode())
        said = dialogue.line()
        if said != answer:
            return refuse(f"the error was acknowledged with {said!r}")
        dialogue.say(refusal)
        return None
    return login

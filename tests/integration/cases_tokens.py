# SPDX-License-Identifier: LGPL-2.1-or-later
"""The control API over TCP: tokens, roles, requests that a browser was talked into, TLS off loopback."""
import http.client
import json
import os
import re

from commands import api, command
from harness import Relay, case, check, equal, temp, wait_for

ROLES = ("viewer", "reader", "operator", "admin", "auditor")
# What each role may ask beside GET: nothing for those who only look.
CHANGES = {"viewer": ("/v1/checks/route", "/v1/checks/relay"), "reader": ("/v1/sessions/record", "/v1/checks/route", "/v1/checks/relay"), "auditor": (), "operator": ("/v1/sessions/record", "/v1/alerts/acknowledge", "/v1/devices/", "/v1/queue/", "/v1/submissions", "/v1/oauth/renew", "/v1/checks/", "/v1/bans/"), "admin": ("/",)}


def ask(relay, url, method, path, token=None, body=None, **headers):
    connection = http.client.HTTPConnection(re.sub("^http://", "", url), timeout=30)
    headers = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def passport(relay):
    path = os.path.join(relay.state, "local.pass")
    wait_for(lambda: os.path.exists(path), 10, "the pass file")
    with open(path, encoding="utf-8") as file:
        return path, json.load(file)


@case("control over TCP: the pass file lets in, nothing else does")
def _():
    with Relay(extra="[control]\nlisten = 127.0.0.1:0\n") as relay:
        path, found = passport(relay)
        equal(os.stat(path).st_mode & 0o777, 0o600, "mode of the pass file")
        command("--socket", path, "status")
        url, token = found["url"], found["token"]
        equal(ask(relay, url, "GET", "/v1/status", token)[0], 200, "with the token")
        for wrong in (None, "x", token[:-1], token + "x"):
            equal(ask(relay, url, "GET", "/v1/status", wrong)[0], 401, f"with {wrong and len(wrong)} characters")
        # What a page in a browser can make it send (RFC 9110 section 7.2; no foreign page can set application/json unasked).
        equal(ask(relay, url, "GET", "/v1/status", token, Host="evil.example")[0], 403, "a name led to loopback")
        equal(ask(relay, url, "GET", "/v1/status", token, Host="127.0.0.1.evil.example:80")[0], 403, "a name like an address")
        equal(ask(relay, url, "GET", "/v1/status", token, Origin="http://127.0.0.1")[0], 403, "an Origin")
        equal(ask(relay, url, "POST", "/v1/reload", token, "{}", Content_Type="text/plain")[0], 403, "a simple request's type")
        equal(ask(relay, url, "GET", "/v1/status", token, Host="localhost:1")[0], 200, "localhost")
        check(token not in relay.read_log(), "the token is in the log")
    check(not os.path.exists(path), "the pass file is left")


@case("tokens: every method for every role; kept over a restart, removed, expired never shown")
def _():
    relay = Relay(extra="[control]\nlisten = 127.0.0.1:0\n").start()
    url = passport(relay)[1]["url"]
    tokens = {}
    for role in ROLES:
        status, text, _ = api(relay, "POST", "/v1/tokens", {"name": f"a-{role}", "role": role})
        equal(status, 200, text)
        tokens[role] = json.loads(text)["token"]
    equal(api(relay, "POST", "/v1/tokens", {"name": "a-admin", "role": "admin"})[0], 409, "twice")
    for wrong in ({"name": "x"}, {"name": "a b", "role": "viewer"}, {"name": "x", "role": "root"}, {"name": "x", "role": "viewer", "days": -1}):
        equal(api(relay, "POST", "/v1/tokens", wrong)[0], 400, wrong)
    methods = json.loads(ask(relay, url, "GET", "/v1/methods", tokens["auditor"])[1])["methods"]
    check(len(methods) > 25, methods)
    for row in methods:
        path = row["path"].replace("{name}", "nothing") + ("nothing" if row["path"].endswith("/") else "")
        kind = "message/rfc822" if row["path"] == "/v1/submissions" else "application/json"
        for role in ROLES:
            body = None if row["method"] == "GET" else "x" if kind != "application/json" else "{}"
            status, text = ask(relay, url, row["method"], path, tokens[role], body, Content_Type=kind)
            equal(status == 403, role not in row["roles"], f"{row['method']} {path} as {role}: {status} {text}")
            if row["method"] != "GET":
                equal(role in row["roles"], row["path"].startswith(CHANGES[role] or ("-",)), f"{row} and {role}")
        check("admin" in row["roles"], row)
        if row["path"] == "/v1/contents/":
            equal(row["roles"], ["admin", "reader"], "who may read mail")
        equal("auditor" in row["roles"], row["path"] in ("/v1/status", "/v1/messages/", "/v1/trace", "/v1/settings/diff",
                                                        "/v1/settings/history", "/v1/log", "/v1/methods", "/v1/openapi.json", "/v1/audit") and row["method"] == "GET", row)
    with open(os.path.join(relay.state, "state.db"), "rb") as file:
        kept = file.read()
    check(not any(token.encode() in kept for token in tokens.values()), "a token itself is on disk")
    relay.stop()
    relay.start()
    url = passport(relay)[1]["url"]
    equal(ask(relay, url, "GET", "/v1/status", tokens["viewer"])[0], 200, "after a restart")
    out = os.path.join(temp("pass"), "mine.pass")
    command("--socket", relay.socket, "token", "add", "mine", "--role", "viewer", "--out", out)
    command("--socket", out, "status")
    check("a-auditor" in command("--socket", relay.socket, "token", "list"), "token list")
    command("--socket", relay.socket, "token", "remove", "a-viewer")
    command("--socket", relay.socket, "token", "remove", "a-viewer", expect=3)
    equal(ask(relay, url, "GET", "/v1/status", tokens["viewer"])[0], 401, "after its removal")
    relay.stop()


@case("control over TCP off loopback: TLS alone, the certificate known by its fingerprint")
def _():
    with Relay(extra="[control]\nlisten = 0.0.0.0:0\n") as relay:
        path, found = passport(relay)
        check(found["url"].startswith("https://relay.internal.test:") and found["fingerprint"].startswith("sha256:"), found)
        check(found["fingerprint"] in relay.read_log(), "the log shows the fingerprint")
        port = found["url"].rsplit(":", 1)[1]

        def write(name, **changes):
            mine = os.path.join(temp("pass"), name)
            with open(mine, "w", encoding="utf-8") as file:
                json.dump({**found, "url": f"https://127.0.0.1:{port}", **changes}, file)
            return mine

        command("--socket", write("good.pass"), "status")
        command("--socket", write("other.pass", fingerprint="sha256:" + "0" * 64), "status", expect=5)
        plain = write("plain.pass", url=f"http://192.0.2.1:{port}")
        command("--socket", plain, "status", expect=1)
        try:
            ask(relay, f"http://127.0.0.1:{port}", "GET", "/v1/status", found["token"])
            check(False, "plain HTTP was answered")
        except (OSError, http.client.HTTPException):
            pass

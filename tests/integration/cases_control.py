# SPDX-License-Identifier: LGPL-2.1-or-later
"""The control API as an administrator meets it: the content of mail, the audit."""
import hashlib
import http.client
import json
import os
import re

from cases_tokens import passport
from commands import MESSAGE, Unix, api
from harness import Relay, case, check, clrelay, equal, free_port, run, temp


def unreachable():
    """A way out where nobody listens: what goes there waits."""
    return f"[smarthost away]\nhosts = 127.0.0.1:{free_port()}\nallow-loopback = true\ntls = none\n[route default]\nvia = smarthost:away\n"


def fetch(relay, path):
    connection = Unix(relay.socket)
    connection.request("GET", path, None, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


@case("content: small and spooled mail is exported octet by octet, by those who may read it, and audited")
def _():
    large = MESSAGE + b"".join(b"%06d %s\r\n" % (i, hashlib.sha256(b"%d" % i).hexdigest().encode()) for i in range(60000))
    with Relay(unreachable(), limits="max-message-size = 20M", extra="[control]\nlisten = 127.0.0.1:0\n") as relay:
        for content in (MESSAGE, large):
            identity = relay.send(content)
            answer, body = fetch(relay, f"/v1/contents/{identity}")
            equal(answer.status, 200, body[:200])
            equal(answer.getheader("Content-Type"), "message/rfc822", "type")
            check("nosniff" in answer.getheader("X-Content-Type-Options") and f"{identity}.eml" in answer.getheader("Content-Disposition"), answer.getheaders())
            check(body.endswith(content), f"{len(content)} octets were sent, {len(body)} came")
            check(body.startswith(b"Received:"), body[:60])
            out = os.path.join(temp("export"), "m.eml")
            relay.cli("queue", "export", identity, "--out", out)
            with open(out, "rb") as file:
                equal(file.read(), body, "the file")
            equal(os.stat(out).st_mode & 0o777, 0o600, "its mode")
            result = run(clrelay(), "--socket", relay.socket, "queue", "export", identity)
            equal(result.stdout, body, "standard output")
        # An asker that goes away in the middle of it leaves nothing behind.
        connection = Unix(relay.socket)
        connection.request("GET", f"/v1/contents/{identity}", None, {"Content-Type": "application/json"})
        check(connection.sock.recv(1000).startswith(b"HTTP/1.1 200"), "the beginning")
        connection.sock.close()
        relay.cli("queue", "export", "0000000000000", expect=3)
        equal(fetch(relay, "/v1/contents/x")[0].status, 400, "no id")
        entries = json.loads(api(relay, "GET", "/v1/audit?text=content")[1])["entries"]
        equal(len([e for e in entries if e["what"] == f"content of message {identity} read"]), 4, "entries of the large one")
        # Its own right: an operator may delete a message, not read it.
        url = passport(relay)[1]["url"]
        for role, wanted in (("viewer", 403), ("operator", 403), ("auditor", 403), ("reader", 200), ("admin", 200)):
            token = json.loads(api(relay, "POST", "/v1/tokens", {"name": f"c-{role}", "role": role})[1])["token"]
            other = http.client.HTTPConnection(re.sub("^http://", "", url), timeout=30)
            other.request("GET", f"/v1/contents/{identity}", None, {"Authorization": f"Bearer {token}"})
            got = other.getresponse()
            equal(got.status, wanted, role)
            body_of = got.read()
            equal(len(body_of) == len(body), wanted == 200, role)
            other.close()
        # A spool file that vanishes does not look like a whole message.
        for folder, _, names in os.walk(os.path.join(relay.state, "spool")):
            for name in names:
                os.truncate(os.path.join(folder, name), 300000)
        try:
            fetch(relay, f"/v1/contents/{identity}")
            check(False, "half a message was given as a whole")
        except (http.client.IncompleteRead, ConnectionError):
            pass


@case("audit: who changed what, with the difference; kept over a restart; no secrets in it")
def _():
    relay = Relay(unreachable()).start()
    identity = relay.send(MESSAGE)
    relay.cli("queue", "hold", identity)
    relay.cli("queue", "priority", "3", "--filter", "from:a@internal.test")
    status, text, _ = api(relay, "PATCH", "/v1/settings", {"set": [{"group": "limits", "key": "max-recipients", "value": "177"}]})
    equal(status, 200, text)
    equal(api(relay, "PUT", "/v1/secrets/mine", {"secret": "hunter-2-hunter"})[0], 200, "a secret")
    equal(api(relay, "PATCH", "/v1/settings", {"set": [{"group": "limits", "key": "max-recipients", "value": "no"}]})[0], 400, "a bad value")
    before = json.loads(api(relay, "GET", "/v1/audit")[1])["entries"]
    equal([e["what"] for e in before], ["secret mine set", before[1]["what"], "priority: 1 recipients", "hold: 1 recipients"], "newest first")
    check("max-recipients" in before[1]["what"] and "+max-recipients = 177" in before[1]["detail"].replace("+ ", "+"), before[1])
    equal([e["detail"] for e in before[2:]], ["filter from:a@internal.test", f"id {identity}"], "what was chosen")
    check(all(e["who"] and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", e["time"]) for e in before), before)
    equal(sorted((e["number"] for e in before), reverse=True), [e["number"] for e in before], "numbers fall")
    page = json.loads(api(relay, "GET", "/v1/audit?limit=3")[1])
    rest = json.loads(api(relay, "GET", f"/v1/audit?limit=3&before={page['next']}")[1])
    equal(page["entries"] + rest["entries"], before, "in pages")
    check("next" not in rest, rest)
    equal(json.loads(api(relay, "GET", "/v1/audit?who=nobody-such")[1])["entries"], [], "of nobody")
    for wrong in ("limit=0", "limit=1001", "before=x"):
        equal(api(relay, "GET", f"/v1/audit?{wrong}")[0], 400, wrong)
    check("hunter" not in json.dumps(before) and "hunter" not in relay.read_log(), "a secret is told")
    relay.stop()
    relay.start()
    equal(json.loads(api(relay, "GET", "/v1/audit")[1])["entries"], before, "after a restart")
    told = relay.cli("audit", "--details", "--text", "MAX-RECIPIENTS")
    check("max-recipients = 177" in told and "hold" not in told, told)
    check("hold: 1 recipients" in relay.cli("audit"), "clrelay audit")
    check("--before" in relay.cli("audit", "-n", "1"), "that there are more")
    relay.cli("audit", "extra", expect=2)
    relay.stop()

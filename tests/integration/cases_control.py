# SPDX-License-Identifier: LGPL-2.1-or-later
"""The control API as an administrator meets it: the content of mail, the audit."""
import hashlib
import http.client
import json
import os
import re
import urllib.parse

from cases_tokens import passport
from commands import MESSAGE, Unix, api
from harness import ROOT, Relay, Skip, case, check, clrelay, daemon, equal, free_port, need, run, temp, wait_for


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
    equal([json.loads(e["detail"]) for e in before[2:]], [{"filter": "from:a@internal.test", "priority": 3}, {"id": identity}], "what was chosen")
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


TYPES = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list}


def conform(document, schema, value, where):
    """Holds a JSON value to a schema of the document; fails on whatever is not declared."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if "type" not in schema:
        return
    check(isinstance(value, TYPES[schema["type"]]) and (schema["type"] != "integer" or not isinstance(value, bool)),
          f"{where}: {value!r} is no {schema['type']}")
    for name in schema.get("required", ()):
        check(name in value, f"{where}: {name} is missing in {value}")
    if "properties" in schema:
        for name, inner in value.items():
            check(name in schema["properties"] or schema["additionalProperties"], f"{where}: {name} is not declared")
            if name in schema["properties"]:
                conform(document, schema["properties"][name], inner, f"{where}.{name}")
    for i, inner in enumerate(value if "items" in schema else ()):
        conform(document, schema["items"], inner, f"{where}[{i}]")


@case("OpenAPI: the document, every request and every reply hold together")
def _():
    device = "[device printer]\nnetworks = 192.0.2.7\n"
    with Relay(unreachable(), device=device, extra="[control]\nlisten = 127.0.0.1:0\n") as relay:
        identity, other = relay.send(MESSAGE), relay.send(MESSAGE)
        document = json.loads(api(relay, "GET", "/v1/openapi.json")[1])
        equal(document["openapi"][:2], "3.", "version of OpenAPI")
        operations = [(path, verb, row) for path, verbs in document["paths"].items() for verb, row in verbs.items()]
        methods = json.loads(api(relay, "GET", "/v1/methods")[1])["methods"]
        equal(sorted((p.replace("{name}", ""), v.upper(), r["x-roles"]) for p, v, r in operations),
              sorted((m["path"].replace("{name}", ""), m["method"], m["roles"]) for m in methods), "the document and the methods")
        equal(len({row["operationId"] for _, _, row in operations}), len(operations), "ids of operations")
        # What is asked: path, body, and whether it can be done here. In order: what is deleted comes last.
        asked = {
            "get_v1_queue": ("?limit=1&filter=state:waiting", None, 200), "get_v1_queue_count": ("?filter=from:a@internal.test", None, 200),
            "get_v1_messages_one": (identity, None, 200), "get_v1_trace": ("?limit=5", None, 200), "get_v1_log": ("?limit=3&level=info", None, 200),
            "post_v1_queue_hold": ("", {"id": identity}, 200),
            # Held, it is not being tried meanwhile.
            "post_v1_queue_reroute": ("", {"id": identity, "route": "default"}, 200),
            "post_v1_queue_recipient": ("", {"id": identity, "from": "b@example.test", "to": "c@example.test"}, 200),
            "post_v1_queue_release": ("", {"id": identity}, 200),
            "post_v1_queue_retry": ("", {"filter": "from:a@internal.test"}, 200), "post_v1_queue_priority": ("", {"all": True, "priority": 2}, 200),
            "put_v1_secrets_one": ("one", {"secret": "x"}, 200), "put_v1_users_one": ("anna", {"generate": True, "create": True}, 200),
            "get_v1_users": ("", None, 200), "delete_v1_users_one": ("anna", {}, 200), "delete_v1_bans_one": ("192.0.2.1", {}, 404),
            "get_v1_devices_one": ("printer", None, 200), "post_v1_devices_freeze": ("", {"device": "printer"}, 200), "post_v1_devices_thaw": ("", {"device": "printer", "release": True}, 200),
            "get_v1_keys": ("", None, 200), "post_v1_keys": ("", {"domain": "internal.test", "selector": "s9", "kind": "ed25519"}, 200),
            "get_v1_clients": ("?unknown=true", None, 200), "post_v1_reload": ("", {}, 200),
            "patch_v1_settings": ("", {"set": [{"group": "limits", "key": "max-recipients", "value": "150"}]}, 200),
            "get_v1_settings_diff": ("", None, 200), "post_v1_settings_undo": ("", {}, 200), "post_v1_tls_results": ("", {}, 200), "post_v1_checks_smarthost": ("", {"smarthost": "away"}, 200),
            "post_v1_checks_route": ("", {"to": "b@example.test"}, 200), "post_v1_oauth_renew": ("", {"account": "none"}, 404),
            "post_v1_oauth_login": ("", {"account": "none"}, 404), "get_v1_oauth_login": ("?account=none", None, 404),
            "post_v1_oauth_answer": ("", {"account": "none", "url": "http://x"}, 404), "get_v1_metrics_series": ("?span=24h", None, 200),
            "post_v1_tokens": ("", {"name": "t", "role": "viewer", "days": 1}, 200), "get_v1_tokens": ("", None, 200),
            "delete_v1_tokens_one": ("t", {}, 200), "get_v1_audit": ("?limit=2", None, 200),
            "get_v1_certificates": ("", None, 200), "get_v1_domains_name_dns": ("internal.test", None, 200),
            "post_v1_checks_relay": ("", {}, 200), "get_v1_sessions": ("?direction=in&limit=5&text=x", None, 200),
            "post_v1_sessions_record": ("", {"client": "192.0.2.9", "seconds": 5}, 200), "get_v1_sessions_record": ("", None, 200),
            "get_v1_sessions_record_one": ("r1?format=json", None, 200), "delete_v1_sessions_record_one": ("r1", {}, 200),
            "get_v1_alerts": ("", None, 200), "post_v1_alerts_acknowledge": ("", {"name": "none"}, 404), "post_v1_alerts_test": ("", {"name": "none"}, 404),
            "post_v1_queue_expire": ("", {"id": other}, 200), "post_v1_queue_delete": ("", {"id": identity}, 200),
        }
        order = {name: i for i, name in enumerate(asked)}
        done = set()
        for path, verb, row in sorted(operations, key=lambda o: order.get(o[2]["operationId"], 0)):
            name = row["operationId"]
            check(row["summary"] and all(p.get("description") for p in row["parameters"]), f"{name}: something is not explained: {row}")
            if name in ("get_v1_contents_one", "post_v1_submissions", "get_metrics", "post_v1_backup"):
                continue  # no JSON: cases of their own
            what, body, wanted = asked.get(name, ("", None, 200))
            check(verb == "get" or name in asked, f"{name}: a new method needs a request here")
            for parameter in re.findall(r"[?&]([a-z]+)=", what):
                check(parameter in [p["name"] for p in row["parameters"]], f"{name}: {parameter} is not declared")
            full = path.replace("{name}", "") + what if path.endswith("{name}") or "{name}" not in path else path.replace("{name}", what)
            status, text, _ = api(relay, verb.upper(), full, body)
            equal(status, wanted, f"{verb} {full}: {text}")
            answer = row["responses"]["200" if status == 200 else "default"]["content"]["application/json"]["schema"]
            conform(document, answer, json.loads(text), name)
            done.add(name)
            # What is not declared is refused, and in the form that is.
            status, text, _ = api(relay, verb.upper(), full + ("&" if "?" in full else "?") + "surely-not=1", body)
            equal(status, 400, f"{name} with an unknown parameter")
            conform(document, row["responses"]["default"]["content"]["application/json"]["schema"], json.loads(text), name)
            if "requestBody" in row:
                schema = row["requestBody"]["content"]["application/json"]["schema"]
                conform(document, schema, body, f"{name}: the request")
                check(all(p.get("description") for p in schema["properties"].values()), f"{name}: a member is not explained: {schema}")
                if schema["properties"]:
                    equal(api(relay, verb.upper(), path.replace("{name}", "") + what, {**body, "surely-not": 1})[0], 400, f"{name} with an unknown member")
        equal(set(asked) - done, set(), "requests of methods that are not there")


@case("scripts over the introspected library: list, filter, hold, set, follow; in Python and GJS")
def _():
    folder = os.path.join(os.path.dirname(os.path.dirname(daemon())), "common")
    if not os.path.exists(os.path.join(folder, "Clr-1.0.typelib")):
        raise Skip("built without introspection")
    environment = {**os.environ, "GI_TYPELIB_PATH": folder, "LD_LIBRARY_PATH": folder}
    for program, script in (("/usr/bin/python3", "hold.py"), ("/usr/bin/gjs", "hold.js")):
        need(program)
        if script.endswith(".py") and run(program, "-c", "import gi").returncode != 0:
            raise Skip("PyGObject is not installed")
        with Relay(unreachable()) as relay:
            mine, others = relay.send(MESSAGE), relay.send(MESSAGE, sender="c@internal.test")
            result = run(program, os.path.join(ROOT, "common", "examples", script), relay.socket, "from:a@internal.test", "160", env=environment)
            told = result.stdout.decode()
            equal(result.returncode, 0, f"{script}: {told} {result.stderr.decode()[-600:]}")
            equal((list(relay.states(mine).values()), list(relay.states(others).values())), (["held"], ["waiting"]), f"{script}: {told}")
            check(mine in told and others not in told, f"{script}: {told}")
            check("1 recipients held" in told and "+max-recipients = 160" in told.replace("+ ", "+"), f"{script}: {told}")
            check(re.search(r"^event: .*hold: 1 recipients", told, re.M), f"{script}: {told}")
            # What the service refuses is told in its words.
            result = run(program, os.path.join(ROOT, "common", "examples", script), relay.socket, "from:a@internal.test", "no", env=environment)
            check(result.returncode != 0 and b"max-recipients" in result.stderr, f"{script}: {result}")


@case("reroute and change of the recipient: what waits, failed or is held goes another way")
def _():
    with Relay(unreachable()) as relay:
        relay.write(routes=unreachable() + f"[route folder]\nrecipients = captured.test\nvia = capture\ndirectory = {relay.capture}\n")
        relay.hangup()
        first, second, held = relay.send(MESSAGE, to=("b@example.test", "c@example.test")), relay.send(MESSAGE), relay.send(MESSAGE)
        relay.cli("queue", "hold", held)
        # To another address, whose route leads elsewhere.
        relay.cli("queue", "recipient", first, "b@example.test", "b@captured.test")
        wait_for(lambda: first in "".join(relay.captured()), 15, "the message in the folder")
        equal(sorted(relay.states(first).items())[-1], ("c@example.test", "waiting"), "the other recipient")
        relay.cli("queue", "recipient", first, "nobody@example.test", "b@captured.test", expect=3)
        relay.cli("queue", "recipient", first, "c@example.test", "no address", expect=1)
        relay.cli("queue", "recipient", first, "c@example.test", expect=2)
        # By another route, in bulk; what is held stays so.
        relay.cli("queue", "reroute", "nowhere", "--all", expect=1)
        relay.cli("queue", "reroute", "--all", expect=2)
        relay.cli("queue", "reroute", "folder", "--filter", "state:waiting")
        relay.cli("queue", "reroute", "folder", held)
        wait_for(lambda: {m["id"] for m in relay.queue()} == {held}, 15, "only the held one")
        equal(relay.states(held), {"b@example.test": "held"}, "the held one")
        check(all("capture:" in r["via"] for r in relay.show(held)["recipients"]), relay.show(held))
        # It survives a restart, and goes when it is released.
        relay.stop()
        relay.start()
        relay.cli("queue", "release", held)
        relay.wait_empty()
        check(sum(second in name for name in relay.captured()) == 1 and any(held in name for name in relay.captured()), relay.captured().keys())
        audit = json.loads(api(relay, "GET", "/v1/audit?text=moved")[1])["entries"]
        equal([json.loads(e["detail"])["route"] for e in audit[:2]], ["folder", "folder"], audit)


@case("control: any part of the queue is had by position, in every order, and positions stay what they were")
def _():
    with Relay(routes=unreachable()) as relay:
        ids = [relay.send(f"Subject: {chr(97 + i * 7 % 26)}{i}\r\n\r\n{'x' * (1 + i * 37 % 101)}\r\n", sender=f"s{i % 5}@internal.test",
                          to=(f"r{99 - i}@example.test",)) for i in range(40)]
        relay.cli("queue", "hold", "--all")

        def rows(**query):
            status, text, _ = api(relay, "GET", "/v1/queue/rows?" + urllib.parse.urlencode(query))
            equal(status, 200, text)
            return json.loads(text)
        wait_for(lambda: rows(limit=0)["complete"], what="the list")
        first = rows(limit=10)
        equal([m["id"] for m in first["messages"]], ids[:10], "the first ten")
        equal((first["total"], first["offset"]), (40, 0), "total")
        equal([m["id"] for m in rows(offset=35, limit=10)["messages"]], ids[35:], "the last five")
        equal([m["id"] for m in rows(descending="true", limit=3)["messages"]], ids[:-4:-1], "the newest first")
        of_one = rows(filter="from:s3@internal.test", limit=100)
        equal([m["id"] for m in of_one["messages"]], ids[3::5], "filtered")
        equal(of_one["total"], 8, "how many are filtered")
        messages = {m["id"]: m for m in first["messages"] + rows(offset=10, limit=100)["messages"]}
        keys = {"sender": lambda m: m["sender"], "recipient": lambda m: m["recipients"][0]["address"], "subject": lambda m: m["subject"],
                "size": lambda m: m["size"]}
        for order, key in keys.items():
            for descending in ("false", "true"):
                got = [key(m) for m in rows(order=order, descending=descending, limit=100)["messages"]]
                equal(got, sorted(map(key, messages.values()), reverse=descending == "true"), f"{order}, {descending}")
        # What is gone leaves its position. At most four lists are kept.
        equal(api(relay, "GET", f"/v1/queue/rows?roll={first['roll']}")[0], 404, "a list that others took the place of")
        first = rows(limit=10)
        relay.cli("queue", "delete", ids[4])
        again = rows(roll=first["roll"], limit=10)
        equal([m["id"] for m in again["messages"]], ids[:10], "after one is gone")
        wait_for(lambda: rows(roll=first["roll"], offset=4, limit=1)["messages"][0]["place"] != "queue", what="the deleted one to be told")
        wait_for(lambda: rows(limit=0)["total"] == 39, what="a new list")
        equal(api(relay, "GET", "/v1/queue/rows?roll=17")[0], 404, "an unknown roll")
        for wrong in ("order=colour", "offset=-1", "limit=1001", "roll=x", "filter=colour:red", "after=1"):
            equal(api(relay, "GET", f"/v1/queue/rows?{wrong}")[0], 400, wrong)

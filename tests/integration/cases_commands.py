# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs of the command line, with the real binary: results, exit codes, --json, wrong input."""
import http.client
import json
import os
import re
import socket
import struct
import subprocess
import threading
import time

from harness import (Dns, Raw, Relay, Sink, Skip, case, check, clrelay, dkim_keys, equal, free_port, key_settings, need, run, running, temp, verify_dkim,
                     wait_for)


def command(*words, data=None, expect=0, timeout=60):
    result = run(clrelay(), *words, data=data, timeout=timeout)
    check(result.returncode == expect, f"clrelay {' '.join(map(str, words))}: exit status {result.returncode}, wanted {expect}: "
          f"{result.stdout.decode()[-300:]} {result.stderr.decode().strip()[-300:]}")
    return result.stdout.decode() if expect == 0 else result.stdout.decode() + result.stderr.decode()


def zone_of_keys(folder):
    """The keys' records in Zone JSON, as a file."""
    path = os.path.join(folder, "zone.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({f"{kind}._domainkey.internal.test": {"TXT": [[record.decode()]]} for kind, (_, record) in dkim_keys().items()}, file)
    return path


def save(folder, name, content):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


def api(relay, method, path, body=None, **headers):
    connection = Unix(relay.socket)
    connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json", **headers})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, dict(answer.getheaders())


MESSAGE = b"From: Anna <anna@internal.test>\r\nTo: b@example.test\r\nSubject: signed\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\nHello,\r\n\r\nworld.\r\n"


@case("every verb: help, unknown options and words, and what there is instead")
def _():
    text = command("--help")
    verbs = re.findall(r"^  ([a-z]+) ", text, re.M)
    check(len(verbs) >= 6, text)
    for verb in verbs:
        check("Usage:" in command(verb, "--help"), verb)
        check("see clrelay --help" in command(verb, "--no-such-option", expect=2), verb)
    check("Usage:" in command(expect=2), "without a verb")
    command("nonsense", expect=2)
    command("config", "nonsense", expect=2)
    check("dkim" in command("check", "nonsense", expect=2), "check names what there is")
    for words in (["status"], ["queue", "list"]):
        command("--socket", "/nonexistent/socket", *words, expect=5)


@case("check dkim: dkimpy's signatures, ours, and what was changed")
def _():
    try:
        import dkim
    except ImportError:
        raise Skip("dkimpy is not installed") from None
    folder = temp("check")
    zone = zone_of_keys(folder)
    for kind, algorithm in (("rsa", b"rsa-sha256"), ("ed25519", b"ed25519-sha256")):
        with open(dkim_keys()[kind][0], "rb") as file:
            key = file.read()
        if kind == "ed25519":
            der = subprocess.run([need("openssl"), "pkey", "-in", dkim_keys()[kind][0], "-outform", "DER"], capture_output=True, check=True)
            import base64
            key = base64.b64encode(der.stdout[-32:])
        for canon in ((b"simple", b"simple"), (b"relaxed", b"relaxed"), (b"relaxed", b"simple"), (b"simple", b"relaxed")):
            signature = dkim.sign(MESSAGE, kind.encode(), b"internal.test", key, canonicalize=canon, signature_algorithm=algorithm)
            path = save(folder, "signed.eml", signature + MESSAGE)
            answer = json.loads(command("check", "dkim", path, "--zone", zone, "--json"))
            equal((answer["result"], answer["details"]["signatures"][0]["algorithm"]), ("pass", algorithm.decode()), f"{kind} {canon}")
    check("body was changed" in command("check", "dkim", save(folder, "changed.eml", signature + MESSAGE + b"more\r\n"), "--zone", zone, expect=4), "body")
    check("does not fit" in command("check", "dkim", save(folder, "changed.eml", signature + MESSAGE.replace(b"Anna", b"Anne")), "--zone", zone, expect=4),
          "header")
    check("no key" in command("check", "dkim", path, "--zone", save(folder, "empty.json", b"{}"), expect=4), "no key")
    check("no DKIM signature" in command("check", "dkim", save(folder, "plain.eml", MESSAGE), "--zone", zone, expect=4), "unsigned")
    # Saved on Unix, and over standard input.
    unix = (signature + MESSAGE).replace(b"\r\n", b"\n")
    equal(json.loads(command("check", "dkim", "-", "--zone", zone, "--json", data=unix))["result"], "pass", "standard input")
    command("check", "dkim", "/nonexistent", "--zone", zone, expect=1)
    command("check", "dkim", path, "--zone", "/nonexistent", expect=1)
    command("check", "dkim", path, "--zone", zone, "--now", "soon", expect=1)
    # What the relay signs on its way through.
    with Relay(extra=key_settings()) as relay:
        relay.send(MESSAGE)
        wait_for(relay.captured, 10, "the message")
        for content in relay.captured().values():
            answer = json.loads(command("check", "dkim", save(folder, "ours.eml", content), "--zone", zone, "--json"))
            equal([s["result"] for s in answer["details"]["signatures"]], ["pass", "pass"], "our signatures")


@case("check --batch: one line in, one line out, in order, whatever is in it")
def _():
    zone = {"a._domainkey.x.test": {"TXT": [["v=DKIM1; ", "p="]]}}
    signed = "DKIM-Signature: v=1; a=rsa-sha256; d=x.test; s=a; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\nFrom: a@x.test\r\n\r\nx\r\n"
    lines = [
        ({"id": 1, "message": signed, "zone": zone}, "permerror"),
        ({"id": "two", "message": signed, "zone": {"a._domainkey.x.test": {"_other": "SERVFAIL"}}}, "temperror"),
        ({"id": 3, "message": "From: a@x.test\n\nx\n", "now": "1700000000", "unknown": [1]}, "none"),
        ("nonsense", "error"),
        ({"id": 5}, "error"),
        ({"id": 6, "message": 7}, "error"),
        ({"id": 7, "file": "/nonexistent"}, "error"),
        ({"id": 8, "message": signed, "zone": "x"}, "error"),
        ({"id": 9, "message": signed, "now": "x"}, "error"),
        ({"id": 10, "message": "a\x00b"}, "error"),
        ("[1]", "error"),
        ('{"id":12,"message":"\xff"}', "error"),
        ({"id": 13, "file": "-"}, "error"),
        ("[" * 100000, "error"),
        ({"id": {"any": ["thing"]}, "message": signed, "zone": zone}, "permerror"),
    ]
    data = b"".join((json.dumps(line) if not isinstance(line, str) else line).encode("latin-1") + b"\n" for line, _ in lines) + b"\n\n"
    answers = [json.loads(line) for line in command("check", "dkim", "--batch", data=data + b'{"id":"last","message":"x"}').splitlines()]
    equal([a["result"] for a in answers], [result for _, result in lines] + ["none"], "results")
    equal([a.get("id") for a in answers], [line.get("id") if isinstance(line, dict) else None for line, _ in lines[:-1]] + [{"any": ["thing"]}, "last"],
          "ids")
    equal(answers[2]["ignored"], ["unknown"], "members nobody knows")
    check(all(a.get("reason") for a in answers), "reasons")
    equal(command("check", "dkim", "--batch", data=b""), "", "nothing")


@case("check address")
def _():
    lines = [("user@example.com", "valid"), ("j\u00f6rg@b\u00fccher.example", "valid"), ("a b@example.com", "invalid"), ("a@", "invalid"), ("a@[192.0.2.1]", "valid"),
             ("\"a b\"@example.com", "valid"), ("a@-x.example", "invalid"), ("", "invalid"), ("a\r\nb@x.example", "invalid"),
             ("a@" + ".".join(["x" * 60] * 4) + ".example", "valid"), ("abc@" + ".".join(["x" * 61] * 4) + ".ex", "valid"),
             ("abcd@" + ".".join(["x" * 61] * 4) + ".ex", "invalid")]
    data = "".join(json.dumps({"address": address}) + "\n" for address, _ in lines).encode()
    answers = [json.loads(line) for line in command("check", "address", "--batch", data=data).splitlines()]
    equal([a["result"] for a in answers], [result for _, result in lines], "results")
    equal((answers[1]["details"]["a-label"], answers[1]["details"]["smtputf8"]), ("xn--bcher-kva.example", True), "an international address")
    command("check", "address", "a@b.example")
    command("check", "address", "a", expect=4)
    equal(json.loads(command("check", "address", "--path", "<@x.example:a@b.example>", "--json"))["details"]["mailbox"], "a@b.example", "a source route")
    command("check", "address", "a@b.example", "--path", "<>", expect=1)


@case("config set, get, unset, diff, undo on a file, with no service")
def _():
    folder = temp("config")
    text = "# Our relay.\n[server]\nhostname = relay.internal.test   \npostmaster = p@internal.test\n\n# Way out.\n[route default]\nvia = discard\n"
    path = save(folder, "relay.conf", text.encode())
    os.chmod(path, 0o640)

    def config(*words, **options):
        return command("--config", path, "config", *words, **options)

    def now():
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()

    equal(config("get", "server.hostname"), "relay.internal.test\n", "get")
    equal(config("get", "queue.lifetime"), "5d\n", "a default")
    equal(json.loads(config("get", "queue.lifetime", "--json")), {"name": "queue.lifetime", "value": "5d", "default": True}, "--json")
    config("get", "server.nonsense", expect=3)
    config("get", "listener:none", expect=3)
    shown = config("set", "server.hostname=mail.internal.test", "queue.lifetime=3d", "device:office.networks=192.0.2.0/24")
    check("- hostname = relay" in shown and "+ hostname = mail" in shown, shown)
    after = text.replace("hostname = relay.internal.test   ", "hostname = mail.internal.test")
    after = after + "\n[queue]\nlifetime = 3d\n\n[device office]\nnetworks = 192.0.2.0/24\n"
    equal(now(), after, "the file")
    equal(os.stat(path).st_mode & 0o7777, 0o640, "mode")
    # What is wrong changes nothing, and says what would be right.
    for words in (["server.hostname=a b"], ["server.nonsense=1"], ["nonsense.x=1"], ["queue.lifetime=1000000d", "server.node=1"],
                  ["route:a.via=smarthost:nobody"]):
        check("nothing was changed" in config("set", *words, expect=4), words)
        equal(now(), after, f"the file after {words}")
    config("set", "server.hostname", expect=2)
    config("set", "server=x", expect=2)
    config("unset", "queue.window", expect=3)
    config("unset", "queue.lifetime", "device:office")
    equal(now(), text.replace("hostname = relay.internal.test   ", "hostname = mail.internal.test") + "\n[queue]\n\n", "unset")
    equal(len(json.loads(config("history", "--json"))), 2, "versions")
    check("- lifetime = 3d" in config("diff"), "diff")
    check("- hostname = relay" in config("diff", "1"), "diff 1")
    config("diff", "99", expect=3)
    config("undo")
    equal(now(), after, "undo")
    config("undo")
    equal(now(), text, "undo again")
    config("undo", expect=3)
    config("set", "server.node", "7")
    check("node = 7" in now(), "NAME VALUE")
    command("--config", "/nonexistent.conf", "config", "set", "server.node=1", expect=3)


@case("config set through the service: in force at once; what cannot be is taken back; two editors")
def _():
    with Relay() as relay:
        with open(relay.conf, encoding="utf-8") as file:
            before = file.read()
        relay.cli("config", "set", "server.hostname=renamed.internal.test")
        with Raw(relay.port) as client:
            check(client.reply().startswith("220 renamed.internal.test"), "the new name is not told")
        check("settings: server.hostname: relay.internal.test -> renamed.internal.test" in relay.read_log(), "who and what in the log")
        check("next start" in relay.cli("config", "set", "server.node=7"), "a setting for the next start")
        relay.cli("config", "undo")
        relay.cli("config", "undo")
        with open(relay.conf, encoding="utf-8") as file:
            equal(file.read(), before, "the file after undo")
        with Raw(relay.port) as client:
            check(client.reply().startswith("220 relay.internal.test"), "the old name is not back")
        # Valid, but not to be had.
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            for words in ([f"listener:in.address=127.0.0.1:{taken.getsockname()[1]}"],
                          ["key:k.domain=internal.test", "key:k.selector=s", "key:k.file=/nonexistent.pem"]):
                relay.cli("config", "set", *words, expect=4)
                with open(relay.conf, encoding="utf-8") as file:
                    equal(file.read(), before, f"the file after {words}")
        equal(json.loads(relay.cli("config", "history", "--json")), [], "versions")
        status, text, headers = api(relay, "GET", "/v1/settings")
        etag = headers["ETag"]
        equal((status, json.loads(text)["etag"]), (200, etag.strip('"')), "GET")
        change = {"set": [{"group": "limits", "key": "max-recipients", "value": "200"}]}
        equal(api(relay, "PATCH", "/v1/settings", change, **{"If-Match": etag})[0], 200, "PATCH")
        equal(api(relay, "PATCH", "/v1/settings", change, **{"If-Match": etag})[0], 412, "PATCH of the second editor")
        for wrong in ({}, {"set": []}, {"set": [1]}, {"set": [{"group": "limits"}]}, {"set": [{"group": "limits", "key": "max-recipients"}]},
                      {"set": [{"group": "limits\n[device all]", "key": "x", "value": "1"}]},
                      {"set": [{"group": "limits", "key": "max-recipients", "value": "1\n[device b]"}]}):
            equal(api(relay, "PATCH", "/v1/settings", wrong)[0], 400, f"PATCH {wrong}")
        equal(api(relay, "GET", "/v1/settings/diff?version=77")[0], 404, "a version that is not")
        equal(api(relay, "GET", "/v1/settings/diff?version=x")[0], 400, "a version that is none")


def parse_metrics(text):
    """Prometheus' text format 0.0.4: {name or name{labels}: value}; anything else fails the case."""
    values, types, helps = {}, {}, set()
    label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*"'
    check(text.endswith("\n"), "the last line has no end")
    for line in text.splitlines():
        head = re.fullmatch(r"# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)", line)
        if head and head[1] == "HELP":
            check(head[2] not in helps, f"two HELP of {head[2]}")
            helps.add(head[2])
        elif head:
            check(head[2] not in types and head[3] in ("counter", "gauge"), line)
            types[head[2]] = head[3]
        else:
            sample = re.fullmatch(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{{{label}(?:,{label})*\}})? (-?[0-9]+(?:\.[0-9]+)?)", line)
            check(sample, f"not a sample: {line}")
            check(sample[1] in types and sample[1] in helps, f"{sample[1]} has no TYPE or HELP before it")
            check((types[sample[1]] == "counter") == sample[1].endswith("_total"), f"{sample[1]} is a {types[sample[1]]}")
            check(sample[1].startswith("clrelay_"), line)
            check(sample[1] + (sample[2] or "") not in values, f"twice: {line}")
            values[sample[1] + (sample[2] or "")] = float(sample[3])
    return values


@case("metrics: the format of Prometheus, and numbers that are right")
def _():
    with Relay(f"[smarthost out]\nhosts = 127.0.0.1:{free_port()}\n[route default]\nvia = smarthost:out\n") as relay:
        status, text, headers = api(relay, "GET", "/metrics")
        equal((status, headers["Content-Type"].split(";")[0]), (200, "text/plain"), "answer")
        before = parse_metrics(text)
        relay.send()
        relay.send(to=("a@example.test", "b@example.test"))
        wait_for(lambda: "waiting" in str(relay.queue()), 10, "the deferral")
        time.sleep(1.1)
        after = parse_metrics(api(relay, "GET", "/metrics")[1])
        equal(after["clrelay_messages_accepted_total"] - before["clrelay_messages_accepted_total"], 2, "accepted")
        equal(after["clrelay_queue_messages"], 2, "in the queue")
        equal(sum(v for k, v in after.items() if k.startswith("clrelay_queue_recipients{")), 3, "recipients by state")
        check(after["clrelay_queue_oldest_age_seconds"] >= 1, "age")
        check(any(k.startswith('clrelay_lane_recipients{lane="smarthost:out') for k in after), "lanes")
        check(before["clrelay_queue_oldest_age_seconds"] == 0, "age of nothing")


@case("send: composed and raw, followed to its result, refused, too late")
def _():
    folder = temp("send")
    script = {"RCPT": lambda r: "550 5.1.1 unknown" if r.startswith("bad") else None}
    with Sink(script) as sink, Relay(sink.route(), extra=key_settings(), limits="max-message-size = 1M\n") as relay:
        said = relay.cli("send", "--from", "anna@internal.test", "--to", "b@example.test", "--to", "c@example.test", "--subject", "Gr\u00fc\u00dfe",
                         "--body", "Hello,\nJ\u00f6rg.\n", "--attach", save(folder, "r\u00e9sum\u00e9.txt", b"x" * 3000))
        check("<b@example.test> delivered" in said and "<c@example.test> delivered" in said, said)
        mail = sink.wait()[0]
        import email
        import email.policy
        message = email.message_from_bytes(mail.content, policy=email.policy.default)
        equal((message["subject"], message["from"], len(list(message.iter_attachments()))), ("Gr\u00fc\u00dfe", "anna@internal.test", 1), "the message")
        equal((message.get_body().get_content(), next(message.iter_attachments()).get_filename()), ("Hello,\r\nJ\u00f6rg.\r\n", "r\u00e9sum\u00e9.txt"), "parts")
        check(message["date"] and message["message-id"], "completed by the relay")
        equal(verify_dkim(mail.content), 2, "signatures")
        # Raw: octets as they came, but for lone newlines.
        identity = relay.cli("send", "--from", "", "--to", "raw@example.test", "--no-wait", data=b"From: x@internal.test\nDate: Tue, 24 Nov 2026 10:00:00 +0000\n"
                             b"Message-ID: <1@x>\nSubject: raw\n\n.dot\r\nlone\rcr\n").strip()
        wait_for(lambda: len(sink.mails) == 2, 10, "the raw message")
        check(sink.mails[1].body() in (b".dot\r\nlone\r\ncr\r\n",), sink.mails[1].body())
        wait_for(lambda: relay.show(identity)["place"] == "history", 10, "the history")
        equal((relay.show(identity)["sender"], relay.show(identity)["origin"] if "origin" in relay.show(identity) else "api"), ("", "api"), "trace")
        # The end of each recipient decides the exit code.
        said = relay.cli("send", "--from", "anna@internal.test", "--to", "bad@example.test", "--body", "x", expect=1)
        check("550" in said or "failed" in said or "unknown" in said, said)
        answer = json.loads(relay.cli("send", "--from", "anna@internal.test", "--to", "b@example.test", "--body", "x", "--json"))
        equal(answer["recipients"][0]["state"], "delivered", "--json")
        for words, code in (([], 2), (["--from", "a@internal.test"], 2), (["--from", "a b", "--to", "c@d.test", "--body", "x"], 1),
                            (["--from", "a@internal.test", "--to", "c", "--body", "x"], 1),
                            (["--from", "a@internal.test", "--to", "c@d.test", "--subject", "a\nBcc: x"], 1),
                            (["--from", "a@internal.test", "--to", "c@d.test", "--body", "x", "--attach", "/nonexistent"], 1)):
            relay.cli("send", *words, expect=code)
        n = len(sink.mails)
        relay.cli("send", "--from", "a@internal.test", "--to", "c@d.test", data=b"x" * 2000000, expect=1)
        equal(len(sink.mails), n, "what was refused")
        for header in ("x", "{}", '{"from":1,"to":["a@b.c"]}', '{"from":"a@b.c","to":[]}', '{"from":"a@b.c","to":[1]}'):
            connection = Unix(relay.socket)
            connection.request("POST", "/v1/submissions", b"x", {"Content-Type": "message/rfc822", "X-Clrelay-Envelope": header})
            equal(connection.getresponse().status, 400, header)
            connection.close()
    with Relay(f"[smarthost out]\nhosts = 127.0.0.1:{free_port()}\n[route default]\nvia = smarthost:out\n") as relay:
        relay.cli("send", "--from", "a@internal.test", "--to", "c@d.test", "--body", "x", "--timeout", "1", expect=6)
    command("--socket", "/nonexistent", "send", "--from", "a@internal.test", "--to", "c@d.test", "--body", "x", expect=5)


@case("send: several at once, while the relay stops: each is kept or told")
def _():
    with Relay(f"[smarthost out]\nhosts = 127.0.0.1:{free_port()}\n[route default]\nvia = smarthost:out\n", server="drain-time = 2\n") as relay:
        results, lock = [], threading.Lock()

        def go():
            for _ in range(6):
                result = run(clrelay(), "--socket", relay.socket, "send", "--from", "a@internal.test", "--to", "c@d.test", "--no-wait", "--body", "x" * 20000)
                with lock:
                    results.append((result.returncode, result.stdout.decode().strip()))

        threads = [threading.Thread(target=go) for _ in range(4)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(results) >= 5, 20, "some messages")
        relay.stop()
        for thread in threads:
            thread.join()
        relay.start()
        kept = {m["id"] for m in relay.queue()}
        told = {text for code, text in results if code == 0}
        check(len(told) >= 5 and told <= kept, f"told {len(told)}, kept {len(kept)}, missing {told - kept}")


@case("log: the past, filters, --json, following")
def _():
    with Sink() as sink, Relay(sink.route(), log="level = debug\n") as relay:
        first, second = relay.send(), relay.send()
        relay.wait_empty()
        wait_for(lambda: "finished" in relay.cli("log", "--id", second), 10, "the events")
        lines = relay.cli("log", "--id", first).splitlines()
        check(all(first in line for line in lines) and any("accepted" in line for line in lines), lines)
        events = [json.loads(line) for line in relay.cli("log", "--json", "--event", "recipient.", "-n", "100").splitlines()]
        equal(sorted((e["event"], e["fields"]["id"], e["level"]) for e in events),
              sorted([("recipient.delivered", first, "info"), ("recipient.delivered", second, "info")]), "filtered events")
        check(all(e["text"] and e["time"].endswith("Z") for e in events), events)
        equal(relay.cli("log", "--event", "recipient"), "", "half a name")
        equal(relay.cli("log", "--level", "error"), "", "level")
        equal(len(relay.cli("log", "--text", "READY: Version").splitlines()), 1, "text, whatever its case")
        equal(len(relay.cli("log", "-n", "2").splitlines()), 2, "-n")
        equal(relay.cli("log", "-n", "0"), "", "-n 0")
        relay.cli("log", "--level", "loud", expect=1)
        relay.cli("log", "extra", expect=2)
        follower = subprocess.Popen([clrelay(), "--socket", relay.socket, "log", "-f", "-n", "0", "--json"], stdout=subprocess.PIPE)
        try:
            time.sleep(0.5)
            third = relay.send()
            got = []
            while not (got and got[-1]["event"] == "recipient.delivered"):
                got.append(json.loads(follower.stdout.readline()))
            check(third in {e["fields"].get("id") for e in got} and first not in {e["fields"].get("id") for e in got}, got)
        finally:
            follower.kill()
            follower.wait(10)
        waiting = [threading.Thread(target=lambda: run(clrelay(), "--socket", relay.socket, "log", "-f")) for _ in range(3)]
        for thread in waiting:
            thread.start()
        time.sleep(0.5)
        start = time.monotonic()
        relay.stop()
        check(time.monotonic() - start < 10, "followers hold the stop up")
        for thread in waiting:
            thread.join(20)


@case("sign: by the settings and by a key; line ends; dkimpy and our own verifier agree")
def _():
    folder = temp("sign")
    zone = zone_of_keys(folder)
    conf = save(folder, "relay.conf", ("[server]\nhostname = relay.internal.test\npostmaster = p@internal.test\n" + key_settings()).encode())
    signed = run(clrelay(), "--config", conf, "sign", data=MESSAGE)
    equal((signed.returncode, verify_dkim(signed.stdout)), (0, 2), f"signatures: {signed.stderr.decode()}")
    check(signed.stdout.endswith(MESSAGE), "the message itself was changed")
    command("check", "dkim", "-", "--zone", zone, data=signed.stdout)
    unix = run(clrelay(), "--config", conf, "sign", data=MESSAGE.replace(b"\r\n", b"\n"))
    check(b"\r" not in unix.stdout and unix.stdout.endswith(MESSAGE.replace(b"\r\n", b"\n")), "line ends")
    equal(verify_dkim(unix.stdout.replace(b"\n", b"\r\n")), 2, "signatures of a message with LF")
    command("check", "dkim", "-", "--zone", zone, data=unix.stdout)
    large = MESSAGE + b"0123456789" * 7 + b"\r\n"
    large = large + large[-72:] * 100000
    result = run(clrelay(), "sign", "--key", dkim_keys()["ed25519"][0], "--domain", "internal.test", "--selector", "ed25519", data=large)
    equal(verify_dkim(result.stdout), 1, "a large message")
    fields = json.loads(run(clrelay(), "--config", conf, "sign", "--json", data=MESSAGE).stdout)
    check(fields["details"]["fields"].startswith("DKIM-Signature: "), fields)
    command("--config", conf, "sign", data=MESSAGE.replace(b"internal.test", b"other.test"), expect=3)
    command("--config", conf, "sign", data=b"Subject: x\r\n\r\n", expect=3)
    command("--config", "/nonexistent", "sign", data=MESSAGE, expect=1)
    command("sign", "--key", "/nonexistent", "--domain", "x.test", "--selector", "s", data=MESSAGE, expect=1)
    command("sign", "--key", "x", data=MESSAGE, expect=2)
    command("sign", "file", expect=2)


@case("check route: device, route, hosts, MX plan, signatures")
def _():
    folder = temp("route")
    conf = save(folder, "relay.conf", ("[server]\nhostname = relay.internal.test\npostmaster = p@internal.test\n"
                                       "[device office]\nnetworks = 192.0.2.0/24\n[smarthost out]\nhosts = smtp.example.com, [2001:db8::1]:2525\ntls = verify\n"
                                       "[route partner]\nrecipients = partner.example\nvia = smarthost:out\n"
                                       "[route never]\nrecipients = never.example\nvia = reject\nreply = not from here\n"
                                       "[route world]\nvia = mx\n" + key_settings()).encode())
    zone = save(folder, "zone.json", json.dumps({"two.example": {"MX": [[20, "b.example"], [10, "A.example"]]}, "null.example": {"MX": [[0, "."]]},
                                                 "implicit.example": {"A": ["192.0.2.9"]}, "broken.example": {"_other": "SERVFAIL"},
                                                 "self.example": {"MX": [[10, "relay.internal.test"]]}}).encode())

    def route(to, expect=0, **options):
        words = [word for name, value in options.items() for word in ("--" + name, value)]
        result = run(clrelay(), "--config", conf, "check", "route", to, "--zone", zone, "--json", *words)
        equal(result.returncode, expect, f"route {to}: {result.stdout.decode()} {result.stderr.decode()}")
        return json.loads(result.stdout)

    partner = route("x@PARTNER.example", **{"from": "a@sub.internal.test"}, client="192.0.2.7")
    equal((partner["details"]["route"], partner["details"]["transport"], partner["details"]["tls"], partner["details"]["device"]),
          ("partner", "smarthost", "verify", "office"), "partner")
    equal(partner["details"]["hosts"], ["smtp.example.com:25", "[2001:db8::1]:2525"], "hosts")
    equal(partner["details"]["signatures"], ["rsa._domainkey.internal.test", "ed25519._domainkey.internal.test"], "signatures")
    two = route("x@two.example")
    equal([(h["host"], h["preference"]) for h in two["details"]["hosts"]], [("a.example", 10), ("b.example", 20)], "exchangers")
    equal(route("x@implicit.example")["details"]["hosts"][0]["host"], "implicit.example", "implicit")
    equal(route("x@null.example", 4)["result"], "permerror", "null MX")
    equal(route("x@broken.example", 4)["result"], "temperror", "SERVFAIL")
    equal(route("x@nowhere.example", 4)["result"], "permerror", "NXDOMAIN")
    equal(route("x@self.example", 4)["result"], "permerror", "ourselves")
    equal(route("x@never.example", 4)["result"], "refused", "reject")
    equal(route("x@partner.example", 4, client="198.51.100.1")["result"], "refused", "a client that may not")
    equal(route("x@partner.example", device="office")["details"]["device"], "office", "a device")
    route("x", 1)
    route("x@partner.example", 1, client="nonsense")
    route("x@partner.example", 1, device="nonsense")
    command("check", "route", "x@y.example", "--config", "/nonexistent", expect=1)


@case("check --resolver: answers of a server, and of none")
def _():
    def strings(text):
        return " ".join(f'"{text[i:i + 200]}"' for i in range(0, len(text), 200))

    zone = "".join(f"{kind}._domainkey TXT {strings(record.decode())}\n" for kind, (_, record) in dkim_keys().items())
    folder = temp("resolver")
    with Dns({"internal.test": zone, "lame.test": None}) as server:
        resolver = f"127.0.0.1:{server.port}"

        def check_signature(domain, selector, expect):
            signed = run(clrelay(), "sign", "--key", dkim_keys()["rsa"][0], "--domain", domain, "--selector", selector, data=MESSAGE).stdout
            result = run(clrelay(), "check", "dkim", save(folder, "signed.eml", signed), "--resolver", resolver, "--json")
            equal(json.loads(result.stdout)["result"], expect, f"{selector} of {domain}: {result.stdout.decode()}")

        check_signature("internal.test", "rsa", "pass")
        check_signature("internal.test", "other", "permerror")
        check_signature("lame.test", "rsa", "temperror")
    check_signature("internal.test", "rsa", "temperror")
    command("check", "dkim", save(folder, "x", b""), "--resolver", "nonsense", expect=2)


def milter_sign(port, message):
    """MESSAGE as a milter at PORT changes it: fields put in front. The protocol of Sendmail's libmilter, as far as a signer needs it."""
    def send(sock, kind, data=b""):
        sock.sendall(struct.pack(">I", len(data) + 1) + kind + data)

    def receive(sock):
        head = sock.recv(4, socket.MSG_WAITALL)
        data = sock.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL)
        return data[:1], data[1:]

    header, body = message.split(b"\r\n\r\n", 1)
    fields = []
    with socket.create_connection(("127.0.0.1", port), 20) as sock:
        send(sock, b"O", struct.pack(">III", 6, 0x1ff, 0))
        receive(sock)
        steps = [(b"C", b"localhost\0" + b"4" + struct.pack(">H", 40000) + b"127.0.0.1\0"), (b"H", b"localhost\0"), (b"M", b"<anna@internal.test>\0"),
                 (b"R", b"<b@example.test>\0")]
        steps += [(b"L", name + b"\0" + value.lstrip() + b"\0") for name, value in (line.split(b":", 1) for line in header.split(b"\r\n"))]
        for kind, data in steps + [(b"N", b""), (b"B", body)]:
            send(sock, kind, data)
            answer = receive(sock)
            check(answer[0] == b"c", f"the milter answers {kind} with {answer}")
        send(sock, b"E")
        while True:
            kind, data = receive(sock)
            if kind in (b"a", b"c"):
                break
            if kind in (b"i", b"h"):
                name, value = (data[4:] if kind == b"i" else data).split(b"\0")[:2]
                fields.append(name + b": " + value.strip().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n")
            else:
                check(kind == b"p", f"the milter ends with {kind} {data}")
    return b"".join(fields) + message


@case("check dkim: what OpenDKIM signs verifies")
def _():
    opendkim = need("opendkim", "/usr/sbin/opendkim")
    folder = temp("opendkim")
    zone = zone_of_keys(folder)
    for canon in ("simple/simple", "relaxed/relaxed", "relaxed/simple"):
        port = free_port()
        conf = save(folder, "opendkim.conf", f"Mode s\nDomain internal.test\nSelector rsa\nKeyFile {dkim_keys()['rsa'][0]}\nRequireSafeKeys no\nSyslog no\n"
                    f"Canonicalization {canon}\nSocket inet:{port}@127.0.0.1\nOversignHeaders From\n".encode())
        with running(opendkim, "-f", "-x", conf):
            def listens():
                with socket.socket() as sock:
                    return sock.connect_ex(("127.0.0.1", port)) == 0

            wait_for(listens, 15, "OpenDKIM")
            signed = milter_sign(port, MESSAGE)
        answer = json.loads(run(clrelay(), "check", "dkim", save(folder, "signed.eml", signed), "--zone", zone, "--json").stdout)
        equal([(s["result"], s["algorithm"]) for s in answer["details"].get("signatures", [])], [("pass", "rsa-sha256")], f"{canon}: {answer} {signed}")

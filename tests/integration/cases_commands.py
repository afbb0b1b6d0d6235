# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs of the command line that ask the service, with the real binary: results, exit codes, --json, wrong input."""
import json
import os
import re
import select
import socket
import subprocess
import threading
import time

from commands import Unix, api, command, save
from harness import Raw, Relay, Sink, case, check, clrelay, equal, free_port, key_settings, run, temp, verify_dkim, wait_for


@case("every verb: help, unknown options and words, and what there is instead")
def _():
    text = command("--help")
    verbs = re.findall(r"^  ([a-z]+) ", text, re.M)
    check(len(verbs) >= 6, text)
    for verb in verbs:
        check("Usage:" in command(verb, "--help"), verb)
        check("see clrelay --help" in command(verb, "--no-such-option", expect=2), verb)
    check("Usage:" in command(expect=2), "without a verb")
    check("nonsense" in command("nonsense", expect=2), "which verb")
    check("--nonsense" in command("--nonsense", "status", expect=2), "which option")
    command("config", "nonsense", expect=2)
    check("dkim" in command("check", "nonsense", expect=2), "check names what there is")
    for words in (["status"], ["queue", "list"]):
        command("--socket", "/nonexistent/socket", *words, expect=5)


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


@case("a follower of the log that has gone leaves its place at once")
def _():
    def follow(relay):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(5)
        client.connect(relay.socket)
        client.sendall(b"GET /v1/log?event=none&wait=20 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(0.1)
        return client
    def is_refused(client):
        return bool(select.select([client], [], [], 1)[0]) and b" 503 " in client.recv(200)
    with Sink() as sink, Relay(sink.route()) as relay:
        followers = [follow(relay) for _ in range(16)]
        check(is_refused(follow(relay)), "there are places for 16")
        for follower in followers:
            follower.close()
        wait_for(lambda: not is_refused(follow(relay)), 10, "a place")


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
        follower = subprocess.Popen([clrelay(), "--socket", relay.socket, "log", "-f", "-n", "0", "--json"], stdout=subprocess.PIPE, bufsize=0)
        try:
            # It begins with what happens after it has asked, which on a busy machine may be later than the first of these.
            later, got, end = set(), [], time.monotonic() + 60
            while not (got and got[-1]["event"] == "recipient.delivered"):
                check(time.monotonic() < end, f"nothing to follow: {got}")
                if select.select([follower.stdout], [], [], 1)[0]:
                    got.append(json.loads(follower.stdout.readline()))
                else:
                    later.add(relay.send())
            told = {e["fields"].get("id") for e in got}
            check(later & told and first not in told, got)
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


HOSTILE = "\x1b]0;owned\x07 \x9b31m \u202egpj.exe \x7f"
DANGEROUS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@case("what strangers say does nothing to the terminal: subjects, replies, errors, checked messages")
def _():
    def shown(*words, expect=0):
        result = run(*words)
        equal(result.returncode, expect, f"{words}: {result.stderr.decode()}")
        text = result.stdout.decode() + result.stderr.decode()
        check(not DANGEROUS.search(text), f"{words}: {text!r}")
        return text

    folder = temp("terminal")
    with Sink({"RCPT": f"451 no {HOSTILE} end"}) as sink:
        with Relay(sink.route()) as relay:
            identity = relay.send(f"Subject: {HOSTILE} one\r\nMessage-ID: <\x1b[1mx@y>\r\n\r\nx\r\n".encode(), eight_bit=True)
            wait_for(lambda: relay.show(identity)["recipients"][0].get("reply"), what="the reply")
            cli = [clrelay(), "--socket", relay.socket]
            for words in (["queue", "list"], ["queue", "show", identity], ["log"], ["status"], ["send", "--from", "a@internal.test", "--to", "b@example.test",
                                                                                                "--subject", "x", "--timeout", "1"]):
                text = shown(*cli, *words, expect=6 if words[0] == "send" else 0)
                check(words[0] == "status" or "end" in text, text)
            text = shown(*cli, "queue", "show", identity)
            check("\\u001b" in text and " one" in text, text)
    path = save(folder, "hostile.eml", f"DKIM-Signature: v=1; a=rsa-sha256; d=x{HOSTILE}; s=y; h=from; bh=AAAA; b=AAAA\r\nFrom: a@b.test\r\n\r\nx\r\n".encode())
    shown(clrelay(), "check", "dkim", path, "--zone", save(folder, "zone.json", b"{}"), expect=4)
    shown(clrelay(), "check", "address", f"a{HOSTILE}@x", expect=4)


@case("a service that answers nonsense is no reason to break")
def _():
    path = os.path.join(temp("nonsense"), "s")
    answers = [b"", b"[]", b"7", b"{", b"\xff{}", b"[" * 100000]
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(8)

        def serve():
            for answer in answers * 4:
                peer, _ = server.accept()
                with peer:
                    asked = b""
                    while b"\r\n\r\n" not in asked or (asked.startswith(b"POST") and asked.endswith(b"\r\n\r\n")):
                        asked += peer.recv(65536)
                    peer.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        for words in (["status"], ["queue", "list"], ["config", "get"], ["send", "--from", "a@x.test", "--to", "b@x.test", "--body", "x"]):
            for answer in answers:
                text = command("--socket", path, *words, expect=1)
                check("cannot be understood" in text and "CRITICAL" not in text, f"{words} {answer[:9]}: {text}")
        thread.join(10)


@case("submissions that arrive hold a bounded memory, all together; what may not come in holds none")
def _():
    mega = 1024 * 1024

    def memory(relay):
        with open(f"/proc/{relay.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) // 1024

    def begin(relay, size, *fields):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(60)
        sock.connect(relay.socket)
        head = ["POST /v1/submissions HTTP/1.1", "Host: localhost", "Content-Type: message/rfc822", f"Content-Length: {size}",
                'X-Clrelay-Envelope: {"from": "a@internal.test", "to": ["b@example.test"]}', *fields]
        sock.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        return sock

    line = b"x" * 1022 + b"\r\n"
    with Relay(limits="max-message-size = 90M") as relay:
        before = memory(relay)
        with begin(relay, 40 * mega, "Origin: http://localhost") as sock:
            sock.sendall(line * 1024 * 40)
            check(sock.recv(100).startswith(b"HTTP/1.1 403 "), "with an Origin")
        check(memory(relay) < before + 25, f"{before} MiB before, {memory(relay)} MiB after what was refused by its head")
        with begin(relay, 70 * mega) as first, begin(relay, 30 * mega) as second:
            first.sendall(b"Subject: large\r\n\r\n" + line[18:] + line * (1024 * 50 - 1))
            second.sendall(line * 1024 * 30)
            check(second.recv(100).startswith(b"HTTP/1.1 503 "), "the second finds no room")
            first.sendall(line * 1024 * 20)
            answer = first.recv(1000)
            check(answer.startswith(b"HTTP/1.1 200 "), f"one message alone may be larger: {answer}")
        relay.cli("send", "--from", "a@internal.test", "--to", "b@example.test", "--body", "there is room again")

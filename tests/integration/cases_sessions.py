# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sessions of now, in and out, records of what they say, and alerts: over the API, with the real relay."""
import http.server
import json
import threading
import time

from cases_auth import PASSWORD, Secure, b64, with_user
from cases_tokens import ask, passport
from commands import MESSAGE, api
from harness import Raw, Relay, Sink, case, certificate, check, equal, free_port, wait_for


def sessions(relay, query=""):
    status, text, _ = api(relay, "GET", "/v1/sessions" + query)
    equal(status, 200, text)
    return json.loads(text)["sessions"]


def record(relay, **wish):
    status, text, _ = api(relay, "POST", "/v1/sessions/record", wish)
    equal(status, 200, text)
    return json.loads(text)["record"]


def lines(relay, name):
    """What a record holds, when it is done: "C: ..." and so on, all sessions in one."""
    def get():
        return json.loads(api(relay, "GET", f"/v1/sessions/record/{name}")[1])
    wait_for(lambda: get()["state"] == "done", what="the end of the record")
    marks = {"client": "C: ", "server": "S: ", "content": "| ", "note": "-- "}
    return [marks[line["from"]] + line["text"] for session in get()["sessions"] for line in session["lines"]]


@case("sessions: who is connected, in and out, what they do; text, direction and limit choose")
def _():
    with Sink(script={"END": (6, "250 ok")}) as sink, with_user(routes=sink.route(), extra="[device extra]\nlogins = printer\n") as relay:
        equal(sessions(relay), [], "nobody is there yet")
        with Raw(relay.port) as idle, Secure(relay.port) as secure:
            idle.reply()
            secure.ask("AUTH PLAIN " + b64(f"\0printer\0{PASSWORD}"))
            secure.ask("MAIL FROM:<a@internal.test>")
            first, second = sessions(relay)  # the youngest first
            equal((first["direction"], first["place"], first["login"], first["name"]), ("in", "in", "printer", "client.test"), first)
            check(first["tls"].startswith("TLS1.") and "<a@internal.test>" in first["state"] and first["octets-in"] > 100, first)
            check("tls" not in second and "name" not in second and second["device"] == "all" and second["messages"] == 0, second)
            check(second["peer"].startswith("127.0.0.1:") and second["state"] == "connected, has not said its name", second)
            equal(len(sessions(relay, "?text=CLIENT.test")), 1, "by text")
            equal(len(sessions(relay, "?limit=1")), 1, "by limit")
            equal(sessions(relay, "?direction=out"), [], "nothing goes out")
            relay.send()
            wait_for(lambda: sessions(relay, "?direction=out"), what="the session out")
            out = sessions(relay, "?direction=out")[0]
            equal((out["place"], out["messages"]), ("sink", 1), out)
            check(str(sink.port) in out["peer"], out)
            text = relay.cli("session", "list", "--out")
            check("-> " in text and "<- " not in text and "3 sessions in all" in text, text)
        wait_for(lambda: not sessions(relay, "?direction=in"), what="the end of the sessions")
        for wrong in ("?direction=up", "?limit=0", "?limit=5001", "?other=1"):
            equal(api(relay, "GET", "/v1/sessions" + wrong)[0], 400, wrong)


@case("record: the next session as it speaks, in TLS too; neither passwords nor content")
def _():
    with with_user() as relay:
        name = record(relay, client="127.0.0.1", sessions=2)
        with Secure(relay.port) as client:
            client.ask("AUTH PLAIN " + b64(f"\0printer\0{PASSWORD}"))
            client.send("MAIL FROM:<a@internal.test>\r\nRCPT TO:<b@example.test>\r\nDATA\r\n")
            for _ in range(3):
                client.reply()
            check(client.ask("Subject: very secret\r\n\r\nbody\r\n.").startswith("250"), "the message")
            client.ask("QUIT")
        with Raw(relay.port) as client:
            client.reply()
            client.ask("EHLO second.test")
            client.ask("AUTH LOGIN")
            client.ask(b64("printer"))
            client.ask(b64(PASSWORD))
            client.ask("QUIT")
        got = lines(relay, name)
        text = "\n".join(got)
        check(got[0].startswith("S: 220 ") and got[1] == "C: EHLO client.test", got[:3])
        check(any(line.startswith("-- TLS1.") for line in got), "TLS is noted")
        check("C: AUTH PLAIN [28 octets, not recorded]" in text and "S: 235 " in text and "C: RCPT TO:<b@example.test>" in text, text)
        check("-- [content: " in text and "queued as " in text and "C: EHLO second.test" in text, text)
        for secret in (PASSWORD, b64(PASSWORD), b64(f"\0printer\0{PASSWORD}"), "very secret", b64("printer")):
            check(secret not in text, f"{secret} was recorded: {text}")
        # A third one is not recorded; people read it as text, and it can be dropped.
        with Raw(relay.port) as client:
            client.reply()
            client.ask("EHLO third.test")
        check("third.test" not in api(relay, "GET", f"/v1/sessions/record/{name}")[1], "only two")
        shown = api(relay, "GET", f"/v1/sessions/record/{name}?format=text")[1]
        check("C: EHLO second.test" in shown and shown.count("# the session is over") == 2, shown)
        check("C: EHLO second.test" in relay.cli("session", "show", name) and name in relay.cli("session", "records"), "cli")
        check("record" in relay.cli("audit"), "it is audited")
        relay.cli("session", "drop", name)
        relay.cli("session", "show", name, expect=3)


@case("record: content only for those who may read mail; by device, bounded, in time; wrong orders are refused")
def _():
    device = "[device printer]\nnetworks = 127.0.0.1\n"
    with Relay(devices=device, extra="[control]\nlisten = 127.0.0.1:0\n") as relay:
        _, found = passport(relay)
        tokens = {role: json.loads(api(relay, "POST", "/v1/tokens", {"name": role, "role": role})[1])["token"] for role in ("operator", "reader", "viewer")}
        def try_as(role, method, path, body=None):
            return ask(relay, found["url"], method, path, tokens[role], None if body is None else json.dumps(body))
        wish = {"device": "printer", "content": True}
        equal([try_as(role, "POST", "/v1/sessions/record", wish)[0] for role in ("operator", "viewer", "reader")], [403, 403, 200], "who may order content")
        relay.send(MESSAGE)
        got = lines(relay, "r1")
        check("| Subject: signed" in got and "| world." in got, got)
        equal([try_as(role, "GET", "/v1/sessions/record/r1")[0] for role in ("operator", "viewer", "reader")], [403, 403, 200], "who may see it")
        check("record r1 with content read" in api(relay, "GET", "/v1/audit?text=content")[1], "reading is audited")
        # Bounded by size.
        name = record(relay, device="printer", content=True, size=4000)
        relay.send("Subject: big\r\n\r\n" + ("x" * 60 + "\r\n") * 2000)
        got = lines(relay, name)
        check(len(got) < 100 and "the record is full here" in api(relay, "GET", f"/v1/sessions/record/{name}?format=text")[1], len(got))
        # By time: nothing began.
        name = record(relay, client="127.0.0.1", seconds=1)
        time.sleep(1.3)
        relay.send()
        equal(lines(relay, name), [], "too late")
        for wrong in ({}, {"client": "nobody"}, {"client": "127.0.0.1", "device": "printer"}, {"client": "127.0.0.1", "sessions": 0},
                      {"client": "127.0.0.1", "sessions": 21}, {"client": "127.0.0.1", "size": 1 << 30}, {"client": "127.0.0.1", "seconds": "9"}):
            equal(api(relay, "POST", "/v1/sessions/record", wrong)[0], 400, wrong)
        equal(api(relay, "POST", "/v1/sessions/record", {"device": "none"})[0], 404, "no such device")
        for _ in range(15):
            record(relay, client="192.0.2.1")
        records = json.loads(api(relay, "GET", "/v1/sessions/record")[1])["records"]
        equal(len(records), 10, "the oldest give way")
        relay.send()  # with many orders that do not fit


@case("record: a session with a next hop, whose password is not recorded")
def _():
    with Sink(users={"relay": "out-pass-77"}, tls=certificate(), extensions=("PIPELINING", "8BITMIME", "STARTTLS", "AUTH PLAIN LOGIN")) as sink:
        with Relay(sink.route("user = relay\npassword = out\ntls = encrypt\n")) as relay:
            relay.cli("secret", "set", "out", data=b"out-pass-77\n")
            name = record(relay, **{"next-hop": "sink"})
            relay.send(MESSAGE)
            sink.wait()
            wait_for(lambda: "AUTH" in api(relay, "GET", f"/v1/sessions/record/{name}")[1], what="the login in the record")
            relay.stop()  # ends the kept session: the record went with the relay, so look before
            relay.start()
            name = record(relay, **{"next-hop": "127.0.0.1"})
            relay.send(MESSAGE)
            sink.wait(2)
            wait_for(lambda: "content: " in api(relay, "GET", f"/v1/sessions/record/{name}?format=text")[1], what="the content's note")
            text = api(relay, "GET", f"/v1/sessions/record/{name}?format=text")[1]
            check("out to 127.0.0.1:" in text and "S: 220" in text and "-- TLS1." in text and "MAIL FROM:<a@internal.test>" in text, text)
            check("AUTH " in text and "not recorded]" in text and "out-pass-77" not in text and b64("\0relay\0out-pass-77") not in text, text)
            check("Subject: signed" not in text, text)


class Hook(http.server.ThreadingHTTPServer):
    """Takes what is posted; refuses the first @refusals."""

    def __init__(self, refusals=0):
        hook = self
        self.got, self.refusals = [], refusals

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.refusals > 0:
                    hook.refusals -= 1
                    self.send_response(503)
                else:
                    hook.got.append(json.loads(text))
                    self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", free_port()), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


def alerts(relay):
    return json.loads(api(relay, "GET", "/v1/alerts")[1])["alerts"]


@case("alerts: raised once by mail over another route and by web hook, kept over a restart, acknowledged, over once")
def _():
    nowhere = f"[smarthost away]\nhosts = 127.0.0.1:{free_port()}\n[route default]\nvia = smarthost:away\n"
    with Hook(refusals=1) as hook:
        relay = Relay()
        relay.write(routes=nowhere + f"[route other]\nrecipients = none.test\nvia = capture\ndirectory = {relay.capture}\n",
                    extra=f"[alert many]\nkind = queue-length\nmore-than = 1\nmail-to = admin@example.test\nroute = other\nwebhook = http://127.0.0.1:{hook.server_port}/hook\n"
                    "[alert space]\nkind = disk\nless-space-than = 1K\n[alert old]\nkind = queue-age\nlonger-than = 1d\n")
        with relay:
            first, second, third = relay.send(), relay.send(), relay.send()
            wait_for(lambda: alerts(relay), 20, "the alert")
            got = alerts(relay)
            equal([(a["name"], a["kind"], a["state"]) for a in got], [("many", "queue-length", "active")], got)
            wait_for(lambda: relay.captured(), 15, "the mail by another route")
            mail = next(iter(relay.captured().values())).decode()
            check("Subject: relay.internal.test: alert raised: many" in mail and "To: <admin@example.test>" in mail and "messages in the queue: " in mail, mail)
            wait_for(lambda: hook.got, 20, "the web hook, which was refused at first")
            equal([(h["alert"], h["change"], h["relay"]) for h in hook.got], [("many", "raised", "relay.internal.test")], hook.got)
            check("alert many" in relay.read_log() and "alert many" in json.dumps(json.loads(api(relay, "GET", "/v1/status")[1])["warnings"]), "log and status")
            check("many: messages in the queue" in relay.cli("alert", "list"), "cli")
            relay.cli("alert", "acknowledge", "many")
            relay.cli("alert", "acknowledge", "many", "nothing", expect=3)
            equal((alerts(relay)[0]["state"], "acknowledged-by" in alerts(relay)[0]), ("acknowledged", True), "acknowledged")
            relay.stop()
            relay.start()
            time.sleep(6)
            equal(alerts(relay)[0]["state"], "acknowledged", "after a restart")
            equal((len(relay.captured()), len(hook.got)), (1, 1), "told once")
            for identity in (first, second, third):
                relay.cli("queue", "delete", identity)
            wait_for(lambda: len(hook.got) == 2, 20, "that it is over")
            equal((hook.got[1]["change"], alerts(relay)[0]["state"]), ("cleared", "cleared"), hook.got)
            wait_for(lambda: len(relay.captured()) == 2, 15, "the mail that says so")
            relay.cli("alert", "test", "many")
            relay.cli("alert", "test", "none", expect=3)
            wait_for(lambda: len(hook.got) == 3, 15, "the test")
            equal(hook.got[2]["change"], "test", hook.got)
            # A rule that makes no sense is refused, and the former ones stay.
            relay.write(extra="[alert bad]\nkind = disk\nroute = nowhere\n")
            relay.hangup(expect="there is no [route nowhere]")


@case("alerts: failures, a silent device, certificates and little space, each with its subject")
def _():
    with Sink(script={"RCPT": "550 5.1.1 no such user"}) as sink:
        extra = ("[alert failing]\nkind = failure-rate\nmore-than = 50\n[alert quiet]\nkind = device-silent\nlonger-than = 3s\ndevices = all\n"
                 "[alert cert]\nkind = certificate\nless-time-than = 365d\n[alert space]\nkind = disk\nless-space-than = 16384G\n"
                 "[alert volume]\nkind = unusual-volume\nmore-than = 20\n")
        with Relay(sink.route(), extra=extra) as relay:
            for _ in range(25):
                relay.send()
            wait_for(lambda: {a["name"] for a in alerts(relay)} >= {"failing", "quiet", "space", "volume"}, 30, f"the alerts: {alerts(relay)}")
            by_name = {a["name"]: a for a in alerts(relay)}
            check("100 %" in by_name["failing"]["text"], by_name["failing"])
            equal((by_name["quiet"]["subject"], by_name["volume"]["subject"]), ("all", "all"), by_name)
            check(relay.state in by_name["space"]["text"], by_name["space"])

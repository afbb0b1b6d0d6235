# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a [device] may do, and what is borne of it: over SMTP, with the real relay."""
import base64
import json
import os
import socket
import subprocess
import time

from commands import api, command
from harness import Raw, Relay, case, check, clrelay, daemon, equal, free_port, queue_id, run, submit, wait_for


def dialogue(relay, *lines):
    """The replies to LINES of a client that sends them one by one, without the greeting's."""
    with Raw(relay.port) as client:
        client.reply()
        return [client.ask(line) for line in lines]


@case("device: senders and recipients that it may not use are refused, each with its setting's name")
def _():
    with Relay(device="senders = scan@internal.test, .apps.test\nrecipients = example.test, .example.test\n"
               "denied-recipients = no.example.test\nmax-recipients = 2\nmax-message-size = 2K\n") as relay:
        for sender, code in (("scan@internal.test", "250"), ("SCAN@internal.test", "250"), ("x@erp.apps.test", "250"),
                             ("other@internal.test", "550 5.7.1"), ("x@apps.test", "550 5.7.1"), ("", "550 5.7.1")):
            reply = dialogue(relay, "EHLO c.test", f"MAIL FROM:<{sender}>")[1]
            check(reply.startswith(code), f"{sender}: {reply}")
        replies = dialogue(relay, "EHLO c.test", "MAIL FROM:<scan@internal.test>", "RCPT TO:<a@elsewhere.test>", "RCPT TO:<a@no.example.test>",
                           "RCPT TO:<a@example.test>", "RCPT TO:<a@b.example.test>", "RCPT TO:<c@example.test>")
        equal([r[:9] for r in replies[2:]], ["550 5.7.1", "550 5.7.1", "250 2.1.5", "250 2.1.5", "452 4.5.3"], "recipients")
        check("[device]" in replies[2], replies[2])
        with Raw(relay.port) as client:
            client.open_data("scan@internal.test")
            check(client.ask("Subject: x\r\n\r\n" + "x" * 70 + ("\r\n" + "x" * 70) * 40 + "\r\n.").startswith("552 5.3.4"), "too large")


@case("device: sender and author are rewritten, the original is kept in Reply-To, and it is recorded")
def _():
    with Relay(device="rewrite-sender = scan@internal.test\n") as relay:
        identity = relay.send("From: Copier <copier@device.local>\r\nSubject: s\r\n\r\nx\r\n", sender="copier@device.local")
        wait_for(lambda: identity in relay.captured(), what="the capture")
        text = relay.captured()[identity].decode()
        check("\r\nFrom: <scan@internal.test>\r\n" in text and "\r\nReply-To: Copier <copier@device.local>\r\n" in text, text)
        check("From: Copier" not in text, text)
        shown = relay.show(identity)
        equal(shown["sender"], "scan@internal.test", "envelope sender")
        check("sender" in shown["repairs"], shown)
        # Who asks for answers elsewhere keeps that, and an allowed author stays.
        identity = relay.send("From: scan@internal.test\r\nReply-To: r@internal.test\r\nSubject: s\r\n\r\nx\r\n", sender="scan@internal.test")
        wait_for(lambda: identity in relay.captured(), what="the capture")
        text = relay.captured()[identity].decode()
        equal(text.count("Reply-To:"), 1, "Reply-To fields")
        check("sender" not in (relay.show(identity).get("repairs") or []), "nothing was rewritten")


@case("device: an author of a foreign domain is refused, also one of several, and where it cannot be read")
def _():
    with Relay(device="from-domains = internal.test\n") as relay:
        for field, good in (("a@internal.test", True), ("a@internal.test, b@foreign.test", False), ("b@foreign.test", False), ("nobody", False)):
            with relay.client() as smtp:
                smtp.ehlo()
                smtp.mail("a@internal.test")
                smtp.rcpt("b@example.test")
                smtp.docmd("DATA")
                smtp.send(f"From: {field}\r\nSubject: x\r\n\r\nx\r\n.\r\n".encode())
                code, text = smtp.getreply()
                equal(code, 250 if good else 550, f"{field}: {text}")


@case("device: beyond its rate mail is held until it is released, or deferred")
def _():
    with Relay(device="messages-per-day = 2\n") as relay:
        for i in range(3):
            identity = relay.send()
        equal(set(relay.states(identity).values()), {"held"}, "the third message")
        check("messages-per-day" in relay.read_log(), "the log names the limit")
        relay.cli("queue", "release", identity)
        wait_for(lambda: identity in relay.captured(), what="its delivery")
        # A change of the settings does not forget what was sent.
        relay.write(devices="[device all]\nnetworks = 127.0.0.0/8\nmessages-per-day = 2\non-excess = defer\n")
        relay.hangup()
        with relay.client() as smtp:
            smtp.ehlo()
            equal(smtp.mail("a@internal.test")[0], 452, "MAIL beyond the limit")


@case("device: a copy for the journal, its priority, its route")
def _():
    relay = Relay(device="journal = archive@internal.test\nroute = files\npriority = 5\n")
    relay.write(routes=f"[route files]\nrecipients = nowhere.test\nvia = capture\ndirectory = {relay.capture}\n"
                "[route default]\nvia = reject\n")
    with relay:
        identity = relay.send(to=("b@example.test", "archive@internal.test"))
        wait_for(lambda: identity in relay.captured(), what="the capture by its route")
        equal(len(relay.show(identity)["recipients"]), 2, "who is a recipient gets no second copy")
        identity = relay.send()
        wait_for(lambda: identity in relay.captured(), what="the capture by its route")
        equal(sorted(relay.states(identity)), ["archive@internal.test", "b@example.test"], "recipients")


@case("device: the smallest network counts; quirks hold for it alone; STARTTLS is not offered where it hurts")
def _():
    devices = ("[device office]\nnetworks = 127.0.0.0/8\n[device printer]\nnetworks = 127.0.0.1\npreset = ups-or-camera\n"
               "[device far]\nnetworks = 10.0.0.0/8\npreset = old-printer\n")
    with Relay(devices=devices) as relay:
        replies = dialogue(relay, "EHLO c.test", "MAIL FROM: a@internal.test", "RCPT TO: b@example.test")
        check("STARTTLS" not in replies[0], replies[0])
        check(all(r.startswith("250") for r in replies), replies)
        identity = relay.send("x: y\nbare\r\n\r\nx\r\n")
        check({"date", "message-id", "from", "newlines"} <= set(relay.show(identity)["repairs"]), relay.show(identity)["repairs"])
        equal(relay.show(identity)["device"], "printer", "device")
        used = {u["name"]: u["messages"] for u in relay.json("device", "show", "printer")["repairs-used"]}
        check({"date", "message-id", "from", "newlines"} <= set(used) and set(used.values()) == {1}, used)
        relay.write(devices="[device office]\nnetworks = 127.0.0.0/8\n[device printer]\nnetworks = 127.0.0.2\npreset = ups-or-camera\n")
        relay.hangup()
        replies = dialogue(relay, "EHLO c.test", "MAIL FROM: a@internal.test")
        check("STARTTLS" in replies[0] and replies[1].startswith("501"), replies)


@case("device: what cannot be is told by config check: early quirks without networks, old TLS without end, unknown words")
def _():
    for device, word in (("logins = x\nlenient-commands = true\n", "networks"), ("networks = 127.0.0.1\nquirks = legacy-tls\n", "legacy-tls-until"),
                         ("networks = 127.0.0.1\nquirks = none-such\n", "none-such"), ("label = x\n", "logins"),
                         ("networks = 127.0.0.1\nroute = nowhere\n", "nowhere"), ("logins = x\npreset = old-printer\n", "auth-in-clear"),
                         ("networks = 127.0.0.1\nfrom-domains = a.test\nrewrite-sender = x@b.test\n", "rewrite-sender")):
        relay = Relay(devices="[device bad]\n" + device)
        said = command("config", "check", relay.conf, expect=4)
        check(word in said, f"{device!r}: {said}")


@case("10,000 devices: the service starts and reloads in seconds, and finds the right one")
def _():
    devices = "".join(f"[device d{i}]\nnetworks = 10.{i >> 8}.{i & 255}.0/24\nlogins = u{i}\npreset = generic-printer\n" for i in range(9999))
    relay = Relay(devices=devices + "[device last]\nnetworks = 127.0.0.1\n")
    start = time.monotonic()
    with relay:
        started = time.monotonic() - start
        start = time.monotonic()
        relay.hangup()
        reloaded = time.monotonic() - start
        with relay.client() as smtp:
            smtp.ehlo()
            identity = submit(smtp, b"Subject: x\r\n\r\nx\r\n")
        equal(relay.show(identity)["device"], "last", "device")
        print(f"# 10,000 devices: start {started:.2f} s, reload {reloaded:.2f} s", flush=True)
        check(started < 15 and reloaded < 10, f"start {started:.1f} s, reload {reloaded:.1f} s")


@case("device: an open relay is refused at the start and at a reload, with the rule's name; it may be accepted, with a warning")
def _():
    wide = "[device world]\nnetworks = 0.0.0.0/0\n"
    outside = f"[listener outside]\naddress = 0.0.0.0:{free_port()}\n"
    with Relay(extra=outside) as relay:
        relay.write(devices=wide)
        relay.hangup("open relay through [listener outside]: [device world] networks = 0.0.0.0/0")
        check("accept-open-relay" in relay.read_log(), "what to do")
        # Closed again by logins, and by what the device may send to; open, and accepted.
        relay.write(devices=wide + "logins = staff\n")
        relay.hangup()
        relay.write(devices=wide + "recipients = example.test\n")
        relay.hangup()
        relay.write(devices="[device v6]\nnetworks = ::/0\n")
        relay.hangup("[device v6] networks = ::/0")
        relay.write(devices=wide, server="accept-open-relay = true\n")
        relay.hangup("accept-open-relay is set")
        check("accept-open-relay is set" in str(relay.json("status")), "the status warns")
        relay.write(devices="[device all]\nnetworks = 127.0.0.0/8\n", server="accept-open-relay = true\n")
        relay.hangup()
        check("though no stranger can relay" in str(relay.json("status")), "the status warns of a leave that is not needed")
    relay = Relay(devices=wide, extra=outside)
    relay.launch()
    wait_for(lambda: relay.process.poll() is not None, what="the end of a start as an open relay")
    check(relay.process.returncode != 0 and "[device world] networks" in relay.read_log(), relay.read_log())
    relay.process = None


def clients(relay, *options):
    return {c["address"]: c for c in relay.json("device", "list", "--clients", *options)}


@case("check relay: a stranger's dialogue at every listener; a change over the API is refused with the rule, forced with a warning")
def _():
    outside = (f"[listener outside]\naddress = 0.0.0.0:{free_port()}\ntls = require\n"
               f"[listener mx]\naddress = 0.0.0.0:{free_port()}\nrole = inbound\n[inbound]\ndomains = internal.test\n")
    with Relay(devices="[device all]\nnetworks = 127.0.0.0/8\n", extra=outside) as relay:
        found = json.loads(command("check", "relay", "--config", relay.conf, "--json"))
        equal((found["result"], [l["name"] for l in found["details"]["listeners"]]), ("ok", ["in", "outside", "mx"]), "the listeners")
        for listener in found["details"]["listeners"]:
            equal(listener["verdict"], "closed", listener["name"])
            for visit in listener["visits"]:
                replies = [line for line in visit["dialogue"] if line.startswith("S: 5")]
                check(replies and visit["verdict"] == "closed", f"{listener['name']}: {visit}")
        check("C: RCPT TO:<victim@stranger.invalid>" in command("check", "relay", "--config", relay.conf), "the dialogue is shown")
        equal(relay.cli("config", "get", "device:all.networks").strip(), "127.0.0.0/8", "before")
        for networks in ("0.0.0.0/1, 128.0.0.0/1", "::/64"):
            result = run(clrelay(), "--socket", relay.socket, "config", "set", f"device:all.networks={networks}")
            said = result.stderr.decode()
            check(result.returncode != 0 and "open relay through [listener outside]: [device all] networks = " in said and "--force" in said, said)
        result = run(clrelay(), "--socket", relay.socket, "config", "set", "inbound.domains=.com")
        check("open relay through [listener mx]: [inbound] domains = .com" in result.stderr.decode(), result.stderr)
        equal(relay.cli("config", "get", "device:all.networks").strip(), "127.0.0.0/8", "after the refusals")
        relay.cli("config", "set", "--force", "device:all.networks=0.0.0.0/0")
        equal(relay.cli("config", "get", "server.accept-open-relay").strip(), "true", "what --force sets")
        check("open relay through [listener outside]" in str(relay.json("status")), "the status warns")
        check("open relay through [listener outside]" in relay.read_log(), "the log warns")
        said = command("check", "relay", "--config", relay.conf, expect=4)
        check("open: open relay through" in said and "C: DATA" in said and "S: 354" in said, said)
        relay.cli("config", "undo")
        check("open relay" not in str(relay.json("status")), "closed again")
    # Without a service the file is judged alike.
    result = run(clrelay(), "--config", relay.conf, "config", "set", "device:all.networks=::/0")
    check(result.returncode == 4 and "open relay through" in result.stderr.decode(), result.stderr)
    result = run(clrelay(), "--config", relay.conf, "config", "set", "--force", "device:all.networks=::/0")
    equal(result.returncode, 0, result.stderr)
    command("config", "check", relay.conf)
    relay.write(devices="[device all]\nnetworks = ::/0\n")
    check("open relay" in command("config", "check", relay.conf, expect=4), "config check")
    # The daemon's own --force: for once, and warned of.
    with open(relay.log, "ab") as log:
        relay.process = subprocess.Popen([daemon(), "--config", relay.conf, "--force"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    wait_for(lambda: os.path.exists(relay.socket) and run(clrelay(), "--socket", relay.socket, "status").returncode == 0, what="the start by force")
    check("started with --force" in str(relay.json("status")), "the status warns")
    relay.stop()


@case("device: one known by its login gets the quirks that act after it, and not before")
def _():
    devices = "[device office]\nnetworks = 127.0.0.1\nquirks = auth-in-clear\n[device camera]\nlogins = camera\nbare-newlines = normalize\nquirks = missing-brackets\n"
    with Relay(devices=devices) as relay:
        relay.cli("user", "add", "camera", data=b"secret-word\n")
        with Raw(relay.port) as client:
            client.reply()
            client.ask("EHLO c.test")
            check(client.ask("MAIL FROM: a@internal.test").startswith("501"), "lenient before the login")
            equal(client.ask("AUTH PLAIN " + base64.b64encode(b"\0camera\0secret-word").decode())[:3], "235", "the login")
            equal(client.ask("MAIL FROM:a@internal.test")[:3], "250", "MAIL without brackets")
            equal(client.ask("RCPT TO:b@example.test")[:3], "250", "RCPT without brackets")
            equal(client.ask("DATA")[:3], "354", "DATA")
            client.send(b"Subject: x\r\n\r\none\ntwo\r\n.\r\n")
            reply = client.reply()
            check(reply.startswith("250"), reply)
        one = relay.show(queue_id(reply))
        equal(one["device"], "camera", "device")
        check("missing-brackets" in str(one) and "newlines" in str(one), one)


@case("device: who tried is remembered with HELO, TLS, success, refusal and why; kept over a restart; allowed with one command")
def _():
    with Relay(devices="[device server]\nnetworks = 127.0.0.2\n") as relay:
        replies = dialogue(relay, "HELO copier-7", "MAIL FROM:<a@internal.test>", "RCPT TO:<b@example.test>", "QUIT")
        check(replies[2].startswith("550 5.7.1"), replies)
        with relay.client() as smtp:
            smtp.starttls()
            smtp.ehlo("copier-8")
        with Raw(relay.port) as client:  # a second refusal
            client.reply()
            client.ask("BREW coffee")
        wait_for(lambda: clients(relay).get("127.0.0.1", {}).get("sessions") == 3, what="the sighting")
        one = relay.json("device", "list", "--unknown")
        equal([c["address"] for c in one], ["127.0.0.1"], "unknown clients")
        equal((one[0]["helo"], one[0]["refusals"], one[0]["messages"]), ("copier-8", 2, 0), "what is known")
        check(one[0]["reason"].startswith("500 5.5.1") and one[0]["tls"].startswith("TLS1."), one[0])
        check("last-success" not in one[0] and one[0]["last-refusal"] >= one[0]["first-seen"], one[0])
        check("copier-8" in relay.cli("device", "list", "--unknown"), "for people")
        relay.stop()
        relay.start()
        equal(relay.json("device", "list", "--unknown"), one, "after a restart")
        # Strangers' words cannot become settings, and what is wrong changes nothing.
        for words in (("127.0.0.1", "--preset", "toaster"), ("127.0.0.1", "--name", "a b"), ("127.0.0.1\nlogins = *",), ("nowhere",)):
            said = command("--socket", relay.socket, "device", "allow", *words, expect=4)
            check("nothing was changed" in said, said)
        relay.cli("device", "allow", "127.0.0.1", "--preset", "generic-printer", "--name", "copier", "--label", "Copier, 2nd floor")
        identity = relay.send()
        equal(relay.show(identity)["device"], "copier", "its device")
        equal(relay.json("device", "list", "--unknown"), [], "unknown clients")
        wait_for(lambda: clients(relay)["127.0.0.1"]["messages"] == 1, what="the accepted message")
        shown = relay.json("device", "show", "copier")
        equal((shown["label"], shown["preset"], shown["networks"]), ("Copier, 2nd floor", "generic-printer", ["127.0.0.1"]), "show")
        check(shown["clients"][0]["last-success"] and "missing-brackets" in shown["quirks"], shown)
        check("[device copier]" in command("--socket", relay.socket, "device", "allow", "127.0.0.3", "--name", "copier", expect=1), "a name twice")
        relay.cli("device", "allow", "127.0.0.3")
        equal([d["name"] for d in relay.json("device", "list")], ["server", "copier", "client-127-0-0-3"], "devices")
        relay.cli("device", "show", "nobody", expect=3)
        equal(api(relay, "GET", "/v1/clients?limit=0")[0], 400, "a bad limit")


@case("device: the inventory is bounded, who was not seen for the longest time falls out; a failed handshake is told")
def _():
    def greet(source, *lines):
        with socket.create_connection(("127.0.0.1", relay.port), 20, (source, 0)) as sock:
            sock.recv(500)
            for line in lines:
                sock.sendall(line + b"\r\n")
                sock.recv(500)

    with Relay(limits="max-known-clients = 3\n") as relay:
        for i in range(1, 6):
            greet(f"127.0.1.{i}", b"HELO h%d" % i, b"QUIT")
            wait_for(lambda: f"127.0.1.{i}" in clients(relay), what=f"client {i}")
        equal(sorted(clients(relay)), ["127.0.1.3", "127.0.1.4", "127.0.1.5"], "those seen last")
        greet("127.0.1.3", b"EHLO x", b"STARTTLS", b"this is no handshake")
        wait_for(lambda: clients(relay)["127.0.1.3"]["refusals"] == 1, what="the failed handshake")
        check(clients(relay)["127.0.1.3"]["reason"].startswith("TLS: "), clients(relay))
        greet("127.0.1.6", b"HELO h6", b"QUIT")
        wait_for(lambda: "127.0.1.6" in clients(relay), what="client 6")
        equal(sorted(clients(relay)), ["127.0.1.3", "127.0.1.5", "127.0.1.6"], "who was seen again stays")
        relay.write(limits="max-known-clients = 1\n")
        relay.hangup()
        equal(list(clients(relay)), ["127.0.1.6"], "a smaller bound counts at once")
        relay.kill()
        relay.start()
        check(len(clients(relay)) <= 1, "the bound holds at the start")


@case("device: brackets, the space and HELO are a quirk each, and each is recorded on the message and counted")
def _():
    tries = {"missing-brackets": "MAIL FROM:a@internal.test", "space-after-colon": "MAIL FROM: <a@internal.test>", "bad-helo": "HELO"}
    for quirk in tries:
        with Relay(device=f"quirks = {quirk}\n") as relay:
            for other, line in tries.items():
                with Raw(relay.port) as client:
                    client.reply()
                    hello = client.ask(line if other == "bad-helo" else "HELO c.test")
                    if other == "bad-helo":
                        equal(hello[:3], "250" if quirk == other else "501", f"{quirk}: {line}")
                    else:
                        equal(client.ask(line)[:3], "250" if quirk == other else "501", f"{quirk}: {line}")
                    if quirk != other:
                        continue
                    if other == "bad-helo":
                        client.ask("MAIL FROM:<a@internal.test>")
                    client.ask("RCPT TO:<b@example.test>")
                    client.ask("DATA")
                    identity = client.ask("Subject: x\r\n\r\nx\r\n.").split()[-1]
            equal(relay.show(identity)["quirks"], [quirk], "on the message")
            metrics = api(relay, "GET", "/metrics")[1]
            check(f'clrelay_device_quirks_total{{device="all",quirk="{quirk}"}} 1\n' in metrics, metrics)
            equal(relay.json("device", "show", "all")["quirks-used"], [{"name": quirk, "messages": 1}], "counted")


@case("device: beyond its rate it is frozen where set so, over a restart; thaw leaves or releases what was held; freeze by hand")
def _():
    with Relay(device="messages-per-day = 2\non-excess = freeze\n") as relay:
        sent = [relay.send() for _ in range(4)]
        equal([set(relay.states(i).values()) for i in sent[2:]], [{"held"}, {"held"}], "beyond the limit")
        log = relay.read_log()
        equal(log.count("[device all] is frozen"), 1, "events")
        check("messages-per-day is exceeded" in log and "thaw all" in log, log)
        check("[device all] is frozen" in " ".join(relay.json("status")["warnings"]), "the status warns")
        check("FROZEN" in relay.cli("device", "list"), "the list says it")
        relay.stop()
        relay.start()
        equal(relay.json("device", "show", "all")["frozen-reason"], "messages-per-day is exceeded", "after a restart")
        sent.append(relay.send())
        equal(set(relay.states(sent[4]).values()), {"held"}, "after a restart")
        relay.cli("device", "thaw", "all")
        check("frozen-since" not in relay.json("device", "show", "all"), "thawed")
        command("--socket", relay.socket, "device", "thaw", "all", expect=1)
        fresh = relay.send()
        wait_for(lambda: fresh in relay.captured(), what="mail of a thawed device")
        equal(set(relay.states(sent[2]).values()), {"held"}, "what was held stays held")
        relay.cli("device", "freeze", "all")
        held = relay.send()
        equal(set(relay.states(held).values()), {"held"}, "frozen by hand")
        relay.kill()  # what was answered is on disk
        relay.start()
        check("administrator" in relay.json("device", "show", "all")["frozen-reason"], "after a crash")
        check("1 recipient" in relay.cli("device", "thaw", "all", "--release"), "what is released")
        relay.cli("queue", "release", "--filter", "held:freeze")
        wait_for(lambda: {*sent, held} <= set(relay.captured()), what="the released mail")
        relay.cli("device", "freeze", "nobody", expect=3)
        equal(api(relay, "POST", "/v1/devices/freeze", {})[0], 400, "an order without a device")


@case("device: thaw --release releases what that freeze has held; what was held before, or by hand, stays held")
def _():
    with Relay(device="messages-per-day = 1\n") as relay:
        relay.send()
        beyond = relay.send()
        equal(set(relay.states(beyond).values()), {"held"}, "beyond its rate")
        relay.cli("device", "freeze", "all")
        first = relay.send()
        relay.cli("device", "thaw", "all")
        relay.cli("device", "freeze", "all")
        second = relay.send()
        equal(len(json.loads(relay.cli("queue", "list", "--json", "--filter", "held:freeze"))), 2, "held: of a filter")
        check("1 recipient" in relay.cli("device", "thaw", "all", "--release"), "what is released")
        wait_for(lambda: second in relay.captured(), what="the released mail")
        for identity, why in ((beyond, "by its rate"), (first, "by an earlier freeze")):
            equal(set(relay.states(identity).values()), {"held"}, f"held {why}")
        check(not {beyond, first} & set(relay.captured()), "what was held otherwise was sent")


@case("device: sums and the freeze of a device that a reload brings back are taken up at once")
def _():
    rates = "[device all]\nnetworks = 127.0.0.1\nmessages-per-day = 2\n"
    with Relay(devices=rates) as relay:
        relay.send()
        relay.send()
        relay.cli("device", "freeze", "all")
        relay.stop()
        relay.write(devices="[device other]\nnetworks = 127.0.0.2\n").start()
        relay.write(devices=rates)
        relay.hangup()
        one = relay.json("device", "show", "all")
        check("administrator" in one["frozen-reason"], one)
        equal(set(relay.states(relay.send()).values()), {"held"}, "still frozen")
        check(one["messages"] == 2, one)


@case("limits: mail of a frozen sender or domain is accepted and held, others' goes; thawed, what is held stays until it is released")
def _():
    with Relay() as relay:
        relay.cli("config", "set", "limits.frozen-senders=stolen@internal.test, leak.test")
        held = [relay.send(sender=s) for s in ("stolen@internal.test", "STOLEN@internal.test", "anybody@leak.test")]
        free = [relay.send(sender=s) for s in ("a@internal.test", "stolen@other.test", "x@sub.leak.test", "x@notleak.test")]
        wait_for(lambda: all(i in relay.captured() for i in free), what="the others' mail")
        for identity in held:
            equal(list(relay.states(identity).values()), ["held"], identity)
        check("frozen-senders" in relay.read_log(), "the log does not say why")
        # A domain in a filter ends where the address ends.
        equal(len(relay.json("queue", "list", "--filter", "from:@leak.test")), 1, "senders of the domain")
        equal(len(relay.json("queue", "list", "--filter", "from:@leak")), 0, "a part of a domain")
        relay.cli("config", "unset", "limits.frozen-senders")
        later = relay.send(sender="stolen@internal.test")
        wait_for(lambda: later in relay.captured(), what="mail after the thaw")
        equal(list(relay.states(held[0]).values()), ["held"], "what was held")
        relay.cli("queue", "release", "--filter", "from:stolen@internal.test")
        wait_for(lambda: held[0] in relay.captured() and held[1] in relay.captured(), what="what was released")
        equal(list(relay.states(held[2]).values()), ["held"], "mail of the domain")

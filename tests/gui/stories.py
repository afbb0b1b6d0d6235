# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a person does in the app, from the first look to the end, asserted on the service's side."""
import codecs
import csv
import glob
import json
import os
import re
import smtplib
import socket
import subprocess
import tempfile
import time

import harness
from app import App
from harness import ROOT, Relay, Sink, check, equal, free_port, wait_for

MAILS = [("scanner@internal.test", ("anna@good.test",), "Scan from Kyocera TASKalfa"),
         ("ups@internal.test", ("admin@good.test", "full@slow.test"), "UPS: battery test passed"),
         ("erp@internal.test", ("billing@slow.test",), "Invoice 2026-1187 for Müller & Söhne"),
         ("erp@internal.test", ("orders@slow.test",), "Order confirmation 88231"),
         ("monitor@internal.test", ("oncall@good.test",), "[OK] disk /var on srv-fs02"),
         ("camera@internal.test", ("gone@refused.test",), "Motion at gate 2"),
         ("scanner@internal.test", ("a-very-long-mailbox-name.with.many.parts@an-even-longer-domain-name.good.test",), "Scan")]
STORIES = []


def story(name):
    def mark(function):
        STORIES.append((name, function))
        return function
    return mark


def script():
    return {"RCPT": lambda r: "550 5.1.1 <gone@refused.test>: no such mailbox here" if "refused.test" in r
            else "452 4.2.2 mailbox full, please try again later" if "slow.test" in r else None}


def fill(relay):
    """Mail in every state that a person may see. Returns the ids."""
    ids = [relay.send(f"From: {sender}\r\nTo: {to[0]}\r\nSubject: {subject}\r\n\r\nText.\r\n".encode(), sender=sender, to=to, eight_bit=True)
           for sender, to, subject in MAILS]
    wait_for(lambda: all("452" in str(relay.show(i)) for i in ids[1:4]), what="mail that waits")
    return ids


def busy(sink):
    return Relay(sink.route(), queue="retry-first = 1h")


@story("a message is found, read, held and released")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        ids = fill(relay)
        app.do("page queue")
        app.until("table count", "3")
        app.do("set filter_entry from:erp@internal.test subject:invoice")
        app.until("table count", lambda text: text == "1")
        app.do("table 0")
        app.until("read subject_label", "Invoice 2026-1187")
        app.until("read state_label", "Waiting")
        app.do("action message.hold")
        wait_for(lambda: list(relay.states(ids[2]).values()) == ["held"], what="the message to be held")
        app.until("read state_label", "Held")
        app.do("action message.release")
        wait_for(lambda: list(relay.states(ids[2]).values()) == ["waiting"], what="the message to be released")
        app.do("click back_button")
        app.until("read filter_entry", "subject:invoice")


@story("an order to all that was found asks first, with the count")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        ids = fill(relay)
        app.do("page queue")
        app.do("set filter_entry from:erp@internal.test")
        app.until("read count_label", "2 messages")
        app.do("action queue.delete")
        body = app.do("respond cancel")
        check("2 messages" in body and "cannot be undone" in body, f"the question does not say what it is about: {body}")
        equal(list(relay.states(ids[3]).values()), ["waiting"], "after cancel")
        app.do("action queue.delete")
        app.do("respond go")
        wait_for(lambda: len(relay.queue()) == 1, what="two messages to be deleted")
        app.until("read count_label", "0 messages")
        check(ids[1] in str(relay.queue()), "the wrong message is left")


@story("chosen messages are held together")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        fill(relay)
        app.do("page queue")
        app.until("table count", "3")
        app.do("table all")
        app.until("read chosen_label", "3 messages chosen")
        app.do("action queue.hold")
        wait_for(lambda: str(relay.queue()).count("'held'") == 3, what="three recipients to be held")
        app.do("set state_drop 3")
        app.until("read count_label", "3 messages")


@story("a setting is changed, refused beside the field, applied and undone")
def _(where):
    with Relay() as relay, App(where, relay.socket) as app:
        app.do("page settings")
        app.do("section limits")
        check("number" in app.do("row max-recipients eight"), "eight is no number, and nobody says so")
        app.ask("action settings.apply")
        check(not app.ask("respond apply")[0], "a wrong value can be applied")
        equal(app.do("row max-recipients 500"), "", "500 recipients")
        app.until("read changes_label", "1 change")
        app.do("action settings.apply")
        app.do("respond apply")
        wait_for(lambda: "500" in relay.cli("config", "get", "limits.max-recipients"), what="the setting to be changed")
        app.until("read changes_label", lambda text: text == "")
        app.do("action settings.undo")
        wait_for(lambda: "500" not in relay.cli("config", "get", "limits.max-recipients"), what="the setting to be as before")


@story("a device is added in the settings, and may send at once")
def _(where):
    with Relay(devices="") as relay, App(where, relay.socket) as app:
        with relay.client() as smtp:
            smtp.ehlo("printer")
            check(smtp.mail("a@internal.test")[0] >= 500 or smtp.rcpt("b@example.test")[0] >= 500, "a stranger may send")
        app.do("page settings")
        app.do("section server")
        app.do("action settings.add device")
        app.do("dialog-text printer")
        app.do("respond add")
        app.do("section device printer")
        equal(app.do("row networks 127.0.0.0/8"), "", "the printer's network")
        app.do("action settings.apply")
        app.do("respond apply")
        app.until("read changes_label", lambda text: text == "")
        check("[device printer]" in open(relay.conf).read(), "the device is not in the file")
        relay.send()


@story("the trace finds what is long delivered")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        ids = fill(relay)
        wait_for(lambda: "delivered" in str(relay.show(ids[0])), what="the delivery")
        app.do("page trace")
        app.do("set filter_entry subject:kyocera")
        app.until("table count", lambda text: text == "1", 30)
        app.do("table 0")
        app.until("read state_label", "Delivered")
        app.do("page trace")
        app.do("set filter_entry wrong:word")
        app.until("read stack", "none")


@story("a relay that goes away is told in a bar, and found again")
def _(where):
    relay = Relay()
    with relay:
        with App(where, relay.socket) as app:
            app.until("read health_title", "All is well")
            relay.stop()
            app.until("read problem_revealer", "shown")
            app.until("read health_title", "cannot be reached")
            relay.start()
            app.until("read problem_revealer", "hidden")
            app.until("read health_title", "All is well")


@story("the log is followed, narrowed and paused")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        app.do("page live")
        fill(relay)
        app.until("table count", lambda text: int(text) > 10)
        app.do("set text_entry camera@internal.test")
        app.until("table count", lambda text: 0 < int(text) < 6)
        app.do("set pause_button on")
        app.until("read foot_label", "paused")


@story("routes are added, put in order and asked; a smarthost is tried step by step")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        app.do("page routes")
        app.until("text default", "through the smarthost")
        for name, domain in (("first", "one.test"), ("second", "two.test")):
            app.do("click add_route_button")
            app.do(f"name section_name {name}")
            equal(app.do(f"row recipients {domain}"), "", "recipients")
            equal(app.do("row via discard"), "", "via")
            app.do("click save_button")
            app.until(f"text {name}", domain)
        app.do("set from_row scanner@internal.test")
        app.do("set to_row a@two.test")
        app.do("click way_button")
        app.until("read way_row", "second")
        app.do("press up second")
        wait_for(lambda: open(relay.conf).read().index("[route second]") < open(relay.conf).read().index("[route first]"), what="the order")
        app.do("set to_row anna@good.test")
        app.do("press test sink")
        app.until("read group", "Mail Can Leave")
        app.until(f"text Recipient — 127.0.0.1:{sink.port}", "")
        app.do("set to_row gone@refused.test")
        app.do("press test sink")
        app.until("read group", "Cannot Leave")
        app.until(f"text Recipient — 127.0.0.1:{sink.port}", "no such mailbox here")
        app.do("press remove first")
        app.do("respond go")
        wait_for(lambda: "[route first]" not in open(relay.conf).read(), what="the route to be gone")
        equal(sink.mails, [], "nothing has been sent")


@story("a user is added with a password that is made, has a new one, is banned, let in and removed")
def _(where):
    with Relay(extra="[users]\nguesses = 1\n") as relay, App(where, relay.socket) as app:
        def login(password):
            with relay.client() as smtp:
                smtp.ehlo("scanner")
                smtp.starttls()
                smtp.ehlo("scanner")
                try:
                    smtp.login("scanner@office", password)
                    return True
                except smtplib.SMTPException:
                    return False
        app.do("page users")
        app.do("set login_row scanner@office")
        app.do("click add_button")
        password = app.do("respond close").partition("not shown again.")[2]
        check(len(password) >= 8, f"no password is shown: {password!r}")
        check(login(password), "the password that was shown is not taken")
        app.until("text scanner@office", "Password set")
        app.do("press renew scanner@office")
        app.do("respond go")
        wait_for(lambda: not login(password), what="the former password to be refused")
        check(app.do("respond close"), "no password is shown")
        app.do("page overview")
        app.do("page users")
        banned = wait_for(lambda: relay.json("ban", "list"), what="the ban")
        subject = (banned["bans"] if isinstance(banned, dict) else banned)[0]["subject"]
        app.do(f"press lift {subject}")
        app.do("press remove scanner@office")
        app.do("respond go")
        wait_for(lambda: "scanner@office" not in relay.cli("user", "list"), what="the user to be gone")


@story("an unknown printer is allowed with a click, and its sheet says what to type")
def _(where):
    with Sink(script()) as sink, Relay(sink.route(), devices="") as relay, App(where, relay.socket) as app:
        with relay.client(local_hostname="brother-7820.office.test") as smtp:
            smtp.ehlo()
            check(smtp.mail("a@internal.test")[0] >= 500 or smtp.rcpt("anna@good.test")[0] >= 500, "a stranger may send")
        app.do("page devices")
        app.until("text 127.0.0.1", "brother-7820")
        app.do("press allow 127.0.0.1")
        app.until("read section_name", "brother-7820")
        equal(app.do("row preset generic-printer"), "", "the preset")
        equal(app.do("row label Brother, ground floor"), "", "the label")
        app.do("click save_button")
        app.until("text Brother, ground floor", "127.0.0.1")
        relay.send(to=("anna@good.test",))
        sink.wait(1)
        app.do("page overview")
        app.do("page devices")
        app.until("text Brother, ground floor", "1 message")
        app.do("press sheet Brother, ground floor")
        sheet = app.do("read sheet_label")
        check(str(relay.port) in sheet and "relay.internal.test" in sheet and "login): off" in sheet, sheet)


@story("a listener is added, and is open at once")
def _(where):
    port = free_port()
    with Relay() as relay, App(where, relay.socket) as app:
        app.do("page listeners")
        app.until("text in", str(relay.port))
        app.do("click add_listener_button")
        app.do("name section_name printers")
        equal(app.do(f"row address 127.0.0.1:{port}"), "", "the address")
        equal(app.do("row tls none"), "", "tls")
        app.do("click save_button")
        app.until("text printers", "never TLS")
        with socket.create_connection(("127.0.0.1", port), 5) as sock:
            check(sock.recv(100).startswith(b"220"), "the new listener does not greet")


@story("the assistant leads from an empty relay to a test message that arrives")
def _(where):
    with Sink(script()) as sink, Relay(devices="", routes="") as relay, App(where, relay.socket) as app:
        app.until("read step_label", "1")  # it opens by itself
        app.do("set other_check on")
        app.do("click next_button")
        app.until("read problem_label", "server is needed")
        app.do(f"set host_row 127.0.0.1:{sink.port}")
        app.do("set tls_row 2")
        app.do("click next_button")
        app.until("read steps", "try")
        app.until("read group", "Mail Can Leave")
        app.do("click next_button")
        app.until("read steps", "domain")
        app.do("set domain_row internal.test")
        app.until("text SPF: who may send for the domain", "internal.test. TXT")
        app.do("click key_button")
        app.until("text DKIM: the key that signs from now on", "clr1._domainkey.internal.test")
        app.do("click next_button")
        app.do("set network_row 127.0.0.0/8")
        app.do("click next_button")
        app.until("read steps", "listen")
        app.do("click next_button")
        app.until("read steps", "message")
        app.do("set test_from_row postmaster@internal.test")
        app.do("set test_to_row anna@good.test")
        app.do("click send_button")
        app.until("read result_row", "Delivered at")
        check(b"d=internal.test" in sink.wait(1)[0].content, "the test message is not signed with the new key")
        relay.send(to=("anna@good.test",))
        app.do("set test_to_row gone@refused.test")
        app.do("click send_button")
        app.until("read result_row", "no such mailbox here")
        app.do("click next_button")
        app.until("read health_title", "All is well")


@story("a key is made, signs, and is replaced by another")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        app.do("page domains")
        app.do("set key_domain_row internal.test")
        app.do("click make_button")
        app.until("text internal.test: DKIM, the key clr1", "v=DKIM1")
        relay.send("From: a@internal.test\r\nSubject: x\r\n\r\nx\r\n", to=("anna@good.test",))
        check(b"s=clr1" in sink.wait(1)[0].content, "not signed")
        app.do("click make_button")
        check("another selector" in app.do("respond close"), "a key is made twice")
        app.do("set selector_row clr2")
        app.do("set kind_row 1")
        app.do("click make_button")
        app.until("text internal.test — clr2", "ed25519")
        app.do("press remove internal.test — clr1")
        app.do("respond go")
        wait_for(lambda: "[key clr1" not in open(relay.conf).read(), what="the key to be gone")
        relay.send("From: a@internal.test\r\nSubject: x\r\n\r\nx\r\n", to=("anna@good.test",))
        second = sink.wait(2)[1].content
        check(b"s=clr2" in second and b"s=clr1" not in second, "the old key still signs")


@story("who changed what is in the audit, and is found")
def _(where):
    with Relay() as relay, App(where, relay.socket) as app:
        app.do("page audit")
        app.until("text Nothing has been changed yet", "")
        relay.cli("config", "set", "limits.max-recipients=777")
        relay.cli("config", "set", "queue.lifetime=3d")
        app.do("page overview")
        app.do("page audit")
        app.until("text settings: limits.max-recipients: - -> 777", "max-recipients = 777")
        app.do("set text_entry lifetime")
        wait_for(lambda: not app.ask("text settings: limits.max-recipients: - -> 777")[0], what="the list to be narrowed")
        app.until("text settings: queue.lifetime: - -> 3d", "lifetime = 3d")


@story("a sender is frozen at once: what it sent is listed and saved, what waits and what comes is held, and is released in batches")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        ids = fill(relay)
        app.do("page incident")
        app.do("set who_entry erp@internal.test")
        app.until("table count", lambda text: text == "2")
        app.until("read state_label", "Not frozen")
        app.do("click freeze_button")
        wait_for(lambda: list(relay.states(ids[2]).values()) == ["held"] and list(relay.states(ids[3]).values()) == ["held"], what="what waits to be held")
        check("frozen-senders = erp@internal.test" in open(relay.conf).read(), "the sender is not in the settings")
        later = relay.send(sender="erp@internal.test", to=("anna@good.test",))
        equal(list(relay.states(later).values()), ["held"], "what comes")
        app.until("read state_label", "Frozen")
        app.until("text erp@internal.test", "Sender")
        app.until("read held_label", "3 messages")
        for name in ("evidence.csv", "evidence.json"):
            path = os.path.join(harness.WORK, name)
            app.do(f"export {path}")
            wait_for(lambda p=path: os.path.exists(p) and os.path.getsize(p) > 0, what=name)
            with open(path, encoding="utf-8", newline="") as file:
                saved = list(csv.DictReader(file)) if name.endswith("csv") else json.load(file)
            equal(sorted(r["id"] for r in saved), sorted([ids[2], ids[3], later]), name)
            equal(os.stat(path).st_mode & 0o777, 0o600, "who may read it")
        app.do("click thaw_button")
        app.until("read state_label", "Not frozen")
        check("frozen-senders" not in open(relay.conf).read(), "the sender is still in the settings")
        equal(list(relay.states(later).values()), ["held"], "what is held stays held")
        app.do("click release_button")
        wait_for(lambda: "'held'" not in str(relay.queue()), what="the release")
        sink.wait(1)
        app.until("read held_label", "0 messages")


@story("a device is frozen and thawed on the page of devices")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        app.do("page devices")
        app.do("press freeze all")
        app.do("respond go")
        wait_for(lambda: "frozen-since" in str(relay.json("device", "show", "all")), what="the device to be frozen")
        identity = relay.send(to=("anna@good.test",))
        equal(list(relay.states(identity).values()), ["held"], "its mail")
        app.until("text all", "Frozen")
        app.do("page overview")
        app.until("texts all", "[device all] is frozen, its mail is held")
        app.do("page devices")
        app.do("press incident all")
        app.until("read state_label", "Frozen")
        app.until("read held_label", "1 message")
        app.do("page devices")
        app.do("press thaw all")
        wait_for(lambda: "frozen-since" not in str(relay.json("device", "show", "all")), what="the device to be thawed")
        app.do("page incident")
        app.do("click release_all_button")
        app.do("respond go")
        sink.wait(1)


@story("a smarthost's password is typed, kept by the service, and never shown")
def _(where):
    with Sink() as sink, Relay(sink.route()) as relay, App(where, relay.socket) as app:
        app.do("page routes")
        app.do("click add_smarthost_button")
        app.do("name section_name provider")
        equal(app.do("row hosts mail.provider.test:587"), "", "hosts")
        equal(app.do("row user office@provider.test"), "", "user")
        app.do("name secret_password Sesame-77")
        app.do("click save_button")
        app.until("text provider", "mail.provider.test")
        with open(relay.conf) as file:
            text = file.read()
        check("password = smarthost-provider" in text and "Sesame" not in text, text)
        equal(open(os.path.join(relay.state, "secrets", "smarthost-provider")).read(), "Sesame-77", "the secret")
        app.do("press edit provider")
        app.until("texts all", "is set; type another")
        check("Sesame" not in app.do("texts all"), "the secret is shown")


@story("a search is saved, found again at the next start, and forgotten")
def _(where):
    config = tempfile.mkdtemp(dir=harness.WORK)
    with Sink(script()) as sink, busy(sink) as relay:
        fill(relay)
        with App(where, relay.socket, config=config) as app:
            app.do("page trace")
            app.do("set filter_entry from:camera@internal.test")
            app.until("table count", lambda text: text == "1", 30)
            app.do("action trace.save")
            app.do("dialog-text Cameras, all")
            app.do("respond save")
        with App(where, relay.socket, config=config) as app:
            app.do("page trace")
            app.do("action trace.open Cameras, all")
            app.until("read filter_entry", "from:camera@internal.test")
            app.until("table count", lambda text: text == "1", 30)
            app.do("action trace.forget Cameras, all")
        check("amera" not in open(os.path.join(config, "clrelay-admin", "notebook")).read(), "the search is still kept")


@story("the text of a message that waits is read by who may, and that is audited")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        ids = fill(relay)
        app.do(f"message {ids[2]}")
        app.until("read state_label", "Waiting")
        app.do("action message.source")
        app.until("text-view text_view", "Subject: Invoice 2026-1187")
        check("Text." not in app.do("text-view text_view"), "more than the header is shown")
        app.do("set all_button on")
        app.until("text-view text_view", "Text.")
        check(f"content of message {ids[2]} read" in str(relay.json("audit")), "the reading is not audited")


@story("the queue is sorted by its heads, and stays where it is while rows are chosen")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        ids = [relay.send(f"Subject: number {i:03}\r\n\r\nx\r\n", sender=f"s{i % 7}@internal.test", to=(f"r{400 - i}@slow.test",)) for i in range(240)]
        app.do("page queue")
        app.until("table count", lambda text: text == "240", 40)
        app.do("table id 0")
        equal(app.do("table id 0"), ids[0], "the oldest first")
        app.do("table sort 0 down")
        app.until("table id 0", ids[-1])
        app.until("table id 239", ids[0])
        app.do("table sort 2")
        wanted = sorted(range(240), key=lambda i: f"r{400 - i}@slow.test")
        app.until("table id 0", ids[wanted[0]])
        app.do("table scroll 1")
        app.until("table id 239", ids[wanted[-1]])
        app.do("table scroll 0")
        app.do("table choose 1")
        relay.cli("queue", "delete", ids[wanted[0]])
        app.until("read count_label", "239 messages", 30)
        time.sleep(5)  # a list that is anew would have come
        equal(app.do("table id 1"), ids[wanted[1]], "the chosen row")
        app.do("action queue.hold")
        wait_for(lambda: list(relay.states(ids[wanted[1]]).values()) == ["held"], what="the chosen message to be held")
        app.until("table count", lambda text: text == "239", 30)


@story("another relay is added with its token, looked at, and forgotten")
def _(where):
    config = tempfile.mkdtemp(dir=harness.WORK)
    with Relay() as relay, Relay(server="hostname = branch.internal.test\n", extra=f"[control]\nlisten = 127.0.0.1:{free_port()}\n") as branch:
        url = json.loads(open(wait_for(lambda: glob.glob(os.path.join(branch.state, "local.pass")), what="the pass file")[0]).read())["url"]
        branch.cli("token", "add", "app", "--role", "admin", "--out", os.path.join(harness.WORK, "branch.pass"))
        token = json.loads(open(os.path.join(harness.WORK, "branch.pass")).read())["token"]
        with App(where, relay.socket, config=config) as app:
            app.until("read health_title", "All is well")
            app.do("action win.add-relay")
            app.do("set name_row Branch office")
            app.do(f"set url_row {url}")
            app.do("set token_row wrong")
            app.do("click add_button")
            app.until("read problem_revealer", "shown")
            app.do(f"set token_row {token}")
            app.do("click add_button")
            app.until("texts all", "branch.internal.test")
            app.until("read health_title", "All is well")
            app.do("page settings")
            app.do("section limits")
            equal(app.do("row max-recipients 321"), "", "a setting")
            app.do("action settings.apply")
            app.do("respond apply")
            wait_for(lambda: "321" in branch.cli("config", "get", "limits.max-recipients"), what="the branch's setting")
            check("321" not in relay.cli("config", "get", "limits.max-recipients"), "the other relay was changed")
            branch.stop()
            app.until("read problem_revealer", "shown")
            app.do("action win.relay ")
            app.until("read problem_revealer", "hidden")
            app.until("texts all", "relay.internal.test")
        passes = glob.glob(os.path.join(config, "clrelay-admin", "*.pass"))
        equal([os.stat(p).st_mode & 0o777 for p in passes], [0o600], "the file of the token")
        branch.start()
        with App(where, relay.socket, config=config) as app:
            app.do("action win.relay Branch office")
            app.until("texts all", "branch.internal.test")
            app.do("action win.forget-relay")
            app.until("texts all", "relay.internal.test")
        equal(glob.glob(os.path.join(config, "clrelay-admin", "*.pass")), [], "the token is left")


@story("a message that waits is read, and sent by another route, to another address, and sooner")
def _(where):
    with Sink(script()) as sink, Sink() as other, Relay(sink.route() + f"[smarthost other]\nhosts = 127.0.0.1:{other.port}\nallow-loopback = true\ntls = none\n"
                                                        "[route spare]\nrecipients = nowhere.test\nvia = smarthost:other\n", queue="retry-first = 1h") as relay, \
            App(where, relay.socket) as app:
        ids = fill(relay)
        app.do(f"message {ids[2]}")
        app.until("texts all", "mailbox full")
        app.do("action message.priority")
        app.do("dialog-choose 7")
        app.do("respond go")
        wait_for(lambda: "priority" in relay.read_log(), what="the priority")
        app.do("action message.reroute")
        app.do("dialog-choose spare")
        app.do("respond go")
        other.wait(1)
        app.until("read state_label", "Delivered")
        app.do(f"message {ids[3]}")
        app.until("texts all", "mailbox full")
        app.do("action message.recipient")
        app.do("dialog-text anna@good.test")
        app.do("respond go")
        wait_for(lambda: any("anna@good.test" in str(m.recipients) for m in sink.mails if b"88231" in m.content), what="the mail to the other address")
        app.do("page queue")
        app.until("read count_label", "1 message")
        app.do("action queue.reroute")
        app.do("dialog-choose spare")
        body = app.do("respond go")
        check("It is tried at once" in body and " message" in body, body)
        other.wait(2)

@story("from the start to the first page it is less than a second")
def _(where):
    with Relay() as relay:
        best, cpu = 99, 99
        for _ in range(3):  # the best of three: what other programs take meanwhile is not what is measured
            start = time.monotonic()
            with App(where, relay.socket) as app:
                app.until("read health_title", "All is well")
                best = min(best, time.monotonic() - start)
                with open(f"/proc/{app.process.pid}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
                cpu = min(cpu, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))
        print(f"# start to first page: {best:.2f} s, {cpu:.2f} s of a processor; load {os.getloadavg()[0]:.1f}")
        # On a machine that is busy otherwise the app's own share is what can be told.
        check(min(best, cpu) < 1, f"the start takes {best:.2f} s, {cpu:.2f} s of a processor")


def pseudo_language():
    """A language in which every text is its English one in brackets, and longer by a third. Returns its English texts."""
    source = os.path.join(ROOT, "po", "POTFILES")
    pot, po = os.path.join(harness.WORK, "all.pot"), os.path.join(harness.WORK, "qps.po")
    subprocess.run(["xgettext", "--from-code=UTF-8", "-k_", "-kN_", "-kNN_:1,2", "-kngettext:1,2", "-f", source, "-D", ROOT, "-o", pot],
                   check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["msgen", "--no-wrap", "-o", po, pot], check=True, stderr=subprocess.DEVNULL)
    with open(po, encoding="utf-8") as file:
        head, _, rest = file.read().partition("\n\n")
    texts = {codecs.escape_decode(t.encode())[0].decode() for t in re.findall(r'^msgid "(.+)"$', rest, re.M)}

    def stretch(match):
        text, end = match[2], ""
        if text.endswith("\\n"):
            text, end = text[:-2], "\\n"
        return f'{match[1]} "⟦{text}{"·" * (len(text) // 3)}⟧{end}"' if text else match[0]
    rest = re.sub(r'^(msgstr(?:\[\d\])?) "(.*)"$', stretch, rest, flags=re.M)
    head = re.sub(r"charset=[\w-]+", "charset=UTF-8", head)
    folder = os.path.join(harness.BUILD, "po", "qps", "LC_MESSAGES")
    os.makedirs(folder, exist_ok=True)
    with open(po, "w", encoding="utf-8") as file:
        file.write(head + "\n\n" + rest)
    subprocess.run(["msgfmt", "-o", os.path.join(folder, "clrelay.mo"), po], check=True)
    return texts


@story("in a pseudo-language no page shows a text of the catalogue in English")
def _(where):
    texts = pseudo_language()
    check(len(texts) > 500, f"{len(texts)} texts")
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket, language="qps") as app:
        fill(relay)
        seen, bare = 0, set()
        for command in [f"page {name}" for name in app.pages] + ["action win.assistant"]:
            app.do(command)
            time.sleep(0.5)
            for text in app.do("texts all").split("\x1f"):
                seen += "⟦" in text
                # Words of the settings file and of the wire are the same in every language.
                if text in texts and not text.islower():
                    bare.add(f"{command}: {text}")
        check(seen > 100, f"{seen} texts are translated")
        check(not bare, f"not translated: {sorted(bare)}")

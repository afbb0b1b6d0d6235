# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stories about setting up: first steps, settings, devices, routes, keys, relays."""
import glob
import json
import os
import smtplib
import socket
import tempfile

import harness
from app import App
from harness import Relay, Sink, check, equal, free_port, wait_for
from stories import busy, fill, script, story


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
        app.do("click make_button")
        app.until("text internal.test — clr2", "next")
        app.until("text internal.test: DKIM, the key clr2", "v=DKIM1")
        relay.send("From: a@internal.test\r\nSubject: x\r\n\r\nx\r\n", to=("anna@good.test",))
        between = sink.wait(2)[1].content
        check(b"s=clr1" in between and b"s=clr2" not in between, "it signs before its record is published")
        app.do("set selector_row clr3")
        app.do("set kind_row 1")
        app.do("click make_button")
        app.until("text internal.test — clr3", "ed25519")
        for selector in ("clr2", "clr3"):
            app.do(f"press activate internal.test — {selector}")
            app.do("respond go")
            app.until(f"text internal.test — {selector}", "signs")
        app.until("text internal.test — clr1", "retired")
        app.do("press remove internal.test — clr1")
        app.do("respond go")
        wait_for(lambda: "[key clr1" not in open(relay.conf).read(), what="the key to be gone")
        relay.send("From: a@internal.test\r\nSubject: x\r\n\r\nx\r\n", to=("anna@good.test",))
        second = sink.wait(3)[2].content
        check(b"s=clr2" in second and b"s=clr3" in second and b"s=clr1" not in second, "the old key still signs, or a new one does not")


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
        app.until("text sink", "127.0.0.1")
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


@story("another relay's configuration is read, shown with what is not possible, and applied")
def _(where):
    path = os.path.join(harness.WORK, "main.cf")
    with open(path, "w", encoding="utf-8") as file:
        file.write("relayhost = [mail.provider.test]:587\nmynetworks = 127.0.0.0/8 192.0.2.0/24\nmessage_size_limit = 20480000\ninet_interfaces = none\ncontent_filter = scan:[127.0.0.1]:10025\n")
    with Relay() as relay, App(where, relay.socket) as app:
        app.do("page overview")
        app.do("action win.import")
        app.do("set product_row 1")
        app.do("import /etc/hostname")
        app.until("read problem_revealer", "shown")
        app.do(f"import {path}")
        app.until("text content_filter", "")
        app.until("text-view diff_view", "+ hosts = mail.provider.test:587")
        app.do(f"shot {os.path.join(harness.BUILD, 'screenshots', 'import.png')}")
        check("mail.provider.test" not in open(relay.conf).read(), "it was changed before it was applied")
        app.do("click apply_button")
        wait_for(lambda: "hosts = mail.provider.test:587" in open(relay.conf).read() and "192.0.2.0/24" in open(relay.conf).read(), what="the settings to be taken over")


@story("an alert is raised, known of, and one is added")
def _(where):
    with Sink(script()) as sink, Relay(sink.route(), queue="retry-first = 1h", extra="[alert many]\nkind = queue-length\nmore-than = 1\n") as relay, App(where, relay.socket) as app:
        fill(relay)
        app.do("page alerts")
        app.until("texts all", "many · since", 40)
        app.until("texts all", "I Know")
        app.do("click I Know" if app.ask("click I Know")[0] else "click _I Know")
        app.until("texts all", "knows of it")
        app.do("click add_alert_button")
        app.do("name section_name space")
        equal(app.do("row kind disk"), "", "the kind")
        app.do("click save_button")
        app.until("text space", "disk")


@story("a session is seen while it lasts, its device is recorded, and the record is read")
def _(where):
    with Relay() as relay, App(where, relay.socket) as app:
        app.do("page sessions")
        with relay.client(local_hostname="printer.test") as smtp:
            smtp.ehlo()
            app.until("texts all", "printer.test")
            title = next(t for t in app.do("texts all").split("\x1f") if "printer.test" in t)
            app.do(f"press record {title}")
        app.until("text device all", "0 of")
        relay.send()
        app.until("text device all", "1 of")
        app.do("press show device all")
        app.until("read sheet_label", "mail FROM:<a@internal.test>")


@story("what the DNS says of a domain is asked for, with what to publish")
def _(where):
    with Relay(extra=f"[dns]\nservers = 127.0.0.1:{free_port()}\ntimeout = 1s\n") as relay, App(where, relay.socket) as app:
        app.do("page domains")
        app.until("read check_row", "internal.test")
        app.do("click check_button")
        app.until("text SPF", lambda text: True, 60)
        app.until("text DMARC", lambda text: True)

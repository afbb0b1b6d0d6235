# SPDX-License-Identifier: LGPL-2.1-or-later
"""Routes by sender and device, and what a smarthost's settings make of a connection."""
import os
import time

import harness
from harness import Relay, Sink, case, certificate, check, equal, wait_for


def captures(relay, names):
    return {name: len([f for f in os.listdir(os.path.join(relay.folder, name)) if f.endswith(".eml")]) for name in names}


@case("routes by sender and by device; the dry run says the same")
def _():
    folder = harness.temp("routes")
    names = ("boss", "reports", "printer", "rest")
    for name in names:
        os.mkdir(os.path.join(folder, name))
    routes = "".join(f"[route {name if name != 'rest' else 'default'}]\n{rule}via = capture\ndirectory = {folder}/{name}\n" for name, rule in [
        ("boss", "senders = boss@internal.test, .vip.test\n"), ("reports", "senders = <>\n"),
        ("printer", "devices = printer\nrecipients = archive.test\n"), ("rest", "")])
    devices = "[device printer]\nnetworks = 127.0.0.1\n[device other]\nnetworks = ::1\n"
    cases = [("boss@internal.test", "a@archive.test", "boss"), ("x@a.vip.test", "a@b.test", "boss"), ("x@vip.test", "a@b.test", "rest"),
             ("x@internal.test", "a@archive.test", "printer"), ("x@internal.test", "a@b.test", "rest"), ("", "a@archive.test", "reports")]
    with Relay(routes, devices=devices, folder=folder) as relay:
        for sender, to, _name in cases:
            relay.send(sender=sender, to=(to,))
        relay.wait_empty()
        wanted = {name: sum(c[2] == name for c in cases) for name in names}
        wait_for(lambda: captures(relay, names) == wanted, what=f"mail in the folders: {captures(relay, names)}, wanted {wanted}")
        for sender, to, name in cases:
            told = relay.json("check", "route", "--config", relay.conf, "--from", sender, "--to", to, "--device", "printer")
            equal(told["details"]["route"], "default" if name == "rest" else name, f"the dry run for {sender} to {to}")
        told = relay.json("check", "route", "--config", relay.conf, "--from", "x@internal.test", "--to", "a@archive.test", "--device", "other")
        equal(told["details"]["route"], "default", "the dry run for the other device")


@case("a route to a device that is not there, and conditions of the default route, are refused")
def _():
    for text, wanted in [("[route a]\ndevices = nobody\nvia = discard\n", "there is no [device nobody]"),
                         ("[route default]\nsenders = <>\nvia = discard\n", "the default route takes")]:
        relay = Relay(text)
        result = harness.run(harness.clrelay(), "config", "check", "--config", relay.conf)
        check(result.returncode == 4 and wanted in (result.stderr + result.stdout).decode(), f"{wanted}: {result.stderr.decode()}")


@case("a smarthost's EHLO name, connections and messages a minute")
def _():
    # Answers are slow, so that connections pile up as far as they may.
    with Sink({"END": (0.2, "250 2.0.0 ok")}) as sink:
        route = sink.route("helo = out.example.com\nmax-connections = 3\nmax-messages-per-minute = 7")
        with Relay(route, server="workers = 4") as relay:
            start = time.monotonic()
            for _ in range(10):
                relay.send()
            sink.wait(7)
            check(time.monotonic() - start < 15, "the first seven took too long")
            time.sleep(4)
            equal(len(sink.mails), 7, "messages of the first minute")
            most = max(1, len(sink.open))
            check(most <= 3, f"{most} connections")
            check(any(c == "EHLO out.example.com" for c in sink.commands), f"{sink.commands[:2]}")
            equal(sum(s["state"] in ("active", "waiting") for m in relay.queue() for s in m["recipients"]), 3, "the others wait")
            wait_for(lambda: len(sink.mails) == 10, 70, "the rest in the next minute")
            check(time.monotonic() - start >= 60, "the eighth came too soon")


@case("a smarthost that asks for a client certificate")
def _():
    cert, key = certificate()
    with Sink(tls=certificate()) as sink:
        import ssl
        sink.context.verify_mode = ssl.CERT_REQUIRED
        sink.context.load_verify_locations(cert)
        with Relay(sink.route(f"tls = encrypt\ncertificate-file = {cert}\nkey-file = {key}")) as relay:
            relay.send()
            sink.wait()
            check(sink.mails[0].tls, "TLS")


@case("the presets fill in what is not set")
def _():
    relay = Relay("[smarthost m]\npreset = microsoft365\nuser = u@contoso.test\nmax-connections = 2\n[route default]\nvia = smarthost:m\n",
                  extra="[oauth m]\npreset = microsoft365\ngrant = device-code\ntenant = contoso.test\nclient-id = x\n")
    told = relay.json("check", "route", "--config", relay.conf, "--from", "a@b.test", "--to", "c@d.test")["details"]
    equal(told["hosts"], ["smtp.office365.com:587"], "hosts")
    equal(told["limits"]["next-hop-max-connections"], 2, "what is set here counts for more")
    equal(told["limits"]["next-hop-max-messages-per-minute"], 30, "the preset's rate")
    equal((told["tls"], told["auth"]), ("verify", "oauth"), "tls and auth")


@case("check smarthost: every step, with advice; nothing is sent")
def _():
    with Sink({"RCPT": lambda to: "550 5.7.1 no relaying" if "bad" in to else None}, tls=certificate(), users={"u": "p"}) as sink:
        dead = harness.free_port()
        text = f"[smarthost m]\nhosts = 127.0.0.1:{dead}, 127.0.0.1:{sink.port}\ntls = encrypt\nuser = u\npassword = pw\n"
        with Relay(text + "[route default]\nvia = smarthost:m\n") as relay:
            relay.cli("secret", "set", "pw", data=b"p\n")
            told = relay.json("check", "smarthost", "m", "--from", "a@b.test", "--to", "c@d.test")
            steps = [(s["step"], s["ok"]) for s in told["steps"]]
            equal(steps, [("connect", False), *[(s, True) for s in ("connect", "greeting", "ehlo", "tls", "auth", "mail", "rcpt")]], "steps")
            check("advice" in told["steps"][0] and told["result"] == "ok", str(told))
            told = relay.cli("check", "smarthost", "m", "--to", "bad@d.test", expect=4)
            check("550 5.7.1 no relaying" in told and "FAILED rcpt" in told, told)
            relay.cli("secret", "set", "pw", data=b"wrong\n")
            told = relay.cli("check", "smarthost", "m", expect=4)
            check("FAILED auth" in told and "clrelay secret set" in told, told)
            relay.cli("check", "smarthost", "other", expect=3)
            equal(sink.mails, [], "messages")
            check(not any(c.startswith("DATA") for c in sink.commands), "DATA")

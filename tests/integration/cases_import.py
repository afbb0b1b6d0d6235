# SPDX-License-Identifier: LGPL-2.1-or-later
"""`clrelay import` through the service: only told, then in force; mail goes the imported way."""
import json
import os

from commands import command, save
from harness import Relay, case, check, equal, temp


@case("import from Postfix through the service: told, refused, applied, undone")
def _():
    folder = temp("import")
    save(folder, "passwords", b"[smtp.example.test]:587 me:pass:word\n")
    main = save(folder, "main.cf", (f"mynetworks = 192.0.2.0/24 0.0.0.0/0\nrelayhost = [smtp.example.test]:587\ninet_interfaces = none\n"
                                    f"smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = texthash:{folder}/passwords\n").encode())
    with Relay() as relay:
        with open(relay.conf, encoding="utf-8") as file:
            before = file.read()
        told = json.loads(relay.cli("import", "postfix", main, "--json"))
        equal(told["applied"], False, "applied")
        check(any(n["result"] == "not done" and "0.0.0.0/0" in n["text"] for n in told["report"]), told)
        with open(relay.conf, encoding="utf-8") as file:
            equal(file.read(), before, "the file after only telling")
        check(not os.path.exists(os.path.join(relay.state, "secrets", "postfix")), "a secret before --apply")
        relay.cli("import", "postfix", main, "--apply")
        equal(json.loads(relay.cli("config", "get", "device:postfix.networks", "--json"))["value"], "192.0.2.0/24", "networks")
        equal(relay.cli("config", "get", "route:default.via").strip(), "smarthost:postfix", "the way out")
        with open(os.path.join(relay.state, "secrets", "postfix"), encoding="utf-8") as file:
            equal(file.read(), "pass:word", "the secret")
        relay.cli("config", "undo")
        with open(relay.conf, encoding="utf-8") as file:
            equal(file.read(), before, "the file after undo")
        relay.cli("import", "iis", main, expect=4)
        relay.cli("import", "sendmail", main, expect=3)
        relay.cli("import", "postfix", os.path.join(folder, "none"), expect=3)
    command("--config", os.path.join(folder, "none.conf"), "import", "postfix", main, expect=3)


@case("support: what helps, without addresses, logins and content unless asked")
def _():
    with Relay() as relay:
        relay.send("Subject: topsecret\r\n\r\nbody\r\n", sender="anna@internal.test", to=("bob@example.test",))
        path = os.path.join(temp("support"), "bundle.json")
        relay.cli("support", path)
        equal(os.stat(path).st_mode & 0o777, 0o600, "mode")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        bundle = json.loads(text)
        check("[server]" in bundle["settings"] and bundle["log"] and "clrelay" in bundle["metrics"] and bundle["status"], text[:500])
        for word in ("anna", "bob@", "postmaster@", "topsecret", "internal.test", "example.test"):
            check(word not in text, f"{word} is in the bundle")
        check("anna@internal.test" in relay.cli("support", "--with-addresses", "--with-hosts") and "anna@HOST" in relay.cli("support", "--with-addresses"), "--with-addresses")
        check("relay.internal.test" in relay.cli("support", "--with-hosts") and "anna" not in relay.cli("support", "--with-hosts"), "--with-hosts")
        relay.cli("support", path, expect=1)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""`clrelay config` and the settings over the API: changed in force, in a file, by two at once; what cannot be."""
import json
import os
import socket
import subprocess

from commands import api, command, save
from harness import Raw, Relay, case, check, daemon, equal, temp, wait_for


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


@case("the service is found by the settings file, wherever its path is said from; a byte order mark stays")
def _():
    relay = Relay()
    with open(relay.conf, encoding="utf-8") as file:
        text = file.read().replace("\n", "\r\n")
    with open(relay.conf, "w", encoding="utf-8-sig", newline="") as file:  # as Windows' editors save it
        file.write(text)
    with open(relay.log, "ab") as log:
        relay.process = subprocess.Popen([daemon(), "--config", os.path.basename(relay.conf)], cwd=relay.folder, stdin=subprocess.DEVNULL,
                                         stdout=log, stderr=log)
    try:
        wait_for(lambda: "ready: version" in relay.read_log(), 20, "the relay's ready line")
        check(relay.conf in command("--config", relay.conf, "status"), "status by the file's socket")
        check("in force" in command("--config", relay.conf, "config", "set", "server.hostname=other.internal.test"), "config set by the file")
        check("in use" in command("--config", relay.conf, "secret", "set", "provider", data=b"word\n"), "secret set by the file")
        with relay.client() as smtp:
            check(b"other.internal.test" in smtp.ehlo()[1], "the new name is in force")
        with open(relay.conf, "rb") as file:
            content = file.read()
        check(content.startswith(b"\xef\xbb\xbf[server]\r\n") and b"hostname = other.internal.test\r\n" in content, content)
        # The disk's refusal is told as such, with what to do, not as a wrong value.
        os.rename(relay.conf + ".versions", relay.conf + ".kept")
        with open(relay.conf + ".versions", "w", encoding="ascii"):
            pass
        told = command("--config", relay.conf, "config", "set", "server.node=3", expect=1)
        check("must be writable" in told and "nothing was changed" in told, told)
        os.remove(relay.conf + ".versions")
        os.rename(relay.conf + ".kept", relay.conf + ".versions")
        relay.stop()
        relay.check_log()
    finally:
        if relay.process:
            relay.kill()
    # Without the service, a secret goes where the settings say.
    check("no service runs" in command("--config", relay.conf, "secret", "set", "provider", data=b"other\n"), "secret set on disk")
    with open(os.path.join(relay.state, "secrets", "provider"), "rb") as file:
        equal(file.read(), b"other", "the secret")
    command("--config", "/nonexistent.conf", "secret", "set", "provider", data=b"x\n", expect=3)
    # What undo takes back, even lines written by hand since, is still there, and it says where.
    with open(relay.conf, "a", encoding="utf-8") as file:
        file.write("# by hand\r\n")
    told = command("--config", relay.conf, "config", "undo")
    check("/undone" in told and "config undo" not in told, told)
    with open(relay.conf + ".versions/undone", encoding="utf-8") as file:
        check("# by hand" in file.read(), "what was undone")


@case("keys over the API: made once, private, for names that are names; groups are moved; the way of mail is told, with nothing sent")
def _():
    with Relay() as relay:
        equal(json.loads(api(relay, "GET", "/v1/keys")[1]), {"keys": []}, "no key yet")
        for wrong in ({}, {"domain": "../x", "selector": "s", "kind": "rsa"}, {"domain": "a.test", "selector": "../../s", "kind": "rsa"},
                      {"domain": "a.test", "selector": "s", "kind": "dsa"}, {"domain": "a" * 300, "selector": "s", "kind": "rsa"}, {"domain": 1}):
            equal(api(relay, "POST", "/v1/keys", wrong)[0], 400, f"POST {wrong}")
        order = {"domain": "a.test", "selector": "s1", "kind": "ed25519"}
        status, text, _ = api(relay, "POST", "/v1/keys", order)
        equal(status, 200, text)
        made = json.loads(text)
        equal(os.stat(made["file"]).st_mode & 0o777, 0o600, "mode of the key")
        check(made["file"].startswith(relay.state) and "PRIVATE" not in text and "s1._domainkey.a.test" in text, text)
        equal(api(relay, "POST", "/v1/keys", order)[0], 409, "the same again")
        name = "s1.a.test"
        sets = [{"group": "key", "name": name, "key": key, "value": value} for key, value in (("domain", "a.test"), ("selector", "s1"), ("file", made["file"]))]
        equal(api(relay, "PATCH", "/v1/settings", {"set": sets})[0], 200, "the key in the settings")
        listed = json.loads(api(relay, "GET", "/v1/keys")[1])["keys"]
        equal([(k["key"], k["result"], k["details"]["name"]) for k in listed], [(name, "ok", "s1._domainkey.a.test")], "the list")

        routes = [{"group": "route", "name": n, "key": key, "value": value} for n in ("one", "two") for key, value in (("via", "discard"), ("recipients", f"{n}.test"))]
        equal(api(relay, "PATCH", "/v1/settings", {"set": routes})[0], 200, "two routes")
        equal(api(relay, "PATCH", "/v1/settings", {"set": [{"group": "route", "name": "two", "before": "one"}]})[0], 200, "moved")
        names = [g["name"] for g in json.loads(api(relay, "GET", "/v1/settings")[1])["groups"] if g["group"] == "route"]
        check(names.index("two") < names.index("one"), f"the order is {names}")
        for wrong in ({"group": "route", "name": "two", "before": "none"}, {"group": "route", "before": "one"}):
            check(api(relay, "PATCH", "/v1/settings", {"set": [wrong]})[0] in (400, 404), f"PATCH {wrong}")

        way = json.loads(api(relay, "POST", "/v1/checks/route", {"to": "x@two.test", "from": "b@a.test"})[1])
        equal((way["result"], way["details"]["route"], way["details"]["signatures"]), ("ok", "two", ["s1._domainkey.a.test"]), "the way")
        for wrong in ({}, {"to": 1}, {"to": "x@two.test", "device": []}, {"to": "x@two.test", "config": "/etc/passwd"}):
            equal(api(relay, "POST", "/v1/checks/route", wrong)[0], 400, f"POST {wrong}")
        equal(relay.queue(), [], "the queue")

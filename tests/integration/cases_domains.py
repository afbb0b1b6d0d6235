# SPDX-License-Identifier: LGPL-2.1-or-later
"""What mail of a domain needs in the DNS, and certificates: with NSD and the real relay."""
import json
import os
import threading
import time

from commands import api
from harness import Dns, Relay, case, certificate, check, dkim_keys, equal, key_settings

GOOD = """
@ MX 10 mx
mx A 127.0.0.1
relay A 192.0.2.25
@ TXT "v=spf1 a:relay.internal.test include:more.internal.test -all"
more TXT "v=spf1 mx ip4:192.0.2.9 ?all"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:d@internal.test"
_mta-sts TXT "v=STSv1; id=1"
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:t@internal.test"
"""
POINTERS = "25 PTR relay.internal.test.\n"


def published():
    lines = ""
    for kind, (_, record) in dkim_keys().items():
        text = record.decode()
        pieces = " ".join(f'"{text[i:i + 200]}"' for i in range(0, len(text), 200))
        lines += f"{kind}._domainkey TXT {pieces}\n"
    return lines


def ask(relay, domain="internal.test"):
    status, text, _ = api(relay, "GET", f"/v1/domains/{domain}/dns")
    equal(status, 200, text)
    return json.loads(text)


def by_what(answer):
    found = {}
    for item in answer["items"]:
        found.setdefault(item["what"], []).append(item)
    return found


@case("domain: all that its mail needs in the DNS is found, or what to publish is said; SPF is merged and counted")
def _():
    with Dns({"internal.test": GOOD + published(), "2.0.192.in-addr.arpa": POINTERS, "test": "", "empty.test": "", "two.test":
              '@ TXT "v=spf1 mx -all"\n@ TXT "v=spf1 a -all"\n', "less.test": '@ TXT "v=spf1 mx -all"\n@ MX 5 a\na A 192.0.2.1\n', "broken.test": None}) as dns:
        settings = dns.settings + key_settings()
        with Relay("[route default]\nvia = mx\n", extra=settings) as relay:
            answer = ask(relay)
            items = by_what(answer)
            for what in ("spf", "dkim", "dmarc", "mx", "helo", "ptr", "tlsrpt"):
                check(what in items and all(i["verdict"] == "ok" for i in items[what]), f"{what}: {items.get(what)}")
            equal(len(items["dkim"]), 2, "one item a key")
            equal((items["spf"][0]["lookups"], items["spf"][0]["needed"]), (3, items["spf"][0]["found"][0]), items["spf"])
            check("has not been fetched" in items["mta-sts"][0]["text"], items["mta-sts"])
            # What is missing, and what to publish.
            answer = ask(relay, "empty.test")
            items = by_what(answer)
            equal({what: items[what][0]["verdict"] for what in ("spf", "dkim", "dmarc", "mx", "mta-sts", "tlsrpt")},
                  {"spf": "missing", "dkim": "missing", "dmarc": "missing", "mx": "warning", "mta-sts": "none", "tlsrpt": "none"}, answer)
            equal(items["spf"][0]["needed"], "v=spf1 a:relay.internal.test ~all", "a record to begin with")
            check(items["dmarc"][0]["needed"].startswith("v=DMARC1; p=none") and items["dmarc"][0]["name"] == "_dmarc.empty.test", items["dmarc"])
            # A record that does not let the relay pass becomes one that does.
            items = by_what(ask(relay, "less.test"))
            equal((items["spf"][0]["verdict"], items["spf"][0]["needed"], items["spf"][0]["lookups"], items["spf"][0]["lookups-needed"]),
                  ("wrong", "v=spf1 mx a:relay.internal.test -all", 1, 2), items["spf"])
            equal(by_what(ask(relay, "two.test"))["spf"][0]["verdict"], "wrong", "two records")
            equal(by_what(ask(relay, "broken.test"))["spf"][0]["verdict"], "unknown", "no answer is no verdict")
            for wrong in ("no", "a b.test", "-"):
                check(api(relay, "GET", f"/v1/domains/{wrong.replace(' ', '%20')}/dns")[0] == 400, wrong)
            equal(api(relay, "GET", "/v1/domains/internal.test")[0], 404, "without /dns")
            # The command line says the same, without the service.
            text = relay.cli("check", "domain", "less.test", "--config", relay.conf, "--resolver", f"127.0.0.1:{dns.port}", expect=4)
            check("v=spf1 mx a:relay.internal.test -all" in text, text)
            # Another key stands there; the relay would sign with one that fails.
            kind = "ed25519"
            dns.stop()
            dns.write("internal.test", GOOD + f'{kind}._domainkey TXT "v=DKIM1; k=ed25519; p=AAAA"\n')
            dns.start()
            time.sleep(dns.LIFE)
            verdicts = {i["name"].split(".")[0]: i["verdict"] for i in by_what(ask(relay))["dkim"]}
            equal(verdicts, {"rsa": "missing", kind: "wrong"}, "keys")


@case("domain: mail that leaves by a known provider needs its include, and too many look-ups are told")
def _():
    many = '@ TXT "v=spf1 ' + " ".join(f"a:h{i}.many.test" for i in range(11)) + ' include:_spf.google.com -all"\n'
    with Dns({"many.test": many, "have.test": '@ TXT "v=spf1 include:_spf.google.com ~all"\n'}) as dns:
        with Relay("[smarthost away]\nhosts = smtp-relay.gmail.com\n[route default]\nvia = smarthost:away\n", extra=dns.settings) as relay:
            spf = by_what(ask(relay, "many.test"))["spf"][0]
            equal((spf["verdict"], spf["lookups"]), ("wrong", 12), spf)
            spf = by_what(ask(relay, "have.test"))["spf"][0]
            equal((spf["verdict"], spf["needed"]), ("ok", "v=spf1 include:_spf.google.com ~all"), spf)


@case("keys: a large RSA key is made while the API goes on answering")
def _():
    with Relay() as relay:
        done = []

        def make():
            done.append(api(relay, "POST", "/v1/keys", {"domain": "internal.test", "selector": "big", "kind": "rsa"})[0])

        threads = [threading.Thread(target=make) for _ in range(3)]
        for thread in threads:
            thread.start()
        slowest = 0
        while any(thread.is_alive() for thread in threads):
            start = time.monotonic()
            equal(api(relay, "GET", "/v1/methods")[0], 200, "meanwhile")
            slowest = max(slowest, time.monotonic() - start)
        equal(sorted(done)[0], 200, f"one of them: {done}")
        check(slowest < 2, f"an answer took {slowest:.2f} s meanwhile")
        keys = os.listdir(os.path.join(relay.state, "keys"))
        equal(keys, ["big.internal.test.pem"], "keys on disk")


@case("certificates: what listeners show, for which names, until when, and what is wrong with it")
def _():
    file, key = certificate("mail.internal.test")
    with Relay(listener=f"tls = may\ncertificate-file = {file}\nkey-file = {key}\n") as relay:
        got = json.loads(api(relay, "GET", "/v1/certificates")[1])["certificates"]
        equal([(c["file"], c["listeners"]) for c in got], [(file, ["in"])], got)
        check("mail.internal.test" in got[0]["names"] and got[0]["days"] > 0 and got[0]["self-signed"] and "problem" in got[0], got)
        check(file in relay.cli("certificate", "list") and "mail.internal.test" in relay.cli("certificate"), "cli")

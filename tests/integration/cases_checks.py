# SPDX-License-Identifier: LGPL-2.1-or-later
"""`clrelay check` and `clrelay sign`: our answers beside those of other programs."""
import base64
import hashlib
import json
import socket
import struct
import subprocess

from commands import MESSAGE, command, save, zone_of_keys
from harness import (Dns, Relay, Skip, case, check, clrelay, dkim_keys, equal, free_port, key_settings, need, run, running, temp, verify_dkim,
                     wait_for)


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


@case("check mta-sts, dane and tlsrpt: records, policies and certificates from files")
def _():
    folder = temp("tls-checks")
    policy = save(folder, "policy", b"version: STSv1\r\nmode: enforce\r\nmx: *.x.test\r\nmax_age: 86400\r\n")
    check("well formed" in command("check", "mta-sts", "--policy", policy), "policy")
    check("names all" in command("check", "mta-sts", "--policy", policy, "--mx", "a.x.test", "--mx", "b.x.test"), "exchangers")
    check("no mail may go there" in command("check", "mta-sts", "--policy", policy, "--mx", "a.x.test", "--mx", "y.test", expect=4), "stranger")
    check("no id" in command("check", "mta-sts", "--record", "v=STSv1; x=y", expect=4), "record")
    zone = save(folder, "zone.json", json.dumps({
        "_mta-sts.x.test": {"TXT": [["v=STSv1; ", "id=7"]]}, "x.test": {"MX": [[10, "a.x.test"], [20, "b.y.test"]]},
        "_smtp._tls.x.test": {"TXT": [["v=TLSRPTv1; rua=mailto:r@x.test,ftp://x.test"]]},
        "_25._tcp.none.test": {"TLSA": [[3, 1, 1, "00" * 32]], "_secure": False}, "_25._tcp.bogus.test": {"_other": "SERVFAIL"}}).encode())
    answer = json.loads(command("check", "mta-sts", "x.test", "--policy", policy, "--zone", zone, "--json", expect=4))
    equal((answer["details"]["id"], [(h["host"], h["match"]) for h in answer["details"]["hosts"]]), ("7", [("a.x.test", True), ("b.y.test", False)]),
          "a domain")
    check(command("check", "mta-sts", "z.test", "--zone", zone, expect=4).startswith("none"), "none")
    answer = json.loads(command("check", "tlsrpt", "x.test", "--zone", zone, "--json"))
    equal((answer["details"]["rua"], answer["details"]["not-served"]), (["mailto:r@x.test"], ["ftp://x.test"]), "tlsrpt")
    for name, subject in (("ours", "mx.x.test"), ("other", "mx.x.test")):
        run(need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem",
             "-subj", f"/CN={subject}", "-days", "2")
    der = subprocess.run([need("openssl"), "x509", "-in", f"{folder}/ours.pem", "-outform", "DER"], capture_output=True, check=True).stdout
    digest = hashlib.sha256(der).hexdigest()
    check("names what the server shows" in command("check", "dane", "--tlsa", f"3 0 1 {digest}", "--chain", f"{folder}/ours.pem"), "dane")
    check("no TLSA record names" in command("check", "dane", "--tlsa", f"3 0 1 {digest}", "--chain", f"{folder}/other.pem", expect=4), "other")
    check("none of the TLSA" in command("check", "dane", "--tlsa", f"1 0 1 {digest}", "--chain", f"{folder}/ours.pem", expect=4), "unusable")
    check("do not count" in command("check", "dane", "none.test", "--zone", zone, expect=4), "not secure")
    check("temperror" in command("check", "dane", "bogus.test", "--zone", zone, expect=4), "bogus")
    command("check", "dane", "--tlsa", "3 0 1 0", "--chain", f"{folder}/ours.pem", expect=1)
    command("check", "dane", "--chain", f"{folder}/ours.pem", expect=1)


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


DMARC_REPORT = b"""<?xml version="1.0"?>
<feedback><version>1.0</version><report_metadata><org_name>Receiver</org_name><email>r@receiver.test</email><report_id>r-1</report_id>
<date_range><begin>1700000000</begin><end>1700086399</end></date_range></report_metadata>
<policy_published><domain>internal.test</domain><p>quarantine</p></policy_published>
<record><row><source_ip>192.0.2.7</source_ip><count>41</count><policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf>
</policy_evaluated></row><identifiers><header_from>internal.test</header_from></identifiers><auth_results><dkim><domain>internal.test</domain>
<selector>rsa</selector><result>pass</result></dkim></auth_results></record></feedback>
"""


@case("check dmarc-report, check tlsrpt --report: bare, packed, attached; bombs, entities and what is cut off are refused with the reason")
def _():
    import gzip
    import io
    import resource
    import zipfile
    folder = temp("reports")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("receiver!internal.test.xml", DMARC_REPORT)
    mail = (b"From: r@receiver.test\r\nSubject: Report domain: internal.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
            b"--b\r\nContent-Type: text/plain\r\n\r\nA report.\r\n--b\r\nContent-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.encodebytes(gzip.compress(DMARC_REPORT)).replace(b"\n", b"\r\n") + b"--b--\r\n")
    for name, octets in (("r.xml", DMARC_REPORT), ("r.xml.gz", gzip.compress(DMARC_REPORT)), ("r.zip", archive.getvalue()), ("r.eml", mail)):
        answer = json.loads(command("check", "dmarc-report", save(folder, name, octets), "--json"))
        row = answer["details"]["record"][0]["row"]
        equal((answer["result"], answer["details"]["report_metadata"]["org_name"], row["source_ip"], row["count"]),
              ("ok", "Receiver", "192.0.2.7", 41), name)
    bomb = gzip.compress(b"<feedback>" + b" " * (80 * 1024 * 1024))
    entities = b"<!DOCTYPE f [<!ENTITY a 'aaaaaaaaaa'>" + b"".join(b"<!ENTITY %c '%s'>" % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9)) + b"]><feedback>&j;</feedback>"
    for name, octets, word in (("bomb.gz", bomb, "larger than"), ("cut.gz", gzip.compress(DMARC_REPORT)[:-20], "cut off"), ("cut.xml", DMARC_REPORT[:600], "not well formed"),
                               ("entities.xml", entities, ""), ("other.xml", b"<html></html>", "<feedback>"), ("no.eml", b"Subject: x\r\n\r\nx\r\n", "no report"),
                               ("count.xml", DMARC_REPORT.replace(b"<count>41</count>", b"<count>-1</count>"), "record 1: count"),
                               ("zip.zip", archive.getvalue().replace(b"PK\x03\x04", b"PK\x03\x04", 1)[:60], "cut off")):
        answer = json.loads(command("check", "dmarc-report", save(folder, name, octets), "--json", expect=4))
        check(answer["result"] == "invalid" and word in answer["reason"] and "details" not in answer, f"{name}: {answer}")
    check(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1024 * 1024, "memory")
    report = {"organization-name": "Receiver", "date-range": {"start-datetime": "2026-01-01T00:00:00Z", "end-datetime": "2026-01-01T23:59:59Z"},
              "contact-info": "r@receiver.test", "report-id": "1", "policies": [{"policy": {"policy-type": "tlsa", "policy-domain": "internal.test"},
              "summary": {"total-successful-session-count": 7, "total-failure-session-count": 2}, "failure-details": [{"result-type": "dane-required", "failed-session-count": 2}]}]}
    path = save(folder, "tls.json.gz", gzip.compress(json.dumps(report).encode()))
    check("7 sessions succeeded, 2 failed" in command("check", "tlsrpt", "--report", path), "TLSRPT")
    report["policies"][0]["summary"]["total-failure-session-count"] = "2"
    answer = json.loads(command("check", "tlsrpt", "--report", save(folder, "tls.json", json.dumps(report).encode()), "--json", expect=4))
    check("total-failure-session-count" in answer["reason"], answer)


@case("check ports: who greets, who refuses, who is silent, what never answers; name, PTR and address that agree and that do not")
def _():
    reverse = "5.5 PTR relay.good.test.\n6.5 PTR relay.good.test.\n7.5 PTR nowhere.good.test.\n"
    zones = {"good.test": "@ MX 20 other\n@ MX 10 mx\nmx A 127.0.0.1\nother A 127.0.0.9\nrelay A 198.18.5.5\n", "18.198.in-addr.arpa": reverse}
    closed, silent, full = free_port(), socket.socket(), socket.socket()
    with Relay() as relay, Dns(zones) as dns, silent, full:
        for sock, backlog in ((silent, 5), (full, 0)):
            sock.bind(("127.0.0.1", 0))
            sock.listen(backlog)
        crowd = []
        for _ in range(3):  # nobody else gets in
            crowd.append(socket.socket())
            crowd[-1].setblocking(False)
            crowd[-1].connect_ex(full.getsockname())

        def ask(*words, expect=0, address="198.18.5.5", helo="relay.good.test"):
            return json.loads(command("check", "ports", "--resolver", f"127.0.0.1:{dns.port}", "--helo", helo, "--address", address, "--timeout", "3",
                                      *words, "--json", expect=expect))

        answer = ask("--to", f"good.test:{relay.port}", "--to", f"127.0.0.1:{closed}", "--to", "127.0.0.1:%d" % silent.getsockname()[1],
                     "--to", "127.0.0.1:%d" % full.getsockname()[1])
        targets = answer["details"]["targets"]
        equal([t["result"] for t in targets], ["ok", "refused", "silent", "timeout"], f"the targets {targets}")
        equal((targets[0]["host"], targets[0]["address"], targets[0]["local"]), ("mx.good.test", "127.0.0.1", "127.0.0.1"), "the exchanger")
        check(targets[0]["text"].startswith("220 relay.internal.test"), targets[0])
        own = answer["details"]["own"][0]
        equal((answer["result"], own["ptr"], own["ptr-confirmed"], own["ptr-is-helo"], own["helo-resolves-to-it"], answer["details"]["advice"]),
              ("ok", ["relay.good.test"], True, True, True, []), "what agrees")
        to = ("--to", f"127.0.0.1:{relay.port}")
        for address, helo, word in (("198.18.5.6", "relay.good.test", "does not resolve back"), ("198.18.5.7", "relay.good.test", "does not resolve back"),
                                    ("198.18.5.8", "relay.good.test", "no PTR record"), ("198.18.5.5", "other.good.test", "set [server] hostname")):
            answer = ask(*to, expect=4, address=address, helo=helo)
            check(answer["result"] == "mismatch" and word in " ".join(answer["details"]["advice"]), f"{address} {helo}: {answer}")
        answer = ask("--to", "127.0.0.1:%d" % full.getsockname()[1], expect=4)
        check(answer["result"] == "blocked" and "blocked by your provider" in " ".join(answer["details"]["advice"]), answer)
        equal(ask("--to", "nobody.good.test", expect=4)["result"], "temperror", "a name without an address")
        # The settings name the hosts and the relay.
        relay.write(extra=f"[check]\nport-hosts = good.test:{relay.port}\n", server="hostname = relay.good.test\n")
        words = ("check", "ports", "--config", relay.conf, "--resolver", f"127.0.0.1:{dns.port}")
        check("agree" in command(*words, "--address", "198.18.5.5"), "by the settings")
        for sock in crowd:
            sock.close()

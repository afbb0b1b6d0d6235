# SPDX-License-Identifier: LGPL-2.1-or-later
"""TLS on the way out: DANE in a signed zone of ours, MTA-STS with a policy host on loopback, certificates good, old and wrong."""
import contextlib
import email
import gzip
import hashlib
import http.server
import json
import os
import socket
import ssl
import subprocess
import threading
import time

from cases_mx import MX, expect
from commands import command
from harness import Dns, Relay, Sink, case, check, equal, free_port, need, temp, wait_for


class Authority:
    """A certification authority, and what it signs: (certificate file, key file). @days 0: it has expired."""

    def __init__(self):
        self.folder, self.issued, self.lock = temp("authority"), {}, threading.Lock()
        self._make("ca", "/CN=Test Authority", "-x509", "-days", "30", "-addext", "basicConstraints=critical,CA:TRUE")
        self.file = os.path.join(self.folder, "ca.pem")

    def _openssl(self, *words):
        subprocess.run([need("openssl"), *words], cwd=self.folder, check=True, capture_output=True)

    def _make(self, name, subject, *words):
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", name + ".key", "-subj", subject,
                      "-out", name + ".pem", *words)

    def issue(self, name, old=False):
        with self.lock:
            if (name, old) not in self.issued:
                self.issued[name, old] = self._issue(name, name + ("-old" if old else ""), old)
            return self.issued[name, old]

    def _issue(self, name, label, old):
        self._make(label, f"/CN={name}")
        with open(os.path.join(self.folder, label + ".cnf"), "w", encoding="utf-8") as file:
            file.write(f"[x]\nsubjectAltName=DNS:{name}\n[ca]\ndefault_ca=d\n[d]\ndatabase={label}.index\nserial={label}.serial\nnew_certs_dir=.\n"
                       "default_md=sha256\npolicy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n")
        with open(os.path.join(self.folder, label + ".index"), "w", encoding="utf-8"):
            pass
        with open(os.path.join(self.folder, label + ".serial"), "w", encoding="utf-8") as file:
            file.write(f"{int(hashlib.sha256(label.encode()).hexdigest()[:8], 16):010X}\n")
        dates = ("20200101000000Z", "20210101000000Z") if old else ("20200101000000Z", "20991231000000Z")
        self._openssl("ca", "-batch", "-config", label + ".cnf", "-in", label + ".pem", "-out", label + ".crt", "-cert", "ca.pem", "-keyfile", "ca.key",
                      "-notext", "-startdate", dates[0], "-enddate", dates[1])
        with open(os.path.join(self.folder, label + ".crt"), encoding="utf-8") as own, open(self.file, encoding="utf-8") as ca:
            text = own.read() + ca.read()
        with open(os.path.join(self.folder, label + ".chain"), "w", encoding="utf-8") as file:
            file.write(text)
        return os.path.join(self.folder, label + ".chain"), os.path.join(self.folder, label + ".key")


_authority = []
_lock = threading.Lock()


def authority():
    with _lock:
        if not _authority:
            _authority.append(Authority())
        return _authority[0]


def tlsa(certificate, usage=3, selector=1, index=0):
    """The data of a TLSA record for one certificate of a chain, with SHA-256."""
    with open(certificate, encoding="utf-8") as file:
        pem = file.read().split("-----END CERTIFICATE-----")[index] + "-----END CERTIFICATE-----\n"
    der = ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN"):])
    if selector == 1:
        key = subprocess.run([need("openssl"), "x509", "-inform", "DER", "-pubkey", "-noout"], input=der, check=True, capture_output=True).stdout
        der = subprocess.run([need("openssl"), "pkey", "-pubin", "-outform", "DER"], input=key, check=True, capture_output=True).stdout
    return f"{usage} {selector} 1 {hashlib.sha256(der).hexdigest()}"


class PolicyHost:
    """HTTPS on one address: .answers is {host: (status, type, body)}; .asked lists who was asked for."""

    def __init__(self, certificate, host="127.0.0.5"):
        self.answers, self.asked, self.posted, self.port = {}, [], [], free_port()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.headers["Host"].split(":")[0]
                outer.asked.append((name, self.path))
                status, kind, body = outer.answers.get(name, (404, "text/plain", b""))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                if status == 302:
                    self.send_header("Location", "/other")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body)

            def do_POST(self):
                outer.posted.append((self.path, self.headers["Content-Type"], self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(201)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((host, self.port), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def set(self, domain, mode, *exchangers, age=86400):
        lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {mx}" for mx in exchangers), f"max_age: {age}"]
        self.answers["mta-sts." + domain] = (200, "text/plain", ("\r\n".join(lines) + "\r\n").encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@contextlib.contextmanager
def house(records, tls, *, signed=True, settings="", route="", hosts=("127.0.0.2", "127.0.0.3"), port=None, **options):
    """A zone, sinks at 127.0.0.2 and .3 with these certificates (None: no STARTTLS), and a relay."""
    port = port or free_port()
    dns = Dns({"test": MX + records.replace("PORT", str(port))}, signed="test" if signed else None)
    anchor = f"trust-anchor = {dns.anchor}\n" if signed else ""
    with contextlib.ExitStack() as stack:
        sinks = [stack.enter_context(Sink(port=port, host=host, tls=pair)) for host, pair in zip(hosts, tls)]
        stack.enter_context(dns)
        relay = stack.enter_context(Relay(f"[route default]\nvia = mx\nport = {port}\nallow-loopback = true\n{route}",
                                          extra=dns.settings + anchor + settings, **options))
        yield relay, sinks, dns


def results(relay, domain):
    """What is counted for a domain today, by policy."""
    days = json.loads(relay.cli("tls-results", domain, "--json"))["days"]
    return days[0]["policies"] if days else []


@case("DANE: a certificate that the TLSA record names: the attempt tells it; a domain without records goes as ever")
def _():
    good = authority().issue("mx1.test")
    records = f"_PORT._tcp.mx1 TLSA {tlsa(good[0])}\nd MX 10 mx1\ne MX 10 mx2\n"
    with house(records, (good, authority().issue("other.test"))) as (relay, (first, second), _dns):
        identity = relay.send(to=["u@d.test"])
        first.wait()
        expect(relay, identity, "delivered", "(dane: certificate matches)")
        identity = relay.send(to=["u@e.test"])
        second.wait()
        expect(relay, identity, "delivered", "(may)")
        for domain, kind in (("d.test", "tlsa"), ("e.test", "no-policy-found")):
            wait_for(lambda: results(relay, domain), 5, "the count")
            [one] = results(relay, domain)
            equal((one["policy"]["policy-type"], one["summary"]["total-successful-session-count"]), (kind, 1), "what is counted")
        time.sleep(3.5)  # it is on disk
        relay.kill()
        relay.start()
        equal(results(relay, "d.test")[0]["policy"]["policy-string"], [tlsa(good[0])], "what is counted over a restart")


@case("DANE: neither names nor dates count for DANE-EE, both do for DANE-TA")
def _():
    old, other = authority().issue("mx1.test", old=True), authority().issue("other.test")
    records = (f"_PORT._tcp.mx1 TLSA {tlsa(old[0])}\n_PORT._tcp.mx2 TLSA {tlsa(other[0], usage=2, index=1)}\nd MX 10 mx1\ne MX 10 mx2\n")
    with house(records, (old, other)) as (relay, (first, second), _dns):
        first_id = relay.send(to=["u@d.test"])
        first.wait()
        expect(relay, first_id, "delivered", "(dane: certificate matches)")
        expect(relay, relay.send(to=["u@e.test"]), "dane: the certificate is for another name", state="waiting")
        equal(len(second.mails), 0, "messages at the second")
    good = authority().issue("mx2.test")
    records = f"_PORT._tcp.mx2 TLSA {tlsa(good[0], usage=2, index=1)}\n_PORT._tcp.mx1 TLSA {tlsa(old[0], usage=2, index=1)}\nd MX 10 mx1\ne MX 10 mx2\n"
    with house(records, (old, good)) as (relay, (first, second), _dns):
        identity = relay.send(to=["u@e.test"])
        second.wait()
        expect(relay, identity, "delivered", "(dane: certificate matches)")
        expect(relay, relay.send(to=["u@d.test"]), "not valid now", state="waiting")
        equal(len(first.mails), 0, "messages at the first")


@case("DANE: a certificate that does not match, and a host that offers no TLS, get no mail; the next exchanger does")
def _():
    good, other = authority().issue("mx1.test"), authority().issue("mx2.test")
    records = f"_PORT._tcp.mx1 TLSA {tlsa(good[0])}\n_PORT._tcp.mx2 TLSA {tlsa(other[0])}\nd MX 10 mx1\nd MX 20 mx2\ne MX 10 mx1\n"
    with house(records, (other, other)) as (relay, (first, second), _dns):
        identity = relay.send(to=["u@d.test"])
        second.wait()
        expect(relay, identity, "delivered", "mx2.test")
        expect(relay, relay.send(to=["u@e.test"]), "no TLSA record names", state="waiting")
        equal(len(first.mails), 0, "messages at the first")
    with house(records, (None, other)) as (relay, (first, second), _dns):
        expect(relay, relay.send(to=["u@e.test"]), "STARTTLS", state="waiting")
        equal(len(first.mails), 0, "messages in clear")


@case("DANE: records that cannot be used: encrypted, whoever it is; a handshake that breaks is not followed by clear text")
def _():
    other = authority().issue("other.test")
    records = f"_PORT._tcp.mx1 TLSA {tlsa(other[0], usage=1)}\n_PORT._tcp.mx2 TLSA {tlsa(other[0], usage=0)}\nd MX 10 mx1\ne MX 10 mx2\n"
    with house(records, (other, other)) as (relay, (first, second), _dns):
        second.context.maximum_version = second.context.minimum_version = ssl.TLSVersion.TLSv1_2
        second.context.set_ciphers("AES128-SHA")
        identity = relay.send(to=["u@d.test"])
        first.wait()
        expect(relay, identity, "delivered", "(dane-unusable)")
        expect(relay, relay.send(to=["u@e.test"]), "TLS", state="waiting")
        equal(len(second.mails), 0, "messages in clear")


@case("DANE: wrong signatures defer, unsigned answers do not count, dane-only demands records")
def _():
    good, other = authority().issue("mx1.test"), authority().issue("other.test")
    records = f"_PORT._tcp.mx1 TLSA {tlsa(good[0])}\nd MX 10 mx1\ne MX 10 mx2\n"
    with house(records, (other, other)) as (relay, (first, _second), dns):
        # The TLSA record is changed behind its signature.
        path = os.path.join(dns.folder, "test.zone")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        name = next(line.split()[0] for line in text.splitlines() if "\tTLSA\t" in line)
        wrong = [line.rsplit("\t", 1)[0] + "\t" + tlsa(other[0]) if line.startswith(name) and "\tTLSA\t" in line else line
                 for line in text.splitlines()]
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(wrong) + "\n")
        dns.stop()
        dns.start()
        expect(relay, relay.send(to=["u@d.test"]), "TLSA records cannot be had", "DNSSEC signature is wrong", state="waiting")
        equal(len(first.mails), 0, "messages at the first")
    with house(records, (other, other), signed=False) as (relay, (first, _second), _dns):
        identity = relay.send(to=["u@d.test"])
        expect(relay, identity, "delivered", "(may)")
    with house(records, (good, other), route="tls = dane-only\n") as (relay, (first, second), _dns):
        identity = relay.send(to=["u@d.test"])
        expect(relay, identity, "delivered", "(dane: certificate matches)")
        expect(relay, relay.send(to=["u@e.test"]), "no TLSA records that count", state="waiting")
        equal(len(second.mails), 0, "messages at the second")


def sts_zone(*domains, **ids):
    return "".join(f"{d} MX 10 mx1\n{d} MX 20 mx2\n_mta-sts.{d} TXT \"v=STSv1; id={ids.get(d, '1')}\"\nmta-sts.{d} A 127.0.0.5\n" for d in domains)


@contextlib.contextmanager
def policy_house(domains, tls, answers, *, policy_certificate=None, records=None, retry_time="1s", **options):
    """house() with a policy host for all of DOMAINS, whose certificate is good for them."""
    ca = authority()
    names = [f"mta-sts.{d}.test" for d in domains]
    with PolicyHost(policy_certificate or ca.issue(names[0])) as policies:
        for domain, answer in answers.items():
            policies.set(f"{domain}.test", *answer)
        settings = f"[mta-sts]\nca-file = {ca.file}\nport = {policies.port}\ntimeout = 3s\nretry = {retry_time}\n"
        with house(records or sts_zone(*domains), tls, signed=False, settings=settings, route=f"ca-file = {ca.file}\n", **options) as (relay, sinks, dns):
            yield relay, sinks, dns, policies


@case("MTA-STS enforce: only to exchangers that the policy names, with a trusted certificate for their name")
def _():
    one, two = authority().issue("mx1.test"), authority().issue("mx2.test")
    with policy_house(["d"], (one, two), {"d": ("enforce", "mx2.test")}) as (relay, (first, second), _dns, policies):
        identity = relay.send(to=["u@d.test"])
        second.wait()
        expect(relay, identity, "delivered", "mx2.test", "(mta-sts: verified)")
        equal(first.connections, 0, "connections to the exchanger that is not named")
        equal(policies.asked, [("mta-sts.d.test", "/.well-known/mta-sts.txt")], "questions")
        relay.send(to=["v@d.test"])
        second.wait(2)
        equal(len(policies.asked), 1, "questions about a kept policy")
    with policy_house(["d"], (two, authority().issue("mx2.test", old=True)), {"d": ("enforce", "*.test")}) as (relay, sinks, _dns, _policies):
        identity = relay.send(to=["u@d.test"])
        expect(relay, identity, "mta-sts: certificate not accepted", "expired", state="waiting")
        equal([len(s.mails) for s in sinks], [0, 0], "messages")
    with policy_house(["d"], (None, None), {"d": ("enforce", "*.test")}) as (relay, sinks, _dns, _policies):
        expect(relay, relay.send(to=["u@d.test"]), "STARTTLS", state="waiting")
        equal([len(s.mails) for s in sinks], [0, 0], "messages in clear")
    with policy_house(["d"], (one, two), {"d": ("enforce", "mx.elsewhere.test")}) as (relay, sinks, _dns, _policies):
        expect(relay, relay.send(to=["u@d.test"]), "names none of its mail exchangers", state="waiting")
        equal([s.connections for s in sinks], [0, 0], "connections")


@case("MTA-STS testing and none stop nothing, and say what was wrong")
def _():
    other = authority().issue("other.test")
    with policy_house(["d"], (other, other), {"d": ("testing", "mx2.test")}) as (relay, (first, _second), _dns, _policies):
        identity = relay.send(to=["u@d.test"])
        first.wait()
        expect(relay, identity, "delivered", "(mta-sts-testing: certificate not accepted")
        wait_for(lambda: results(relay, "d.test"), 5, "the count")
        [one] = results(relay, "d.test")
        equal((one["policy"]["policy-type"], one["policy"]["policy-string"][1], one["policy"]["mx-host"]), ("sts", "mode: testing", ["mx2.test"]),
              "the policy that is counted")
        [failure] = one["failure-details"]
        equal((failure["result-type"], failure["receiving-mx-hostname"], failure["receiving-ip"]),
              ("certificate-host-mismatch", "mx1.test", "127.0.0.2"), "the failure that is counted")
    with policy_house(["d"], (None, None), {"d": ("testing", "mx1.test")}) as (relay, (first, _second), _dns, _policies):
        identity = relay.send(to=["u@d.test"])
        first.wait()
        expect(relay, identity, "delivered")
    with policy_house(["d"], (other, other), {"d": ("none",)}) as (relay, (first, _second), _dns, _policies):
        identity = relay.send(to=["u@d.test"])
        first.wait()
        expect(relay, identity, "delivered", "(may)")


@case("MTA-STS: policies that cannot be had: redirects, other types, other names, too large, no policy; mail goes as without")
def _():
    other = authority().issue("other.test")
    policy = b"version: STSv1\nmode: enforce\nmx: mx9.test\nmax_age: 86400\n"
    for answer, words in (((302, "text/plain", b""), "status 302"), ((404, "text/plain", policy), "status 404"),
                          ((200, "text/html", policy), "text/plain"), ((200, "text/plain", b"x" * 70000), "larger than"),
                          ((200, "text/plain", b"version: STSv2\n"), "no policy")):
        with policy_house(["d"], (other, other), {}) as (relay, (first, _second), _dns, policies):
            policies.answers["mta-sts.d.test"] = answer
            identity = relay.send(to=["u@d.test"])
            first.wait()
            expect(relay, identity, "delivered", "(may)")
            check(words in relay.read_log(), f"the log does not say {words}: {relay.read_log()}")
    with policy_house(["d"], (other, other), {"d": ("enforce", "mx9.test")}, policy_certificate=other) as (relay, (first, _second), _dns, policies):
        relay.send(to=["u@d.test"])
        first.wait()
        equal(policies.asked, [], "requests over a connection that is not trusted")
        check("MTA-STS policy of d.test cannot be had" in relay.read_log(), "the log does not tell")


@case("MTA-STS: a kept policy counts when its host and its record are gone, over a restart too; a new id brings the new policy")
def _():
    one, two = authority().issue("mx1.test"), authority().issue("mx2.test")
    with policy_house(["d"], (one, two), {"d": ("enforce", "mx2.test")}, server="workers = 1\n") as (relay, (first, second), dns, policies):
        relay.send(to=["u@d.test"])
        second.wait()
        policies.answers.clear()
        dns.write("test", MX + sts_zone("d", d="2"))
        dns.stop()
        dns.start()
        time.sleep(Dns.LIFE)
        identity = relay.send(to=["u@d.test"])
        second.wait(2)
        expect(relay, identity, "delivered", "mx2.test", "(mta-sts: verified)")
        equal(len(policies.asked), 2, "questions")
        check("the former one stays in force" in relay.read_log(), "the log does not tell")
        dns.write("test", MX + "d MX 10 mx1\nd MX 20 mx2\n")
        dns.stop()
        dns.start()
        time.sleep(Dns.LIFE)
        identity = relay.send(to=["u@d.test"])
        second.wait(3)
        expect(relay, identity, "delivered", "mx2.test", "(mta-sts: verified)")
        time.sleep(1.5)
        relay.stop()
        relay.start()
        identity = relay.send(to=["u@d.test"])
        second.wait(4)
        expect(relay, identity, "delivered", "mx2.test", "(mta-sts: verified)")
        equal(len(policies.asked), 2, "questions after a restart")
        policies.set("d.test", "enforce", "mx1.test")
        dns.write("test", MX + sts_zone("d", d="3"))
        dns.stop()
        dns.start()
        time.sleep(Dns.LIFE)
        identity = relay.send(to=["u@d.test"])
        first.wait()
        expect(relay, identity, "delivered", "mx1.test", "(mta-sts: verified)")


@case("MTA-STS: a policy host that does not answer holds nobody else up; its own mail goes after the time-out")
def _():
    other = authority().issue("other.test")
    records = sts_zone("d") + "silent MX 10 mx1\n_mta-sts.silent TXT \"v=STSv1; id=1\"\nmta-sts.silent A 127.0.0.6\n"
    with policy_house(["d"], (other, other), {"d": ("none",)}, records=records) as (relay, (first, _second), _dns, policies), \
            socket.create_server(("127.0.0.6", policies.port)):
        slow = relay.send(to=["u@silent.test"])
        started = time.monotonic()
        quick = relay.send(to=["u@d.test"])
        first.wait()
        check(time.monotonic() - started < 2, "the other domain had to wait")
        expect(relay, quick, "delivered")
        first.wait(2)
        expect(relay, slow, "delivered")
        check(time.monotonic() - started >= 2, "it was not waited for")


@case("check mta-sts and check dane ask the DNS and the policy host")
def _():
    ca, good = authority(), authority().issue("mx1.test")
    with PolicyHost(ca.issue("mta-sts.d.test")) as policies, \
            Dns({"test": MX + sts_zone("d") + f"_25._tcp.mx1 TLSA {tlsa(good[0])}\n"}, signed="test") as dns:
        def ask(*words, expect=0):
            words = [*words, "--resolver", f"127.0.0.1:{dns.port}"]
            return command("check", *words, expect=expect)

        fetch = ("mta-sts", "d.test", "--ca-file", ca.file, "--port", policies.port)
        policies.set("d.test", "enforce", "*.test")
        check("names all of these hosts" in ask(*fetch), "a good policy")
        policies.set("d.test", "enforce", "mx1.test")
        check("does not name mx2.test" in ask(*fetch, expect=4), "an exchanger that is not named")
        policies.answers.clear()
        check("status 404" in ask(*fetch, expect=4), "no policy")
        check("certificate" in ask("mta-sts", "d.test", "--port", policies.port, expect=4), "an authority that is not known")
        check(ask("mta-sts", "e.test", expect=4).startswith("none"), "no record")
        anchor = ("--trust-anchor", dns.anchor)
        check("match" in ask("dane", "mx1.test", "--chain", good[0], *anchor), "a certificate that matches")
        check("do not count" in ask("dane", "mx1.test", "--chain", good[0], expect=4), "not validated")
        check("no TLSA records" in ask("dane", "mx2.test", *anchor, expect=4), "no records")


@case("TLSRPT: reports go by mail and by HTTPS to the domains that ask for them")
def _():
    ca, good = authority(), authority().issue("mx1.test")
    with PolicyHost(ca.issue("reports.test")) as web:
        records = ("d MX 10 mx1\ne MX 10 mx1\nf MX 10 mx1\nreports A 127.0.0.5\n_smtp._tls.d TXT \"v=TLSRPTv1; rua=mailto:tls@d.test\"\n"
                   f"_smtp._tls.e TXT \"v=TLSRPTv1; rua=https://reports.test:{web.port}/v1\"\n_PORT._tcp.mx1 TLSA {tlsa(good[0])}\n")
        settings = f"[tls-report]\nca-file = {ca.file}\norganization = Test Office\ncontact = mailto:who@internal.test\n"
        with house(records, (good, good), settings=settings, route="idle-time = 0s\n") as (relay, (first, _second), _dns):
            for number, domain in enumerate("def"):
                relay.send(to=[f"u@{domain}.test"])
                first.wait(number + 1)
                wait_for(lambda domain=domain: results(relay, domain + ".test"), 10, "the count")
            check("3 domains" in relay.cli("tls-results", "--send"), "the answer")
            first.wait(4)
            message = email.message_from_bytes(first.mails[3].content)
            equal((message.get_content_type(), message.get_param("report-type"), message["TLS-Report-Domain"]),
                  ("multipart/report", "tlsrpt", "d.test"), "the message")
            part = message.get_payload()[1]
            equal(part.get_content_type(), "application/tlsrpt+gzip", "its second part")
            wait_for(lambda: web.posted, 10, "the upload")
            equal(web.posted[0][:2], ("/v1", "application/tlsrpt+gzip"), "the upload")
            for domain, packed in (("d.test", part.get_payload(decode=True)), ("e.test", web.posted[0][2])):
                report = json.loads(gzip.decompress(packed))
                equal((report["organization-name"], report["policies"][0]["policy"]["policy-type"], report["policies"][0]["policy"]["policy-domain"],
                       report["policies"][0]["summary"]), ("Test Office", "tlsa", domain,
                      {"total-successful-session-count": 1, "total-failure-session-count": 0}), "the report")
            wait_for(lambda: "goes to https" in relay.read_log(), 5, "the word about the upload")
            days = json.loads(relay.cli("tls-results", "--json"))["days"]
            check(all(day["reported"] for day in days if day["domain"] in ("e.test", "f.test")), "what was reported is reported again")

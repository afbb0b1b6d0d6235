# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mail in, from the clients people have, and who may send it."""
import glob
import os
import smtplib
import socket
import ssl

from harness import (Raw, Relay, case, check, equal, free_port, need, queue_id, raw_data, run, submit, temp, verify_dkim, key_settings,
                     wait_for)

TEXT = b"From: a@internal.test\r\nTo: b@example.test\r\nSubject: by a client\r\n\r\nHello.\r\n.dot\r\n..two\r\n"


def message_file(content=TEXT):
    path = os.path.join(temp("mail"), "message.eml")
    with open(path, "wb") as file:
        file.write(content)
    return path


def arrived(relay, n=1):
    wait_for(lambda: len(relay.captured()) >= n, 20, f"{n} captured messages")
    return list(relay.captured().values())


def from_client(*words, data=None, env=None):
    result = run(*words, data=data, env=env)
    check(result.returncode == 0, f"{words[0]}: exit status {result.returncode}: {(result.stdout + result.stderr).decode()[-600:]}")
    return result.stdout.decode(errors="replace") + result.stderr.decode(errors="replace")


@case("in from swaks; the 250 names the id, and queue show finds it")
def _():
    swaks = need("swaks")
    with Relay(extra=key_settings()) as relay:
        out = from_client(swaks, "--server", "127.0.0.1", "--port", relay.port, "--from", "a@internal.test", "--to", "b@example.test",
                          "--header", "Subject: swaks", "--body", "hello")
        identity = queue_id(out)
        equal(verify_dkim(arrived(relay)[0]), 2, "signatures")
        wait_for(lambda: relay.show(identity)["place"] == "history", 10, "the move to the history")
        equal(relay.states(identity), {"b@example.test": "delivered"}, "states")


@case("in from swaks with STARTTLS")
def _():
    swaks = need("swaks")
    with Relay() as relay:
        from_client(swaks, "--server", "127.0.0.1", "--port", relay.port, "--from", "a@internal.test", "--to", "b@example.test", "--tls")
        check(b"with ESMTPS" in arrived(relay)[0], "the Received field does not say ESMTPS")


@case("in from msmtp, clear and with STARTTLS")
def _():
    msmtp = need("msmtp")
    with Relay() as relay:
        for tls in ("off", "on"):
            from_client(msmtp, "--host=127.0.0.1", f"--port={relay.port}", f"--tls={tls}", "--tls-certcheck=off", "--tls-starttls=on",
                        "--auth=off", "--from=a@internal.test", "--domain=client.test", "b@example.test", data=TEXT.replace(b"\r\n", b"\n"))
        for content in arrived(relay, 2):
            check(content.endswith(b"\r\n\r\nHello.\r\n.dot\r\n..two\r\n"), f"the body is {content[-60:]!r}")


@case("in from curl, clear and with STARTTLS")
def _():
    curl, path = need("curl"), message_file()
    with Relay() as relay:
        for words in ((), ("--ssl-reqd", "--insecure")):
            from_client(curl, "-sS", "--max-time", "20", *words, "--url", f"smtp://127.0.0.1:{relay.port}/client.test",
                        "--mail-from", "a@internal.test", "--mail-rcpt", "b@example.test", "--mail-rcpt", "c@example.test", "-T", path)
        for content in arrived(relay, 2):
            check(content.endswith(TEXT), f"the content is {content[-120:]!r}")


@case("in from smtplib: several messages in one session, RSET, NOOP, VRFY")
def _():
    with Relay() as relay, relay.client() as smtp:
        for n in range(5):
            smtp.sendmail("a@internal.test", ["b@example.test"], f"Subject: {n}\r\n\r\n{n}\r\n")
        smtp.mail("a@internal.test")
        equal(smtp.rset()[0], 250, "RSET")
        equal(smtp.noop()[0], 250, "NOOP")
        check(smtp.verify("b@example.test")[0] in (252, 250, 502), "VRFY")
        equal(smtp.docmd("RCPT", "TO:<b@example.test>")[0], 503, "RCPT without MAIL")
        arrived(relay, 5)


@case("in from smtp-source: 500 messages in 10 sessions")
def _():
    source = need("smtp-source", "/usr/sbin/smtp-source")
    with Relay() as relay:
        from_client(source, "-s", "10", "-m", "500", "-l", "4000", "-f", "a@internal.test", "-t", "b@example.test", f"inet:127.0.0.1:{relay.port}")
        wait_for(lambda: len(glob.glob(relay.capture + "/*.eml")) == 500, 30, "the delivery of 500 messages")
        relay.wait_empty()
        equal(relay.json("status")["accepted"], 500, "accepted in the status")


@case("in over IPv6, and STARTTLS over IPv6")
def _():
    relay = Relay(ipv6=True)
    with relay:
        for tls in (False, True):
            with smtplib.SMTP("::1", relay.port6, timeout=20) as smtp:
                if tls:
                    smtp.starttls(context=ssl._create_unverified_context())
                smtp.sendmail("a@internal.test", ["b@example.test"], "Subject: six\r\n\r\n6\r\n")
        check(any(b"IPv6:::1" in c or b"IPv6:" in c for c in arrived(relay, 2)), "no Received field names the IPv6 address")


@case("in with implicit TLS, IPv4 and IPv6")
def _():
    with Relay(listener="tls = implicit", ipv6=True) as relay:
        for host, port in (("127.0.0.1", relay.port), ("::1", relay.port6)):
            with smtplib.SMTP_SSL(host, port, timeout=20, context=ssl._create_unverified_context()) as smtp:
                check(not smtp.has_extn("starttls"), "STARTTLS is offered inside TLS") if smtp.ehlo()[0] == 250 else None
                smtp.sendmail("a@internal.test", ["b@example.test"], "Subject: tls\r\n\r\n\r\n")
        arrived(relay, 2)


@case("tls = require: MAIL without STARTTLS is refused")
def _():
    with Relay(listener="tls = require") as relay:
        with relay.client() as smtp:
            smtp.ehlo()
            equal(smtp.mail("a@internal.test")[0], 530, "MAIL in clear")
            smtp.starttls(context=ssl._create_unverified_context())
            smtp.sendmail("a@internal.test", ["b@example.test"], "Subject: tls\r\n\r\n\r\n")
        arrived(relay)


@case("what came in clear behind STARTTLS is dropped")
def _():
    with Relay() as relay, Raw(relay.port) as raw:
        raw.reply()
        raw.ask("EHLO client.test")
        raw.send("STARTTLS\r\nMAIL FROM:<evil@internal.test>\r\nRCPT TO:<b@example.test>\r\n")
        check(raw.reply().startswith("220"), "STARTTLS was not accepted")
        try:
            tls = ssl._create_unverified_context().wrap_socket(raw.sock)
        except (ssl.SSLError, OSError):
            return  # taken for a broken handshake: dropped as well
        tls.settimeout(1)
        try:
            early = tls.recv(1000)
        except (TimeoutError, socket.timeout):
            early = b""
        equal(early, b"", "what the relay said in TLS before it was asked")
        tls.settimeout(10)
        tls.sendall(b"EHLO client.test\r\n")
        check(tls.recv(1000).startswith(b"250"), "EHLO inside TLS")
        tls.sendall(b"RCPT TO:<b@example.test>\r\n")
        check(tls.recv(1000).startswith(b"503"), "a MAIL from the clear text is still in force")
        tls.close()


@case("relaying is denied to strangers: 550 5.7.1")
def _():
    with Relay(devices="[device far]\nnetworks = 192.0.2.0/24\n") as relay, relay.client() as smtp:
        smtp.ehlo()
        smtp.mail("a@internal.test")
        code, text = smtp.rcpt("b@example.test")
        check(code == 550 and text.startswith(b"5.7.1 "), f"RCPT: {code} {text}")
        equal(smtp.docmd("DATA")[0], 503 if smtp.docmd("NOOP")[0] == 250 else 0, "DATA without a recipient")


@case("without any device, relaying is denied to all")
def _():
    with Relay(devices="") as relay, relay.client() as smtp:
        smtp.ehlo()
        smtp.mail("a@internal.test")
        code, text = smtp.rcpt("b@example.test")
        check(code == 550 and text.startswith(b"5.7.1 "), f"RCPT: {code} {text}")


@case("a domain without a route is refused at RCPT")
def _():
    relay = Relay()
    relay.write(routes=f"[route one]\nrecipients = one.test\nvia = capture\ndirectory = {relay.capture}\n")
    with relay, relay.client() as smtp:
        smtp.ehlo()
        smtp.mail("a@internal.test")
        equal(smtp.rcpt("b@one.test")[0], 250, "RCPT with a route")
        equal(smtp.rcpt("b@two.test")[0], 550, "RCPT without a route")


@case("what is missing is repaired, recorded, and Bcc leaves")
def _():
    with Relay(device="repair-headers = true\n", extra=key_settings()) as relay:
        identity = relay.send("Subject: scan\r\nBcc: secret@example.test\r\n\r\nscan\r\n")
        content = arrived(relay)[0]
        wait_for(lambda: relay.show(identity)["place"] == "history", 10, "the move to the history")
        equal(sorted(relay.show(identity)["repairs"]), ["bcc", "date", "from", "message-id"], "repairs")
        check(b"\r\nBcc:" not in content and b"secret" not in content, "Bcc is still there")
        for field in (b"\r\nDate: ", b"\r\nMessage-ID: <", b"\r\nFrom: <a@internal.test>\r\n"):
            check(content.count(field) == 1, f"{field!r} is not there once")
        equal(verify_dkim(content), 2, "signatures")


@case("without repair-headers nothing but our own fields is added")
def _():
    with Relay() as relay:
        text = b"Subject: bare\r\nBcc: someone@example.test\r\n\r\nbody\r\n"
        relay.send(text)
        content = arrived(relay)[0]
        check(content.endswith(text) and content.startswith(b"Received: "), f"got {content!r}")
        equal(content[:-len(text)].count(b"\r\nFrom:"), 0, "From fields")


@case("a message with too many Received fields is refused")
def _():
    with Relay(limits="max-received = 20\n") as relay, relay.client() as smtp:
        smtp.ehlo()
        for n, wanted in ((20, 250), (21, 554)):
            smtp.mail("a@internal.test")
            smtp.rcpt("b@example.test")
            equal(raw_data(smtp, b"Received: from x by y; now\r\n" * n + b"Subject: loop\r\n\r\n\r\n")[0], wanted, f"{n} Received fields")


@case("bare line feeds: refused, or normalised for a device that may")
def _():
    with Relay() as relay, Raw(relay.port) as raw:
        raw.open_data()
        raw.send(b"Subject: bare\r\n\r\none\ntwo\r\n.\r\n")
        reply = raw.reply()
        check(reply.startswith("5"), f"the strict listener said {reply}")
        check(raw.ask("NOOP").startswith("250"), "the session is not in step any more")
        equal(relay.queue(), [], "queue")
    with Relay(device="bare-newlines = normalize\n", extra=key_settings()) as relay:
        with Raw(relay.port) as raw:
            raw.open_data()
            raw.send(b"From: a@internal.test\nSubject: bare\n\none\ntwo\rthree\n.\nfour\r\n.\r\n")
            identity = queue_id(raw.reply())
        content = arrived(relay)[0]
        check(content.endswith(b"Subject: bare\r\n\r\none\r\ntwo\r\nthree\r\n.\r\nfour\r\n"), f"got {content!r}")
        equal(verify_dkim(content), 2, "signatures")
        equal(relay.show(identity)["repairs"], ["newlines"], "repairs")


@case("sizes: SIZE is told, a larger message is refused by MAIL and by DATA")
def _():
    with Relay(limits="max-message-size = 100K\n") as relay, relay.client() as smtp:
        smtp.ehlo()
        equal(smtp.esmtp_features.get("size"), "102400", "SIZE")
        equal(smtp.mail("a@internal.test", ["SIZE=200000"])[0], 552, "MAIL with SIZE")
        equal(smtp.mail("a@internal.test")[0], 250, "MAIL")
        smtp.rcpt("b@example.test")
        equal(raw_data(smtp, b"Subject: big\r\n\r\n" + b"x" * 998 + b"\r\n" * 60 + (b"y" * 998 + b"\r\n") * 110)[0], 552, "DATA")
        equal(smtp.noop()[0], 250, "NOOP")


@case("more recipients than allowed are told 452")
def _():
    with Relay(limits="max-recipients = 100\n") as relay, relay.client() as smtp:
        smtp.ehlo()
        smtp.mail("a@internal.test")
        codes = [smtp.rcpt(f"r{n}@example.test")[0] for n in range(101)]
        equal(codes, [250] * 100 + [452], "RCPT")


@case("a second listener address that is taken is a clear refusal to start")
def _():
    relay = Relay()
    with socket.socket() as other:
        port = free_port()
        other.bind(("127.0.0.1", port))
        other.listen()
        relay.port = port
        relay.write()
        relay.launch()
        equal(relay.process.wait(20), 1, "exit status")
        check(f"127.0.0.1:{port}" in relay.read_log(), relay.read_log())


@case("mail for <Postmaster> without a domain goes to the relay's own")
def _():
    with Relay() as relay, relay.client() as smtp:
        smtp.ehlo()
        identity = submit(smtp, b"Subject: to whom it may concern\r\n\r\nhello\r\n", to=("Postmaster",))
        wait_for(relay.captured, 10, "delivery")
        equal(relay.states(identity), {"postmaster@internal.test": "delivered"}, "states")

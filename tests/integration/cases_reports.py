# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reports (DSN): who is told what about mail that failed, waits or arrived; read by our own eyes and by programs of others."""
import email
import email.policy
import json
import subprocess
import threading
import time

from harness import (Relay, Sink, Skip, case, check, equal, free_port, key_settings, need, queue_id, raw_data, run, temp, verify_dkim,
                     wait_for)

TEXT = b"From: Ann <ann@internal.test>\r\nTo: joe@out.test\r\nSubject: Offer 17\r\nMessage-ID: <offer-17@internal.test>\r\n\r\nThe offer.\r\n"
QUICK = "retry-first = 1s\nretry-longest = 1s\n"
DSN = ("PIPELINING", "8BITMIME", "SIZE 100000000", "ENHANCEDSTATUSCODES", "DSN")


def office(sink, *, reports="", keys=True, home="internal.test", **options):
    """A relay whose own domain is captured and whose other mail goes to SINK (or a port)."""
    relay = Relay(**options)
    extra = (key_settings() if keys else "") + (f"[reports]\n{reports}\n" if reports else "") + options.get("extra", "")
    port = sink if isinstance(sink, int) else sink.port
    return relay.write(extra=extra, routes=f"""[smarthost sink]\nhosts = 127.0.0.1:{port}\ntls = none
[route home]\nrecipients = {home}\nvia = capture\ndirectory = {relay.capture}
[route default]\nvia = smarthost:sink\n""")


def send(relay, content=TEXT, sender="ann@internal.test", to=(("joe@out.test", ""),), options=""):
    """Like Relay.send, with parameters for MAIL and RCPT."""
    with relay.client() as smtp:
        smtp.ehlo()
        words = options.split()
        if not content.isascii():
            words.append("BODY=8BITMIME")
        if not sender.isascii() or not all(r[0].isascii() for r in to):
            words.append("SMTPUTF8")
            smtp.command_encoding = "utf-8"
        code, text = smtp.mail(sender, words)
        check(code == 250, f"MAIL: {code} {text}")
        for recipient, parameters in to:
            code, text = smtp.rcpt(recipient, parameters.split())
            check(code == 250, f"RCPT {recipient}: {code} {text}")
        code, text = raw_data(smtp, content)
        check(code == 250, f"the message was answered {code} {text}")
        return queue_id(text)


class Report:
    """A report taken apart, after it has been looked at: what every report keeps to."""

    def __init__(self, content):
        self.content = content
        self.message = email.message_from_bytes(content, policy=email.policy.default)
        self.raw = email.message_from_bytes(content)
        equal(self.message.get_content_type(), "multipart/report", "type of the report")
        equal(self.message.get_param("report-type"), "delivery-status", "report-type")
        equal(self.message["Auto-Submitted"], "auto-replied", "Auto-Submitted")
        equal(self.message["MIME-Version"], "1.0", "MIME-Version")
        check(self.message["Message-ID"].count("<") == 1, f"Message-ID {self.message['Message-ID']}")
        check(self.message["Date"] and self.message["From"], "Date or From is missing")
        parts = self.raw.get_payload()
        self.text = parts[0].get_payload(decode=True).decode(parts[0].get_content_charset() or "ascii")
        self.kind = parts[1].get_content_type()
        body = parts[1].get_payload()
        groups = body if isinstance(body, list) else [email.message_from_string(g) for g in
                                                      parts[1].get_payload(decode=True).decode().strip().split("\n\n")]
        self.fields, self.recipients = groups[0], [g for g in groups[1:] if g.keys()]
        self.returned = parts[2] if len(parts) > 2 else None
        check(not any(len(line) > 998 for line in content.split(b"\r\n")), "a line is too long")

    def one(self):
        equal(len(self.recipients), 1, "recipients of the report")
        return self.recipients[0]

    def check(self, recipient, action, status):
        found = [g for g in self.recipients if g["Final-Recipient"] == f"rfc822; {recipient}"]
        equal(len(found), 1, f"{recipient} in the report")
        equal((found[0]["Action"], found[0]["Status"]), (action, status), f"what is said of {recipient}")
        return found[0]


def all_reports(relay):
    return [Report(c) for c in relay.captured().values() if b"report-type=delivery-status" in c]


def reports(relay, n=1, timeout=30):
    """The N reports in the capture folder; no more may have come."""
    wait_for(lambda: len(all_reports(relay)) >= n, timeout, f"{n} reports")
    found = all_reports(relay)
    equal(len(found), n, "reports")
    return found


@case("reports: mail deleted with a report: its sender is told that it was refused, and why; without one nobody is")
def _():
    with office(free_port()) as relay:
        first, second, third = send(relay), send(relay), send(relay)
        relay.cli("queue", "hold", "--all")
        relay.cli("queue", "delete", first)
        relay.cli("queue", "delete", second, "--reason", "no invoices by this printer")
        relay.cli("queue", "delete", third, "--report")
        relay.cli("queue", "hold", third, "--report", expect=2)
        relay.cli("queue", "delete", third, "--reason", "two\nlines", expect=1)
        relay.wait_empty()
        wait_for(lambda: len(relay.captured()) == 2, 15, "two reports")
        reports = [Report(content) for content in relay.captured().values()]
        texts = sorted(r.one()["Diagnostic-Code"] or "" for r in reports)
        for report in reports:
            equal((report.one()["Action"], report.one()["Status"]), ("failed", "5.7.1"), "what is told")
        check(any("no invoices by this printer" in t for t in texts) and any("deleted by an administrator" in t for t in texts), texts)


@case("reports: refused at RCPT by smtp-sink; the report reaches the sender, signed, and a person can read it")
def _():
    program, port = need("smtp-sink", "/usr/sbin/smtp-sink"), free_port()
    process = subprocess.Popen([program, "-u", "nobody", "-f", "rcpt", f"127.0.0.1:{port}", "100"], cwd=temp("smtp-sink"),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with office(port) as relay:
            identity = send(relay)
            report = reports(relay)[0]
            group = report.one()
            equal(group["Final-Recipient"], "rfc822; joe@out.test", "Final-Recipient")
            equal(group["Action"], "failed", "Action")
            check(group["Status"].startswith("5."), f"Status {group['Status']}")
            check(group["Diagnostic-Code"].startswith("smtp; 5"), f"Diagnostic-Code {group['Diagnostic-Code']}")
            equal(report.fields["Reporting-MTA"], "dns; relay.internal.test", "Reporting-MTA")
            check("127.0.0.1" in report.fields["Received-From-MTA"], "Received-From-MTA")
            equal(report.message["To"].strip("<>"), "ann@internal.test", "To")
            equal(report.message["In-Reply-To"], "<offer-17@internal.test>", "In-Reply-To")
            equal(report.message["Subject"], "Undeliverable: Offer 17", "Subject")
            check(report.text.startswith("Your message could not be delivered to this address:\r\n\r\n    joe@out.test\r\n"), report.text[:200])
            check(identity in report.text, "the queue id is not in the text")
            equal(report.returned.get_content_type(), "text/rfc822-headers", "third part")
            check("Received: from" in report.returned.get_payload() and "The offer." not in report.returned.get_payload(), "what is returned")
            equal(verify_dkim(report.content), 2, "good signatures")
            relay.wait_empty()
    finally:
        process.terminate()
        process.wait(10)


@case("reports: two of five recipients; one report names both, the others get the message")
def _():
    def rcpt(recipient):
        return "550 5.1.1 no such user here" if recipient.startswith("bad") else None
    with Sink({"RCPT": rcpt}) as sink, office(sink) as relay:
        send(relay, to=[(f"{n}@out.test", "") for n in ("a", "bad1", "b", "bad2", "c")])
        report = reports(relay)[0]
        equal(len(report.recipients), 2, "recipients of the report")
        for n in ("bad1", "bad2"):
            group = report.check(f"{n}@out.test", "failed", "5.1.1")
            equal(group["Diagnostic-Code"], "smtp; 550 5.1.1 no such user here", "Diagnostic-Code")
        check("Other recipients" in report.text and "does not exist there" in report.text, report.text)
        equal(sorted(sink.wait()[0].recipients), ["a@out.test", "b@out.test", "c@out.test"], "recipients of the sink")
        relay.wait_empty()


@case("reports: expired; the text says how long, the last reply stands below")
def _():
    with Sink({"RCPT": lambda r: "452 4.2.2 mailbox full"}) as sink, office(sink, queue=QUICK + "lifetime = 3s\n") as relay:
        send(relay)
        report = reports(relay, timeout=40)[0]
        group = report.check("joe@out.test", "failed", "5.2.2")
        equal(group["Diagnostic-Code"], "smtp; 452 4.2.2 mailbox full", "Diagnostic-Code")
        check("The relay has tried for" in report.text and "mailbox is full" in report.text, report.text)
        relay.wait_empty()


@case("reports: nobody answers until the time is over")
def _():
    with office(free_port(), queue=QUICK + "lifetime = 3s\n") as relay:
        send(relay)
        report = reports(relay, timeout=60)[0]
        group = report.check("joe@out.test", "failed", "5.4.7")
        check("Remote-MTA" not in group and "could not be reached" in report.text, report.text)


@case("reports: a delay notice, once; then the message arrives")
def _():
    told = threading.Event()
    with Sink({"RCPT": lambda r: None if told.is_set() else "451 4.7.1 greylisted"}) as sink, \
            office(sink, queue=QUICK + "delay-notice = 2s\n") as relay:
        send(relay, to=[("joe@out.test", ""), ("never@out.test", "NOTIFY=FAILURE")])
        report = reports(relay, timeout=60)[0]  # the queue looks for them twice a minute
        told.set()
        group = report.check("joe@out.test", "delayed", "4.7.1")
        check(group["Will-Retry-Until"], "Will-Retry-Until is missing")
        equal(len(report.recipients), 1, "recipients of the report")
        check("need not do anything" in report.text and "Delayed" in report.message["Subject"], report.text)
        sink.wait(1, 40)
        relay.wait_empty(40)
        reports(relay, 1)


@case("reports: NOTIFY=SUCCESS to a next hop without DSN: relayed, with ENVID and ORCPT decoded")
def _():
    with Sink() as sink, office(sink) as relay:
        send(relay, to=[("joe@out.test", "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Joe+2Bx@Out.test"), ("ann@internal.test", "NOTIFY=SUCCESS"),
                        ("quiet@out.test", "")], options="ENVID=QQ+2B1 RET=HDRS")
        sink.wait()

        def recipients(found):
            return {g["Final-Recipient"]: g for r in found for g in r.recipients}
        wait_for(lambda: len(recipients(all_reports(relay))) == 2, 30, "a report about both")
        relay.wait_empty()
        time.sleep(1)  # no more of them
        found = all_reports(relay)
        groups = recipients(found)
        equal(sorted(groups), ["rfc822; ann@internal.test", "rfc822; joe@out.test"], "recipients of the reports")
        equal(sum(len(r.recipients) for r in found), 2, "recipients told of")
        equal(groups["rfc822; joe@out.test"]["Action"], "relayed", "Action")
        equal(groups["rfc822; joe@out.test"]["Original-Recipient"], "rfc822; Joe+x@Out.test", "Original-Recipient")
        equal(groups["rfc822; ann@internal.test"]["Action"], "delivered", "Action of the captured one")
        for report in found:
            equal(report.fields["Original-Envelope-Id"], "QQ+1", "Original-Envelope-Id")
        check(not any("NOTIFY" in c or "ENVID" in c for c in sink.commands), "parameters for a peer without DSN")


@case("reports: a next hop with DSN gets the parameters as they came, and the duty to report success")
def _():
    with Sink(extensions=DSN) as sink, office(sink) as relay:
        send(relay, to=[("joe@out.test", "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Joe+2Bx@Out.test"), ("no@out.test", "NOTIFY=NEVER")],
             options="ENVID=QQ+2B1 RET=FULL")
        sink.wait()
        mail = next(c for c in sink.commands if c.startswith("MAIL"))
        check("ENVID=QQ+2B1" in mail and "RET=FULL" in mail, mail)
        joe, no = sorted(c for c in sink.commands if c.startswith("RCPT"))
        check("NOTIFY=SUCCESS,FAILURE" in joe and "ORCPT=rfc822;Joe+2Bx@Out.test" in joe, joe)
        check("NOTIFY=NEVER" in no, no)
        relay.wait_empty()
        time.sleep(1)
        reports(relay, 0)


@case("reports: NOTIFY=NEVER, DELAY and SUCCESS: of a failure nobody is told; of the others one is")
def _():
    with Sink({"RCPT": lambda r: "550 5.1.1 no"}) as sink, office(sink) as relay:
        send(relay, to=[("never@out.test", "NOTIFY=NEVER"), ("delay@out.test", "NOTIFY=DELAY"), ("success@out.test", "NOTIFY=SUCCESS")])
        relay.wait_empty()
        reports(relay, 0)
        send(relay, to=[("never@out.test", "NOTIFY=NEVER"), ("told@out.test", "NOTIFY=FAILURE")])
        reports(relay)[0].check("told@out.test", "failed", "5.1.1")
        relay.wait_empty()


@case("reports: RET=FULL brings the message back, RET=HDRS and large ones their header section; from the spool too")
def _():
    with Sink({"RCPT": lambda r: "550 5.1.1 no"}) as sink, \
            office(sink, reports="return-size = 20K\n", queue="spool-size = 4K\n") as relay:
        def returned(content, ret):
            identity = send(relay, content, options=f"RET={ret}")
            wait_for(lambda: any(identity.encode() in c for c in relay.captured().values()), 30, "the report")
            report = Report(next(c for c in relay.captured().values() if identity.encode() in c))
            return report.returned.get_content_type(), report
        line = b"x" * 70 + b"\r\n"
        for size, ret, kind in ((1, "FULL", "message/rfc822"), (1, "HDRS", "text/rfc822-headers"), (200, "FULL", "message/rfc822"),
                                (2000, "FULL", "text/rfc822-headers")):
            content = TEXT + line * size
            found, report = returned(content, ret)
            equal(found, kind, f"third part, {size} lines, RET={ret}")
            equal(content.split(b"\r\n\r\n", 1)[1] in report.content, kind == "message/rfc822", "the body is in the report")
            check(b"Subject: Offer 17" in report.content.split(b"Received: ", 2)[-1], "the header section is not in the report")
            equal(verify_dkim(report.content, 2), 2, "good signatures")
        found, report = returned(TEXT + "Grüße\r\n".encode(), "FULL")
        check(b"Content-Transfer-Encoding: 8bit" in report.content and "Grüße".encode() in report.content, "8-bit body")
        equal(verify_dkim(report.content, 2), 2, "good signatures")


@case("reports: mail of the null sender fails: the postmaster is told once; what fails for him stays in sight, and nothing goes round")
def _():
    with Sink({"RCPT": lambda r: "550 5.1.1 no"}) as sink, office(sink) as relay:
        send(relay, sender="")
        report = reports(relay)[0]
        equal(report.message["To"].strip("<>"), "postmaster@internal.test", "To")
        check("for the postmaster" in report.text, report.text)
        relay.wait_empty()
    with Sink({"RCPT": lambda r: "550 5.1.1 no"}) as sink, office(sink, home="nowhere.test") as relay:
        send(relay)  # the report about it, and the report about that, are refused too
        wait_for(lambda: any("failed" in relay.states(m["id"]).values() for m in relay.queue()), 20, "a failed recipient in the queue")
        time.sleep(3)
        queue = relay.queue()
        equal(len(queue), 1, "messages in the queue")
        equal(relay.states(queue[0]["id"]), {"postmaster@internal.test": "failed"}, "what is left")
        asked = [c for c in sink.commands if c.startswith("RCPT")]
        equal([c.split("<")[1].split(">")[0] for c in asked], ["joe@out.test", "ann@internal.test", "postmaster@internal.test"], "who was asked for")


@case("reports: kill -9 while 30 of them are made; after the restart every sender has exactly one")
def _():
    with Sink({"RCPT": lambda r: "550 5.1.1 no"}) as sink, office(sink) as relay:
        sent = {send(relay) for _ in range(30)}
        wait_for(lambda: " failed " in relay.read_log(), 20, "the first failure")
        relay.kill()
        relay.start()
        wait_for(lambda: len(all_reports(relay)) >= len(sent), 40, "the reports")
        relay.wait_empty()
        # One that was captured and not yet marked so is captured again, as any message; another is never made.
        made = {(identity, r.message["Message-ID"]) for r in all_reports(relay) for identity in sent if identity in r.text}
        equal(sorted(identity for identity, _ in made), sorted(sent), "messages reported")


@case("reports: in German, and after a change of the settings in English")
def _():
    with Sink({"RCPT": lambda r: "550 5.1.1 no such user"}) as sink, office(sink, reports="language = de\n") as relay:
        send(relay)
        report = reports(relay)[0]
        check("konnte an diese Adresse nicht zugestellt werden" in report.text and "Bitte prüfen Sie die Schreibweise" in report.text, report.text)
        equal(report.message["Subject"], "Unzustellbar: Offer 17", "Subject")
        report.check("joe@out.test", "failed", "5.1.1")
        equal(verify_dkim(report.content), 2, "good signatures")
        relay.write(extra=key_settings() + "[reports]\nlanguage = en\n")
        relay.hangup()
        send(relay)
        texts = [r.text[:12] for r in reports(relay, 2)]
        check("Your message" in texts, f"texts begin with {texts}")


@case("reports: a UTF-8 sender and a UTF-8 recipient")
def _():
    utf8 = (*DSN, "SMTPUTF8")
    with Sink({"RCPT": lambda r: "550 5.1.1 no such user" if "out.test" in r else None}, extensions=utf8) as sink, \
            office(sink, home="nowhere.test") as relay:
        send(relay, "From: jörg@internal.test\r\nSubject: Grüße\r\n\r\nb\r\n".encode(), sender="jörg@internal.test", to=[("grün@out.test", "")])
        content = sink.wait(1, 30)[0].content
        check(any(c.startswith("MAIL FROM:<>") and "SMTPUTF8" in c for c in sink.commands), f"SMTPUTF8 for the report: {sink.commands}")
        check(b"Content-Type: message/global-delivery-status" in content and "Final-Recipient: utf-8; grün@out.test".encode() in content,
              content.decode(errors="replace"))
        check("To: <jörg@internal.test>".encode() in content and b"message/global-headers" in content, content.decode(errors="replace"))


# Programs of others

SISIMAI = r"""
use Sisimai; use JSON;
my $read = Sisimai->can('rise') || Sisimai->can('make');
my $found = $read->('Sisimai', $ARGV[0], 'delivered' => 1) || [];
print JSON->new->encode([map { { address => $_->recipient->address, status => $_->deliverystatus, action => $_->action,
  reason => $_->reason } } @$found]);
"""
BOUNCE_PARSER = r"""
use Mail::DeliveryStatus::BounceParser; use JSON;
local $/; open(my $file, '<', $ARGV[0]); my $bounce = Mail::DeliveryStatus::BounceParser->new(<$file>);
print JSON->new->encode({ is_bounce => $bounce->is_bounce ? 1 : 0,
  found => [map { { address => $_->get('email'), reason => $_->get('std_reason'), code => $_->get('smtp_code') } } $bounce->reports] });
"""


def readable_report(reply, language, where):
    """A file with the report about a recipient that was answered REPLY."""
    with Sink({"RCPT": lambda r: reply}) as sink, office(sink, reports=f"language = {language}\n") as relay:
        send(relay)
        report = reports(relay)[0]
    path = f"{temp(where)}/report.eml"
    with open(path, "wb") as file:
        file.write(report.content)
    return path


def perl(script, module, path):
    need("perl")
    if run("perl", f"-M{module}", "-e", "1").returncode != 0:
        raise Skip(f"the Perl module {module} is not installed")
    result = run("perl", "-e", script, path)
    check(result.returncode == 0, result.stderr.decode()[-500:])
    return json.loads(result.stdout)


REPLIES = (("550 5.1.1 no such user", "userunknown", "5.1.1", "user_unknown"), ("552 5.2.2 mailbox is full", "mailboxfull", "5.2.2", "over_quota"))


@case("reports: read by Sisimai: recipient, status and class, in both languages")
def _():
    for reply, reason, status, _other in REPLIES:
        for language in ("en", "de"):
            found = perl(SISIMAI, "Sisimai", readable_report(reply, language, "sisimai"))
            equal(found, [{"address": "joe@out.test", "status": status, "action": "failed", "reason": reason}], f"what Sisimai reads, {language}")


@case("reports: read by flufl.bounce")
def _():
    try:
        from flufl.bounce import all_failures
    except ImportError:
        raise Skip("flufl.bounce is not installed") from None
    for language in ("en", "de"):
        with open(readable_report(REPLIES[0][0], language, "flufl"), "rb") as file:
            temporary, permanent = all_failures(email.message_from_binary_file(file))
        equal((set(temporary), set(permanent)), (set(), {b"joe@out.test"}), f"what flufl.bounce reads, {language}")


@case("reports: read by Mail::DeliveryStatus::BounceParser")
def _():
    for reply, _reason, _status, reason in REPLIES:
        read = perl(BOUNCE_PARSER, "Mail::DeliveryStatus::BounceParser", readable_report(reply, "en", "bounceparser"))
        equal(read["is_bounce"], 1, "is_bounce")
        equal([(f["address"], f["reason"]) for f in read["found"]], [("joe@out.test", reason)], "what BounceParser reads")

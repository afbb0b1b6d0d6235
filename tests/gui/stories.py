# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a person does in the app, from the first look to the end, asserted on the service's side: what the stories share."""
from harness import Relay, wait_for

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

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stories about mail: found, read, ordered, followed, stopped."""
import csv
import json
import os
import tempfile
import time

import harness
from app import App
from harness import Relay, Sink, check, equal, wait_for
from stories import busy, fill, script, story


@story("a message is found, read, held and released")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        ids = fill(relay)
        app.do("page queue")
        app.until("table count", "3")
        app.do("set filter_entry from:erp@internal.test subject:invoice")
        app.until("table count", lambda text: text == "1")
        app.do("table 0")
        app.until("read subject_label", "Invoice 2026-1187")
        app.until("read state_label", "Waiting")
        app.do("action message.hold")
        wait_for(lambda: list(relay.states(ids[2]).values()) == ["held"], what="the message to be held")
        app.until("read state_label", "Held")
        app.do("action message.release")
        wait_for(lambda: list(relay.states(ids[2]).values()) == ["waiting"], what="the message to be released")
        app.do("click back_button")
        app.until("read filter_entry", "subject:invoice")


@story("an order to all that was found asks first, with the count")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        ids = fill(relay)
        app.do("page queue")
        app.do("set filter_entry from:erp@internal.test")
        app.until("read count_label", "2 messages")
        app.do("action queue.delete")
        body = app.do("respond cancel")
        check("2 messages" in body and "cannot be undone" in body, f"the question does not say what it is about: {body}")
        equal(list(relay.states(ids[3]).values()), ["waiting"], "after cancel")
        app.do("action queue.delete")
        app.do("respond go")
        wait_for(lambda: len(relay.queue()) == 1, what="two messages to be deleted")
        app.until("read count_label", "0 messages")
        check(ids[1] in str(relay.queue()), "the wrong message is left")


@story("chosen messages are held together")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        fill(relay)
        app.do("page queue")
        app.until("table count", "3")
        app.do("table all")
        app.until("read chosen_label", "3 messages chosen")
        app.do("action queue.hold")
        wait_for(lambda: str(relay.queue()).count("'held'") == 3, what="three recipients to be held")
        app.do("set state_drop 3")
        app.until("read count_label", "3 messages")


@story("the trace finds what is long delivered")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        ids = fill(relay)
        wait_for(lambda: "delivered" in str(relay.show(ids[0])), what="the delivery")
        app.do("page trace")
        app.do("set filter_entry subject:kyocera")
        app.until("table count", lambda text: text == "1", 30)
        app.do("table 0")
        app.until("read state_label", "Delivered")
        app.do("page trace")
        app.do("set filter_entry wrong:word")
        app.until("read stack", "none")


@story("the log is followed, narrowed and paused")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        app.do("page live")
        fill(relay)
        app.until("table count", lambda text: int(text) > 10)
        app.do("set text_entry camera@internal.test")
        app.until("table count", lambda text: 0 < int(text) < 6)
        app.do("set pause_button on")
        app.until("read foot_label", "paused")


@story("a sender is frozen at once: what it sent is listed and saved, what waits and what comes is held, and is released in batches")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        ids = fill(relay)
        app.do("page incident")
        app.do("set who_entry erp@internal.test")
        app.until("table count", lambda text: text == "2")
        app.until("read state_label", "Not frozen")
        app.do("click freeze_button")
        wait_for(lambda: list(relay.states(ids[2]).values()) == ["held"] and list(relay.states(ids[3]).values()) == ["held"], what="what waits to be held")
        check("frozen-senders = erp@internal.test" in open(relay.conf).read(), "the sender is not in the settings")
        later = relay.send(sender="erp@internal.test", to=("anna@good.test",))
        equal(list(relay.states(later).values()), ["held"], "what comes")
        app.until("read state_label", "Frozen")
        app.until("text erp@internal.test", "Sender")
        app.until("read held_label", "3 messages")
        for name in ("evidence.csv", "evidence.json"):
            path = os.path.join(harness.WORK, name)
            app.do(f"export {path}")
            wait_for(lambda p=path: os.path.exists(p) and os.path.getsize(p) > 0, what=name)
            with open(path, encoding="utf-8", newline="") as file:
                saved = list(csv.DictReader(file)) if name.endswith("csv") else json.load(file)
            equal(sorted(r["id"] for r in saved), sorted([ids[2], ids[3], later]), name)
            equal(os.stat(path).st_mode & 0o777, 0o600, "who may read it")
        app.do("click thaw_button")
        app.until("read state_label", "Not frozen")
        check("frozen-senders" not in open(relay.conf).read(), "the sender is still in the settings")
        equal(list(relay.states(later).values()), ["held"], "what is held stays held")
        app.do("click release_button")
        wait_for(lambda: "'held'" not in str(relay.queue()), what="the release")
        sink.wait(1)
        app.until("read held_label", "0 messages")


@story("a search is saved, found again at the next start, and forgotten")
def _(where):
    config = tempfile.mkdtemp(dir=harness.WORK)
    with Sink(script()) as sink, busy(sink) as relay:
        fill(relay)
        with App(where, relay.socket, config=config) as app:
            app.do("page trace")
            app.do("set filter_entry from:camera@internal.test")
            app.until("table count", lambda text: text == "1", 30)
            app.do("action trace.save")
            app.do("dialog-text Cameras, all")
            app.do("respond save")
        with App(where, relay.socket, config=config) as app:
            app.do("page trace")
            app.do("action trace.open Cameras, all")
            app.until("read filter_entry", "from:camera@internal.test")
            app.until("table count", lambda text: text == "1", 30)
            app.do("action trace.forget Cameras, all")
        check("amera" not in open(os.path.join(config, "clrelay-admin", "notebook")).read(), "the search is still kept")


@story("the text of a message that waits is read by who may, and that is audited")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        ids = fill(relay)
        app.do(f"message {ids[2]}")
        app.until("read state_label", "Waiting")
        app.do("action message.source")
        app.until("text-view text_view", "Subject: Invoice 2026-1187")
        check("Text." not in app.do("text-view text_view"), "more than the header is shown")
        app.do("set all_button on")
        app.until("text-view text_view", "Text.")
        check(f"content of message {ids[2]} read" in str(relay.json("audit")), "the reading is not audited")


@story("the queue is sorted by its heads, and stays where it is while rows are chosen")
def _(where):
    with Sink(script()) as sink, busy(sink) as relay, App(where, relay.socket) as app:
        ids = [relay.send(f"Subject: number {i:03}\r\n\r\nx\r\n", sender=f"s{i % 7}@internal.test", to=(f"r{400 - i}@slow.test",)) for i in range(240)]
        app.do("page queue")
        app.until("table count", lambda text: text == "240", 40)
        app.do("table id 0")
        equal(app.do("table id 0"), ids[0], "the oldest first")
        app.do("table sort 0 down")
        app.until("table id 0", ids[-1])
        app.until("table id 239", ids[0])
        app.do("table sort 2")
        wanted = sorted(range(240), key=lambda i: f"r{400 - i}@slow.test")
        app.until("table id 0", ids[wanted[0]])
        app.do("table scroll 1")
        app.until("table id 239", ids[wanted[-1]])
        app.do("table scroll 0")
        app.do("table choose 1")
        relay.cli("queue", "delete", ids[wanted[0]])
        app.until("read count_label", "239 messages", 30)
        time.sleep(5)  # a list that is anew would have come
        equal(app.do("table id 1"), ids[wanted[1]], "the chosen row")
        app.do("action queue.hold")
        wait_for(lambda: list(relay.states(ids[wanted[1]]).values()) == ["held"], what="the chosen message to be held")
        app.until("table count", lambda text: text == "239", 30)


@story("a message that waits is read, and sent by another route, to another address, and sooner")
def _(where):
    with Sink(script()) as sink, Sink() as other, Relay(sink.route() + f"[smarthost other]\nhosts = 127.0.0.1:{other.port}\nallow-loopback = true\ntls = none\n"
                                                        "[route spare]\nrecipients = nowhere.test\nvia = smarthost:other\n", queue="retry-first = 1h") as relay, \
            App(where, relay.socket) as app:
        ids = fill(relay)
        app.do(f"message {ids[2]}")
        app.until("texts all", "mailbox full")
        app.do("action message.priority")
        app.do("dialog-choose 7")
        app.do("respond go")
        wait_for(lambda: "priority" in relay.read_log(), what="the priority")
        app.do("action message.reroute")
        app.do("dialog-choose spare")
        app.do("respond go")
        other.wait(1)
        app.until("read state_label", "Delivered")
        app.do(f"message {ids[3]}")
        app.until("texts all", "mailbox full")
        app.do("action message.recipient")
        app.do("dialog-text anna@good.test")
        app.do("respond go")
        wait_for(lambda: any("anna@good.test" in str(m.recipients) for m in sink.mails if b"88231" in m.content), what="the mail to the other address")
        app.do("page queue")
        app.until("read count_label", "1 message")
        app.do("action queue.reroute")
        app.do("dialog-choose spare")
        body = app.do("respond go")
        check("It is tried at once" in body and " message" in body, body)
        other.wait(2)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starting, stopping, reloading, crashing, and a disk that is full or holds something else."""
import json
import os
import signal
import socket
import sqlite3
import threading
import time

from harness import Raw, Relay, Sink, case, check, clrelay, equal, free_port, queue_id, raw_data, run, submit, temp, wait_for

TEXT = b"Subject: kept\r\n\r\nkept\r\n"


def dead_route(port):
    return f"[smarthost out]\nhosts = 127.0.0.1:{port}\n[route default]\nvia = smarthost:out\n"


@case("the id of the 250 is found in the queue, and later in the history")
def _():
    port = free_port()
    with Relay(dead_route(port)) as relay:
        identity = relay.send(TEXT)
        equal([m["id"] for m in relay.queue()], [identity], "queue list")
        message = relay.show(identity)
        equal((message["place"], message["subject"], message["sender"], message["device"], message["client"]),
              ("queue", "kept", "a@internal.test", "all", "127.0.0.1"), "queue show")
        check(relay.cli("queue", "show", identity).startswith(identity), "queue show for people")
        wait_for(lambda: relay.states(identity) == {"b@example.test": "waiting"}, 10, "the deferral")
        with Sink(port=port) as sink:
            relay.cli("queue", "retry", identity)
            sink.wait(1, 15)
            relay.wait_empty()
        wait_for(lambda: relay.show(identity)["place"] == "history", 10, "the history")
        relay.cli("queue", "show", "0AAAAAAAA0000", expect=3)


@case("SIGHUP applies new settings, and an open session goes on")
def _():
    with Relay() as relay, relay.client() as old:
        old.ehlo()
        old.mail("a@internal.test")
        old.rcpt("b@example.test")
        relay.write(server="hostname = renamed.internal.test\n", limits="max-message-size = 1M\n")
        relay.hangup()
        with Raw(relay.port) as new:
            check(new.reply().startswith("220 renamed.internal.test"), "the new name is not told")
            check("SIZE 1048576" in new.ask("EHLO c.test"), "the new size is not told")
        equal(raw_data(old, TEXT)[0], 250, "DATA of the old session")
        submit(old, TEXT)
        equal(relay.json("status")["hostname"], "renamed.internal.test", "name in the status")


@case("SIGHUP: a new listener opens, a removed one closes, a device is added")
def _():
    with Relay(devices="") as relay:
        second, first = free_port(), relay.port
        relay.write(listener=f"tls = none\n[listener more]\naddress = 127.0.0.1:{second}\ntls = none\n",
                    devices="[device all]\nnetworks = 127.0.0.1\n")
        relay.hangup()
        relay.port = second
        relay.send(TEXT)
        relay.port = first
        relay.send(TEXT)
        relay.port = second
        relay.write(listener="tls = none\n")
        relay.hangup()
        try:
            Raw(first, timeout=2).close()
            raise AssertionError("the removed listener still takes connections")
        except OSError:
            pass
        relay.send(TEXT)


@case("SIGHUP with wrong settings is refused, in words, and the former ones stay")
def _():
    with Relay() as relay:
        relay.write(limits="max-message-size = a lot\n")
        relay.hangup("not applied")
        check("max-message-size" in relay.read_log(), "the log does not name the setting")
        relay.send(TEXT)
        relay.write(limits="")
        relay.hangup()


@case("SIGTERM lets deliveries and messages on their way end, and takes no new ones")
def _():
    with Sink({"END": lambda mail: (1.5, "250 2.0.0 slow")}) as sink:
        relay = Relay(sink.route())
        with relay:
            relay.send(TEXT)
            wait_for(lambda: "DATA" in sink.commands, 10, "DATA at the sink")
            with Raw(relay.port) as raw, Raw(relay.port) as idle:
                idle.reply()
                raw.open_data()
                raw.send(b"Subject: last\r\n\r\n")
                relay.process.send_signal(signal.SIGTERM)
                check(idle.reply().startswith("421"), "an idle client is not told 421")
                time.sleep(0.3)
                raw.send(b"last\r\n.\r\n")
                queue_id(raw.reply())
                check(raw.reply().startswith("421"), "the client is not told 421 behind its message")
            equal(relay.process.wait(30), 0, "exit status")
            relay.start()
            sink.wait(2, 20)
            relay.wait_empty()
        equal(len(sink.mails), 2, "messages at the sink")


@case("SIGTERM does not wait for ever: drain-time")
def _():
    with Sink({"END": lambda mail: (30, "250 2.0.0 too slow")}) as sink, Relay(sink.route(), server="drain-time = 2s\n") as relay:
        relay.send(TEXT)
        wait_for(lambda: "DATA" in sink.commands, 10, "DATA at the sink")
        start = time.monotonic()
        relay.process.send_signal(signal.SIGTERM)
        equal(relay.process.wait(20), 0, "exit status")
        check(time.monotonic() - start < 8, f"it took {time.monotonic() - start:.0f} s")
        sink.script = {}
        relay.start()
        equal(len(relay.queue()), 1, "messages in the queue") if not sink.mails else None
        relay.cli("queue", "retry", "--all", expect=None)
        sink.wait(1, 20)


@case("kill -9 with 50 messages in the queue: all of them are delivered after the restart")
def _():
    port = free_port()
    with Relay(dead_route(port)) as relay:
        wanted = {relay.send(TEXT + str(n).encode() + b"\r\n") for n in range(50)}
        relay.kill()
        with Sink(port=port) as sink:
            relay.start()
            relay.cli("queue", "retry", "--all", expect=None)
            sink.wait(50, 30)
            relay.wait_empty()
            ids = {i for i in wanted for m in sink.mails if i.encode() in m.content}
            equal((len(sink.mails), ids == wanted), (50, True), "messages at the sink, the same ids")


@case("kill -9 while mail comes in: what was answered 250 arrives")
def _():
    with Sink() as sink, Relay(sink.route()) as relay:
        answered, stop = [], threading.Event()

        def pour(n):
            try:
                with relay.client() as smtp:
                    smtp.ehlo()
                    while not stop.is_set():
                        answered.append(submit(smtp, TEXT, to=(f"r{n}@example.test",)))
            except Exception:  # the relay is killed under its feet
                pass
        threads = [threading.Thread(target=pour, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(answered) > 60, 15, "60 messages")
        relay.kill()
        stop.set()
        for thread in threads:
            thread.join(10)
        relay.start()
        relay.cli("queue", "retry", "--all", expect=None)
        relay.wait_empty(30)
        came = b"".join(m.content[:1500] for m in sink.mails)
        lost = [i for i in answered if i.encode() not in came]
        check(not lost, f"{len(lost)} of {len(answered)} answered messages are lost: {lost[:5]}")


@case("no space left: 452 4.3.1, and mail again when there is room")
def _():
    with Relay(queue="min-free-space = 1000G\n") as relay:
        with relay.client() as smtp:
            smtp.ehlo()

            def deliver():
                smtp.rset()
                smtp.mail("a@internal.test")
                smtp.rcpt("b@example.test")
                code, text = smtp.docmd("DATA")
                if code != 354:
                    return code, text
                smtp.send(TEXT + b".\r\n")
                return smtp.getreply()
            code, text = deliver()
            check(code == 452 and text.startswith(b"4.3.1"), f"without space it said {code} {text}")
            relay.write(queue="min-free-space = 0\n")
            relay.hangup()
            wait_for(lambda: deliver()[0] == 250, 15, "a 250")


@case("a state directory on a full disk: 452 4.3.1, nothing lost, and it recovers")
def _():
    from harness import Skip
    if os.getuid() != 0:
        raise Skip("only root can mount a small disk")
    relay = Relay(queue="min-free-space = 0\n")
    if run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", relay.state).returncode:
        raise Skip("a small disk cannot be mounted here")
    try:
        with relay:
            relay.send(TEXT)
            fill = os.path.join(relay.state, "fill")
            with open(fill, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"x" * 4096)
                except OSError:
                    pass
            codes, big = [], b"Subject: big\r\n\r\n" + (b"x" * 76 + b"\r\n") * 4000
            for content in [big, TEXT] * 3:
                with relay.client() as smtp:
                    smtp.ehlo()
                    smtp.mail("a@internal.test")
                    smtp.rcpt("b@example.test")
                    codes.append(raw_data(smtp, content))
            check(all(code in (250, 452) for code, _ in codes), f"it said {codes}")
            check(any(code == 452 and text.startswith(b"4.3.1") for code, text in codes), f"it never said 452 4.3.1: {codes}")
            os.unlink(fill)

            def accepted():
                try:
                    return relay.send(big)
                except AssertionError:
                    return None
            wait_for(accepted, 20, "a 250 after room was made")
            relay.wait_empty()
            accepts = 2 + sum(code == 250 for code, _ in codes)
            equal(len(relay.captured()), accepts, "messages captured")
    finally:
        run("umount", "-l", relay.state)


def start_refused(relay, *words):
    relay.launch()
    equal(relay.process.wait(20), 1, "exit status")
    for word in words:
        check(word in relay.read_log(), f"the refusal does not say {word!r}: {relay.read_log()[-500:]}")
    relay.process = None


def find_queue(relay):
    for folder, _, files in os.walk(relay.state):
        if "queue.db" in files:
            return os.path.join(folder, "queue.db")
    raise AssertionError("there is no queue.db")


@case("a damaged queue.db, or one of a newer version, is refused and left as it is")
def _():
    relay = Relay(dead_route(free_port()))
    with relay:
        relay.send(TEXT)
    path = find_queue(relay)
    beside = [path, path + "-wal", path + "-shm"]

    def read():
        return {name: open(name, "rb").read() for name in beside if os.path.exists(name)}

    def put(files):
        for name in beside:
            if os.path.exists(name):
                os.unlink(name)
        for name, content in files.items():
            with open(name, "wb") as file:
                file.write(content)
    good = read()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 9999")
    db.commit()
    db.close()
    newer = {path: read()[path]}
    broken = {path: newer[path][:60] + good[path][60:64] + newer[path][64:4096] + b"\xa5" * (len(newer[path]) - 4096)}
    for files, words in (({path: b"this is no database " * 500}, ("queue.db", "untouched")), (newer, ("queue.db", "newer")), (broken, ("queue.db", "damaged"))):
        put(files)
        size = len(relay.read_log())
        start_refused(relay, *words)
        check(words[1] in relay.read_log()[size:], f"the refusal does not say {words[1]!r}: {relay.read_log()[size:]}")
        equal(read()[path] == files[path], True, f"queue.db is as it was ({words[1]})")
    put(good)
    with relay:
        equal(len(relay.queue()), 1, "messages in the queue that was put back")


@case("a second clrelayd on the same state is refused, and the first goes on")
def _():
    with Relay() as relay:
        second = Relay(server="")
        second.state = relay.state
        second.write()
        start_refused(second, relay.state)
        relay.send(TEXT)
        relay.cli("status")


@case("wrong settings: a start is refused with file, line and reason; config check says the same")
def _():
    relay = Relay(limits="max-recipients = many\nno-such-setting = 1\n")
    start_refused(relay, relay.conf + ":", "max-recipients", "no-such-setting")
    result = run(clrelay(), "config", "check", relay.conf)
    equal(result.returncode, 4, "exit status of config check")
    for word in (relay.conf + ":", "max-recipients", "no-such-setting"):
        check(word in result.stderr.decode(), f"config check does not say {word}")


@case("every line of the JSON log is an object with time, level and event")
def _():
    with Relay(log="format = json\nlevel = debug\n") as relay:
        relay.send(b"Subject: \"quotes\" \\ and \x01\xff\r\n\r\n\r\n", sender="a\"@internal.test" if False else "a@internal.test")
        with Raw(relay.port) as raw:
            raw.reply()
            raw.ask("EHLO \"\\\x01\x7f\xc3\xa4".encode("latin-1", "replace").decode("latin-1"))
            raw.ask("MAIL FROM:<\"a b\\\"c\"@internal.test>")
            raw.ask("RCPT TO:<b@example.test>")
        relay.hangup("settings.applied")
        relay.wait_empty()
    lines = relay.read_log().splitlines()
    check(len(lines) > 5, "there are hardly any lines")
    for line in lines:
        entry = json.loads(line)
        check({"time", "level", "event"} <= set(entry), f"in {line}")


@case("the log goes to a file, which SIGHUP opens anew")
def _():
    path = os.path.join(temp("log"), "relay.log")
    relay = Relay(log=f"file = {path}\n")
    relay.log = path
    with relay:
        relay.send(TEXT)
        wait_for(lambda: "accepted from" in relay.read_log(), 5, "the line about the message")
        os.rename(path, path + ".1")
        relay.process.send_signal(signal.SIGHUP)
        wait_for(lambda: os.path.exists(path), 5, "the new file")
        relay.send(TEXT)
        wait_for(lambda: "accepted from" in relay.read_log(), 5, "the line in the new file")


@case("the command line tells when no service runs: exit status 5")
def _():
    result = run(clrelay(), "--socket", os.path.join(temp("none"), "none.sock"), "status")
    equal(result.returncode, 5, "exit status")
    check(b"clrelayd running" in result.stderr, result.stderr)
    equal(run(clrelay(), "nonsense").returncode, 2, "exit status of an unknown verb")


@case("queue list pages through hundreds of messages")
def _():
    with Relay(dead_route(free_port())) as relay:
        with relay.client() as smtp:
            smtp.ehlo()
            wanted = {submit(smtp, TEXT) for _ in range(450)}
        equal({m["id"] for m in relay.queue()} == wanted, True, "the list is complete")
        relay.cli("queue", "delete", "--all")
        relay.wait_empty()


@case("messages wait for a next hop that is down, and go when it is back")
def _():
    port = free_port()
    with Relay(dead_route(port), queue="retry-first = 1s\n") as relay:
        for _ in range(5):
            relay.send(TEXT)
        time.sleep(1)
        equal(len(relay.queue()), 5, "messages in the queue")
        with Sink(port=port) as sink:
            sink.wait(5, 30)
            relay.wait_empty()


@case("the control API says that its connection ends with the answer, so that nobody loses a second request to that")
def _():
    with Relay() as relay, socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(relay.socket)
        sock.sendall(b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        while octets := sock.recv(65536):
            answer += octets
        head = answer.split(b"\r\n\r\n")[0].lower()
        check(head.startswith(b"http/1.1 200") and b"\r\nconnection: close" in head, f"got {head!r}")

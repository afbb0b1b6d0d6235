# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real messages carried unharmed, and smuggling. The vectors lie outside of the project; without them the cases are skipped."""
import email.parser
import email.policy
import email.utils
import json
import os
import re

import harness
from harness import Raw, Relay, Sink, Skip, case, check, equal, key_settings, queue_id, room, submit, verify_dkim, wait_for

VECTORS = os.environ.get("VECTORS", os.path.join(harness.ROOT, "..", "shared", "vectors"))


def vectors(path):
    full = os.path.join(VECTORS, path)
    if not os.path.exists(full):
        raise Skip(f"the test vectors are not there: no {path} below the folder of vectors")
    return full


def load():
    folder = os.path.dirname(vectors("messages/cases.json"))
    with open(os.path.join(folder, "cases.json"), encoding="utf-8") as file:
        cases = json.load(file)
    cases = cases["cases"] if isinstance(cases, dict) else cases
    for entry in cases:
        with open(os.path.join(folder, entry["file"]), "rb") as file:
            yield entry["file"], file.read()


def with_line_ends(content):
    """Lone LF and CR become CR LF, and a last line gets its end: what a client must send."""
    content = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    return content if content.endswith(b"\r\n") else content + b"\r\n"


def from_domain(content):
    """The one domain of From, if it is a plain host name."""
    header = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(content.split(b"\r\n\r\n")[0] + b"\r\n\r\n")
    values = header.get_all("From", [])
    pairs = email.utils.getaddresses([str(v) for v in values])
    if len(values) != 1 or len(pairs) != 1 or not re.fullmatch(r"[^@]+@(?:[a-z0-9-]+\.)+[a-z]{2,}", pairs[0][1], re.I):
        return None
    return pairs[0][1].split("@")[1].lower()


def is_well_formed(content):
    """A header section of which nobody can doubt where its fields begin and end."""
    head = content.split(b"\r\n\r\n", 1)[0]
    if b"\r\n\r\n" not in content or re.search(rb"[\x00\x80-\xff]", head):
        return False
    lines = head.split(b"\r\n")
    return bool(re.match(rb"[!-9;-~]+:", lines[0])) and all(re.match(rb"[!-9;-~]+:|[ \t]+\S", line) for line in lines)


def split_added(got, sent):
    """The header fields put in front of what was sent, which must follow octet by octet."""
    check(got.endswith(sent), f"{len(sent)} octets were sent, of {len(got)} that came the last ones differ")
    added = got[:len(got) - len(sent)]
    for field in re.split(rb"\r\n(?![ \t])", added.rstrip(b"\r\n")):
        check(re.match(rb"(Received|DKIM-Signature): ", field), f"an unknown field was added: {field[:80]!r}")
    return added


@case("the messages of the vectors arrive octet by octet, and their signatures verify")
def _():
    # NUL is no text (RFC 5322 section 4): what the relay says to it is the matter of another case.
    messages = [(name, with_line_ends(content)) for name, content in load() if b"\0" not in content]
    domains = sorted({d for d in (from_domain(c) for _, c in messages) if d})
    keys = "".join(key_settings(domain, ("rsa",), f"k{n}-") for n, domain in enumerate(domains))
    problems, verified = [], 0
    with Sink() as sink, Relay(sink.route(), extra=keys) as relay, relay.client() as smtp:
        smtp.ehlo()
        for n, (name, content) in enumerate(messages):
            try:
                submit(smtp, content, to=(f"m{n}@example.test",))
                mail = wait_for(lambda n=n: next((m for m in sink.mails if m.recipients == [f"m{n}@example.test"]), None), 10, "its arrival")
                added = split_added(mail.content, content)
                if from_domain(content) and is_well_formed(content):
                    check(verify_dkim(mail.content, added.count(b"DKIM-Signature: ")) == 1, "it is not signed")
                    verified += 1
            except Exception as problem:  # each message is told; the others go on
                problems.append(f"{name}: {problem}")
    check(not problems, f"{len(problems)} of {len(messages)}: " + "; ".join(problems)[:1200])
    check(verified >= len(messages) // 2, f"only {verified} of {len(messages)} could be verified")


@case("the messages of the vectors, as they are, through a normalising device")
def _():
    problems = []
    with Sink() as sink, Relay(sink.route(), device="bare-newlines = normalize\n") as relay:
        for n, (name, content) in enumerate(load()):
            if b"\0" in content or not re.search(rb"(?<!\r)\n|\r(?!\n)", content):
                continue
            # A device that ends its lines so takes each of them for a line, and doubles the dot there.
            stuffed = re.sub(rb"(\A|\r\n|\r|\n)\.", rb"\1..", content)
            stuffed += b"" if stuffed.endswith(b"\r\n") else b"\r\n"
            with Raw(relay.port) as raw:
                raw.open_data(to=f"m{n}@example.test")
                raw.send(stuffed + b".\r\n")
                reply = raw.reply()
                if not reply.startswith("250"):
                    problems.append(f"{name}: {reply}")
                    continue
            mail = wait_for(lambda n=n: next((m for m in sink.mails if m.recipients == [f"m{n}@example.test"]), None), 10, f"the arrival of {name}")
            if not mail.content.rstrip(b"\r\n").endswith(with_line_ends(content).rstrip(b"\r\n")):
                problems.append(f"{name}: the content differs")
            if re.search(rb"(?<!\r)\n|\r(?!\n)", mail.content):
                problems.append(f"{name}: a lone CR or LF left us")
    check(not problems, "; ".join(problems)[:1200])


@case("a message with NUL is refused, or carried as it is, and the session stays in step")
def _():
    with Sink() as sink, Relay(sink.route()) as relay, Raw(relay.port) as raw:
        raw.open_data()
        raw.send(b"Subject: nul\r\n\r\na\0b\r\n.\r\n")
        reply = raw.reply()
        check(raw.ask("NOOP").startswith("250"), "the session is out of step")
        if reply.startswith("250"):
            check(sink.wait()[0].content.endswith(b"\r\n\r\na\0b\r\n"), "it was changed")
        else:
            check(reply.startswith("5"), f"it said {reply}")


@case("a message, octet by octet, each in a packet of its own")
def _():
    content = b"From: a@internal.test\r\nSubject: slow\r\n\r\n.\r\nx\r\n..\r\ny\r\n"
    with Sink() as sink, Relay(sink.route(), extra=key_settings()) as relay, Raw(relay.port) as raw:
        raw.open_data()
        for octet in re.sub(rb"(\A|\r\n)\.", rb"\1..", content) + b".\r\n":
            raw.send(bytes([octet]))
        queue_id(raw.reply())
        got = sink.wait()[0].content
        split_added(got, content)
        equal(verify_dkim(got), 2, "signatures")


def smuggle(relay, sequence, n):
    """A message with another one inside, behind a sequence that must not end the first."""
    with Raw(relay.port) as raw:
        raw.open_data(to=f"outer{n}@example.test")
        raw.send(b"From: a@internal.test\r\nSubject: outer\r\n\r\ntext" + sequence + b"MAIL FROM:<evil@internal.test>\r\nRCPT TO:<inner@example.test>\r\n"
                 b"DATA\r\nFrom: evil@internal.test\r\nSubject: smuggled\r\n\r\nboo\r\n.\r\n")
        first = raw.reply()
        raw.send("NOOP\r\n")
        second = raw.reply()
        check(second.startswith("250 ") and "queued" not in second, f"{sequence!r}: after the message the relay said {second}")
        return first


def sequences():
    with open(vectors("smtp/end-of-data.json"), encoding="utf-8") as file:
        return [(c["id"], bytes.fromhex(c["hex"])) for c in json.load(file)["cases"]]


@case("smuggling: a strict device gets nothing through")
def _():
    with Sink() as sink, Relay(sink.route()) as relay:
        for n, (name, sequence) in enumerate(sequences()):
            reply = smuggle(relay, sequence, n)
            check(reply.startswith("5"), f"{name}: the relay said {reply}")
        relay.wait_empty()
        equal(len(sink.mails), 0, "messages at the sink")


@case("smuggling: through a normalising device comes one message at most, which cannot be two further on")
def _():
    with Sink() as sink, Relay(sink.route(), device="bare-newlines = normalize\n") as relay:
        for n, (name, sequence) in enumerate(sequences()):
            before = len(sink.mails)
            smuggle(relay, sequence, n)
            relay.wait_empty()
            mails = sink.mails[before:]
            check(len(mails) <= 1, f"{name}: {len(mails)} messages arrived")
            for mail in mails:
                equal(mail.recipients, [f"outer{n}@example.test"], f"{name}: recipients")
                check(not re.search(rb"(?<!\r)\n|\r(?!\n)", mail.content), f"{name}: a lone CR or LF left us")


@case("20 MiB go through the spool, and memory stays small")
def _():
    content = b"Subject: big\r\n\r\n" + (b"0123456789abcdef" * 4 + b"\r\n") * (20 * 1024 * 1024 // 66)

    def peak():
        with open(f"/proc/{relay.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read())[1]) // 1024
    with Sink() as sink, Relay(sink.route(), extra=key_settings()) as relay:
        relay.send("From: a@internal.test\r\nSubject: warm\r\n\r\n\r\n")
        sink.wait()
        before = peak()
        for n in range(2):
            relay.send(b"From: a@internal.test\r\n" + content)
            check(sink.wait(n + 2, 40)[-1].content.endswith(content), "the content differs")
        check(peak() - before < room(16), f"memory grew from {before} to {peak()} MiB")
        equal(verify_dkim(sink.mails[-1].content), 2, "signatures")
        relay.wait_empty()
        wait_for(lambda: not [f for _, _, files in os.walk(os.path.join(relay.state, "spool")) for f in files], 10, "an empty spool")

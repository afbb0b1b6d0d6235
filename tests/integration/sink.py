# SPDX-License-Identifier: LGPL-2.1-or-later
"""A next hop that takes mail by a script, and keeps it."""
import base64
import contextlib
import re
import socket
import ssl
import threading
import time

from basics import free_port, wait_for


class Mail:
    def __init__(self, sender, recipients, content, tls, user):
        self.sender, self.recipients, self.content, self.tls, self.user = sender, recipients, content, tls, user

    def body(self):
        return self.content.split(b"\r\n\r\n", 1)[1]


class Sink:
    """A next hop with a script. Script: {step: answer}, where the step is GREETING, EHLO, MAIL, RCPT, DATA or END, and the
    answer a reply, a function of the argument that returns one (None: the usual), or "close"; a number in front of a
    reply, as in (2, "250 ok"), waits. The parser is strict: only CR LF . CR LF ends a message."""

    def __init__(self, script=None, *, extensions=("PIPELINING", "8BITMIME", "SIZE 100000000", "ENHANCEDSTATUSCODES"), tls=None, users=None,
                 auth="PLAIN LOGIN", port=None, implicit=False, host="127.0.0.1", login=None):
        self.script, self.extensions, self.users, self.auth, self.implicit = script or {}, extensions, users or {}, auth, implicit
        self.mails, self.connections, self.commands = [], 0, []
        self.login = login  # function of the dialogue and the words of AUTH: returns the user, or None after a refusal
        self.lock = threading.Lock()
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*tls)
        self.listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.port = port or free_port()
        self.listener.bind((host, self.port))
        self.listener.listen(256)
        self.open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def route(self, settings="", name="sink"):
        """A smarthost and the route to it, as settings."""
        return f"[smarthost {name}]\nhosts = 127.0.0.1:{self.port}\n{settings}\n[route default]\nvia = smarthost:{name}\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for sock in list(self.open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def wait(self, n=1, timeout=20):
        wait_for(lambda: len(self.mails) >= n, timeout, f"the arrival of {n} messages at the sink (it has {len(self.mails)})")
        return self.mails

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with self.lock:
            self.connections += 1
        self.open.add(sock)
        plain = sock
        try:
            sock.settimeout(60)
            secure = False
            if self.implicit:
                sock, secure = self.context.wrap_socket(sock, server_side=True), True
            _Dialogue(self, sock, secure).run()
        except (OSError, EOFError):
            pass
        finally:
            self.open.discard(plain)
            with contextlib.suppress(OSError):
                sock.close()


class _Dialogue:
    def __init__(self, sink, sock, secure):
        self.sink, self.sock, self.secure, self.user = sink, sock, secure, None
        self.buffer = b""
        self.sender, self.recipients, self.chunks = None, [], b""

    def line(self):
        while b"\r\n" not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode("latin-1")

    def more(self):
        octets = self.sock.recv(65536)
        if not octets:
            raise EOFError
        self.buffer += octets

    def say(self, text):
        self.sock.sendall(text.encode() + b"\r\n")

    def answer(self, step, argument, usual):
        """Says what the script or else the usual says; returns whether that was a yes."""
        entry = self.sink.script.get(step)
        if callable(entry):
            entry = entry(argument)
        if isinstance(entry, tuple):
            time.sleep(entry[0])
            entry = entry[1]
        if entry == "close":
            raise EOFError
        text = entry or usual
        self.say(text)
        return text[0] in "23"

    def run(self):
        if not self.answer("GREETING", "", "220 sink.test ESMTP"):
            return
        while True:
            line = self.line()
            self.sink.commands.append(line)
            verb = line.split(" ")[0].upper()
            if verb in ("EHLO", "HELO"):
                self.hello(line)
            elif verb == "STARTTLS" and self.sink.context:
                self.say("220 go ahead")
                self.sock = self.sink.context.wrap_socket(self.sock, server_side=True)
                self.secure, self.buffer = True, b""
            elif verb == "AUTH":
                self.login(line.split(" "))
            elif verb == "MAIL":
                if self.answer("MAIL", line[10:], "250 2.1.0 ok"):
                    self.sender, self.recipients, self.chunks = line[11:].split(">")[0], [], b""
            elif verb == "RCPT":
                recipient = line[9:].split(">")[0]
                if self.answer("RCPT", recipient, "250 2.1.5 ok"):
                    self.recipients.append(recipient)
            elif verb == "DATA":
                self.data()
            elif verb == "BDAT":
                self.chunk(line.split(" "))
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok" if verb in ("RSET", "NOOP") else "500 5.5.1 what")

    def hello(self, line):
        words = list(self.sink.extensions)
        if self.sink.context and not self.secure:
            words.append("STARTTLS")
        if self.sink.users or self.sink.login:
            words.append("AUTH " + self.sink.auth)
        lines = ["sink.test", *words]
        self.answer("EHLO", line, "\r\n".join(f"250{'-' if i < len(lines) - 1 else ' '}{w}" for i, w in enumerate(lines)))

    def login(self, words):
        if self.sink.login:
            self.user = self.sink.login(self, words)
            return

        def decode(text):
            return base64.b64decode(text).decode()
        if words[1] == "PLAIN":
            if len(words) < 3:
                self.say("334 ")
                words.append(self.line())
            user, password = decode(words[2]).split("\0")[1:]
        else:
            if len(words) < 3:
                self.say("334 VXNlcm5hbWU6")
                words.append(self.line())
            user = decode(words[2])
            self.say("334 UGFzc3dvcmQ6")
            password = decode(self.line())
        if self.sink.users.get(user) == password:
            self.user = user
            self.say("235 2.7.0 welcome")
        else:
            self.say("535 5.7.8 no")

    def chunk(self, words):
        """RFC 3030: the octets are eaten, whatever the answer is."""
        size, last = int(words[1]), len(words) > 2
        while len(self.buffer) < size:
            self.more()
        self.chunks, self.buffer = self.chunks + self.buffer[:size], self.buffer[size:]
        if not self.recipients:
            self.say("503 5.5.1 no recipients")
        elif not last:
            self.say("250 2.0.0 more")
        else:
            mail = Mail(self.sender, self.recipients, self.chunks, self.secure, self.user)
            if self.answer("END", mail, "250 2.0.0 queued"):
                self.sink.mails.append(mail)
            self.sender, self.recipients, self.chunks = None, [], b""

    def data(self):
        if not self.recipients:
            self.say("503 5.5.1 no recipients")
            return
        if not self.answer("DATA", "", "354 go ahead"):
            return
        content = bytearray(self.buffer)
        self.buffer = b""
        seen = 0
        while True:
            if content.startswith(b".\r\n"):
                end = 0
                break
            at = content.find(b"\r\n.\r\n", max(0, seen - 5))
            if at >= 0:
                end = at + 2
                break
            seen = len(content)
            self.more()
            content += self.buffer
            self.buffer = b""
        self.buffer = bytes(content[end + 3:])
        text = re.sub(rb"(\A|\r\n)\.", rb"\1", bytes(content[:end]))
        mail = Mail(self.sender, self.recipients, text, self.secure, self.user)
        if self.answer("END", mail, "250 2.0.0 taken"):
            with self.sink.lock:
                self.sink.mails.append(mail)
        self.sender, self.recipients = None, []

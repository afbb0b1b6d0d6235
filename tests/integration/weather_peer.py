# SPDX-License-Identifier: LGPL-2.1-or-later
"""A next hop that does what its script says: {point: action}, as data.

Points: GREETING, EHLO (and HELO), STARTTLS, HANDSHAKE, MAIL, RCPT, DATA, CONTENT, END, RSET, QUIT. An action is a reply, or
one of the words below; what is not in the script goes well. `well = True` ends the bad weather."""
import contextlib
import re
import socket
import ssl
import struct
import threading
import time

from harness import free_port

HANG = "hang"    # says nothing, keeps the connection
DROP = "drop"    # closes
RESET = "reset"  # closes with an RST


class Peer:
    def __init__(self, script=None, extensions=("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"), certificate=None, host="127.0.0.1", port=None):
        self.script, self.extensions, self.well = script or {}, list(extensions), False
        self.mails, self.commands, self.connections, self.tls = [], [], 0, []
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.lock, self.open, self.over = threading.Lock(), set(), threading.Event()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.port = port or free_port()
        self.listener.bind((host, self.port))
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.over.set()
        for sock in (self.listener, *list(self.open)):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self):
        while not self.over.is_set():
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        self.open.add(sock)
        try:
            sock.settimeout(100)
            _Session(self, sock).run()
        except (OSError, EOFError, ValueError):
            pass
        finally:
            self.open.discard(sock)
            with contextlib.suppress(OSError):
                sock.close()


class _Session:
    def __init__(self, peer, sock):
        self.peer, self.sock, self.secure, self.buffer = peer, sock, False, b""

    def more(self):
        octets = self.sock.recv(65536)
        if not octets:
            raise EOFError
        self.buffer += octets

    def line(self):
        while b"\r\n" not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode("latin-1")

    def act(self, point, usual, argument=""):
        """What the script says at this point, else the usual reply. Returns whether it was a yes."""
        action = None if self.peer.well else self.peer.script.get(point)
        if callable(action):
            action = action(argument)
        if action is None:
            action = usual
        if action == HANG:
            self.peer.over.wait(100)
            raise EOFError
        if action == DROP:
            raise EOFError
        if action == RESET:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise EOFError
        if isinstance(action, tuple):
            return self.special(*action)
        octets = action if isinstance(action, bytes) else action.encode() + b"\r\n"
        self.sock.sendall(octets)
        return octets[:1] in b"23"

    def special(self, how, octets, number):
        if how == "drip":  # an octet each NUMBER seconds
            for i in range(len(octets)):
                self.sock.sendall(octets[i:i + 1])
                time.sleep(number)
        elif how == "many":  # NUMBER times
            for _ in range(number):
                self.sock.sendall(octets)
        elif how == "late":  # after NUMBER seconds
            time.sleep(number)
            self.sock.sendall(octets)
        else:
            raise AssertionError(f"the script says {how}")
        return octets[:1] in b"23"

    def run(self):
        if not self.act("GREETING", "220 peer.test ESMTP"):
            self.line()
            return
        sender, recipients = None, []
        while True:
            line = self.line()
            self.peer.commands.append(line)
            verb = line.split(" ")[0].upper()
            if verb in ("EHLO", "HELO"):
                words = ["peer.test", *(self.peer.extensions if verb == "EHLO" else ())]
                if self.peer.context and not self.secure:
                    words.append("STARTTLS")
                self.act("EHLO", "\r\n".join(f"250{' ' if i == len(words) - 1 else '-'}{w}" for i, w in enumerate(words)))
            elif verb == "STARTTLS":
                if self.act("STARTTLS", "220 2.0.0 go ahead"):
                    self.act("HANDSHAKE", b"")
                    self.sock = self.peer.context.wrap_socket(self.sock, server_side=True)
                    self.secure, self.buffer = True, b""
            elif verb == "MAIL":
                if self.act("MAIL", "250 2.1.0 ok", line):
                    sender, recipients = line[11:].split(">")[0], []
            elif verb == "RCPT":
                recipient = line[9:].split(">")[0]
                if sender is None and ("MAIL" not in self.peer.script or "RCPT" not in self.peer.script):
                    self.sock.sendall(b"503 5.5.1 no sender\r\n")
                elif self.act("RCPT", "250 2.1.5 ok", recipient):
                    recipients.append(recipient)
            elif verb == "DATA":
                if not recipients:
                    self.sock.sendall(b"503 5.5.1 no recipients\r\n")
                elif self.act("DATA", "354 go ahead"):
                    content = self.content()
                    if self.act("END", "250 2.0.0 taken", content):
                        with self.peer.lock:
                            self.peer.mails.append((sender, recipients, content))
                            self.peer.tls.append(self.secure)
                sender, recipients = None, []
            elif verb == "RSET":
                self.act("RSET", "250 2.0.0 forgotten")
            elif verb == "QUIT":
                self.act("QUIT", "221 2.0.0 bye")
                return
            else:
                self.sock.sendall(b"500 5.5.1 what\r\n")

    def content(self):
        self.act("CONTENT", b"")
        text = bytearray(b"\r\n" + self.buffer)
        while (end := text.find(b"\r\n.\r\n", max(0, len(text) - 65536 - 5))) < 0:
            self.buffer = b""
            self.more()
            text += self.buffer
        self.buffer = bytes(text[end + 5:])
        return re.sub(rb"\r\n\.", b"\r\n", bytes(text[:end + 2]))[2:]


class Deaf:
    """Listens, and its queue of connections is full: a connect to it gets no answer at all."""

    def __init__(self):
        self.listener = socket.socket()
        self.port, self.mails, self.tls, self.well = free_port(), [], [], False
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(0)
        self.fillers = []
        for _ in range(3):
            sock = socket.socket()
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.connect(("127.0.0.1", self.port))
            self.fillers.append(sock)

    def close(self):
        for sock in (self.listener, *self.fillers):
            sock.close()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the cases about the command line share: running it, asking the API, a message."""
import http.client
import json
import os
import socket

from harness import check, clrelay, dkim_keys, run


def command(*words, data=None, expect=0, timeout=60):
    result = run(clrelay(), *words, data=data, timeout=timeout)
    check(result.returncode == expect, f"clrelay {' '.join(map(str, words))}: exit status {result.returncode}, wanted {expect}: "
          f"{result.stdout.decode()[-300:]} {result.stderr.decode().strip()[-300:]}")
    return result.stdout.decode() if expect == 0 else result.stdout.decode() + result.stderr.decode()


def zone_of_keys(folder):
    """The keys' records in Zone JSON, as a file."""
    path = os.path.join(folder, "zone.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({f"{kind}._domainkey.internal.test": {"TXT": [[record.decode()]]} for kind, (_, record) in dkim_keys().items()}, file)
    return path


def save(folder, name, content):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


def api(relay, method, path, body=None, **headers):
    connection = Unix(relay.socket)
    connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json", **headers})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, dict(answer.getheaders())


MESSAGE = b"From: Anna <anna@internal.test>\r\nTo: b@example.test\r\nSubject: signed\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\nHello,\r\n\r\nworld.\r\n"

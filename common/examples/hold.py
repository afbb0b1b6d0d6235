#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the mail that a filter chooses, sets a limit, and shows what the relay did meanwhile.

Usage: hold.py SOCKET FILTER MAX-RECIPIENTS, such as: hold.py /run/clrelay/control.sock from:a@example.com 500
SOCKET may be a pass file of `clrelay token add --out` as well."""
import json
import sys
import urllib.parse

import gi

gi.require_version("Clr", "1.0")
from gi.repository import Clr, GLib  # noqa: E402


def ask(client, method, path, body=None):
    """One request, waited for."""
    return json.loads(client.request_sync(method, path, None if body is None else json.dumps(body), None))


def show(client, words):
    """Every page of what waits."""
    path = "/v1/queue?" + urllib.parse.urlencode({"filter": words, "limit": 100})
    after = ""
    while after is not None:
        page = ask(client, "GET", path + (f"&after={after}" if after else ""))
        for message in page["messages"]:
            print(f"{message['id']} <{message.get('sender', '')}> {message.get('subject', '')}")
        after = page.get("next")


def follow(client, after, loop):
    """Asks for what happens behind the event @after, without standing in the way of the main loop."""
    def on_answer(source, result):
        try:
            answer = json.loads(client.request_finish(result))
            for event in answer["events"]:
                print(f"event: {event['time']} {event['text']}")
            print(f"{answer['missed']} missed")
        finally:
            loop.quit()

    client.request_async("GET", f"/v1/log?after={after}&wait=2", None, None, on_answer)


def main():
    socket, words, limit = sys.argv[1:4]
    client = Clr.Client.new(socket)
    newest = ask(client, "GET", "/v1/log?limit=1000")["next"]
    show(client, words)
    print(f"{ask(client, 'POST', '/v1/queue/hold', {'filter': words})['recipients']} recipients held")
    change = {"set": [{"group": "limits", "key": "max-recipients", "value": limit}]}
    print(ask(client, "PATCH", "/v1/settings", change)["diff"])
    loop = GLib.MainLoop()
    follow(client, newest, loop)
    loop.run()


try:
    main()
except GLib.Error as error:
    sys.exit(f"hold.py: {error.message}")

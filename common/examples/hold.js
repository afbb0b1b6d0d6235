#!/usr/bin/gjs
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Holds the mail that a filter chooses, sets a limit, and shows what the relay did meanwhile.
// Usage: hold.js SOCKET FILTER MAX-RECIPIENTS; see hold.py, which does the same.
imports.gi.versions.Clr = '1.0';
const {Clr, GLib} = imports.gi;
const System = imports.system;

// One request, waited for.
function ask(client, method, path, body = null) {
    return JSON.parse(client.request_sync(method, path, body && JSON.stringify(body), null));
}

// Every page of what waits.
function show(client, words) {
    const path = `/v1/queue?limit=100&filter=${encodeURIComponent(words)}`;
    let after = '';
    while (after !== undefined) {
        const page = ask(client, 'GET', path + (after ? `&after=${after}` : ''));
        for (const message of page.messages)
            print(`${message.id} <${message.sender ?? ''}> ${message.subject ?? ''}`);
        after = page.next;
    }
}

// Asks for what happens behind the event `after`, without standing in the way of the main loop.
function follow(client, after, loop) {
    client.request_async('GET', `/v1/log?after=${after}&wait=2`, null, null, (source, result) => {
        try {
            const answer = JSON.parse(client.request_finish(result));
            for (const event of answer.events)
                print(`event: ${event.time} ${event.text}`);
            print(`${answer.missed} missed`);
        } finally {
            loop.quit();
        }
    });
}

function main([socket, words, limit]) {
    const client = Clr.Client.new(socket);
    const newest = ask(client, 'GET', '/v1/log?limit=1000').next;
    show(client, words);
    print(`${ask(client, 'POST', '/v1/queue/hold', {filter: words}).recipients} recipients held`);
    const change = {set: [{group: 'limits', key: 'max-recipients', value: limit}]};
    print(ask(client, 'PATCH', '/v1/settings', change).diff);
    const loop = GLib.MainLoop.new(null, false);
    follow(client, newest, loop);
    loop.run();
}

try {
    main(ARGV);
} catch (error) {
    printerr(`hold.js: ${error.message}`);
    System.exit(1);
}

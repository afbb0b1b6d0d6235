/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names and paths of the control API, once for service, client and command line.
 */
#pragma once

#define CLR_API_SOCKET "/run/clrelay/control.sock"
/* Where Windows, which has no such socket, is asked when nothing is set. */
#define CLR_API_LOCAL "127.0.0.1:2580"
/* In the state directory: how this machine's own programs get in over TCP (client/clr-pass.h). */
#define CLR_API_LOCAL_PASS "local.pass"
#define CLR_API_VERSION    1

#define CLR_API_STATUS       "/v1/status"
#define CLR_API_QUEUE        "/v1/queue"
#define CLR_API_QUEUE_RETRY  "/v1/queue/retry"
#define CLR_API_QUEUE_DELETE "/v1/queue/delete"
#define CLR_API_MESSAGES     "/v1/messages/"
/* A message that waits, as message/rfc822. */
#define CLR_API_CONTENTS "/v1/contents/"
/* POST {"passphrase": "...", "history": true}: the relay as one file. */
#define CLR_API_BACKUP  "/v1/backup"
#define CLR_API_AUDIT   "/v1/audit"
#define CLR_API_SECRETS "/v1/secrets/"
/* GET lists; with a login behind a slash: PUT sets a password, DELETE removes. */
#define CLR_API_USERS "/v1/users"
#define CLR_API_BANS  "/v1/bans"
/* Every client address that tried. GET, with unknown=true: those that no device is set up for. */
#define CLR_API_CLIENTS "/v1/clients"
/* GET lists; with a name behind a slash: one. POST {"device": NAME}; thaw: "release": true, too. */
#define CLR_API_DEVICES          "/v1/devices"
#define CLR_API_DEVICES_FREEZE   "/v1/devices/freeze"
#define CLR_API_DEVICES_THAW     "/v1/devices/thaw"
#define CLR_API_RELOAD           "/v1/reload"
#define CLR_API_SETTINGS         "/v1/settings"
#define CLR_API_SETTINGS_DIFF    "/v1/settings/diff"
#define CLR_API_SETTINGS_HISTORY "/v1/settings/history"
#define CLR_API_SETTINGS_UNDO    "/v1/settings/undo"
/* Any part of the list, by position: ?offset=N&limit=N&order=WORD&descending=true, and the roll of the answer
 * before, so that positions stay what they were. */
#define CLR_API_QUEUE_ROWS      "/v1/queue/rows"
#define CLR_API_QUEUE_COUNT     "/v1/queue/count"
#define CLR_API_QUEUE_HOLD      "/v1/queue/hold"
#define CLR_API_QUEUE_RELEASE   "/v1/queue/release"
#define CLR_API_QUEUE_REROUTE   "/v1/queue/reroute"
#define CLR_API_QUEUE_RECIPIENT "/v1/queue/recipient"
#define CLR_API_QUEUE_EXPIRE    "/v1/queue/expire"
#define CLR_API_QUEUE_PRIORITY  "/v1/queue/priority"
/* A message (message/rfc822) with its envelope, {"from": "...", "to": ["..."]}, in a field of the request. */
#define CLR_API_SUBMISSIONS     "/v1/submissions"
#define CLR_API_ENVELOPE        "X-Clrelay-Envelope"
#define CLR_API_LOG             "/v1/log"
#define CLR_API_TRACE           "/v1/trace"
#define CLR_API_CHECK_SMARTHOST "/v1/checks/smarthost"
#define CLR_API_CHECK_ROUTE     "/v1/checks/route"
/* What strangers are told at the listeners, by the settings in force. */
#define CLR_API_CHECK_RELAY  "/v1/checks/relay"
#define CLR_API_OAUTH        "/v1/oauth"
#define CLR_API_OAUTH_RENEW  "/v1/oauth/renew"
#define CLR_API_OAUTH_LOGIN  "/v1/oauth/login"
#define CLR_API_OAUTH_ANSWER "/v1/oauth/answer"
#define CLR_API_METRICS      "/metrics"
#define CLR_API_SERIES       "/v1/metrics/series"
#define CLR_API_TLS_RESULTS  "/v1/tls-results"
/* GET lists the DKIM keys with their records; POST makes one. */
#define CLR_API_KEYS "/v1/keys"
/* Sessions of now. POST to the records orders one; with its name behind a slash: GET shows, DELETE ends it.
 */
#define CLR_API_SESSIONS "/v1/sessions"
#define CLR_API_RECORDS  "/v1/sessions/record"
#define CLR_API_RECORD   "/v1/sessions/record/"
/* GET lists; POST {"name": of the [alert], "subject": "..."}, {"name": "..."}. */
#define CLR_API_ALERTS             "/v1/alerts"
#define CLR_API_ALERTS_ACKNOWLEDGE "/v1/alerts/acknowledge"
#define CLR_API_ALERTS_TEST        "/v1/alerts/test"
#define CLR_API_CERTIFICATES       "/v1/certificates"
/* With "/dns" behind the name of a domain. */
#define CLR_API_DOMAINS    "/v1/domains/"
#define CLR_API_DOMAIN_DNS "/v1/domains/{name}/dns"
#define CLR_API_OPENAPI    "/v1/openapi.json"
#define CLR_API_METHODS    "/v1/methods"
#define CLR_API_TOKENS     "/v1/tokens"
#define CLR_API_TOKEN      "/v1/tokens/"

/* Why settings are refused; the word in it is the rule. */
#define CLR_API_OPEN_RELAY                                                                                   \
  "%s. Name smaller networks, or add logins; or accept it with --force, which sets [server] "                \
  "accept-open-relay = true"

/* Messages of one page of /v1/queue, /v1/trace. */
#define CLR_API_PAGE      100
#define CLR_API_PAGE_MOST 1000
#define CLR_API_BODY_MAX  (64 * 1024)

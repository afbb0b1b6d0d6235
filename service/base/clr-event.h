/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of events: whatever the relay tells the administrator stands here once, with its level, the names
 * of its fields and the sentence a person reads. The human line and the JSON line are both made from it.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum
{
  CLR_LEVEL_ERROR,
  CLR_LEVEL_WARNING,
  CLR_LEVEL_INFO,
  CLR_LEVEL_DEBUG,
} ClrLevel;

/* id, level, name, fields (space-separated, in the order of clr_log_event()'s arguments), sentence with
 * {field} */
#define CLR_EVENTS(X)                                                                                        \
  X (SERVICE_READY, INFO, "service.ready", "version listeners",                                              \
     "ready: version {version}, listening on {listeners}")                                                   \
  X (SERVICE_STOPPING, INFO, "service.stopping", "reason", "stopping: {reason}")                             \
  X (SERVICE_STOPPED, INFO, "service.stopped", "active",                                                     \
     "stopped; {active} deliveries were cut and stay in the queue")                                          \
  X (SETTINGS_APPLIED, INFO, "settings.applied", "file", "settings of {file} applied")                       \
  X (SETTINGS_REFUSED, ERROR, "settings.refused", "file why",                                                \
     "settings of {file} not applied, the former ones stay in force: {why}")                                 \
  X (RESTORED_HELD, WARNING, "restored.held", "from held",                                                   \
     "first start from {from}: {held} recipients are held, for the old relay may have delivered to them; "   \
     "clrelay queue release lets them go")                                                                   \
  X (RESTORED_MOVED, INFO, "restored.moved", "from held", "first start from {from}, which has moved here")   \
  X (OPEN_RELAY, WARNING, "settings.open-relay", "why", "{why}; accept-open-relay is set, mail is taken")    \
  X (LISTENER_FAILED, ERROR, "listener.failed", "listener address why",                                      \
     "listener {listener}: {address}: {why}")                                                                \
  X (CERTIFICATE_MADE, INFO, "certificate.made", "file names",                                               \
     "self-signed certificate {file} made for {names}")                                                      \
  X (CERTIFICATE_READ, INFO, "certificate.read", "file names expires",                                       \
     "certificate {file} for {names} is in use, valid until {expires}")                                      \
  X (CERTIFICATE_KEPT, ERROR, "certificate.kept", "why",                                                     \
     "a certificate has changed, but cannot be used; the former one stays in use: {why}")                    \
  X (CERTIFICATE_EXPIRES, WARNING, "certificate.expires", "file names expires days",                         \
     "certificate {file} for {names} expires in {days} days, at {expires}; renew it")                        \
  X (CERTIFICATE_EXPIRED, ERROR, "certificate.expired", "file names expires",                                \
     "certificate {file} for {names} has expired at {expires}; clients that look at it will not connect")    \
  X (CLIENT_CONNECTED, DEBUG, "client.connected", "client listener device",                                  \
     "{client} connected to {listener} as {device}")                                                         \
  X (CLIENT_REFUSED, WARNING, "client.refused", "client listener why",                                       \
     "{client} refused at {listener}: {why}")                                                                \
  X (CLIENT_CLOSED, DEBUG, "client.closed", "client why", "{client} closed: {why}")                          \
  X (CLIENT_TLS_FAILED, WARNING, "client.tls-failed", "client why", "{client}: TLS handshake failed: {why}") \
  X (LOGIN_GOOD, DEBUG, "login.good", "client login mechanism",                                              \
     "{client} is logged in as {login} by {mechanism}")                                                      \
  X (LOGIN_FAILED, WARNING, "login.failed", "client login mechanism why",                                    \
     "{client}: login as {login} by {mechanism} refused: {why}")                                             \
  X (BAN_SET, WARNING, "ban.set", "subject seconds",                                                         \
     "too many failed logins: {subject} is banned for {seconds} s; clrelay ban lift ends it")                \
  X (BAN_LIFTED, INFO, "ban.lifted", "subject who", "the ban of {subject} was lifted by {who}")              \
  X (RECIPIENT_REFUSED, WARNING, "recipient.refused", "client from to reply",                                \
     "{client}: mail from <{from}> to <{to}> refused: {reply}")                                              \
  X (MESSAGE_REFUSED, WARNING, "message.refused", "client from reply",                                       \
     "{client}: message from <{from}> refused: {reply}")                                                     \
  X (MESSAGE_ACCEPTED, INFO, "message.accepted", "id client device from recipients size repairs signatures", \
     "{id}: accepted from {client} ({device}): <{from}>, {recipients} recipients, {size} "                   \
     "bytes{repairs}{signatures}")                                                                           \
  X (MESSAGE_HELD, WARNING, "message.held", "id client why",                                                 \
     "{id}: from {client}, is held until it is released or deleted: {why}")                                  \
  X (DEVICE_FROZEN, WARNING, "device.frozen", "device why",                                                  \
     "[device {device}] is frozen, its mail is held: {why}; clrelay device thaw {device} ends it")           \
  X (DEVICE_THAWED, INFO, "device.thawed", "device who", "[device {device}] was thawed by {who}")            \
  X (DEVICE_UNUSUAL, WARNING, "device.unusual", "device recipients",                                         \
     "[device {device}] sends more than 5 times as much as is usual at this hour: {recipients} recipients")  \
  X (PICKUP_FAILED, ERROR, "pickup.failed", "pickup directory why",                                          \
     "pickup {pickup}: the folder {directory} cannot be used: {why}")                                        \
  X (PICKUP_BAD, WARNING, "pickup.bad", "pickup file why", "pickup {pickup}: {file}: {why}")                 \
  X (RECIPIENT_DELIVERED, INFO, "recipient.delivered", "id to host reply",                                   \
     "{id}: <{to}> delivered by {host}: {reply}")                                                            \
  X (RECIPIENT_DEFERRED, WARNING, "recipient.deferred", "id to host reply next",                             \
     "{id}: <{to}> deferred by {host}: {reply}; next attempt {next}")                                        \
  X (RECIPIENT_FAILED, ERROR, "recipient.failed", "id to host reply then",                                   \
     "{id}: <{to}> failed at {host}: {reply}; {then}")                                                       \
  X (RECIPIENT_DELETED, INFO, "recipient.deleted", "id to who", "{id}: <{to}> deleted by {who}")             \
  X (REPORT_UNSIGNED, WARNING, "report.unsigned", "id report why",                                           \
     "{id}: its report {report} goes without a signature: {why}")                                            \
  X (RECIPIENT_CHANGED, INFO, "recipient.changed", "id to what who", "{id}: <{to}> {what} by {who}")         \
  X (REPORT_QUEUED, INFO, "report.queued", "id kind report", "{id}: report of {kind} queued as {report}")    \
  X (REPORT_NOT_MADE, INFO, "report.not-made", "id kind then",                                               \
     "{id}: no report of {kind}, there is nobody to tell; {then}")                                           \
  X (MESSAGE_FINISHED, DEBUG, "message.finished", "id", "{id}: finished")                                    \
  X (NEXT_HOP_RESTING, WARNING, "next-hop.resting", "site seconds why",                                      \
     "{site}: resting {seconds} s: {why}")                                                                   \
  X (NEXT_HOP_BACK, INFO, "next-hop.back", "site", "{site}: accepts mail again")                             \
  X (TLS_GIVEN_UP, WARNING, "tls.given-up", "host why",                                                      \
     "{host}: TLS failed, and nothing asks for it: mail goes there in clear for an hour: {why}")             \
  X (TLS_REPORT_SENT, INFO, "tls-report.sent", "domain date to",                                             \
     "report on TLS with {domain} of {date} goes to {to}")                                                   \
  X (TLS_REPORT_FAILED, WARNING, "tls-report.failed", "domain date to why",                                  \
     "report on TLS with {domain} of {date} for {to} was not taken: {why}")                                  \
  X (STS_FETCHED, INFO, "mta-sts.fetched", "domain mode", "MTA-STS policy of {domain} fetched, mode {mode}") \
  X (STS_FAILED, WARNING, "mta-sts.failed", "domain why then",                                               \
     "the MTA-STS policy of {domain} cannot be had: {why}; {then}")                                          \
  X (OAUTH_FAILED, ERROR, "oauth.failed", "account why", "oauth {account}: no new token: {why}")             \
  X (OAUTH_BACK, INFO, "oauth.back", "account", "oauth {account}: tokens are given again")                   \
  X (OAUTH_LOGIN, INFO, "oauth.login", "account what", "oauth {account}: login: {what}")                     \
  X (STORE_FAILED, ERROR, "store.failed", "why",                                                             \
     "the queue's store refuses, clients are told 452 until it recovers: {why}")                             \
  X (STORE_RECOVERED, INFO, "store.recovered", "", "the queue's store works again")                          \
  X (STORE_UNREADABLE, ERROR, "store.unreadable", "what why",                                                \
     "{what} cannot be read from the queue's store just now, and will be tried again: {why}")                \
  X (CLOCK_SET_BACK, WARNING, "clock.set-back", "seconds",                                                   \
     "the clock has been set back by {seconds} s: what is planned comes as much earlier by it")              \
  X (HISTORY_FAILED, ERROR, "history.failed", "why",                                                         \
     "the history cannot be written; finished mail stays in the queue until it can: {why}")                  \
  X (STATE_FAILED, WARNING, "state.failed", "why",                                                           \
     "what is known of clients, rates and caches cannot be written to state.db at the moment: {why}")        \
  X (ORPHANS_SWEPT, INFO, "spool.swept", "files", "{files} spool files without a message removed")           \
  X (CONTROL_LISTENING, INFO, "control.listening", "url certificate",                                        \
     "control API at {url}; certificate: {certificate}")                                                     \
  X (ALERT_RAISED, WARNING, "alert.raised", "alert text", "alert {alert}: {text}")                           \
  X (ALERT_CLEARED, INFO, "alert.cleared", "alert text", "alert {alert} is over; last it was: {text}")       \
  X (ALERT_NOT_TOLD, WARNING, "alert.not-told", "alert to why",                                              \
     "alert {alert}: {to} could not be told: {why}")                                                         \
  X (API_REFUSED, WARNING, "api.refused", "who why", "control connection of {who} refused: {why}")           \
  X (API_CHANGED, INFO, "api.changed", "who what", "{who}: {what}")

typedef enum
{
#define CLR_EVENT_ID(id, level, name, fields, sentence) CLR_EVENT_##id,
  CLR_EVENTS (CLR_EVENT_ID)
#undef CLR_EVENT_ID
      CLR_EVENT_LAST
} ClrEventId;

typedef struct
{
  ClrLevel level;
  const char *name;
  const char *fields;
  const char *sentence;
} ClrEventInfo;

const ClrEventInfo *clr_event_get_info (ClrEventId id);

/* Appends the human sentence, or the members of a JSON object, for @values (one for each field, NULL
 * allowed). Control characters and line breaks in values are escaped: a value comes from a stranger. */
void clr_event_to_sentence (ClrEventId id, const char *const *values, GString *into);
void clr_event_to_json (ClrEventId id, const char *const *values, GString *into);

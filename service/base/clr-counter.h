/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one thing that threads share: a fixed table of atomic counters. Named counters feed the metrics; hashed
 * ones bound connections per client address (two addresses may share a slot of 16,384, and then share its
 * limit).
 */
#pragma once

#include <glib.h>
#include <stdint.h>

/* id, metric name, help */
#define CLR_COUNTERS(X)                                                                                      \
  X (CONNECTIONS_IN, "connections_in", "Client connections open now")                                        \
  X (CONNECTIONS_IN_TOTAL, "connections_in_total", "Client connections accepted")                            \
  X (CONNECTIONS_REFUSED_TOTAL, "connections_refused_total", "Client connections refused by a limit")        \
  X (CONNECTIONS_OUT, "connections_out", "Connections to next hops open now")                                \
  X (CONNECTIONS_OUT_TOTAL, "connections_out_total", "Connections opened to next hops")                      \
  X (LOGINS_TOTAL, "logins_total", "Logins that were proved")                                                \
  X (LOGINS_REFUSED_TOTAL, "logins_refused_total", "Logins refused, or not looked at")                       \
  X (MESSAGES_ACCEPTED_TOTAL, "messages_accepted_total", "Messages accepted and stored")                     \
  X (MESSAGES_REFUSED_TOTAL, "messages_refused_total", "Messages refused after their content was seen")      \
  X (RECIPIENTS_REFUSED_TOTAL, "recipients_refused_total", "Recipients refused by policy")                   \
  X (RECIPIENTS_DELIVERED_TOTAL, "recipients_delivered_total", "Recipients delivered")                       \
  X (RECIPIENTS_DEFERRED_TOTAL, "recipients_deferred_total", "Delivery attempts that will be repeated")      \
  X (RECIPIENTS_FAILED_TOTAL, "recipients_failed_total", "Recipients that failed for good")                  \
  X (SIGNATURES_TOTAL, "signatures_total", "DKIM signatures made")                                           \
  X (STORE_COMMITS_TOTAL, "store_commits_total", "Transactions committed by the queue")                      \
  X (STORE_FAILURES_TOTAL, "store_failures_total", "Transactions the store refused")                         \
  X (QUEUE_MESSAGES, "queue_messages", "Messages in the queue")                                              \
  X (QUEUE_WAITING, "queue_waiting", "Recipients waiting for their next attempt")                            \
  X (QUEUE_ACTIVE, "queue_active", "Recipients claimed for delivery")                                        \
  X (QUEUE_FAILED, "queue_failed", "Recipients in state failed")                                             \
  X (QUEUE_HELD, "queue_held", "Recipients held back by an administrator")

typedef enum
{
#define CLR_COUNTER_ID(id, name, help) CLR_COUNTER_##id,
  CLR_COUNTERS (CLR_COUNTER_ID)
#undef CLR_COUNTER_ID
      CLR_COUNTER_LAST
} ClrCounterId;

void clr_counter_add (ClrCounterId id, int64_t n);
int64_t clr_counter_get (ClrCounterId id);
const char *clr_counter_get_name (ClrCounterId id);
const char *clr_counter_get_help (ClrCounterId id);

/* The slot of an address (16 bytes, IPv4 mapped) in the table of clients. */
unsigned clr_client_slot (const uint8_t address[16]);
/* Takes one of @limit places. Returns: FALSE when all are taken. */
gboolean clr_client_enter (unsigned slot, int limit);
void clr_client_leave (unsigned slot);

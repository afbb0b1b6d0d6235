/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A store in a folder of its own, in memory or in SQLite, and short words for what is done with it.
 */
#pragma once

#include "base/clr-error.h"
#include "clr-test.h"
#include "queue/clr-report-job.h"
#include "queue/clr-store-sqlite.h"

#include <sqlite3.h>

#define SECOND G_GINT64_CONSTANT (1000000)

typedef struct
{
  char *folder;
  char *path;
  ClrQueueStore *store;
} ClrStoreRig;

static inline void
set_up (ClrStoreRig *rig, const void *kind)
{
  g_autoptr (GError) error = NULL;

  rig->folder = clr_test_make_folder ();
  rig->path = g_build_filename (rig->folder, "queue.db", NULL);
  rig->store
      = g_str_equal (kind, "sqlite") ? clr_store_sqlite_new (rig->path, &error) : clr_store_memory_new ();
  g_assert_no_error (error);
}

static inline void
tear_down (ClrStoreRig *rig, const void *kind)
{
  rig->store->klass->free (rig->store);
  g_free (rig->path);
  clr_test_remove_folder (rig->folder);
}

static inline void
on_done (ClrQueueStore *store, ClrBatch *batch, const GError *error, void *data)
{
  g_assert_no_error (error);
  ++*(unsigned *)data;
}

/* Takes @batch. */
static inline void
apply (ClrStoreRig *rig, ClrBatch *batch)
{
  unsigned done = 0;

  rig->store->klass->apply (rig->store, batch, on_done, &done);
  g_assert_cmpuint (done, ==, 1);
  clr_batch_free (batch);
}

/* A message to @n recipients, the odd ones by another lane, due one second after each other from 1 s on. */
static inline void
insert (ClrStoreRig *rig, uint64_t id, unsigned n)
{
  ClrBatch *batch = clr_batch_new ();
  ClrMessage *message = clr_message_new (n);

  message->id = id;
  message->node = 3;
  message->created_us = 500;
  message->sender = g_strdup ("s@example.com");
  message->ret = 2;
  message->envid = g_strdup ("env");
  message->eight_bit = TRUE;
  message->size = 7;
  message->origin = g_strdup ("smtp");
  message->client = g_strdup ("192.0.2.7");
  message->device = g_strdup ("printer");
  message->priority = 4;
  message->requiretls = TRUE;
  message->stream = g_strdup ("stream");
  message->campaign = g_strdup ("campaign");
  message->tag = g_strdup ("tag");
  message->attributes = g_strdup (
      id == 1 ? "{\"subject\":\"Late report\",\"message-id\":\"<a@b>\",\"repairs\":[\"date\"]}" : "{}");
  message->smtputf8 = TRUE;
  clr_rope_append (&message->content, "con", 3);
  clr_rope_append (&message->content, "tent", 4);
  for (unsigned i = 0; i < n; i++)
    {
      ClrRecipient *recipient = &message->recipients[i];

      recipient->number = i;
      recipient->address = g_strdup_printf ("r%u@example.net", i);
      recipient->notify = i;
      recipient->orcpt = i ? NULL : g_strdup ("rfc822;r");
      recipient->lane = g_strdup (i % 2 ? "smarthost:b" : "smarthost:a");
      recipient->due_us = (i + 1) * SECOND;
      recipient->expires_us = 100 * SECOND;
    }
  g_ptr_array_add (batch->inserts, message);
  apply (rig, batch);
}

static inline void
update (ClrStoreRig *rig, uint64_t id, unsigned number, ClrRecipientState state, int64_t due)
{
  g_autoptr (ClrMessage) stored = rig->store->klass->load (rig->store, id, NULL);
  gboolean is_there = stored && number < stored->n_recipients;
  ClrBatch *batch = clr_batch_new ();
  ClrRecipientUpdate facts = { .message = id,
                               .number = number,
                               .from = is_there ? stored->recipients[number].state : CLR_RECIPIENT_WAITING,
                               .state = state,
                               .lane = is_there ? stored->recipients[number].lane : "smarthost:a",
                               .due_us = due,
                               .attempts = 2,
                               .code = 451,
                               .enhanced = "4.3.0",
                               .text = "later",
                               .host = "mx",
                               .tried_us = 77 };

  g_array_append_val (batch->updates, facts);
  apply (rig, batch);
}

/* "1:0,1:2 next 5" : message:number of what was claimed, and the second at which the next is due. */
static inline char *
claim (ClrStoreRig *rig, const char *lane, int64_t now, unsigned n)
{
  ClrBatch *batch = clr_batch_new ();
  ClrClaim wish = { .lane = lane, .now_us = now, .n = n, .lease_until_us = now + SECOND };
  GString *text = g_string_new (NULL);
  unsigned done = 0;

  g_array_append_val (batch->claims, wish);
  rig->store->klass->apply (rig->store, batch, on_done, &done);
  ClrClaim *got = &g_array_index (batch->claims, ClrClaim, 0);
  for (unsigned i = 0; i < got->messages->len; i++)
    {
      ClrMessage *message = got->messages->pdata[i];

      g_assert_true (message->is_loaded);
      g_autofree char *content = clr_test_dup_rope (&message->content);
      g_assert_cmpstr (content, ==, "content");
      for (unsigned k = 0; k < message->n_recipients; k++)
        {
          g_assert_cmpint (message->recipients[k].state, ==, CLR_RECIPIENT_ACTIVE);
          g_string_append_printf (text, "%d:%u ", (int)message->id, message->recipients[k].number);
        }
    }
  if (got->next_due_us == INT64_MAX)
    g_string_append (text, "next never");
  else
    g_string_append_printf (text, "next %d", (int)(got->next_due_us / SECOND));
  clr_batch_free (batch);
  return g_string_free (text, FALSE);
}

#define expect_claim(rig, lane, now, n, expected)                                                            \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    g_autofree char *claimed = claim (rig, lane, now, n);                                                    \
    g_assert_cmpstr (claimed, ==, expected);                                                                 \
  }                                                                                                          \
  G_STMT_END

/* The states of a message's recipients, "0123"; "gone" when there is none. */
static inline void
expect_states (ClrStoreRig *rig, uint64_t id, const char *expected)
{
  g_autoptr (GError) error = NULL;
  ClrMessage *message = rig->store->klass->load (rig->store, id, &error);
  g_autoptr (GString) text = g_string_new (message ? NULL : "gone");

  g_assert_no_error (error);
  g_assert_cmpint (rig->store->klass->has_message (rig->store, id), ==, message != NULL);
  for (unsigned i = 0; message && i < message->n_recipients; i++)
    g_string_append_printf (text, "%d", message->recipients[i].state);
  g_assert_cmpstr (text->str, ==, expected);
  if (message)
    clr_message_unref (message);
}

static inline void
expect_count (ClrStoreRig *rig, uint64_t n_messages, uint64_t waiting, uint64_t active, uint64_t failed)
{
  uint64_t messages = 99, states[CLR_RECIPIENT_STATES] = { 0 };

  rig->store->klass->count (rig->store, &messages, states);
  g_assert_cmpuint (messages, ==, n_messages);
  g_assert_cmpuint (states[CLR_RECIPIENT_WAITING], ==, waiting);
  g_assert_cmpuint (states[CLR_RECIPIENT_ACTIVE], ==, active);
  g_assert_cmpuint (states[CLR_RECIPIENT_FAILED], ==, failed);
}

static inline void
on_lane (const char *key, const char *site, int64_t look_us, void *data)
{
  g_string_append_printf (data, "%s %s %d;", key, site ? site : "-", (int)(look_us / SECOND));
}

static inline void
expect_lanes (ClrStoreRig *rig, ClrLaneCursor *cursor, unsigned n, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_assert_true (rig->store->klass->visit_lanes (rig->store, cursor, n, on_lane, text, NULL));
  g_assert_cmpstr (text->str, ==, expected);
}

/* Runs all slices. Returns: the recipients changed. */
static inline unsigned
act_with (ClrStoreRig *rig, ClrAct *order)
{
  unsigned changed = 0;

  do
    {
      ClrBatch *batch = clr_batch_new ();
      unsigned done = 0, told = 0;

      clr_act_reset (order);
      g_ptr_array_add (batch->acts, order);
      rig->store->klass->apply (rig->store, batch, on_done, &done);
      for (unsigned i = 0; i < order->messages->len; i++)
        told += ((ClrMessage *)order->messages->pdata[i])->n_recipients;
      g_assert_cmpuint (told, ==, order->n_changed);
      g_assert_cmpuint (order->messages->len, <=, CLR_ACT_CHANGE);
      changed += order->n_changed;
      clr_batch_free (batch);
    }
  while (order->more);
  clr_act_free (order);
  return changed;
}

static inline unsigned
act (ClrStoreRig *rig, ClrActKind what, uint64_t id, int64_t now)
{
  return act_with (rig, clr_act_new (what, id, now));
}

static inline unsigned
act_on (ClrStoreRig *rig, ClrActKind what, const char *filter, int64_t now)
{
  ClrAct *order = clr_act_new (what, 0, now);
  g_autoptr (GError) error = NULL;

  order->filter = clr_filter_new (filter, now, &error);
  order->reports = TRUE;
  g_assert_no_error (error);
  return act_with (rig, order);
}

typedef struct
{
  const char *name;
  void (*test) (ClrStoreRig *rig, const void *kind);
} ClrStoreCase;

/* Adds the @n cases for the store of that kind. */
static inline void
add_cases (const char *kind, const ClrStoreCase *cases, unsigned n)
{
  for (unsigned i = 0; i < n; i++)
    {
      g_autofree char *path = g_strdup_printf ("/queue/store-%s/%s", kind, cases[i].name);

      g_test_add (path, ClrStoreRig, kind, set_up, cases[i].test, tear_down);
    }
}

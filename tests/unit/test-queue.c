/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a store must do: the same cases for the one in memory and the one in SQLite.
 */
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
} Rig;

static void
set_up (Rig *rig, const void *kind)
{
  g_autoptr (GError) error = NULL;

  rig->folder = clr_test_make_folder ();
  rig->path = g_build_filename (rig->folder, "queue.db", NULL);
  rig->store
      = g_str_equal (kind, "sqlite") ? clr_store_sqlite_new (rig->path, &error) : clr_store_memory_new ();
  g_assert_no_error (error);
}

static void
tear_down (Rig *rig, const void *kind)
{
  rig->store->klass->free (rig->store);
  g_free (rig->path);
  clr_test_remove_folder (rig->folder);
}

static void
on_done (ClrQueueStore *store, ClrBatch *batch, const GError *error, void *data)
{
  g_assert_no_error (error);
  ++*(unsigned *)data;
}

/* Takes @batch. */
static void
apply (Rig *rig, ClrBatch *batch)
{
  unsigned done = 0;

  rig->store->klass->apply (rig->store, batch, on_done, &done);
  g_assert_cmpuint (done, ==, 1);
  clr_batch_free (batch);
}

/* A message to @n recipients, the odd ones by another lane, due one second after each other from 1 s on. */
static void
insert (Rig *rig, uint64_t id, unsigned n)
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

static void
update (Rig *rig, uint64_t id, unsigned number, ClrRecipientState state, int64_t due)
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
static char *
claim (Rig *rig, const char *lane, int64_t now, unsigned n)
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
static void
expect_states (Rig *rig, uint64_t id, const char *expected)
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

static void
expect_count (Rig *rig, uint64_t n_messages, uint64_t waiting, uint64_t active, uint64_t failed)
{
  uint64_t messages = 99, states[CLR_RECIPIENT_STATES] = { 0 };

  rig->store->klass->count (rig->store, &messages, states);
  g_assert_cmpuint (messages, ==, n_messages);
  g_assert_cmpuint (states[CLR_RECIPIENT_WAITING], ==, waiting);
  g_assert_cmpuint (states[CLR_RECIPIENT_ACTIVE], ==, active);
  g_assert_cmpuint (states[CLR_RECIPIENT_FAILED], ==, failed);
}

static void
test_insert (Rig *rig, const void *kind)
{
  insert (rig, 1, 2);
  g_autoptr (ClrMessage) message = rig->store->klass->load (rig->store, 1, NULL);
  const ClrRecipient *recipient = &message->recipients[0];

  g_assert_cmpuint (message->id, ==, 1);
  g_assert_cmpuint (message->node, ==, 3);
  g_assert_cmpint (message->created_us, ==, 500);
  g_assert_cmpstr (message->sender, ==, "s@example.com");
  g_assert_cmpuint (message->ret, ==, 2);
  g_assert_cmpstr (message->envid, ==, "env");
  g_assert_true (message->eight_bit);
  g_assert_cmpuint (message->size, ==, 7);
  g_assert_cmpstr (message->origin, ==, "smtp");
  g_assert_cmpstr (message->client, ==, "192.0.2.7");
  g_assert_cmpstr (message->device, ==, "printer");
  g_assert_cmpint (message->priority, ==, 4);
  g_assert_true (message->requiretls);
  g_assert_cmpstr (message->stream, ==, "stream");
  g_assert_cmpstr (message->campaign, ==, "campaign");
  g_assert_cmpstr (message->tag, ==, "tag");
  g_assert_cmpstr (message->attributes, !=, "{}");
  g_assert_true (message->smtputf8);
  g_assert_false (message->is_loaded);
  g_assert_cmpuint (message->n_all, ==, 2);
  g_assert_cmpuint (message->n_recipients, ==, 2);
  g_assert_cmpstr (recipient->address, ==, "r0@example.net");
  g_assert_cmpstr (recipient->orcpt, ==, "rfc822;r");
  g_assert_cmpstr (recipient->lane, ==, "smarthost:a");
  g_assert_cmpint (recipient->due_us, ==, SECOND);
  g_assert_cmpint (recipient->expires_us, ==, 100 * SECOND);
  g_assert_null (message->recipients[1].orcpt);
  g_assert_null (recipient->text);
  expect_states (rig, 2, "gone");
  expect_count (rig, 1, 2, 0, 0);

  ClrContentStore *contents = rig->store->klass->get_content (rig->store);
  ClrRope rope = CLR_ROPE_INIT;
  g_autoptr (GError) error = NULL;
  g_assert_true (contents->klass->get (contents, 1, &rope, NULL));
  g_autofree char *content = clr_test_dup_rope (&rope);
  g_assert_cmpstr (content, ==, "content");
  clr_rope_clear (&rope);
  g_assert_false (contents->klass->get (contents, 2, &rope, &error));
  g_assert_nonnull (error);
}

static void
test_claim (Rig *rig, const void *kind)
{
  insert (rig, 1, 5);
  insert (rig, 2, 2);
  expect_claim (rig, "smarthost:a", 0, 10, "next 1");
  expect_claim (rig, "smarthost:none", 99 * SECOND, 10, "next never");
  expect_claim (rig, "smarthost:a", SECOND, 10, "1:0 2:0 next 3");
  expect_claim (rig, "smarthost:a", SECOND, 10, "next 3"); /* claimed once */
  expect_claim (rig, "smarthost:a", 99 * SECOND, 1, "1:2 next 5");
  expect_claim (rig, "smarthost:b", 99 * SECOND, 10, "1:1 1:3 2:1 next never");
  expect_states (rig, 1, "11110");
  expect_count (rig, 2, 1, 6, 0);
}

/* What has waited longest goes first, whatever its id. */
static void
test_claim_by_due (Rig *rig, const void *kind)
{
  insert (rig, 1, 1);
  insert (rig, 2, 1);
  update (rig, 1, 0, CLR_RECIPIENT_WAITING, 50 * SECOND);
  expect_claim (rig, "smarthost:a", 60 * SECOND, 1, "2:0 next 50");
}

static void
test_update (Rig *rig, const void *kind)
{
  insert (rig, 1, 2);
  update (rig, 1, 1, CLR_RECIPIENT_FAILED, 42);
  update (rig, 1, 9, CLR_RECIPIENT_FAILED, 42); /* nobody: nothing happens */
  update (rig, 9, 0, CLR_RECIPIENT_FAILED, 42);
  g_autoptr (ClrMessage) message = rig->store->klass->load (rig->store, 1, NULL);
  const ClrRecipient *recipient = &message->recipients[1];
  g_assert_cmpint (recipient->state, ==, CLR_RECIPIENT_FAILED);
  g_assert_cmpint (recipient->due_us, ==, 42);
  g_assert_cmpuint (recipient->attempts, ==, 2);
  g_assert_cmpint (recipient->code, ==, 451);
  g_assert_cmpstr (recipient->enhanced, ==, "4.3.0");
  g_assert_cmpstr (recipient->text, ==, "later");
  g_assert_cmpstr (recipient->host, ==, "mx");
  g_assert_cmpint (recipient->tried_us, ==, 77);
  expect_states (rig, 1, "03");
}

static void
test_remove (Rig *rig, const void *kind)
{
  ClrBatch *batch = clr_batch_new ();
  uint64_t ids[] = { 1, 77 };

  insert (rig, 1, 3);
  insert (rig, 2, 1);
  for (unsigned i = 0; i < 3; i++)
    update (rig, 1, i, CLR_RECIPIENT_DELIVERED, 0);
  g_array_append_vals (batch->removes, ids, 2);
  apply (rig, batch);
  expect_states (rig, 1, "gone");
  expect_states (rig, 2, "0");
  expect_count (rig, 1, 1, 0, 0);
}

/* Runs all slices. Returns: the recipients changed. */
static unsigned
act_with (Rig *rig, ClrAct *order)
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

static unsigned
act (Rig *rig, ClrActKind what, uint64_t id, int64_t now)
{
  return act_with (rig, clr_act_new (what, id, now));
}

static unsigned
act_on (Rig *rig, ClrActKind what, const char *filter, int64_t now)
{
  ClrAct *order = clr_act_new (what, 0, now);
  g_autoptr (GError) error = NULL;

  order->filter = clr_filter_new (filter, now, &error);
  order->reports = TRUE;
  g_assert_no_error (error);
  return act_with (rig, order);
}

static void
test_retry_act (Rig *rig, const void *kind)
{
  insert (rig, 1, 4);
  insert (rig, 2, 1);
  update (rig, 1, 1, CLR_RECIPIENT_FAILED, 0);
  update (rig, 1, 2, CLR_RECIPIENT_ACTIVE, 0);
  update (rig, 1, 3, CLR_RECIPIENT_DELIVERED, 0);
  g_assert_cmpuint (act (rig, CLR_ACT_RETRY, 1, 200 * SECOND), ==, 2);
  expect_states (rig, 1, "0012");
  g_autoptr (ClrMessage) message = rig->store->klass->load (rig->store, 1, NULL);
  g_assert_cmpint (message->recipients[0].due_us, ==, 200 * SECOND);
  g_assert_cmpint (message->recipients[0].expires_us, ==, 100 * SECOND);
  /* A failed one gets its lifetime anew: else it would fail again at once. */
  g_assert_cmpint (message->recipients[1].expires_us, ==, 300 * SECOND - 500);
  g_assert_cmpuint (act (rig, CLR_ACT_RETRY, 0, 201 * SECOND), ==, 3);
  g_assert_cmpuint (act (rig, CLR_ACT_RETRY, 99, 201 * SECOND), ==, 0);
}

static void
test_delete_act (Rig *rig, const void *kind)
{
  insert (rig, 1, 3);
  insert (rig, 2, 2);
  update (rig, 1, 1, CLR_RECIPIENT_ACTIVE, 0);
  g_assert_cmpuint (act (rig, CLR_ACT_DELETE, 1, 0), ==, 2);
  expect_states (rig, 1, "1"); /* what is on its way cannot be taken back */
  g_assert_cmpuint (act (rig, CLR_ACT_DELETE, 2, 0), ==, 2);
  expect_states (rig, 2, "gone");
  g_assert_cmpuint (act (rig, CLR_ACT_DELETE, 2, 0), ==, 0);
  expect_count (rig, 1, 0, 1, 0);
}

static void
test_age_act (Rig *rig, const void *kind)
{
  insert (rig, 1, 3);
  update (rig, 1, 1, CLR_RECIPIENT_ACTIVE, 0);
  g_assert_cmpuint (act (rig, CLR_ACT_AGE, 0, 100 * SECOND - 1), ==, 0);
  g_assert_cmpuint (act (rig, CLR_ACT_AGE, 0, 100 * SECOND), ==, 2);
  expect_states (rig, 1, "313");
  g_assert_cmpuint (act (rig, CLR_ACT_AGE, 0, 100 * SECOND), ==, 0);
}

/* With reports: NOTIFY says who is told; the numbers of insert()'s recipients are their NOTIFY. */
static void
test_expire_act (Rig *rig, const void *kind)
{
  insert (rig, 1, 9);
  g_assert_cmpuint (act_on (rig, CLR_ACT_EXPIRE, "id:0000000000001", SECOND), ==, 9);
  /* 0: not said, 1: SUCCESS, 2, 3: FAILURE, 4: DELAY, 5: both but no FAILURE, 6, 7: with it, 8: NEVER */
  expect_states (rig, 1, "565566556");
  g_autoptr (GPtrArray) due = rig->store->klass->due_reports (rig->store, 10, NULL);
  g_assert_cmpuint (due->len, ==, 1);
  ClrMessage *message = due->pdata[0];
  g_assert_cmpuint (message->n_recipients, ==, 5);
  g_assert_true (message->is_loaded);
  g_autofree char *content = clr_test_dup_rope (&message->content);
  g_assert_cmpstr (content, ==, "content");
  for (unsigned i = 0; i < 5; i++)
    g_assert_cmpuint (message->recipients[i].report, ==, CLR_REPORT_FAILED);

  ClrBatch *batch = clr_batch_new ();
  for (unsigned i = 0; i < 5; i++)
    {
      ClrReportMade made = { 1, message->recipients[i].number, CLR_REPORT_FAILED,
                             i ? CLR_RECIPIENT_GIVEN_UP : CLR_RECIPIENT_FAILED };
      g_array_append_val (batch->made, made);
    }
  apply (rig, batch);
  expect_states (rig, 1, "366666666");
  expect_count (rig, 1, 0, 0, 1);
  g_autoptr (GPtrArray) none = rig->store->klass->due_reports (rig->store, 10, NULL);
  g_assert_cmpuint (none->len, ==, 0);
}

static void
test_hold_act (Rig *rig, const void *kind)
{
  insert (rig, 1, 4);
  insert (rig, 2, 1);
  g_assert_cmpuint (act_on (rig, CLR_ACT_HOLD, "to:r1@example.net", SECOND), ==, 1);
  g_assert_cmpuint (act_on (rig, CLR_ACT_HOLD, "to:r3@EXAMPLE.net", SECOND), ==, 1);
  expect_states (rig, 1, "0404");
  expect_claim (rig, "smarthost:b", 99 * SECOND, 9, "next never");
  g_assert_cmpuint (act (rig, CLR_ACT_AGE, 0, 200 * SECOND), ==, 3); /* what is held has time */
  expect_states (rig, 1, "3434");
  g_assert_cmpuint (act_on (rig, CLR_ACT_RELEASE, "to:r3@", 300 * SECOND), ==, 1);
  expect_states (rig, 1, "3430");
  expect_claim (rig, "smarthost:b", 300 * SECOND, 9, "1:3 next never");
}

static void
test_priority_act (Rig *rig, const void *kind)
{
  ClrAct *order = clr_act_new (CLR_ACT_PRIORITY, 2, 0);

  insert (rig, 1, 1);
  insert (rig, 2, 1);
  insert (rig, 3, 1);
  order->priority = 5;
  g_assert_cmpuint (act_with (rig, order), ==, 1);
  order = clr_act_new (CLR_ACT_PRIORITY, 1, 0);
  order->priority = -9;
  g_assert_cmpuint (act_with (rig, order), ==, 1);
  expect_claim (rig, "smarthost:a", 9 * SECOND, 1, "2:0 next 1");
  expect_claim (rig, "smarthost:a", 9 * SECOND, 1, "3:0 next 1");
  expect_claim (rig, "smarthost:a", 9 * SECOND, 1, "1:0 next never");
}

/* More than a slice. */
static void
test_many_act (Rig *rig, const void *kind)
{
  for (unsigned i = 1; i <= 2 * CLR_ACT_CHANGE + 1; i++)
    insert (rig, i, 1);
  g_assert_cmpuint (act_on (rig, CLR_ACT_HOLD, "-to:nobody", 5), ==, 2 * CLR_ACT_CHANGE + 1);
  g_assert_cmpuint (act_on (rig, CLR_ACT_RELEASE, "state:held", 5), ==, 2 * CLR_ACT_CHANGE + 1);
  g_assert_cmpuint (act (rig, CLR_ACT_AGE, 0, 200 * SECOND), ==, 2 * CLR_ACT_CHANGE + 1);
  g_assert_cmpuint (act (rig, CLR_ACT_DELETE, 0, 5), ==, 2 * CLR_ACT_CHANGE + 1);
  expect_count (rig, 0, 0, 0, 0);
}

static void
insert_with_notice (Rig *rig, uint64_t id, int64_t notice_us)
{
  ClrBatch *batch = clr_batch_new ();
  ClrMessage *message = clr_message_new (1);

  message->id = id;
  message->sender = g_strdup ("s@example.com");
  message->recipients[0].address = g_strdup ("r@example.net");
  message->recipients[0].lane = g_strdup ("smarthost:a");
  message->recipients[0].expires_us = 100 * SECOND;
  message->recipients[0].notice_us = notice_us;
  g_ptr_array_add (batch->inserts, message);
  apply (rig, batch);
}

static void
test_notice_act (Rig *rig, const void *kind)
{
  insert_with_notice (rig, 1, 0);
  insert_with_notice (rig, 2, 10 * SECOND);
  insert_with_notice (rig, 3, 20 * SECOND);
  g_assert_cmpuint (act_on (rig, CLR_ACT_NOTICE, "", 9 * SECOND), ==, 0);
  g_assert_cmpuint (act_on (rig, CLR_ACT_NOTICE, "", 10 * SECOND), ==, 1);
  g_assert_cmpuint (act_on (rig, CLR_ACT_NOTICE, "", 10 * SECOND), ==, 0); /* once */
  g_autoptr (GPtrArray) due = rig->store->klass->due_reports (rig->store, 10, NULL);
  g_assert_cmpuint (due->len, ==, 1);
  const ClrMessage *message = due->pdata[0];
  g_assert_cmpuint (message->id, ==, 2);
  g_assert_cmpuint (message->recipients[0].report, ==, CLR_REPORT_DELAYED);
  g_assert_cmpint (message->recipients[0].state, ==, CLR_RECIPIENT_WAITING);

  ClrBatch *batch = clr_batch_new ();
  ClrReportMade made = { 2, 0, CLR_REPORT_DELAYED, CLR_RECIPIENT_GIVEN_UP };
  g_array_append_val (batch->made, made);
  apply (rig, batch);
  g_autoptr (ClrMessage) after = rig->store->klass->load (rig->store, 2, NULL);
  g_assert_cmpint (after->recipients[0].state, ==, CLR_RECIPIENT_WAITING);
  g_assert_cmpuint (after->recipients[0].reported, ==, CLR_REPORT_DELAYED);
  g_assert_cmpuint (after->recipients[0].report, ==, 0);
}

/* One after the other, in pages of @n. */
static void
expect_page (Rig *rig, uint64_t after, unsigned n, const char *filter, const char *expected)
{
  g_autoptr (GPtrArray) messages = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (ClrFilter) words = filter ? clr_filter_new (filter, 0, NULL) : NULL;
  ClrPage page = { .filter = words, .n = n, .after = after, .messages = messages };

  g_assert_true (rig->store->klass->page (rig->store, &page, NULL));
  for (unsigned i = 0; i < messages->len; i++)
    g_string_append_printf (text, "%d ", (int)((ClrMessage *)messages->pdata[i])->id);
  g_string_append (text, page.more ? "more" : "end");
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_page (Rig *rig, const void *kind)
{
  static const uint64_t ids[] = { 3, 1, 5, 4, 2 };

  for (unsigned i = 0; i < G_N_ELEMENTS (ids); i++)
    insert (rig, ids[i], 2);
  update (rig, 2, 1, CLR_RECIPIENT_FAILED, 0);
  update (rig, 5, 0, CLR_RECIPIENT_FAILED, 0);
  expect_page (rig, 0, 2, NULL, "1 2 more");
  expect_page (rig, 2, 2, NULL, "3 4 more");
  expect_page (rig, 4, 9, NULL, "5 end");
  expect_page (rig, 5, 9, NULL, "end");
  expect_page (rig, 0, 9, "state:failed", "2 5 end");
  expect_page (rig, 2, 9, "state:failed", "5 end");
  expect_page (rig, 0, 9, "state:held", "end");
  expect_page (rig, 0, 9, "id:0000000000004", "4 end");

  ClrPage count = { .messages = NULL };
  g_assert_true (rig->store->klass->page (rig->store, &count, NULL));
  g_assert_cmpuint (count.n_messages, ==, 5);
  g_assert_cmpuint (count.n_recipients, ==, 10);
}

/* The same words, as SQL and as predicate: the stores must agree. */
static void
test_filter_in_store (Rig *rig, const void *kind)
{
  static const struct
  {
    const char *filter;
    unsigned n; /* of 2 recipients each of messages 1 and 2 */
  } cases[] = {
    { "from:s@example.com", 4 },
    { "from:S@EXAMPLE.COM", 4 },
    { "from:s@example.co", 0 },
    { "from:example", 4 },
    { "to:r0", 2 },
    { "-to:r0", 2 },
    { "domain:example.net", 4 },
    { "domain:example", 0 },
    { "domain:Example.NET to:r1", 2 },
    { "device:print", 4 },
    { "device:scanner", 0 },
    { "via:b", 2 },
    { "route:smarthost:a", 2 },
    { "reply:later", 1 },
    { "reply:\"451 4.3.0\"", 1 },
    { "state:waiting", 3 },
    { "subject:report", 2 },
    { "subject:\"late Report\"", 2 },
    { "message-id:<a@b>", 2 },
    { "message-id:a@b", 2 },
    { "message-id:a@c", 0 },
    { "client:192.0.2.7", 4 },
    { "address:s@example.com", 4 },
    { "@example.net", 4 },
    { "@example.ne", 0 },
    { "a@b", 2 },
    { "larger:6", 4 },
    { "larger:7", 0 },
    { "smaller:1K", 4 },
    { "report", 2 },
    { "r1@example.net", 2 },
    { "older:1d", 4 },
    { "newer:1d", 0 },
    { "older:1970-01-01", 0 },
    { "newer:1970-01-01", 4 },
    { "id:0000000000001", 2 },
    { "-id:0000000000001", 2 },
    { "-id:0000000000001 r0", 1 },
    { "", 4 },
    { "newer:1970-01-01T00:00:00", 4 },
    { "\"to:r0\"", 0 },
    { "from:<>", 0 },
  };

  insert (rig, 1, 2);
  insert (rig, 2, 2);
  update (rig, 2, 1, CLR_RECIPIENT_FAILED, 0);
  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ClrFilter) filter = clr_filter_new (cases[i].filter, 2 * 86400 * SECOND, &error);
      ClrPage page = { .filter = filter };

      g_assert_no_error (error);
      g_assert_true (rig->store->klass->page (rig->store, &page, NULL));
      g_test_message ("%s", cases[i].filter);
      g_assert_cmpuint (page.n_recipients, ==, cases[i].n);
    }
}

static void
on_lane (const char *key, const char *site, int64_t look_us, void *data)
{
  g_string_append_printf (data, "%s %s %d;", key, site ? site : "-", (int)(look_us / SECOND));
}

static void
expect_lanes (Rig *rig, ClrLaneCursor *cursor, unsigned n, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_assert_true (rig->store->klass->visit_lanes (rig->store, cursor, n, on_lane, text, NULL));
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_recover (Rig *rig, const void *kind)
{
  g_autoptr (GPtrArray) finished = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  ClrLaneCursor cursor = { 0, 0 };

  insert (rig, 1, 3);
  insert (rig, 2, 1);
  insert (rig, 3, 2);
  g_free (claim (rig, "smarthost:a", 99 * SECOND, 2));
  update (rig, 2, 0, CLR_RECIPIENT_DELIVERED, 0);
  update (rig, 3, 0, CLR_RECIPIENT_DELIVERED, 0);
  update (rig, 3, 1, CLR_RECIPIENT_FAILED, 0);
  g_assert_true (rig->store->klass->recover (rig->store, 3, finished, NULL));
  g_assert_cmpuint (finished->len, ==, 1); /* failed ones stay until somebody decides */
  g_assert_cmpuint (((ClrMessage *)finished->pdata[0])->id, ==, 2);
  expect_states (rig, 1, "000");
  expect_count (rig, 3, 3, 0, 1);
  expect_lanes (rig, &cursor, 9, "smarthost:a - 1;smarthost:b - 2;");
  g_assert_cmpint (cursor.look_us, ==, INT64_MAX);
}

/* The store knows when to look at a lane, whatever the way in which something came to wait in it. */
static void
test_lanes (Rig *rig, const void *kind)
{
  ClrLaneCursor cursor = { 0, 0 };
  ClrBatch *batch = clr_batch_new ();
  ClrLaneUpdate site = { "smarthost:a", "site:x", 0 }, rest = { "smarthost:b", NULL, 50 * SECOND };

  insert (rig, 1, 2);
  expect_lanes (rig, &cursor, 1, "smarthost:a - 1;");
  expect_lanes (rig, &cursor, 1, "smarthost:b - 2;");
  expect_lanes (rig, &cursor, 1, "");
  g_assert_cmpint (cursor.look_us, ==, INT64_MAX);

  g_free (claim (rig, "smarthost:a", 99 * SECOND, 9));
  g_array_append_val (batch->lanes, site);
  g_array_append_val (batch->lanes, rest);
  apply (rig, batch);
  cursor = (ClrLaneCursor){ 0, 0 };
  expect_lanes (rig, &cursor, 9, "smarthost:b - 50;");
  update (rig, 1, 0, CLR_RECIPIENT_WAITING, 70 * SECOND);
  cursor = (ClrLaneCursor){ 0, 0 };
  expect_lanes (rig, &cursor, 9, "smarthost:b - 50;smarthost:a site:x 70;");
  act (rig, CLR_ACT_RETRY, 0, 20 * SECOND);
  cursor = (ClrLaneCursor){ 0, 0 };
  expect_lanes (rig, &cursor, 9, "smarthost:a site:x 20;smarthost:b - 20;");
}

/* -- what only files have */

static void
test_sqlite_keeps (Rig *rig, const void *kind)
{
  g_autoptr (GError) error = NULL;

  insert (rig, 1, 3);
  rig->store->klass->maintain (rig->store);
  update (rig, 1, 0, CLR_RECIPIENT_FAILED, 0);
  rig->store->klass->free (rig->store);
  rig->store = clr_store_sqlite_new (rig->path, &error);
  g_assert_no_error (error);
  expect_states (rig, 1, "300");
  expect_claim (rig, "smarthost:b", 99 * SECOND, 9, "1:1 next never");
}

/* A file of the first version, with mail in it. */
static void
test_sqlite_upgrades (Rig *rig, const void *kind)
{
  static const char version_1[]
      = "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;"
        "CREATE TABLE lane(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);"
        "CREATE TABLE message(id INTEGER PRIMARY KEY, node INTEGER NOT NULL, created INTEGER NOT NULL,"
        " sender TEXT NOT NULL, ret INTEGER NOT NULL, envid TEXT, eight_bit INTEGER NOT NULL,"
        " size INTEGER NOT NULL, spool INTEGER NOT NULL, recipients INTEGER NOT NULL, origin TEXT, client "
        "TEXT,"
        " device TEXT, stream TEXT, campaign TEXT, tag TEXT, priority INTEGER NOT NULL,"
        " requiretls INTEGER NOT NULL, attributes TEXT);"
        "CREATE TABLE recipient(message INTEGER NOT NULL, number INTEGER NOT NULL, address TEXT NOT NULL,"
        " notify INTEGER NOT NULL, orcpt TEXT, lane INTEGER NOT NULL, state INTEGER NOT NULL,"
        " due INTEGER NOT NULL, expires INTEGER NOT NULL, lease INTEGER NOT NULL DEFAULT 0,"
        " attempts INTEGER NOT NULL, code INTEGER NOT NULL, enhanced TEXT, text TEXT, host TEXT,"
        " tried INTEGER NOT NULL, PRIMARY KEY(message, number)) WITHOUT ROWID;"
        "CREATE INDEX recipient_due ON recipient(lane, due) WHERE state=0;"
        "CREATE INDEX recipient_expires ON recipient(expires) WHERE state=0;"
        "CREATE TABLE content(message INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"
        "INSERT INTO lane VALUES(1,'smarthost:a'),(2,'smarthost:b');"
        "INSERT INTO message "
        "VALUES(1,3,500,'s@example.com',0,NULL,0,7,0,3,'smtp',NULL,NULL,NULL,NULL,NULL,0,0,"
        "'{}');"
        "INSERT INTO content VALUES(1,'content');"
        "INSERT INTO recipient "
        "VALUES(1,0,'r0@example.net',0,NULL,1,0,5000000,100000000,0,0,0,NULL,NULL,NULL,0),"
        "(1,1,'r1@example.net',0,NULL,1,1,7000000,100000000,0,0,0,NULL,NULL,NULL,0),"
        "(1,2,'r2@example.net',0,NULL,2,3,0,100000000,0,1,550,NULL,'no','mx',9);"
        "PRAGMA application_id=1129075281; PRAGMA user_version=1;";
  g_autofree char *path = g_build_filename (rig->folder, "former.db", NULL);
  g_autoptr (GPtrArray) finished = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  ClrLaneCursor cursor = { 0, 0 };
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, version_1, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
  rig->store->klass->free (rig->store);
  /* Twice: the second time it is of this version. */
  for (unsigned i = 0; i < 2; i++)
    {
      rig->store = clr_store_sqlite_new (path, &error);
      g_assert_no_error (error);
      if (i == 0)
        {
          expect_count (rig, 1, 1, 1, 1);
          rig->store->klass->free (rig->store);
        }
    }
  g_assert_true (rig->store->klass->recover (rig->store, 3, finished, NULL));
  expect_states (rig, 1, "003");
  expect_lanes (rig, &cursor, 9, "smarthost:a - 5;");
  expect_claim (rig, "smarthost:a", 9 * SECOND, 9, "1:0 1:1 next never");
  expect_count (rig, 1, 0, 2, 1);
}

static void
on_refused (ClrQueueStore *store, ClrBatch *batch, const GError *error, void *data)
{
  g_assert_nonnull (error);
  ++*(unsigned *)data;
}

/* All or nothing: a batch whose second message cannot be stored leaves nothing of the first. */
static void
test_sqlite_rolls_back (Rig *rig, const void *kind)
{
  ClrBatch *batch = clr_batch_new ();
  unsigned done = 0;

  insert (rig, 1, 1);
  for (int i = 0; i < 2; i++)
    {
      ClrMessage *message = clr_message_new (0);
      message->id = i ? 1 : 2; /* the second is there already */
      message->sender = g_strdup ("");
      g_ptr_array_add (batch->inserts, message);
    }
  rig->store->klass->apply (rig->store, batch, on_refused, &done);
  g_assert_cmpuint (done, ==, 1);
  clr_batch_free (batch);
  expect_states (rig, 2, "gone");
  insert (rig, 3, 2); /* and the store goes on */
  expect_count (rig, 2, 3, 0, 0);
}

/* Whatever is refused must be left as it was. */
static void
expect_refusal (const char *path, ClrErrorCode code)
{
  g_autofree char *before = NULL, *after = NULL;
  g_autoptr (GError) error = NULL;
  gsize size, size_after;

  g_assert_true (g_file_get_contents (path, &before, &size, NULL));
  g_assert_null (clr_store_sqlite_new (path, &error));
  g_assert_error (error, CLR_ERROR, (int)code);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_true (g_file_get_contents (path, &after, &size_after, NULL));
  g_assert_cmpmem (after, size_after, before, size);
}

static void
test_sqlite_refuses (Rig *rig, const void *kind)
{
  g_autofree char *text = NULL;
  g_autofree char *foreign = g_build_filename (rig->folder, "foreign.db", NULL),
                  *bad = g_build_filename (rig->folder, "bad.db", NULL);
  gsize size;
  sqlite3 *db;

  /* Somebody else's database, and something that is none. */
  g_assert_cmpint (sqlite3_open (foreign, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, "CREATE TABLE t(x)", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
  expect_refusal (foreign, CLR_ERROR_CORRUPT);
  g_assert_true (g_file_set_contents (bad, "Dear Sir or Madam", -1, NULL));
  expect_refusal (bad, CLR_ERROR_CORRUPT);

  for (int i = 1; i <= 40; i++)
    insert (rig, i, 5);
  rig->store->klass->free (rig->store);
  g_assert_cmpint (sqlite3_open (rig->path, &db), ==, SQLITE_OK);
  sqlite3_exec (db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
  sqlite3_close (db);
  g_assert_true (g_file_get_contents (rig->path, &text, &size, NULL));
  g_assert_cmpuint (size, >, 3 * 4096);

  /* Cut, at a page and inside one. */
  g_assert_true (g_file_set_contents (bad, text, size - 2 * 4096, NULL));
  expect_refusal (bad, CLR_ERROR_CORRUPT);
  g_assert_true (g_file_set_contents (bad, text, 50, NULL));
  expect_refusal (bad, CLR_ERROR_CORRUPT);
  /* A page in the middle overwritten. */
  g_autofree char *broken = g_memdup2 (text, size);
  memset (broken + size / 4096 / 2 * 4096, 0x5a, 4096);
  g_assert_true (g_file_set_contents (bad, broken, size, NULL));
  expect_refusal (bad, CLR_ERROR_CORRUPT);
  /* A version to come: user_version, big endian at 60. */
  g_autofree char *newer = g_memdup2 (text, size);
  newer[63]++;
  g_assert_true (g_file_set_contents (bad, newer, size, NULL));
  expect_refusal (bad, CLR_ERROR_NEWER);

  /* An empty file is what a start leaves that was cut: it is filled. */
  g_autoptr (GError) error = NULL;
  g_autofree char *log = g_strconcat (bad, "-wal", NULL);
  g_assert_true (g_file_set_contents (bad, "", 0, NULL));
  g_remove (log);
  ClrQueueStore *store = clr_store_sqlite_new (bad, &error);
  g_assert_no_error (error);
  store->klass->free (store);
  /* But not beside the log of a file that is gone: SQLite would read it as the new one's. */
  g_assert_true (g_file_set_contents (log, "mail", -1, NULL));
  g_remove (bad);
  g_assert_null (clr_store_sqlite_new (bad, &error));
  g_assert_error (error, CLR_ERROR, CLR_ERROR_CORRUPT);
  g_assert_false (g_file_test (bad, G_FILE_TEST_EXISTS));
  g_clear_error (&error);
  rig->store = clr_store_sqlite_new (rig->path, &error);
  g_assert_no_error (error);
  expect_count (rig, 40, 200, 0, 0);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *name;
    void (*test) (Rig *rig, const void *kind);
    gboolean sqlite_only;
  } cases[] = {
    { "insert", test_insert, FALSE },
    { "claim", test_claim, FALSE },
    { "claim-by-due", test_claim_by_due, FALSE },
    { "update", test_update, FALSE },
    { "remove", test_remove, FALSE },
    { "retry", test_retry_act, FALSE },
    { "delete", test_delete_act, FALSE },
    { "age", test_age_act, FALSE },
    { "expire", test_expire_act, FALSE },
    { "hold", test_hold_act, FALSE },
    { "priority", test_priority_act, FALSE },
    { "many", test_many_act, FALSE },
    { "notice", test_notice_act, FALSE },
    { "filter", test_filter_in_store, FALSE },
    { "page", test_page, FALSE },
    { "lanes", test_lanes, FALSE },
    { "recover", test_recover, FALSE },
    { "keeps", test_sqlite_keeps, TRUE },
    { "upgrades", test_sqlite_upgrades, TRUE },
    { "rolls-back", test_sqlite_rolls_back, TRUE },
    { "refuses", test_sqlite_refuses, TRUE },
  };
  static const char *const kinds[] = { "memory", "sqlite" };

  g_test_init (&argc, &argv, NULL);
  for (unsigned k = 0; k < 2; k++)
    for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
      if (k == 1 || !cases[i].sqlite_only)
        {
          g_autofree char *path = g_strdup_printf ("/queue/store-%s/%s", kinds[k], cases[i].name);
          g_test_add (path, Rig, kinds[k], set_up, cases[i].test, tear_down);
        }
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * When to try again, and what a store must do: the same cases for the one in memory and the one in SQLite.
 */
#include "base/clr-error.h"
#include "clr-test.h"
#include "queue/clr-retry.h"
#include "queue/clr-store-sqlite.h"

#include <sqlite3.h>

#define SECOND G_GINT64_CONSTANT (1000000)

/* -- retry */

static void
test_retry (void)
{
  static const uint32_t randoms[] = { 0, 1, 12345, 0x7fffffff, 0x80000000, UINT32_MAX };
  ClrRetryRule rule = { 300 * SECOND, 14400 * SECOND, 0 };
  gboolean varies = FALSE;

  for (unsigned attempts = 0; attempts < 2000; attempts = attempts < 20 ? attempts + 1 : attempts * 3)
    for (unsigned r = 0; r < G_N_ELEMENTS (randoms); r++)
      {
        unsigned doublings = MIN (MAX (attempts, 1) - 1, 10);
        int64_t base = MIN (rule.first_us << doublings, rule.longest_us),
                wait = clr_retry_get_wait (&rule, attempts, randoms[r]);

        g_assert_cmpint (wait, >=, base - base / 8);
        g_assert_cmpint (wait, <=, base + base / 8);
        varies = varies || wait != base;
      }
  g_assert_true (varies);

  for (unsigned failures = 1; failures < 100; failures++)
    {
      int64_t base = MIN (5 * SECOND << MIN (failures - 1, 10), 300 * SECOND),
              rest = clr_retry_get_rest (failures, 99);
      g_assert_cmpint (rest, >=, base - base / 8);
      g_assert_cmpint (rest, <=, base + base / 8);
    }
  g_assert_cmpint (clr_retry_get_wait (&rule, UINT_MAX, 5), <=, 16200 * SECOND);
}

/* -- the stores */

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
  message->eight_bit = message->smtputf8 = TRUE;
  message->size = 7;
  message->origin = g_strdup ("smtp");
  message->client = g_strdup ("192.0.2.7");
  message->device = g_strdup ("printer");
  message->priority = 4;
  message->requiretls = TRUE;
  message->stream = g_strdup ("stream");
  message->campaign = g_strdup ("campaign");
  message->tag = g_strdup ("tag");
  message->attributes = g_strdup ("{}");
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
  ClrBatch *batch = clr_batch_new ();
  ClrRecipientUpdate facts = { .message = id,
                               .number = number,
                               .state = state,
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
  uint64_t messages = 99, states[CLR_RECIPIENT_BOUNCING + 1] = { 0 };

  g_assert_true (rig->store->klass->count (rig->store, &messages, states, NULL));
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
  g_assert_true (message->smtputf8);
  g_assert_cmpuint (message->size, ==, 7);
  g_assert_cmpstr (message->origin, ==, "smtp");
  g_assert_cmpstr (message->client, ==, "192.0.2.7");
  g_assert_cmpstr (message->device, ==, "printer");
  g_assert_cmpint (message->priority, ==, 4);
  g_assert_true (message->requiretls);
  g_assert_cmpstr (message->stream, ==, "stream");
  g_assert_cmpstr (message->campaign, ==, "campaign");
  g_assert_cmpstr (message->tag, ==, "tag");
  g_assert_cmpstr (message->attributes, ==, "{}");
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
  g_array_append_vals (batch->removes, ids, 2);
  apply (rig, batch);
  expect_states (rig, 1, "gone");
  expect_states (rig, 2, "0");
  expect_count (rig, 1, 1, 0, 0);
}

/* Returns: the recipients changed. */
static unsigned
act (Rig *rig, ClrActKind what, uint64_t id, int64_t now)
{
  ClrBatch *batch = clr_batch_new ();
  ClrAct *order = clr_act_new (what, id, now);
  unsigned done = 0, told = 0;

  g_ptr_array_add (batch->acts, order);
  rig->store->klass->apply (rig->store, batch, on_done, &done);
  for (unsigned i = 0; i < order->messages->len; i++)
    told += ((ClrMessage *)order->messages->pdata[i])->n_recipients;
  unsigned changed = order->n_changed;
  g_assert_cmpuint (told, ==, changed);
  clr_act_free (order);
  clr_batch_free (batch);
  return changed;
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
test_expire_act (Rig *rig, const void *kind)
{
  insert (rig, 1, 3);
  update (rig, 1, 1, CLR_RECIPIENT_ACTIVE, 0);
  g_assert_cmpuint (act (rig, CLR_ACT_EXPIRE, 0, 100 * SECOND - 1), ==, 0);
  g_assert_cmpuint (act (rig, CLR_ACT_EXPIRE, 0, 100 * SECOND), ==, 2);
  expect_states (rig, 1, "313");
  g_assert_cmpuint (act (rig, CLR_ACT_EXPIRE, 0, 100 * SECOND), ==, 0);
}

static void
expect_page (Rig *rig, uint64_t after, unsigned n, int state, const char *expected)
{
  g_autoptr (GPtrArray) messages = rig->store->klass->page (rig->store, after, n, state, NULL);
  g_autoptr (GString) text = g_string_new (NULL);

  for (unsigned i = 0; i < messages->len; i++)
    g_string_append_printf (text, "%d ", (int)((ClrMessage *)messages->pdata[i])->id);
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
  expect_page (rig, 0, 2, -1, "1 2 ");
  expect_page (rig, 2, 2, -1, "3 4 ");
  expect_page (rig, 4, 9, -1, "5 ");
  expect_page (rig, 5, 9, -1, "");
  expect_page (rig, 0, 9, CLR_RECIPIENT_FAILED, "2 5 ");
  expect_page (rig, 2, 9, CLR_RECIPIENT_FAILED, "5 ");
  expect_page (rig, 0, 9, CLR_RECIPIENT_HELD, "");
}

static void
on_lane (const char *key, unsigned n_waiting, int64_t next_due_us, void *data)
{
  g_ptr_array_add (data, g_strdup_printf ("%s %u %d;", key, n_waiting, (int)(next_due_us / SECOND)));
}

static int
compare_texts (const void *a, const void *b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static void
test_recover (Rig *rig, const void *kind)
{
  g_autoptr (GPtrArray) finished = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  g_autoptr (GPtrArray) lanes = g_ptr_array_new_with_free_func (g_free);

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
  g_assert_true (rig->store->klass->visit_lanes (rig->store, on_lane, lanes, NULL));
  g_ptr_array_sort (lanes, compare_texts);
  g_assert_cmpuint (lanes->len, ==, 2);
  g_assert_cmpstr (lanes->pdata[0], ==, "smarthost:a 2 1;");
  g_assert_cmpstr (lanes->pdata[1], ==, "smarthost:b 1 2;");
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
    { "expire", test_expire_act, FALSE },
    { "page", test_page, FALSE },
    { "recover", test_recover, FALSE },
    { "keeps", test_sqlite_keeps, TRUE },
    { "rolls-back", test_sqlite_rolls_back, TRUE },
    { "refuses", test_sqlite_refuses, TRUE },
  };
  static const char *const kinds[] = { "memory", "sqlite" };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/queue/retry", test_retry);
  for (unsigned k = 0; k < 2; k++)
    for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
      if (k == 1 || !cases[i].sqlite_only)
        {
          g_autofree char *path = g_strdup_printf ("/queue/store-%s/%s", kinds[k], cases[i].name);
          g_test_add (path, Rig, kinds[k], set_up, cases[i].test, tear_down);
        }
  return g_test_run ();
}

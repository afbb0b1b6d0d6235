/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a store must do: the same cases for the one in memory and the one in SQLite.
 */
#include "clr-store-rig.h"

static void
test_insert (ClrStoreRig *rig, const void *kind)
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
test_claim (ClrStoreRig *rig, const void *kind)
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
test_claim_by_due (ClrStoreRig *rig, const void *kind)
{
  insert (rig, 1, 1);
  insert (rig, 2, 1);
  update (rig, 1, 0, CLR_RECIPIENT_WAITING, 50 * SECOND);
  expect_claim (rig, "smarthost:a", 60 * SECOND, 1, "2:0 next 50");
}

static void
test_update (ClrStoreRig *rig, const void *kind)
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
test_remove (ClrStoreRig *rig, const void *kind)
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

static void
expect_page (ClrStoreRig *rig, uint64_t after, unsigned n, const char *filter, const char *expected)
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
test_page (ClrStoreRig *rig, const void *kind)
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
test_filter_in_store (ClrStoreRig *rig, const void *kind)
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
test_recover (ClrStoreRig *rig, const void *kind)
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
test_lanes (ClrStoreRig *rig, const void *kind)
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

int
main (int argc, char *argv[])
{
  static const ClrStoreCase cases[] = {
    { "insert", test_insert },          { "claim", test_claim },     { "claim-by-due", test_claim_by_due },
    { "update", test_update },          { "remove", test_remove },   { "page", test_page },
    { "filter", test_filter_in_store }, { "recover", test_recover }, { "lanes", test_lanes },
  };

  g_test_init (&argc, &argv, NULL);
  add_cases ("memory", cases, G_N_ELEMENTS (cases));
  add_cases ("sqlite", cases, G_N_ELEMENTS (cases));
  return g_test_run ();
}

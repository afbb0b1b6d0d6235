/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an order does to the mail in a store: the same cases for both stores.
 */
#include "clr-store-rig.h"

static void
test_retry_act (ClrStoreRig *rig, const void *kind)
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
test_delete_act (ClrStoreRig *rig, const void *kind)
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
test_age_act (ClrStoreRig *rig, const void *kind)
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
test_expire_act (ClrStoreRig *rig, const void *kind)
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

/* Deleted, and the sender told in our own words. */
static void
test_refuse_act (ClrStoreRig *rig, const void *kind)
{
  ClrAct *order = clr_act_new (CLR_ACT_REFUSE, 1, SECOND);

  insert (rig, 1, 3);
  update (rig, 1, 0, CLR_RECIPIENT_FAILED, 0);
  update (rig, 1, 1, CLR_RECIPIENT_ACTIVE, 0);
  order->reports = TRUE;
  order->reason = "no such mail here";
  g_assert_cmpuint (act_with (rig, order), ==, 2);
  expect_states (rig, 1, "515");
  g_autoptr (ClrMessage) message = rig->store->klass->load (rig->store, 1, NULL);
  g_assert_cmpint (message->recipients[0].code, ==, 550);
  g_assert_cmpstr (message->recipients[0].enhanced, ==, "5.7.1");
  g_assert_cmpstr (message->recipients[2].text, ==, "no such mail here");
  g_assert_null (message->recipients[0].host);
  g_assert_cmpint (message->recipients[1].code, ==, 451); /* what is on its way stays as it is */
  g_assert_cmpuint (message->recipients[2].report, ==, CLR_REPORT_FAILED);
}

static void
test_hold_act (ClrStoreRig *rig, const void *kind)
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
test_priority_act (ClrStoreRig *rig, const void *kind)
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

/* No way leads to nowhere.example. */
static char *
find_lane (const ClrMessage *message, const char *address, void *data)
{
  return g_str_has_suffix (address, "@nowhere.example") ? NULL : g_strdup (data);
}

static unsigned
move (ClrStoreRig *rig, ClrMove *how, int64_t now)
{
  ClrAct *order = clr_act_new (CLR_ACT_MOVE, 1, now);

  order->move = how;
  return act_with (rig, order);
}

static void
test_move_act (ClrStoreRig *rig, const void *kind)
{
  ClrMove reroute = { .find_lane = find_lane, .data = "smarthost:c" };
  ClrMove away
      = { .from = "r3@example.net", .to = "x@example.org", .find_lane = find_lane, .data = "smarthost:d" };
  ClrMove nowhere = { .to = "x@nowhere.example", .find_lane = find_lane, .data = "smarthost:d" };

  insert (rig, 1, 4);
  insert (rig, 2, 2);
  update (rig, 1, 1, CLR_RECIPIENT_ACTIVE, 0);
  update (rig, 1, 2, CLR_RECIPIENT_FAILED, 0);
  g_assert_cmpuint (act_on (rig, CLR_ACT_HOLD, "to:r3@example.net id:0000000000001", 0), ==, 1);
  expect_states (rig, 1, "0134");

  /* What is on its way goes on; what failed lives again, and what is held stays so. */
  g_assert_cmpuint (move (rig, &reroute, 200 * SECOND), ==, 3);
  expect_states (rig, 1, "0104");
  expect_claim (rig, "smarthost:c", 200 * SECOND, 9, "1:0 1:2 next never");
  expect_claim (rig, "smarthost:a", 99 * SECOND, 9, "2:0 next never"); /* others are not touched */

  g_assert_cmpuint (move (rig, &away, 300 * SECOND), ==, 1);
  g_assert_cmpuint (move (rig, &away, 300 * SECOND), ==, 0); /* there is no such recipient any more */
  g_assert_cmpuint (move (rig, &nowhere, 300 * SECOND), ==, 0);
  expect_states (rig, 1, "1114");
  g_autoptr (ClrMessage) message = rig->store->klass->load (rig->store, 1, NULL);
  g_assert_cmpstr (message->recipients[3].address, ==, "x@example.org");
  g_assert_cmpstr (message->recipients[3].lane, ==, "smarthost:d");
  g_assert_cmpstr (message->recipients[1].lane, ==, "smarthost:b");
  g_assert_cmpint (message->recipients[2].expires_us, ==, 300 * SECOND - 500);
  g_assert_cmpuint (act_on (rig, CLR_ACT_RELEASE, "to:x@example.org", 400 * SECOND), ==, 1);
  expect_claim (rig, "smarthost:d", 400 * SECOND, 9, "1:3 next never");
}

/* More than a slice. */
static void
test_many_act (ClrStoreRig *rig, const void *kind)
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
insert_with_notice (ClrStoreRig *rig, uint64_t id, int64_t notice_us)
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
test_notice_act (ClrStoreRig *rig, const void *kind)
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

int
main (int argc, char *argv[])
{
  static const ClrStoreCase cases[] = {
    { "retry", test_retry_act },       { "delete", test_delete_act }, { "age", test_age_act },
    { "expire", test_expire_act },     { "refuse", test_refuse_act }, { "hold", test_hold_act },
    { "priority", test_priority_act }, { "many", test_many_act },     { "notice", test_notice_act },
    { "move", test_move_act },
  };

  g_test_init (&argc, &argv, NULL);
  add_cases ("memory", cases, G_N_ELEMENTS (cases));
  add_cases ("sqlite", cases, G_N_ELEMENTS (cases));
  return g_test_run ();
}

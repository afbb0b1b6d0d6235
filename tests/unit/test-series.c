/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The counters over time, with a clock of our own.
 */
#include "clr-test.h"
#include "control/clr-series.h"

#include "base/clr-counter.h"

#include <glib/gstdio.h>

#define START_US (INT64_C (1790000000) * G_USEC_PER_SEC) /* a full ten seconds */

static int64_t
get (ClrSeries *series, const char *span, const char *row, unsigned from_end)
{
  g_autoptr (JsonObject) object = clr_series_to_json (series, span);
  JsonArray *array = json_object_get_array_member (object, row);
  JsonNode *node = json_array_get_element (array, json_array_get_length (array) - 1 - from_end);

  return JSON_NODE_HOLDS_NULL (node) ? -1 : json_node_get_int (node);
}

static void
test_growth (void)
{
  ClrSeries *series = clr_series_new_by_hand (NULL, START_US);

  g_assert_cmpint (get (series, "10m", "accepted", 0), ==, -1);
  clr_counter_add (CLR_COUNTER_MESSAGES_ACCEPTED_TOTAL, 3);
  clr_series_sample (series, START_US + 10 * G_USEC_PER_SEC);
  clr_counter_add (CLR_COUNTER_MESSAGES_ACCEPTED_TOTAL, 4);
  clr_counter_add (CLR_COUNTER_QUEUE_WAITING, 9);
  clr_series_sample (series, START_US + 20 * G_USEC_PER_SEC);
  clr_counter_add (CLR_COUNTER_QUEUE_WAITING, -7);
  clr_series_sample (series, START_US + 30 * G_USEC_PER_SEC);
  g_assert_cmpint (get (series, "10m", "accepted", 0), ==, 0);
  g_assert_cmpint (get (series, "10m", "accepted", 1), ==, 4);
  g_assert_cmpint (get (series, "10m", "accepted", 2), ==, 3);
  g_assert_cmpint (get (series, "10m", "accepted", 3), ==, -1);
  g_assert_cmpint (get (series, "10m", "waiting", 0), ==, 2);
  /* START_US is 20 s into its minute: all of it lies in that minute and the next. */
  g_assert_cmpint (get (series, "30d", "accepted", 0), ==, 7);
  g_assert_cmpint (get (series, "30d", "waiting", 0), ==, 9);
  g_assert_null (clr_series_to_json (series, "1y"));
  clr_counter_add (CLR_COUNTER_QUEUE_WAITING, -2);
  clr_series_free (series);
}

static void
test_gaps (void)
{
  ClrSeries *series = clr_series_new_by_hand (NULL, START_US);

  clr_series_sample (series, START_US);
  clr_series_sample (series, START_US + 40 * G_USEC_PER_SEC);
  g_assert_cmpint (get (series, "10m", "accepted", 0), ==, 0);
  g_assert_cmpint (get (series, "10m", "accepted", 1), ==, -1);
  g_assert_cmpint (get (series, "10m", "accepted", 4), ==, 0);
  /* A day asleep, and a clock put back. */
  clr_series_sample (series, START_US + INT64_C (86400) * G_USEC_PER_SEC);
  g_assert_cmpint (get (series, "10m", "accepted", 1), ==, -1);
  g_assert_cmpint (get (series, "10m", "accepted", 59), ==, -1);
  clr_series_sample (series, START_US);
  g_assert_cmpint (get (series, "10m", "accepted", 0), ==, 0);
  g_assert_cmpint (get (series, "24h", "accepted", 1), ==, -1);
  clr_series_free (series);
}

static void
test_restart (void)
{
  char *folder = clr_test_make_folder ();
  /* What is kept expires by the real clock. An hour's first minutes, so that all lies in one hour. */
  int64_t minute_us
      = g_get_real_time () / (INT64_C (3600) * G_USEC_PER_SEC) * (INT64_C (3600) * G_USEC_PER_SEC);
  ClrState *state = clr_state_open (folder, NULL);
  ClrSeries *series = clr_series_new_by_hand (state, minute_us);

  clr_counter_add (CLR_COUNTER_MESSAGES_ACCEPTED_TOTAL, 5);
  clr_series_sample (series, minute_us + 10 * G_USEC_PER_SEC);
  clr_series_sample (series, minute_us + 70 * G_USEC_PER_SEC);
  clr_series_free (series);
  clr_state_put_post (state, CLR_STATE_SERIES, "minute 29833333", "[1,2]", 0); /* not one of ours */
  clr_state_free (state);

  state = clr_state_open (folder, NULL);
  series = clr_series_new_by_hand (state, minute_us + 130 * G_USEC_PER_SEC);
  g_assert_cmpint (get (series, "24h", "accepted", 2), ==, 5);
  g_assert_cmpint (get (series, "24h", "accepted", 1), ==, 0);
  g_assert_cmpint (get (series, "24h", "accepted", 0), ==, -1);
  g_assert_cmpint (get (series, "30d", "accepted", 0), ==, 5);
  clr_series_free (series);
  clr_state_free (state);
  clr_test_remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/series/growth", test_growth);
  g_test_add_func ("/series/gaps", test_gaps);
  g_test_add_func ("/series/restart", test_restart);
  return g_test_run ();
}

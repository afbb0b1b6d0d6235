/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-ring.h"
#include "clr-test.h"

#include <string.h>

#define EVENT CLR_EVENT_RECIPIENT_REFUSED /* client from to reply */

typedef struct
{
  uint64_t first, last, n;
  unsigned stop_after;
  char *text; /* of the last */
} Seen;

static gboolean
on_event (uint64_t number, int64_t time_us, ClrEventId id, const char *const *values, void *data)
{
  Seen *seen = data;

  g_assert_cmpint (id, ==, EVENT);
  g_assert_cmpint (time_us, ==, (int64_t)number * 10);
  g_assert_null (values[1]);
  g_assert_cmpstr (values[2], ==, "");
  if (seen->n++ == 0)
    seen->first = number;
  else
    g_assert_cmpuint (number, ==, seen->last + 1);
  seen->last = number;
  g_free (seen->text);
  seen->text = g_strdup (values[3]);
  return seen->stop_after == 0 || seen->n < seen->stop_after;
}

static uint64_t written;

static void
put (unsigned n, unsigned size)
{
  g_autoptr (GByteArray) records = g_byte_array_new ();
  g_autofree char *filler = g_strnfill (size, 'x');

  for (unsigned i = 0; i < n; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u %s", (unsigned)++written, filler);
      clr_ring_gather (records, EVENT, (int64_t)written * 10, (const char *const[]){ "c", NULL, "", text });
    }
  clr_ring_append (records);
  g_assert_cmpuint (records->len, ==, 0);
}

static void
test_ring (void)
{
  uint64_t missed, next;
  Seen seen = { 0 };

  g_assert_cmpuint (clr_ring_visit (0, on_event, &seen, &missed), ==, 0);
  g_assert_true (seen.n == 0 && missed == 0 && clr_ring_get_newest () == 0);
  put (0, 0);
  put (3, 5);
  put (2, 5);
  g_assert_cmpuint (clr_ring_visit (0, on_event, &seen, &missed), ==, 5);
  g_assert_true (seen.n == 5 && seen.first == 1 && missed == 0);
  g_assert_cmpstr (seen.text, ==, "5 xxxxx");

  /* From the middle of a block; stopped. */
  g_free (seen.text);
  seen = (Seen){ .stop_after = 2 };
  next = clr_ring_visit (1, on_event, &seen, &missed);
  g_assert_true (seen.first == 2 && seen.n == 2 && next == 3);
  g_free (seen.text);
  seen = (Seen){ 0 };
  g_assert_cmpuint (clr_ring_visit (5, on_event, &seen, &missed), ==, 5);
  g_assert_cmpuint (seen.n, ==, 0);

  /* More than it holds: the oldest go, and that is told; at least half of it is there. A value is cut. */
  for (unsigned i = 0; i < 300; i++)
    {
      put (40, i * 7 % 1200);
      g_free (seen.text);
      seen = (Seen){ 0 };
      g_assert_cmpuint (clr_ring_visit (0, on_event, &seen, &missed), ==, written);
      g_assert_cmpuint (missed + seen.n, ==, written);
      g_assert_cmpuint (seen.first, ==, missed + 1);
      g_assert_cmpuint (strlen (seen.text), <=, 1000);
    }
  g_assert_cmpuint (missed, >, 0);
  g_assert_cmpuint (seen.n, >, CLR_RING_SIZE / 2 / 1100);
  g_free (seen.text);
  seen = (Seen){ 0 };
  g_assert_cmpuint (clr_ring_visit (written - 1, on_event, &seen, &missed), ==, written);
  g_assert_true (seen.n == 1 && missed == 0);
  g_free (seen.text);
}

/* What the mail path pays: bounded generously, the machine may be busy. */
static void
test_cost (void)
{
  g_autoptr (GByteArray) records = g_byte_array_new ();
  const char *const values[] = { "192.0.2.1", "somebody@example.com", "else@example.net", "550 5.7.1 no" };
  int64_t start = g_get_monotonic_time ();
  enum
  {
    N = 200000
  };

  for (unsigned i = 0; i < N; i++)
    {
      clr_ring_gather (records, EVENT, start, values);
      if (i % 16 == 15)
        clr_ring_append (records);
    }
  double each = (g_get_monotonic_time () - start) * 1000.0 / N;
  g_test_message ("%.0f ns an event", each);
  g_assert_cmpfloat (each, <, 5000);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ring/ring", test_ring);
  g_test_add_func ("/ring/cost", test_cost);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The curve of connections to a next hop, and what is remembered of the way there.
 */
#include "delivery/clr-concurrency.h"
#include "delivery/clr-reach-memory.h"
#include "system/clr-internet.h"

static void
test_grows (void)
{
  ClrConcurrency concurrency;
  unsigned successes = 0;

  clr_concurrency_init (&concurrency, 10);
  clr_concurrency_probe (&concurrency);
  g_assert_cmpuint (concurrency.limit, ==, 1);
  /* One more after as many successes as the limit is: 1 + 2 + ... + 9 up to 10. */
  for (unsigned limit = 1; limit < 10; limit++)
    for (unsigned i = 0; i < limit; i++, successes++)
      {
        g_assert_cmpuint (concurrency.limit, ==, limit);
        clr_concurrency_succeeded (&concurrency);
      }
  g_assert_cmpuint (successes, ==, 45);
  for (unsigned i = 0; i < 1000; i++)
    clr_concurrency_succeeded (&concurrency);
  g_assert_cmpuint (concurrency.limit, ==, 10);
}

static void
test_halves (void)
{
  static const unsigned expected[] = { 10, 5, 2, 1, 1 };
  ClrConcurrency concurrency;

  clr_concurrency_init (&concurrency, 20);
  while (concurrency.limit < 20)
    clr_concurrency_succeeded (&concurrency);
  for (unsigned i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      clr_concurrency_failed (&concurrency);
      g_assert_cmpuint (concurrency.limit, ==, expected[i]);
    }
  clr_concurrency_succeeded (&concurrency);
  clr_concurrency_succeeded (&concurrency);
  clr_concurrency_failed (&concurrency); /* a window that was not full does not count */
  clr_concurrency_succeeded (&concurrency);
  g_assert_cmpuint (concurrency.limit, ==, 2);
}

static void
test_bounds (void)
{
  ClrConcurrency concurrency;

  for (unsigned most = 0; most < 6; most++)
    {
      clr_concurrency_init (&concurrency, most);
      g_assert_cmpuint (concurrency.limit, >=, 1);
      g_assert_cmpuint (concurrency.limit, <=, MAX (most, 1));
      for (unsigned i = 0; i < 100; i++)
        clr_concurrency_succeeded (&concurrency);
      g_assert_cmpuint (concurrency.limit, ==, MAX (most, 1));
    }
}

static void
test_broken_family (void)
{
  ClrReachMemory *memory = clr_reach_memory_new ();
  int64_t now = 1000;

  /* Nobody's fault as long as it is not several times in a row. */
  for (unsigned i = 0; i < CLR_REACH_FAMILY_FAILURES - 1; i++)
    clr_reach_memory_reached (memory, AF_INET, TRUE, now);
  g_assert_false (clr_reach_memory_is_broken (memory, AF_INET6, now));
  clr_reach_memory_reached (memory, AF_INET6, FALSE, now);
  clr_reach_memory_reached (memory, AF_INET, TRUE, now);
  g_assert_false (clr_reach_memory_is_broken (memory, AF_INET6, now));
  /* Hosts that have one family only say nothing about the other. */
  for (unsigned i = 0; i < 10; i++)
    clr_reach_memory_reached (memory, AF_INET, FALSE, now);
  g_assert_false (clr_reach_memory_is_broken (memory, AF_INET6, now));
  for (unsigned i = 0; i < CLR_REACH_FAMILY_FAILURES; i++)
    clr_reach_memory_reached (memory, AF_INET, TRUE, now);
  g_assert_true (clr_reach_memory_is_broken (memory, AF_INET6, now));
  g_assert_false (clr_reach_memory_is_broken (memory, AF_INET, now));
  /* Forgotten after a while, and at once when it works after all. */
  g_assert_true (clr_reach_memory_is_broken (memory, AF_INET6, now + CLR_REACH_FAMILY_US - 1));
  g_assert_false (clr_reach_memory_is_broken (memory, AF_INET6, now + CLR_REACH_FAMILY_US));
  clr_reach_memory_reached (memory, AF_INET6, FALSE, now);
  g_assert_false (clr_reach_memory_is_broken (memory, AF_INET6, now));
  clr_reach_memory_free (memory);
}

static void
test_clear_hosts (void)
{
  ClrReachMemory *memory = clr_reach_memory_new ();

  clr_reach_memory_set_clear (memory, "mx.test:25", 1000);
  g_assert_true (clr_reach_memory_is_clear (memory, "mx.test:25", 1000));
  g_assert_false (clr_reach_memory_is_clear (memory, "mx.test:26", 1000));
  g_assert_false (clr_reach_memory_is_clear (memory, "mx.test:25", 1000 + CLR_REACH_CLEAR_US));
  /* Bounded, whatever comes. */
  for (unsigned i = 0; i < 5 * CLR_REACH_CLEAR_MOST; i++)
    {
      g_autofree char *host = g_strdup_printf ("mx%u.test:25", i);
      clr_reach_memory_set_clear (memory, host, 1000 + i);
      g_assert_true (clr_reach_memory_is_clear (memory, host, 1000 + i));
    }
  clr_reach_memory_free (memory);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/delivery/concurrency/grows", test_grows);
  g_test_add_func ("/delivery/concurrency/halves", test_halves);
  g_test_add_func ("/delivery/concurrency/bounds", test_bounds);
  g_test_add_func ("/delivery/reach-memory/family", test_broken_family);
  g_test_add_func ("/delivery/reach-memory/clear", test_clear_hosts);
  return g_test_run ();
}

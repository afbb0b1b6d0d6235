/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The curve of connections to a next hop.
 */
#include "delivery/clr-concurrency.h"

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

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/delivery/concurrency/grows", test_grows);
  g_test_add_func ("/delivery/concurrency/halves", test_halves);
  g_test_add_func ("/delivery/concurrency/bounds", test_bounds);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Guesses, what was proved, and the crypto threads: with a clock of their own, bounded, and never a yes too
 * many.
 */
#include "clr-test.h"
#include "users/clr-guesses.h"
#include "users/clr-hasher.h"
#include "users/clr-proven.h"

#define SECOND ((int64_t)G_USEC_PER_SEC)
#define START  (INT64_C (1800000000) * SECOND)

static const ClrGuessRule rule
    = { .guesses = 6, .forget_us = 3600 * SECOND, .ban_us = 900 * SECOND, .longest_us = 7200 * SECOND };

/* The first ones are free, then waits grow, then there is a ban; each further one is twice as long, up to the
 * longest. */
static void
test_waits_and_bans (void)
{
  static const int64_t waits[] = { 0, 0, 0, 1, 2 }, bans[] = { 900, 1800, 3600, 7200, 7200 };
  ClrGuesses *guesses = clr_guesses_new (&rule, 100);
  int64_t now = START;
  uint64_t tag = 0;

  for (unsigned ban = 0; ban < G_N_ELEMENTS (bans); ban++)
    {
      const ClrGuess *guess;

      for (unsigned i = 0; i < G_N_ELEMENTS (waits); i++)
        {
          guess = clr_guesses_note (guesses, "address 192.0.2.1", ++tag, now);
          g_assert_false (guess->banned);
          g_assert_cmpint (MAX (guess->until_us - now, 0), ==, waits[i] * SECOND);
          now += 5 * SECOND;
        }
      guess = clr_guesses_note (guesses, "address 192.0.2.1", ++tag, now);
      g_assert_true (guess->banned && guess->began);
      g_assert_cmpint (guess->until_us - now, ==, bans[ban] * SECOND);
      /* What was on its way makes it no longer. */
      guess = clr_guesses_note (guesses, "address 192.0.2.1", ++tag, now + SECOND);
      g_assert_true (guess->banned && !guess->began);
      g_assert_cmpint (guess->until_us, ==, now + bans[ban] * SECOND);
      now = guess->until_us;
      g_autoptr (GPtrArray) over = clr_guesses_list (guesses, now);
      g_assert_cmpuint (over->len, ==, 0);
    }
  clr_guesses_free (guesses);
}

/* A device with an old password says it again and again: one guess. Nobody waits for what was long ago. */
static void
test_same_and_forgotten (void)
{
  ClrGuesses *guesses = clr_guesses_new (&rule, 100);
  int64_t now = START;
  const ClrGuess *guess = NULL;

  for (unsigned i = 0; i < 1000; i++, now += SECOND)
    guess = clr_guesses_note (guesses, "login copier", 77, now);
  g_assert_cmpuint (guess->failures, ==, 1);
  g_assert_false (guess->banned);
  for (unsigned i = 0; i < 100; i++, now += rule.forget_us + SECOND)
    guess = clr_guesses_note (guesses, "login slow", i + 1, now);
  g_assert_cmpuint (guess->failures, ==, 1);
  g_assert_false (guess->banned);
  clr_guesses_free (guesses);
}

static void
test_bounded_and_kept (void)
{
  ClrGuesses *guesses = clr_guesses_new (&rule, 10);
  const ClrGuess *guess;

  for (unsigned i = 0; i < 1000; i++)
    {
      g_autofree char *subject = g_strdup_printf ("address 192.0.2.%u", i);

      for (unsigned k = 0; k < rule.guesses; k++)
        clr_guesses_note (guesses, subject, 0, START + i);
    }
  g_autoptr (GPtrArray) list = clr_guesses_list (guesses, START + 1000);
  g_assert_cmpuint (list->len, ==, 10);
  g_assert_false (clr_guesses_lift (guesses, "address 192.0.2.5"));
  g_assert_true (clr_guesses_lift (guesses, "address 192.0.2.999"));
  /* A clock that was wrong bans nobody for years. */
  guess = clr_guesses_restore (guesses, "login office", 3, START + 1000000 * SECOND, START);
  g_assert_true (guess->banned);
  g_assert_cmpint (guess->until_us, ==, START + rule.longest_us);
  clr_guesses_free (guesses);

  ClrGuessRule never = rule;
  never.guesses = 0;
  guesses = clr_guesses_new (&never, 10);
  for (unsigned i = 0; i < 1000; i++)
    guess = clr_guesses_note (guesses, "login x", i + 1, START);
  g_assert_false (guess->banned);
  g_assert_cmpint (guess->until_us, ==, 0);
  clr_guesses_free (guesses);
}

static void
test_proven (void)
{
  static const uint8_t key[CLR_PROVEN_TAG] = { 1, 2, 3 }, other[CLR_PROVEN_TAG] = { 4 };
  ClrProven *proven = clr_proven_new (key, 4), *stranger = clr_proven_new (other, 4);
  ClrVerifier verifier, changed;
  uint8_t tag[CLR_PROVEN_TAG], wrong[CLR_PROVEN_TAG];

  g_assert_true (clr_verifier_make (&verifier, "right-one", CLR_VERIFIER_ITERATIONS, NULL));
  g_assert_true (clr_verifier_make (&changed, "right-one", CLR_VERIFIER_ITERATIONS, NULL));
  clr_proven_make_tag (proven, &verifier, "right-one", tag);
  g_assert_false (clr_proven_has (proven, "office", tag, 10));
  clr_proven_add (proven, "office", tag, 10, 100);
  g_assert_true (clr_proven_has (proven, "office", tag, 99));
  g_assert_false (clr_proven_has (proven, "office", tag, 100));
  g_assert_false (clr_proven_has (proven, "other", tag, 50));
  clr_proven_make_tag (proven, &verifier, "wrong-one", wrong);
  g_assert_false (clr_proven_has (proven, "office", wrong, 50));
  /* A password that was set anew is proved anew, though it is the same. */
  clr_proven_make_tag (proven, &changed, "right-one", wrong);
  g_assert_false (clr_proven_has (proven, "office", wrong, 50));
  clr_proven_make_tag (stranger, &verifier, "right-one", wrong);
  g_assert_true (memcmp (tag, wrong, sizeof tag) != 0);
  for (unsigned i = 0; i < 100; i++)
    {
      g_autofree char *login = g_strdup_printf ("login%u", i);

      clr_proven_add (proven, login, tag, 20 + i, 1000);
    }
  unsigned n = 0;
  for (unsigned i = 0; i < 100; i++)
    {
      g_autofree char *login = g_strdup_printf ("login%u", i);

      n += clr_proven_has (proven, login, tag, 200);
    }
  g_assert_cmpuint (n, <=, 4);
  clr_proven_free (proven);
  clr_proven_free (stranger);
}

static unsigned n_answered, n_good;

static void
on_answer (ClrLetter *letter, void *owner)
{
  ClrHashJob *job = (ClrHashJob *)letter;

  n_answered++;
  n_good += job->good;
  g_free (job->password);
  g_free (job);
}

/* More than may wait is not taken, and what was taken is answered. */
static void
test_hasher (void)
{
  ClrHasher *hasher = clr_hasher_new (2, 6);
  ClrMailbox *mailbox = clr_mailbox_new (NULL);
  ClrVerifier verifier;
  unsigned taken = 0, refused = 0;

  g_assert_true (clr_verifier_make (&verifier, "right-one", 50000, NULL));
  for (unsigned i = 0; i < 200; i++)
    {
      ClrHashJob *job = g_new0 (ClrHashJob, 1);

      job->reply_to = mailbox;
      job->answered = on_answer;
      job->verifier = verifier;
      job->password = g_strdup (i % 2 ? "wrong-one" : "right-one");
      if (clr_hasher_post (hasher, job))
        taken++;
      else
        {
          refused++;
          g_free (job->password);
          g_free (job);
        }
    }
  g_assert_cmpuint (refused, >, 0);
  g_assert_cmpuint (taken, >=, 6);
  clr_hasher_free (hasher);
  clr_mailbox_open_all (mailbox);
  g_assert_cmpuint (n_answered, ==, taken);
  g_assert_cmpuint (n_good, >, 0);
  g_assert_cmpuint (n_good, <, taken);
  clr_mailbox_free (mailbox);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/users/guesses/waits-and-bans", test_waits_and_bans);
  g_test_add_func ("/users/guesses/same-and-forgotten", test_same_and_forgotten);
  g_test_add_func ("/users/guesses/bounded-and-kept", test_bounded_and_kept);
  g_test_add_func ("/users/proven", test_proven);
  g_test_add_func ("/users/hasher", test_hasher);
  return g_test_run ();
}

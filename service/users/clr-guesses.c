/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "users/clr-guesses.h"

#include <string.h>

#define FREE_FAILURES 3  /* people mistype */
#define LONGEST_WAIT  64 /* seconds */

struct ClrGuesses
{
  ClrGuessRule rule;
  unsigned most;
  GHashTable *by_subject; /* subject -> GList of by_time */
  GQueue by_time;         /* of ClrGuess, who failed last at the tail */
};

ClrGuesses *
clr_guesses_new (const ClrGuessRule *rule, unsigned most)
{
  ClrGuesses *guesses = g_new0 (ClrGuesses, 1);

  guesses->rule = *rule;
  guesses->most = most;
  guesses->by_subject = g_hash_table_new (g_str_hash, g_str_equal);
  g_queue_init (&guesses->by_time);
  return guesses;
}

static void
guess_free (void *data)
{
  g_free (((ClrGuess *)data)->subject);
  g_free (data);
}

void
clr_guesses_free (ClrGuesses *guesses)
{
  g_hash_table_unref (guesses->by_subject);
  g_queue_clear_full (&guesses->by_time, guess_free);
  g_free (guesses);
}

void
clr_guesses_set_rule (ClrGuesses *guesses, const ClrGuessRule *rule)
{
  guesses->rule = *rule;
}

static void
forget (ClrGuesses *guesses, GList *link)
{
  ClrGuess *guess = link->data;

  g_hash_table_remove (guesses->by_subject, guess->subject);
  g_queue_delete_link (&guesses->by_time, link);
  guess_free (guess);
}

/* The subject's row, the last one from now on. */
static ClrGuess *
touch (ClrGuesses *guesses, const char *subject, int64_t now)
{
  GList *link = g_hash_table_lookup (guesses->by_subject, subject);
  ClrGuess *guess;

  if (link)
    {
      g_queue_unlink (&guesses->by_time, link);
      g_queue_push_tail_link (&guesses->by_time, link);
      return link->data;
    }
  if (guesses->by_time.length >= guesses->most)
    forget (guesses, guesses->by_time.head);
  guess = g_new0 (ClrGuess, 1);
  guess->subject = g_strdup (subject);
  guess->last_us = now;
  g_queue_push_tail (&guesses->by_time, guess);
  g_hash_table_insert (guesses->by_subject, guess->subject, guesses->by_time.tail);
  return guess;
}

const ClrGuess *
clr_guesses_note (ClrGuesses *guesses, const char *subject, uint64_t tag, int64_t now)
{
  const ClrGuessRule *rule = &guesses->rule;
  ClrGuess *guess = touch (guesses, subject, now);
  gboolean same = tag != 0 && tag == guess->tag;
  int64_t wait = guess->banned ? guess->until_us - guess->last_us : 0;

  if (now - guess->last_us > rule->forget_us + wait)
    guess->failures = guess->bans = 0;
  guess->last_us = now;
  guess->began = FALSE;
  /* What was on its way when the ban came. */
  if (guess->banned && now < guess->until_us)
    return guess;
  guess->banned = FALSE;
  guess->tag = tag;
  if (same || rule->guesses == 0)
    return guess;
  guess->failures++;
  if (guess->failures >= rule->guesses)
    {
      unsigned doublings = MIN (guess->bans, 20);

      guess->banned = guess->began = TRUE;
      guess->until_us = now + MIN (rule->ban_us << doublings, rule->longest_us);
      guess->bans++;
      guess->failures = 0;
    }
  else if (guess->failures > FREE_FAILURES)
    guess->until_us
        = now + MIN (1 << MIN (guess->failures - FREE_FAILURES - 1, 10), LONGEST_WAIT) * G_USEC_PER_SEC;
  return guess;
}

const ClrGuess *
clr_guesses_restore (ClrGuesses *guesses, const char *subject, unsigned bans, int64_t until_us, int64_t now)
{
  ClrGuess *guess = touch (guesses, subject, now);

  guess->banned = TRUE;
  guess->bans = bans;
  /* The clock may have been set meanwhile. */
  guess->until_us = MIN (until_us, now + guesses->rule.longest_us);
  return guess;
}

gboolean
clr_guesses_lift (ClrGuesses *guesses, const char *subject)
{
  GList *link = g_hash_table_lookup (guesses->by_subject, subject);

  if (link)
    forget (guesses, link);
  return link != NULL;
}

static int
compare (const void *a, const void *b)
{
  return strcmp ((*(const ClrGuess *const *)a)->subject, (*(const ClrGuess *const *)b)->subject);
}

GPtrArray *
clr_guesses_list (ClrGuesses *guesses, int64_t now)
{
  GPtrArray *list = g_ptr_array_new ();

  for (GList *link = guesses->by_time.head; link; link = link->next)
    {
      ClrGuess *guess = link->data;

      if (guess->banned && now < guess->until_us)
        g_ptr_array_add (list, guess);
    }
  g_ptr_array_sort (list, compare);
  return list;
}

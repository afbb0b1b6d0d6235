/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "users/clr-guard.h"

#include "base/clr-clock.h"
#include "base/clr-log.h"

#include <string.h>

#define SUBJECTS_MOST 20000

struct ClrGuard
{
  ClrGuesses *guesses;
  ClrGuardMemory memory;
  ClrMailbox *mailbox;
  guint source;
  GPtrArray *logins; /* of ClrLogins */
};

typedef struct
{
  ClrLetter letter;
  char *subject;
  char *login;
  uint64_t tag;
} NewsLetter;

ClrGuard *
clr_guard_new (const ClrGuessRule *rule, const ClrGuardMemory *memory)
{
  ClrGuard *guard = g_new0 (ClrGuard, 1);

  guard->guesses = clr_guesses_new (rule, SUBJECTS_MOST);
  guard->memory = *memory;
  guard->logins = g_ptr_array_new ();
  guard->mailbox = clr_mailbox_new (guard);
  guard->source = clr_mailbox_attach (guard->mailbox);
  return guard;
}

void
clr_guard_free (ClrGuard *guard)
{
  g_source_remove (guard->source);
  g_ptr_array_set_size (guard->logins, 0); /* nobody is there to be told */
  clr_mailbox_wake_up (guard->mailbox);
  clr_mailbox_open_all (guard->mailbox);
  clr_mailbox_free (guard->mailbox);
  clr_guesses_free (guard->guesses);
  g_ptr_array_unref (guard->logins);
  g_free (guard);
}

void
clr_guard_add_logins (ClrGuard *guard, ClrLogins *logins)
{
  g_ptr_array_add (guard->logins, logins);
}

void
clr_guard_set_rule (ClrGuard *guard, const ClrGuessRule *rule)
{
  clr_guesses_set_rule (guard->guesses, rule);
}

static void
tell (ClrGuard *guard, const char *subject, int64_t until_us, gboolean banned)
{
  for (unsigned i = 0; i < guard->logins->len; i++)
    clr_logins_post_wait (guard->logins->pdata[i], subject, until_us, banned);
}

void
clr_guard_restore (ClrGuard *guard, const char *subject, unsigned bans, int64_t until_us)
{
  int64_t now = clr_clock_wall ();

  if (until_us <= now)
    return;
  const ClrGuess *guess = clr_guesses_restore (guard->guesses, subject, bans, until_us, now);
  tell (guard, subject, guess->until_us, TRUE);
}

static void
note_failure (ClrGuard *guard, const char *subject, uint64_t tag)
{
  int64_t now = clr_clock_wall ();
  const ClrGuess *guess = clr_guesses_note (guard->guesses, subject, tag, now);

  if (guess->until_us <= now)
    return;
  tell (guard, subject, guess->until_us, guess->banned);
  if (!guess->began)
    return;
  g_autofree char *seconds = g_strdup_printf ("%" G_GINT64_FORMAT, (guess->until_us - now) / G_USEC_PER_SEC);
  clr_log_event (CLR_EVENT_BAN_SET, subject, seconds);
  clr_log_flush ();
  if (guard->memory.keep)
    guard->memory.keep (subject, guess->bans, guess->until_us, guard->memory.data);
}

static void
letter_free (NewsLetter *news)
{
  g_free (news->subject);
  g_free (news->login);
  g_free (news);
}

static void
open_failure (ClrLetter *letter, void *owner)
{
  NewsLetter *news = (NewsLetter *)letter;
  g_autofree char *login = g_strconcat ("login ", news->login, NULL);

  note_failure (owner, news->subject, news->tag);
  if (*news->login)
    note_failure (owner, login, news->tag);
  letter_free (news);
}

static void
open_success (ClrLetter *letter, void *owner)
{
  ClrGuard *guard = owner;
  NewsLetter *news = (NewsLetter *)letter;
  g_autofree char *pair = g_strconcat (news->subject, " ", news->login, NULL);

  for (unsigned i = 0; i < guard->logins->len; i++)
    clr_logins_post_known (guard->logins->pdata[i], pair);
  letter_free (news);
}

static void
post (ClrGuard *guard, const char *subject, const char *login, uint64_t tag,
      void (*open) (ClrLetter *letter, void *owner))
{
  NewsLetter *news = g_new0 (NewsLetter, 1);

  news->letter.open = open;
  news->subject = g_strdup (subject);
  news->login = g_strdup (login);
  news->tag = tag;
  clr_mailbox_post (guard->mailbox, &news->letter);
}

void
clr_guard_post_failure (ClrGuard *guard, const char *subject, const char *login, uint64_t tag)
{
  post (guard, subject, login, tag, open_failure);
}

void
clr_guard_post_success (ClrGuard *guard, const char *subject, const char *login)
{
  post (guard, subject, login, 0, open_success);
}

GPtrArray *
clr_guard_list (ClrGuard *guard)
{
  return clr_guesses_list (guard->guesses, clr_clock_wall ());
}

static unsigned
lift_one (ClrGuard *guard, const char *subject, const char *who)
{
  if (!clr_guesses_lift (guard->guesses, subject))
    return 0;
  tell (guard, subject, 0, FALSE);
  clr_log_event (CLR_EVENT_BAN_LIFTED, subject, who);
  if (guard->memory.drop)
    guard->memory.drop (subject, guard->memory.data);
  return 1;
}

unsigned
clr_guard_lift (ClrGuard *guard, const char *subject, const char *who)
{
  g_autofree char *address = g_strconcat ("address ", subject, NULL);
  g_autofree char *lower = g_ascii_strdown (subject, -1), *login = g_strconcat ("login ", lower, NULL);

  return lift_one (guard, subject, who) + lift_one (guard, address, who) + lift_one (guard, login, who);
}

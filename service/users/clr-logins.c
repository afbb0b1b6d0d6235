/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "users/clr-logins.h"

#include "base/clr-clock.h"
#include "users/clr-guard.h"

#include <gio/gio.h>
#include <string.h>

#define PROVEN_MOST 2000  /* logins */
#define WAITS_MOST  20000 /* subjects; the guard keeps no more */
#define KNOWN_MOST  20000 /* pairs of address and login */

struct ClrLogins
{
  ClrMailbox *mailbox;
  ClrHasher *hasher;
  ClrGuard *guard;
  ClrUsers *users;
  ClrProven *proven;
  ClrLoginRule rule;
  uint8_t key[CLR_PROVEN_TAG];
  GHashTable *waits; /* subject -> Wait */
  GHashTable *known; /* pairs */
};

typedef struct
{
  int64_t until_us;
  gboolean banned;
} Wait;

struct ClrLoginAttempt
{
  ClrHashJob job;
  ClrLogins *logins;
  char *subject;
  char *login;
  gboolean exists;
  uint8_t tag[CLR_PROVEN_TAG];
  void (*done) (ClrVerdict verdict, void *data); /* NULL: abandoned */
  void *data;
};

typedef struct
{
  ClrLetter letter;
  ClrLogins *logins;
  ClrUsers *users;
  ClrLoginRule rule;
  char *word; /* subject or pair */
  Wait wait;
} NewsLetter;

ClrLogins *
clr_logins_new (ClrMailbox *mailbox, ClrHasher *hasher, ClrGuard *guard, const uint8_t *key)
{
  ClrLogins *logins = g_new0 (ClrLogins, 1);

  logins->mailbox = mailbox;
  logins->hasher = hasher;
  logins->guard = guard;
  logins->users = clr_users_new ();
  logins->rule.iterations = CLR_VERIFIER_ITERATIONS;
  logins->proven = clr_proven_new (key, PROVEN_MOST);
  memcpy (logins->key, key, sizeof logins->key);
  logins->waits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  logins->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return logins;
}

void
clr_logins_free (ClrLogins *logins)
{
  clr_users_unref (logins->users);
  clr_proven_free (logins->proven);
  g_hash_table_unref (logins->waits);
  g_hash_table_unref (logins->known);
  explicit_bzero (logins->key, sizeof logins->key);
  g_free (logins);
}

/* -- news */

static void
news_free (NewsLetter *news)
{
  g_clear_pointer (&news->users, clr_users_unref);
  g_free (news->word);
  g_free (news);
}

static void
post (ClrLogins *logins, NewsLetter news, void (*open) (ClrLetter *letter, void *owner))
{
  NewsLetter *letter = g_memdup2 (&news, sizeof news);

  letter->logins = logins;
  letter->letter.open = open;
  clr_mailbox_post (logins->mailbox, &letter->letter);
}

static void
open_users (ClrLetter *letter, void *owner)
{
  NewsLetter *news = (NewsLetter *)letter;
  ClrUsers *former = news->logins->users;

  news->logins->users = g_steal_pointer (&news->users);
  news->logins->rule = news->rule;
  clr_users_unref (former);
  news_free (news);
}

void
clr_logins_post_users (ClrLogins *logins, ClrUsers *users, const ClrLoginRule *rule)
{
  post (logins, (NewsLetter){ .users = clr_users_ref (users), .rule = *rule }, open_users);
}

static gboolean
is_over (void *key, void *value, void *data)
{
  return ((Wait *)value)->until_us <= *(int64_t *)data;
}

static void
open_wait (ClrLetter *letter, void *owner)
{
  NewsLetter *news = (NewsLetter *)letter;
  GHashTable *waits = news->logins->waits;
  int64_t now = clr_clock_wall ();

  if (g_hash_table_size (waits) >= WAITS_MOST)
    g_hash_table_foreach_remove (waits, is_over, &now);
  if (news->wait.until_us == 0)
    g_hash_table_remove (waits, news->word);
  else if (g_hash_table_size (waits) < WAITS_MOST)
    g_hash_table_replace (waits, g_steal_pointer (&news->word), g_memdup2 (&news->wait, sizeof news->wait));
  news_free (news);
}

void
clr_logins_post_wait (ClrLogins *logins, const char *subject, int64_t until_us, gboolean banned)
{
  post (logins, (NewsLetter){ .word = g_strdup (subject), .wait = { until_us, banned } }, open_wait);
}

static void
open_known (ClrLetter *letter, void *owner)
{
  NewsLetter *news = (NewsLetter *)letter;

  if (g_hash_table_size (news->logins->known) >= KNOWN_MOST)
    g_hash_table_remove_all (news->logins->known);
  g_hash_table_add (news->logins->known, g_steal_pointer (&news->word));
  news_free (news);
}

void
clr_logins_post_known (ClrLogins *logins, const char *pair)
{
  post (logins, (NewsLetter){ .word = g_strdup (pair) }, open_known);
}

/* -- questions */

gboolean
clr_logins_has_users (ClrLogins *logins)
{
  return clr_users_count (logins->users) > 0;
}

char *
clr_logins_dup_password (ClrLogins *logins, const char *login)
{
  const ClrUser *user = clr_users_find (logins->users, login);

  return user ? g_strdup (user->password) : NULL;
}

void
clr_logins_find_verifier (ClrLogins *logins, const char *login, ClrVerifier *verifier)
{
  const ClrUser *user = clr_users_find (logins->users, login);

  if (user)
    *verifier = user->verifier;
  else
    clr_verifier_make_fake (verifier, login, logins->key, logins->rule.iterations);
}

char *
clr_login_dup_subject (const uint8_t address[16])
{
  static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
  gboolean is_v4 = memcmp (address, mapped, sizeof mapped) == 0;
  uint8_t network[16] = { 0 };

  memcpy (network, address, 8);
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_bytes (
      is_v4 ? address + 12 : network, is_v4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  g_autofree char *text = g_inet_address_to_string (inet);
  return g_strdup_printf ("address %s%s", text, is_v4 ? "" : "/64");
}

static gboolean
must_wait (ClrLogins *logins, const char *subject)
{
  Wait *wait = g_hash_table_lookup (logins->waits, subject);

  return wait && clr_clock_wall () < wait->until_us;
}

gboolean
clr_logins_is_banned (ClrLogins *logins, const uint8_t address[16])
{
  g_autofree char *subject = NULL;
  Wait *wait;

  if (g_hash_table_size (logins->waits) == 0)
    return FALSE;
  subject = clr_login_dup_subject (address);
  wait = g_hash_table_lookup (logins->waits, subject);
  return wait && wait->banned && clr_clock_wall () < wait->until_us;
}

static void
attempt_free (ClrLoginAttempt *attempt)
{
  explicit_bzero (attempt->job.password, strlen (attempt->job.password));
  g_free (attempt->job.password);
  g_free (attempt->subject);
  g_free (attempt->login);
  explicit_bzero (attempt, sizeof *attempt);
  g_free (attempt);
}

static void
on_computed (ClrLetter *letter, void *owner)
{
  ClrLoginAttempt *attempt = (ClrLoginAttempt *)letter;
  ClrLogins *logins = attempt->logins;
  gboolean good = attempt->job.good && attempt->exists;
  int64_t now = clr_clock_monotonic ();
  uint64_t tag;

  if (good)
    {
      clr_proven_add (logins->proven, attempt->login, attempt->tag, now, now + logins->rule.cache_us);
      clr_guard_post_success (logins->guard, attempt->subject, attempt->login);
    }
  else
    {
      memcpy (&tag, attempt->tag, sizeof tag);
      clr_guard_post_failure (logins->guard, attempt->subject, attempt->login, tag);
    }
  if (attempt->done)
    attempt->done (good ? CLR_VERDICT_GOOD : CLR_VERDICT_BAD, attempt->data);
  attempt_free (attempt);
}

/* Computed by a crypto thread, whether the login exists or not. */
static ClrVerdict
compute (ClrLogins *logins, const ClrLoginQuestion *question, const ClrVerifier *verifier, const uint8_t *tag,
         gboolean exists, const char *subject, const char *login, ClrLoginAttempt **pending)
{
  ClrLoginAttempt *attempt = g_new0 (ClrLoginAttempt, 1);

  attempt->job.reply_to = logins->mailbox;
  attempt->job.answered = on_computed;
  attempt->job.verifier = *verifier;
  attempt->job.password = g_strdup (question->password);
  attempt->logins = logins;
  attempt->subject = g_strdup (subject);
  attempt->login = g_strdup (login);
  attempt->exists = exists;
  memcpy (attempt->tag, tag, sizeof attempt->tag);
  attempt->done = question->done;
  attempt->data = question->data;
  if (!clr_hasher_post (logins->hasher, &attempt->job))
    {
      attempt_free (attempt);
      return CLR_VERDICT_BUSY;
    }
  *pending = attempt;
  return CLR_VERDICT_PENDING;
}

ClrVerdict
clr_logins_judge (ClrLogins *logins, const ClrLoginQuestion *question, ClrLoginAttempt **attempt)
{
  g_autofree char *subject = clr_login_dup_subject (question->address);
  g_autofree char *cut = g_strndup (question->login, CLR_LOGIN_MOST); /* longer ones do not exist */
  g_autofree char *login = g_ascii_strdown (cut, -1);
  g_autofree char *login_subject = g_strconcat ("login ", login, NULL);
  g_autofree char *pair = g_strconcat (subject, " ", login, NULL);
  gboolean exists = clr_users_find (logins->users, question->login) != NULL;
  ClrVerifier verifier;
  uint8_t tag[CLR_PROVEN_TAG];

  if (must_wait (logins, subject)
      || (must_wait (logins, login_subject) && !g_hash_table_contains (logins->known, pair)))
    return CLR_VERDICT_WAIT;
  if (question->password == NULL)
    {
      if (question->proved && exists)
        clr_guard_post_success (logins->guard, subject, login);
      else
        clr_guard_post_failure (logins->guard, subject, login, 0);
      return question->proved && exists ? CLR_VERDICT_GOOD : CLR_VERDICT_BAD;
    }
  clr_logins_find_verifier (logins, question->login, &verifier);
  clr_proven_make_tag (logins->proven, &verifier, question->password, tag);
  if (exists && clr_proven_has (logins->proven, login, tag, clr_clock_monotonic ()))
    return CLR_VERDICT_GOOD;
  return compute (logins, question, &verifier, tag, exists, subject, login, attempt);
}

void
clr_login_attempt_abandon (ClrLoginAttempt *attempt)
{
  attempt->done = NULL;
}

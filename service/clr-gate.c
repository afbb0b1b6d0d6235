/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-gate.h"

#include "base/clr-error.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#define JOBS_A_THREAD 32 /* that may wait; at the usual price of a password, a second's work */

struct ClrGate
{
  ClrHasher *hasher;
  ClrGuard *guard;
  ClrLogins **logins; /* one a worker */
  unsigned n_workers;
};

static ClrGuessRule
read_guess_rule (ClrSettings *settings)
{
  ClrSection *section = clr_settings_get_section (settings, "users");

  return (ClrGuessRule){
    .guesses = clr_section_get_number (section, "guesses"),
    .forget_us = clr_section_get_number (section, "guess-time") * G_USEC_PER_SEC,
    .ban_us = clr_section_get_number (section, "ban-time") * G_USEC_PER_SEC,
    .longest_us = clr_section_get_number (section, "longest-ban") * G_USEC_PER_SEC,
  };
}

gboolean
clr_gate_apply (ClrGate *gate, ClrSettings *settings, GError **error)
{
  ClrSection *section = clr_settings_get_section (settings, "users");
  const char *directory
      = clr_section_get_text (clr_settings_get_section (settings, "server"), "state-directory");
  g_autoptr (ClrUsers) users = clr_users_load (directory, error);
  ClrLoginRule rule = {
    .iterations = clr_section_get_number (section, "iterations"),
    .cache_us = clr_section_get_number (section, "cache-time") * G_USEC_PER_SEC,
  };
  ClrGuessRule guesses = read_guess_rule (settings);

  if (users == NULL)
    {
      g_prefix_error (error, "%s/users/list: ", directory);
      return FALSE;
    }
  for (unsigned i = 0; i < gate->n_workers; i++)
    clr_logins_post_users (gate->logins[i], users, &rule);
  clr_guard_set_rule (gate->guard, &guesses);
  return TRUE;
}

/* A ban in state.db: its subject, how many bans that makes, and its end as the end of the row. */
static void
keep_ban (const char *subject, unsigned bans, int64_t until_us, void *data)
{
  g_autofree char *value = g_strdup_printf ("%u", bans);

  clr_state_put_post (data, CLR_STATE_BAN, subject, value, until_us);
}

static void
drop_ban (const char *subject, void *data)
{
  clr_state_drop_post (data, CLR_STATE_BAN, subject);
}

static void
on_stored_ban (const char *key, const char *value, int64_t expires_us, void *data)
{
  guint64 bans;

  if (g_ascii_string_to_unsigned (value, 10, 1, G_MAXUINT, &bans, NULL))
    clr_guard_restore (data, key, bans, expires_us);
}

ClrGate *
clr_gate_new (ClrSettings *settings, ClrState *state, ClrWorker **workers, unsigned n_workers, GError **error)
{
  ClrGate *gate = g_new0 (ClrGate, 1);
  unsigned n_threads = CLAMP (g_get_num_processors (), 1, 16);
  ClrGuessRule rule = read_guess_rule (settings);
  ClrGuardMemory memory = { .keep = keep_ban, .drop = drop_ban, .data = state };
  uint8_t key[CLR_PROVEN_TAG];

  gnutls_rnd (GNUTLS_RND_KEY, key, sizeof key);
  gate->hasher = clr_hasher_new (n_threads, n_threads * JOBS_A_THREAD);
  gate->guard = clr_guard_new (&rule, &memory);
  gate->n_workers = n_workers;
  gate->logins = g_new0 (ClrLogins *, n_workers);
  for (unsigned i = 0; i < n_workers; i++)
    {
      gate->logins[i] = clr_logins_new (workers[i]->mailbox, gate->hasher, gate->guard, key);
      clr_guard_add_logins (gate->guard, gate->logins[i]);
    }
  gnutls_memset (key, 0, sizeof key);
  if (!clr_gate_apply (gate, settings, error)
      || !clr_state_load (state, CLR_STATE_BAN, on_stored_ban, gate->guard, error))
    {
      for (unsigned i = 0; i < n_workers; i++)
        clr_mailbox_open_all (workers[i]->mailbox);
      clr_gate_stop (gate);
      clr_gate_free (gate);
      return NULL;
    }
  return gate;
}

ClrLogins *
clr_gate_get_logins (ClrGate *gate, unsigned worker)
{
  return gate->logins[worker];
}

ClrGuard *
clr_gate_get_guard (ClrGate *gate)
{
  return gate->guard;
}

void
clr_gate_stop (ClrGate *gate)
{
  g_clear_pointer (&gate->hasher, clr_hasher_free);
}

void
clr_gate_free (ClrGate *gate)
{
  clr_guard_free (gate->guard);
  for (unsigned i = 0; i < gate->n_workers; i++)
    clr_logins_free (gate->logins[i]);
  g_free (gate->logins);
  g_free (gate);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/clr-oauth.h"

#include "base/clr-main-box.h"

struct ClrOauth
{
  ClrTokenPlace place;
  char *state_directory;
  GPtrArray *sources; /* of ClrTokenSource */
  GHashTable *logins; /* account -> ClrOauthLogin */
  ClrMainBox *box;    /* refusals that workers post */
};

typedef struct
{
  ClrLetter letter;
  char *account;
  uint64_t generation;
  char *reply;
} Refusal;

static void
open_refusal (ClrLetter *letter, void *owner)
{
  Refusal *refusal = (Refusal *)letter;
  ClrTokenSource *source = clr_oauth_find (owner, refusal->account);

  if (source)
    clr_token_source_refused (source, refusal->generation, refusal->reply);
  g_free (refusal->account);
  g_free (refusal->reply);
  g_free (refusal);
}

void
clr_oauth_post_refused (ClrOauth *oauth, const char *account, uint64_t generation, const char *reply)
{
  Refusal *refusal = g_new0 (Refusal, 1);

  refusal->letter.open = open_refusal;
  refusal->account = g_strdup (account);
  refusal->generation = generation;
  refusal->reply = g_strdup (reply);
  clr_main_box_post (oauth->box, &refusal->letter);
}

GPtrArray *
clr_oauth_get_sources (ClrOauth *oauth)
{
  return oauth->sources;
}

static ClrTokenSource *
find_named (GPtrArray *sources, const char *account)
{
  for (unsigned i = 0; i < sources->len; i++)
    if (g_str_equal (clr_token_source_get_account (g_ptr_array_index (sources, i))->name, account))
      return g_ptr_array_index (sources, i);
  return NULL;
}

ClrTokenSource *
clr_oauth_find (ClrOauth *oauth, const char *account)
{
  return find_named (oauth->sources, account);
}

ClrOauthLogin *
clr_oauth_begin_login (ClrOauth *oauth, ClrTokenSource *source, GError **error)
{
  const char *name = clr_token_source_get_account (source)->name;
  ClrOauthLogin *login;

  g_hash_table_remove (oauth->logins, name);
  login = clr_oauth_login_new (source, error);
  if (login)
    g_hash_table_insert (oauth->logins, g_strdup (name), login);
  return login;
}

ClrOauthLogin *
clr_oauth_find_login (ClrOauth *oauth, const char *account)
{
  return g_hash_table_lookup (oauth->logins, account);
}

/* (transfer full) (nullable): the source of @account that can stay */
static ClrTokenSource *
take_former (GPtrArray *former, const ClrOauthAccount *account)
{
  for (unsigned i = 0; i < former->len; i++)
    if (clr_oauth_account_equal (clr_token_source_get_account (g_ptr_array_index (former, i)), account))
      return g_ptr_array_steal_index (former, i);
  return NULL;
}

void
clr_oauth_apply (ClrOauth *oauth, ClrSettings *settings)
{
  g_autoptr (GPtrArray) former = g_steal_pointer (&oauth->sources);
  GPtrArray *sections = clr_settings_get_sections (settings, "oauth");

  if (oauth->state_directory == NULL)
    oauth->state_directory
        = g_strdup (clr_section_get_text (clr_settings_get_section (settings, "server"), "state-directory"));
  oauth->place.state_directory = oauth->state_directory;
  oauth->sources = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_token_source_free);
  for (unsigned i = 0; i < sections->len; i++)
    {
      ClrOauthAccount *account
          = clr_oauth_account_new (g_ptr_array_index (sections, i), oauth->state_directory);
      ClrTokenSource *source = take_former (former, account);

      if (source == NULL)
        source = clr_token_source_new (&oauth->place, account, find_named (former, account->name));
      else
        {
          clr_oauth_account_free (account);
          if (clr_token_source_get_problem (source))
            clr_token_source_ask (source);
        }
      g_ptr_array_add (oauth->sources, source);
    }
  for (unsigned i = 0; i < former->len; i++)
    g_hash_table_remove (oauth->logins, clr_token_source_get_account (g_ptr_array_index (former, i))->name);
}

ClrOauth *
clr_oauth_new (const ClrOauthHost *host)
{
  ClrOauth *oauth = g_new0 (ClrOauth, 1);

  oauth->place = (ClrTokenPlace){ .resolver = g_object_ref (host->resolver),
                                  .publish = host->publish,
                                  .data = host->data };
  oauth->sources = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_token_source_free);
  oauth->logins
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)clr_oauth_login_free);
  oauth->box = clr_main_box_new (oauth);
  return oauth;
}

void
clr_oauth_stop (ClrOauth *oauth)
{
  g_hash_table_remove_all (oauth->logins);
  g_ptr_array_set_size (oauth->sources, 0);
}

void
clr_oauth_free (ClrOauth *oauth)
{
  clr_main_box_free (oauth->box);
  g_hash_table_unref (oauth->logins);
  g_ptr_array_unref (oauth->sources);
  g_object_unref (oauth->place.resolver);
  g_free (oauth->state_directory);
  g_free (oauth);
}

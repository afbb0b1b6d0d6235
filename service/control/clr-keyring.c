/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-keyring.h"

#include "base/clr-clock.h"
#include "base/clr-error.h"
#include "control/clr-json.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define RANDOM_SIZE 32
#define PREFIX      "clr_" /* so that scanners of leaked secrets know it */

typedef struct
{
  char *name;
  char *hash;
  ClrRole role;
  int64_t created_us;
  int64_t expires_us; /* 0: never */
} Token;

struct ClrKeyring
{
  ClrState *state;
  GHashTable *by_hash; /* of Token, which it owns */
  GTree *by_name;      /* of the same */
  char *local;
};

static const struct
{
  ClrRole role;
  const char *word;
} roles[] = {
  { CLR_ROLE_VIEWER, "viewer" },   { CLR_ROLE_OPERATOR, "operator" }, { CLR_ROLE_ADMIN, "admin" },
  { CLR_ROLE_AUDITOR, "auditor" }, { CLR_ROLE_READER, "reader" },
};

const char *
clr_role_to_text (ClrRole role)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (roles); i++)
    if (roles[i].role == role)
      return roles[i].word;
  return NULL;
}

ClrRole
clr_role_from_text (const char *text)
{
  for (unsigned i = 0; text && i < G_N_ELEMENTS (roles); i++)
    if (g_str_equal (roles[i].word, text))
      return roles[i].role;
  return CLR_ROLE_NONE;
}

static void
token_free (void *data)
{
  Token *token = data;

  g_free (token->name);
  g_free (token->hash);
  g_free (token);
}

static char *
hash (const char *token)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, token, -1);
}

/* (transfer full) */
static char *
make_secret (void)
{
  unsigned char octets[RANDOM_SIZE];

  if (gnutls_rnd (GNUTLS_RND_KEY, octets, sizeof octets) != 0)
    g_error ("the system has no random numbers");
  g_autofree char *text = g_base64_encode (octets, sizeof octets);
  gnutls_memset (octets, 0, sizeof octets);
  text[strcspn (text, "=")] = 0;
  for (char *p = text; *p; p++)
    *p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
  return g_strconcat (PREFIX, text, NULL);
}

static void
keep (ClrKeyring *keyring, Token *token)
{
  g_hash_table_insert (keyring->by_hash, token->hash, token);
  g_tree_insert (keyring->by_name, token->name, token);
}

static void
on_row (const char *name, const char *value, int64_t expires_us, void *data)
{
  g_autoptr (JsonNode) root = clr_json_parse (value, NULL);
  JsonObject *object = root && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  const char *sum = object ? clr_json_get_text (object, "sha256") : NULL;
  ClrRole role = object ? clr_role_from_text (clr_json_get_text (object, "role")) : CLR_ROLE_NONE;
  Token *token;

  if (sum == NULL || role == CLR_ROLE_NONE)
    return;
  token = g_new0 (Token, 1);
  token->name = g_strdup (name);
  token->hash = g_strdup (sum);
  token->role = role;
  token->created_us = json_object_get_int_member_with_default (object, "created", 0);
  token->expires_us = expires_us;
  keep (data, token);
}

ClrKeyring *
clr_keyring_new (ClrState *state, GError **error)
{
  ClrKeyring *keyring = g_new0 (ClrKeyring, 1);

  keyring->state = state;
  keyring->by_hash = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, token_free);
  keyring->by_name = g_tree_new ((GCompareFunc)strcmp);
  keyring->local = make_secret ();
  if (clr_state_load (state, CLR_STATE_TOKEN, on_row, keyring, error))
    return keyring;
  clr_keyring_free (keyring);
  return NULL;
}

void
clr_keyring_free (ClrKeyring *keyring)
{
  g_tree_unref (keyring->by_name);
  g_hash_table_unref (keyring->by_hash);
  gnutls_memset (keyring->local, 0, strlen (keyring->local));
  g_free (keyring->local);
  g_free (keyring);
}

const char *
clr_keyring_get_local (ClrKeyring *keyring)
{
  return keyring->local;
}

static gboolean
is_name (const char *name)
{
  for (const char *p = name; *p; p++)
    if (!g_ascii_isalnum (*p) && !strchr ("-_.@", *p))
      return FALSE;
  return *name && strlen (name) <= CLR_KEYRING_LONGEST_NAME;
}

char *
clr_keyring_add (ClrKeyring *keyring, const char *name, ClrRole role, int64_t expires_us, GError **error)
{
  g_autofree char *value = NULL;
  char *secret;
  Token *token;

  if (!is_name (name))
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID,
                   "a token's name has 1 to %d letters, digits, -, _, . and @", CLR_KEYRING_LONGEST_NAME);
      return NULL;
    }
  if (g_tree_lookup (keyring->by_name, name) || g_tree_nnodes (keyring->by_name) >= CLR_KEYRING_MOST)
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_IN_USE,
                   g_tree_lookup (keyring->by_name, name)
                       ? "there is a token %s already; remove it first, or choose another name"
                       : "%s would be one token too many; remove those that nobody uses",
                   name);
      return NULL;
    }
  secret = make_secret ();
  token = g_new0 (Token, 1);
  token->name = g_strdup (name);
  token->hash = hash (secret);
  token->role = role;
  token->created_us = clr_clock_wall ();
  token->expires_us = expires_us;
  keep (keyring, token);
  value = g_strdup_printf ("{\"sha256\":\"%s\",\"role\":\"%s\",\"created\":%" G_GINT64_FORMAT "}",
                           token->hash, clr_role_to_text (role), token->created_us);
  clr_state_put_post (keyring->state, CLR_STATE_TOKEN, name, value, expires_us);
  clr_state_flush (keyring->state);
  return secret;
}

gboolean
clr_keyring_remove (ClrKeyring *keyring, const char *name)
{
  Token *token = g_tree_lookup (keyring->by_name, name);

  if (token == NULL)
    return FALSE;
  clr_state_drop_post (keyring->state, CLR_STATE_TOKEN, name);
  clr_state_flush (keyring->state);
  g_tree_remove (keyring->by_name, name);
  g_hash_table_remove (keyring->by_hash, token->hash);
  return TRUE;
}

ClrRole
clr_keyring_check (ClrKeyring *keyring, const char *token, const char **name)
{
  /* What is compared are hashes: how long that takes tells nothing of the token. */
  g_autofree char *sum = hash (token);
  g_autofree char *local = hash (keyring->local);
  Token *found;

  *name = NULL;
  if (g_str_equal (sum, local))
    {
      *name = "this machine";
      return CLR_ROLE_ADMIN;
    }
  found = g_hash_table_lookup (keyring->by_hash, sum);
  if (found == NULL || (found->expires_us && found->expires_us <= clr_clock_wall ()))
    return CLR_ROLE_NONE;
  *name = found->name;
  return found->role;
}

typedef struct
{
  void (*visit) (const char *name, ClrRole role, int64_t created_us, int64_t expires_us, void *data);
  void *data;
} Visit;

static gboolean
on_token (void *key, void *value, void *data)
{
  const Token *token = value;
  const Visit *visit = data;

  visit->visit (token->name, token->role, token->created_us, token->expires_us, visit->data);
  return FALSE;
}

void
clr_keyring_visit (ClrKeyring *keyring,
                   void (*visit) (const char *name, ClrRole role, int64_t created_us, int64_t expires_us,
                                  void *data),
                   void *data)
{
  Visit all = { visit, data };

  g_tree_foreach (keyring->by_name, on_token, &all);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "users/clr-proven.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

typedef struct
{
  uint8_t tag[CLR_PROVEN_TAG];
  int64_t until;
} Entry;

struct ClrProven
{
  uint8_t key[CLR_PROVEN_TAG];
  unsigned most;
  GHashTable *entries; /* login -> Entry */
};

ClrProven *
clr_proven_new (const uint8_t *key, unsigned most)
{
  ClrProven *proven = g_new0 (ClrProven, 1);

  memcpy (proven->key, key, sizeof proven->key);
  proven->most = most;
  proven->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return proven;
}

void
clr_proven_free (ClrProven *proven)
{
  g_hash_table_unref (proven->entries);
  gnutls_memset (proven->key, 0, sizeof proven->key);
  g_free (proven);
}

void
clr_proven_make_tag (ClrProven *proven, const ClrVerifier *verifier, const char *password,
                     uint8_t tag[CLR_PROVEN_TAG])
{
  uint8_t inner[CLR_PROVEN_TAG];

  gnutls_hmac_fast (GNUTLS_MAC_SHA256, proven->key, sizeof proven->key, verifier->stored_key,
                    CLR_VERIFIER_KEY, inner);
  gnutls_hmac_fast (GNUTLS_MAC_SHA256, inner, sizeof inner, password, strlen (password), tag);
  gnutls_memset (inner, 0, sizeof inner);
}

gboolean
clr_proven_has (ClrProven *proven, const char *login, const uint8_t tag[CLR_PROVEN_TAG], int64_t now)
{
  Entry *entry = g_hash_table_lookup (proven->entries, login);

  return entry && now < entry->until && gnutls_memcmp (entry->tag, tag, CLR_PROVEN_TAG) == 0;
}

static gboolean
is_over (void *key, void *value, void *data)
{
  return ((Entry *)value)->until <= *(int64_t *)data;
}

void
clr_proven_add (ClrProven *proven, const char *login, const uint8_t tag[CLR_PROVEN_TAG], int64_t now,
                int64_t until)
{
  Entry *entry;

  if (g_hash_table_size (proven->entries) >= proven->most)
    g_hash_table_foreach_remove (proven->entries, is_over, &now);
  if (until <= now || g_hash_table_size (proven->entries) >= proven->most)
    return; /* it costs time, no more */
  entry = g_new0 (Entry, 1);
  memcpy (entry->tag, tag, CLR_PROVEN_TAG);
  entry->until = until;
  g_hash_table_replace (proven->entries, g_strdup (login), entry);
}

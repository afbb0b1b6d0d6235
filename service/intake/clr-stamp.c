/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/clr-stamp.h"

#include "base/clr-counter.h"

void
clr_stamp_begin (ClrStamp *stamp, const ClrPolicy *policy, const ClrHeaderBlock *header)
{
  const ClrField *from = clr_header_block_find (header, "From");
  g_autofree char *domain = from ? clr_field_dup_address_domain (from) : NULL;

  if (domain)
    stamp->identities = clr_policy_find_identities (policy, domain);
  if (stamp->identities)
    stamp->body_hash = clr_dkim_body_new (clr_policy_get_dkim_style (policy)->body_canon);
}

void
clr_stamp_hash_body (ClrStamp *stamp, const uint8_t *bytes, size_t size)
{
  if (stamp->body_hash)
    clr_dkim_body_feed (stamp->body_hash, bytes, size);
}

static gboolean
sign (ClrStamp *stamp, const ClrPolicy *policy, const GString *header, int64_t time_us, GString *prefix,
      GError **error)
{
  ClrHeaderBlock block;
  uint8_t hash[32];
  gboolean ok;

  clr_dkim_body_end (stamp->body_hash, hash);
  clr_header_block_parse (&block, header->str, header->len);
  ok = clr_dkim_sign (clr_policy_get_dkim_style (policy),
                      (const ClrDkimIdentity *const *)stamp->identities->pdata, stamp->identities->len,
                      &block, hash, time_us, prefix, error);
  clr_header_block_clear (&block);
  if (ok)
    clr_counter_add (CLR_COUNTER_SIGNATURES_TOTAL, stamp->identities->len);
  return ok;
}

gboolean
clr_stamp_write (ClrStamp *stamp, const ClrPolicy *policy, const GString *header, const ClrReceived *received,
                 GString *prefix, GError **error)
{
  if (stamp->identities && !sign (stamp, policy, header, received->time_us, prefix, error))
    return FALSE;
  clr_received_write (received, prefix);
  return TRUE;
}

unsigned
clr_stamp_count (const ClrStamp *stamp)
{
  return stamp->identities ? stamp->identities->len : 0;
}

void
clr_stamp_clear (ClrStamp *stamp)
{
  g_clear_pointer (&stamp->body_hash, clr_dkim_body_free);
  g_clear_pointer (&stamp->identities, g_ptr_array_unref);
}

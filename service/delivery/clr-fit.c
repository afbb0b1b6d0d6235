/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-fit.h"

#include "smtp/clr-address.h"

static gboolean
has_ascii_envelope (const ClrJob *job)
{
  if (!clr_address_is_ascii (job->message->sender))
    return FALSE;
  for (unsigned i = 0; i < job->n_recipients; i++)
    if (!clr_address_is_ascii (job->message->recipients[job->recipients[i]].address))
      return FALSE;
  return TRUE;
}

ClrFit
clr_fit_judge (const ClrOffers *offers, const ClrJob *job, ClrSmtpReply *why)
{
  const ClrMessage *message = job->message;
  gboolean lacks_utf8 = message->smtputf8 && !(offers->offers & CLR_OFFER_SMTPUTF8),
           lacks_8bit = message->eight_bit && !(offers->offers & CLR_OFFER_8BITMIME);

  /* RFC 1870 section 6.1: what the peer will not take is not sent. */
  if (offers->max_size > 0 && message->size > offers->max_size)
    {
      clr_smtp_reply_set (why, 552, "5.3.4", "the message is larger than the next hop accepts");
      return CLR_FIT_NEVER;
    }
  /* RFC 6531 section 3.2 */
  if (lacks_utf8 && !has_ascii_envelope (job))
    {
      clr_smtp_reply_set (why, 553, "5.6.7", "an address needs SMTPUTF8, which the next hop does not offer");
      return CLR_FIT_OTHER_HOST;
    }
  /* RFC 6152 section 3: 8-bit content may not go to a 7-bit peer. */
  return lacks_utf8 || lacks_8bit ? CLR_FIT_RENDITION : CLR_FIT_AS_IS;
}

unsigned
clr_fit_count_recipients (const ClrOffers *offers, const ClrJob *job, unsigned first, unsigned most)
{
  unsigned n = MIN (job->n_recipients - first, most);
  g_autoptr (GHashTable) domains = NULL;

  if (offers->max_recipients > 0)
    n = MIN (n, offers->max_recipients);
  if (offers->max_recipient_domains == 0 || n < 2)
    return n;
  domains = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (unsigned i = 0; i < n; i++)
    {
      const char *address = job->message->recipients[job->recipients[first + i]].address;
      const char *domain = clr_address_get_domain (address);

      g_hash_table_add (domains, g_ascii_strdown (domain ? domain : "", -1));
      if (g_hash_table_size (domains) > offers->max_recipient_domains)
        return i;
    }
  return n;
}

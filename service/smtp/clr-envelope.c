/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-envelope.h"

#include "smtp/clr-xtext.h"

#include <string.h>

void
clr_envelope_write_mail (const ClrSmtpTransaction *transaction, ClrOffer offers, ClrBuffer *into)
{
  static const char *const returns[] = {
    [CLR_DSN_RET_NONE] = "",
    [CLR_DSN_RET_FULL] = " RET=FULL",
    [CLR_DSN_RET_HEADERS] = " RET=HDRS",
  };

  clr_buffer_append_string (into, "MAIL FROM:<");
  clr_buffer_append_string (into, transaction->sender);
  clr_buffer_append_string (into, ">");
  if (offers & CLR_OFFER_SIZE)
    clr_buffer_printf (into, " SIZE=%" G_GUINT64_FORMAT, transaction->size);
  if (offers & CLR_OFFER_8BITMIME && transaction->eight_bit)
    clr_buffer_append_string (into, " BODY=8BITMIME");
  if (offers & CLR_OFFER_SMTPUTF8 && transaction->smtputf8)
    clr_buffer_append_string (into, " SMTPUTF8");
  if (offers & CLR_OFFER_DSN)
    {
      /* RFC 3461 section 5.2.1: passed on as they came. */
      clr_buffer_append_string (into, returns[transaction->ret]);
      if (transaction->envid)
        clr_buffer_printf (into, " ENVID=%s", transaction->envid);
    }
  clr_buffer_append_string (into, "\r\n");
}

static void
write_notify (unsigned notify, ClrBuffer *into)
{
  static const struct
  {
    ClrNotify notify;
    const char *word;
  } words[] = {
    { CLR_NOTIFY_NEVER, "NEVER" },
    { CLR_NOTIFY_SUCCESS, "SUCCESS" },
    { CLR_NOTIFY_FAILURE, "FAILURE" },
    { CLR_NOTIFY_DELAY, "DELAY" },
  };
  const char *before = " NOTIFY=";

  for (unsigned i = 0; i < G_N_ELEMENTS (words); i++)
    if (notify & words[i].notify)
      {
        clr_buffer_append_string (into, before);
        clr_buffer_append_string (into, words[i].word);
        before = ",";
      }
}

void
clr_envelope_write_rcpt (const ClrSmtpRecipient *recipient, ClrOffer offers, ClrBuffer *into)
{
  clr_buffer_append_string (into, "RCPT TO:<");
  clr_buffer_append_string (into, recipient->address);
  clr_buffer_append_string (into, ">");
  if (offers & CLR_OFFER_DSN)
    {
      write_notify (recipient->notify, into);
      /* RFC 3461 section 5.2.1: where the client gave none, the address we got is the original one. */
      clr_buffer_append_string (into, " ORCPT=");
      if (recipient->orcpt)
        clr_xtext_append_orcpt (into, recipient->orcpt);
      else
        clr_xtext_append_address (into, recipient->address);
    }
  clr_buffer_append_string (into, "\r\n");
}

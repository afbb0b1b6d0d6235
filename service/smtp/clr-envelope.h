/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSmtpTransaction: an envelope on its way out, and how MAIL and RCPT say it to a peer, with the parameters
 * that its offers allow (RFC 1870, 6152, 6531, 3461). Pure.
 */
#pragma once

#include "base/clr-buffer.h"
#include "smtp/clr-command.h"
#include "smtp/clr-offers.h"

typedef struct
{
  const char *address;
  unsigned notify;   /* ClrNotify, 0: not said */
  const char *orcpt; /* "rfc822;..." as it came; NULL: none */
} ClrSmtpRecipient;

typedef struct
{
  const char *sender;
  uint64_t size; /* octets, for SIZE= */
  gboolean eight_bit;
  gboolean smtputf8;
  ClrDsnReturn ret;
  const char *envid; /* xtext; NULL: none */
  /* The content has exactly @size octets and its lines end with CRLF: it may go as one chunk (RFC 3030). */
  gboolean exact_size;
  /* And it is at hand: want_content writes all of it before it returns. It may then leave together with the
   * envelope, before any recipient has been accepted. */
  gboolean at_hand;
  /* To see what would be taken: nothing follows the recipients, and what was begun is taken back. */
  gboolean envelope_only;
  unsigned n_recipients;
  void (*get_recipient) (unsigned index, ClrSmtpRecipient *recipient, void *data);
} ClrSmtpTransaction;

void clr_envelope_write_mail (const ClrSmtpTransaction *transaction, ClrOffer offers, ClrBuffer *into);
void clr_envelope_write_rcpt (const ClrSmtpRecipient *recipient, ClrOffer offers, ClrBuffer *into);

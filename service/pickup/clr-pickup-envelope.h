/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrPickupEnvelope: who a file in a pickup folder is from and for. Either lines in front of the message say
 * it, as IIS has them (X-Sender, X-Receiver; with the parameters of RFC 3461 where wanted), or its own fields
 * do (From or Sender; To, Cc, Bcc). Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct
{
  char *address;
  unsigned notify; /* ClrNotify */
  char *orcpt;     /* "" for none */
} ClrPickupRecipient;

typedef struct
{
  char *sender; /* "" for the null sender */
  unsigned ret; /* ClrDsnReturn */
  char *envid;  /* "" for none */
  GArray *recipients;
  size_t offset; /* where the message itself begins, behind the lines in front of it; Bcc is taken out */
} ClrPickupEnvelope;

/* @content: lines end with CRLF; is changed up to the end of its header section. @domain: of addresses
 * without.
 * @fallback: the sender where nothing names one. @most: recipients.
 * Returns: NULL, or why there is no envelope. (transfer full) */
char *clr_pickup_envelope_read (ClrPickupEnvelope *envelope, char *content, size_t size, const char *domain,
                                const char *fallback, unsigned most);
void clr_pickup_envelope_clear (ClrPickupEnvelope *envelope);

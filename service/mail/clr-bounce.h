/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrBounce: what a report or bounce that came back says of whom. With fields of RFC 3464 it is exact;
 * without, what servers of the world write is read by rules. Reads what strangers wrote: bounded in size,
 * parts and recipients. Pure.
 */
#pragma once

#include "mail/clr-reason.h"

#define CLR_BOUNCE_RECIPIENTS_MOST 1000u

typedef enum
{
  CLR_BOUNCE_NONE,   /* it is no bounce */
  CLR_BOUNCE_FIELDS, /* fields of RFC 3464 */
  CLR_BOUNCE_TEXT,   /* made out from its text */
} ClrBounceSource;

typedef struct
{
  char *address;  /* NULL: not found */
  char *original; /* Original-Recipient, or NULL */
  char action[12];
  char status[12]; /* "5.1.1", or "" */
  int code;        /* of the reply, 0 for none */
  char *text;      /* of the reply or the bounce, on one line */
  ClrReason reason;
  ClrBounceClass class;
  gboolean is_hard; /* the address is not to be used again */
} ClrBounceRecipient;

typedef struct
{
  ClrBounceSource source;
  char *reporter;     /* Reporting-MTA without its type, or NULL */
  char *envelope_id;  /* or NULL */
  GArray *recipients; /* of ClrBounceRecipient */
} ClrBounce;

/* @bytes: a whole message, lines ended by CRLF. Returns: whether it is a bounce; @bounce is to be cleared
 * either way. */
gboolean clr_bounce_parse (ClrBounce *bounce, const char *bytes, size_t size);
void clr_bounce_clear (ClrBounce *bounce);

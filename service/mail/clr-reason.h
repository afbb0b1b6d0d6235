/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrReason: why a recipient was not reached, as a person would put it. Found from a reply's code, enhanced
 * code and text by tables of what mail servers say; used by the reports we write and the bounces we read.
 * Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum
{
  CLR_REASON_UNKNOWN,
  CLR_REASON_NO_USER,        /* the address does not exist */
  CLR_REASON_DISABLED,       /* it does, and is switched off */
  CLR_REASON_MOVED,          /* another address is in use */
  CLR_REASON_FULL,           /* mailbox over its quota */
  CLR_REASON_TOO_LARGE,      /* the message */
  CLR_REASON_NO_DOMAIN,      /* the domain does not exist */
  CLR_REASON_NO_MAIL,        /* the domain accepts none (RFC 7505, or a host that is no mail server) */
  CLR_REASON_UNREACHABLE,    /* no connection */
  CLR_REASON_EXPIRED,        /* tried until the end of its time */
  CLR_REASON_BUSY,           /* come later: rates, connections, greylisting */
  CLR_REASON_TROUBLE,        /* the peer has a problem of its own */
  CLR_REASON_SPAM,           /* the content is taken for it */
  CLR_REASON_VIRUS,          /* or for something dangerous */
  CLR_REASON_BLOCKED,        /* our address or its reputation */
  CLR_REASON_AUTHENTICATION, /* SPF, DKIM, DMARC */
  CLR_REASON_POLICY,         /* a rule there */
  CLR_REASON_RELAYING,       /* the peer is not in charge of the recipient */
  CLR_REASON_SENDER,         /* the sender's address is refused */
  CLR_REASON_SECURITY,       /* TLS or log-in */
  CLR_REASON_LOOP,
  CLR_REASON_CONTENT, /* the form of the message */
  CLR_REASON_ADDRESS, /* the form of the address */
  CLR_REASON_MANY_RECIPIENTS,
  CLR_REASON_INTERNATIONAL, /* SMTPUTF8 or 8 bits are not supported there */
  CLR_REASON_LAST,
} ClrReason;

/* What a sender should do with the address. */
typedef enum
{
  CLR_BOUNCE_UNKNOWN,
  CLR_BOUNCE_HARD,  /* the address is no good, do not use it again */
  CLR_BOUNCE_SOFT,  /* it may work another time */
  CLR_BOUNCE_BLOCK, /* the way we come by is refused, not the address */
  CLR_BOUNCE_FULL,
  CLR_BOUNCE_POLICY, /* the message or the sender is refused */
} ClrBounceClass;

/* @code: 0 for none. @enhanced: "5.1.1", "" or NULL. @text: what was said, or NULL; its first 4096 octets
 * count. */
ClrReason clr_reason_find (int code, const char *enhanced, const char *text);
/* "1.1" for an enhanced code where the peer gave none. */
const char *clr_reason_get_detail (ClrReason reason);
const char *clr_reason_get_name (ClrReason reason);
ClrBounceClass clr_reason_get_class (ClrReason reason);
const char *clr_bounce_class_get_name (ClrBounceClass bounce);

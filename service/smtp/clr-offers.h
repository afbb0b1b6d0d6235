/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrOffers: what a server's answer to EHLO offers (RFC 5321 section 4.1.1.1). One table of keywords. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum
{
  CLR_OFFER_PIPELINING = 1 << 0, /* RFC 2920 */
  CLR_OFFER_SIZE = 1 << 1,       /* RFC 1870 */
  CLR_OFFER_8BITMIME = 1 << 2,   /* RFC 6152 */
  CLR_OFFER_STARTTLS = 1 << 3,   /* RFC 3207 */
  CLR_OFFER_AUTH = 1 << 4,       /* RFC 4954 */
  CLR_OFFER_DSN = 1 << 5,        /* RFC 3461 */
  CLR_OFFER_SMTPUTF8 = 1 << 6,   /* RFC 6531 */
  CLR_OFFER_CHUNKING = 1 << 7,   /* RFC 3030 */
  CLR_OFFER_LIMITS = 1 << 8,     /* RFC 9422 */
} ClrOffer;

typedef struct
{
  ClrOffer offers;
  uint64_t max_size; /* octets; 0: no limit known (RFC 1870 section 4) */
  char *mechanisms;  /* of AUTH, separated by spaces; NULL: none */
  /* RFC 9422; 0: not said */
  unsigned max_messages;          /* MAILMAX: transactions of one connection */
  unsigned max_recipients;        /* RCPTMAX: of one transaction */
  unsigned max_recipient_domains; /* RCPTDOMAINMAX: different ones among them */
} ClrOffers;

/* One line of the reply behind the first, which is the server's name. What is not known is left aside. */
void clr_offers_read_line (ClrOffers *offers, const char *line, size_t size);
void clr_offers_clear (ClrOffers *offers);

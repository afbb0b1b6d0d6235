/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSighting: what is known of one client address that connected. Times are microseconds since 1970, 0:
 * never. Texts are UTF-8 and bounded, since a stranger wrote them. Belongs to whoever holds it.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#define CLR_SIGHTING_TEXT_MOST 255 /* octets */

typedef struct
{
  uint8_t octets[16]; /* IPv4 mapped */
  char *address;      /* as text */
  char *helo;         /* NULL: it has not said one */
  char *tls;          /* protocol and cipher; "": in clear; NULL: not known */
  char *device;       /* which [device] it was, NULL: none */
  char *login;        /* NULL: none */
  char *why;          /* the last reply that refused something, or why TLS failed */
  int64_t first_us, last_us;
  int64_t success_us, refusal_us;
  uint64_t sessions, messages, refusals;
} ClrSighting;

/* What a session knows when something happened. NULL: not known. */
typedef struct
{
  const uint8_t *octets;
  const char *address;
  const char *helo, *tls, *device, *login;
  gboolean is_session; /* one more has ended */
  gboolean is_message; /* one more was stored */
  const char *why;     /* it was refused something */
} ClrSightingNote;

ClrSighting *clr_sighting_new (const uint8_t octets[16], const char *address);
void clr_sighting_free (ClrSighting *sighting);

/* @now_us: since 1970. */
void clr_sighting_note (ClrSighting *sighting, const ClrSightingNote *note, int64_t now_us);
/* Adds what was seen later; @later loses its texts. */
void clr_sighting_merge (ClrSighting *sighting, ClrSighting *later);

/* The value of its row in state.db: JSON. (transfer full) */
char *clr_sighting_to_text (const ClrSighting *sighting);
/* The other direction; @key is the address. Returns: NULL when it cannot be read. */
ClrSighting *clr_sighting_from_text (const char *key, const char *text);

/* For tables by address: 16 octets. The hash differs from process to process. */
unsigned clr_sighting_hash (const void *octets);
gboolean clr_sighting_equal (const void *a, const void *b);

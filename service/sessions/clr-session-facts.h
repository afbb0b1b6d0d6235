/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSessionFacts: what is seen of one session at one moment. A value that goes from thread to thread; its
 * texts are its own.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct
{
  unsigned worker; /* with @number what it is called: "2-17" */
  uint64_t number;
  gboolean is_outgoing;
  gboolean is_recorded;
  char *peer;                     /* "192.0.2.7:4711"; outgoing: "mx.example.com (192.0.2.1:25)" */
  char *name;                     /* what the client calls itself; NULL: nothing yet */
  char *place;                    /* name of the listener, or of the smarthost or route */
  char *device;                   /* NULL: a stranger, or outgoing */
  char *login;                    /* NULL: none */
  char *tls;                      /* NULL: in clear */
  char *state;                    /* in a line */
  int64_t age_us;                 /* since it began */
  uint64_t octets_in, octets_out; /* on the wire */
  unsigned messages;              /* so far */
} ClrSessionFacts;

void clr_session_facts_clear (ClrSessionFacts *facts);
/* "2-17" (transfer full) */
char *clr_session_facts_dup_id (const ClrSessionFacts *facts);

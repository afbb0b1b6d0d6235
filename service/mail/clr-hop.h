/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrHop: a Received field taken apart (RFC 5321 section 4.4), as the servers of the world write it: what is
 * not understood is left out. Bounded. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct
{
  char *from;      /* what the client called itself, or its name; an address without brackets */
  char *helo;      /* where it is told apart */
  char *address;   /* of the client, as digits */
  char *by;        /* who wrote the field */
  char *protocol;  /* "ESMTPS" */
  char *id;        /* of the message there */
  char *recipient; /* without brackets */
  gboolean has_time;
  int64_t time_us;
  int offset; /* minutes east of UTC */
} ClrHop;

/* @value: a field's value, with folds. @hop is to be cleared. */
void clr_hop_parse (ClrHop *hop, const char *value, size_t size);
void clr_hop_clear (ClrHop *hop);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDial: connections to several mail servers at once, up to their greeting; all end when the time is over.
 * Waits; for checks only.
 */
#pragma once

#include <gio/gio.h>

typedef enum
{
  CLR_DIAL_TIMED_OUT, /* nothing came back: what a blocked port looks like */
  CLR_DIAL_REFUSED,   /* the way is open, nobody listens */
  CLR_DIAL_UNREACHABLE,
  CLR_DIAL_SILENT, /* connected, and no greeting */
  CLR_DIAL_GREETED,
} ClrDialResult;

typedef struct
{
  char *target;          /* as it was asked for */
  char *host;            /* whose address it is */
  GInetAddress *address; /* (owned) */
  guint16 port;
  ClrDialResult result;
  char *text;          /* the greeting, or why not; valid UTF-8 */
  GInetAddress *local; /* from which it was tried; NULL: unknown */
} ClrDial;

void clr_dial_free (ClrDial *dial);
/* @dials: of ClrDial*: filled in. @source: (nullable): local address to connect from. */
void clr_dial_all (GPtrArray *dials, GInetAddress *source, guint timeout_s);
const char *clr_dial_result_to_text (ClrDialResult result);

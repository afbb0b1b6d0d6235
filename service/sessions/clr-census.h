/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrCensus: a list of the sessions, which goes from worker to worker and back to who asked: each adds its
 * own.
 */
#pragma once

#include "base/clr-mailbox.h"
#include "sessions/clr-session-facts.h"

/* Sessions that are told; more are only counted. */
#define CLR_CENSUS_MOST 5000u

typedef struct
{
  ClrLetter letter;
  GArray *sessions; /* of ClrSessionFacts */
  unsigned n_all;
  unsigned most;
  unsigned at; /* the worker whose turn it is */
  struct ClrSessions *sessions_of;
  ClrMailbox *reply_to;
  void (*open) (ClrLetter *roll, void *owner); /* in the thread of @reply_to */
  void *data;
} ClrCensus;

/* @most: of sessions, up to CLR_CENSUS_MOST. (transfer full) */
ClrCensus *clr_census_new (unsigned most, ClrMailbox *reply_to, void (*open) (ClrLetter *letter, void *owner),
                           void *data);
void clr_census_free (ClrCensus *roll);
/* Whether there is room for one more. */
gboolean clr_census_has_room (const ClrCensus *roll);

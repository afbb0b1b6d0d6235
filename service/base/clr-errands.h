/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrErrands: a few threads for what takes seconds and is no mail: making keys, asking the DNS whether all is
 * well. How many errands may wait is bounded. Any thread posts; they come back as letters.
 */
#pragma once

#include "base/clr-mailbox.h"

typedef struct ClrErrands ClrErrands;
typedef struct ClrErrand ClrErrand;

/* The first member of whatever it carries. From the post until its letter is opened it belongs to the
 * errands. */
struct ClrErrand
{
  ClrLetter letter;
  void (*run) (ClrErrand *errand, const ClrErrands *errands); /* in one of their threads */
  ClrMailbox *reply_to;
  void (*open) (ClrLetter *letter, void *owner);
  gboolean was_dropped; /* it was not run: all ends */
};

/* @most: errands that may wait or run at the same time. */
ClrErrands *clr_errands_new (unsigned n_threads, unsigned most);
/* Those that have not begun come back undone; waits for the others. */
void clr_errands_free (ClrErrands *errands);

/* Returns: FALSE when there are too many; the errand was not taken. */
gboolean clr_errands_post (ClrErrands *errands, ClrErrand *errand);
/* Any thread: an errand that runs should come to its end. */
gboolean clr_errands_are_ending (const ClrErrands *errands);

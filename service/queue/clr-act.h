/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrAct: an order about the recipients that a filter chooses, or the passing of a time. It runs in slices:
 * each is one part of a transaction, and says whether there is more, so that an act on a million rows does
 * not stop the acceptance of mail. What it makes of a recipient is decided here, for every store alike. Pure.
 */
#pragma once

#include "queue/clr-filter.h"
#include "queue/clr-message.h"
#include "queue/clr-retry.h"

typedef enum
{
  CLR_ACT_RETRY,    /* waiting and failed: due now */
  CLR_ACT_DELETE,   /* not active: gone */
  CLR_ACT_EXPIRE,   /* given up now, with a report */
  CLR_ACT_REFUSE,   /* deleted, and its sender told why: given up as if refused for good */
  CLR_ACT_HOLD,     /* waiting: not tried until it is released */
  CLR_ACT_RELEASE,  /* held: due now */
  CLR_ACT_PRIORITY, /* all that is not over */
  CLR_ACT_MOVE,     /* not active: leaves another way, or for another address; what is not held is due now */
  CLR_ACT_AGE,      /* waiting beyond its lifetime at @now_us: given up */
  CLR_ACT_NOTICE,   /* waiting when its notice is due: a report of the delay is due */
  CLR_ACT_SET_BACK, /* the clock has been: what was planned by the former time is planned by this one */
} ClrActKind;

/* Where recipients go instead. */
typedef struct
{
  char *from; /* only the recipient of this address, NULL: all */
  char *to;   /* its new address, NULL: as it was */
  /* Queue thread. The key of the lane by which such mail leaves; NULL: no way, and the recipient stays as it
   * is. (transfer full) */
  char *(*find_lane) (const ClrMessage *message, const char *address, void *data);
  void *data;
  GDestroyNotify free; /* of @data */
} ClrMove;

void clr_move_free (ClrMove *move);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrMove, clr_move_free)

typedef struct
{
  ClrActKind kind;
  uint64_t message;  /* 0: all */
  ClrFilter *filter; /* NULL: all */
  int priority;
  const ClrMove *move; /* of CLR_ACT_MOVE; borrowed */
  const char *reason;  /* of CLR_ACT_REFUSE, for the sender; borrowed */
  gboolean reports;    /* whether there are reports */
  int64_t now_us;
  /* Of CLR_ACT_SET_BACK. Later messages know the clock as it is. */
  uint64_t until;
  int64_t back_us;
  ClrRetryRule rule;

  /* Out, of the last slice. */
  uint64_t after; /* the cursor: messages up to it have been looked at */
  gboolean more;
  unsigned n_changed;  /* recipients */
  GPtrArray *messages; /* of ClrMessage with the changed recipients, as they are now */
  GArray *spool_files; /* ids (uint64_t) whose spool files have no row any more */
} ClrAct;

/* Messages looked at in a slice, when a filter has to be tried on each; and messages changed in one. */
#define CLR_ACT_LOOK   4000u
#define CLR_ACT_CHANGE 250u

ClrAct *clr_act_new (ClrActKind kind, uint64_t message, int64_t now_us);
/* Before the next slice: forgets what the last one has done. */
void clr_act_reset (ClrAct *act);
void clr_act_free (ClrAct *act);

/* It asks for what has come to its time, and needs no cursor: what it changes is not meant any more. */
gboolean clr_act_is_by_time (const ClrAct *act);
/* Whether @recipient is meant, and what becomes of it. @gone: (out): its row is to be removed. */
gboolean clr_act_change (const ClrAct *act, const ClrMessage *message, ClrRecipient *recipient,
                         gboolean *gone);

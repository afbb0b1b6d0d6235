/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrRoll: the ids of all that waits and fits a filter, in an order, as of one moment, so that any part of a
 * long list can be had by its position. It is called over a piece at a time, each a short transaction as of a
 * trace; memory holds eight octets a message, of a few rolls, for a few minutes after they were last asked
 * for. Reader thread of the history.
 */
#pragma once

#include "queue/clr-trace.h"

#define CLR_ROLL_MOST 2000000u /* messages of one */

typedef enum
{
  CLR_ROLL_ACCEPTED,
  CLR_ROLL_SENDER,
  CLR_ROLL_RECIPIENT, /* the first that fits */
  CLR_ROLL_SUBJECT,
  CLR_ROLL_SIZE,
  CLR_ROLL_STATE,
  CLR_ROLL_NEXT, /* attempt */
  CLR_ROLL_DEVICE,
  CLR_ROLL_ORDERS
} ClrRollOrder;

/* "accepted". NULL: there is no such order. */
const char *clr_roll_order_get_name (ClrRollOrder order);
gboolean clr_roll_order_from_name (const char *name, ClrRollOrder *order);

typedef struct ClrRollCall ClrRollCall;

/* A question, which comes back to @reply_to with its answer. */
struct ClrRollCall
{
  ClrLetter letter;
  char *words;       /* of the filter: what tells rolls apart */
  ClrFilter *filter; /* NULL: all mail */
  ClrRollOrder order;
  gboolean descending;
  uint64_t roll; /* in: the one that is meant, 0: any that is not too old, or a new one. out: which it was */
  uint64_t from; /* position of the first row wanted */
  unsigned n;    /* rows wanted; 0: only how far the roll is */
  ClrMailbox *reply_to;
  void (*open) (ClrLetter *call, void *owner);
  void *data;
  char *(*write) (const ClrRollCall *call); /* makes @text, in the reader's thread */

  GArray *ids; /* of uint64_t: the rows */
  GPtrArray
      *found; /* of ClrTraced, without attempts, in the same order; with neither message when it is gone */
  uint64_t total; /* rows; as far as is known */
  gboolean complete;
  gboolean is_lost; /* there is no such roll any more */
  char *text;
  char *problem;
};

ClrRollCall *clr_roll_call_new (const char *words, ClrFilter *filter);
void clr_roll_call_free (ClrRollCall *call);

typedef struct ClrRolls ClrRolls;

ClrRolls *clr_rolls_new (void);
void clr_rolls_free (ClrRolls *rolls);
/* @now_us: on the monotonic clock. */
gboolean clr_rolls_answer (ClrRolls *rolls, ClrTracer *tracer, ClrRollCall *call, int64_t now_us,
                           GError **error);

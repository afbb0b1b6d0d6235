/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The three seams behind which storage stands: queue, content, state. Everything is a batch with an answer
 * that may come later, so that a database server can be a second implementation. SQLite answers inside the
 * call. All functions run in the queue thread; no function assumes that memory holds all rows.
 */
#pragma once

#include "queue/clr-act.h"
#include "queue/clr-message.h"

typedef struct ClrQueueStore ClrQueueStore;
typedef struct ClrContentStore ClrContentStore;
typedef struct ClrStateStore ClrStateStore;

/* One recipient's new facts, from an attempt. */
typedef struct
{
  uint64_t message;
  unsigned number;
  ClrRecipientState from; /* its state until now; in any other one it is left alone */
  ClrRecipientState state;
  unsigned
      report; /* ClrReportKind: reports that are due now; of delay no more, if it does not wait any more */
  int64_t due_us;
  unsigned attempts;
  int code;
  const char *enhanced; /* borrowed until the batch is done */
  const char *text;
  const char *host;
  int64_t tried_us;
  const char *lane; /* the lane's key, needed where it waits again */
} ClrRecipientUpdate;

/* A report has been made, or nobody wanted it. */
typedef struct
{
  uint64_t message;
  unsigned number;
  unsigned kind;           /* ClrReportKind */
  ClrRecipientState state; /* what a bouncing recipient becomes: given up, or failed */
} ClrReportMade;

/* What the scheduler wants to be kept of a lane. */
typedef struct
{
  const char *lane; /* borrowed */
  const char *site; /* borrowed; NULL: as it was */
  int64_t look_us;  /* when to look at it next, INT64_MAX: no need; 0: as it was */
} ClrLaneUpdate;

/* Which waiting recipients to take; what was taken comes out. */
typedef struct
{
  const char *lane;
  int64_t now_us;
  unsigned n;             /* recipients at the most */
  int64_t lease_until_us; /* a node that is silent until then loses them */
  GPtrArray *messages;    /* out: of ClrMessage, each with the claimed recipients and small contents loaded */
  int64_t next_due_us;    /* out: the earliest of those that still wait in the lane, INT64_MAX for none */
} ClrClaim;

/* One transaction. Everything in it, or nothing. */
typedef struct
{
  GPtrArray *inserts; /* of ClrMessage */
  GArray *updates;    /* of ClrRecipientUpdate */
  GArray *made;       /* of ClrReportMade */
  GArray *removes;    /* ids (uint64_t) of messages that history has */
  GPtrArray *acts;    /* of ClrAct: one slice of each */
  GArray *lanes;      /* of ClrLaneUpdate */
  GArray *claims;     /* of ClrClaim */
} ClrBatch;

/* @error: NULL when the batch is on disk. */
typedef void (*ClrStoreDone) (ClrQueueStore *store, ClrBatch *batch, const GError *error, void *data);

/* Where a walk over the lanes by time stands; all zero: before the first. */
typedef struct
{
  int64_t look_us; /* INT64_MAX: behind the last */
  uint64_t id;
} ClrLaneCursor;

typedef void (*ClrLaneVisitor) (const char *key, const char *site, int64_t look_us, void *data);

/* A look at the messages that a filter chooses, a slice a call. */
typedef struct
{
  ClrFilter *filter;   /* NULL: all */
  unsigned n;          /* messages wanted; 0: only to be counted */
  uint64_t after;      /* in, out: the cursor */
  gboolean more;       /* out: the cursor is not at the end */
  GPtrArray *messages; /* out: those found are added, with all their recipients, without content */
  uint64_t n_messages, n_recipients; /* out: what fits is added */
} ClrPage;

typedef struct
{
  const char *name;
  /* Waiting recipients that it stores, whatever put them there, bring forward the time at which their lane is
   * to be looked at; claims set it. */
  void (*apply) (ClrQueueStore *store, ClrBatch *batch, ClrStoreDone done, void *data);
  /* Node start: claims of a former run become waiting again. Messages whose recipients are all done, but
   * which history may not have, go to @finished. */
  gboolean (*recover) (ClrQueueStore *store, unsigned node, GPtrArray *finished, GError **error);
  /* At most @n lanes in which something waits, in order of the time at which they are to be looked at. */
  gboolean (*visit_lanes) (ClrQueueStore *store, ClrLaneCursor *cursor, unsigned n, ClrLaneVisitor visitor,
                           void *data, GError **error);
  /* The claims of this node live until then, if they are renewed in time. */
  gboolean (*renew) (ClrQueueStore *store, unsigned node, int64_t lease_until_us, GError **error);
  /* The message with all its recipients, without content; NULL when there is none. */
  ClrMessage *(*load) (ClrQueueStore *store, uint64_t id, GError **error);
  gboolean (*page) (ClrQueueStore *store, ClrPage *page, GError **error);
  /* The @n oldest messages about which reports are due, each with those recipients and its content. */
  GPtrArray *(*due_reports) (ClrQueueStore *store, unsigned n, GError **error);
  /* Kept with every transaction, so that asking costs nothing. Delivered recipients are not counted. */
  void (*count) (ClrQueueStore *store, uint64_t *messages, uint64_t by_state[CLR_RECIPIENT_STATES]);
  /* FALSE only when it is certain. */
  gboolean (*has_message) (ClrQueueStore *store, uint64_t id);
  /* Whether house-keeping would be good now; then any thread may call maintain(), which may take long, and
   * after it the queue thread end_maintenance(), which is quick. */
  gboolean (*wants_maintenance) (ClrQueueStore *store);
  void (*maintain) (ClrQueueStore *store);
  void (*end_maintenance) (ClrQueueStore *store);
  ClrContentStore *(*get_content) (ClrQueueStore *store);
  void (*free) (ClrQueueStore *store);
} ClrQueueStoreClass;

struct ClrQueueStore
{
  const ClrQueueStoreClass *klass;
};

typedef struct
{
  /* Inside the transaction of a batch. */
  gboolean (*put) (ClrContentStore *store, uint64_t message, const ClrRope *content, GError **error);
  gboolean (*get) (ClrContentStore *store, uint64_t message, ClrRope *content, GError **error);
  gboolean (*drop) (ClrContentStore *store, uint64_t message, GError **error);
} ClrContentStoreClass;

struct ClrContentStore
{
  const ClrContentStoreClass *klass;
};

/* Inventory, rates, bans, STS cache, report counts, tokens: small facts by table and key, each with an end.
 * Nothing keeps such facts yet; the seam is here so that the first that does needs no new one. */
typedef struct
{
  gboolean (*get) (ClrStateStore *store, const char *table, const char *key, GBytes **value, GError **error);
  gboolean (*put) (ClrStateStore *store, const char *table, const char *key, GBytes *value, int64_t until_us,
                   GError **error);
  gboolean (*remove) (ClrStateStore *store, const char *table, const char *key, GError **error);
} ClrStateStoreClass;

struct ClrStateStore
{
  const ClrStateStoreClass *klass;
};

ClrBatch *clr_batch_new (void);
gboolean clr_batch_is_empty (const ClrBatch *batch);
void clr_batch_free (ClrBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrBatch, clr_batch_free)

/* For tests, and for a relay that may forget: everything in memory. */
ClrQueueStore *clr_store_memory_new (void);

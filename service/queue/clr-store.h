/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The three seams behind which storage stands: queue, content, state. Everything is a batch with an answer
 * that may come later, so that a database server can be a second implementation. SQLite answers inside the
 * call. All functions run in the queue thread; no function assumes that memory holds all rows.
 */
#pragma once

#include "queue/clr-message.h"

typedef struct ClrQueueStore ClrQueueStore;
typedef struct ClrContentStore ClrContentStore;
typedef struct ClrStateStore ClrStateStore;

/* One recipient's new facts. */
typedef struct
{
  uint64_t message;
  unsigned number;
  ClrRecipientState state;
  int64_t due_us;
  unsigned attempts;
  int code;
  const char *enhanced; /* borrowed until the batch is done */
  const char *text;
  const char *host;
  int64_t tried_us;
} ClrRecipientUpdate;

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

typedef enum
{
  CLR_ACT_RETRY,  /* waiting and failed: due now */
  CLR_ACT_DELETE, /* not active: gone */
  CLR_ACT_EXPIRE, /* waiting beyond its lifetime at @now_us: failed */
} ClrActKind;

/* A change to recipients chosen by a filter. */
typedef struct
{
  ClrActKind kind;
  uint64_t message; /* 0: all */
  int64_t now_us;
  unsigned n_changed;  /* out: recipients */
  GPtrArray *messages; /* out: of ClrMessage with the changed recipients, at most 10000 */
  GArray *spool_files; /* out: ids (uint64_t) whose spool files have no row any more */
} ClrAct;

/* One transaction. Everything in it, or nothing. */
typedef struct
{
  GPtrArray *inserts; /* of ClrMessage */
  GArray *updates;    /* of ClrRecipientUpdate */
  GArray *removes;    /* ids (uint64_t) of messages that history has */
  GArray *claims;     /* of ClrClaim */
  GPtrArray *acts;    /* of ClrAct */
} ClrBatch;

/* @error: NULL when the batch is on disk. */
typedef void (*ClrStoreDone) (ClrQueueStore *store, ClrBatch *batch, const GError *error, void *data);

/* What of a lane waits; told once for each lane. */
typedef void (*ClrLaneVisitor) (const char *key, unsigned n_waiting, int64_t next_due_us, void *data);

typedef struct
{
  const char *name;
  void (*apply) (ClrQueueStore *store, ClrBatch *batch, ClrStoreDone done, void *data);
  /* Node start: claims of a former run become waiting again. Messages whose recipients are all done, but
   * which history may not have, go to @finished. */
  gboolean (*recover) (ClrQueueStore *store, unsigned node, GPtrArray *finished, GError **error);
  gboolean (*visit_lanes) (ClrQueueStore *store, ClrLaneVisitor visitor, void *data, GError **error);
  /* The claims of this node live until then, if they are renewed in time. */
  gboolean (*renew) (ClrQueueStore *store, unsigned node, int64_t lease_until_us, GError **error);
  /* The message with all its recipients, without content; NULL when there is none. */
  ClrMessage *(*load) (ClrQueueStore *store, uint64_t id, GError **error);
  /* Messages in order of id behind @after, with their recipients, without content. @state: -1 for any. */
  GPtrArray *(*page) (ClrQueueStore *store, uint64_t after, unsigned n, int state, GError **error);
  gboolean (*count) (ClrQueueStore *store, uint64_t *messages, uint64_t *recipients_by_state, GError **error);
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
ClrAct *clr_act_new (ClrActKind kind, uint64_t message, int64_t now_us);
void clr_act_free (ClrAct *act);

/* For tests, and for a relay that may forget: everything in memory. */
ClrQueueStore *clr_store_memory_new (void);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A script of batches for a store: mail comes, is claimed, delivered, reported and ordered about. Played on
 * the store in memory, it tells what any store must hold after each batch.
 */
#pragma once

#include "queue/clr-store-sqlite.h"

#define CLR_SCRIPT_STEPS 45
#define CLR_SCRIPT_NOW   (1000 * G_GINT64_CONSTANT (1000000))

/* Plays it: must be called first. */
void clr_script_write (void);
extern uint64_t clr_script_lasts[CLR_SCRIPT_STEPS + 1]; /* the last id after so many batches */
extern char *clr_script_expected[CLR_SCRIPT_STEPS + 1]; /* what the queue holds after so many batches */

/* The batch of a step; it is freed with clr_script_free_batch(). */
ClrBatch *clr_script_make_step (unsigned step);
void clr_script_free_batch (ClrBatch *batch);
ClrMessage *clr_script_make_message (GRand *rand, uint64_t id);

gboolean clr_script_apply (ClrQueueStore *store, ClrBatch *batch, GError **error);
/* All messages of a store; NULL with an error. */
GPtrArray *clr_script_list (ClrQueueStore *store, GError **error);
/* All that a store holds, as text. */
char *clr_script_dump (ClrQueueStore *store);
/* Tells the first message that differs. */
void clr_script_expect_same (const char *seen, const char *wanted);
void clr_script_check_integrity (const char *path);

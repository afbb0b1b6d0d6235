/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrBlock: a reference-counted piece of message bytes, and ClrRope: a sequence of slices of blocks.
 * A message's bytes are written once and never copied afterwards: session, queue, signer and delivery hold
 * slices of the same blocks. The count is atomic, so blocks may be shared between threads once nobody appends
 * any more; a rope belongs to one thread at a time.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct ClrBlock ClrBlock;

typedef struct
{
  ClrBlock *block;
  const uint8_t *data;
  size_t size;
} ClrSlice;

typedef struct
{
  ClrSlice *slices; /* owned, each holds a reference on its block */
  unsigned n_slices;
  unsigned capacity;
  size_t size;    /* bytes in all slices */
  ClrBlock *tail; /* the block this rope may still fill, or NULL */
} ClrRope;

#define CLR_ROPE_INIT                                                                                        \
  {                                                                                                          \
    NULL, 0, 0, 0, NULL                                                                                      \
  }

ClrBlock *clr_block_ref (ClrBlock *block);
void clr_block_unref (ClrBlock *block);

/* Copies @size bytes to the end of @rope, filling its tail block first. */
void clr_rope_append (ClrRope *rope, const void *data, size_t size);
/* Room at the end of @rope for bytes that somebody else writes, at least one and at most @most; how many in
 * @room. Follow with clr_rope_added(), before anything else is done with the rope. */
uint8_t *clr_rope_reserve (ClrRope *rope, size_t most, size_t *room);
void clr_rope_added (ClrRope *rope, size_t size);
/* Appends what is all there at once: a block just as large. */
void clr_rope_append_whole (ClrRope *rope, const void *data, size_t size);

/* Appends every slice of @other to @rope by reference; nothing is copied. */
void clr_rope_append_rope (ClrRope *rope, const ClrRope *other);

/* Takes the whole of @other; @other is empty afterwards. */
void clr_rope_take (ClrRope *rope, ClrRope *other);

/* Copies at most @size bytes that start at @offset into @into. Returns: the bytes copied. */
size_t clr_rope_read (const ClrRope *rope, size_t offset, void *into, size_t size);

/* The bytes of @rope as one piece: a view into its only slice, or a copy placed in @copy (to be freed by the
 * caller). */
const uint8_t *clr_rope_flatten (const ClrRope *rope, uint8_t **copy);

void clr_rope_clear (ClrRope *rope);

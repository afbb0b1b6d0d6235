/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-block.h"

#include <stdatomic.h>
#include <string.h>

#define FIRST_BLOCK (8u * 1024)
#define NEXT_BLOCK  (32u * 1024)

struct ClrBlock
{
  atomic_int references;
  uint32_t capacity;
  uint32_t used;
  uint8_t data[];
};

static ClrBlock *
block_new (uint32_t capacity)
{
  ClrBlock *block = g_malloc (sizeof *block + capacity);

  atomic_init (&block->references, 1);
  block->capacity = capacity;
  block->used = 0;
  return block;
}

ClrBlock *
clr_block_ref (ClrBlock *block)
{
  atomic_fetch_add_explicit (&block->references, 1, memory_order_relaxed);
  return block;
}

void
clr_block_unref (ClrBlock *block)
{
  if (atomic_fetch_sub_explicit (&block->references, 1, memory_order_acq_rel) == 1)
    g_free (block);
}

static void
rope_push (ClrRope *rope, ClrBlock *block, const uint8_t *data, size_t size)
{
  if (rope->n_slices == rope->capacity)
    {
      rope->capacity = rope->capacity ? rope->capacity * 2 : 4;
      rope->slices = g_renew (ClrSlice, rope->slices, rope->capacity);
    }
  rope->slices[rope->n_slices++] = (ClrSlice){ clr_block_ref (block), data, size };
  rope->size += size;
}

uint8_t *
clr_rope_reserve (ClrRope *rope, size_t most, size_t *room)
{
  if (rope->tail && rope->tail->used == rope->tail->capacity)
    g_clear_pointer (&rope->tail, clr_block_unref);
  if (rope->tail == NULL)
    rope->tail = block_new (rope->size == 0 && most <= FIRST_BLOCK ? FIRST_BLOCK : NEXT_BLOCK);
  *room = MIN (most, (size_t)rope->tail->capacity - rope->tail->used);
  return rope->tail->data + rope->tail->used;
}

void
clr_rope_added (ClrRope *rope, size_t size)
{
  ClrBlock *tail = rope->tail;
  uint8_t *at = tail->data + tail->used;
  ClrSlice *last = rope->n_slices ? &rope->slices[rope->n_slices - 1] : NULL;

  if (size == 0)
    return;
  tail->used += size;
  if (last && last->block == tail && last->data + last->size == at)
    {
      last->size += size;
      rope->size += size;
    }
  else
    rope_push (rope, tail, at, size);
}

void
clr_rope_append (ClrRope *rope, const void *data, size_t size)
{
  const uint8_t *from = data;

  while (size > 0)
    {
      size_t n;
      uint8_t *to = clr_rope_reserve (rope, size, &n);

      memcpy (to, from, n);
      clr_rope_added (rope, n);
      from += n;
      size -= n;
    }
}

void
clr_rope_append_whole (ClrRope *rope, const void *data, size_t size)
{
  ClrBlock *block;

  if (size == 0)
    return;
  block = block_new (size);
  memcpy (block->data, data, size);
  block->used = size;
  rope_push (rope, block, block->data, size);
  clr_block_unref (block);
}

void
clr_rope_append_rope (ClrRope *rope, const ClrRope *other)
{
  for (unsigned i = 0; i < other->n_slices; i++)
    rope_push (rope, other->slices[i].block, other->slices[i].data, other->slices[i].size);
}

void
clr_rope_take (ClrRope *rope, ClrRope *other)
{
  clr_rope_clear (rope);
  *rope = *other;
  *other = (ClrRope)CLR_ROPE_INIT;
}

size_t
clr_rope_read (const ClrRope *rope, size_t offset, void *into, size_t size)
{
  uint8_t *to = into;
  size_t done = 0;

  for (unsigned i = 0; i < rope->n_slices && done < size; i++)
    {
      const ClrSlice *slice = &rope->slices[i];

      if (offset >= slice->size)
        {
          offset -= slice->size;
          continue;
        }
      size_t n = MIN (size - done, slice->size - offset);
      memcpy (to + done, slice->data + offset, n);
      done += n;
      offset = 0;
    }
  return done;
}

const uint8_t *
clr_rope_flatten (const ClrRope *rope, uint8_t **copy)
{
  *copy = NULL;
  if (rope->n_slices == 0)
    return (const uint8_t *)"";
  if (rope->n_slices == 1)
    return rope->slices[0].data;
  *copy = g_malloc (rope->size);
  clr_rope_read (rope, 0, *copy, rope->size);
  return *copy;
}

void
clr_rope_clear (ClrRope *rope)
{
  for (unsigned i = 0; i < rope->n_slices; i++)
    clr_block_unref (rope->slices[i].block);
  g_free (rope->slices);
  g_clear_pointer (&rope->tail, clr_block_unref);
  *rope = (ClrRope)CLR_ROPE_INIT;
}

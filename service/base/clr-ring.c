/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-ring.h"

#include <string.h>

#define HALF        (CLR_RING_SIZE / 2)
#define FIELDS_MOST 16u
#define LONGEST     1000u /* octets of a value */
#define COPIED_MOST (256u * 1024)
#define NO_VALUE    UINT16_MAX

/* A record: this, then for each field its size and its octets with a final zero. */
typedef struct
{
  uint32_t size; /* with this */
  uint32_t id;
  int64_t time_us;
} Head;

/* Where a block of records begins. */
typedef struct
{
  uint64_t number;
  size_t offset;
} Mark;

typedef struct
{
  GByteArray *bytes;
  GArray *marks; /* of Mark */
} Half;

/* The newer half is filled; when it is full, it becomes the older, and what was there is gone. */
static GMutex mutex;
static Half halves[2];
static unsigned newer;
static uint64_t newest, gone;

static unsigned
count_fields (ClrEventId id)
{
  const char *p = clr_event_get_info (id)->fields;
  unsigned n = *p != 0;

  for (; *p; p++)
    n += *p == ' ';
  return MIN (n, FIELDS_MOST);
}

void
clr_ring_gather (GByteArray *records, ClrEventId id, int64_t time_us, const char *const *values)
{
  Head head = { 0, id, time_us };
  unsigned start = records->len, n = count_fields (id);

  g_byte_array_append (records, (const guint8 *)&head, sizeof head);
  for (unsigned i = 0; i < n; i++)
    {
      uint16_t size = values[i] ? (uint16_t)strnlen (values[i], LONGEST) : NO_VALUE;

      g_byte_array_append (records, (const guint8 *)&size, sizeof size);
      if (values[i])
        {
          g_byte_array_append (records, (const guint8 *)values[i], size);
          g_byte_array_append (records, (const guint8 *)"", 1);
        }
    }
  head.size = records->len - start;
  memcpy (records->data + start, &head, sizeof head);
}

static uint64_t
count_records (const uint8_t *bytes, size_t size)
{
  uint64_t n = 0;
  Head head;

  for (size_t i = 0; i < size; i += head.size, n++)
    memcpy (&head, bytes + i, sizeof head);
  return n;
}

void
clr_ring_append (GByteArray *records)
{
  uint64_t n = count_records (records->data, records->len);
  Half *half;

  if (n == 0)
    return;
  g_mutex_lock (&mutex);
  half = &halves[newer];
  if (half->bytes == NULL || half->bytes->len + records->len > HALF)
    {
      Half *other = &halves[1 - newer];

      if (half->bytes)
        {
          newer = 1 - newer;
          half = other;
        }
      if (half->bytes == NULL)
        {
          half->bytes = g_byte_array_sized_new (HALF);
          half->marks = g_array_new (FALSE, FALSE, sizeof (Mark));
        }
      if (half->bytes->len > 0)
        {
          const Half *left = &halves[1 - newer];
          gone = left->marks->len ? g_array_index (left->marks, Mark, 0).number - 1 : newest;
        }
      g_byte_array_set_size (half->bytes, 0);
      g_array_set_size (half->marks, 0);
    }
  Mark mark = { newest + 1, half->bytes->len };
  g_array_append_val (half->marks, mark);
  g_byte_array_append (half->bytes, records->data, records->len);
  newest += n;
  g_mutex_unlock (&mutex);
  g_byte_array_set_size (records, 0);
}

/* A copy of some records from the block that holds @number on. Returns: the number of the first of them. */
static uint64_t
copy_from (uint64_t number, GByteArray *copy)
{
  for (unsigned k = 0; k < 2; k++)
    {
      const Half *half = &halves[k == 0 ? 1 - newer : newer];
      unsigned low = 0, high = half->marks ? half->marks->len : 0;
      const Mark *next_half = k == 0 && halves[newer].marks && halves[newer].marks->len
                                  ? &g_array_index (halves[newer].marks, Mark, 0)
                                  : NULL;

      if (high == 0 || (next_half && next_half->number <= number))
        continue;
      while (high - low > 1)
        {
          unsigned middle = (low + high) / 2;
          if (g_array_index (half->marks, Mark, middle).number <= number)
            low = middle;
          else
            high = middle;
        }
      const Mark *mark = &g_array_index (half->marks, Mark, low);
      size_t end = half->bytes->len;
      /* Whole blocks, at least one. */
      for (unsigned i = low + 1; i < half->marks->len; i++)
        if (g_array_index (half->marks, Mark, i).offset - mark->offset >= COPIED_MOST)
          {
            end = g_array_index (half->marks, Mark, i).offset;
            break;
          }
      g_byte_array_append (copy, half->bytes->data + mark->offset, end - mark->offset);
      return mark->number;
    }
  return number;
}

static const uint8_t *
read_record (const uint8_t *p, Head *head, const char *values[FIELDS_MOST + 1])
{
  const uint8_t *field = p + sizeof *head;
  unsigned n;

  memcpy (head, p, sizeof *head);
  n = count_fields (head->id);
  for (unsigned i = 0; i < n; i++)
    {
      uint16_t size;

      memcpy (&size, field, sizeof size);
      field += sizeof size;
      values[i] = size == NO_VALUE ? NULL : (const char *)field;
      field += size == NO_VALUE ? 0 : size + 1u;
    }
  values[n] = NULL;
  return p + head->size;
}

uint64_t
clr_ring_visit (uint64_t after, ClrRingVisitor visitor, void *data, uint64_t *missed)
{
  g_autoptr (GByteArray) copy = g_byte_array_new ();
  const char *values[FIELDS_MOST + 1];

  *missed = 0;
  for (;;)
    {
      uint64_t number;

      g_byte_array_set_size (copy, 0);
      g_mutex_lock (&mutex);
      if (after < gone)
        {
          *missed += gone - after;
          after = gone;
        }
      number = after < newest ? copy_from (after + 1, copy) : 0;
      g_mutex_unlock (&mutex);
      if (copy->len == 0)
        return after;
      for (const uint8_t *p = copy->data; p < copy->data + copy->len; number++)
        {
          Head head;

          p = read_record (p, &head, values);
          if (number <= after)
            continue;
          after = number;
          if (!visitor (number, head.time_us, head.id, values, data))
            return after;
        }
    }
}

uint64_t
clr_ring_get_newest (void)
{
  uint64_t number;

  g_mutex_lock (&mutex);
  number = newest;
  g_mutex_unlock (&mutex);
  return number;
}

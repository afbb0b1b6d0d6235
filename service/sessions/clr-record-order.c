/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sessions/clr-record-order.h"

#include <string.h>

ClrRecordOrder *
clr_record_order_new (ClrRecordKind kind, const char *name, unsigned sessions)
{
  ClrRecordOrder *order = g_new0 (ClrRecordOrder, 1);

  atomic_init (&order->references, 1);
  atomic_init (&order->left, sessions);
  order->kind = kind;
  order->name = g_strdup (name);
  return order;
}

ClrRecordOrder *
clr_record_order_ref (ClrRecordOrder *order)
{
  atomic_fetch_add (&order->references, 1);
  return order;
}

void
clr_record_order_unref (ClrRecordOrder *order)
{
  if (atomic_fetch_sub (&order->references, 1) > 1)
    return;
  g_free (order->name);
  g_free (order);
}

static gboolean
is_same (const char *a, const char *b)
{
  return a && g_ascii_strcasecmp (a, b) == 0;
}

gboolean
clr_record_order_fits (ClrRecordOrder *order, const ClrRecordMark *mark, int64_t now_us)
{
  if (atomic_load (&order->left) == 0 || now_us >= order->until_us
      || mark->is_outgoing != (order->kind == CLR_RECORD_NEXT_HOP))
    return FALSE;
  switch (order->kind)
    {
    case CLR_RECORD_CLIENT:
      return memcmp (mark->address, order->address, sizeof order->address) == 0;
    case CLR_RECORD_DEVICE:
      return mark->device && g_str_equal (mark->device, order->name);
    case CLR_RECORD_NEXT_HOP:
      return is_same (mark->place, order->name) || is_same (mark->host, order->name);
    }
  return FALSE;
}

gboolean
clr_record_order_take (ClrRecordOrder *order)
{
  unsigned left = atomic_load (&order->left);

  while (left > 0)
    if (atomic_compare_exchange_weak (&order->left, &left, left - 1))
      return TRUE;
  return FALSE;
}

void
clr_record_order_stop (ClrRecordOrder *order)
{
  atomic_store (&order->left, 0);
}

static void
clear_line (void *data)
{
  g_free (((ClrRecordLine *)data)->text);
}

GArray *
clr_record_lines_new (void)
{
  GArray *lines = g_array_new (FALSE, FALSE, sizeof (ClrRecordLine));

  g_array_set_clear_func (lines, clear_line);
  return lines;
}

ClrRecordPiece *
clr_record_piece_new (ClrRecordOrder *order, GArray *lines)
{
  ClrRecordPiece *piece = g_new0 (ClrRecordPiece, 1);

  piece->letter.open = order->open;
  piece->order = clr_record_order_ref (order);
  piece->lines = lines;
  return piece;
}

void
clr_record_piece_free (ClrRecordPiece *piece)
{
  clr_record_order_unref (piece->order);
  g_array_unref (piece->lines);
  g_free (piece->session);
  g_free (piece->peer);
  g_free (piece);
}

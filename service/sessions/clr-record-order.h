/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrRecordOrder: which sessions are to be recorded, and how much of them. Shared by the workers, counted,
 * frozen but for the number of sessions that is left. ClrRecordPiece: lines of one of them, on their way to
 * the main thread.
 */
#pragma once

#include "base/clr-mailbox.h"
#include "smtp/clr-transcript.h"

#include <stdatomic.h>

typedef enum
{
  CLR_RECORD_CLIENT,   /* sessions of one client address */
  CLR_RECORD_DEVICE,   /* of a [device] */
  CLR_RECORD_NEXT_HOP, /* with a host, or by a [smarthost] or [route], of that name */
} ClrRecordKind;

typedef struct
{
  atomic_int references;
  atomic_uint left; /* sessions that may still begin to be recorded */
  uint64_t number;
  ClrRecordKind kind;
  uint8_t address[16]; /* IPv4 mapped */
  char *name;          /* as it was ordered: of the device or next hop, or the address */
  int64_t until_us;    /* monotonic: no session begins to be recorded then */
  size_t size_most;    /* octets of lines, of each session */
  gboolean with_content;
  ClrMailbox *reply_to;
  void (*open) (ClrLetter *piece, void *owner);
  void *data;
} ClrRecordOrder;

typedef struct
{
  int64_t time_us; /* since 1970 */
  ClrSpeaker speaker;
  char *text;
} ClrRecordLine;

typedef struct
{
  ClrLetter letter;
  ClrRecordOrder *order;
  char *session; /* "2-17" */
  char *peer;    /* with the first piece of a session; else NULL */
  gboolean is_outgoing;
  gboolean is_last;
  gboolean is_cut; /* the record is full */
  GArray *lines;   /* of ClrRecordLine */
} ClrRecordPiece;

ClrRecordOrder *clr_record_order_new (ClrRecordKind kind, const char *name, unsigned sessions);
ClrRecordOrder *clr_record_order_ref (ClrRecordOrder *order);
void clr_record_order_unref (ClrRecordOrder *order);

/* What is known of a session when it is looked at. */
typedef struct
{
  gboolean is_outgoing;
  const uint8_t *address; /* 16 octets, IPv4 mapped; of a client */
  const char *device;     /* NULL: none */
  const char *place;      /* [smarthost] or [route] */
  const char *host;
} ClrRecordMark;

/* Whether the order means this session, and still takes one at @now_us (monotonic). */
gboolean clr_record_order_fits (ClrRecordOrder *order, const ClrRecordMark *mark, int64_t now_us);
/* Any thread. Returns: FALSE when others were faster. */
gboolean clr_record_order_take (ClrRecordOrder *order);
/* Any thread: nothing begins to be recorded any more. */
void clr_record_order_stop (ClrRecordOrder *order);

/* @lines: taken. */
ClrRecordPiece *clr_record_piece_new (ClrRecordOrder *order, GArray *lines);
void clr_record_piece_free (ClrRecordPiece *piece);
/* An empty list. (transfer full) */
GArray *clr_record_lines_new (void);

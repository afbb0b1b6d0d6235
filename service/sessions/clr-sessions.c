/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sessions/clr-sessions.h"

#include "base/clr-clock.h"
#include "sessions/clr-roster.h"

#include <string.h>

struct ClrSessions
{
  ClrWorker **workers;
  unsigned n_workers;
  ClrMailbox *mailbox; /* workers post lines to it as long as they live */
  unsigned source;
  GPtrArray *records;
  uint64_t last_number;
};

typedef struct
{
  ClrLetter letter;
  ClrRecordOrder *order;
} OrderLetter;

static void
recorded_session_free (void *data)
{
  ClrRecordedSession *session = data;

  g_free (session->id);
  g_free (session->peer);
  g_array_unref (session->lines);
  g_free (session);
}

static void
record_free (void *data)
{
  ClrRecord *record = data;

  clr_record_order_stop (record->order);
  clr_record_order_unref (record->order);
  g_ptr_array_unref (record->sessions);
  g_free (record->who);
  g_free (record);
}

ClrSessions *
clr_sessions_new (ClrWorker **workers, unsigned n_workers)
{
  ClrSessions *self = g_new0 (ClrSessions, 1);

  self->workers = workers;
  self->n_workers = n_workers;
  self->mailbox = clr_mailbox_new (self);
  self->source = clr_mailbox_attach (self->mailbox);
  self->records = g_ptr_array_new_with_free_func (record_free);
  for (unsigned i = 0; i < n_workers; i++)
    clr_roster_new (workers[i]);
  return self;
}

void
clr_sessions_free (ClrSessions *self)
{
  for (unsigned i = 0; i < self->n_workers; i++)
    clr_roster_free (self->workers[i]->roster);
  clr_mailbox_open_all (self->mailbox);
  g_source_remove (self->source);
  clr_mailbox_free (self->mailbox);
  g_ptr_array_unref (self->records);
  g_free (self);
}

/* -- the roll */

static void send_roll (ClrSessions *self, ClrCensus *roll);

/* A worker's thread. */
static void
open_roll (ClrLetter *letter, void *owner)
{
  ClrCensus *roll = (ClrCensus *)letter;

  clr_roster_add_to (((ClrWorker *)owner)->roster, roll);
  roll->at++;
  send_roll (roll->sessions_of, roll);
}

/* Any thread: what it reads of @self never changes. */
static void
send_roll (ClrSessions *self, ClrCensus *roll)
{
  if (roll->at < self->n_workers)
    {
      roll->letter.open = open_roll;
      clr_worker_post (self->workers[roll->at], &roll->letter);
      return;
    }
  roll->letter.open = roll->open;
  clr_mailbox_post (roll->reply_to, &roll->letter);
}

void
clr_sessions_post_census (ClrSessions *self, ClrCensus *roll)
{
  roll->sessions_of = self;
  roll->at = 0;
  send_roll (self, roll);
}

/* -- records */

static ClrRecord *
find (ClrSessions *self, uint64_t number)
{
  for (unsigned i = 0; i < self->records->len; i++)
    {
      ClrRecord *record = g_ptr_array_index (self->records, i);

      if (record->number == number)
        return record;
    }
  return NULL;
}

static ClrRecordedSession *
find_session (ClrRecord *record, const ClrRecordPiece *piece)
{
  ClrRecordedSession *session;

  for (unsigned i = 0; i < record->sessions->len; i++)
    {
      session = g_ptr_array_index (record->sessions, i);
      if (g_str_equal (session->id, piece->session))
        return session;
    }
  session = g_new0 (ClrRecordedSession, 1);
  session->id = g_strdup (piece->session);
  session->peer = g_strdup (piece->peer);
  session->is_outgoing = piece->is_outgoing;
  session->lines = clr_record_lines_new ();
  g_ptr_array_add (record->sessions, session);
  return session;
}

static void
open_piece (ClrLetter *letter, void *owner)
{
  ClrRecordPiece *piece = (ClrRecordPiece *)letter;
  ClrRecord *record = find (owner, piece->order->number);

  if (record)
    {
      ClrRecordedSession *session = find_session (record, piece);

      g_array_append_vals (session->lines, piece->lines->data, piece->lines->len);
      /* The texts have moved. */
      g_array_set_clear_func (piece->lines, NULL);
      session->has_ended = session->has_ended || piece->is_last;
      session->is_cut = session->is_cut || piece->is_cut;
    }
  clr_record_piece_free (piece);
}

static void
open_order (ClrLetter *letter, void *owner)
{
  OrderLetter *carrier = (OrderLetter *)letter;

  clr_roster_take_order (((ClrWorker *)owner)->roster, carrier->order);
  clr_record_order_unref (carrier->order);
  g_free (carrier);
}

const ClrRecord *
clr_sessions_record (ClrSessions *self, const ClrRecordWish *wish)
{
  ClrRecordOrder *order = clr_record_order_new (wish->kind, wish->name, wish->sessions);
  ClrEndpoint endpoint;
  ClrRecord *record;

  if (wish->kind == CLR_RECORD_CLIENT)
    {
      if (!clr_endpoint_parse (&endpoint, wish->name, 0))
        {
          clr_record_order_unref (order);
          return NULL;
        }
      clr_endpoint_get_bytes (&endpoint, order->address);
    }
  order->number = ++self->last_number;
  order->until_us = clr_clock_monotonic () + wish->seconds * (int64_t)G_USEC_PER_SEC;
  order->size_most = wish->size;
  order->with_content = wish->with_content;
  order->reply_to = self->mailbox;
  order->open = open_piece;
  record = g_new0 (ClrRecord, 1);
  record->number = order->number;
  record->who = g_strdup (wish->who);
  record->order = order;
  record->wanted = wish->sessions;
  record->begun_us = clr_clock_wall ();
  record->until_us = record->begun_us + wish->seconds * (int64_t)G_USEC_PER_SEC;
  record->sessions = g_ptr_array_new_with_free_func (recorded_session_free);
  if (self->records->len >= CLR_RECORDS_MOST)
    g_ptr_array_remove_index (self->records, 0);
  g_ptr_array_add (self->records, record);
  for (unsigned i = 0; i < self->n_workers; i++)
    {
      OrderLetter *letter = g_new0 (OrderLetter, 1);

      letter->letter.open = open_order;
      letter->order = clr_record_order_ref (order);
      clr_worker_post (self->workers[i], &letter->letter);
    }
  return record;
}

const GPtrArray *
clr_sessions_list_records (ClrSessions *self)
{
  return self->records;
}

const ClrRecord *
clr_sessions_find_record (ClrSessions *self, uint64_t number)
{
  return find (self, number);
}

gboolean
clr_sessions_drop_record (ClrSessions *self, uint64_t number)
{
  ClrRecord *record = find (self, number);

  return record && g_ptr_array_remove (self->records, record);
}

gboolean
clr_record_is_over (const ClrRecord *record)
{
  unsigned taken = record->wanted - atomic_load (&record->order->left);
  gboolean is_closed
      = atomic_load (&record->order->left) == 0 || clr_clock_monotonic () >= record->order->until_us;

  /* A session that has been taken and said nothing yet is not over. */
  if (!is_closed || record->sessions->len < taken)
    return FALSE;
  for (unsigned i = 0; i < record->sessions->len; i++)
    if (!((ClrRecordedSession *)g_ptr_array_index (record->sessions, i))->has_ended)
      return FALSE;
  return TRUE;
}

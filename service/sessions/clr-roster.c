/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sessions/clr-roster.h"

#include "base/clr-clock.h"

#include <string.h>

struct ClrRoster
{
  ClrWorker *worker;
  ClrRosterEntry *first;
  uint64_t last_number;
  GPtrArray *orders; /* of ClrRecordOrder that may still take a session */
};

struct ClrRecording
{
  ClrRecordOrder *order;
  ClrRosterEntry *entry;
  ClrTranscript *transcript;
  GArray *lines; /* not yet posted */
  size_t size;   /* octets of lines so far */
  unsigned worker;
  gboolean has_begun;
  gboolean is_full;
};

ClrRoster *
clr_roster_new (ClrWorker *worker)
{
  ClrRoster *roster = g_new0 (ClrRoster, 1);

  roster->worker = worker;
  roster->orders = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_record_order_unref);
  worker->roster = roster;
  return roster;
}

void
clr_roster_free (ClrRoster *roster)
{
  roster->worker->roster = NULL;
  g_ptr_array_unref (roster->orders);
  g_free (roster);
}

void
clr_roster_enter (ClrWorker *worker, ClrRosterEntry *entry)
{
  ClrRoster *roster = worker->roster;

  if (roster == NULL)
    return;
  entry->number = ++roster->last_number;
  entry->since_us = worker->now;
  entry->next = roster->first;
  if (roster->first)
    roster->first->former = entry;
  roster->first = entry;
}

/* -- recording */

static void
post_piece (ClrRecording *recording, gboolean is_last)
{
  ClrRecordPiece *piece;

  if (recording->lines->len == 0 && !is_last)
    return;
  piece = clr_record_piece_new (recording->order, recording->lines);
  recording->lines = clr_record_lines_new ();
  piece->session = g_strdup_printf ("%u-%" G_GUINT64_FORMAT, recording->worker + 1, recording->entry->number);
  piece->is_outgoing = recording->entry->is_outgoing;
  piece->is_last = is_last;
  piece->is_cut = recording->is_full;
  if (!recording->has_begun && recording->entry->stream)
    {
      char text[CLR_ENDPOINT_TEXT];

      clr_endpoint_to_text (clr_stream_get_peer (recording->entry->stream), text);
      piece->peer = g_strdup (text);
    }
  recording->has_begun = TRUE;
  clr_mailbox_post (recording->order->reply_to, &piece->letter);
}

static void
on_line (ClrSpeaker speaker, const char *text, void *data)
{
  ClrRecording *recording = data;
  ClrRecordLine line = { .time_us = clr_clock_wall (), .speaker = speaker };

  if (recording->size >= recording->order->size_most)
    {
      recording->is_full = TRUE;
      return;
    }
  recording->size += strlen (text) + sizeof line;
  line.text = g_strdup (text);
  g_array_append_val (recording->lines, line);
}

static void
on_octets (gboolean out, const uint8_t *bytes, size_t size, void *data)
{
  ClrRecording *recording = data;

  if (recording->is_full)
    return;
  if (out == recording->entry->is_outgoing)
    clr_transcript_feed_client (recording->transcript, bytes, size);
  else
    clr_transcript_feed_server (recording->transcript, bytes, size);
  post_piece (recording, FALSE);
}

static void
recording_end (ClrRecording *recording)
{
  clr_transcript_end (recording->transcript);
  post_piece (recording, TRUE);
  clr_transcript_free (recording->transcript);
  g_array_unref (recording->lines);
  clr_record_order_unref (recording->order);
  g_free (recording);
}

static void
begin (ClrRoster *roster, ClrRosterEntry *entry, ClrRecordOrder *order)
{
  ClrRecording *recording = g_new0 (ClrRecording, 1);

  recording->order = clr_record_order_ref (order);
  recording->entry = entry;
  recording->worker = roster->worker->index;
  recording->lines = clr_record_lines_new ();
  recording->transcript = clr_transcript_new (order->with_content, !entry->is_outgoing, on_line, recording);
  entry->recording = recording;
  clr_stream_set_tee (entry->stream, on_octets, recording);
}

gboolean
clr_roster_has_orders (const ClrWorker *worker)
{
  const ClrRoster *roster = worker->roster;

  return roster && roster->orders->len > 0;
}

void
clr_roster_look (ClrWorker *worker, ClrRosterEntry *entry, const ClrRecordMark *mark)
{
  ClrRoster *roster = worker->roster;

  if (roster == NULL || entry->recording || entry->stream == NULL)
    return;
  for (unsigned i = roster->orders->len; i-- > 0;)
    {
      ClrRecordOrder *order = g_ptr_array_index (roster->orders, i);

      if (worker->now >= order->until_us || atomic_load (&order->left) == 0)
        g_ptr_array_remove_index (roster->orders, i);
      else if (entry->recording == NULL && clr_record_order_fits (order, mark, worker->now)
               && clr_record_order_take (order))
        begin (roster, entry, order);
    }
}

void
clr_roster_note (ClrWorker *worker, ClrRosterEntry *entry, const char *text)
{
  if (entry->recording == NULL)
    return;
  on_line (CLR_SPEAKER_NOTE, text, entry->recording);
  post_piece (entry->recording, FALSE);
}

void
clr_roster_leave (ClrWorker *worker, ClrRosterEntry *entry)
{
  ClrRoster *roster = worker->roster;

  if (roster == NULL || entry->number == 0)
    return;
  if (entry->recording)
    {
      clr_stream_set_tee (entry->stream, NULL, NULL);
      g_clear_pointer (&entry->recording, recording_end);
    }
  if (entry->former)
    entry->former->next = entry->next;
  else
    roster->first = entry->next;
  if (entry->next)
    entry->next->former = entry->former;
  entry->former = entry->next = NULL;
  entry->number = 0;
}

/* -- for those who look */

void
clr_roster_add_to (ClrRoster *roster, ClrCensus *roll)
{
  for (ClrRosterEntry *entry = roster->first; entry; entry = entry->next)
    {
      ClrSessionFacts facts = { .worker = roster->worker->index,
                                .number = entry->number,
                                .is_outgoing = entry->is_outgoing,
                                .is_recorded = entry->recording != NULL,
                                .age_us = roster->worker->now - entry->since_us };

      roll->n_all++;
      if (!clr_census_has_room (roll))
        continue;
      if (entry->stream)
        clr_stream_get_traffic (entry->stream, &facts.octets_in, &facts.octets_out);
      entry->describe (entry, &facts);
      g_array_append_val (roll->sessions, facts);
    }
}

void
clr_roster_take_order (ClrRoster *roster, ClrRecordOrder *order)
{
  g_ptr_array_add (roster->orders, clr_record_order_ref (order));
}

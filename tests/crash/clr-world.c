/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-world.h"

#include "base/clr-id.h"
#include "clr-cut.h"

#include <string.h>

#define SPOOL_PIECES 3

static char
octet_of (uint64_t id, unsigned piece)
{
  return 'a' + (id + piece) % 26;
}

static size_t
size_of (uint64_t id, unsigned piece)
{
  return 1 + (id * 7919 + piece * 104729) % 30000;
}

static void
append_piece (ClrRope *rope, uint64_t id, unsigned piece)
{
  g_autofree char *bytes = g_malloc (size_of (id, piece));

  memset (bytes, octet_of (id, piece), size_of (id, piece));
  clr_rope_append (rope, bytes, size_of (id, piece));
}

static ClrWorldMail *
find_mail (ClrWorld *world, uint64_t id)
{
  for (unsigned i = 0; i < world->n_mails; i++)
    if (world->mails[i].id == id)
      return &world->mails[i];
  g_error ("nobody handed in message %d", (int)id);
}

/* -- handing in, as the intake does */

static void
on_submitted (ClrLetter *letter, void *owner)
{
  ClrWorld *world = owner;
  ClrSubmission *submission = (ClrSubmission *)letter;
  ClrWorldMail *mail = find_mail (world, submission->message->id);

  world->on_way--;
  if (submission->problem == NULL)
    mail->accepted = TRUE;
  else if (!world->troubled && !clr_cut_has_come ())
    g_error ("a message was refused: %s", submission->problem);
  clr_submission_free (submission);
}

static void
submit (ClrWorld *world, ClrWorldMail *mail)
{
  ClrMessage *message = clr_message_new (mail->n);
  ClrSubmission *submission = g_new0 (ClrSubmission, 1);

  message->id = mail->id;
  message->created_us = g_get_real_time ();
  message->sender = g_strdup ("s@internal.test");
  append_piece (&message->content, mail->id, 0);
  message->is_loaded = TRUE;
  for (unsigned i = 1; i <= mail->pieces; i++)
    message->spool_size += size_of (mail->id, i);
  message->size = message->content.size + message->spool_size;
  for (unsigned i = 0; i < mail->n; i++)
    {
      message->recipients[i].number = i;
      message->recipients[i].address = g_strdup_printf ("r%u@example.net", i);
      message->recipients[i].notify = mail->notify;
      message->recipients[i].lane = g_strdup_printf ("smarthost:%d", (int)(mail->id + i) % 2);
    }
  submission->message = message;
  submission->reply_to = world->mailbox;
  submission->open = on_submitted;
  clr_queue_post_submission (world->queue, submission);
}

static void
on_spooled (ClrLetter *letter, void *owner)
{
  ClrWorld *world = owner;
  ClrDiskRequest *request = (ClrDiskRequest *)letter;
  ClrWorldMail *mail = request->data;

  if (request->problem && !world->troubled && !clr_cut_has_come ())
    g_error ("the spool: %s", request->problem);
  mail->spoiled = mail->spoiled || request->problem;
  if (request->kind == CLR_DISK_SYNC)
    {
      if (request->problem == NULL && !mail->spoiled && !world->closing)
        submit (world, mail);
      else
        {
          world->on_way--;
          if (!world->closing)
            clr_disk_post_unlink (world->disk, mail->id);
        }
    }
  clr_disk_request_free (request);
}

void
clr_world_hand_in (ClrWorld *world)
{
  static const unsigned notify[] = { 0, 0, CLR_TELL_SUCCESS | CLR_TELL_FAILURE, CLR_TELL_NEVER };
  ClrWorldMail *mail = &world->mails[world->n_mails++];

  mail->id = clr_id_new (0, g_get_real_time ());
  mail->notify = notify[g_rand_int_range (world->rand, 0, G_N_ELEMENTS (notify))];
  mail->n = g_rand_int_range (world->rand, 1, CLR_WORLD_RECIPIENTS + 1);
  mail->pieces
      = g_rand_int_range (world->rand, 0, 3) ? 0 : g_rand_int_range (world->rand, 1, SPOOL_PIECES + 1);
  world->on_way++;
  if (mail->pieces == 0)
    {
      submit (world, mail);
      return;
    }
  for (unsigned i = 1; i <= mail->pieces + 1; i++)
    {
      ClrDiskRequest *request = g_new0 (ClrDiskRequest, 1);

      request->kind = i <= mail->pieces ? CLR_DISK_WRITE : CLR_DISK_SYNC;
      request->id = mail->id;
      request->reply_to = world->mailbox;
      request->open = on_spooled;
      request->data = mail;
      if (i <= mail->pieces)
        append_piece (&request->bytes, mail->id, i);
      clr_disk_post (world->disk, request);
    }
}

/* -- delivering, as a worker does */

static void
check_bytes (const ClrRope *rope, uint64_t id, unsigned first, unsigned last)
{
  g_autofree uint8_t *copy = NULL;
  const uint8_t *bytes = clr_rope_flatten (rope, &copy);
  size_t at = 0;

  for (unsigned piece = first; piece <= last; piece++)
    for (size_t i = 0; i < size_of (id, piece); i++, at++)
      if (at >= rope->size || bytes[at] != octet_of (id, piece))
        g_error ("message %" G_GUINT64_FORMAT " is not what was handed in, at octet %zu of piece %u", id, i,
                 piece);
  g_assert_cmpuint (at, ==, rope->size);
}

/* The peer takes it, or not. */
static void
observe (ClrWorld *world, ClrJob *job, gboolean can)
{
  ClrWorldMail *mail = find_mail (world, job->message->id);

  for (unsigned i = 0; i < job->n_recipients; i++)
    {
      ClrObservation *seen = &job->observations[i];
      unsigned number = job->message->recipients[job->recipients[i]].number;
      int what = g_rand_int_range (world->rand, 0, 20);

      seen->started_us = seen->ended_us = g_get_real_time ();
      seen->phase = "DATA";
      if (!can)
        continue; /* untried */
      if (mail->stored[number])
        g_error ("message %" G_GUINT64_FORMAT
                 ", recipient %u: delivered again, although it was told to be over",
                 mail->id, number);
      if (what < 14 || world->is_last)
        {
          seen->outcome = CLR_OUTCOME_DELIVERED;
          seen->code = 250;
          mail->delivered[number]++;
        }
      else if (what < 16)
        {
          seen->outcome = CLR_OUTCOME_FAILED;
          seen->code = 550;
          mail->failed[number] = TRUE;
        }
      else if (what < 19)
        {
          seen->outcome = CLR_OUTCOME_DEFERRED;
          seen->code = 451;
        }
    }
  clr_queue_post_result (world->queue, job);
}

/* -- reports, as a worker makes them */

static ClrWorldReport *
find_report (ClrWorld *world, uint64_t id)
{
  for (unsigned i = 0; i < world->n_reports; i++)
    if (world->reports[i].id == id)
      return &world->reports[i];
  g_error ("nobody made report %" G_GUINT64_FORMAT, id);
}

static void
on_report_job (ClrLetter *letter, void *owner)
{
  ClrWorld *world = owner;
  ClrReportJob *job = (ClrReportJob *)letter;
  ClrWorldMail *mail = find_mail (world, job->message->id);
  ClrWorldReport *report;

  if (world->closing)
    {
      clr_report_job_free (job);
      return;
    }
  g_assert_cmpuint (world->n_reports, <, CLR_WORLD_REPORTS);
  report = &world->reports[world->n_reports++];
  report->id = clr_id_new (0, g_get_real_time ());
  report->about = mail;
  report->kind = job->kind;
  g_assert_cmpuint (job->message->n_recipients, >, 0);
  for (unsigned i = 0; i < job->message->n_recipients; i++)
    report->recipients |= 1u << job->message->recipients[i].number;
  check_bytes (&job->message->content, mail->id, 0, 0);

  job->report = clr_message_new (1);
  job->report->id = report->id;
  job->report->created_us = g_get_real_time ();
  job->report->sender = g_strdup ("");
  job->report->origin = g_strdup ("dsn");
  append_piece (&job->report->content, report->id, 0);
  job->report->size = job->report->content.size;
  job->report->is_loaded = TRUE;
  job->report->recipients[0].address = g_strdup ("s@internal.test");
  job->report->recipients[0].lane = g_strdup ("smarthost:0");
  clr_queue_post_report (world->queue, job);
}

/* Queue thread. */
void
clr_world_post_report (unsigned worker, ClrReportJob *job, void *data)
{
  job->letter.open = on_report_job;
  clr_mailbox_post (((ClrWorld *)data)->mailbox, &job->letter);
}

static void
take_report (ClrWorld *world, ClrJob *job)
{
  ClrWorldReport *report = find_report (world, job->message->id);
  ClrObservation *seen = &job->observations[0];

  seen->started_us = seen->ended_us = g_get_real_time ();
  seen->phase = "DATA";
  seen->code = world->is_last || g_rand_int_range (world->rand, 0, 4) ? 250 : 451;
  seen->outcome = seen->code == 250 ? CLR_OUTCOME_DELIVERED : CLR_OUTCOME_DEFERRED;
  if (seen->code == 250 && !report->arrived)
    {
      report->arrived = TRUE;
      for (unsigned i = 0; i < report->about->n; i++)
        if (report->recipients & 1u << i)
          report->about->reports[i][g_bit_nth_lsf (report->kind, -1)]++;
    }
  clr_queue_post_result (world->queue, job);
}

static void
on_read (ClrLetter *letter, void *owner)
{
  ClrWorld *world = owner;
  ClrDiskRequest *request = (ClrDiskRequest *)letter;
  ClrJob *job = request->data;

  if (request->problem && !clr_cut_has_come ())
    g_error ("message %" G_GUINT64_FORMAT " has lost its spool file: %s", request->id, request->problem);
  if (request->problem == NULL)
    check_bytes (&request->bytes, request->id, 1, find_mail (world, request->id)->pieces);
  if (world->closing)
    clr_job_free (job);
  else
    observe (world, job, request->problem == NULL);
  clr_disk_request_free (request);
}

static void
on_job (ClrLetter *letter, void *owner)
{
  ClrWorld *world = owner;
  ClrJob *job = (ClrJob *)letter;

  if (world->closing)
    {
      clr_job_free (job);
      return;
    }
  check_bytes (&job->message->content, job->message->id, 0, 0);
  if (*job->message->sender == '\0')
    {
      take_report (world, job);
      return;
    }
  if (job->message->spool_size == 0)
    {
      observe (world, job, TRUE);
      return;
    }
  ClrDiskRequest *request = g_new0 (ClrDiskRequest, 1);
  request->kind = CLR_DISK_READ;
  request->id = job->message->id;
  request->size = job->message->spool_size;
  request->reply_to = world->mailbox;
  request->open = on_read;
  request->data = job;
  clr_disk_post (world->disk, request);
}

/* Queue thread. */
void
clr_world_post_job (unsigned worker, ClrJob *job, void *data)
{
  job->letter.open = on_job;
  clr_mailbox_post (((ClrWorld *)data)->mailbox, &job->letter);
}

/* -- asking, as an administrator does */

static void
note_state (ClrWorldMail *mail, const ClrRecipient *recipient)
{
  unsigned i = recipient->number;
  gboolean given_up
      = recipient->state == CLR_RECIPIENT_BOUNCING || recipient->state == CLR_RECIPIENT_GIVEN_UP;

  if (recipient->state == CLR_RECIPIENT_DELIVERED && mail->delivered[i] == 0)
    g_error ("message %" G_GUINT64_FORMAT ", recipient %u: told to be delivered, and was not", mail->id, i);
  if (given_up && !mail->failed[i] && !mail->expired)
    g_error ("message %" G_GUINT64_FORMAT ", recipient %u: given up, and had not failed", mail->id, i);
  mail->stored[i] = mail->stored[i] || given_up || recipient->state == CLR_RECIPIENT_DELIVERED;
}

static void
on_found (ClrLetter *letter, void *owner)
{
  ClrWorld *world = owner;
  ClrHistoryAnswer *answer = (ClrHistoryAnswer *)letter;
  ClrWorldMail *mail = find_mail (world, answer->id);

  world->asked--;
  if (!world->closing && !clr_cut_has_come ())
    {
      const ClrMessage *message = answer->traced->finished;

      if (message == NULL)
        g_error ("message %" G_GUINT64_FORMAT " has left the queue, and the history does not have it",
                 mail->id);
      if (!mail->deleted)
        g_assert_cmpuint (message->n_recipients, ==, mail->n);
      for (unsigned i = 0; i < message->n_recipients; i++)
        note_state (mail, &message->recipients[i]);
    }
  clr_history_answer_free (answer);
}

static void
on_shown (ClrLetter *letter, void *owner)
{
  ClrWorld *world = owner;
  ClrQueueRequest *request = (ClrQueueRequest *)letter;

  world->asked--;
  if (request->kind == CLR_REQUEST_STATUS)
    {
      world->n_messages = request->n_messages;
      world->n_failed = request->n_by_state[CLR_RECIPIENT_FAILED];
    }
  else if (request->kind == CLR_REQUEST_ACT)
    {
      if (request->problem && !world->troubled && !clr_cut_has_come ())
        g_error ("an order was refused: %s", request->problem);
    }
  else if (request->problem == NULL)
    {
      ClrWorldMail *mail = find_mail (world, request->id);
      ClrMessage *message = request->messages->len ? request->messages->pdata[0] : NULL;

      for (unsigned i = 0; message && i < message->n_recipients; i++)
        note_state (mail, &message->recipients[i]);
      if (message == NULL && !world->closing && !mail->deleted)
        {
          mail->gone = TRUE;
          world->asked++;
          clr_history_post_find (clr_queue_get_history (world->queue), mail->id, world->mailbox, on_found,
                                 NULL);
        }
    }
  clr_queue_request_free (request);
}

void
clr_world_ask (ClrWorld *world, ClrRequestKind kind, uint64_t id)
{
  ClrQueueRequest *request = g_new0 (ClrQueueRequest, 1);

  request->kind = kind;
  request->id = id;
  request->reply_to = world->mailbox;
  request->open = on_shown;
  world->asked++;
  clr_queue_post_request (world->queue, request);
}

static void
order (ClrWorld *world, ClrActKind act, ClrWorldMail *mail, const char *filter)
{
  ClrQueueRequest *request = g_new0 (ClrQueueRequest, 1);

  if (mail)
    {
      mail->deleted = mail->deleted || act == CLR_ACT_DELETE;
      mail->expired = mail->expired || act == CLR_ACT_EXPIRE;
      request->id = mail->id;
    }
  request->kind = CLR_REQUEST_ACT;
  request->act = act;
  request->filter = filter ? clr_filter_new (filter, g_get_real_time (), NULL) : NULL;
  request->priority = g_rand_int_range (world->rand, -9, 10);
  request->who = g_strdup ("test");
  request->reply_to = world->mailbox;
  request->open = on_shown;
  world->asked++;
  clr_queue_post_request (world->queue, request);
}

void
clr_world_order_something (ClrWorld *world, ClrWorldMail *mail)
{
  if (world->is_last)
    {
      order (world, CLR_ACT_RELEASE, NULL, NULL);
      return;
    }
  switch (g_rand_int_range (world->rand, 0, 12))
    {
    case 0:
      order (world, CLR_ACT_HOLD, NULL, "to:r1@example.net");
      break;
    case 1:
      order (world, CLR_ACT_RELEASE, NULL, NULL);
      break;
    case 2:
      order (world, CLR_ACT_PRIORITY, NULL, "-to:r0@example.net");
      break;
    case 3:
      order (world, CLR_ACT_RETRY, NULL, "state:waiting");
      break;
    case 4:
      if (mail)
        order (world, CLR_ACT_EXPIRE, mail, NULL);
      break;
    case 5:
      if (mail)
        order (world, CLR_ACT_DELETE, mail, NULL);
      break;
    default:
      break;
    }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The whole queue (its thread, SQLite, the spool, the history) on a disk that loses its power. A run hands in
 * mail, delivers some of it, asks what is known, until the power fails at a random moment; that happens twice
 * on the same disk, then all is delivered. The ledger says what was acknowledged: it must be there, whole;
 * what was told to be delivered must not be delivered again; what has left the queue must stand in the
 * history. Of what has failed exactly one report arrives, of a delay at the most one. An administrator holds,
 * releases, expires and deletes meanwhile.
 *
 * The process has a child for each share of the runs, for they mostly wait. A seed fixes the choices and the
 * moment, though not how the threads of the queue take turns: CLR_CRASH_SEED plays it again ten times.
 */
#include "base/clr-id.h"
#include "base/clr-log.h"
#include "clr-cut.h"
#include "queue/clr-queue.h"
#include "queue/clr-store-sqlite.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN     10
#define RECIPIENTS   3
#define MAILS        60 /* of a run, at the most */
#define MAILS_AHEAD  8
#define SPOOL_PIECES 3
#define REPORTS      2000 /* of a run: those that a cut forgets are made again */
#define KINDS        3

typedef struct
{
  uint64_t id;
  unsigned n;
  unsigned notify;
  gboolean accepted, gone, spoiled;
  gboolean deleted, expired; /* it was ordered */
  unsigned pieces;           /* of the spool file */
  unsigned delivered[RECIPIENTS];
  gboolean stored[RECIPIENTS]; /* we were told that it is delivered, or given up */
  gboolean failed[RECIPIENTS];
  unsigned reports[RECIPIENTS][KINDS]; /* that have arrived */
} Mail;

typedef struct
{
  uint64_t id;
  Mail *about;
  ClrReportKind kind;
  unsigned recipients; /* a bit for each */
  gboolean arrived;
} Report;

typedef struct
{
  GRand *rand;
  char *folder, *state, *spool, *queue_file, *history_file;
  ClrMailbox *mailbox;
  ClrDisk *disk;
  ClrQueue *queue;
  Mail mails[MAILS];
  unsigned n_mails;
  Report reports[REPORTS];
  unsigned n_reports;
  unsigned on_way; /* handed in, not answered */
  unsigned asked;  /* requests, not answered */
  gboolean closing;
  gboolean troubled;             /* in this life the disk fails once, and then the power */
  gboolean once;                 /* which it has not yet done */
  gboolean is_last;              /* no cut comes any more: all is delivered */
  uint64_t n_messages, n_failed; /* in the queue, when it was last asked */
} World;

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

static Mail *
find_mail (World *world, uint64_t id)
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
  World *world = owner;
  ClrSubmission *submission = (ClrSubmission *)letter;
  Mail *mail = find_mail (world, submission->message->id);

  world->on_way--;
  if (submission->problem == NULL)
    mail->accepted = TRUE;
  else if (!world->troubled && !clr_cut_has_come ())
    g_error ("a message was refused: %s", submission->problem);
  clr_submission_free (submission);
}

static void
submit (World *world, Mail *mail)
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
  World *world = owner;
  ClrDiskRequest *request = (ClrDiskRequest *)letter;
  Mail *mail = request->data;

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

static void
hand_in (World *world)
{
  static const unsigned notify[] = { 0, 0, CLR_TELL_SUCCESS | CLR_TELL_FAILURE, CLR_TELL_NEVER };
  Mail *mail = &world->mails[world->n_mails++];

  mail->id = clr_id_new (0, g_get_real_time ());
  mail->notify = notify[g_rand_int_range (world->rand, 0, G_N_ELEMENTS (notify))];
  mail->n = g_rand_int_range (world->rand, 1, RECIPIENTS + 1);
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
observe (World *world, ClrJob *job, gboolean can)
{
  Mail *mail = find_mail (world, job->message->id);

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

static Report *
find_report (World *world, uint64_t id)
{
  for (unsigned i = 0; i < world->n_reports; i++)
    if (world->reports[i].id == id)
      return &world->reports[i];
  g_error ("nobody made report %" G_GUINT64_FORMAT, id);
}

static void
on_report_job (ClrLetter *letter, void *owner)
{
  World *world = owner;
  ClrReportJob *job = (ClrReportJob *)letter;
  Mail *mail = find_mail (world, job->message->id);
  Report *report;

  if (world->closing)
    {
      clr_report_job_free (job);
      return;
    }
  g_assert_cmpuint (world->n_reports, <, REPORTS);
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
static void
post_report (unsigned worker, ClrReportJob *job, void *data)
{
  job->letter.open = on_report_job;
  clr_mailbox_post (((World *)data)->mailbox, &job->letter);
}

static void
take_report (World *world, ClrJob *job)
{
  Report *report = find_report (world, job->message->id);
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
  World *world = owner;
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
  World *world = owner;
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
static void
post_job (unsigned worker, ClrJob *job, void *data)
{
  job->letter.open = on_job;
  clr_mailbox_post (((World *)data)->mailbox, &job->letter);
}

/* -- asking, as an administrator does */

static void
note_state (Mail *mail, const ClrRecipient *recipient)
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
  World *world = owner;
  ClrHistoryAnswer *answer = (ClrHistoryAnswer *)letter;
  Mail *mail = find_mail (world, answer->id);

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
  World *world = owner;
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
      Mail *mail = find_mail (world, request->id);
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

static void
ask (World *world, ClrRequestKind kind, uint64_t id)
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
order (World *world, ClrActKind act, Mail *mail, const char *filter)
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

static void
order_something (World *world, Mail *mail)
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

/* -- a run of the relay, between two cuts */

static gboolean
start (World *world, GError **error)
{
  ClrQueueOptions options = {
    .history_file = world->history_file,
    .queue_file = world->queue_file,
    .history_rule = { .keep_us = G_USEC_PER_SEC * G_GINT64_CONSTANT (86400) },
    .window = 100,
    .n_workers = 1,
    .retry = { 2000, 4000, G_USEC_PER_SEC * G_GINT64_CONSTANT (86400), 1000 },
    .post_job = post_job,
    .post_report = post_report,
    .data = world,
  };

  if (!clr_disk_make_folder (world->state, 0750, error))
    return FALSE;
  world->disk = clr_disk_new (world->spool, error);
  if (world->disk == NULL)
    return FALSE;
  options.disk = world->disk;
  options.store = clr_store_sqlite_new (world->queue_file, error);
  if (options.store == NULL)
    return FALSE;
  world->queue = clr_queue_new (&options, error);
  return world->queue != NULL;
}

static void
work (World *world, unsigned n_new, int64_t until_us)
{
  int64_t next_question = 0;

  while (world->once || !clr_cut_has_come ())
    {
      int64_t now = g_get_monotonic_time ();

      if (world->once && clr_cut_has_come ())
        {
          world->once = FALSE;
          clr_cut_change (CLR_CUT_POWER, g_rand_int_range (world->rand, 1, 12));
        }
      clr_mailbox_wait (world->mailbox, 1000);
      clr_mailbox_open_all (world->mailbox);
      if (n_new > 0 && world->on_way < MAILS_AHEAD && g_rand_boolean (world->rand))
        {
          hand_in (world);
          n_new--;
        }
      if (now > next_question)
        {
          Mail *mail
              = world->n_mails ? &world->mails[g_rand_int_range (world->rand, 0, world->n_mails)] : NULL;

          next_question = now + 10 * 1000;
          ask (world, CLR_REQUEST_STATUS, 0);
          order_something (world, mail);
          if (mail && mail->accepted && !mail->gone)
            ask (world, CLR_REQUEST_SHOW, mail->id);
        }
      if (now > until_us)
        {
          if (world->is_last)
            g_error ("the queue does not become empty: %d messages", (int)world->n_messages);
          if (world->once)
            clr_cut_change (CLR_CUT_POWER, UINT_MAX);
          world->once = FALSE;
          clr_cut_now ();
        }
      if (world->is_last && world->n_messages <= world->n_failed && world->asked == 0)
        return;
    }
}

static void
stop (World *world)
{
  world->closing = TRUE;
  g_clear_pointer (&world->queue, clr_queue_free);
  clr_mailbox_open_all (world->mailbox);
  g_clear_pointer (&world->disk, clr_disk_free);
  clr_mailbox_open_all (world->mailbox);
  world->closing = FALSE;
  world->on_way = world->asked = 0;
}

static void
live (World *world, unsigned n_new, ClrCutKind kind)
{
  g_autoptr (GError) error = NULL;
  /* The moment is a change of the disk, or a time, which meets what happens later. */
  unsigned at = g_rand_boolean (world->rand) ? (unsigned)g_rand_int_range (world->rand, 1, 250) : UINT_MAX;
  int64_t wait = kind == CLR_CUT_NEVER ? 30 * G_USEC_PER_SEC : g_rand_int_range (world->rand, 1000, 500000);
  uint32_t seed = g_rand_int (world->rand);

  world->troubled = kind == CLR_CUT_POWER && at != UINT_MAX && g_rand_int_range (world->rand, 0, 3) == 0;
  world->once = world->troubled;
  clr_cut_begin (world->folder, world->troubled ? CLR_CUT_ONCE : kind, at);
  if (start (world, &error))
    work (world, n_new, g_get_monotonic_time () + wait);
  else if (!clr_cut_has_come ())
    g_error ("after a power cut: %s", error->message);
  stop (world);
  clr_cut_end (seed);
}

static void
check_integrity (const char *path)
{
  sqlite3 *db = NULL;
  sqlite3_stmt *stmt = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, "PRAGMA integrity_check", -1, &stmt, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (stmt), ==, SQLITE_ROW);
  g_assert_cmpstr ((const char *)sqlite3_column_text (stmt, 0), ==, "ok");
  sqlite3_finalize (stmt);
  sqlite3_close (db);
}

typedef struct
{
  unsigned runs, accepted, recipients, again, reports, delays;
} Figures;

/* Of what is over, and not deleted, the sender knows what he wanted to know. */
static void
judge_reports (const Mail *mail, unsigned i)
{
  unsigned failed = mail->reports[i][0], delayed = mail->reports[i][1], delivered = mail->reports[i][2];
  gboolean exact = mail->accepted && !mail->deleted;

  if (failed + delivered > 1 || delayed > 1 || (mail->notify && delayed)
      || (mail->notify == CLR_TELL_NEVER && failed + delivered) || (mail->notify == 0 && delivered)
      || (failed && !mail->failed[i] && !mail->expired) || (delivered && !mail->delivered[i]))
    g_error ("message %" G_GUINT64_FORMAT
             ", recipient %u (NOTIFY %u): %u reports of failure, %u of delay, %u of "
             "delivery",
             mail->id, i, mail->notify, failed, delayed, delivered);
  if (exact
      && ((mail->notify == 0 && mail->delivered[i] == 0 && failed == 0)
          || (mail->notify & CLR_TELL_SUCCESS && failed + delivered == 0)))
    g_error ("LOST: the report about message %" G_GUINT64_FORMAT ", recipient %u (NOTIFY %u)", mail->id, i,
             mail->notify);
}

static void
run_once (uint32_t seed, Figures *figures)
{
  World world = { .rand = g_rand_new_with_seed (seed), .folder = clr_cut_make_folder () };

  clr_cut_note ("again: CLR_CRASH_SEED=%u", seed);
  world.state = g_build_filename (world.folder, "state", NULL);
  world.spool = g_build_filename (world.state, "spool", NULL);
  world.queue_file = g_build_filename (world.state, "queue.db", NULL);
  world.history_file = g_build_filename (world.state, "history.db", NULL);
  world.mailbox = clr_mailbox_new (&world);
  live (&world, MAILS / 2, CLR_CUT_POWER);
  live (&world, MAILS / 2, CLR_CUT_POWER);
  world.is_last = TRUE;
  world.n_messages = UINT64_MAX;
  live (&world, 0, CLR_CUT_NEVER);

  figures->runs++;
  for (unsigned m = 0; m < world.n_mails; m++)
    {
      Mail *mail = &world.mails[m];

      figures->accepted += mail->accepted;
      for (unsigned i = 0; i < mail->n; i++)
        {
          figures->recipients += mail->accepted;
          figures->again += mail->delivered[i] > 1 ? mail->delivered[i] - 1 : 0;
          figures->reports += mail->reports[i][0] + mail->reports[i][2];
          figures->delays += mail->reports[i][1];
          judge_reports (mail, i);
          if (mail->accepted && mail->delivered[i] == 0 && !mail->failed[i] && !mail->expired
              && !mail->deleted)
            g_error ("LOST: message %" G_GUINT64_FORMAT ", recipient %u", mail->id, i);
        }
    }
  check_integrity (world.queue_file);
  check_integrity (world.history_file);
  clr_mailbox_free (world.mailbox);
  g_rand_free (world.rand);
  clr_cut_remove_folder (world.folder);
  g_free (world.folder);
  g_free (world.state);
  g_free (world.spool);
  g_free (world.queue_file);
  g_free (world.history_file);
}

int
main (int argc, char **argv)
{
  const char *again = g_getenv ("CLR_CRASH_SEED");
  unsigned n = g_getenv ("CLR_CRASH_QUICK") ? 100 : 1000;
  uint32_t first = g_random_int () & 0xffffff;
  Figures all = { 0 };
  int pipes[2];
  gboolean good = TRUE;

  clr_log_setup (CLR_LOG_HUMAN, CLR_LEVEL_ERROR, "/dev/null", NULL);
  if (again)
    {
      for (int i = 0; i < 10; i++)
        run_once (strtoul (again, NULL, 10), &all);
      printf ("ok 1 /power/again\n1..1\n");
      return 0;
    }
  g_assert_cmpint (pipe (pipes), ==, 0);
  for (unsigned c = 0; c < CHILDREN; c++)
    if (fork () == 0)
      {
        Figures mine = { 0 };

        for (uint32_t i = c; i < n; i += CHILDREN)
          run_once (first + i, &mine);
        _exit (write (pipes[1], &mine, sizeof mine) == sizeof mine ? 0 : 1);
      }
  close (pipes[1]);
  for (unsigned c = 0; c < CHILDREN; c++)
    {
      int status;

      wait (&status);
      good = good && status == 0;
    }
  for (Figures figures; read (pipes[0], &figures, sizeof figures) == sizeof figures;)
    {
      all.runs += figures.runs;
      all.accepted += figures.accepted;
      all.recipients += figures.recipients;
      all.again += figures.again;
      all.reports += figures.reports;
      all.delays += figures.delays;
    }
  printf (
      "# %u runs with two power cuts each: %u messages accepted, %u recipients, %u reports, %u notices of "
      "delay, delivered again %u\n",
      all.runs, all.accepted, all.recipients, all.reports, all.delays, all.again);
  printf ("%s 1 /power/%u\n1..1\n", good && all.runs == n ? "ok" : "not ok", n);
  return !good;
}

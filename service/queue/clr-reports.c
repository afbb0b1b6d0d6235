/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-queue-private.h"

#include "base/clr-id.h"
#include "base/clr-log.h"

#define REPORTS_MADE     32u /* at a time: their messages are in memory */
#define REPORTS_RETRY_US (5 * (int64_t)G_USEC_PER_SEC)

/* A message may be due more than one kind: one after the other, the failure first. */
static ClrReportKind
first_kind (const ClrMessage *message)
{
  unsigned due = 0;

  for (unsigned i = 0; i < message->n_recipients; i++)
    due |= message->recipients[i].report;
  return due & -due;
}

static void
keep_kind (ClrMessage *message, ClrReportKind kind)
{
  unsigned kept = 0;

  for (unsigned i = 0; i < message->n_recipients; i++)
    if (message->recipients[i].report & kind)
      message->recipients[kept++] = message->recipients[i];
    else
      clr_recipient_clear (&message->recipients[i]);
  message->n_recipients = kept;
}

void
clr_queue_post_due_reports (ClrQueue *queue)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) messages = NULL;

  if (!queue->reports_due || queue->paused || queue->options.post_report == NULL
      || g_hash_table_size (queue->reporting) >= REPORTS_MADE
      || clr_queue_get_monotonic (queue) < queue->next_reports_us)
    return;
  /* Those that are being made are among what is found: with twice as many there is something new for every
   * free place, or there is nothing new. */
  messages = queue->store->klass->due_reports (queue->store, 2 * REPORTS_MADE, &error);
  if (messages == NULL)
    {
      /* The database cannot be read just now. They stay due. */
      clr_log_event (CLR_EVENT_STORE_UNREADABLE, "what reports are due about", error->message);
      queue->next_reports_us = clr_queue_get_monotonic (queue) + REPORTS_RETRY_US;
      return;
    }
  queue->reports_due = messages->len == 2 * REPORTS_MADE;
  for (unsigned i = 0; i < messages->len; i++)
    {
      ClrMessage *message = g_ptr_array_index (messages, i);
      ClrReportJob *job;

      if (g_hash_table_contains (queue->reporting, &message->id))
        continue;
      if (g_hash_table_size (queue->reporting) >= REPORTS_MADE)
        {
          queue->reports_due = TRUE;
          return;
        }
      g_hash_table_add (queue->reporting, g_memdup2 (&message->id, sizeof message->id));
      job = clr_report_job_new (first_kind (message), clr_message_ref (message));
      keep_kind (message, job->kind);
      queue->options.post_report (queue->next_reporter++ % queue->options.n_workers, job,
                                  queue->options.data);
    }
}

/* A notice that mail waits, when none of it does any more: it was being written while the mail went. */
static gboolean
is_late (ClrQueue *queue, const ClrReportJob *job)
{
  g_autoptr (ClrMessage) stored = NULL;
  g_autoptr (GError) error = NULL;

  if (job->kind != CLR_REPORT_DELAYED)
    return FALSE;
  stored = queue->store->klass->load (queue->store, job->message->id, &error);
  for (unsigned i = 0; stored && i < stored->n_recipients; i++)
    if (stored->recipients[i].report & CLR_REPORT_DELAYED)
      return FALSE;
  return error == NULL;
}

/* The report and the mark that it is made stand in one transaction: it is neither lost nor sent twice. */
void
clr_queue_plan_report (ClrQueue *queue, ClrReportJob *job, int64_t now_us, ClrBatch *batch)
{
  if (job->report && is_late (queue, job))
    g_clear_pointer (&job->report, clr_message_unref);
  if (job->report)
    {
      clr_queue_plan_submission (queue, job->report, now_us);
      g_ptr_array_add (batch->inserts, clr_message_ref (job->report));
    }
  for (unsigned i = 0; i < job->message->n_recipients; i++)
    {
      ClrReportMade made = { .message = job->message->id,
                             .number = job->message->recipients[i].number,
                             .kind = job->kind,
                             .state = job->report ? CLR_RECIPIENT_GIVEN_UP : CLR_RECIPIENT_FAILED };

      g_array_append_val (batch->made, made);
    }
}

static const char *
kind_name (ClrReportKind kind)
{
  return kind == CLR_REPORT_FAILED ? "failure" : kind == CLR_REPORT_DELAYED ? "delay" : "delivery";
}

void
clr_queue_take_report (ClrQueue *queue, ClrReportJob *job)
{
  char id[CLR_ID_TEXT], report[CLR_ID_TEXT];

  clr_id_to_text (job->message->id, id);
  if (job->report)
    {
      clr_id_to_text (job->report->id, report);
      clr_log_event (CLR_EVENT_REPORT_QUEUED, id, kind_name (job->kind), report);
      clr_queue_take_message (queue, job->report);
    }
  else
    clr_log_event (CLR_EVENT_REPORT_NOT_MADE, id, kind_name (job->kind),
                   job->kind == CLR_REPORT_FAILED ? "kept in the queue as failed" : "that is all");
  g_hash_table_remove (queue->reporting, &job->message->id);
  queue->reports_due = TRUE; /* another kind may be due about it */
  clr_queue_finish_if_done (queue, job->message->id);
  clr_report_job_free (job);
}

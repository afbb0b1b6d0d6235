/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-report-job.h"

ClrReportJob *
clr_report_job_new (ClrReportKind kind, ClrMessage *message)
{
  ClrReportJob *job = g_new0 (ClrReportJob, 1);

  job->kind = kind;
  job->message = message;
  return job;
}

void
clr_report_job_free (ClrReportJob *job)
{
  clr_message_unref (job->message);
  if (job->report)
    clr_message_unref (job->report);
  g_free (job);
}

void
clr_report_give_up (const ClrMessage *message, ClrRecipient *recipient, gboolean reports)
{
  recipient->notice_us = 0;
  recipient->report = 0;
  if (!reports)
    recipient->state = CLR_RECIPIENT_FAILED;
  else if (recipient->notify && !(recipient->notify & CLR_TELL_FAILURE)) /* RFC 3461 §4.1: as they wish */
    recipient->state = CLR_RECIPIENT_GIVEN_UP;
  else
    {
      recipient->state = CLR_RECIPIENT_BOUNCING;
      recipient->report = CLR_REPORT_FAILED;
    }
}

gboolean
clr_report_wants_delivered (const ClrMessage *message, const ClrRecipient *recipient, gboolean relays_dsn)
{
  return *message->sender && (recipient->notify & CLR_TELL_SUCCESS) && !relays_dsn;
}

gboolean
clr_report_wants_delayed (const ClrMessage *message, const ClrRecipient *recipient)
{
  return *message->sender && (recipient->notify == 0 || (recipient->notify & CLR_TELL_DELAY));
}

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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-job.h"

ClrJob *
clr_job_new (ClrMessage *message, unsigned n_recipients)
{
  ClrJob *job = g_new0 (ClrJob, 1);

  job->message = clr_message_ref (message);
  job->n_recipients = n_recipients;
  job->recipients = g_new0 (unsigned, n_recipients);
  job->observations = g_new0 (ClrObservation, n_recipients);
  return job;
}

void
clr_job_free (ClrJob *job)
{
  for (unsigned i = 0; i < job->n_recipients; i++)
    {
      g_free (job->observations[i].enhanced);
      g_free (job->observations[i].text);
      g_free (job->observations[i].host);
      g_free (job->observations[i].tls);
    }
  clr_message_unref (job->message);
  g_free (job->recipients);
  g_free (job->observations);
  g_free (job->key);
  g_free (job->site);
  g_free (job->rest_reason);
  g_free (job);
}

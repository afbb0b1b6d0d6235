/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrReporter: the worker's side of reports (DSN). The queue says what is due about which recipients; here is
 * decided who is told and what, the report is written, signed and given its lane, and the job posted back to
 * the queue, which stores it. Belongs to one worker.
 */
#pragma once

#include "net/clr-worker.h"
#include "policy/clr-policy.h"
#include "queue/clr-disk.h"
#include "queue/clr-queue.h"

typedef struct ClrReporter ClrReporter;

/* Before the worker starts. */
ClrReporter *clr_reporter_new (ClrWorker *worker, ClrPolicy *policy);
/* Before the worker starts; NULL after the queue's end: jobs are then dropped, the queue will post them anew
 * at its next start. */
void clr_reporter_set_queue (ClrReporter *reporter, ClrQueue *queue, ClrDisk *disk);
/* After it has ended. */
void clr_reporter_free (ClrReporter *reporter);

/* Any thread. Takes @job. */
void clr_reporter_post_job (ClrReporter *reporter, ClrReportJob *job);
/* Any thread: new settings, for the reports from now on. */
void clr_reporter_post_policy (ClrReporter *reporter, ClrPolicy *policy);

/* Who is told about @job: the sender, or the postmaster about mail that has none; NULL when nobody is,
 * because a report to the postmaster itself has failed. */
const char *clr_reporter_find_addressee (const ClrPolicy *policy, const ClrReportJob *job);

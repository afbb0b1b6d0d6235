/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrReportJob: a report (DSN) that is due about some recipients of one message. The queue thread posts it to
 * a worker, which builds and signs the report and posts the same job back; the queue then inserts the report
 * and marks the recipients in one transaction, so that a report is neither lost nor sent twice.
 */
#pragma once

#include "base/clr-mailbox.h"
#include "queue/clr-message.h"

typedef enum
{
  CLR_REPORT_NONE = 0,
  CLR_REPORT_FAILED = 1 << 0,    /* given up: RFC 3464 action "failed" */
  CLR_REPORT_DELAYED = 1 << 1,   /* still waiting: "delayed" */
  CLR_REPORT_DELIVERED = 1 << 2, /* success was asked for: "delivered", or "relayed" */
} ClrReportKind;

typedef struct
{
  ClrLetter letter; /* first: it travels by mailbox */
  ClrReportKind kind;
  /* The message with just the recipients the report is about, their last reply in them. Its content is
   * loaded: all of it, or what stands in front of the spool file. */
  ClrMessage *message;
  /* The answer: the report, ready to be stored, its recipients with their lanes. NULL when nobody can be
   * told: then what failed stays in the queue, where it is seen. */
  ClrMessage *report;
} ClrReportJob;

/* Takes the reference to @message. */
ClrReportJob *clr_report_job_new (ClrReportKind kind, ClrMessage *message);
void clr_report_job_free (ClrReportJob *job);

/* The rules, pure. What becomes of a recipient that is given up: its state, and the reports that are due.
 * @reports: whether there are reports at all. */
void clr_report_give_up (const ClrMessage *message, ClrRecipient *recipient, gboolean reports);
/* Whether its delivery is to be reported by us. @relays_dsn: the next hop has taken the duty over. */
gboolean clr_report_wants_delivered (const ClrMessage *message, const ClrRecipient *recipient,
                                     gboolean relays_dsn);
gboolean clr_report_wants_delayed (const ClrMessage *message, const ClrRecipient *recipient);

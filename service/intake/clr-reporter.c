/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/clr-reporter.h"

#include "base/clr-clock.h"
#include "base/clr-id.h"
#include "base/clr-log.h"
#include "intake/clr-attributes.h"
#include "intake/clr-stamp.h"
#include "mail/clr-report.h"
#include "smtp/clr-command.h"

#include <string.h>

struct ClrReporter
{
  ClrWorker *worker;
  ClrQueue *queue;
  ClrDisk *disk;
  ClrPolicy *policy;
};

/* A job while the rest of its message is read from the disk. */
typedef struct
{
  ClrReporter *reporter;
  ClrReportJob *job;
} Reading;

typedef struct
{
  ClrLetter letter;
  ClrPolicy *policy;
} PolicyLetter;

ClrReporter *
clr_reporter_new (ClrWorker *worker, ClrPolicy *policy)
{
  ClrReporter *reporter = g_new0 (ClrReporter, 1);

  reporter->worker = worker;
  reporter->policy = clr_policy_ref (policy);
  worker->reporter = reporter;
  return reporter;
}

void
clr_reporter_set_queue (ClrReporter *reporter, ClrQueue *queue, ClrDisk *disk)
{
  reporter->queue = queue;
  reporter->disk = disk;
}

void
clr_reporter_free (ClrReporter *reporter)
{
  clr_policy_unref (reporter->policy);
  g_free (reporter);
}

const char *
clr_reporter_find_addressee (const ClrPolicy *policy, const ClrReportJob *job)
{
  const ClrMessage *message = job->message;
  const char *postmaster = clr_policy_get_postmaster (policy);

  if (*message->sender)
    return message->sender;
  /* RFC 5321 section 4.5.5: nothing is sent to the null sender. The postmaster hears of it once, and not of
   * what was addressed to himself. */
  if (job->kind != CLR_REPORT_FAILED)
    return NULL;
  for (unsigned i = 0; i < message->n_recipients; i++)
    if (g_ascii_strcasecmp (message->recipients[i].address, postmaster) == 0)
      return NULL;
  return postmaster;
}

/* What the relay can say of success: it is final where the message was kept or thrown away here (RFC 3464
 * section 2.3.3). */
static ClrReportAction
find_action (ClrReportKind kind, const ClrRecipient *recipient)
{
  switch (kind)
    {
    case CLR_REPORT_DELAYED:
      return CLR_ACTION_DELAYED;
    case CLR_REPORT_DELIVERED:
      return recipient->lane
                     && (g_str_has_prefix (recipient->lane, "capture:")
                         || g_str_has_prefix (recipient->lane, "discard:"))
                 ? CLR_ACTION_DELIVERED
                 : CLR_ACTION_RELAYED;
    default:
      return CLR_ACTION_FAILED;
    }
}

/* Makes the content of @report: our fields, signatures first, then its header section and body. */
static void
stamp_report (ClrReporter *reporter, const GString *header, const GString *body, uint64_t reported,
              ClrMessage *report)
{
  char id[CLR_ID_TEXT], reported_id[CLR_ID_TEXT];
  g_autoptr (GError) error = NULL;
  ClrStamp stamp = { 0 };
  ClrHeaderBlock block;
  g_autoptr (GString) prefix = g_string_sized_new (2048);
  ClrReceived received = {
    .hostname = clr_policy_get_hostname (reporter->policy),
    .id = id,
    .time_us = report->created_us,
  };

  clr_id_to_text (report->id, id);
  clr_header_block_parse (&block, header->str, header->len);
  clr_stamp_begin (&stamp, reporter->policy, &block);
  clr_header_block_clear (&block);
  clr_stamp_hash_body (&stamp, (const uint8_t *)body->str, body->len);
  if (!clr_stamp_write (&stamp, reporter->policy, header, &received, prefix, &error))
    {
      /* A report without a signature is better than none. */
      clr_id_to_text (reported, reported_id);
      clr_log_event (CLR_EVENT_REPORT_UNSIGNED, reported_id, id, error->message);
      g_string_truncate (prefix, 0);
      clr_received_write (&received, prefix);
      clr_stamp_clear (&stamp);
    }
  clr_rope_append (&report->content, prefix->str, prefix->len);
  clr_rope_append (&report->content, header->str, header->len);
  clr_rope_append (&report->content, body->str, body->len);
  report->size = report->content.size;
  report->attributes = clr_attributes_make (header, &stamp, 0, 0, NULL, NULL, reported);
  clr_stamp_clear (&stamp);
}

static ClrMessage *
make_message (ClrReporter *reporter, const ClrReportJob *job, const char *to, const char *lane)
{
  ClrMessage *report = clr_message_new (1);

  report->created_us = clr_clock_wall ();
  report->node = clr_policy_get_node (reporter->policy);
  report->id = clr_id_new (report->node, report->created_us);
  report->sender = g_strdup (""); /* RFC 3461 section 6.1: a report is never answered with a report */
  report->origin = g_strdup ("dsn");
  report->client = g_strdup ("");
  report->device = g_strdup ("-");
  report->requiretls = job->message->requiretls;
  report->is_loaded = TRUE;
  report->recipients[0].address = g_strdup (to);
  report->recipients[0].lane = g_strdup (lane);
  return report;
}

/* @lane: the way to the addressee. @content: the message it is about, or what there is of it. */
static void
write_report (ClrReporter *reporter, ClrReportJob *job, const char *lane, const ClrRope *content,
              gboolean is_whole)
{
  const ClrMessage *message = job->message;
  const ClrReportStyle *style = clr_policy_get_report_style (reporter->policy);
  const char *to = clr_reporter_find_addressee (reporter->policy, job);
  ClrMessage *report = make_message (reporter, job, to, lane);
  g_autofree ClrReportRecipient *recipients = g_new0 (ClrReportRecipient, message->n_recipients);
  g_autofree uint8_t *copy = NULL;
  g_autoptr (GString) header = g_string_sized_new (1024);
  g_autoptr (GString) body = g_string_sized_new (8192);
  char id[CLR_ID_TEXT], reported[CLR_ID_TEXT];

  clr_id_to_text (report->id, id);
  clr_id_to_text (message->id, reported);
  for (unsigned i = 0; i < message->n_recipients; i++)
    {
      const ClrRecipient *recipient = &message->recipients[i];

      recipients[i] = (ClrReportRecipient){
        .address = recipient->address,
        .orcpt = recipient->orcpt,
        .action = find_action (job->kind, recipient),
        .code = recipient->code,
        .enhanced = recipient->enhanced,
        .text = recipient->text,
        .host = recipient->host,
        .tried_us = recipient->tried_us,
        .until_us = recipient->expires_us,
      };
    }
  ClrReportFacts facts = {
    .language = style->language,
    .hostname = clr_policy_get_hostname (reporter->policy),
    .author = style->author,
    .postmaster = clr_policy_get_postmaster (reporter->policy),
    .to = to,
    .id = id,
    .time_us = report->created_us,
    .message_id = reported,
    .sender = message->sender,
    .envid = message->envid,
    .client = message->client,
    .arrived_us = message->created_us,
    .content = content->size > 0 ? (const char *)clr_rope_flatten (content, &copy) : NULL,
    .content_size = content->size,
    .is_whole = is_whole,
    .returns_whole = is_whole && message->ret == CLR_DSN_RET_FULL,
    .has_others = message->n_all > message->n_recipients,
    .recipients = recipients,
    .n_recipients = message->n_recipients,
  };
  report->eight_bit = clr_report_write (&facts, header, body, &report->smtputf8);
  stamp_report (reporter, header, body, message->id, report);
  job->report = report;
  clr_queue_post_report (reporter->queue, job);
}

/* Settings may have changed, and the queue ended, since the job came. */
static void
report (ClrReporter *reporter, ClrReportJob *job, const ClrRope *content, gboolean is_whole)
{
  const char *to = clr_reporter_find_addressee (reporter->policy, job);
  ClrRouteCase what = { .sender = "", .recipient = to };
  g_autofree char *lane = to ? clr_policy_find_lane (reporter->policy, &what) : NULL;

  if (reporter->queue == NULL)
    clr_report_job_free (job);
  else if (lane == NULL)
    clr_queue_post_report (reporter->queue, job); /* nobody can be told: what failed stays in sight */
  else
    write_report (reporter, job, lane, content, is_whole);
}

static void
on_read (ClrLetter *letter, void *owner)
{
  ClrDiskRequest *request = (ClrDiskRequest *)letter;
  Reading *reading = request->data;
  ClrMessage *message = reading->job->message;
  ClrRope content = CLR_ROPE_INIT;
  gboolean is_whole = request->problem == NULL && request->bytes.size == message->spool_size;

  clr_rope_append_rope (&content, &message->content);
  if (is_whole)
    clr_rope_append_rope (&content, &request->bytes);
  report (reading->reporter, reading->job, &content, is_whole);
  clr_rope_clear (&content);
  clr_disk_request_free (request);
  g_free (reading);
}

static void
read_spool (ClrReporter *reporter, ClrReportJob *job)
{
  ClrDiskRequest *request = g_new0 (ClrDiskRequest, 1);
  Reading *reading = g_new0 (Reading, 1);

  reading->reporter = reporter;
  reading->job = job;
  request->kind = CLR_DISK_READ;
  request->id = job->message->id;
  request->size = job->message->spool_size;
  request->reply_to = reporter->worker->mailbox;
  request->open = on_read;
  request->data = reading;
  clr_disk_post (reporter->disk, request);
}

static void
open_job (ClrLetter *letter, void *owner)
{
  ClrReporter *reporter = ((ClrWorker *)owner)->reporter;
  ClrReportJob *job = (ClrReportJob *)letter;
  const ClrMessage *message = job->message;
  /* RFC 8689 section 5: of a message that requires TLS no more than the header section is told. */
  gboolean may_return
      = !message->requiretls && message->size <= clr_policy_get_report_style (reporter->policy)->return_size;

  if (message->spool_size > 0 && message->ret == CLR_DSN_RET_FULL && may_return && reporter->disk)
    read_spool (reporter, job);
  else
    report (reporter, job, &message->content, may_return && message->spool_size == 0);
}

void
clr_reporter_post_job (ClrReporter *reporter, ClrReportJob *job)
{
  job->letter.open = open_job;
  clr_worker_post (reporter->worker, &job->letter);
}

static void
open_policy (ClrLetter *letter, void *owner)
{
  ClrReporter *reporter = ((ClrWorker *)owner)->reporter;
  PolicyLetter *order = (PolicyLetter *)letter;

  clr_policy_unref (reporter->policy);
  reporter->policy = order->policy;
  g_free (order);
}

void
clr_reporter_post_policy (ClrReporter *reporter, ClrPolicy *policy)
{
  PolicyLetter *order = g_new0 (PolicyLetter, 1);

  order->letter.open = open_policy;
  order->policy = clr_policy_ref (policy);
  clr_worker_post (reporter->worker, &order->letter);
}

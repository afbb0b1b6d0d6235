/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A report job as the queue posts it, about a message whose octets a stranger wrote: it comes back with a
 * report that is ready to be stored, signed and stamped, or without one where nobody can be told. Here we are
 * the queue. Input: variant, then texts separated by a zero: sender, recipient, reply, ENVID, ORCPT, message.
 */
#include "fuzz.h"
#include "intake/clr-reporter.h"
#include "mail/clr-header-block.h"

#include <json-glib/json-glib.h>

static const char settings_text[] = "[server]\nhostname = relay.example.com\npostmaster = post@example.com\n"
                                    "[reports]\nreturn-size = 1K\n"
                                    "[route own]\nrecipients = example.com, .example.com\nvia = discard\n";

static ClrReportJob *answered;

void
clr_queue_post_report (ClrQueue *queue, ClrReportJob *job)
{
  fuzz_check (answered == NULL);
  answered = job;
}

static char *
take_text (const uint8_t **bytes, size_t *size)
{
  const uint8_t *end = *size ? memchr (*bytes, 0, *size) : NULL;
  size_t n = end ? (size_t)(end - *bytes) : *size;
  char *text = fuzz_dup_text (*bytes, n);

  *bytes += n + (end != NULL);
  *size -= n + (end != NULL);
  return text;
}

static ClrPolicy *
make_policy (void)
{
  g_autoptr (ClrSettings) settings
      = clr_settings_new_from_text (settings_text, strlen (settings_text), "test.conf", NULL);
  ClrPolicy *policy = clr_policy_new (settings, NULL);

  fuzz_check (policy);
  return policy;
}

static void
check_report (const ClrMessage *report, const char *to)
{
  g_autofree uint8_t *copy = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  const char *content = (const char *)clr_rope_flatten (&report->content, &copy);

  fuzz_check (*report->sender == 0 && report->n_recipients == 1 && report->size == report->content.size);
  fuzz_check (g_str_equal (report->recipients[0].address, to) && report->recipients[0].lane);
  fuzz_check (clr_header_block_find_end (content, report->size) > 0);
  fuzz_check (json_parser_load_from_data (parser, report->attributes, -1, NULL));
  if (!report->eight_bit)
    for (size_t i = 0; i < report->size; i++)
      fuzz_check ((unsigned char)content[i] < 0x80);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  static ClrReporter *reporter;
  static ClrWorker *worker;
  static const ClrReportKind kinds[] = { CLR_REPORT_FAILED, CLR_REPORT_DELAYED, CLR_REPORT_DELIVERED };
  unsigned variant = fuzz_take (&bytes, &size);
  ClrMessage *message = clr_message_new (1);
  ClrRecipient *recipient = message->recipients;

  if (worker == NULL)
    {
      g_autoptr (ClrPolicy) policy = make_policy ();
      worker = clr_worker_new (0);
      reporter = clr_reporter_new (worker, policy);
      /* Only passed on to ourselves. */
      clr_reporter_set_queue (reporter, (ClrQueue *)worker, NULL);
    }
  message->sender = take_text (&bytes, &size);
  recipient->address = take_text (&bytes, &size);
  recipient->text = take_text (&bytes, &size);
  message->envid = take_text (&bytes, &size);
  recipient->orcpt = take_text (&bytes, &size);
  recipient->lane = g_strdup (variant & 4 ? "discard:" : "mx:x/example.org");
  recipient->code = variant & 8 ? 550 : 0;
  recipient->tried_us = recipient->expires_us = message->created_us = 1764000000000000;
  message->ret = variant >> 4 & 3;
  message->requiretls = (variant & 64) != 0;
  message->client = g_strdup ("192.0.2.1");
  message->is_loaded = TRUE;
  message->n_all = 1 + (variant >> 7);
  message->size = size;
  clr_rope_append (&message->content, bytes, size);

  ClrReportJob *job = clr_report_job_new (kinds[variant % 4 % G_N_ELEMENTS (kinds)], message);
  clr_reporter_post_job (reporter, job);
  fuzz_check (clr_mailbox_open_all (worker->mailbox) == 1 && answered == job);
  answered = NULL;
  g_autoptr (ClrPolicy) policy = make_policy ();
  const char *to = clr_reporter_find_addressee (policy, job);
  if (job->report)
    check_report (job->report, to);
  clr_report_job_free (job);
  return 0;
}

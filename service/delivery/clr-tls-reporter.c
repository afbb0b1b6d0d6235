/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-tls-reporter.h"

#include "base/clr-clock.h"
#include "base/clr-log.h"
#include "base/clr-main-box.h"
#include "dns/clr-resolver.h"
#include "dns/clr-tlsrpt-record.h"
#include "mail/clr-date.h"

#include <string.h>

#define LOOK_S      600 /* between two looks for days that have ended */
#define BEGUN_MOST  50u /* domains that are asked at the same time */
#define ANSWER_MOST 4096
#define TIMEOUT_S   60

/* The report of one domain and day, on its way: to the worker and back, then to where it is wanted. */
typedef struct
{
  ClrLetter letter;
  ClrTlsReporter *reporter;
  char *date, *domain, *id;
  GBytes *packed;
  gboolean is_temporary; /* nobody can say now where it is wanted */
  char **places;         /* NULL: nowhere */
} Report;

struct ClrTlsReporter
{
  ClrTlsReporterOptions options;
  char *from, *organization, *contact, *hostname;
  ClrMainBox *box;
  GHashTable *begun;   /* set of Report that are out */
  GHashTable *uploads; /* set of Upload */
  guint look;
};

static void
report_free (void *data)
{
  Report *report = data;

  g_free (report->date);
  g_free (report->domain);
  g_free (report->id);
  g_bytes_unref (report->packed);
  g_strfreev (report->places);
  g_free (report);
}

/* -- sending */

typedef struct
{
  ClrTlsReporter *reporter;
  char *date, *domain, *place;
} Upload;

static void
upload_free (void *data)
{
  Upload *upload = data;

  g_free (upload->date);
  g_free (upload->domain);
  g_free (upload->place);
  g_free (upload);
}

static void
on_uploaded (const ClrWebReply *reply, void *data)
{
  Upload *upload = data;
  g_autofree char *status = g_strdup_printf ("status %u", reply->status);

  if (reply->outcome == CLR_WEB_ANSWERED && reply->status / 100 == 2)
    {
      clr_log_event (CLR_EVENT_TLS_REPORT_SENT, upload->domain, upload->date, upload->place);
      clr_tls_tally_set_reported (upload->reporter->options.tally, upload->date, upload->domain);
    }
  else
    clr_log_event (CLR_EVENT_TLS_REPORT_FAILED, upload->domain, upload->date, upload->place,
                   reply->outcome == CLR_WEB_ANSWERED ? status : reply->why);
  clr_log_flush ();
  g_hash_table_remove (upload->reporter->uploads, upload);
}

/* RFC 8460 section 5.4. */
static void
upload_report (Report *report, const char *url)
{
  ClrWebRequest request = { .method = "POST",
                            .url = url,
                            .type = "application/tlsrpt+gzip",
                            .body = report->packed,
                            .size_most = ANSWER_MOST,
                            .timeout_s = TIMEOUT_S };
  Upload *upload = g_new0 (Upload, 1);

  upload->reporter = report->reporter;
  upload->date = g_strdup (report->date);
  upload->domain = g_strdup (report->domain);
  upload->place = g_strdup (url);
  g_hash_table_add (upload->reporter->uploads, upload);
  clr_web_client_send (report->reporter->options.client, &request, on_uploaded, upload);
}

/* RFC 8460 section 5.3. */
static void
mail_report (Report *report, const char *to)
{
  ClrTlsReporter *reporter = report->reporter;
  ClrTlsReportHead head = { reporter->organization, reporter->contact, report->id, report->date };
  const char *at = strrchr (reporter->from, '@');
  char date[CLR_DATE_TEXT];
  g_autoptr (GBytes) content = NULL;
  char *text;

  clr_date_to_text (clr_clock_wall (), date);
  text = clr_tls_report_write_mail (&head, reporter->from, to, report->domain,
                                    at ? at + 1 : reporter->hostname, date, report->packed);
  content = g_bytes_new_take (text, strlen (text));
  reporter->options.submit (reporter->from, to, content, reporter->options.data);
  clr_log_event (CLR_EVENT_TLS_REPORT_SENT, report->domain, report->date, to);
  clr_log_flush ();
  clr_tls_tally_set_reported (reporter->options.tally, report->date, report->domain);
}

/* A stranger's text goes into an address and a header field. */
static gboolean
is_address (const char *text)
{
  const char *at = strchr (text, '@');

  for (const char *p = text; *p; p++)
    if (*p <= ' ' || *p >= 127 || strchr ("<>,;:\\\"()[]", *p))
      return FALSE;
  return at && at > text && at[1] && strchr (at + 1, '@') == NULL && strlen (text) <= 254;
}

/* Main thread. */
static void
open_found (ClrLetter *letter, void *owner)
{
  Report *report = (Report *)letter;
  ClrTlsReporter *reporter = owner;

  for (char **place = report->places; place && *place; place++)
    {
      gboolean is_mail;
      g_autofree char *target = clr_tlsrpt_place_dup_target (*place, &is_mail);

      if (target && is_mail && is_address (target))
        mail_report (report, target);
      else if (target && !is_mail)
        upload_report (report, target);
    }
  if (report->places == NULL && !report->is_temporary)
    clr_tls_tally_set_reported (reporter->options.tally, report->date, report->domain);
  g_hash_table_remove (reporter->begun, report);
}

/* -- where */

/* Worker. */
static void
on_record (const ClrDnsAnswer *answer, void *data)
{
  Report *report = data;
  const char *problem;
  g_autoptr (ClrTlsrptRecord) record = clr_tlsrpt_record_choose (answer, &problem);

  report->is_temporary = answer->status == CLR_DNS_TEMPORARY;
  report->places = record ? g_steal_pointer (&record->places) : NULL;
  report->letter.open = open_found;
  clr_main_box_post (report->reporter->box, &report->letter);
}

/* Worker. */
static void
open_question (ClrLetter *letter, void *owner)
{
  Report *report = (Report *)letter;
  g_autofree char *name = g_strconcat ("_smtp._tls.", report->domain, NULL);

  clr_resolver_ask (((ClrWorker *)owner)->resolver, name, CLR_DNS_TXT, on_record, report);
}

static void
begin (const char *date, const char *domain, JsonArray *policies, void *data)
{
  ClrTlsReporter *reporter = data;
  ClrTlsReportHead head = { reporter->organization, reporter->contact, NULL, date };
  g_autofree char *json = NULL;
  Report *report;

  if (g_hash_table_size (reporter->begun) >= BEGUN_MOST)
    return;
  report = g_new0 (Report, 1);
  report->reporter = reporter;
  report->date = g_strdup (date);
  report->domain = g_strdup (domain);
  report->id = g_strdup_printf ("%s.%s.%08x@%s", date, domain, g_random_int (), reporter->hostname);
  head.id = report->id;
  json = clr_tls_report_write (&head, policies);
  report->packed = clr_tls_report_compress (json);
  report->letter.open = open_question;
  g_hash_table_add (reporter->begun, report);
  clr_worker_post (reporter->options.worker, &report->letter);
}

static gboolean
on_look (void *data)
{
  ClrTlsReporter *reporter = data;
  g_autofree char *today = clr_tls_tally_dup_today ();

  if (g_hash_table_size (reporter->begun) == 0)
    clr_tls_tally_visit (reporter->options.tally, today, begin, reporter);
  return G_SOURCE_CONTINUE;
}

unsigned
clr_tls_reporter_send_now (ClrTlsReporter *reporter)
{
  if (g_hash_table_size (reporter->begun) == 0)
    clr_tls_tally_visit (reporter->options.tally, NULL, begin, reporter);
  return g_hash_table_size (reporter->begun);
}

ClrTlsReporter *
clr_tls_reporter_new (const ClrTlsReporterOptions *options)
{
  ClrTlsReporter *reporter = g_new0 (ClrTlsReporter, 1);

  reporter->options = *options;
  reporter->from = g_strdup (options->from);
  reporter->organization = g_strdup (options->organization);
  reporter->contact = g_strdup (options->contact);
  reporter->hostname = g_strdup (options->hostname);
  reporter->box = clr_main_box_new (reporter);
  reporter->begun = g_hash_table_new_full (NULL, NULL, report_free, NULL);
  reporter->uploads = g_hash_table_new_full (NULL, NULL, upload_free, NULL);
  if (options->send)
    reporter->look = g_timeout_add_seconds (LOOK_S, on_look, reporter);
  return reporter;
}

void
clr_tls_reporter_free (ClrTlsReporter *reporter)
{
  if (reporter->look)
    g_source_remove (reporter->look);
  clr_main_box_free (reporter->box);
  g_hash_table_unref (reporter->begun);
  g_hash_table_unref (reporter->uploads);
  g_free (reporter->from);
  g_free (reporter->organization);
  g_free (reporter->contact);
  g_free (reporter->hostname);
  g_free (reporter);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-service-private.h"

#include "intake/clr-injection.h"

/* Worker. A report that is not taken in is lost; the log tells of it as of every refusal. */
static void
on_report_injected (ClrLetter *letter, void *owner)
{
  clr_injection_free ((ClrInjection *)letter);
}

static void
submit_tls_report (const char *sender, const char *recipient, GBytes *content, void *data)
{
  ClrService *service = data;
  ClrIntakePlace place = { service->workers[0], service->queue, service->disk };
  ClrInjection *injection = g_new0 (ClrInjection, 1);
  const char *const recipients[] = { recipient, NULL };

  injection->origin = g_strdup ("tls-report");
  injection->client = g_strdup ("tls-report");
  injection->sender = g_strdup (sender);
  injection->recipients = g_strdupv ((char **)recipients);
  injection->content = g_bytes_ref (content);
  injection->reply_to = service->workers[0]->mailbox;
  injection->open = on_report_injected;
  clr_injection_post (injection, &place, service->policy);
}

static gboolean
start_sts (ClrService *service, GError **error)
{
  ClrSection *section = clr_settings_get_section (service->settings, "mta-sts");
  ClrStsKeeperOptions options = {
    .port = clr_section_get_number (section, "port"),
    .timeout_s = clr_section_get_number (section, "timeout"),
    .retry_s = clr_section_get_number (section, "retry"),
    .state = service->state,
  };

  service->web_resolver = clr_web_resolver_new (service->workers[0]);
  options.client = service->web_client
      = clr_web_client_new (service->web_resolver, clr_section_get_text (section, "ca-file"), NULL, error);
  if (service->web_client == NULL)
    {
      g_prefix_error (error, "[mta-sts] ca-file: ");
      return FALSE;
    }
  service->sts = clr_sts_keeper_new (&options, error);
  service->tls_tally = service->sts ? clr_tls_tally_new (service->sts, service->state, error) : NULL;
  return service->tls_tally != NULL;
}

static gboolean
start_tls_reports (ClrService *service, GError **error)
{
  ClrSection *section = clr_settings_get_section (service->settings, "tls-report");
  ClrSection *server = clr_settings_get_section (service->settings, "server");
  const char *postmaster = clr_section_get_text (server, "postmaster");
  const char *from = clr_section_get_text (section, "from");
  const char *organization = clr_section_get_text (section, "organization");
  const char *contact = clr_section_get_text (section, "contact");
  ClrTlsReporterOptions options = {
    .tally = service->tls_tally,
    .worker = service->workers[0],
    .send = clr_section_get_boolean (section, "send"),
    .from = from ? from : postmaster,
    .hostname = clr_section_get_text (server, "hostname"),
    .contact = contact ? contact : postmaster,
    .submit = submit_tls_report,
    .data = service,
  };

  options.organization = organization ? organization : options.hostname;
  options.client = service->report_client
      = clr_web_client_new (service->web_resolver, clr_section_get_text (section, "ca-file"), NULL, error);
  if (service->report_client == NULL)
    {
      g_prefix_error (error, "[tls-report] ca-file: ");
      return FALSE;
    }
  service->tls_reporter = clr_tls_reporter_new (&options);
  return TRUE;
}

gboolean
clr_service_start_tls (ClrService *service, GError **error)
{
  return start_sts (service, error) && start_tls_reports (service, error);
}

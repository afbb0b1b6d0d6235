/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-service-private.h"

#include "intake/clr-injection.h"

/* Worker. A refusal stands in the log, as every other. */
static void
on_mail_injected (ClrLetter *letter, void *owner)
{
  clr_injection_free ((ClrInjection *)letter);
}

/* With the null sender: that such mail fails is told by nobody's mail. */
static void
send_mail (const char *to, const char *route, GBytes *content, void *data)
{
  ClrService *service = data;
  ClrIntakePlace place = { service->workers[0], service->queue, service->disk };
  ClrInjection *injection;
  const char *const recipients[] = { to, NULL };

  if (service->stopped)
    return;
  injection = g_new0 (ClrInjection, 1);
  injection->origin = g_strdup ("alert");
  injection->client = g_strdup ("alert");
  injection->sender = g_strdup ("");
  injection->recipients = g_strdupv ((char **)recipients);
  injection->content = g_bytes_ref (content);
  injection->route = g_strdup (route);
  injection->reply_to = service->workers[0]->mailbox;
  injection->open = on_mail_injected;
  clr_injection_post (injection, &place, service->policy);
}

static void
visit_certificates (ClrAlertCertificate visitor, void *visitor_data, void *data)
{
  ClrService *service = data;

  if (service->listeners)
    clr_certificates_visit (clr_listeners_get_certificates (service->listeners), visitor, visitor_data);
}

static char **
list_oauth_problems (void *data)
{
  return clr_tokens_list_warnings (((ClrService *)data)->tokens);
}

gboolean
clr_service_start_alerts (ClrService *service, GError **error)
{
  ClrAlertsOptions options = {
    .queue = service->queue,
    .state = service->state,
    .directory
    = clr_section_get_text (clr_settings_get_section (service->settings, "server"), "state-directory"),
    .web = clr_web_client_new (service->web_resolver, NULL, NULL, error),
    .visit_certificates = visit_certificates,
    .list_oauth_problems = list_oauth_problems,
    .send_mail = send_mail,
    .data = service,
  };

  if (options.web == NULL)
    return FALSE;
  service->alerts = clr_alerts_new (&options, service->settings, error);
  return service->alerts != NULL;
}

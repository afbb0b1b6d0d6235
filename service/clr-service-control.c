/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-service-private.h"

#include "base/clr-clock.h"
#include "clr-own-certificate.h"
#include "clr-warnings.h"
#include "check/clr-check.h"
#include "control/clr-api.h"
#include "control/clr-door.h"
#include "intake/clr-injection.h"
#include "reception/clr-stranger.h"

#include <string.h>

static ClrSettings *
get_settings (void *data)
{
  return ((ClrService *)data)->settings;
}

static const ClrPolicy *
get_policy (void *data)
{
  return ((ClrService *)data)->policy;
}

static char **
list_listeners (void *data)
{
  return clr_listeners_list (((ClrService *)data)->listeners);
}

static unsigned
send_tls_reports (void *data)
{
  return clr_tls_reporter_send_now (((ClrService *)data)->tls_reporter);
}

static JsonNode *
describe_tls (void *data)
{
  return clr_tls_tally_describe (((ClrService *)data)->tls_tally);
}

static JsonArray *
list_certificates (void *data)
{
  ClrService *service = data;

  return service->listeners ? clr_certificates_describe (clr_listeners_get_certificates (service->listeners),
                                                         clr_clock_wall () / G_USEC_PER_SEC)
                            : json_array_new ();
}

static char **
list_warnings (void *data)
{
  ClrService *service = data;

  return clr_warnings_list (
      service->tokens, service->listeners ? clr_listeners_get_certificates (service->listeners) : NULL,
      service->policy, service->alerts, service->opening,
      clr_section_get_boolean (clr_settings_get_section (service->settings, "server"), "accept-open-relay"));
}

static JsonNode *
ask_oauth (ClrControlOauth what, const char *account, const char *text, GError **error, void *data)
{
  return clr_tokens_ask (((ClrService *)data)->tokens, what, account, text, error);
}

/* Control's mailbox. */
static void
on_probed (ClrLetter *letter, void *owner)
{
  ClrProbe *probe = (ClrProbe *)letter;
  g_autoptr (JsonNode) answer = clr_probe_tell (probe);

  clr_methods_tell_probe (answer, clr_probe_get_data (probe));
  clr_probe_free (probe);
}

static void
probe (const char *smarthost, const char *from, const char *to, ClrMailbox *reply_to, void *call, void *data)
{
  clr_delivery_post_probe (((ClrService *)data)->deliveries[0],
                           clr_probe_new (smarthost, from, to, reply_to, on_probed, call));
}

static JsonNode *
check_route (JsonObject *question, void *data)
{
  ClrService *service = data;

  json_object_set_string_member (question, "config", clr_settings_get_file (service->settings));
  /* The main thread waits for nobody. */
  json_object_set_boolean_member (question, "no-lookups", TRUE);
  return clr_check_route (question, NULL);
}

static JsonNode *
check_relay (void *data)
{
  ClrService *service = data;

  return clr_check_relay_of (service->policy, service->settings);
}

static char *
find_opening (const char *text, void *data)
{
  ClrService *service = data;
  g_autoptr (ClrSettings) settings
      = clr_settings_new_from_text (text, strlen (text), clr_settings_get_file (service->settings), NULL);
  g_autoptr (ClrPolicy) policy = settings ? clr_policy_new (settings, NULL) : NULL;

  if (policy == NULL || service->force
      || clr_section_get_boolean (clr_settings_get_section (settings, "server"), "accept-open-relay"))
    return NULL;
  return clr_stranger_find_opening (policy, settings);
}

static JsonNode *
check_key (JsonObject *question, void *data)
{
  return clr_check_dkim_key (question, NULL);
}

static gboolean
reload (void *data, GError **error)
{
  return clr_service_reload (data, error);
}

static gboolean
apply_users (void *data, GError **error)
{
  ClrService *service = data;

  return clr_gate_apply (service->gate, service->settings, error);
}

static void
on_injected (ClrLetter *letter, void *owner)
{
  ClrInjection *injection = (ClrInjection *)letter;
  ClrControlSubmission *submission = injection->data;

  submission->done (injection->reply, injection->id, submission->data);
  g_free (submission);
  clr_injection_free (injection);
}

static gboolean
submit (const ClrControlSubmission *submission, void *data)
{
  ClrService *service = data;
  ClrInjection *injection;
  ClrIntakePlace place
      = { service->workers[service->next_injector++ % service->n_workers], service->queue, service->disk };

  if (service->stopped)
    return FALSE;
  injection = g_new0 (ClrInjection, 1);
  injection->origin = g_strdup ("api");
  injection->client = g_strdup (submission->who);
  injection->sender = g_strdup (submission->sender);
  injection->recipients = g_strdupv (submission->recipients);
  injection->content = g_bytes_ref (submission->content);
  injection->reply_to = submission->reply_to;
  injection->open = on_injected;
  injection->data = g_memdup2 (submission, sizeof *submission);
  clr_injection_post (injection, &place, service->policy);
  return TRUE;
}

gboolean
clr_service_start_control (ClrService *service, GError **error)
{
  ClrSection *server = clr_settings_get_section (service->settings, "server");
  ClrControlHost host = {
    .queue = service->queue,
    .disk = service->disk,
    .state = service->state,
    .start_us = clr_clock_wall (),
    .get_settings = get_settings,
    .get_policy = get_policy,
    .inventory = service->inventory,
    .ledger = service->ledger,
    .sessions = service->sessions,
    .alerts = service->alerts,
    .list_listeners = list_listeners,
    .describe_tls = describe_tls,
    .send_tls_reports = send_tls_reports,
    .reload = reload,
    .probe = probe,
    .check_route = check_route,
    .check_relay = check_relay,
    .find_opening = find_opening,
    .check_key = check_key,
    .check = clr_service_check,
    .list_warnings = list_warnings,
    .list_certificates = list_certificates,
    .ask_oauth = ask_oauth,
    .guard = clr_gate_get_guard (service->gate),
    .apply_users = apply_users,
    .submit = submit,
    .data = service,
  };

  ClrSection *section = clr_settings_get_section (service->settings, "control");
  const char *directory = clr_section_get_text (server, "state-directory");
  g_autofree char *pass = g_build_filename (directory, CLR_API_LOCAL_PASS, NULL);
  g_auto (ClrOwnCertificate) own = { 0 };
  ClrControlPlaces places = {
    .socket = clr_section_get_text (server, "control-socket"),
    .addresses = clr_section_get_list (section, "listen"),
    .hostname = clr_section_get_text (server, "hostname"),
    .pass_file = pass,
  };

#ifdef _WIN32
  static const char *const local[] = { CLR_API_LOCAL, NULL };
  if (places.addresses == NULL || *places.addresses == NULL)
    places.addresses = local;
#endif
  if (places.addresses && clr_door_needs_certificate (places.addresses))
    {
      if (!clr_own_certificate_find (&own, section, places.hostname, directory, error))
        return FALSE;
      places.certificate_file = own.certificate_file;
      places.key_file = own.key_file;
    }
  service->control = clr_control_new (&host, &places, error);
  if (service->control && service->restored)
    clr_control_note (service->control, "clrelay restore", service->restored);
  return service->control != NULL;
}

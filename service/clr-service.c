/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-service-private.h"

#include "base/clr-clock.h"
#include "base/clr-counter.h"
#include "base/clr-error.h"
#include "base/clr-log.h"
#include "clr-gate.h"
#include "clr-listeners.h"
#include "clr-tokens.h"
#include "clr-version.h"
#include "control/clr-api.h"
#include "control/clr-control.h"
#include "delivery/clr-delivery.h"
#include "delivery/clr-tls-reporter.h"
#include "devices/clr-ledger.h"
#include "dns/clr-resolver.h"
#include "inbound/clr-inbound.h"
#include "intake/clr-injection.h"
#include "intake/clr-reporter.h"
#include "pickup/clr-pickup.h"
#include "queue/clr-state.h"
#include "queue/clr-store-sqlite.h"
#include "reception/clr-stranger.h"
#include "web/clr-web-client.h"

#include <unistd.h>

#define DRAIN_LOOK_MS      50
#define CUT_S              2 /* for what was cut to be stored */
#define CERTIFICATE_LOOK_S 5

static gboolean
set_up_log (ClrSettings *settings, GError **error)
{
  static const char *const levels[] = { "error", "warning", "info", "debug", NULL };
  ClrSection *section = clr_settings_get_section (settings, "log");
  const char *level = clr_section_get_text (section, "level");
  unsigned i = 0;

  while (levels[i + 1] && !g_str_equal (levels[i], level))
    i++;
  return clr_log_setup (g_str_equal (clr_section_get_text (section, "format"), "json") ? CLR_LOG_JSON
                                                                                       : CLR_LOG_HUMAN,
                        (ClrLevel)i, clr_section_get_text (section, "file"), error);
}

static void
read_retry (ClrSettings *settings, ClrRetryRule *retry, uint64_t *min_free)
{
  ClrSection *section = clr_settings_get_section (settings, "queue");

  retry->first_us = clr_section_get_number (section, "retry-first") * G_USEC_PER_SEC;
  retry->longest_us = clr_section_get_number (section, "retry-longest") * G_USEC_PER_SEC;
  retry->notice_us = clr_section_get_number (section, "delay-notice") * G_USEC_PER_SEC;
  retry->lifetime_us = clr_section_get_number (section, "lifetime") * G_USEC_PER_SEC;
  *min_free = clr_section_get_number (section, "min-free-space");
}

static ClrHistoryRule
read_history_rule (ClrSettings *settings)
{
  ClrSection *section = clr_settings_get_section (settings, "queue");

  return (ClrHistoryRule){ .keep_us = clr_section_get_number (section, "history") * G_USEC_PER_SEC,
                           .size = clr_section_get_number (section, "history-size") };
}

/* Queue thread. */
static void
post_job (unsigned worker, ClrJob *job, void *data)
{
  clr_delivery_post_job (((ClrService *)data)->deliveries[worker], job);
}

/* Queue thread. */
static void
post_report (unsigned worker, ClrReportJob *job, void *data)
{
  clr_reporter_post_job (((ClrService *)data)->reporters[worker], job);
}

static gboolean
start_queue (ClrService *service, const char *directory, GError **error)
{
  ClrSection *section = clr_settings_get_section (service->settings, "queue");
  g_autofree char *queue_file = g_build_filename (directory, "queue.db", NULL);
  g_autofree char *history_file = g_build_filename (directory, "history.db", NULL);
  g_autofree char *spool = g_build_filename (directory, "spool", NULL);
  ClrQueueOptions options = {
    .history_file = history_file,
    .queue_file = queue_file,
    .history_rule = read_history_rule (service->settings),
    .directory = directory,
    .node = clr_section_get_number (clr_settings_get_section (service->settings, "server"), "node"),
    .window = clr_section_get_number (section, "window"),
    .n_workers = service->n_workers,
    .post_job = post_job,
    .post_report = post_report,
    .data = service,
  };

  read_retry (service->settings, &options.retry, &options.min_free);
  options.store = clr_store_sqlite_new (queue_file, error);
  if (options.store == NULL)
    return FALSE;
  options.disk = service->disk = clr_disk_new (spool, error);
  if (service->disk == NULL)
    {
      options.store->klass->free (options.store);
      return FALSE;
    }
  service->queue = clr_queue_new (&options, error);
  return service->queue != NULL;
}

/* The workers stand, with all that is in them, before the queue may post to them. */
static gboolean
make_workers (ClrService *service, GError **error)
{
  unsigned wanted
      = clr_section_get_number (clr_settings_get_section (service->settings, "server"), "workers");
  ClrSection *dns = clr_settings_get_section (service->settings, "dns");
  ClrResolverOptions options = {
    .servers = clr_section_get_list (dns, "servers"),
    .trust_anchor = clr_section_get_text (dns, "trust-anchor"),
    .timeout_us = clr_section_get_number (dns, "timeout") * G_USEC_PER_SEC,
  };

  service->n_workers = wanted ? wanted : MIN (g_get_num_processors (), 64);
  service->workers = g_new0 (ClrWorker *, service->n_workers);
  service->inbounds = g_new0 (ClrInbound *, service->n_workers);
  service->deliveries = g_new0 (ClrDelivery *, service->n_workers);
  service->reporters = g_new0 (ClrReporter *, service->n_workers);
  for (unsigned i = 0; i < service->n_workers; i++)
    {
      service->workers[i] = clr_worker_new (i);
      if (!clr_resolver_new (service->workers[i], &options, error))
        return FALSE;
    }
  service->sessions = clr_sessions_new (service->workers, service->n_workers);
  service->gate
      = clr_gate_new (service->settings, service->state, service->workers, service->n_workers, error);
  return service->gate != NULL;
}

static unsigned
read_most_clients (ClrSettings *settings)
{
  return clr_section_get_number (clr_settings_get_section (settings, "limits"), "max-known-clients");
}

static gboolean
open_state (ClrService *service, const char *directory, GError **error)
{
  service->state = clr_state_open (directory, error);
  if (service->state)
    service->inventory = clr_inventory_new (service->state, read_most_clients (service->settings), error);
  if (service->inventory)
    service->ledger = clr_ledger_new (service->state, error);
  return service->ledger != NULL;
}

/* Delivery signs what it changes with the keys of the policy. */
static ClrDeliveryPlan *
make_plan (ClrSettings *settings, ClrPolicy *policy, unsigned n_workers, ClrListeners *listeners,
           GError **error)
{
  ClrDeliveryPlan *plan
      = clr_delivery_plan_new (settings, n_workers, clr_listeners_get_endpoints (listeners), error);

  if (plan)
    clr_delivery_plan_set_signing (plan, clr_policy_get_dkim_style (policy),
                                   clr_policy_list_identities (policy), clr_policy_ref (policy),
                                   (GDestroyNotify)clr_policy_unref);
  return plan;
}

static void
fill_workers (ClrService *service, ClrDeliveryPlan *plan, ClrPolicy *policy)
{
  for (unsigned i = 0; i < service->n_workers; i++)
    {
      service->inbounds[i]
          = clr_inbound_new (service->workers[i], clr_gate_get_logins (service->gate, i), service->inventory);
      service->deliveries[i] = clr_delivery_new (service->workers[i], plan);
      clr_delivery_set_tls (service->deliveries[i], service->sts, service->tls_tally);
      service->reporters[i] = clr_reporter_new (service->workers[i], policy);
    }
  service->tokens = clr_tokens_new (service->workers, service->deliveries, service->n_workers);
}

/* The workers run already: they open what is posted to them. */
static void
start_pickup (ClrService *service, ClrPolicy *policy)
{
  g_autofree ClrIntakePlace *places = g_new0 (ClrIntakePlace, service->n_workers);

  for (unsigned i = 0; i < service->n_workers; i++)
    places[i] = (ClrIntakePlace){ service->workers[i], service->queue, service->disk };
  service->pickup = clr_pickup_new (places, service->n_workers, service->settings, policy);
}

static GError *
join_problems (char **problems)
{
  g_autofree char *text = g_strjoinv ("\n", problems);

  return g_error_new_literal (CLR_ERROR, CLR_ERROR_INVALID, text);
}

static ClrSettings *
read_settings (const char *file, GError **error)
{
  g_auto (GStrv) problems = NULL;
  ClrSettings *settings = clr_settings_new_from_file (file, &problems);

  if (settings == NULL)
    g_propagate_error (error, join_problems (problems));
  return settings;
}

/* Closed by default: settings that let strangers relay are refused. @opening: (out): what is accepted. */
static gboolean
check_closed (ClrService *service, const ClrPolicy *policy, ClrSettings *settings, char **opening,
              GError **error)
{
  g_autofree char *rule = clr_stranger_find_opening (policy, settings);

  if (rule
      && (service->force
          || clr_section_get_boolean (clr_settings_get_section (settings, "server"), "accept-open-relay")))
    clr_log_event (CLR_EVENT_OPEN_RELAY, rule);
  else if (rule)
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID, CLR_API_OPEN_RELAY, rule);
      return FALSE;
    }
  *opening = g_steal_pointer (&rule);
  return TRUE;
}

/* A certificate has been renewed: sessions keep what they began with, new ones get the new one. */
static gboolean
look_at_certificates (void *data)
{
  ClrService *service = data;
  const char *directory
      = clr_section_get_text (clr_settings_get_section (service->settings, "server"), "state-directory");
  g_autoptr (GError) error = NULL;
  ClrListeners *listeners;

  if (service->listeners == NULL)
    return G_SOURCE_CONTINUE;
  clr_certificates_warn (clr_listeners_get_certificates (service->listeners),
                         clr_clock_wall () / G_USEC_PER_SEC);
  if (clr_certificates_have_changed (clr_listeners_get_certificates (service->listeners)))
    {
      listeners
          = clr_listeners_new (service->settings, service->policy, directory, service->listeners, &error);
      if (listeners)
        {
          clr_listeners_replace (service->listeners, listeners, service->workers, service->n_workers);
          service->listeners = listeners;
          clr_certificates_tell (clr_listeners_get_certificates (listeners));
        }
      else
        clr_log_event (CLR_EVENT_CERTIFICATE_KEPT, error->message);
      clr_log_flush ();
    }
  return G_SOURCE_CONTINUE;
}

static gboolean
start (ClrService *service, GError **error)
{
  const char *directory
      = clr_section_get_text (clr_settings_get_section (service->settings, "server"), "state-directory");
  g_autoptr (ClrPolicy) policy = clr_policy_new (service->settings, error);
  ClrDeliveryPlan *plan = NULL;
  gboolean ok;

  if (policy == NULL || !check_closed (service, policy, service->settings, &service->opening, error)
      || !clr_service_lock_state (service, directory, error))
    return FALSE;
  service->policy = clr_policy_ref (policy);
  service->listeners = clr_listeners_new (service->settings, policy, directory, NULL, error);
  if (service->listeners == NULL)
    return FALSE;
  ok = clr_service_take_restored (service, directory, error) && open_state (service, directory, error)
       && make_workers (service, error) && clr_service_start_tls (service, error);
  if (ok)
    {
      plan = make_plan (service->settings, policy, service->n_workers, service->listeners, error);
      ok = plan != NULL;
    }
  /* The queue posts jobs as soon as it runs: the sides that take them stand before it, and letters wait until
   * the workers run. */
  if (ok)
    fill_workers (service, plan, policy);
  if (ok)
    clr_service_start_checks (service);
  ok = ok && start_queue (service, directory, error) && clr_service_start_alerts (service, error)
       && clr_service_start_control (service, error);
  if (ok)
    {
      for (unsigned i = 0; i < service->n_workers; i++)
        {
          clr_inbound_set_queue (service->inbounds[i], service->queue, service->disk);
          clr_delivery_set_queue (service->deliveries[i], service->queue, service->disk);
          clr_reporter_set_queue (service->reporters[i], service->queue, service->disk);
        }
      for (unsigned i = 0; i < service->n_workers; i++)
        clr_worker_start (service->workers[i]);
      clr_listeners_start (service->listeners, service->workers, service->n_workers);
      start_pickup (service, policy);
      clr_tokens_start (service->tokens, service->queue, service->settings);
      look_at_certificates (service);
      service->certificate_source = g_timeout_add_seconds (CERTIFICATE_LOOK_S, look_at_certificates, service);
    }
  if (plan)
    clr_delivery_plan_unref (plan);
  return ok;
}

/* A restore that was interrupted has other settings, too. */
static gboolean
read_restored (ClrService *service, GError **error)
{
  gboolean did;

  if (!clr_service_finish_restore (service, &did, error))
    return FALSE;
  if (did)
    {
      g_clear_object (&service->settings);
      service->settings = read_settings (service->file, error);
    }
  return service->settings != NULL;
}

ClrService *
clr_service_new (const char *settings_file, gboolean force, GError **error)
{
  ClrService *service = g_new0 (ClrService, 1);

  service->force = force;
  service->file = g_canonicalize_filename (settings_file, NULL);
  service->lock_fd = -1;
  service->settings = read_settings (settings_file, error);
  if (service->settings == NULL || !read_restored (service, error) || !set_up_log (service->settings, error)
      || !start (service, error))
    {
      clr_service_free (service);
      return NULL;
    }
  return service;
}

gboolean
clr_service_reload (ClrService *service, GError **error)
{
  g_autoptr (ClrSettings) settings = read_settings (service->file, error);
  g_autoptr (ClrPolicy) policy = settings ? clr_policy_new (settings, error) : NULL;
  const char *directory
      = clr_section_get_text (clr_settings_get_section (service->settings, "server"), "state-directory");
  g_autofree char *opening = NULL;
  ClrListeners *listeners;
  ClrDeliveryPlan *plan;
  ClrRetryRule retry;
  uint64_t min_free;

  if (policy == NULL || service->stopped || !check_closed (service, policy, settings, &opening, error)
      || !clr_alerts_check (settings, error))
    return FALSE;
  /* All that can fail is done before anything changes. */
  if (!clr_ledger_take_up (service->ledger, error))
    return FALSE;
  listeners = clr_listeners_new (settings, policy, directory, service->listeners, error);
  if (listeners == NULL)
    return FALSE;
  plan = make_plan (settings, policy, service->n_workers, listeners, error);
  if (plan == NULL || !set_up_log (settings, error) || !clr_gate_apply (service->gate, settings, error))
    {
      if (plan)
        clr_delivery_plan_unref (plan);
      clr_listeners_cancel (listeners, service->listeners);
      return FALSE;
    }

  clr_listeners_replace (service->listeners, listeners, service->workers, service->n_workers);
  service->listeners = listeners;
  read_retry (settings, &retry, &min_free);
  clr_queue_post_rules (service->queue, &retry, min_free);
  ClrHistoryRule history_rule = read_history_rule (settings);
  clr_history_post_rule (clr_queue_get_history (service->queue), &history_rule);
  for (unsigned i = 0; i < service->n_workers; i++)
    {
      clr_delivery_post_plan (service->deliveries[i], plan);
      clr_reporter_post_policy (service->reporters[i], policy);
    }
  clr_delivery_plan_unref (plan);
  clr_pickup_post_settings (service->pickup, settings, policy);
  clr_tokens_apply (service->tokens, settings);
  clr_alerts_apply (service->alerts, settings);
  clr_inventory_set_most (service->inventory, read_most_clients (settings));
  g_set_object (&service->settings, settings);
  clr_policy_unref (service->policy);
  service->policy = clr_policy_ref (policy);
  g_free (service->opening);
  service->opening = g_steal_pointer (&opening);
  look_at_certificates (service);
  clr_log_event (CLR_EVENT_SETTINGS_APPLIED, service->file);
  clr_log_flush ();
  return TRUE;
}

unsigned
clr_service_get_longest_stop (ClrService *service)
{
  return clr_section_get_number (clr_settings_get_section (service->settings, "server"), "drain-time")
         + CUT_S;
}

static gboolean
look_whether_drained (void *data)
{
  ClrService *service = data;
  int64_t now = clr_clock_monotonic ();
  gboolean busy = clr_counter_get (CLR_COUNTER_CONNECTIONS_IN) > 0
                  || clr_counter_get (CLR_COUNTER_QUEUE_ACTIVE) > 0 || clr_pickup_is_busy (service->pickup);

  if (busy && now < service->drain_until_us)
    return G_SOURCE_CONTINUE;
  if (busy && !service->cut)
    {
      g_autofree char *active = g_strdup_printf ("%d", (int)clr_counter_get (CLR_COUNTER_QUEUE_ACTIVE));

      clr_log_event (CLR_EVENT_SERVICE_STOPPED, active);
      service->cut = TRUE;
      service->drain_until_us = now + CUT_S * G_USEC_PER_SEC;
      for (unsigned i = 0; i < service->n_workers; i++)
        {
          clr_inbound_post_stop (service->inbounds[i], TRUE);
          clr_delivery_post_stop (service->deliveries[i], TRUE);
        }
      return G_SOURCE_CONTINUE;
    }
  service->drain_source = 0;
  service->stopped (service->stopped_data);
  return G_SOURCE_REMOVE;
}

void
clr_service_stop (ClrService *service, const char *reason, void (*stopped) (void *data), void *data)
{
  int64_t drain
      = clr_section_get_number (clr_settings_get_section (service->settings, "server"), "drain-time");

  if (service->stopped)
    return;
  clr_log_event (CLR_EVENT_SERVICE_STOPPING, reason);
  clr_log_flush ();
  service->stopped = stopped;
  service->stopped_data = data;
  service->drain_until_us = clr_clock_monotonic () + drain * G_USEC_PER_SEC;
  g_clear_pointer (&service->listeners, clr_listeners_stop);
  clr_queue_post_pause (service->queue);
  clr_pickup_post_stop (service->pickup);
  for (unsigned i = 0; i < service->n_workers; i++)
    {
      clr_inbound_post_stop (service->inbounds[i], FALSE);
      clr_delivery_post_stop (service->deliveries[i], FALSE);
    }
  service->drain_source = g_timeout_add (DRAIN_LOOK_MS, look_whether_drained, service);
}

void
clr_service_free (ClrService *service)
{
  if (service->drain_source)
    g_source_remove (service->drain_source);
  if (service->certificate_source)
    g_source_remove (service->certificate_source);
  /* What they still answer finds the control API. */
  g_clear_pointer (&service->errands, clr_errands_free);
  g_clear_pointer (&service->control, clr_control_free);
  if (service->alerts)
    clr_alerts_stop (service->alerts);
  g_clear_pointer (&service->listeners, clr_listeners_stop);
  if (service->tokens)
    clr_tokens_stop (service->tokens);
  if (service->pickup)
    clr_pickup_join (service->pickup);
  for (unsigned i = 0; i < service->n_workers; i++)
    if (service->workers[i] && service->workers[i]->thread)
      clr_worker_stop (service->workers[i]);
  g_clear_pointer (&service->report_client, clr_web_client_free);
  g_clear_pointer (&service->tls_reporter, clr_tls_reporter_free);
  g_clear_pointer (&service->tls_tally, clr_tls_tally_free);
  g_clear_pointer (&service->sts, clr_sts_keeper_free);
  g_clear_pointer (&service->web_client, clr_web_client_free);
  g_clear_object (&service->web_resolver);
  if (service->pickup)
    clr_pickup_abandon (service->pickup);
  /* The queue stores what the workers have sent it, and answers; then nobody takes jobs any more. */
  g_clear_pointer (&service->queue, clr_queue_free);
  g_clear_pointer (&service->alerts, clr_alerts_free);
  for (unsigned i = 0; i < service->n_workers; i++)
    if (service->inbounds[i])
      {
        clr_delivery_set_queue (service->deliveries[i], NULL, service->disk);
        clr_reporter_set_queue (service->reporters[i], NULL, service->disk);
        clr_delivery_post_stop (service->deliveries[i], TRUE);
        clr_mailbox_open_all (service->workers[i]->mailbox);
        clr_inbound_free (service->inbounds[i]);
        clr_delivery_free (service->deliveries[i]);
      }
  g_clear_pointer (&service->tokens, clr_tokens_free);
  g_clear_pointer (&service->disk, clr_disk_free);
  if (service->gate)
    clr_gate_stop (service->gate);
  g_clear_pointer (&service->sessions, clr_sessions_free);
  for (unsigned i = 0; i < service->n_workers; i++)
    if (service->workers[i])
      {
        clr_mailbox_open_all (service->workers[i]->mailbox); /* last answers of the disk */
        if (service->reporters[i])
          clr_reporter_free (service->reporters[i]); /* behind the last answer it may wait for */
        if (service->workers[i]->resolver)
          clr_resolver_free (service->workers[i]->resolver);
        clr_worker_free (service->workers[i]);
      }
  g_clear_pointer (&service->gate, clr_gate_free);
  g_clear_pointer (&service->pickup, clr_pickup_free);
  g_clear_pointer (&service->inventory, clr_inventory_free);
  g_clear_pointer (&service->ledger, clr_ledger_free);
  g_clear_pointer (&service->state, clr_state_free); /* nobody posts any more */
  g_free (service->workers);
  g_free (service->inbounds);
  g_free (service->deliveries);
  g_free (service->reporters);
  if (service->lock_fd >= 0)
    close (service->lock_fd);
  g_clear_object (&service->settings);
  g_clear_pointer (&service->policy, clr_policy_unref);
  g_free (service->opening);
  g_free (service->restored);
  g_free (service->file);
  g_free (service);
}

char **
clr_service_list_listeners (ClrService *service)
{
  return clr_listeners_list (service->listeners);
}

const char *
clr_service_get_settings_file (ClrService *service)
{
  return service->file;
}

unsigned
clr_service_count_threads (ClrService *service)
{
  return service->n_workers + 1;
}

void
clr_service_post_to_thread (ClrService *service, unsigned index, ClrLetter *letter)
{
  if (index < service->n_workers)
    clr_worker_post (service->workers[index], letter);
  else
    clr_queue_post_letter (service->queue, letter);
}

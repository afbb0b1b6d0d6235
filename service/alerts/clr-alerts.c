/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "alerts/clr-alerts.h"

#include "alerts/clr-alert-notice.h"
#include "alerts/clr-tide.h"
#include "alerts/clr-webhook.h"
#include "base/clr-clock.h"
#include "base/clr-counter.h"
#include "base/clr-log.h"
#include "control/clr-json.h"
#include "policy/clr-account.h"
#include "system/clr-file.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <string.h>

#define LOOK_S      5
#define RESULTS_MIN 20 /* fewer results say nothing about a rate */

struct ClrAlerts
{
  ClrAlertsOptions options;
  char *directory;
  char *hostname, *from;
  GPtrArray *rules;
  ClrAlertBook *book;
  ClrWebhooks *hooks;
  ClrTide *tide;
  ClrSettings *settings;
  ClrMailbox *mailbox; /* for the queue's answers */
  unsigned mailbox_source;
  guint look;
  gboolean is_asking; /* the queue, for its oldest message */
  gboolean is_stopped;
};

/* One look at the relay. */
typedef struct
{
  ClrAlerts *alerts;
  const ClrAlertRule *rule;
  int64_t now_us;
  gboolean knows_oldest;
  int64_t oldest_us; /* 0: nothing waits */
} Round;

/* -- telling */

static ClrAlertNotice
make_notice (ClrAlerts *alerts, const char *change, const ClrAlertRule *rule)
{
  return (ClrAlertNotice){ .change = change,
                           .hostname = alerts->hostname,
                           .from = alerts->from,
                           .to = rule->mail_to,
                           .now_us = clr_clock_wall () };
}

static void
send_notices (ClrAlerts *alerts, const char *change, const ClrAlert *alert, const ClrAlertRule *rule)
{
  ClrAlertNotice notice = make_notice (alerts, change, rule);

  if (rule->mail_to)
    {
      g_autoptr (GBytes) mail = clr_alert_notice_write_mail (&notice, alert);
      alerts->options.send_mail (rule->mail_to, rule->route, mail, alerts->options.data);
    }
  if (rule->webhook)
    {
      g_autoptr (GBytes) json = clr_alert_notice_write_json (&notice, alert);
      clr_webhooks_send (alerts->hooks, rule->webhook, alert->name, json);
    }
}

static char *
make_key (const ClrAlert *alert)
{
  return g_strconcat (alert->name, "\n", alert->subject, NULL);
}

static void
keep (ClrAlerts *alerts, const ClrAlert *alert)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  g_autofree char *key = make_key (alert), *text = NULL;

  if (alerts->options.state == NULL)
    {
      json_object_unref (object);
      return;
    }
  json_object_set_string_member (object, "kind", clr_alert_kind_get_name (alert->kind));
  json_object_set_string_member (object, "text", alert->text ? alert->text : "");
  json_object_set_int_member (object, "kind-number", alert->kind);
  json_object_set_int_member (object, "raised", alert->raised_us);
  json_object_set_int_member (object, "told", alert->told_us);
  json_object_set_int_member (object, "acknowledged", alert->acknowledged_us);
  if (alert->acknowledged_by)
    json_object_set_string_member (object, "by", alert->acknowledged_by);
  json_node_take_object (node, object);
  text = clr_json_to_text (node, FALSE);
  clr_state_put_post (alerts->options.state, CLR_STATE_ALERT, key, text, 0);
}

static void
on_change (ClrAlertChange change, const ClrAlert *alert, const ClrAlertRule *rule, void *data)
{
  ClrAlerts *alerts = data;
  g_autofree char *key = make_key (alert);

  if (change == CLR_ALERT_CLEARED)
    clr_log_event (CLR_EVENT_ALERT_CLEARED, alert->name, alert->text);
  else
    clr_log_event (CLR_EVENT_ALERT_RAISED, alert->name, alert->text);
  clr_log_flush ();
  if (rule)
    send_notices (alerts, clr_alert_change_get_name (change), alert, rule);
  if (change != CLR_ALERT_CLEARED)
    keep (alerts, alert);
  else if (alerts->options.state)
    clr_state_drop_post (alerts->options.state, CLR_STATE_ALERT, key);
}

/* -- measuring */

static void
note (const Round *round, const char *subject, int64_t value, char *text)
{
  clr_alert_book_note (round->alerts->book, round->rule, subject, value, text, round->now_us);
  g_free (text);
}

static void
measure_queue_age (const Round *round)
{
  int64_t age = round->oldest_us ? MAX (round->now_us - round->oldest_us, 0) : 0;
  g_autofree char *words = clr_alert_time_to_text (age);

  if (!round->knows_oldest)
    clr_alert_book_keep (round->alerts->book, round->rule);
  else
    note (round, "", age, g_strdup_printf (_ ("the oldest message that waits has waited for %s"), words));
}

static void
measure_queue_length (const Round *round)
{
  int64_t n = clr_counter_get (CLR_COUNTER_QUEUE_MESSAGES);

  note (round, "", n, g_strdup_printf (_ ("messages in the queue: %d"), (int)n));
}

static void
measure_failures (const Round *round)
{
  ClrTideMark growth;
  int64_t all, percent;

  clr_tide_measure (round->alerts->tide, round->rule->period_us, &growth);
  all = growth.delivered + growth.failed;
  percent = all >= RESULTS_MIN ? growth.failed * 100 / all : 0;
  note (round, "", percent,
        g_strdup_printf (_ ("%d %% of the last %d results were failures"), (int)percent, (int)all));
}

static void
on_certificate (const char *file, const char *names, gint64 expires, void *data)
{
  const Round *round = data;
  int64_t left_us = expires * G_USEC_PER_SEC - round->now_us;
  g_autofree char *words = clr_alert_time_to_text (left_us);

  note (round, file, left_us,
        left_us <= 0
            ? g_strdup_printf (_ ("certificate %s (%s) has expired; renew it"), file, names)
            : g_strdup_printf (_ ("certificate %s (%s) expires in %s; renew it"), file, names, words));
}

static void
measure_oauth (const Round *round)
{
  g_auto (GStrv) lines = round->alerts->options.list_oauth_problems (round->alerts->options.data);

  for (char **line = lines; *line; line++)
    note (round, *line, 1, g_strdup (*line));
}

static void
measure_disk (const Round *round)
{
  uint64_t octets;
  g_autofree char *words = NULL;

  if (!clr_file_get_free_space (round->alerts->directory, &octets))
    {
      clr_alert_book_keep (round->alerts->book, round->rule);
      return;
    }
  words = g_format_size_full (octets, G_FORMAT_SIZE_IEC_UNITS);
  note (round, "", (int64_t)MIN (octets, (uint64_t)G_MAXINT64),
        g_strdup_printf (_ ("%s free on the disk of %s"), words, round->alerts->directory));
}

static void
measure_silence (const Round *round, const char *device, const ClrAccountFacts *facts)
{
  int64_t quiet = MAX (round->now_us - facts->last_us, 0);
  g_autofree char *words = clr_alert_time_to_text (quiet);

  /* Who never sent has not fallen silent. */
  if (facts->last_us > 0)
    note (round, device, quiet, g_strdup_printf (_ ("device %s has sent nothing for %s"), device, words));
}

static void
measure_volume (const Round *round, const char *device, const ClrAccountFacts *facts)
{
  uint32_t hour = (uint32_t)(round->now_us / CLR_ACCOUNT_HOUR_US);
  const ClrCount *volume = &facts->volumes[hour & 1], *limit = &facts->limits[hour & 1];
  int64_t n = volume->period == hour ? volume->n : 0;
  g_autofree char *text
      = g_strdup_printf (_ ("device %s has sent to %d recipients in this hour"), device, (int)n);

  if (!round->rule->learned)
    note (round, device, n, g_steal_pointer (&text));
  else if (limit->period == hour && limit->n > 0)
    note (round, device, n * 100 / limit->n, g_steal_pointer (&text));
}

static void
measure_devices (const Round *round)
{
  GPtrArray *sections = clr_settings_get_sections (round->alerts->settings, "device");

  for (unsigned i = 0; i < sections->len; i++)
    {
      const char *name = clr_section_get_name (g_ptr_array_index (sections, i));
      ClrAccountFacts facts;

      if (!clr_alert_rule_watches (round->rule, name))
        continue;
      clr_account_read (clr_account_get (name), &facts);
      if (round->rule->kind == CLR_ALERT_DEVICE_SILENT)
        measure_silence (round, name, &facts);
      else
        measure_volume (round, name, &facts);
    }
}

static void
measure (Round *round)
{
  switch (round->rule->kind)
    {
    case CLR_ALERT_QUEUE_AGE:
      measure_queue_age (round);
      break;
    case CLR_ALERT_QUEUE_LENGTH:
      measure_queue_length (round);
      break;
    case CLR_ALERT_FAILURE_RATE:
      measure_failures (round);
      break;
    case CLR_ALERT_CERTIFICATE:
      round->alerts->options.visit_certificates (on_certificate, round, round->alerts->options.data);
      break;
    case CLR_ALERT_OAUTH:
      measure_oauth (round);
      break;
    case CLR_ALERT_DISK:
      measure_disk (round);
      break;
    case CLR_ALERT_DEVICE_SILENT:
    case CLR_ALERT_UNUSUAL_VOLUME:
      measure_devices (round);
      break;
    }
}

static void
look (ClrAlerts *alerts, gboolean knows_oldest, int64_t oldest_us)
{
  Round round = {
    .alerts = alerts, .now_us = clr_clock_wall (), .knows_oldest = knows_oldest, .oldest_us = oldest_us
  };

  clr_alert_book_begin (alerts->book);
  for (unsigned i = 0; i < alerts->rules->len; i++)
    {
      round.rule = g_ptr_array_index (alerts->rules, i);
      measure (&round);
    }
  clr_alert_book_end (alerts->book, alerts->rules, round.now_us);
}

static void
on_oldest (ClrLetter *letter, void *owner)
{
  ClrQueueRequest *request = (ClrQueueRequest *)letter;
  ClrAlerts *alerts = request->data;
  int64_t oldest_us = 0;

  alerts->is_asking = FALSE;
  if (request->messages && request->messages->len > 0)
    oldest_us = ((ClrMessage *)g_ptr_array_index (request->messages, 0))->created_us;
  if (!alerts->is_stopped)
    look (alerts, request->problem == NULL, oldest_us);
  clr_queue_request_free (request);
}

static gboolean
asks_queue (const ClrAlerts *alerts)
{
  for (unsigned i = 0; i < alerts->rules->len; i++)
    if (((const ClrAlertRule *)g_ptr_array_index (alerts->rules, i))->kind == CLR_ALERT_QUEUE_AGE)
      return TRUE;
  return FALSE;
}

static void
sample (ClrAlerts *alerts)
{
  ClrTideMark mark = { clr_counter_get (CLR_COUNTER_RECIPIENTS_DELIVERED_TOTAL),
                       clr_counter_get (CLR_COUNTER_RECIPIENTS_FAILED_TOTAL) };

  clr_tide_sample (alerts->tide, &mark, clr_clock_wall ());
}

static gboolean
on_look (void *data)
{
  ClrAlerts *alerts = data;
  ClrQueueRequest *request;

  sample (alerts);
  if (alerts->is_asking)
    return G_SOURCE_CONTINUE;
  if (!asks_queue (alerts))
    {
      if (alerts->rules->len > 0 || clr_alert_book_count (alerts->book) > 0)
        look (alerts, FALSE, 0);
      return G_SOURCE_CONTINUE;
    }
  request = g_new0 (ClrQueueRequest, 1);
  request->kind = CLR_REQUEST_LIST;
  request->n = 1;
  request->filter = clr_filter_new ("state:waiting", clr_clock_wall (), NULL);
  request->reply_to = alerts->mailbox;
  request->open = on_oldest;
  request->data = alerts;
  alerts->is_asking = TRUE;
  clr_queue_post_request (alerts->options.queue, request);
  return G_SOURCE_CONTINUE;
}

/* -- beginning and end */

static void
on_kept (const char *key, const char *value, int64_t expires_us, void *data)
{
  ClrAlerts *alerts = data;
  g_auto (GStrv) parts = g_strsplit (key, "\n", 2);
  g_autoptr (JsonNode) root = clr_json_parse (value, NULL);
  JsonObject *object;
  ClrAlert alert = { 0 };

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root) || g_strv_length (parts) != 2)
    return;
  object = json_node_get_object (root);
  alert.name = parts[0];
  alert.subject = parts[1];
  alert.kind = json_object_get_int_member_with_default (object, "kind-number", 0);
  if (alert.kind > CLR_ALERT_UNUSUAL_VOLUME)
    return;
  alert.text = (char *)clr_json_get_text (object, "text");
  alert.raised_us = MAX (json_object_get_int_member_with_default (object, "raised", 1), 1);
  alert.beyond_us = alert.raised_us;
  alert.told_us = json_object_get_int_member_with_default (object, "told", alert.raised_us);
  alert.acknowledged_us = json_object_get_int_member_with_default (object, "acknowledged", 0);
  alert.acknowledged_by = (char *)clr_json_get_text (object, "by");
  clr_alert_book_restore (alerts->book, &alert);
}

gboolean
clr_alerts_check (ClrSettings *settings, GError **error)
{
  g_autoptr (GPtrArray) rules = clr_alert_rules_new (settings, error);

  return rules != NULL;
}

void
clr_alerts_apply (ClrAlerts *alerts, ClrSettings *settings)
{
  GPtrArray *rules = clr_alert_rules_new (settings, NULL);
  ClrSection *server = clr_settings_get_section (settings, "server");
  const char *from = clr_section_get_text (clr_settings_get_section (settings, "reports"), "from");

  if (rules == NULL)
    return;
  g_clear_pointer (&alerts->rules, g_ptr_array_unref);
  alerts->rules = rules;
  g_set_object (&alerts->settings, settings);
  g_free (alerts->hostname);
  alerts->hostname = g_strdup (clr_section_get_text (server, "hostname"));
  g_free (alerts->from);
  alerts->from = g_strdup (from ? from : clr_section_get_text (server, "postmaster"));
}

ClrAlerts *
clr_alerts_new (const ClrAlertsOptions *options, ClrSettings *settings, GError **error)
{
  ClrAlerts *alerts = g_new0 (ClrAlerts, 1);

  alerts->options = *options;
  alerts->directory = g_strdup (options->directory);
  alerts->hooks = clr_webhooks_new (options->web);
  alerts->book = clr_alert_book_new (on_change, alerts);
  alerts->tide = clr_tide_new ();
  alerts->mailbox = clr_mailbox_new (alerts);
  alerts->mailbox_source = clr_mailbox_attach (alerts->mailbox);
  if (!clr_alerts_check (settings, error)
      || (options->state && !clr_state_load (options->state, CLR_STATE_ALERT, on_kept, alerts, error)))
    {
      clr_alerts_stop (alerts);
      clr_alerts_free (alerts);
      return NULL;
    }
  clr_alerts_apply (alerts, settings);
  sample (alerts);
  alerts->look = g_timeout_add_seconds (LOOK_S, on_look, alerts);
  return alerts;
}

void
clr_alerts_stop (ClrAlerts *alerts)
{
  alerts->is_stopped = TRUE;
  if (alerts->look)
    g_source_remove (alerts->look);
  alerts->look = 0;
  g_clear_pointer (&alerts->hooks, clr_webhooks_free);
}

void
clr_alerts_free (ClrAlerts *alerts)
{
  clr_mailbox_open_all (alerts->mailbox);
  g_source_remove (alerts->mailbox_source);
  clr_mailbox_free (alerts->mailbox);
  clr_alert_book_free (alerts->book);
  clr_tide_free (alerts->tide);
  g_clear_pointer (&alerts->rules, g_ptr_array_unref);
  g_clear_object (&alerts->settings);
  g_free (alerts->directory);
  g_free (alerts->hostname);
  g_free (alerts->from);
  g_free (alerts);
}

/* -- for those who look */

GPtrArray *
clr_alerts_list (ClrAlerts *alerts)
{
  return clr_alert_book_list (alerts->book);
}

gboolean
clr_alerts_acknowledge (ClrAlerts *alerts, const char *name, const char *subject, const char *who)
{
  g_autoptr (GPtrArray) list = NULL;

  if (!clr_alert_book_acknowledge (alerts->book, name, subject, who, clr_clock_wall ()))
    return FALSE;
  list = clr_alert_book_list (alerts->book);
  for (unsigned i = 0; i < list->len; i++)
    {
      const ClrAlert *alert = g_ptr_array_index (list, i);

      if (alert->cleared_us == 0 && g_str_equal (alert->name, name) && g_str_equal (alert->subject, subject))
        keep (alerts, alert);
    }
  return TRUE;
}

gboolean
clr_alerts_test (ClrAlerts *alerts, const char *name)
{
  for (unsigned i = 0; i < alerts->rules->len; i++)
    {
      const ClrAlertRule *rule = g_ptr_array_index (alerts->rules, i);
      ClrAlert alert
          = { .name = rule->name, .kind = rule->kind, .subject = (char *)"", .text = (char *)_ ("a test") };

      if (!g_str_equal (rule->name, name))
        continue;
      send_notices (alerts, "test", &alert, rule);
      return TRUE;
    }
  return FALSE;
}

void
clr_alerts_add_warnings (ClrAlerts *alerts, GPtrArray *lines)
{
  g_autoptr (GPtrArray) list = clr_alert_book_list (alerts->book);

  for (unsigned i = 0; i < list->len; i++)
    {
      const ClrAlert *alert = g_ptr_array_index (list, i);

      if (alert->cleared_us == 0 && alert->acknowledged_us == 0)
        g_ptr_array_add (lines, g_strdup_printf (_ ("alert %s: %s"), alert->name, alert->text));
    }
}

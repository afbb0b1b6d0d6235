/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * /metrics: all counters and what the queue knows, in the text format of Prometheus (version 0.0.4); the
 * counters over time, for charts.
 */
#include "control/clr-methods-private.h"

#include "base/clr-clock.h"
#include "base/clr-counter.h"
#include "clr-version.h"

#include <string.h>

static void
append_head (GString *text, const char *name, const char *type, const char *help)
{
  g_string_append_printf (text, "# HELP clrelay_%s %s\n# TYPE clrelay_%s %s\n", name, help, name, type);
}

static void
append_number (GString *text, const char *name, const char *type, const char *help, int64_t value)
{
  append_head (text, name, type, help);
  g_string_append_printf (text, "clrelay_%s %" G_GINT64_FORMAT "\n", name, value);
}

static void
append_counters (GString *text)
{
  for (ClrCounterId id = 0; id < CLR_COUNTER_LAST; id++)
    {
      const char *name = clr_counter_get_name (id);

      append_number (text, name, g_str_has_suffix (name, "_total") ? "counter" : "gauge",
                     clr_counter_get_help (id), clr_counter_get (id));
    }
}

/* A label's value: backslash, quotation mark and line end are escaped. */
static void
append_label (GString *text, const char *value)
{
  for (; *value; value++)
    if (*value == '\n')
      g_string_append (text, "\\n");
    else
      {
        if (*value == '\\' || *value == '"')
          g_string_append_c (text, '\\');
        g_string_append_c (text, *value);
      }
}

static void
append_states (GString *text, const ClrQueueRequest *request)
{
  append_head (text, "queue_recipients", "gauge", "Recipients in the queue, by state");
  for (unsigned i = 0; i < CLR_RECIPIENT_GIVEN_UP; i++) /* the last one is counted nowhere */
    g_string_append_printf (text, "clrelay_queue_recipients{state=\"%s\"} %" G_GINT64_FORMAT "\n",
                            clr_recipient_state_get_name (i), (gint64)request->n_by_state[i]);
}

static void
append_lanes (GString *text, const ClrQueueRequest *request, int64_t now)
{
  unsigned n = request->lanes ? request->lanes->len : 0;

  append_head (text, "lane_recipients", "gauge", "Recipients of a next hop that are in memory");
  for (unsigned i = 0; i < n; i++)
    {
      const ClrLaneFacts *lane = &g_array_index (request->lanes, ClrLaneFacts, i);

      g_string_append (text, "clrelay_lane_recipients{lane=\"");
      append_label (text, lane->key);
      g_string_append_printf (text, "\"} %u\n", lane->n_memory);
    }
  append_head (text, "lane_resting", "gauge", "1 while a next hop rests after failures");
  for (unsigned i = 0; i < n; i++)
    {
      const ClrLaneFacts *lane = &g_array_index (request->lanes, ClrLaneFacts, i);

      g_string_append (text, "clrelay_lane_resting{lane=\"");
      append_label (text, lane->key);
      g_string_append_printf (text, "\"} %d\n", lane->rest_until_us > now);
    }
}

typedef enum
{
  DEVICE_MESSAGES,
  DEVICE_FROZEN,
  DEVICE_QUIRKS,
  DEVICE_REPAIRS
} DeviceMetric;

typedef struct
{
  GString *text;
  DeviceMetric metric;
} DeviceRound;

static void
append_device (DeviceRound *round, const char *metric, const char *device, const char *label,
               const char *word, uint64_t n)
{
  g_string_append_printf (round->text, "clrelay_%s{device=\"", metric);
  append_label (round->text, device);
  if (word)
    g_string_append_printf (round->text, "\",%s=\"%s", label, word);
  g_string_append_printf (round->text, "\"} %" G_GUINT64_FORMAT "\n", n);
}

/* Of those that have sent, or are frozen: ten thousand silent devices are no ten thousand lines. */
static void
append_account (const char *name, ClrAccount *account, void *data)
{
  DeviceRound *round = data;
  ClrAccountFacts facts;

  clr_account_read (account, &facts);
  if (facts.n_messages == 0 && !facts.frozen)
    return;
  if (round->metric == DEVICE_MESSAGES)
    append_device (round, "device_messages_total", name, NULL, NULL, facts.n_messages);
  else if (round->metric == DEVICE_FROZEN)
    append_device (round, "device_frozen", name, NULL, NULL, facts.frozen != CLR_FREEZE_NONE);
  for (unsigned i = 0; round->metric == DEVICE_QUIRKS && i < CLR_QUIRK_COUNT; i++)
    if (facts.quirks[i])
      append_device (round, "device_quirks_total", name, "quirk", clr_quirk_get_word (i), facts.quirks[i]);
  for (unsigned i = 0; round->metric == DEVICE_REPAIRS && i < CLR_REPAIR_COUNT; i++)
    if (facts.repairs[i])
      append_device (round, "device_repairs_total", name, "repair", clr_repair_get_word (i),
                     facts.repairs[i]);
}

static void
append_devices (GString *text)
{
  static const struct
  {
    const char *name, *type, *help;
  } heads[] = {
    [DEVICE_MESSAGES] = { "device_messages_total", "counter", "Messages of a device, over restarts" },
    [DEVICE_FROZEN] = { "device_frozen", "gauge", "1 while the mail of a device is held" },
    [DEVICE_QUIRKS] = { "device_quirks_total", "counter", "Messages that needed a quirk of their device" },
    [DEVICE_REPAIRS] = { "device_repairs_total", "counter", "Messages of a device that were repaired" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      DeviceRound round = { text, i };

      append_head (text, heads[i].name, heads[i].type, heads[i].help);
      clr_account_visit (append_account, &round);
    }
}

/* An answer on its way; first the queue counts, then it shows its oldest message. */
typedef struct
{
  ClrPendingCall *pending;
  GString *text;
} Scrape;

static void ask (Scrape *scrape, ClrRequestKind kind, void (*open) (ClrLetter *letter, void *owner));

static void
on_oldest (ClrLetter *letter, void *owner)
{
  ClrQueueRequest *request = (ClrQueueRequest *)letter;
  Scrape *scrape = request->data;
  SoupServerMessage *message = scrape->pending->message;
  int64_t age = 0;

  /* Ids begin with the time. */
  if (request->messages && request->messages->len > 0)
    age = clr_clock_wall () - ((ClrMessage *)g_ptr_array_index (request->messages, 0))->created_us;
  append_number (scrape->text, "queue_oldest_age_seconds", "gauge", "Age of the oldest message in the queue",
                 MAX (age, 0) / G_USEC_PER_SEC);
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, "text/plain; version=0.0.4; charset=utf-8", SOUP_MEMORY_COPY,
                                    scrape->text->str, scrape->text->len);
  clr_queue_request_free (request);
  clr_pending_call_go_on (scrape->pending);
  g_string_free (scrape->text, TRUE);
  g_free (scrape);
}

static void
on_facts (ClrLetter *letter, void *owner)
{
  ClrQueueRequest *request = (ClrQueueRequest *)letter;
  Scrape *scrape = request->data;

  append_head (scrape->text, "info", "gauge", "The version that runs");
  g_string_append (scrape->text, "clrelay_info{version=\"" CLR_VERSION "\"} 1\n");
  append_number (scrape->text, "start_time_seconds", "gauge", "When the service started, seconds since 1970",
                 scrape->pending->place->host.start_us / G_USEC_PER_SEC);
  append_counters (scrape->text);
  append_states (scrape->text, request);
  append_lanes (scrape->text, request, clr_clock_wall ());
  append_devices (scrape->text);
  clr_queue_request_free (request);
  ask (scrape, CLR_REQUEST_LIST, on_oldest);
}

static void
ask (Scrape *scrape, ClrRequestKind kind, void (*open) (ClrLetter *letter, void *owner))
{
  ClrQueueRequest *request = g_new0 (ClrQueueRequest, 1);

  request->kind = kind;
  request->n = 1;
  request->reply_to = scrape->pending->place->mailbox;
  request->open = open;
  request->data = scrape;
  clr_queue_post_request (scrape->pending->place->host.queue, request);
}

void
clr_method_get_metrics (ClrCall *call)
{
  Scrape *scrape = g_new0 (Scrape, 1);

  scrape->pending = clr_call_wait (call);
  scrape->text = g_string_sized_new (8192);
  ask (scrape, CLR_REQUEST_STATUS, on_facts);
}

void
clr_method_get_series (ClrCall *call)
{
  const char *span = clr_call_get_parameter (call, "span");
  JsonObject *object = clr_series_to_json (call->place->series, span ? span : "10m");
  g_autoptr (JsonNode) node = NULL;

  if (object == NULL)
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, "span: 10m, 24h or 30d");
      return;
    }
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, object);
  clr_methods_answer_json (call->message, node);
}

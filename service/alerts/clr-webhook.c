/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "alerts/clr-webhook.h"

#include "base/clr-log.h"

#define ANSWER_MOST 4096
#define TIMEOUT_S   30

static const unsigned waits_s[] = { 5, 60, 300 }; /* before the second try, the third, the last */

struct ClrWebhooks
{
  ClrWebClient *client;
  GHashTable *calls; /* set of Call */
};

typedef struct
{
  ClrWebhooks *hooks;
  char *url, *alert;
  GBytes *json;
  unsigned tries;
  guint source; /* waits for the next */
} Call;

static void
call_free (void *data)
{
  Call *call = data;

  if (call->source)
    g_source_remove (call->source);
  g_free (call->url);
  g_free (call->alert);
  g_bytes_unref (call->json);
  g_free (call);
}

ClrWebhooks *
clr_webhooks_new (ClrWebClient *client)
{
  ClrWebhooks *hooks = g_new0 (ClrWebhooks, 1);

  hooks->client = client;
  hooks->calls = g_hash_table_new_full (NULL, NULL, call_free, NULL);
  return hooks;
}

void
clr_webhooks_free (ClrWebhooks *hooks)
{
  clr_web_client_free (hooks->client);
  g_hash_table_unref (hooks->calls);
  g_free (hooks);
}

static void try (Call *call);

static gboolean
on_wait (void *data)
{
  Call *call = data;

  call->source = 0;
  try (call);
  return G_SOURCE_REMOVE;
}

/* The address may hold a token: the log has its host only. (transfer full) */
static char *
dup_place (const char *url)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);

  return g_strdup_printf ("%s://%s/…", uri ? g_uri_get_scheme (uri) : "?", uri ? g_uri_get_host (uri) : "?");
}

static void
give_up (Call *call, const char *why)
{
  g_autofree char *place = dup_place (call->url);

  clr_log_event (CLR_EVENT_ALERT_NOT_TOLD, call->alert, place, why);
  clr_log_flush ();
  g_hash_table_remove (call->hooks->calls, call);
}

static void
on_reply (const ClrWebReply *reply, void *data)
{
  Call *call = data;
  g_autofree char *status = g_strdup_printf ("status %u", reply->status);
  gboolean answered = reply->outcome == CLR_WEB_ANSWERED;

  if (answered && reply->status / 100 == 2)
    g_hash_table_remove (call->hooks->calls, call);
  else if (call->tries > G_N_ELEMENTS (waits_s)
           || (answered && reply->status / 100 == 4 && reply->status != 429 && reply->status != 408))
    give_up (call, answered ? status : reply->why);
  else
    call->source = g_timeout_add_seconds (waits_s[call->tries - 1], on_wait, call);
}

static void
try (Call *call)
{
  ClrWebRequest request = { .method = "POST",
                            .url = call->url,
                            .type = "application/json",
                            .body = call->json,
                            .size_most = ANSWER_MOST,
                            .timeout_s = TIMEOUT_S };

  call->tries++;
  clr_web_client_send (call->hooks->client, &request, on_reply, call);
}

void
clr_webhooks_send (ClrWebhooks *hooks, const char *url, const char *alert, GBytes *json)
{
  Call *call = g_new0 (Call, 1);

  call->hooks = hooks;
  call->url = g_strdup (url);
  call->alert = g_strdup (alert);
  call->json = g_bytes_ref (json);
  g_hash_table_add (hooks->calls, call);
  if (g_hash_table_size (hooks->calls) > CLR_WEBHOOKS_MOST)
    give_up (call, "too many alerts are on their way there already");
  else
    try (call);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-relay.h"

#include "control/clr-api.h"
#include "control/clr-json.h"

#include <glib/gi18n.h>

#define ASK_S 2u
struct _ClrRelay
{
  GObject parent_instance;
  ClrClient *client;
  ClrStatusInfo *status;
  char *problem;
  GCancellable *cancellable;
  gboolean is_asking;
  guint source;
};

enum
{
  UPDATED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ClrRelay, clr_relay, G_TYPE_OBJECT)

static void
clr_relay_dispose (GObject *object)
{
  ClrRelay *self = CLR_RELAY (object);

  clr_relay_stop (self);
  g_clear_object (&self->client);
  g_clear_object (&self->status);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->problem, g_free);
  G_OBJECT_CLASS (clr_relay_parent_class)->dispose (object);
}

static void
clr_relay_class_init (ClrRelayClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = clr_relay_dispose;
  /* An answer came, or none: status and problem are new. */
  signals[UPDATED]
      = g_signal_new ("updated", CLR_TYPE_RELAY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
clr_relay_init (ClrRelay *self)
{
  self->cancellable = g_cancellable_new ();
}

static void
on_status (GObject *client, GAsyncResult *result, void *data)
{
  g_autoptr (ClrRelay) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = clr_client_request_finish (CLR_CLIENT (client), result, &error);
  g_autoptr (JsonNode) root = text ? clr_json_parse (text, NULL) : NULL;

  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  self->is_asking = FALSE;
  g_clear_pointer (&self->problem, g_free);
  if (text == NULL)
    self->problem = g_strdup (error->message);
  else if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    self->problem = g_strdup (_ ("The service's answer is not understood; is it of another version?"));
  else
    {
      if (self->status == NULL)
        self->status = g_object_new (CLR_TYPE_STATUS_INFO, NULL);
      clr_json_fill_object (json_node_get_object (root), G_OBJECT (self->status));
    }
  g_signal_emit (self, signals[UPDATED], 0);
}

void
clr_relay_ask (ClrRelay *self)
{
  if (self->is_asking || g_cancellable_is_cancelled (self->cancellable))
    return;
  self->is_asking = TRUE;
  clr_client_request_async (self->client, "GET", CLR_API_STATUS, NULL, self->cancellable, on_status,
                            g_object_ref (self));
}

static gboolean
on_time (void *data)
{
  clr_relay_ask (data);
  return G_SOURCE_CONTINUE;
}

ClrRelay *
clr_relay_new (ClrClient *client)
{
  ClrRelay *self = g_object_new (CLR_TYPE_RELAY, NULL);

  self->client = g_object_ref (client);
  self->source = g_timeout_add_seconds (ASK_S, on_time, self);
  clr_relay_ask (self);
  return self;
}

void
clr_relay_stop (ClrRelay *self)
{
  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->source, g_source_remove);
}

ClrClient *
clr_relay_get_client (ClrRelay *self)
{
  return self->client;
}

ClrStatusInfo *
clr_relay_get_status (ClrRelay *self)
{
  return self->status;
}

const char *
clr_relay_get_problem (ClrRelay *self)
{
  return self->problem;
}

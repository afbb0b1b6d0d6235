/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-page.h"

#include "clr-window.h"
#include "control/clr-json.h"

#include <glib/gi18n.h>

typedef struct
{
  ClrRelay *relay;
  GCancellable *cancellable;
  gboolean in_sight;
} ClrPagePrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (ClrPage, clr_page, ADW_TYPE_BIN)

static void
clr_page_dispose (GObject *object)
{
  ClrPagePrivate *priv = clr_page_get_instance_private (CLR_PAGE (object));

  if (priv->cancellable)
    g_cancellable_cancel (priv->cancellable);
  g_clear_object (&priv->cancellable);
  g_clear_object (&priv->relay);
  G_OBJECT_CLASS (clr_page_parent_class)->dispose (object);
}

static void
clr_page_class_init (ClrPageClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = clr_page_dispose;
}

static void
clr_page_init (ClrPage *self)
{
  ClrPagePrivate *priv = clr_page_get_instance_private (self);

  priv->cancellable = g_cancellable_new ();
}

void
clr_page_attach (ClrPage *self, ClrRelay *relay)
{
  ClrPagePrivate *priv = clr_page_get_instance_private (self);

  g_return_if_fail (priv->relay == NULL);
  priv->relay = g_object_ref (relay);
  if (CLR_PAGE_GET_CLASS (self)->attach)
    CLR_PAGE_GET_CLASS (self)->attach (self, relay);
}

void
clr_page_set_in_sight (ClrPage *self, gboolean in_sight)
{
  ClrPagePrivate *priv = clr_page_get_instance_private (self);

  if (priv->in_sight == in_sight)
    return;
  priv->in_sight = in_sight;
  if (CLR_PAGE_GET_CLASS (self)->set_visible)
    CLR_PAGE_GET_CLASS (self)->set_visible (self, in_sight);
}

gboolean
clr_page_is_in_sight (ClrPage *self)
{
  ClrPagePrivate *priv = clr_page_get_instance_private (self);

  return priv->in_sight;
}

ClrRelay *
clr_page_get_relay (ClrPage *self)
{
  ClrPagePrivate *priv = clr_page_get_instance_private (self);

  return priv->relay;
}

void
clr_page_tell (ClrPage *self, const char *format, ...)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  g_autofree char *text = NULL;
  va_list list;

  va_start (list, format);
  text = g_strdup_vprintf (format, list);
  va_end (list);
  if (CLR_IS_WINDOW (root))
    clr_window_tell (CLR_WINDOW (root), text);
}

void
clr_page_fail (ClrPage *self, const char *heading, const char *text)
{
  GtkWidget *dialog
      = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), heading, text);

  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Close"));
  gtk_window_present (GTK_WINDOW (dialog));
}

typedef struct
{
  ClrPage *self;
  void (*on_go) (ClrPage *self, gpointer data);
  gpointer data;
  GDestroyNotify free;
} Question;

static void
question_free (void *data, GClosure *closure)
{
  Question *question = data;

  if (question->free)
    question->free (question->data);
  g_object_unref (question->self);
  g_free (question);
}

static void
on_response (AdwMessageDialog *dialog, const char *response, Question *question)
{
  if (g_str_equal (response, "go"))
    question->on_go (question->self, question->data);
}

void
clr_page_confirm (ClrPage *self, const char *heading, const char *body, const char *label,
                  void (*on_go) (ClrPage *self, gpointer data), gpointer data, GDestroyNotify free)
{
  GtkWidget *dialog
      = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), heading, body);
  Question *question = g_new0 (Question, 1);

  question->self = g_object_ref (self);
  question->on_go = on_go;
  question->data = data;
  question->free = free;
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "go", label, NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "go", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_data (dialog, "response", G_CALLBACK (on_response), question, question_free, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

gboolean
clr_page_is_unknown (const GError *error)
{
  /* The words of the service, which is never translated. */
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
         && strstr (error->message, "no such path") != NULL;
}

typedef struct
{
  ClrPage *self; /* gone when it has been cancelled */
  GCancellable *cancellable;
  ClrPageAnswer on_answer;
  void *data;
} Ask;

static void
on_answer (GObject *client, GAsyncResult *result, void *data)
{
  g_autofree Ask *ask = data;
  g_autoptr (GCancellable) cancellable = ask->cancellable;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = clr_client_request_finish (CLR_CLIENT (client), result, &error);
  g_autoptr (JsonNode) root = NULL;

  if (g_cancellable_is_cancelled (cancellable))
    return;
  root = text ? clr_json_parse (text, &error) : NULL;
  if (root && JSON_NODE_HOLDS_OBJECT (root))
    {
      if (ask->on_answer)
        ask->on_answer (ask->self, json_node_get_object (root), NULL, ask->data);
      return;
    }
  if (error == NULL)
    g_set_error (&error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "the service's answer is not understood");
  if (ask->on_answer)
    ask->on_answer (ask->self, NULL, error, ask->data);
  else
    clr_page_tell (ask->self, "%s", error->message);
}

void
clr_page_ask (ClrPage *self, const char *method, const char *path, JsonObject *body, ClrPageAnswer answer,
              gpointer data)
{
  ClrPagePrivate *priv = clr_page_get_instance_private (self);
  Ask *ask = g_new0 (Ask, 1);
  g_autoptr (JsonNode) node = body ? json_node_init_object (json_node_alloc (), body) : NULL;
  g_autofree char *text = node ? json_to_string (node, FALSE) : NULL;

  ask->self = self;
  ask->cancellable = g_object_ref (priv->cancellable);
  ask->on_answer = answer;
  ask->data = data;
  clr_client_request_async (clr_relay_get_client (priv->relay), method, path, text, priv->cancellable,
                            on_answer, ask);
}

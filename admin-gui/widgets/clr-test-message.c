/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "widgets/clr-test-message.h"

#include "clr-words.h"
#include "control/clr-api.h"
#include "control/clr-json.h"

#include <glib/gi18n.h>
#include <string.h>

#define FOLLOW_MS 500u

struct _ClrTestMessage
{
  AdwBin parent_instance;
  ClrPage *page; /* that it stands on */
  char *sent;    /* id of the message that is followed */
  guint follow;  /* source */

  GtkEditable *test_from_row, *test_to_row;
  GtkWidget *send_button;
  AdwActionRow *result_row;
};

G_DEFINE_FINAL_TYPE (ClrTestMessage, clr_test_message, ADW_TYPE_BIN)

void
clr_test_message_stop (ClrTestMessage *self)
{
  g_clear_handle_id (&self->follow, g_source_remove);
}

static void
on_followed (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrTestMessage *self = data;
  g_autoptr (ClrMessageInfo) message = g_object_new (CLR_TYPE_MESSAGE_INFO, NULL);
  g_autoptr (GListModel) recipients = NULL;
  g_autoptr (GObject) recipient = NULL;
  g_autofree char *words = NULL, *state = NULL;

  if (answer == NULL)
    {
      /* Between queue and history it may be in neither for a moment. */
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        adw_action_row_set_subtitle (self->result_row, error->message);
      return;
    }
  clr_json_fill_object (answer, G_OBJECT (message));
  g_object_get (message, "recipients", &recipients, NULL);
  recipient = recipients ? g_list_model_get_item (recipients, 0) : NULL;
  if (recipient == NULL)
    return;
  g_object_get (recipient, "state", &state, NULL);
  words = clr_words_recipient (CLR_RECIPIENT_INFO (recipient), g_get_real_time ());
  adw_action_row_set_subtitle (self->result_row, words);
  if (g_strcmp0 (state, "delivered") == 0 || g_strcmp0 (state, "failed") == 0
      || g_strcmp0 (state, "bounced") == 0)
    clr_test_message_stop (self);
}

static gboolean
on_follow (void *data)
{
  ClrTestMessage *self = data;
  g_autofree char *path = g_strconcat (CLR_API_MESSAGES, self->sent, NULL);

  clr_page_ask (self->page, "GET", path, NULL, on_followed, self);
  return G_SOURCE_CONTINUE;
}

static void
on_submitted (GObject *client, GAsyncResult *result, void *data)
{
  g_autoptr (ClrTestMessage) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = clr_client_submit_finish (CLR_CLIENT (client), result, &error);
  g_autoptr (JsonNode) root = text ? clr_json_parse (text, &error) : NULL;
  const char *id
      = root && JSON_NODE_HOLDS_OBJECT (root) ? clr_json_get_text (json_node_get_object (root), "id") : NULL;

  gtk_widget_set_sensitive (self->send_button, TRUE);
  if (id == NULL)
    {
      adw_action_row_set_subtitle (self->result_row, error ? error->message : _ ("It was not accepted"));
      return;
    }
  g_free (self->sent);
  self->sent = g_strdup (id);
  adw_action_row_set_subtitle (self->result_row, _ ("Accepted; it is on its way…"));
  clr_test_message_stop (self);
  self->follow = g_timeout_add (FOLLOW_MS, on_follow, self);
}

static gboolean
is_plain_address (const char *text)
{
  return strchr (text, '@') && strpbrk (text, "<>\r\n ,") == NULL;
}

static void
on_send (GtkButton *button, ClrTestMessage *self)
{
  const char *from = gtk_editable_get_text (self->test_from_row),
             *to = gtk_editable_get_text (self->test_to_row);
  const char *recipients[] = { to, NULL };
  g_autofree char *text = NULL;
  g_autoptr (GBytes) content = NULL;

  if (!is_plain_address (from) || !is_plain_address (to))
    {
      adw_action_row_set_subtitle (self->result_row, _ ("An address in each field is needed"));
      return;
    }
  text = g_strdup_printf ("From: <%s>\r\nTo: <%s>\r\nSubject: Test of Cl Mail Relay\r\n\r\n"
                          "This message was sent by the assistant of Cl Mail Relay.\r\n",
                          from, to);
  content = g_bytes_new (text, strlen (text));
  gtk_widget_set_sensitive (self->send_button, FALSE);
  clr_client_submit_async (clr_relay_get_client (clr_page_get_relay (self->page)), from, recipients, content,
                           NULL, on_submitted, g_object_ref (self));
}

void
clr_test_message_set_page (ClrTestMessage *self, ClrPage *page)
{
  self->page = page;
}

void
clr_test_message_set_from (ClrTestMessage *self, const char *from)
{
  gtk_editable_set_text (self->test_from_row, from);
}

static void
clr_test_message_dispose (GObject *object)
{
  ClrTestMessage *self = CLR_TEST_MESSAGE (object);

  clr_test_message_stop (self);
  g_clear_pointer (&self->sent, g_free);
  G_OBJECT_CLASS (clr_test_message_parent_class)->dispose (object);
}

static void
clr_test_message_class_init (ClrTestMessageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_test_message_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/clrelay/admin/widgets/clr-test-message.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrTestMessage, test_from_row);
  gtk_widget_class_bind_template_child (widget_class, ClrTestMessage, test_to_row);
  gtk_widget_class_bind_template_child (widget_class, ClrTestMessage, send_button);
  gtk_widget_class_bind_template_child (widget_class, ClrTestMessage, result_row);
  gtk_widget_class_bind_template_callback (widget_class, on_send);
}

static void
clr_test_message_init (ClrTestMessage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

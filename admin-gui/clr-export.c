/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-export.h"

#include "clr-table.h"
#include "clr-words.h"
#include "control/clr-api.h"
#include "control/clr-json.h"
#include "model/clr-model.h"

#include <glib/gi18n.h>

typedef struct
{
  ClrPage *page;
  ClrClient *client;
  GCancellable *cancellable;
  GFile *file;
  GOutputStream *stream;
  GtkWidget *dialog; /* NULL: not shown */
  GString *chunk;    /* on its way to the file */
  char *filter, *next;
  gboolean is_json, has_answer;
  guint n; /* messages */
} Export;

static void
export_free (Export *export)
{
  if (export->dialog)
    {
      g_signal_handlers_disconnect_by_data (export->dialog, export);
      gtk_window_destroy (GTK_WINDOW (export->dialog));
    }
  g_clear_object (&export->stream);
  g_object_unref (export->page);
  g_object_unref (export->client);
  g_object_unref (export->cancellable);
  g_object_unref (export->file);
  g_string_free (export->chunk, TRUE);
  g_free (export->filter);
  g_free (export->next);
  g_free (export);
}

static void
on_closed (GObject *stream, GAsyncResult *result, void *data)
{
  Export *export = data;
  g_autoptr (GError) error = NULL;

  if (g_output_stream_close_finish (G_OUTPUT_STREAM (stream), result, &error))
    clr_page_tell (export->page, ngettext ("%u message is saved", "%u messages are saved", export->n),
                   export->n);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    clr_page_tell (export->page, "%s", _ ("Nothing was saved"));
  else
    clr_page_fail (export->page, _ ("The File Could Not Be Written"), error->message);
  export_free (export);
}

/* Closed while it is cancelled, a stream leaves the former file as it was. */
static void
fail (Export *export, const GError *error)
{
  if (!g_cancellable_is_cancelled (export->cancellable))
    clr_page_fail (export->page, _ ("The File Could Not Be Written"), error->message);
  g_cancellable_cancel (export->cancellable);
  if (export->stream)
    g_output_stream_close (export->stream, export->cancellable, NULL);
  export_free (export);
}

static void
on_response (AdwMessageDialog *dialog, const char *response, Export *export)
{
  g_cancellable_cancel (export->cancellable);
}

static void
show_progress (Export *export, const char *reached)
{
  g_autofree char *clock = clr_words_time (reached, FALSE);
  g_autofree char *text
      = clock ? g_strdup_printf (ngettext ("%u message, back to %s", "%u messages, back to %s", export->n),
                                 export->n, clock)
              : g_strdup_printf (ngettext ("%u message", "%u messages", export->n), export->n);

  if (export->dialog == NULL)
    {
      export->dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (export->page))),
                                               _ ("Saving…"), NULL);
      adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (export->dialog), "cancel", _ ("_Cancel"));
      g_signal_connect (export->dialog, "response", G_CALLBACK (on_response), export);
      g_object_add_weak_pointer (G_OBJECT (export->dialog), (void **)&export->dialog);
      gtk_window_present (GTK_WINDOW (export->dialog));
    }
  adw_message_dialog_set_body (ADW_MESSAGE_DIALOG (export->dialog), text);
}

static void ask (Export *export);

static void
on_written (GObject *stream, GAsyncResult *result, void *data)
{
  Export *export = data;
  g_autoptr (GError) error = NULL;

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (stream), result, NULL, &error))
    fail (export, error);
  else if (export->next)
    ask (export);
  else
    g_output_stream_close_async (export->stream, G_PRIORITY_DEFAULT, export->cancellable, on_closed, export);
}

static void
append (Export *export, JsonNode *node)
{
  g_autoptr (GObject) message = NULL;
  g_autofree char *text = NULL;

  if (export->is_json)
    {
      text = clr_json_to_text (node, FALSE);
      g_string_append_printf (export->chunk, "%s%s", export->n > 0 ? ",\n" : "", text);
    }
  else
    {
      message = g_object_new (CLR_TYPE_MESSAGE_INFO, NULL);
      clr_json_fill_object (json_node_get_object (node), message);
      clr_table_append_message (export->chunk, message);
    }
  export->n++;
}

static void
on_page (GObject *client, GAsyncResult *result, void *data)
{
  Export *export = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = clr_client_request_finish (CLR_CLIENT (client), result, &error);
  g_autoptr (JsonNode) root = text ? clr_json_parse (text, &error) : NULL;
  JsonObject *answer = root && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  JsonNode *node = answer ? json_object_get_member (answer, "messages") : NULL;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    {
      if (error == NULL)
        g_set_error (&error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s",
                     _ ("The service's answer is not understood; is it of another version?"));
      fail (export, error);
      return;
    }
  g_string_truncate (export->chunk, 0);
  if (!export->has_answer && export->is_json)
    g_string_append (export->chunk, "[\n");
  else if (!export->has_answer)
    clr_table_append_head (export->chunk);
  export->has_answer = TRUE;
  for (guint i = 0; i < json_array_get_length (json_node_get_array (node)); i++)
    if (JSON_NODE_HOLDS_OBJECT (json_array_get_element (json_node_get_array (node), i)))
      append (export, json_array_get_element (json_node_get_array (node), i));
  g_free (export->next);
  export->next = g_strdup (clr_json_get_text (answer, "next"));
  if (export->next)
    show_progress (export, clr_json_get_text (answer, "reached"));
  else if (export->is_json)
    g_string_append (export->chunk, "\n]\n");
  g_output_stream_write_all_async (export->stream, export->chunk->str, export->chunk->len, G_PRIORITY_DEFAULT,
                                   export->cancellable, on_written, export);
}

static void
ask (Export *export)
{
  g_autoptr (GString) path = g_string_new (CLR_API_TRACE);

  g_string_append_printf (path, "?limit=%d", CLR_API_PAGE_MOST / 2);
  if (export->next)
    g_string_append_printf (path, "&after=%s", export->next);
  if (*export->filter)
    {
      g_string_append (path, "&filter=");
      g_string_append_uri_escaped (path, export->filter, NULL, FALSE);
    }
  clr_client_request_async (export->client, "GET", path->str, NULL, export->cancellable, on_page, export);
}

static void
on_opened (GObject *file, GAsyncResult *result, void *data)
{
  Export *export = data;
  g_autoptr (GError) error = NULL;
  GFileOutputStream *stream = g_file_replace_finish (G_FILE (file), result, &error);

  if (stream == NULL)
    {
      fail (export, error);
      return;
    }
  export->stream = G_OUTPUT_STREAM (stream);
  ask (export);
}

void
clr_export_start (ClrPage *page, const char *filter, GFile *file)
{
  Export *export = g_new0 (Export, 1);
  g_autofree char *name = g_file_get_basename (file);

  export->page = g_object_ref (page);
  export->client = g_object_ref (clr_relay_get_client (clr_page_get_relay (page)));
  export->cancellable = g_cancellable_new ();
  export->file = g_object_ref (file);
  export->filter = g_strdup (filter);
  export->chunk = g_string_new (NULL);
  export->is_json = g_str_has_suffix (name, ".json");
  /* Who sent what to whom is nobody else's. */
  g_file_replace_async (file, NULL, FALSE, G_FILE_CREATE_PRIVATE, G_PRIORITY_DEFAULT, export->cancellable,
                        on_opened, export);
}

static void
on_chosen (GtkNativeDialog *dialog, int response, ClrPage *page)
{
  g_autoptr (GFile) file
      = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;

  if (file)
    clr_export_start (page, g_object_get_data (G_OBJECT (dialog), "clr-filter"), file);
  g_object_unref (dialog);
}

static void
add_kind (GtkFileChooser *chooser, const char *name, const char *pattern)
{
  g_autoptr (GtkFileFilter) kind = gtk_file_filter_new ();

  gtk_file_filter_set_name (kind, name);
  gtk_file_filter_add_pattern (kind, pattern);
  gtk_file_chooser_add_filter (chooser, kind);
}

void
clr_export_choose (ClrPage *page, const char *filter, const char *name)
{
  GtkFileChooserNative *chooser = gtk_file_chooser_native_new (
      _ ("Save What Was Found"), GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (page))),
      GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);
  g_autofree char *file = g_strconcat (name, ".csv", NULL);

  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (chooser), TRUE);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (chooser), file);
  add_kind (GTK_FILE_CHOOSER (chooser), _ ("Table for spreadsheets (.csv)"), "*.csv");
  add_kind (GTK_FILE_CHOOSER (chooser), _ ("Everything that is known, for programs (.json)"), "*.json");
  g_object_set_data_full (G_OBJECT (chooser), "clr-filter", g_strdup (filter), g_free);
  g_signal_connect_object (chooser, "response", G_CALLBACK (on_chosen), page, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

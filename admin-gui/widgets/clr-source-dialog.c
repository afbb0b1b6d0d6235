/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "widgets/clr-source-dialog.h"

#include "control/clr-api.h"

#include <glib/gi18n.h>
#include <string.h>

#define SHOWN_MOST (256 * 1024) /* octets; a person reads no more, and a text view of more is slow */

struct _ClrSourceDialog
{
  AdwWindow parent_instance;
  GCancellable *cancellable;
  GBytes *content; /* NULL: not here */
  char *id;

  GtkStack *stack;
  AdwStatusPage *status;
  GtkSpinner *spinner;
  GtkTextView *text_view;
  GtkToggleButton *all_button;
  GtkWidget *save_button;
  GtkLabel *foot_label;
};

G_DEFINE_FINAL_TYPE (ClrSourceDialog, clr_source_dialog, ADW_TYPE_WINDOW)

/* The octets up to the empty line (RFC 5322 section 2.1). */
static gsize
find_body (const char *text, gsize size)
{
  const char *end
      = size >= 2 && memcmp (text, "\r\n", 2) == 0 ? text : g_strstr_len (text, (gssize)size, "\r\n\r\n");

  return end ? (gsize)(end - text) + 2 : size;
}

static void
show (ClrSourceDialog *self)
{
  gsize size, shown;
  const char *octets = self->content ? g_bytes_get_data (self->content, &size) : NULL;
  g_autofree char *text = NULL, *foot = NULL, *whole = NULL;
  g_auto (GStrv) lines = NULL;

  if (octets == NULL)
    return;
  shown = gtk_toggle_button_get_active (self->all_button) ? size : find_body (octets, size);
  text = g_utf8_make_valid (octets, (gssize)MIN (shown, SHOWN_MOST));
  lines = g_strsplit (text, "\r\n", -1);
  g_free (text);
  text = g_strjoinv ("\n", lines);
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->text_view), text, -1);
  whole = g_format_size (size);
  foot = shown > SHOWN_MOST ? g_strdup_printf (_ ("%s; its beginning is shown"), whole) : g_strdup (whole);
  gtk_label_set_label (self->foot_label, foot);
  gtk_stack_set_visible_child_name (self->stack, "text");
}

static void
fail (ClrSourceDialog *self, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  adw_status_page_set_description (self->status, escaped);
  gtk_stack_set_visible_child_name (self->stack, "none");
}

static void
on_content (GObject *client, GAsyncResult *result, void *data)
{
  g_autoptr (ClrSourceDialog) self = data;
  g_autoptr (GError) error = NULL;
  GBytes *content = clr_client_fetch_finish (CLR_CLIENT (client), result, &error);

  if (g_cancellable_is_cancelled (self->cancellable))
    {
      g_clear_pointer (&content, g_bytes_unref);
      return;
    }
  self->content = content;
  gtk_spinner_set_spinning (self->spinner, FALSE);
  gtk_widget_set_sensitive (self->save_button, content != NULL);
  if (content)
    show (self);
  else
    fail (self, error->message);
}

static void
on_all (GtkToggleButton *button, ClrSourceDialog *self)
{
  show (self);
}

static void
on_saved (GObject *file, GAsyncResult *result, void *data)
{
  g_autoptr (ClrSourceDialog) self = data;
  g_autoptr (GError) error = NULL;

  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  if (g_file_replace_contents_finish (G_FILE (file), result, NULL, &error))
    gtk_label_set_label (self->foot_label, _ ("Saved"));
  else
    fail (self, error->message);
}

void
clr_source_dialog_save (ClrSourceDialog *self, GFile *file)
{
  if (self->content)
    g_file_replace_contents_bytes_async (file, self->content, NULL, FALSE, G_FILE_CREATE_PRIVATE,
                                         self->cancellable, on_saved, g_object_ref (self));
}

static void
on_chosen (GtkNativeDialog *dialog, int response, ClrSourceDialog *self)
{
  g_autoptr (GFile) file
      = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;

  if (file)
    clr_source_dialog_save (self, file);
  g_object_unref (dialog);
}

static void
on_save (GtkButton *button, ClrSourceDialog *self)
{
  GtkFileChooserNative *chooser = gtk_file_chooser_native_new (_ ("Save the Message"), GTK_WINDOW (self),
                                                               GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);
  g_autofree char *name = g_strconcat (self->id, ".eml", NULL);

  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (chooser), TRUE);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (chooser), name);
  g_signal_connect_object (chooser, "response", G_CALLBACK (on_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

static void
clr_source_dialog_dispose (GObject *object)
{
  g_cancellable_cancel (CLR_SOURCE_DIALOG (object)->cancellable);
  G_OBJECT_CLASS (clr_source_dialog_parent_class)->dispose (object);
}

static void
clr_source_dialog_finalize (GObject *object)
{
  ClrSourceDialog *self = CLR_SOURCE_DIALOG (object);

  g_object_unref (self->cancellable);
  g_clear_pointer (&self->content, g_bytes_unref);
  g_free (self->id);
  G_OBJECT_CLASS (clr_source_dialog_parent_class)->finalize (object);
}

static void
clr_source_dialog_class_init (ClrSourceDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_source_dialog_dispose;
  G_OBJECT_CLASS (klass)->finalize = clr_source_dialog_finalize;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/clrelay/admin/widgets/clr-source-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrSourceDialog, stack);
  gtk_widget_class_bind_template_child (widget_class, ClrSourceDialog, status);
  gtk_widget_class_bind_template_child (widget_class, ClrSourceDialog, spinner);
  gtk_widget_class_bind_template_child (widget_class, ClrSourceDialog, text_view);
  gtk_widget_class_bind_template_child (widget_class, ClrSourceDialog, all_button);
  gtk_widget_class_bind_template_child (widget_class, ClrSourceDialog, save_button);
  gtk_widget_class_bind_template_child (widget_class, ClrSourceDialog, foot_label);
  gtk_widget_class_bind_template_callback (widget_class, on_all);
  gtk_widget_class_bind_template_callback (widget_class, on_save);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
clr_source_dialog_init (ClrSourceDialog *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
clr_source_dialog_new (ClrPage *page, const char *id)
{
  ClrSourceDialog *self
      = g_object_new (CLR_TYPE_SOURCE_DIALOG, "transient-for", gtk_widget_get_root (GTK_WIDGET (page)), NULL);
  g_autofree char *path = g_strconcat (CLR_API_CONTENTS, id, NULL);

  self->id = g_strdup (id);
  clr_client_fetch_async (clr_relay_get_client (clr_page_get_relay (page)), path, self->cancellable,
                          on_content, g_object_ref (self));
  return GTK_WIDGET (self);
}

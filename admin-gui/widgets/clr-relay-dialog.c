/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "widgets/clr-relay-dialog.h"

#include "client/clr-client.h"
#include "client/clr-pass.h"
#include "clr-notebook.h"
#include "control/clr-api.h"

#include <glib/gi18n.h>

struct _ClrRelayDialog
{
  AdwWindow parent_instance;
  GCancellable *cancellable;

  GtkWidget *add_button;
  GtkRevealer *problem_revealer;
  GtkLabel *problem_label;
  GtkEditable *name_row, *url_row, *token_row, *fingerprint_row;
};

enum
{
  ADDED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ClrRelayDialog, clr_relay_dialog, ADW_TYPE_WINDOW)

static char *
dup_text (GtkEditable *row)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (row)));
}

static void
tell_problem (ClrRelayDialog *self, const char *text)
{
  gtk_label_set_label (self->problem_label, text ? text : "");
  gtk_revealer_set_reveal_child (self->problem_revealer, text != NULL);
}

static void
on_changed (GtkEditable *row, ClrRelayDialog *self)
{
  g_autofree char *name = dup_text (self->name_row), *url = dup_text (self->url_row),
                  *token = dup_text (self->token_row);

  gtk_widget_set_sensitive (self->add_button, *name && *url && *token);
}

static void
keep (ClrRelayDialog *self)
{
  g_autofree char *name = dup_text (self->name_row), *url = dup_text (self->url_row),
                  *token = dup_text (self->token_row), *fingerprint = dup_text (self->fingerprint_row);
  g_autoptr (GError) error = NULL;

  if (!clr_notebook_add_relay (name, url, token, *fingerprint ? fingerprint : NULL, &error))
    {
      tell_problem (self, error->message);
      return;
    }
  g_signal_emit (self, signals[ADDED], 0, name);
  gtk_window_destroy (GTK_WINDOW (self));
}

/* Who is let in, is let in again. */
static void
on_status (GObject *client, GAsyncResult *result, void *data)
{
  g_autoptr (ClrRelayDialog) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = clr_client_request_finish (CLR_CLIENT (client), result, &error);

  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  gtk_widget_set_sensitive (self->add_button, TRUE);
  if (text)
    keep (self);
  else
    tell_problem (self, error->message);
}

static void
on_add (GtkButton *button, ClrRelayDialog *self)
{
  g_autofree char *url = dup_text (self->url_row), *token = dup_text (self->token_row),
                  *fingerprint = dup_text (self->fingerprint_row);
  g_autoptr (ClrClient) client = NULL;
  g_autoptr (GError) error = NULL;

  tell_problem (self, NULL);
  if (!clr_pass_check_url (url, &error))
    {
      tell_problem (self, error->message);
      return;
    }
  client = clr_client_new_remote (url, token, *fingerprint ? fingerprint : NULL);
  gtk_widget_set_sensitive (self->add_button, FALSE);
  clr_client_request_async (client, "GET", CLR_API_STATUS, NULL, self->cancellable, on_status,
                            g_object_ref (self));
}

static void
on_chosen (GtkNativeDialog *dialog, int response, ClrRelayDialog *self)
{
  g_autoptr (GFile) file
      = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *path = file ? g_file_get_path (file) : NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrPass) pass = path ? clr_pass_read (path, &error) : NULL;

  tell_problem (self, error ? error->message : NULL);
  if (pass)
    {
      gtk_editable_set_text (self->url_row, pass->url);
      gtk_editable_set_text (self->token_row, pass->token);
      gtk_editable_set_text (self->fingerprint_row, pass->fingerprint ? pass->fingerprint : "");
    }
  g_object_unref (dialog);
}

/* What `clrelay token add --out` has written. */
static void
on_file (GtkButton *button, ClrRelayDialog *self)
{
  GtkFileChooserNative *chooser = gtk_file_chooser_native_new (_ ("Open a Pass File"), GTK_WINDOW (self),
                                                               GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);

  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (chooser), TRUE);
  g_signal_connect_object (chooser, "response", G_CALLBACK (on_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

static void
on_cancel (GtkButton *button, ClrRelayDialog *self)
{
  gtk_window_destroy (GTK_WINDOW (self));
}

static void
clr_relay_dialog_dispose (GObject *object)
{
  g_cancellable_cancel (CLR_RELAY_DIALOG (object)->cancellable);
  G_OBJECT_CLASS (clr_relay_dialog_parent_class)->dispose (object);
}

static void
clr_relay_dialog_finalize (GObject *object)
{
  g_object_unref (CLR_RELAY_DIALOG (object)->cancellable);
  G_OBJECT_CLASS (clr_relay_dialog_parent_class)->finalize (object);
}

static void
clr_relay_dialog_class_init (ClrRelayDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_relay_dialog_dispose;
  G_OBJECT_CLASS (klass)->finalize = clr_relay_dialog_finalize;
  signals[ADDED] = g_signal_new ("added", CLR_TYPE_RELAY_DIALOG, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/clrelay/admin/widgets/clr-relay-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrRelayDialog, add_button);
  gtk_widget_class_bind_template_child (widget_class, ClrRelayDialog, problem_revealer);
  gtk_widget_class_bind_template_child (widget_class, ClrRelayDialog, problem_label);
  gtk_widget_class_bind_template_child (widget_class, ClrRelayDialog, name_row);
  gtk_widget_class_bind_template_child (widget_class, ClrRelayDialog, url_row);
  gtk_widget_class_bind_template_child (widget_class, ClrRelayDialog, token_row);
  gtk_widget_class_bind_template_child (widget_class, ClrRelayDialog, fingerprint_row);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_add);
  gtk_widget_class_bind_template_callback (widget_class, on_file);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
clr_relay_dialog_init (ClrRelayDialog *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
clr_relay_dialog_new (GtkWindow *parent)
{
  return g_object_new (CLR_TYPE_RELAY_DIALOG, "transient-for", parent, NULL);
}

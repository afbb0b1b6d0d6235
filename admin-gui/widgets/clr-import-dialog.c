/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "widgets/clr-import-dialog.h"

#include "control/clr-api.h"
#include "control/clr-json.h"
#include "import/clr-import.h"
#include "settings/clr-diff.h"
#include "settings/clr-plain-file.h"
#include "settings/clr-settings-change.h"
#include "settings/clr-settings.h"
#include "widgets/clr-rows.h"

#include <glib/gi18n.h>
#include <string.h>

#define TABLE_MOST (1024 * 1024) /* octets of a file that a configuration names */

struct _ClrImportDialog
{
  AdwWindow parent_instance;
  ClrPage *page;
  ClrImport *import; /* NULL: none has been read */
  char *etag;
  guint n_secrets; /* kept already */
  ClrRows notes;

  GtkStack *stack;
  GtkRevealer *problem_revealer;
  GtkLabel *problem_label;
  AdwComboRow *product_row;
  GtkWidget *apply_button, *back_button;
  AdwPreferencesGroup *notes_group;
  GtkTextView *diff_view;
};

G_DEFINE_FINAL_TYPE (ClrImportDialog, clr_import_dialog, ADW_TYPE_WINDOW)

static const struct
{
  const char *wire, *title;
} products[] = {
  { "iis", N_ ("IIS SMTP: MetaBase.xml") },
  { "postfix", N_ ("Postfix: main.cf") },
  { "emailrelay", N_ ("E-MailRelay: its configuration") },
  { "hmailserver", N_ ("hMailServer: the XML of a backup") },
};

static void
tell_problem (ClrImportDialog *self, const char *text)
{
  gtk_label_set_label (self->problem_label, text ? text : "");
  gtk_revealer_set_reveal_child (self->problem_revealer, text != NULL);
}

static void
show_note (ClrImportDialog *self, const ClrImportNote *note)
{
  static const struct
  {
    const char *icon, *css_class;
  } looks[] = {
    [CLR_IMPORT_TAKEN] = { "emblem-ok-symbolic", "success" },
    [CLR_IMPORT_LOOK] = { "dialog-warning-symbolic", "warning" },
    [CLR_IMPORT_NOT_DONE] = { "window-close-symbolic", "error" },
  };
  GtkWidget *row = clr_rows_add (&self->notes, note->what, note->text);

  clr_row_add_icon (row, looks[note->result].icon, looks[note->result].css_class);
}

/* What needs a person stands at the top. */
static void
show_notes (ClrImportDialog *self)
{
  static const ClrImportResult order[] = { CLR_IMPORT_NOT_DONE, CLR_IMPORT_LOOK, CLR_IMPORT_TAKEN };

  clr_rows_clear (&self->notes);
  for (guint k = 0; k < G_N_ELEMENTS (order); k++)
    for (guint i = 0; i < self->import->notes->len; i++)
      {
        const ClrImportNote *note = g_ptr_array_index (self->import->notes, i);

        if (note->result == order[k])
          show_note (self, note);
      }
}

/* The file as it is, and as it would be. */
static void
on_settings (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  g_autoptr (ClrImportDialog) self = data;
  const char *now = answer ? clr_json_get_text (answer, "text") : NULL,
             *file = answer ? clr_json_get_text (answer, "file") : NULL;
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = now ? clr_settings_change_apply (now, self->import->changes, &problem) : NULL,
                  *diff = text ? clr_diff (now, text) : NULL, *why = NULL;
  g_auto (GStrv) problems = NULL;
  g_autoptr (ClrSettings) settings
      = text ? clr_settings_new_from_text (text, strlen (text), file ? file : "", &problems) : NULL;

  if (now == NULL || text == NULL)
    {
      tell_problem (self, error     ? error->message
                          : problem ? problem->message
                                    : _ ("The relay’s settings have not come; is it reached?"));
      return;
    }
  g_free (self->etag);
  self->etag = g_strdup (clr_json_get_text (answer, "etag"));
  show_notes (self);
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->diff_view), diff, -1);
  gtk_stack_set_visible_child_name (self->stack, "report");
  gtk_widget_set_visible (self->back_button, TRUE);
  gtk_widget_set_sensitive (self->apply_button, settings != NULL && *diff);
  if (settings == NULL)
    {
      g_autofree char *all = problems ? g_strjoinv ("\n", problems) : g_strdup ("");

      why = g_strdup_printf (_ ("With this the settings would not be valid:\n%s"), all);
    }
  tell_problem (self, why);
}

static char *
load_table (const char *path, void *data)
{
  gsize size;

  return clr_plain_file_read (path, TABLE_MOST, &size, NULL);
}

void
clr_import_dialog_read (ClrImportDialog *self, GFile *file)
{
  guint product = MIN (adw_combo_row_get_selected (self->product_row), G_N_ELEMENTS (products) - 1);
  g_autoptr (ClrImport) import = clr_import_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_file_get_path (file);
  gsize size;
  g_autofree char *text = path ? clr_plain_file_read (path, CLR_IMPORT_SIZE_MOST, &size, &error) : NULL;

  import->load = load_table;
  if (text == NULL || !clr_import_read (import, products[product].wire, text, size, &error))
    {
      tell_problem (self, error ? error->message : _ ("This is no file of this machine"));
      return;
    }
  if (import->changes->len > CLR_SETTINGS_CHANGES_MOST)
    {
      g_autofree char *many
          = g_strdup_printf (_ ("%u settings are more than one change may have (%d); take them over by hand"),
                             import->changes->len, CLR_SETTINGS_CHANGES_MOST);
      tell_problem (self, many);
      return;
    }
  g_clear_pointer (&self->import, clr_import_free);
  self->import = g_steal_pointer (&import);
  tell_problem (self, NULL);
  clr_page_ask (self->page, "GET", CLR_API_SETTINGS, NULL, on_settings, g_object_ref (self));
}

static void
on_chosen (GtkNativeDialog *dialog, int response, ClrImportDialog *self)
{
  g_autoptr (GFile) file
      = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;

  if (file)
    clr_import_dialog_read (self, file);
  g_object_unref (dialog);
}

static void
on_choose (GtkButton *button, ClrImportDialog *self)
{
  GtkFileChooserNative *chooser = gtk_file_chooser_native_new (
      _ ("Open the Configuration"), GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);

  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (chooser), TRUE);
  g_signal_connect_object (chooser, "response", G_CALLBACK (on_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

/* -- applied */

static void
on_applied (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  g_autoptr (ClrImportDialog) self = data;

  if (answer == NULL)
    {
      gtk_widget_set_sensitive (self->apply_button, TRUE);
      tell_problem (self, error->message);
      return;
    }
  clr_page_tell (page, "%s", _ ("Taken over; it counts from now on, and can be undone on the page Settings"));
  gtk_window_destroy (GTK_WINDOW (self));
}

static void go_on (ClrImportDialog *self);

static void
on_secret (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  g_autoptr (ClrImportDialog) self = data;

  if (answer)
    {
      self->n_secrets++;
      go_on (self);
      return;
    }
  gtk_widget_set_sensitive (self->apply_button, TRUE);
  tell_problem (self, error->message);
}

/* Secrets stand before the settings that name them. */
static void
go_on (ClrImportDialog *self)
{
  if (self->n_secrets < self->import->secrets->len)
    {
      const ClrImportSecret *secret = g_ptr_array_index (self->import->secrets, self->n_secrets);
      g_autofree char *path = g_strconcat (CLR_API_SECRETS, secret->name, NULL);
      JsonObject *body = json_object_new ();

      json_object_set_string_member (body, "secret", secret->secret);
      clr_page_ask (self->page, "PUT", path, body, on_secret, g_object_ref (self));
      json_object_unref (body);
      return;
    }
  g_autoptr (JsonNode) changes = clr_settings_change_write (self->import->changes, self->etag);
  clr_page_ask (self->page, "PATCH", CLR_API_SETTINGS, json_node_get_object (changes), on_applied,
                g_object_ref (self));
}

static void
on_apply (GtkButton *button, ClrImportDialog *self)
{
  gtk_widget_set_sensitive (self->apply_button, FALSE);
  tell_problem (self, NULL);
  self->n_secrets = 0;
  go_on (self);
}

static void
on_back (GtkButton *button, ClrImportDialog *self)
{
  tell_problem (self, NULL);
  gtk_stack_set_visible_child_name (self->stack, "choose");
  gtk_widget_set_visible (self->back_button, FALSE);
  gtk_widget_set_sensitive (self->apply_button, FALSE);
}

static void
on_cancel (GtkButton *button, ClrImportDialog *self)
{
  gtk_window_destroy (GTK_WINDOW (self));
}

static void
clr_import_dialog_dispose (GObject *object)
{
  ClrImportDialog *self = CLR_IMPORT_DIALOG (object);

  clr_rows_finish (&self->notes);
  g_clear_pointer (&self->import, clr_import_free);
  g_clear_pointer (&self->etag, g_free);
  G_OBJECT_CLASS (clr_import_dialog_parent_class)->dispose (object);
}

static void
clr_import_dialog_class_init (ClrImportDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_import_dialog_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/clrelay/admin/widgets/clr-import-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrImportDialog, stack);
  gtk_widget_class_bind_template_child (widget_class, ClrImportDialog, problem_revealer);
  gtk_widget_class_bind_template_child (widget_class, ClrImportDialog, problem_label);
  gtk_widget_class_bind_template_child (widget_class, ClrImportDialog, product_row);
  gtk_widget_class_bind_template_child (widget_class, ClrImportDialog, apply_button);
  gtk_widget_class_bind_template_child (widget_class, ClrImportDialog, back_button);
  gtk_widget_class_bind_template_child (widget_class, ClrImportDialog, notes_group);
  gtk_widget_class_bind_template_child (widget_class, ClrImportDialog, diff_view);
  gtk_widget_class_bind_template_callback (widget_class, on_choose);
  gtk_widget_class_bind_template_callback (widget_class, on_apply);
  gtk_widget_class_bind_template_callback (widget_class, on_back);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
clr_import_dialog_init (ClrImportDialog *self)
{
  g_autoptr (GtkStringList) model = gtk_string_list_new (NULL);

  gtk_widget_init_template (GTK_WIDGET (self));
  clr_rows_init (&self->notes, self->notes_group);
  for (guint i = 0; i < G_N_ELEMENTS (products); i++)
    gtk_string_list_append (model, _ (products[i].title));
  adw_combo_row_set_model (self->product_row, G_LIST_MODEL (model));
}

GtkWidget *
clr_import_dialog_new (ClrPage *page)
{
  ClrImportDialog *self
      = g_object_new (CLR_TYPE_IMPORT_DIALOG, "transient-for", gtk_widget_get_root (GTK_WIDGET (page)), NULL);

  self->page = page;
  return GTK_WIDGET (self);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "widgets/clr-sheet-dialog.h"

#include <glib/gi18n.h>
#include <string.h>

#define FONT "Sans 12"

struct _ClrSheetDialog
{
  AdwWindow parent_instance;
  char *file;
  GtkFileChooserNative *chooser;

  GtkLabel *sheet_label;
};

G_DEFINE_FINAL_TYPE (ClrSheetDialog, clr_sheet_dialog, ADW_TYPE_WINDOW)

static void
tell_failure (ClrSheetDialog *self, const char *text)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (self), _ ("This Did Not Work"), text);

  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Close"));
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_draw_page (GtkPrintOperation *operation, GtkPrintContext *context, int page, ClrSheetDialog *self)
{
  g_autoptr (PangoLayout) layout = gtk_print_context_create_pango_layout (context);
  g_autoptr (PangoFontDescription) font = pango_font_description_from_string (FONT);

  pango_layout_set_font_description (layout, font);
  pango_layout_set_width (layout, (int)(gtk_print_context_get_width (context) * PANGO_SCALE));
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_text (layout, gtk_label_get_label (self->sheet_label), -1);
  pango_cairo_show_layout (gtk_print_context_get_cairo_context (context), layout);
}

static void
on_print (GtkButton *button, ClrSheetDialog *self)
{
  g_autoptr (GtkPrintOperation) operation = gtk_print_operation_new ();
  g_autoptr (GError) error = NULL;

  gtk_print_operation_set_n_pages (operation, 1);
  gtk_print_operation_set_job_name (operation, gtk_window_get_title (GTK_WINDOW (self)));
  gtk_print_operation_set_allow_async (operation, TRUE);
  g_signal_connect_object (operation, "draw-page", G_CALLBACK (on_draw_page), self, 0);
  if (gtk_print_operation_run (operation, GTK_PRINT_OPERATION_ACTION_PRINT_DIALOG, GTK_WINDOW (self), &error)
      == GTK_PRINT_OPERATION_RESULT_ERROR)
    tell_failure (self, error->message);
}

static void
on_chosen (GtkNativeDialog *dialog, int response, ClrSheetDialog *self)
{
  g_autoptr (GFile) file
      = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  const char *text = gtk_label_get_label (self->sheet_label);
  g_autoptr (GError) error = NULL;

  if (file
      && !g_file_replace_contents (file, text, strlen (text), NULL, FALSE, G_FILE_CREATE_NONE, NULL, NULL,
                                   &error))
    tell_failure (self, error->message);
  g_clear_object (&self->chooser);
}

static void
on_save (GtkButton *button, ClrSheetDialog *self)
{
  if (self->chooser)
    return;
  self->chooser = gtk_file_chooser_native_new (_ ("Save as Text"), GTK_WINDOW (self),
                                               GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), self->file);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (on_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
on_copy (GtkButton *button, ClrSheetDialog *self)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)),
                          gtk_label_get_label (self->sheet_label));
}

static void
clr_sheet_dialog_dispose (GObject *object)
{
  ClrSheetDialog *self = CLR_SHEET_DIALOG (object);

  g_clear_object (&self->chooser);
  g_clear_pointer (&self->file, g_free);
  G_OBJECT_CLASS (clr_sheet_dialog_parent_class)->dispose (object);
}

static void
clr_sheet_dialog_class_init (ClrSheetDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_sheet_dialog_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/clrelay/admin/widgets/clr-sheet-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrSheetDialog, sheet_label);
  gtk_widget_class_bind_template_callback (widget_class, on_print);
  gtk_widget_class_bind_template_callback (widget_class, on_save);
  gtk_widget_class_bind_template_callback (widget_class, on_copy);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
clr_sheet_dialog_init (ClrSheetDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
clr_sheet_dialog_new (GtkWindow *parent, const char *title, const char *text, const char *file)
{
  ClrSheetDialog *self = g_object_new (CLR_TYPE_SHEET_DIALOG, "transient-for", parent, "title", title, NULL);

  self->file = g_strdup (file);
  gtk_label_set_label (self->sheet_label, text);
  return GTK_WIDGET (self);
}

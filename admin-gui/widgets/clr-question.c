/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "widgets/clr-question.h"

#include <glib/gi18n.h>

typedef struct
{
  ClrPage *page;
  AdwComboRow *choice_row; /* NULL: there is none */
  GtkEditable *text_row;   /* NULL: there is none */
  ClrQuestionAnswer on_answer;
  gpointer data;
  GDestroyNotify free;
} Asked;

static void
asked_free (void *data, GClosure *closure)
{
  Asked *asked = data;

  if (asked->free)
    asked->free (asked->data);
  g_object_unref (asked->page);
  g_free (asked);
}

static void
on_response (AdwMessageDialog *dialog, const char *response, Asked *asked)
{
  g_autofree char *text
      = g_strstrip (g_strdup (asked->text_row ? gtk_editable_get_text (asked->text_row) : ""));

  if (g_str_equal (response, "go"))
    asked->on_answer (asked->page, asked->choice_row ? adw_combo_row_get_selected (asked->choice_row) : 0,
                      text, asked->data);
}

static void
add_choice (Asked *asked, const ClrQuestion *question, AdwPreferencesGroup *group)
{
  g_autoptr (GtkStringList) model = gtk_string_list_new (question->choices);
  GtkWidget *row = adw_combo_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), question->choice_title);
  adw_combo_row_set_model (ADW_COMBO_ROW (row), G_LIST_MODEL (model));
  adw_combo_row_set_selected (ADW_COMBO_ROW (row), question->choice);
  adw_preferences_group_add (group, row);
  asked->choice_row = ADW_COMBO_ROW (row);
}

static void
add_text (Asked *asked, const ClrQuestion *question, AdwPreferencesGroup *group)
{
  GtkWidget *row = adw_entry_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), question->text_title);
  gtk_editable_set_text (GTK_EDITABLE (row), question->text ? question->text : "");
  adw_preferences_group_add (group, row);
  asked->text_row = GTK_EDITABLE (row);
}

void
clr_question_ask (ClrPage *page, const ClrQuestion *question, ClrQuestionAnswer on_answer, gpointer data,
                  GDestroyNotify free)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (page))),
                                              question->heading, question->body),
            *group = adw_preferences_group_new ();
  Asked *asked = g_new0 (Asked, 1);

  asked->page = g_object_ref (page);
  asked->on_answer = on_answer;
  asked->data = data;
  asked->free = free;
  if (question->choice_title)
    add_choice (asked, question, ADW_PREFERENCES_GROUP (group));
  if (question->text_title)
    add_text (asked, question, ADW_PREFERENCES_GROUP (group));
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), group);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "go",
                                    question->label, NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "go", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "go");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_data (dialog, "response", G_CALLBACK (on_response), asked, asked_free, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

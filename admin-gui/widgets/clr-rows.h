/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rows of a group that come and go with what the relay says, and the buttons that stand in them.
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

typedef struct
{
  AdwPreferencesGroup *group;
  GPtrArray *rows; /* GtkWidget, of the group */
} ClrRows;

/* The group keeps its other children. */
void clr_rows_init (ClrRows *self, AdwPreferencesGroup *group);
void clr_rows_finish (ClrRows *self);
void clr_rows_clear (ClrRows *self);
/* Texts are plain, no markup. @subtitle: may be NULL. */
GtkWidget *clr_rows_add (ClrRows *self, const char *title, const char *subtitle);
/* What is said when there is nothing. */
void clr_rows_add_empty (ClrRows *self, const char *text);

/* @name: what tests and style sheets know the button by. @icon: NULL for a button with words. @word: for a
 * screen reader and as a hint, or the words. @data: a text that the button keeps a copy of, for
 * clr_row_get_data (). */
GtkWidget *clr_row_add_button (GtkWidget *row, const char *name, const char *icon, const char *word,
                               GCallback on_clicked, gpointer self, const char *data);
const char *clr_row_get_data (GtkButton *button);
/* A picture before the title. @css_class: "success", "warning", "error" or NULL. */
void clr_row_add_icon (GtkWidget *row, const char *icon, const char *css_class);
/* A short word at the end. */
void clr_row_add_word (GtkWidget *row, const char *word, const char *css_class);

G_END_DECLS

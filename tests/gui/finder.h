/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finds the widgets that the driver is told of, among those that can be seen.
 */
#pragma once

#include "clr-window.h"

typedef gboolean (*FinderFits) (GtkWidget *widget, const char *word);

gboolean finder_has_id (GtkWidget *widget, const char *word);
gboolean finder_is_table (GtkWidget *widget, const char *word);
/* The row of a setting, by its key. */
gboolean finder_is_row_of (GtkWidget *widget, const char *word);
gboolean finder_has_title (GtkWidget *widget, const char *word);
gboolean finder_has_label (GtkWidget *widget, const char *word);
gboolean finder_has_name (GtkWidget *widget, const char *word);
gboolean finder_is_editable (GtkWidget *widget, const char *word);
gboolean finder_is_combo (GtkWidget *widget, const char *word);
gboolean finder_is_titled_row (GtkWidget *widget, const char *word);

/* The first that fits, of what can be seen. */
GtkWidget *finder_find (GtkWidget *root, FinderFits fits, const char *word);
/* A window before the main one, that is no question. */
GtkWindow *finder_find_modal (void);
/* In the window before the main one, in the page in sight, or else in @window. */
GtkWidget *finder_find_here (GtkWidget *window, FinderFits fits, const char *word);
/* The question that is open. */
AdwMessageDialog *finder_find_dialog (void);

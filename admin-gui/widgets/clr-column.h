/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A column of a list whose cells are one line of text, made anew whenever its item changes.
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* (transfer full); NULL is shown as nothing. */
typedef char *(*ClrCellText) (GObject *item);

/* @watched: the property of the items that the text is made of; NULL: any. @css_class: of the labels, NULL
 * for none. @width: pixels; 0: as wide as there is room. (transfer floating) */
GtkColumnViewColumn *clr_column_new (const char *title, ClrCellText get_text, const char *watched,
                                     const char *css_class, int width);

G_END_DECLS

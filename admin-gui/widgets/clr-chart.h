/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrChart: a few rows of numbers over the same time, as lines; drawn in the colours of the style, dark or
 * light.
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define CLR_TYPE_CHART (clr_chart_get_type ())
G_DECLARE_FINAL_TYPE (ClrChart, clr_chart, CLR, CHART, GtkWidget)

#define CLR_CHART_ROWS 3u

/* @capacity: how many numbers fill the width. */
GtkWidget *clr_chart_new (guint capacity);
void clr_chart_set_capacity (ClrChart *self, guint capacity);
/* @row: from 0; @values: oldest first, the last is drawn at the right edge. */
void clr_chart_set_row (ClrChart *self, guint row, const double *values, guint n);
/* The highest of all numbers, as a person reads it: "12.5". (transfer full) */
char *clr_chart_get_top (ClrChart *self);

G_END_DECLS

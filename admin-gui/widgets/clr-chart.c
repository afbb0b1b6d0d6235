/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "widgets/clr-chart.h"

#include <math.h>

#define TICKS 4

struct _ClrChart
{
  GtkWidget parent_instance;
  guint capacity;
  GArray *rows[CLR_CHART_ROWS]; /* double */
};

G_DEFINE_FINAL_TYPE (ClrChart, clr_chart, GTK_TYPE_WIDGET)

/* Told apart without a sense for red and green, too: by lightness. */
static const GdkRGBA colours[CLR_CHART_ROWS] = {
  { 0.21f, 0.52f, 0.89f, 1 }, /* blue */
  { 0.18f, 0.76f, 0.49f, 1 }, /* green */
  { 0.90f, 0.38f, 0.00f, 1 }, /* orange */
};

static double
get_highest (ClrChart *self)
{
  double highest = 0;

  for (guint i = 0; i < CLR_CHART_ROWS; i++)
    for (guint k = 0; k < self->rows[i]->len; k++)
      highest = MAX (highest, g_array_index (self->rows[i], double, k));
  return highest;
}

/* 1, 2 or 5 times a power of ten, not below @value: grid lines stand at numbers that can be read. */
static double
round_up (double value)
{
  double power = pow (10, floor (log10 (value)));

  for (guint i = 0; i < 3; i++)
    if (value <= ((const double[]){ 1, 2, 5 })[i] * power)
      return ((const double[]){ 1, 2, 5 })[i] * power;
  return 10 * power;
}

char *
clr_chart_get_top (ClrChart *self)
{
  double highest = get_highest (self);

  if (highest > 0 && highest < 10)
    return g_strdup_printf ("%.1f", highest);
  return g_strdup_printf ("%.0f", highest);
}

static void
draw_grid (ClrChart *self, cairo_t *cairo, double width, double height, double top)
{
  GdkRGBA colour;
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), NULL);

  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &colour);
  cairo_set_line_width (cairo, 1);
  for (int i = 0; i <= TICKS; i++)
    {
      double y = floor (height - height * i / TICKS) + (i == TICKS ? 0.5 : -0.5);

      colour.alpha = i == 0 ? 0.3f : 0.1f;
      gdk_cairo_set_source_rgba (cairo, &colour);
      cairo_move_to (cairo, 0, y);
      cairo_line_to (cairo, width, y);
      cairo_stroke (cairo);
    }
  g_autofree char *text = g_strdup_printf (top < 10 ? "%.1f" : "%.0f", top);
  pango_layout_set_text (layout, text, -1);
  colour.alpha = 0.55f;
  gdk_cairo_set_source_rgba (cairo, &colour);
  cairo_move_to (cairo, 4, 2);
  pango_cairo_show_layout (cairo, layout);
}

static void
draw_row (ClrChart *self, cairo_t *cairo, guint row, double width, double height, double top)
{
  const GArray *values = self->rows[row];
  double step = width / MAX (1u, self->capacity - 1);
  GdkRGBA colour = colours[row];

  if (values->len < 2)
    return;
  for (guint i = 0; i < values->len; i++)
    {
      double x = width - step * (values->len - 1 - i);
      double y = height - 1 - (height - 2) * g_array_index (values, double, i) / top;

      if (i == 0)
        cairo_move_to (cairo, x, y);
      else
        cairo_line_to (cairo, x, y);
    }
  gdk_cairo_set_source_rgba (cairo, &colour);
  cairo_set_line_width (cairo, 2);
  cairo_set_line_join (cairo, CAIRO_LINE_JOIN_ROUND);
  cairo_stroke_preserve (cairo);
  cairo_line_to (cairo, width, height);
  cairo_line_to (cairo, width - step * (values->len - 1), height);
  cairo_close_path (cairo);
  colour.alpha = 0.1f;
  gdk_cairo_set_source_rgba (cairo, &colour);
  cairo_fill (cairo);
}

static void
clr_chart_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  ClrChart *self = CLR_CHART (widget);
  float width = (float)gtk_widget_get_width (widget), height = (float)gtk_widget_get_height (widget);
  double highest = get_highest (self), top = highest > 0 ? round_up (highest) : 1;
  cairo_t *cairo;

  if (width < 2 || height < 2)
    return;
  cairo = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, width, height));
  draw_grid (self, cairo, width, height, top);
  for (guint i = 0; i < CLR_CHART_ROWS; i++)
    draw_row (self, cairo, i, width, height, top);
  cairo_destroy (cairo);
}

static void
clr_chart_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                   int *minimum_baseline, int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 120 : 80;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 480 : 140;
}

static void
clr_chart_finalize (GObject *object)
{
  for (guint i = 0; i < CLR_CHART_ROWS; i++)
    g_array_unref (CLR_CHART (object)->rows[i]);
  G_OBJECT_CLASS (clr_chart_parent_class)->finalize (object);
}

static void
clr_chart_class_init (ClrChartClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = clr_chart_finalize;
  widget_class->snapshot = clr_chart_snapshot;
  widget_class->measure = clr_chart_measure;
  gtk_widget_class_set_css_name (widget_class, "chart");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
clr_chart_init (ClrChart *self)
{
  self->capacity = 2;
  for (guint i = 0; i < CLR_CHART_ROWS; i++)
    self->rows[i] = g_array_new (FALSE, FALSE, sizeof (double));
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
}

GtkWidget *
clr_chart_new (guint capacity)
{
  ClrChart *self = g_object_new (CLR_TYPE_CHART, NULL);

  clr_chart_set_capacity (self, capacity);
  return GTK_WIDGET (self);
}

void
clr_chart_set_capacity (ClrChart *self, guint capacity)
{
  self->capacity = MAX (2u, capacity);
}

void
clr_chart_set_row (ClrChart *self, guint row, const double *values, guint n)
{
  g_return_if_fail (row < CLR_CHART_ROWS);
  g_array_set_size (self->rows[row], 0);
  g_array_append_vals (self->rows[row], values, n);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

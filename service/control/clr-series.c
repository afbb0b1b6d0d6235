/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-series.h"

#include "base/clr-clock.h"
#include "base/clr-counter.h"
#include "control/clr-json.h"

#include <math.h>
#include <stdlib.h>

/* What is looked at; a counter that grows is told by how much it grew, a level by its highest. */
static const struct
{
  const char *name;
  ClrCounterId counter;
  gboolean is_level;
} rows[] = {
  { "accepted", CLR_COUNTER_MESSAGES_ACCEPTED_TOTAL, FALSE },
  { "delivered", CLR_COUNTER_RECIPIENTS_DELIVERED_TOTAL, FALSE },
  { "deferred", CLR_COUNTER_RECIPIENTS_DEFERRED_TOTAL, FALSE },
  { "failed", CLR_COUNTER_RECIPIENTS_FAILED_TOTAL, FALSE },
  { "refused", CLR_COUNTER_RECIPIENTS_REFUSED_TOTAL, FALSE },
  { "waiting", CLR_COUNTER_QUEUE_WAITING, TRUE },
};
#define N_ROWS G_N_ELEMENTS (rows)

typedef struct
{
  gboolean is_known;
  int64_t values[N_ROWS];
} Point;

/* A ring of points; the slot of a time is its number of steps since 1970. */
typedef struct
{
  const char *span, *prefix; /* prefix: of its keys in state.db, NULL: not kept */
  int64_t step_s;
  unsigned n;
  Point *points;
  int64_t newest; /* steps since 1970, of the point that is being filled */
} Track;

struct ClrSeries
{
  ClrState *state;
  Track tracks[3];
  int64_t former[N_ROWS];
  guint source;
};

static Point *
get_point (Track *track, int64_t number)
{
  return &track->points[number % track->n];
}

static void
store (ClrSeries *series, const Track *track, int64_t number)
{
  const Point *point = &track->points[number % track->n];
  g_autofree char *key = g_strdup_printf ("%s%" G_GINT64_FORMAT, track->prefix, number);
  g_autoptr (GString) value = g_string_new ("[");

  for (unsigned i = 0; i < N_ROWS; i++)
    g_string_append_printf (value, "%s%" G_GINT64_FORMAT, i ? "," : "", point->values[i]);
  g_string_append_c (value, ']');
  clr_state_put_post (series->state, CLR_STATE_SERIES, key, value->str,
                      (number + 1 + track->n) * track->step_s * G_USEC_PER_SEC);
}

/* Goes on to the point of @now_us; what was passed over is not known. */
static void
advance (ClrSeries *series, Track *track, int64_t now_us)
{
  int64_t number = now_us / (track->step_s * G_USEC_PER_SEC);

  if (number == track->newest)
    return;
  if (series->state && track->prefix && get_point (track, track->newest)->is_known)
    store (series, track, track->newest);
  if (number < track->newest || number - track->newest >= track->n)
    for (unsigned i = 0; i < track->n; i++)
      track->points[i].is_known = FALSE;
  else
    for (int64_t i = track->newest + 1; i <= number; i++)
      get_point (track, i)->is_known = FALSE;
  track->newest = number;
}

static void
add (Track *track, const int64_t amounts[N_ROWS])
{
  Point *point = get_point (track, track->newest);

  for (unsigned i = 0; i < N_ROWS; i++)
    if (!point->is_known)
      point->values[i] = amounts[i];
    else if (rows[i].is_level)
      point->values[i] = MAX (point->values[i], amounts[i]);
    else
      point->values[i] += amounts[i];
  point->is_known = TRUE;
}

void
clr_series_sample (ClrSeries *series, int64_t now_us)
{
  int64_t amounts[N_ROWS];

  for (unsigned i = 0; i < N_ROWS; i++)
    {
      int64_t now = clr_counter_get (rows[i].counter);

      amounts[i] = rows[i].is_level ? now : MAX (now - series->former[i], 0);
      series->former[i] = now;
    }
  for (unsigned i = 0; i < G_N_ELEMENTS (series->tracks); i++)
    {
      advance (series, &series->tracks[i], now_us);
      add (&series->tracks[i], amounts);
    }
}

/* Whatever stands in the file is looked at before it is believed. */
static gboolean
parse_values (const char *text, int64_t values[N_ROWS])
{
  if (*text++ != '[')
    return FALSE;
  for (unsigned i = 0; i < N_ROWS; i++)
    {
      char *end;

      values[i] = g_ascii_strtoll (text, &end, 10);
      if (end == text || values[i] < 0 || *end != (i + 1 < N_ROWS ? ',' : ']'))
        return FALSE;
      text = end + 1;
    }
  return TRUE;
}

static void
on_stored (const char *key, const char *value, int64_t expires_us, void *data)
{
  ClrSeries *series = data;

  for (unsigned i = 0; i < G_N_ELEMENTS (series->tracks); i++)
    {
      Track *track = &series->tracks[i];
      int64_t values[N_ROWS], number;

      if (track->prefix == NULL || !g_str_has_prefix (key, track->prefix))
        continue;
      number = g_ascii_strtoll (key + strlen (track->prefix), NULL, 10);
      if (number <= track->newest && number > track->newest - track->n && parse_values (value, values))
        {
          Point *point = get_point (track, number);

          point->is_known = TRUE;
          for (unsigned k = 0; k < N_ROWS; k++)
            point->values[k] = values[k];
        }
    }
}

ClrSeries *
clr_series_new_by_hand (ClrState *state, int64_t now_us)
{
  static const Track tracks[] = {
    { "10m", NULL, CLR_SERIES_SAMPLE_S, 60, NULL, 0 },
    { "24h", "minute ", 60, 1440, NULL, 0 },
    { "30d", "hour ", 3600, 720, NULL, 0 },
  };
  ClrSeries *series = g_new0 (ClrSeries, 1);

  series->state = state;
  for (unsigned i = 0; i < G_N_ELEMENTS (tracks); i++)
    {
      series->tracks[i] = tracks[i];
      series->tracks[i].points = g_new0 (Point, tracks[i].n);
      series->tracks[i].newest = now_us / (tracks[i].step_s * G_USEC_PER_SEC);
    }
  for (unsigned i = 0; i < N_ROWS; i++)
    series->former[i] = clr_counter_get (rows[i].counter);
  /* Charts are no reason not to start. */
  if (state)
    clr_state_load (state, CLR_STATE_SERIES, on_stored, series, NULL);
  return series;
}

static gboolean
on_time (void *data)
{
  clr_series_sample (data, clr_clock_wall ());
  return G_SOURCE_CONTINUE;
}

ClrSeries *
clr_series_new (ClrState *state)
{
  ClrSeries *series = clr_series_new_by_hand (state, clr_clock_wall ());

  series->source = g_timeout_add_seconds (CLR_SERIES_SAMPLE_S, on_time, series);
  return series;
}

void
clr_series_free (ClrSeries *series)
{
  if (series->source)
    g_source_remove (series->source);
  for (unsigned i = 0; i < G_N_ELEMENTS (series->tracks); i++)
    {
      Track *track = &series->tracks[i];

      if (series->state && track->prefix && get_point (track, track->newest)->is_known)
        store (series, track, track->newest);
      g_free (track->points);
    }
  g_free (series);
}

static JsonArray *
list_row (Track *track, unsigned row)
{
  JsonArray *array = json_array_sized_new (track->n);

  for (int64_t number = track->newest - track->n + 1; number <= track->newest; number++)
    {
      const Point *point = number >= 0 ? get_point (track, number) : NULL;

      if (point && point->is_known)
        json_array_add_int_element (array, point->values[row]);
      else
        json_array_add_null_element (array);
    }
  return array;
}

JsonObject *
clr_series_to_json (ClrSeries *series, const char *span)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (series->tracks); i++)
    {
      Track *track = &series->tracks[i];
      JsonObject *object;

      if (!g_str_equal (track->span, span))
        continue;
      g_autofree char *end = clr_time_to_text ((track->newest + 1) * track->step_s * G_USEC_PER_SEC);
      object = json_object_new ();
      json_object_set_string_member (object, "span", span);
      json_object_set_int_member (object, "step", track->step_s);
      json_object_set_string_member (object, "end", end);
      for (unsigned k = 0; k < N_ROWS; k++)
        json_object_set_array_member (object, rows[k].name, list_row (track, k));
      return object;
    }
  return NULL;
}

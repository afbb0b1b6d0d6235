/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A long list as a person scrolls it, without a window: how much of the processor the model takes of each
 * frame, how long rows, filters and orders take to come, what memory it needs. Usage: rows SOCKET FILTER;
 * prints "NAME VALUE".
 */
#include "client/clr-message-roll.h"

#include "model/clr-model.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ROWS   40 /* on a screen */
#define FRAMES 400
#define WAIT_S 120

static ClrMessageRoll *roll;
static GListModel *list;

static gint64
now (void)
{
  return g_get_monotonic_time ();
}

static gboolean
has_come (guint position)
{
  g_autoptr (GObject) row = g_list_model_get_item (list, position);
  g_autofree char *id = NULL;

  if (row)
    g_object_get (row, "id", &id, NULL);
  return id != NULL;
}

/* Of this thread alone: what other programs take meanwhile is not the model's. Microseconds. */
static gint64
cpu (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return (gint64)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

/* The longest that one dispatch of the main loop took, while it waited for the row; microseconds. */
static gint64
wait_for (guint position, gint64 *took)
{
  gint64 begin = now (), longest = 0;

  while (!has_come (position))
    {
      gint64 start;

      if (now () - begin > WAIT_S * G_USEC_PER_SEC || clr_message_roll_get_error (roll))
        {
          const char *error = clr_message_roll_get_error (roll);
          fprintf (stderr, "row %u does not come: %s\n", position, error ? error : "");
          exit (1);
        }
      while (!g_main_context_pending (NULL))
        g_usleep (200);
      start = cpu ();
      g_main_context_iteration (NULL, FALSE);
      longest = MAX (longest, cpu () - start);
    }
  *took = now () - begin;
  return longest;
}

static int
compare (const void *a, const void *b)
{
  gint64 one = *(const gint64 *)a, other = *(const gint64 *)b;

  return one < other ? -1 : one > other;
}

/* Scrolls by @step rows a frame, or anywhere for 0; a frame is the rows that it shows, and all that came. */
static void
scroll (const char *name, guint step)
{
  gint64 frames[FRAMES];
  guint n = g_list_model_get_n_items (list), position = n / 3, missing = 0;

  for (guint f = 0; f < FRAMES; f++)
    {
      gint64 begin = cpu ();

      position = step ? (position + step) % (n - ROWS) : (guint)g_random_int_range (0, (gint32)(n - ROWS));
      for (guint i = 0; i < ROWS; i++)
        missing += !has_come (position + i);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      frames[f] = cpu () - begin;
      g_usleep (16000 - (gulong)MIN (frames[f], 15000));
    }
  qsort (frames, FRAMES, sizeof *frames, compare);
  printf ("%s-median-ms %.2f\n%s-worst-ms %.2f\n%s-empty-rows %.1f\n", name,
          (double)frames[FRAMES / 2] / 1000, name, (double)frames[FRAMES - 1] / 1000, name,
          (double)missing / FRAMES);
}

static void
measure (const char *name, guint position)
{
  gint64 took, longest = wait_for (position, &took);

  printf ("%s-ms %.1f\n%s-dispatch-ms %.2f\n", name, (double)took / 1000, name, (double)longest / 1000);
}

int
main (int argc, char **argv)
{
  gint64 begin;
  char memory[256];
  FILE *file;

  if (argc != 3)
    {
      fprintf (stderr, "Usage: rows SOCKET FILTER\n");
      return 2;
    }
  g_autoptr (ClrClient) client = clr_client_new (argv[1]);
  roll = clr_message_roll_new (client);
  list = G_LIST_MODEL (roll);
  clr_message_roll_refresh (roll, FALSE);
  measure ("first-page", 0);
  printf ("rows %u\n", g_list_model_get_n_items (list));
  measure ("middle", g_list_model_get_n_items (list) / 2);
  measure ("end", g_list_model_get_n_items (list) - 1);
  begin = now ();
  while (!clr_message_roll_is_complete (roll))
    g_main_context_iteration (NULL, TRUE);
  printf ("complete-ms %.1f\n", (double)(now () - begin) / 1000);
  scroll ("scroll", 3);
  scroll ("flick", 60);
  scroll ("anywhere", 0);
  begin = now ();
  clr_message_roll_set_filter (roll, argv[2]);
  printf ("filter-call-ms %.3f\n", (double)(now () - begin) / 1000);
  measure ("filter", 0);
  while (!clr_message_roll_is_complete (roll))
    g_main_context_iteration (NULL, TRUE);
  printf ("filter-complete-ms %.1f\nfiltered %u\n", (double)(now () - begin) / 1000,
          g_list_model_get_n_items (list));
  clr_message_roll_set_filter (roll, "");
  clr_message_roll_set_order (roll, "recipient", TRUE);
  measure ("sort", 0);
  scroll ("sorted", 60);
  file = fopen ("/proc/self/status", "r");
  while (file && fgets (memory, sizeof memory, file))
    if (g_str_has_prefix (memory, "VmHWM:"))
      printf ("memory-MiB %.1f\n", g_ascii_strtod (memory + 6, NULL) / 1024);
  if (file)
    fclose (file);
  g_object_unref (roll);
  return 0;
}

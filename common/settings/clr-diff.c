/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-diff.h"

#include <string.h>

#define AROUND 3u
#define CELLS_MAX                                                                                            \
  (16u * 1024 * 1024) /* of the table; beyond it, all lines in between are told as replaced                  \
                       */

static char **
split (const char *text)
{
  char **lines = g_strsplit (text, "\n", -1);
  guint n = g_strv_length (lines);

  if (n > 0 && *lines[n - 1] == 0)
    g_clear_pointer (&lines[n - 1], g_free);
  for (char **line = lines; *line; line++)
    if (g_str_has_suffix (*line, "\r"))
      (*line)[strlen (*line) - 1] = 0;
  return lines;
}

typedef struct
{
  char sign; /* ' ', '-', '+' */
  const char *line;
} Step;

static void
add (GArray *steps, char sign, const char *line)
{
  g_array_append_val (steps, ((Step){ sign, line }));
}

/* The longest common subsequence of what lies between the equal ends. */
static void
compare (GArray *steps, char **a, guint n, char **b, guint m)
{
  g_autofree guint16 *table = NULL;
  guint i = 0, j = 0;

  if ((guint64)(n + 1) * (m + 1) <= CELLS_MAX && MIN (n, m) < G_MAXUINT16)
    {
      table = g_new0 (guint16, (gsize)(n + 1) * (m + 1));
#define CELL(x, y) table[(gsize)(x) * (m + 1) + (y)]
      for (guint x = n; x-- > 0;)
        for (guint y = m; y-- > 0;)
          CELL (x, y)
              = strcmp (a[x], b[y]) == 0 ? CELL (x + 1, y + 1) + 1 : MAX (CELL (x + 1, y), CELL (x, y + 1));
    }
  while (i < n || j < m)
    if (table && i < n && j < m && strcmp (a[i], b[j]) == 0)
      {
        add (steps, ' ', a[i]);
        i++;
        j++;
      }
    else if (i < n && (!table || j == m || CELL (i + 1, j) >= CELL (i, j + 1)))
      add (steps, '-', a[i++]);
    else
      add (steps, '+', b[j++]);
#undef CELL
}

static gboolean
is_near (const GArray *steps, guint i)
{
  for (guint k = i > AROUND ? i - AROUND : 0; k < MIN (steps->len, i + AROUND + 1); k++)
    if (g_array_index (steps, Step, k).sign != ' ')
      return TRUE;
  return FALSE;
}

char *
clr_diff (const char *before, const char *after)
{
  g_auto (GStrv) a = split (before), b = split (after);
  guint n = g_strv_length (a), m = g_strv_length (b), head = 0, tail = 0;
  g_autoptr (GArray) steps = g_array_new (FALSE, FALSE, sizeof (Step));
  GString *text = g_string_new (NULL);
  gboolean gap = FALSE;

  while (head < n && head < m && strcmp (a[head], b[head]) == 0)
    add (steps, ' ', a[head++]);
  while (tail < n - head && tail < m - head && strcmp (a[n - 1 - tail], b[m - 1 - tail]) == 0)
    tail++;
  compare (steps, a + head, n - head - tail, b + head, m - head - tail);
  for (guint i = n - tail; i < n; i++)
    add (steps, ' ', a[i]);
  for (guint i = 0; i < steps->len; i++)
    {
      const Step *step = &g_array_index (steps, Step, i);

      if (is_near (steps, i))
        {
          if (gap && text->len > 0)
            g_string_append (text, "  ...\n");
          gap = FALSE;
          g_string_append_printf (text, "%c %s\n", step->sign, step->line);
        }
      else
        gap = TRUE;
    }
  return g_string_free (text, FALSE);
}

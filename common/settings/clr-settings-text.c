/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-settings-text.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

void
clr_setting_change_free (ClrSettingChange *change)
{
  g_free (change->group);
  g_free (change->name);
  g_free (change->key);
  g_free (change->value);
  g_free (change->before);
  g_free (change);
}

static gboolean
is_word (const char *text)
{
  for (const char *p = text; *p; p++)
    if (!g_ascii_isalnum (*p) && !strchr ("-_.", *p))
      return FALSE;
  return *text != 0;
}

ClrSettingChange *
clr_setting_change_new_from_place (const char *place, GError **error)
{
  g_autoptr (ClrSettingChange) change = g_new0 (ClrSettingChange, 1);
  size_t group = strcspn (place, ": .");
  const char *rest = place + group, *dot;

  change->group = g_strndup (place, group);
  if (*rest == ':' || *rest == ' ')
    {
      rest++;
      dot = strrchr (rest, '.');
      change->name = dot ? g_strndup (rest, dot - rest) : g_strdup (rest);
      change->key = dot ? g_strdup (dot + 1) : NULL;
    }
  else if (*rest == '.')
    change->key = g_strdup (rest + 1);
  if (!is_word (change->group) || (change->name && !is_word (change->name))
      || (change->key && !is_word (change->key)))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("\"%s\": a setting is named as in server.hostname or listener:office.address"), place);
      return NULL;
    }
  return g_steal_pointer (&change);
}

char *
clr_setting_change_to_place (const ClrSettingChange *change)
{
  return g_strconcat (change->group, change->name ? ":" : "", change->name ? change->name : "",
                      change->key ? "." : "", change->key ? change->key : "", NULL);
}

/* -- lines */

typedef struct
{
  const char *start;
  size_t size; /* with its end */
} Line;

static GArray *
split (const char *text)
{
  GArray *lines = g_array_new (FALSE, FALSE, sizeof (Line));

  /* A byte order mark counts as a line, and stays where it is. */
  if (g_str_has_prefix (text, CLR_SETTINGS_BOM))
    {
      Line mark = { text, strlen (CLR_SETTINGS_BOM) };

      g_array_append_val (lines, mark);
      text += mark.size;
    }
  while (*text)
    {
      const char *stop = strchr (text, '\n');
      Line line = { text, stop ? (size_t)(stop - text) + 1 : strlen (text) };

      g_array_append_val (lines, line);
      text += line.size;
    }
  return lines;
}

/* Without white space at both ends. (transfer full) */
static char *
strip (const Line *line)
{
  return g_strstrip (g_strndup (line->start, line->size));
}

/* Reads "[group name]". */
static gboolean
read_heading (const Line *line, char **group, char **name)
{
  g_autofree char *text = strip (line);
  size_t size = strlen (text);

  *group = *name = NULL;
  if (*text != '[' || text[size - 1] != ']')
    return FALSE;
  text[size - 1] = 0;
  char *word = g_strchug (text + 1), *end = word + strcspn (word, " \t");
  if (*end)
    {
      *end++ = 0;
      *name = g_strstrip (g_strdup (end));
      if (**name == 0)
        g_clear_pointer (name, g_free);
    }
  *group = g_strdup (word);
  return TRUE;
}

/* Whether the line sets @key; with @comment, whether it would without its "#". */
static gboolean
is_setting (const Line *line, const char *key, gboolean comment)
{
  g_autofree char *text = strip (line);
  const char *p = text;
  size_t size = strlen (key);

  if (comment != (*p == '#' || *p == ';'))
    return FALSE;
  while (comment && (*p == '#' || *p == ' '))
    p++;
  if (strncmp (p, key, size) != 0)
    return FALSE;
  p += size;
  while (*p == ' ' || *p == '\t')
    p++;
  return *p == '=';
}

static gboolean
is_commented_heading (const Line *line)
{
  g_autofree char *text = strip (line);

  return (*text == '#' || *text == ';') && text[1 + strspn (text + 1, "# ")] == '[';
}

static gboolean
is_empty_or_comment (const Line *line)
{
  g_autofree char *text = strip (line);

  return *text == 0 || *text == '#' || *text == ';';
}

/* Where a group's lines are. */
typedef struct
{
  unsigned heading; /* the line, or G_MAXUINT */
  unsigned end;     /* the line behind its last */
  unsigned of_kind; /* the line behind the last group of the same kind, or G_MAXUINT */
} Place;

static Place
find_group (GArray *lines, const ClrSettingChange *change)
{
  Place place = { G_MAXUINT, lines->len, G_MAXUINT };
  gboolean inside = FALSE, kind = FALSE;

  for (unsigned i = 0; i < lines->len; i++)
    {
      g_autofree char *group = NULL, *name = NULL;

      if (!read_heading (&g_array_index (lines, Line, i), &group, &name))
        continue;
      if (inside)
        place.end = i;
      if (kind)
        place.of_kind = i;
      kind = g_str_equal (group, change->group);
      inside = place.heading == G_MAXUINT && kind && g_strcmp0 (name, change->name) == 0;
      if (inside)
        place.heading = i;
    }
  if (kind)
    place.of_kind = lines->len;
  return place;
}

/* The line behind the last that is neither empty nor a comment: what follows belongs to the next group. */
static unsigned
find_end_of_settings (GArray *lines, unsigned from, unsigned to)
{
  while (to > from && is_empty_or_comment (&g_array_index (lines, Line, to - 1)))
    to--;
  return to;
}

static const char *
find_line_end (const char *text)
{
  const char *stop = strchr (text, '\n');

  return stop && stop > text && stop[-1] == '\r' ? "\r\n" : "\n";
}

static void
append_lines (GString *into, GArray *lines, unsigned from, unsigned to)
{
  for (unsigned i = from; i < to; i++)
    g_string_append_len (into, g_array_index (lines, Line, i).start, g_array_index (lines, Line, i).size);
}

/* What is added stands on a line of its own, also behind a last line that has no end. */
static void
end_line (GString *into, const char *line_end)
{
  if (into->len > 0 && into->str[into->len - 1] != '\n')
    g_string_append (into, line_end);
}

/* "  key  =  old" keeps all but the old value. */
static void
append_replaced (GString *into, const Line *line, const char *value)
{
  const char *end = line->start + line->size, *p = memchr (line->start, '=', line->size);
  const char *stop = end;

  while (stop > p + 1 && (stop[-1] == '\n' || stop[-1] == '\r'))
    stop--;
  for (p++; p < stop && (*p == ' ' || *p == '\t');)
    p++;
  g_string_append_len (into, line->start, p - line->start);
  if (p[-1] == '=' && *value)
    g_string_append_c (into, ' ');
  g_string_append (into, value);
  g_string_append_len (into, stop, end - stop);
}

static char *
add_group (const char *text, GArray *lines, const Place *place, const ClrSettingChange *change)
{
  const char *line_end = find_line_end (text);
  unsigned at = place->of_kind == G_MAXUINT ? lines->len : find_end_of_settings (lines, 0, place->of_kind);
  GString *into = g_string_new (NULL);

  append_lines (into, lines, 0, at);
  end_line (into, line_end);
  g_string_append_printf (into, "%s[%s%s%s]%s", into->len ? line_end : "", change->group,
                          change->name ? " " : "", change->name ? change->name : "", line_end);
  if (change->key)
    g_string_append_printf (into, "%s = %s%s", change->key, change->value, line_end);
  append_lines (into, lines, at, lines->len);
  return g_string_free (into, FALSE);
}

static gboolean
is_on_one_line (const ClrSettingChange *change, GError **error)
{
  const char *value = change->value ? change->value : "";

  for (const char *p = value; *p; p++)
    if (g_ascii_iscntrl (*p) && *p != '\t')
      {
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                     _ ("a value stands on one line and holds no control character"));
        return FALSE;
      }
  if (g_ascii_isspace (*value) || (*value && g_ascii_isspace (value[strlen (value) - 1])))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("a value neither begins nor ends with white space"));
      return FALSE;
    }
  return TRUE;
}

static char *
not_there (const ClrSettingChange *change, GError **error)
{
  g_autofree char *place = clr_setting_change_to_place (change);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("%s is not set in the file"), place);
  return NULL;
}

/* The first of the comments that stand right above a heading. */
static unsigned
find_head (GArray *lines, unsigned heading)
{
  while (heading > 0)
    {
      const Line *line = &g_array_index (lines, Line, heading - 1);
      g_autofree char *text = strip (line);

      if ((*text != '#' && *text != ';') || is_commented_heading (line))
        break;
      heading--;
    }
  return heading;
}

static char *
move_group (const char *text, GArray *lines, const ClrSettingChange *change, GError **error)
{
  ClrSettingChange target = { .group = change->group, .name = change->before };
  Place from = find_group (lines, change), to = find_group (lines, &target);
  GString *into, *moved;
  unsigned start, end, at;

  if (from.heading == G_MAXUINT || to.heading == G_MAXUINT)
    return not_there (from.heading == G_MAXUINT ? change : &target, error);
  if (from.heading == to.heading)
    return g_strdup (text);
  start = find_head (lines, from.heading);
  /* An empty line behind it goes along; what is above the next heading is the next group's. */
  end = from.end < lines->len ? find_head (lines, from.end) : from.end;
  at = find_head (lines, to.heading);
  moved = g_string_new (NULL);
  append_lines (moved, lines, start, end);
  end_line (moved, find_line_end (text));
  if (!g_str_has_suffix (moved->str, "\n\n") && !g_str_has_suffix (moved->str, "\n\r\n"))
    g_string_append (moved, find_line_end (text));
  into = g_string_sized_new (strlen (text) + 8);
  append_lines (into, lines, 0, MIN (at, start));
  if (at < start)
    {
      g_string_append_len (into, moved->str, moved->len);
      append_lines (into, lines, at, start);
    }
  else
    {
      append_lines (into, lines, end, at);
      g_string_append_len (into, moved->str, moved->len);
    }
  append_lines (into, lines, MAX (at, end), lines->len);
  g_string_free (moved, TRUE);
  return g_string_free (into, FALSE);
}

char *
clr_settings_text_change (const char *text, const ClrSettingChange *change, GError **error)
{
  g_autoptr (GArray) lines = split (text);
  Place place = find_group (lines, change);
  const char *line_end = find_line_end (text);
  unsigned found = G_MAXUINT, comment = G_MAXUINT, at;
  gboolean others = FALSE; /* a sample of another group follows, as a comment */
  GString *into;

  if (!is_on_one_line (change, error))
    return NULL;
  if (change->before)
    return move_group (text, lines, change, error);
  if (place.heading == G_MAXUINT)
    return change->value ? add_group (text, lines, &place, change) : not_there (change, error);

  into = g_string_sized_new (strlen (text) + 128);
  if (change->key == NULL)
    {
      /* The comments above the next heading are the next group's. */
      unsigned end
          = place.end < lines->len ? find_end_of_settings (lines, place.heading + 1, place.end) : place.end;
      while (end < place.end && *g_array_index (lines, Line, end).start != '#')
        end++;
      append_lines (into, lines, 0, place.heading);
      append_lines (into, lines, end, lines->len);
      return g_string_free (into, FALSE);
    }
  for (unsigned i = place.heading + 1; i < place.end; i++)
    {
      const Line *line = &g_array_index (lines, Line, i);

      if (found == G_MAXUINT && is_setting (line, change->key, FALSE))
        found = i;
      others = others || is_commented_heading (line);
      if (!others && is_setting (line, change->key, TRUE))
        comment = i;
    }
  if (found == G_MAXUINT && change->value == NULL)
    {
      g_string_free (into, TRUE);
      return not_there (change, error);
    }
  if (found != G_MAXUINT)
    {
      append_lines (into, lines, 0, found);
      if (change->value)
        append_replaced (into, &g_array_index (lines, Line, found), change->value);
      append_lines (into, lines, found + 1, lines->len);
      return g_string_free (into, FALSE);
    }
  at = comment != G_MAXUINT ? comment + 1 : find_end_of_settings (lines, place.heading + 1, place.end);
  append_lines (into, lines, 0, at);
  end_line (into, line_end);
  g_string_append_printf (into, "%s = %s%s", change->key, change->value, line_end);
  append_lines (into, lines, at, lines->len);
  return g_string_free (into, FALSE);
}

char *
clr_settings_text_get (const char *text, const ClrSettingChange *change)
{
  g_autoptr (GArray) lines = split (text);
  Place place = find_group (lines, change);

  if (place.heading == G_MAXUINT || change->key == NULL)
    return NULL;
  for (unsigned i = place.heading + 1; i < place.end; i++)
    {
      const Line *line = &g_array_index (lines, Line, i);

      if (is_setting (line, change->key, FALSE))
        {
          const char *equals = memchr (line->start, '=', line->size);
          return g_strstrip (g_strndup (equals + 1, line->start + line->size - equals - 1));
        }
    }
  return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backup/clr-backup-paths.h"

#include "settings/clr-sections.h"
#include "settings/clr-settings-text.h"

#include <string.h>

#define NAME_MOST 60 /* octets of a name that is taken over */

/* -- paths */

/* With slashes only, none of them twice or at the end. (transfer full) */
static char *
simplify (gboolean is_windows, const char *path)
{
  GString *text = g_string_new (NULL);

  for (const char *p = path; *p; p++)
    {
      char c = is_windows && *p == '\\' ? '/' : *p;

      if (c != '/' || text->len == 0 || text->str[text->len - 1] != '/')
        g_string_append_c (text, c);
    }
  if (text->len > 1 && text->str[text->len - 1] == '/')
    g_string_truncate (text, text->len - 1);
  return g_string_free (text, FALSE);
}

char *
clr_backup_path_below (gboolean is_windows, const char *folder, const char *path)
{
  g_autofree char *above = simplify (is_windows, folder), *whole = simplify (is_windows, path);
  g_autofree char *above_folded = is_windows ? g_utf8_casefold (above, -1) : g_strdup (above);
  const char *end;
  char *below = NULL;

  /* Letter by letter: what differs in case may differ in length. */
  for (const char *p = whole; *p && below == NULL; p = end)
    {
      end = strchr (p + 1, '/');
      if (end == NULL)
        break;
      g_autofree char *head = g_strndup (whole, end - whole);
      g_autofree char *folded = is_windows ? g_utf8_casefold (head, -1) : g_strdup (head);
      if (g_str_equal (folded, above_folded))
        below = g_strdup (end + 1);
    }
  /* What climbs out again is not below. */
  if (below
      && (g_str_has_prefix (below, "../") || strstr (below, "/../") || g_str_equal (below, "..")
          || g_str_has_suffix (below, "/..")))
    g_clear_pointer (&below, g_free);
  return below;
}

static char *
get_folder (gboolean is_windows, const char *file)
{
  char *path = simplify (is_windows, file);
  char *slash = strrchr (path, '/');

  if (slash)
    *slash = 0;
  return path;
}

/* (transfer full) */
static char *
put_below (gboolean is_windows, const char *folder, const char *below)
{
  char *path = g_strconcat (folder, is_windows ? "\\" : "/", below, NULL);

  return is_windows ? g_strdelimit (path, "/", '\\') : path;
}

char *
clr_backup_path_translate (const ClrBackupPlace *from, const ClrBackupPlace *to, const char *path,
                           ClrPathFate *fate)
{
  g_autofree char *from_settings = get_folder (from->is_windows, from->settings_file);
  g_autofree char *to_settings = get_folder (to->is_windows, to->settings_file);
  const char *folders[2][2]
      = { { from->state_directory, to->state_directory }, { from_settings, to_settings } };

  for (unsigned i = 0; i < 2; i++)
    {
      g_autofree char *below = clr_backup_path_below (from->is_windows, folders[i][0], path);

      if (below == NULL)
        continue;
      char *there = put_below (to->is_windows, folders[i][1], below);
      *fate
          = from->is_windows == to->is_windows && g_str_equal (there, path) ? CLR_PATH_KEPT : CLR_PATH_MOVED;
      return there;
    }
  *fate = from->is_windows == to->is_windows ? CLR_PATH_KEPT : CLR_PATH_FOREIGN;
  return *fate == CLR_PATH_KEPT ? g_strdup (path) : NULL;
}

char *
clr_backup_path_dup_name (const char *path)
{
  const char *start = path;
  char *name;

  for (const char *p = path; *p; p++)
    if ((*p == '/' || *p == '\\') && p[1])
      start = p + 1;
  name = g_strndup (start, MIN (strlen (start), NAME_MOST));
  for (char *p = name; *p; p++)
    if (!g_ascii_isalnum (*p) && !strchr ("-_.", *p))
      *p = '_';
  if (*name == '.')
    *name = '_';
  return name;
}

/* -- settings */

static void
path_setting_free (void *data)
{
  ClrPathSetting *setting = data;

  g_free (setting->group);
  g_free (setting->name);
  g_free (setting->key);
  g_free (setting->value);
  g_free (setting);
}

ClrPathRole
clr_backup_path_get_role (const char *group, const char *key)
{
  if (g_str_equal (group, "server") && g_str_equal (key, "state-directory"))
    return CLR_PATH_STATE;
  if (g_str_equal (key, "ca-file") || g_str_equal (key, "trust-anchor"))
    return CLR_PATH_AUTHORITY;
  if (g_str_equal (key, "certificate-file") || g_str_equal (key, "key-file")
      || (g_str_equal (group, "key") && g_str_equal (key, "file")))
    return CLR_PATH_OWN_FILE;
  return CLR_PATH_PLACE;
}

static GObjectClass *
find_class (const char *group)
{
  unsigned n;
  const GType *types = clr_sections_get_types (&n);

  for (unsigned i = 0; i < n; i++)
    {
      ClrSectionClass *klass = g_type_class_ref (types[i]);

      if (g_str_equal (klass->group, group))
        return G_OBJECT_CLASS (klass);
    }
  return NULL;
}

/* "[group name]" */
static void
read_heading (char *line, char **group, char **name)
{
  char *end = strchr (line, ']'), *blank;

  g_clear_pointer (group, g_free);
  g_clear_pointer (name, g_free);
  if (end == NULL)
    return;
  *end = 0;
  g_strstrip (++line);
  blank = strpbrk (line, " \t");
  if (blank)
    {
      *blank = 0;
      *name = g_strdup (g_strstrip (blank + 1));
    }
  *group = g_strdup (line);
}

static void
read_setting (GPtrArray *list, const char *group, const char *name, char *line)
{
  char *equals = strchr (line, '=');
  GObjectClass *klass = group ? find_class (group) : NULL;
  ClrPathSetting *setting;
  GParamSpec *pspec;

  if (equals == NULL || klass == NULL)
    return;
  *equals = 0;
  g_strchomp (line);
  pspec = g_object_class_find_property (klass, line);
  if (pspec == NULL || pspec->owner_type != G_OBJECT_CLASS_TYPE (klass)
      || clr_value_get_kind (pspec) != CLR_VALUE_PATH)
    return;
  setting = g_new0 (ClrPathSetting, 1);
  setting->group = g_strdup (group);
  setting->name = g_strdup (name);
  setting->key = g_strdup (line);
  setting->value = g_strdup (g_strstrip (equals + 1));
  setting->role = clr_backup_path_get_role (group, line);
  g_ptr_array_add (list, setting);
}

GPtrArray *
clr_backup_path_list (const char *text)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (path_setting_free);
  g_autofree char *group = NULL, *name = NULL;

  if (g_str_has_prefix (text, CLR_SETTINGS_BOM))
    text += strlen (CLR_SETTINGS_BOM);
  while (*text)
    {
      size_t n = strcspn (text, "\n");
      g_autofree char *line = g_strndup (text, n);

      g_strstrip (line);
      if (*line == '[')
        read_heading (line, &group, &name);
      else if (*line && *line != '#' && *line != ';')
        read_setting (list, group, name, line);
      text += n + (text[n] == '\n');
    }
  return list;
}

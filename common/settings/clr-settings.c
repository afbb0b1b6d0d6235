/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-settings.h"

#include "settings/clr-device.h"
#include "settings/clr-plain-file.h"
#include "settings/clr-preset.h"
#include "settings/clr-ways-out.h"

#include "settings/clr-settings-text.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

struct _ClrSettings
{
  GObject parent_instance;
  char *file;
  GHashTable *groups; /* group -> GPtrArray of ClrSection */
};

G_DEFINE_FINAL_TYPE (ClrSettings, clr_settings, G_TYPE_OBJECT)

static void
clr_settings_init (ClrSettings *self)
{
  self->groups = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
}

static void
clr_settings_finalize (GObject *object)
{
  ClrSettings *self = CLR_SETTINGS (object);

  g_free (self->file);
  g_hash_table_unref (self->groups);
  G_OBJECT_CLASS (clr_settings_parent_class)->finalize (object);
}

static void
clr_settings_class_init (ClrSettingsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = clr_settings_finalize;
}

/* Reading: what is known at the line that is being read. */
typedef struct
{
  ClrSettings *settings;
  GPtrArray *problems;
  unsigned line;
  char *heading;       /* "[listener office]", for problems */
  ClrSection *section; /* NULL in a group that is wrong */
  GHashTable *lines;   /* "heading key" -> line, to find what stands twice */
} Reader;

static void G_GNUC_PRINTF (2, 3) problem (Reader *reader, const char *format, ...)
{
  va_list args;
  g_autofree char *text = NULL;

  if (reader->problems->len > 100)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_ptr_array_add (reader->problems,
                   reader->line ? g_strdup_printf ("%s:%u: %s", reader->settings->file, reader->line, text)
                                : g_strdup_printf ("%s: %s", reader->settings->file, text));
}

static ClrSectionClass *
find_class (const char *group)
{
  unsigned n;
  const GType *types = clr_sections_get_types (&n);

  for (unsigned i = 0; i < n; i++)
    {
      /* Kept for ever: section types are static. */
      ClrSectionClass *klass = g_type_class_ref (types[i]);
      if (strcmp (klass->group, group) == 0)
        return klass;
    }
  return NULL;
}

static char *
list_groups (void)
{
  unsigned n;
  const GType *types = clr_sections_get_types (&n);
  GString *text = g_string_new (NULL);

  for (unsigned i = 0; i < n; i++)
    {
      ClrSectionClass *klass = g_type_class_ref (types[i]);
      g_string_append_printf (text, "%s[%s%s]", i ? ", " : "", klass->group, klass->is_named ? " NAME" : "");
    }
  return g_string_free (text, FALSE);
}

static gboolean
is_section_name (const char *name)
{
  for (const char *p = name; *p; p++)
    if (!g_ascii_isalnum (*p) && !strchr ("-_.", *p))
      return FALSE;
  return *name && strlen (name) <= 100;
}

static void
read_heading (Reader *reader, char *line)
{
  char *close = strchr (line, ']'), *name;
  ClrSectionClass *klass;
  GType type;

  g_free (reader->heading);
  reader->heading = g_strdup (line);
  reader->section = NULL;
  if (close == NULL || close[1] != 0)
    {
      problem (reader, _ ("%s: a group's heading ends with ]"), reader->heading);
      return;
    }
  *close = 0;
  g_strstrip (++line);
  name = line + strcspn (line, " \t");
  if (*name)
    {
      *name++ = 0;
      g_strchug (name);
    }
  klass = find_class (line);
  if (klass == NULL)
    {
      g_autofree char *groups = list_groups ();
      problem (reader, _ ("%s: there is no such group; there are %s"), reader->heading, groups);
      return;
    }
  if (klass->is_named ? !is_section_name (name) : *name != 0)
    {
      problem (reader,
               klass->is_named
                   ? _ ("%s: this group needs a name of letters, digits, -, _ and ., as in [%s NAME]")
                   : _ ("%s: this group takes no name, write [%s]"),
               reader->heading, klass->group);
      return;
    }

  g_autofree char *full = g_strdup_printf ("%s %s", klass->group, name);
  void *former = g_hash_table_lookup (reader->lines, full);
  if (former)
    {
      problem (reader, _ ("%s: this group stands already in line %u; put the settings together"),
               reader->heading, GPOINTER_TO_UINT (former));
      return;
    }
  g_hash_table_insert (reader->lines, g_steal_pointer (&full), GUINT_TO_POINTER (reader->line));

  type = G_TYPE_FROM_CLASS (klass);
  reader->section = g_object_new (type, "section-name", klass->is_named ? name : NULL, NULL);
  GPtrArray *sections = g_hash_table_lookup (reader->settings->groups, klass->group);
  if (sections == NULL)
    {
      sections = g_ptr_array_new_with_free_func (g_object_unref);
      g_hash_table_insert (reader->settings->groups, (void *)klass->group, sections);
    }
  g_ptr_array_add (sections, reader->section);
}

static char *
list_keys (ClrSection *section)
{
  unsigned n;
  g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (section), &n);
  GString *text = g_string_new (NULL);

  for (unsigned i = 0; i < n; i++)
    if (pspecs[i]->owner_type == G_OBJECT_TYPE (section))
      g_string_append_printf (text, "%s%s", text->len ? ", " : "", pspecs[i]->name);
  return g_string_free (text, FALSE);
}

static void
read_setting (Reader *reader, char *line)
{
  char *equals = strchr (line, '='), *value;
  GParamSpec *pspec;
  GValue parsed = G_VALUE_INIT;
  g_autofree char *why = NULL;

  if (equals == NULL)
    {
      problem (reader, _ ("\"%s\": neither a [group], nor key = value, nor a # comment"), line);
      return;
    }
  *equals = 0;
  value = g_strstrip (equals + 1);
  g_strchomp (line);
  if (reader->section == NULL)
    {
      if (reader->heading == NULL)
        problem (reader, _ ("%s: stands before the first [group]"), line);
      return; /* the heading was wrong, and has been told */
    }
  pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (reader->section), line);
  if (pspec == NULL || pspec->owner_type != G_OBJECT_TYPE (reader->section))
    {
      g_autofree char *keys = list_keys (reader->section);
      problem (reader, _ ("%s %s: there is no such setting; there are %s"), reader->heading, line, keys);
      return;
    }
  if (clr_section_is_set (reader->section, pspec->name))
    {
      problem (reader, _ ("%s %s: stands twice in this group"), reader->heading, line);
      return;
    }
  if (!clr_value_parse (pspec, value, &parsed, &why))
    {
      problem (reader, "%s %s: %s", reader->heading, line, why);
      /* It stands there, and is not told to be missing too. */
      g_object_set_data (G_OBJECT (reader->section), pspec->name, reader);
      return;
    }
  g_object_set_property (G_OBJECT (reader->section), pspec->name, &parsed);
  g_value_unset (&parsed);
}

/* They would stand in replies, header fields and log lines. */
static gboolean
has_control (const char *line)
{
  for (; *line; line++)
    if (g_ascii_iscntrl (*line) && *line != '\t')
      return TRUE;
  return FALSE;
}

static void
read_lines (Reader *reader, const char *text, gsize size)
{
  const char *end = text + size;

  while (text < end)
    {
      const char *stop = memchr (text, '\n', end - text);
      size_t n = (stop ? stop : end) - text;

      reader->line++;
      if (memchr (text, 0, n) || !g_utf8_validate (text, n, NULL))
        problem (reader, _ ("this line is not text in UTF-8"));
      else
        {
          g_autofree char *line = g_strndup (text, n);

          g_strstrip (line);
          if (has_control (line))
            problem (reader, _ ("this line holds a control character; remove it"));
          else if (*line == '[')
            read_heading (reader, line);
          else if (*line && *line != '#' && *line != ';')
            read_setting (reader, line);
        }
      text += n + 1;
    }
  reader->line = 0;
}

static void
apply_presets (Reader *reader)
{
  GHashTableIter iter;
  void *array;

  g_hash_table_iter_init (&iter, reader->settings->groups);
  while (g_hash_table_iter_next (&iter, NULL, &array))
    for (unsigned i = 0; i < ((GPtrArray *)array)->len; i++)
      {
        ClrSection *section = g_ptr_array_index ((GPtrArray *)array, i);
        /* The devices' presets stand in a table of the program: there may be thousands of devices. */
        g_autofree char *why = g_str_equal (CLR_SECTION_GET_CLASS (section)->group, "device")
                                   ? NULL
                                   : clr_preset_apply (section);

        if (why)
          problem (reader, _ ("[%s %s] preset: %s"), CLR_SECTION_GET_CLASS (section)->group,
                   clr_section_get_name (section), why);
      }
}

static void
check_required (Reader *reader)
{
  GHashTableIter iter;
  void *array;
  static const char *const once[] = { "server" };

  for (unsigned i = 0; i < G_N_ELEMENTS (once); i++)
    if (!g_hash_table_contains (reader->settings->groups, once[i]))
      problem (reader, _ ("the group [%s] is missing"), once[i]);

  g_hash_table_iter_init (&iter, reader->settings->groups);
  while (g_hash_table_iter_next (&iter, NULL, &array))
    for (unsigned i = 0; i < ((GPtrArray *)array)->len; i++)
      {
        ClrSection *section = g_ptr_array_index ((GPtrArray *)array, i);
        const char *name = clr_section_get_name (section);
        unsigned n;
        g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (section), &n);

        for (unsigned k = 0; k < n; k++)
          if ((pspecs[k]->flags & CLR_SETTING_REQUIRED) && !clr_section_is_set (section, pspecs[k]->name)
              && !g_object_get_data (G_OBJECT (section), pspecs[k]->name))
            problem (reader, _ ("[%s%s%s]: the setting %s is missing: %s"),
                     CLR_SECTION_GET_CLASS (section)->group, name ? " " : "", name ? name : "",
                     pspecs[k]->name, clr_value_kind_get_help (clr_value_get_kind (pspecs[k])));
      }
}

/* Closed to strangers, whatever else is set. */
static void
check_inbound (Reader *reader)
{
  ClrSection *inbound = clr_settings_get_section (reader->settings, "inbound");

  for (const char *const *domain = clr_section_get_list (inbound, "domains"); *domain; domain++)
    if (g_str_equal (*domain, "*"))
      problem (reader, _ ("[inbound] domains: * would make this an open relay; name your domains"));
}

static void
check_control (Reader *reader)
{
  ClrSection *control = clr_settings_get_section (reader->settings, "control");

  if (clr_section_is_set (control, "certificate-file") != clr_section_is_set (control, "key-file"))
    problem (reader, _ ("[control]: certificate-file and key-file go together"));
}

static void
check_listeners (Reader *reader)
{
  GPtrArray *listeners = clr_settings_get_sections (reader->settings, "listener");

  for (unsigned i = 0; i < listeners->len; i++)
    {
      ClrSection *listener = g_ptr_array_index (listeners, i);

      if (clr_section_is_set (listener, "key-file") && !clr_section_is_set (listener, "certificate-file"))
        problem (reader, _ ("[listener %s] key-file: needs the setting certificate-file beside it"),
                 clr_section_get_name (listener));
      for (const char *const *name = clr_section_get_list (listener, "certificates"); *name; name++)
        if (!clr_settings_find (reader->settings, "certificate", *name))
          problem (reader, _ ("[listener %s] certificates: there is no [certificate %s] in this file"),
                   clr_section_get_name (listener), *name);
      if (g_str_equal (clr_section_get_text (listener, "role"), "inbound")
          && *clr_section_get_list (clr_settings_get_section (reader->settings, "inbound"), "domains")
                 == NULL)
        problem (reader, _ ("[listener %s]: role = inbound needs the domains of [inbound]"),
                 clr_section_get_name (listener));
    }
}

static void
check_devices (Reader *reader)
{
  GPtrArray *devices = clr_settings_get_sections (reader->settings, "device");

  for (unsigned i = 0; i < devices->len; i++)
    {
      ClrSection *device = g_ptr_array_index (devices, i);
      const char *route;

      clr_device_apply_preset (device);
      route = clr_section_get_text (device, "route");
      g_autofree char *what = clr_device_find_problem (device);
      if (what)
        problem (reader, "[device %s] %s", clr_section_get_name (device), what);
      if (route && !clr_settings_find (reader->settings, "route", route))
        problem (reader, _ ("[device %s] route: there is no [route %s] in this file"),
                 clr_section_get_name (device), route);
    }
}

ClrSettings *
clr_settings_new_from_text (const char *text, gsize size, const char *file, char ***problems)
{
  g_autoptr (ClrSettings) self = g_object_new (CLR_TYPE_SETTINGS, NULL);
  Reader reader = { .settings = self };

  self->file = g_strdup (file);
  reader.problems = g_ptr_array_new_with_free_func (g_free);
  reader.lines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (size > CLR_SETTINGS_MAX_SIZE)
    problem (&reader, _ ("the file is larger than %d octets"), CLR_SETTINGS_MAX_SIZE);
  else
    {
      size_t mark = strlen (CLR_SETTINGS_BOM);

      mark = size >= mark && memcmp (text, CLR_SETTINGS_BOM, mark) == 0 ? mark : 0;
      read_lines (&reader, text + mark, size - mark);
      apply_presets (&reader);
      check_required (&reader);
      clr_ways_out_check (self, reader.problems);
      check_control (&reader);
      check_listeners (&reader);
      check_inbound (&reader);
      check_devices (&reader);
    }
  g_hash_table_unref (reader.lines);
  g_free (reader.heading);

  gboolean ok = reader.problems->len == 0;
  g_ptr_array_add (reader.problems, NULL);
  char **list = (char **)g_ptr_array_free (reader.problems, FALSE);
  if (problems)
    *problems = ok ? NULL : g_steal_pointer (&list);
  g_strfreev (list);
  return ok ? g_steal_pointer (&self) : NULL;
}

ClrSettings *
clr_settings_new_from_file (const char *file, char ***problems)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  text = clr_plain_file_read (file, CLR_SETTINGS_MAX_SIZE, &size, &error);
  if (text == NULL)
    {
      if (problems)
        {
          *problems = g_new0 (char *, 2);
          (*problems)[0] = g_strdup (error->message);
        }
      return NULL;
    }
  return clr_settings_new_from_text (text, size, file, problems);
}

const char *
clr_settings_get_file (ClrSettings *self)
{
  return self->file;
}

ClrSection *
clr_settings_get_section (ClrSettings *self, const char *group)
{
  GPtrArray *sections = clr_settings_get_sections (self, group);

  if (sections->len == 0)
    g_ptr_array_add (sections, g_object_new (G_TYPE_FROM_CLASS (find_class (group)), NULL));
  return g_ptr_array_index (sections, 0);
}

GPtrArray *
clr_settings_get_sections (ClrSettings *self, const char *group)
{
  GPtrArray *sections = g_hash_table_lookup (self->groups, group);

  if (sections == NULL)
    {
      ClrSectionClass *klass = find_class (group);
      g_assert (klass != NULL);
      sections = g_ptr_array_new_with_free_func (g_object_unref);
      g_hash_table_insert (self->groups, (void *)klass->group, sections);
    }
  return sections;
}

ClrSection *
clr_settings_find (ClrSettings *self, const char *group, const char *name)
{
  GPtrArray *sections = clr_settings_get_sections (self, group);

  for (unsigned i = 0; i < sections->len; i++)
    if (g_strcmp0 (clr_section_get_name (g_ptr_array_index (sections, i)), name) == 0)
      return g_ptr_array_index (sections, i);
  return NULL;
}

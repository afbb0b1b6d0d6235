/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/clr-import.h"

#include "import/clr-import-network.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

static const struct
{
  const char *name;
  gboolean (*read) (ClrImport *import, const char *text, gsize size, GError **error);
} products[] = {
  { "iis", clr_import_read_iis },
  { "postfix", clr_import_read_postfix },
  { "emailrelay", clr_import_read_emailrelay },
  { "hmailserver", clr_import_read_hmailserver },
};

static void
free_note (void *data)
{
  ClrImportNote *note = data;

  g_free (note->what);
  g_free (note->text);
  g_free (note);
}

static void
free_secret (void *data)
{
  ClrImportSecret *secret = data;

  explicit_bzero (secret->secret, strlen (secret->secret));
  g_free (secret->secret);
  g_free (secret->name);
  g_free (secret);
}

ClrImport *
clr_import_new (void)
{
  ClrImport *import = g_new0 (ClrImport, 1);

  import->changes = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_setting_change_free);
  import->secrets = g_ptr_array_new_with_free_func (free_secret);
  import->notes = g_ptr_array_new_with_free_func (free_note);
  return import;
}

void
clr_import_free (ClrImport *import)
{
  g_ptr_array_unref (import->changes);
  g_ptr_array_unref (import->secrets);
  g_ptr_array_unref (import->notes);
  g_free (import);
}

const char *
clr_import_list_products (void)
{
  return "iis, postfix, emailrelay, hmailserver";
}

gboolean
clr_import_read (ClrImport *import, const char *product, const char *text, gsize size, GError **error)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (products); i++)
    if (g_str_equal (products[i].name, product))
      {
        if (size <= CLR_IMPORT_SIZE_MOST)
          return products[i].read (import, text, size, error);
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                     _ ("the file has more than %d MiB; is it a configuration?"),
                     CLR_IMPORT_SIZE_MOST / 1024 / 1024);
        return FALSE;
      }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("\"%s\" is not known; there are: %s"), product,
               clr_import_list_products ());
  return FALSE;
}

static ClrSettingChange *
find (ClrImport *import, const char *group, const char *name, const char *key)
{
  for (unsigned i = 0; i < import->changes->len; i++)
    {
      ClrSettingChange *change = g_ptr_array_index (import->changes, i);

      if (g_str_equal (change->group, group) && g_strcmp0 (change->name, name) == 0
          && g_str_equal (change->key, key))
        return change;
    }
  return NULL;
}

void
clr_import_set (ClrImport *import, const char *group, const char *name, const char *key, const char *value)
{
  g_autofree char *text = g_strstrip (g_strdup (value ? value : ""));
  ClrSettingChange *change = find (import, group, name, key);

  for (const char *p = text; *p; p++)
    if (g_ascii_iscntrl (*p))
      return;
  if (*text == 0 || !g_utf8_validate (text, -1, NULL) || (name && *name == 0))
    return;
  if (change == NULL)
    {
      change = g_new0 (ClrSettingChange, 1);
      change->group = g_strdup (group);
      change->name = g_strdup (name);
      change->key = g_strdup (key);
      g_ptr_array_add (import->changes, change);
    }
  g_free (change->value);
  change->value = g_steal_pointer (&text);
}

void
clr_import_set_number (ClrImport *import, const char *group, const char *name, const char *key, gint64 value,
                       const char *unit)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT "%s", value, unit);

  clr_import_set (import, group, name, key, text);
}

const char *
clr_import_get (ClrImport *import, const char *group, const char *name, const char *key)
{
  ClrSettingChange *change = find (import, group, name, key);

  return change ? change->value : NULL;
}

void
clr_import_add (ClrImport *import, const char *group, const char *name, const char *key, const char *word)
{
  const char *now = clr_import_get (import, group, name, key);
  g_auto (GStrv) words = g_strsplit (now ? now : "", ", ", -1);

  if (g_strv_contains ((const char *const *)words, word) || g_strv_length (words) >= CLR_IMPORT_WORDS_MOST)
    return;
  g_autofree char *all = g_strconcat (now ? now : "", now ? ", " : "", word, NULL);
  clr_import_set (import, group, name, key, all);
}

void
clr_import_note (ClrImport *import, ClrImportResult result, const char *what, const char *format, ...)
{
  ClrImportNote *note;
  va_list list;

  if (import->notes->len >= CLR_IMPORT_NOTES_MOST)
    return;
  note = g_new0 (ClrImportNote, 1);
  note->result = result;
  note->what = g_utf8_make_valid (what, -1);
  va_start (list, format);
  g_autofree char *text = g_strdup_vprintf (format, list);
  va_end (list);
  note->text = g_utf8_make_valid (text, -1);
  g_ptr_array_add (import->notes, note);
}

void
clr_import_keep_secret (ClrImport *import, const char *smarthost, const char *secret)
{
  ClrImportSecret *kept = g_new0 (ClrImportSecret, 1);

  kept->name = g_strdup (smarthost);
  kept->secret = g_strdup (secret);
  g_ptr_array_add (import->secrets, kept);
  clr_import_set (import, "smarthost", smarthost, "password", smarthost);
}

void
clr_import_route_default (ClrImport *import, const char *smarthost)
{
  g_autofree char *via = smarthost ? g_strconcat ("smarthost:", smarthost, NULL) : g_strdup ("mx");

  clr_import_set (import, "route", "default", "via", via);
}

void
clr_import_allow (ClrImport *import, const char *what, const char *device, GPtrArray *networks)
{
  unsigned n = 0;

  for (unsigned i = 0; i < networks->len; i++)
    {
      const char *network = g_ptr_array_index (networks, i);

      if (g_str_has_suffix (network, "/0"))
        clr_import_note (import, CLR_IMPORT_NOT_DONE, what,
                         _ ("%s is everybody: an open relay. Name the networks of your devices"), network);
      else if (n++ < CLR_IMPORT_WORDS_MOST)
        clr_import_add (import, "device", device, "networks", network);
    }
  if (n > 0)
    clr_import_note (import, n > CLR_IMPORT_WORDS_MOST ? CLR_IMPORT_LOOK : CLR_IMPORT_TAKEN, what,
                     _ ("%u networks may relay, as [device %s]; at most %d are kept"), n, device,
                     CLR_IMPORT_WORDS_MOST);
}

char *
clr_import_make_name (const char *text)
{
  GString *name = g_string_new (NULL);

  for (const char *p = text; *p && name->len < 60; p++)
    if (g_ascii_isalnum (*p) || strchr ("-_.", *p))
      g_string_append_c (name, g_ascii_tolower (*p));
    else if (name->len > 0 && name->str[name->len - 1] != '-')
      g_string_append_c (name, '-');
  while (name->len > 0 && strchr ("-_.", name->str[name->len - 1]))
    g_string_truncate (name, name->len - 1);
  while (name->len > 0 && strchr ("-_.", name->str[0]))
    g_string_erase (name, 0, 1);
  if (name->len == 0)
    g_string_append (name, "other");
  return g_string_free (name, FALSE);
}

/* The smarthost that has exactly these hosts; else a new one. (transfer full) */
static char *
find_smarthost (ClrImport *import, const char *hosts)
{
  for (unsigned i = 0; i < import->changes->len; i++)
    {
      ClrSettingChange *change = g_ptr_array_index (import->changes, i);

      if (g_str_equal (change->group, "smarthost") && g_str_equal (change->key, "hosts")
          && g_str_equal (change->value, hosts))
        return g_strdup (change->name);
    }
  g_autofree char *base = clr_import_make_name (hosts);
  char *name = g_strdup (base);
  for (unsigned n = 2; clr_import_get (import, "smarthost", name, "hosts"); n++)
    {
      g_free (name);
      name = g_strdup_printf ("%s-%u", base, n);
    }
  clr_import_set (import, "smarthost", name, "hosts", hosts);
  return name;
}

void
clr_import_route (ClrImport *import, const char *what, const char *domain, const char *hosts)
{
  g_autofree char *pattern = g_ascii_strdown (domain, -1);
  g_autofree char *name = find_smarthost (import, hosts);
  g_autofree char *via = g_strconcat ("smarthost:", name, NULL);
  /* No route of another's making may be called "default": that one comes last. */
  g_autofree char *route = g_str_equal (name, "default") ? g_strdup ("to-default") : g_strdup (name);

  clr_import_add (import, "route", route, "recipients", pattern);
  clr_import_set (import, "route", route, "via", via);
  clr_import_note (import, CLR_IMPORT_TAKEN, what, _ ("mail for %s goes to %s, as [route %s]"), pattern,
                   hosts, route);
}

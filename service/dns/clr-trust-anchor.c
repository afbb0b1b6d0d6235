/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dns/clr-trust-anchor.h"

#include "base/clr-error.h"
#include "system/clr-file.h"

#include <string.h>

static gboolean
is_anchor (const char *record)
{
  g_auto (GStrv) words = g_strsplit_set (record, " \t", -1);

  for (char **word = words; *word; word++)
    if (g_ascii_strcasecmp (*word, "DS") == 0 || g_ascii_strcasecmp (*word, "DNSKEY") == 0)
      return TRUE;
  return FALSE;
}

/* @line begins with a blank when it is about the name of the record before. */
static void
note_record (GStrvBuilder *records, char **owner, const char *line)
{
  size_t owner_size = strcspn (line, " \t");
  g_autofree char *whole = NULL;

  if (owner_size > 0)
    {
      g_free (*owner);
      *owner = g_strndup (line, owner_size);
    }
  whole = owner_size > 0 ? g_strdup (line) : g_strconcat (*owner ? *owner : "", line, NULL);
  if (*line != '$' && is_anchor (whole))
    g_strv_builder_add (records, whole);
}

char **
clr_trust_anchor_split (const char *text)
{
  g_autoptr (GStrvBuilder) records = g_strv_builder_new ();
  g_autoptr (GString) line = g_string_new (NULL);
  g_autofree char *owner = NULL;
  unsigned open = 0;

  for (const char *p = text;; p++)
    {
      if (*p == ';') /* a comment, to the end of its line */
        p += strcspn (p, "\n");
      if (*p == '\n' || *p == 0)
        {
          if (open == 0)
            {
              note_record (records, &owner, line->str);
              g_string_truncate (line, 0);
            }
          if (*p == 0)
            break;
        }
      if (*p == '(')
        open++;
      else if (*p == ')')
        open -= open > 0;
      else if (*p != '\n' && *p != '\r')
        g_string_append_c (line, *p);
      if (open > 0 && *p == '\n')
        g_string_append_c (line, ' ');
    }
  return open > 0 ? NULL : g_strv_builder_end (records);
}

char **
clr_trust_anchor_read (const char *path, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) records = NULL;
  const char *why = NULL;
  ClrFileFacts facts;

  if (clr_file_look (path, &facts) && (facts.kind != CLR_FILE_REGULAR || facts.size > CLR_TRUST_ANCHOR_MOST))
    why = "it is no file of DS or DNSKEY records";
  else if (!g_file_get_contents (path, &text, NULL, &problem))
    why = problem->message;
  else if ((records = clr_trust_anchor_split (text)) == NULL)
    why = "a parenthesis is not closed";
  else if (*records == NULL)
    why = "it has no DS or DNSKEY record";
  if (why)
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID, "[dns] trust-anchor: %s: %s", path, why);
      return NULL;
    }
  return g_steal_pointer (&records);
}

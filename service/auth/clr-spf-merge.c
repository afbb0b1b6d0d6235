/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-spf-merge.h"

#include <string.h>

/* Without a qualifier that lets pass. */
static const char *
skip_plus (const char *term)
{
  return *term == '+' ? term + 1 : term;
}

/* What ends a record: "all" with any qualifier, or a redirect (sections 5.1 and 6.1). */
static gboolean
is_end (const char *term)
{
  const char *bare = *term && strchr ("+-~?", *term) ? term + 1 : term;

  return g_ascii_strcasecmp (bare, "all") == 0 || g_ascii_strncasecmp (term, "redirect=", 9) == 0;
}

gboolean
clr_spf_record_names (const char *record, const char *mechanism)
{
  g_auto (GStrv) terms = g_strsplit (record ? record : "", " ", -1);

  for (unsigned i = 0; terms[i]; i++)
    {
      if (is_end (terms[i]))
        return FALSE; /* what stands behind it is never looked at */
      if (g_ascii_strcasecmp (skip_plus (terms[i]), mechanism) == 0)
        return TRUE;
    }
  return FALSE;
}

static void
append_missing (GString *merged, const char *record, const char *const *mechanisms)
{
  for (; *mechanisms; mechanisms++)
    if (!clr_spf_record_names (record, *mechanisms) && !clr_spf_record_names (merged->str, *mechanisms))
      g_string_append_printf (merged, " %s", *mechanisms);
}

char *
clr_spf_record_merge (const char *record, const char *const *mechanisms)
{
  GString *merged = g_string_new ("v=spf1");
  g_auto (GStrv) terms = g_strsplit (record ? record : "", " ", -1);
  gboolean is_added = FALSE;

  for (unsigned i = 0; terms[i]; i++)
    {
      if (*terms[i] == 0 || (i == 0 && g_ascii_strcasecmp (terms[i], "v=spf1") == 0))
        continue;
      if (!is_added && is_end (terms[i]))
        {
          append_missing (merged, record, mechanisms);
          is_added = TRUE;
        }
      g_string_append_printf (merged, " %s", terms[i]);
    }
  if (!is_added)
    {
      append_missing (merged, record, mechanisms);
      /* One that says nothing of others says nothing at all: ~all is where one begins. */
      g_string_append (merged, " ~all");
    }
  return g_string_free (merged, FALSE);
}

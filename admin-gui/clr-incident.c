/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-incident.h"

#include <string.h>

char *
clr_incident_read (ClrCulprit kind, const char *text)
{
  g_autofree char *who = g_strstrip (g_strdup (text));
  size_t size = strlen (who);
  const char *at;

  if (kind == CLR_CULPRIT_DEVICE)
    return *who && strpbrk (who, "\" \t") == NULL ? g_steal_pointer (&who) : NULL;
  if (*who == '<' && who[size - 1] == '>')
    {
      memmove (who, who + 1, size - 2);
      who[size - 2] = '\0';
    }
  if (kind == CLR_CULPRIT_DOMAIN && *who == '@')
    memmove (who, who + 1, strlen (who));
  at = strrchr (who, '@');
  /* What would need quotes, or would be two words of a list, is no sender that a device has. */
  if (strpbrk (who, "\",; \t<>*") || *who == '\0' || *who == '.' || *who == '-')
    return NULL;
  if (kind == CLR_CULPRIT_SENDER ? at == NULL || at == who || at[1] == '\0' : at != NULL)
    return NULL;
  return g_utf8_strdown (who, -1);
}

char *
clr_incident_make_filter (ClrCulprit kind, const char *who)
{
  return g_strdup_printf (kind == CLR_CULPRIT_DEVICE   ? "device:\"=%s\""
                          : kind == CLR_CULPRIT_DOMAIN ? "from:\"@%s\""
                                                       : "from:\"%s\"",
                          who);
}

GStrv
clr_incident_split (const char *list)
{
  g_auto (GStrv) parts = g_strsplit (list ? list : "", ",", -1);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();

  for (guint i = 0; parts[i]; i++)
    if (*g_strstrip (parts[i]))
      g_strv_builder_add (words, parts[i]);
  return g_strv_builder_end (words);
}

char *
clr_incident_remove (const char *list, const char *word)
{
  g_auto (GStrv) words = clr_incident_split (list);
  g_autoptr (GString) left = g_string_new (NULL);

  for (guint i = 0; words[i]; i++)
    if (g_ascii_strcasecmp (words[i], word) != 0)
      g_string_append_printf (left, "%s%s", left->len > 0 ? ", " : "", words[i]);
  return left->len > 0 ? g_string_free (g_steal_pointer (&left), FALSE) : NULL;
}

char *
clr_incident_add (const char *list, const char *word)
{
  g_autofree char *others = clr_incident_remove (list, word);

  return others ? g_strconcat (others, ", ", word, NULL) : g_strdup (word);
}

ClrCulprit
clr_incident_guess (const char *word)
{
  return strchr (word, '@') ? CLR_CULPRIT_SENDER : CLR_CULPRIT_DOMAIN;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "replies/clr-reply-dictionary.h"

#include "replies/clr-reply-tables.h"

#define REPLY_MOST 4096 /* octets of a reply that are looked at */

static const ClrReplyEntry *const tables[]
    = { clr_replies_microsoft, clr_replies_google, clr_replies_providers, clr_replies_servers,
        clr_replies_common };

const ClrReplyEntry *
clr_reply_dictionary_get (guint i)
{
  for (guint t = 0; t < G_N_ELEMENTS (tables); t++)
    for (const ClrReplyEntry *entry = tables[t]; entry->pattern; entry++)
      if (i-- == 0)
        return entry;
  return NULL;
}

/* Compiled once, for all. */
static GPtrArray *
get_patterns (void)
{
  static gsize patterns;

  if (g_once_init_enter (&patterns))
    {
      GPtrArray *made = g_ptr_array_new ();
      const ClrReplyEntry *entry;

      for (guint i = 0; (entry = clr_reply_dictionary_get (i)); i++)
        g_ptr_array_add (
            made, g_regex_new (entry->pattern, G_REGEX_CASELESS | G_REGEX_OPTIMIZE | G_REGEX_RAW, 0, NULL));
      g_once_init_leave (&patterns, (gsize)made);
    }
  return (GPtrArray *)patterns;
}

const ClrReplyEntry *
clr_reply_dictionary_find (int code, const char *enhanced, const char *text)
{
  GPtrArray *patterns = get_patterns ();
  g_autofree char *cut = g_strndup (text ? text : "", REPLY_MOST);
  g_autofree char *reply = code > 0 ? g_strdup_printf ("%d %s%s%s", code, enhanced ? enhanced : "",
                                                       enhanced && *enhanced ? " " : "", cut)
                                    : g_strdup (cut);

  for (guint i = 0; i < patterns->len; i++)
    if (g_regex_match (g_ptr_array_index (patterns, i), reply, 0, NULL))
      return clr_reply_dictionary_get (i);
  return NULL;
}

const char *
clr_reply_entry_get_title (const ClrReplyEntry *entry)
{
  return _ (entry->title);
}

const char *
clr_reply_entry_get_advice (const ClrReplyEntry *entry)
{
  return _ (entry->advice);
}

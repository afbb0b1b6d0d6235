/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-message-id.h"

#include "mail/clr-comment.h"

#include <string.h>

#define ID_MOST 998u /* octets; what is longer is no id */

static void
flush (GString *id, unsigned most, GPtrArray *into)
{
  if (id->len > 0 && id->len <= ID_MOST && into->len < most)
    g_ptr_array_add (into, g_strndup (id->str, id->len));
  g_string_truncate (id, 0);
}

void
clr_message_ids_parse (const char *value, size_t size, unsigned most, GPtrArray *into)
{
  gboolean has_brackets = size > 0 && memchr (value, '<', size) != NULL, inside = !has_brackets;
  g_autoptr (GString) id = g_string_new (NULL);

  for (size_t i = 0; i < size && into->len < most; i++)
    {
      char c = value[i];

      if (c == '(')
        i += clr_comment_measure (value + i, size - i) - 1;
      else if (c == '<')
        {
          g_string_truncate (id, 0);
          inside = TRUE;
        }
      else if (c == '>' && has_brackets)
        {
          if (inside)
            flush (id, most, into);
          inside = FALSE;
        }
      else if (g_ascii_isspace (c) || c == 0)
        {
          if (!has_brackets)
            flush (id, most, into);
        }
      else if (inside && id->len <= ID_MOST)
        g_string_append_c (id, c);
    }
  if (!has_brackets)
    flush (id, most, into);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-comment.h"

size_t
clr_comment_measure (const char *text, size_t size)
{
  unsigned depth = 0;

  for (size_t i = 0; i < size; i++)
    {
      if (text[i] == '\\')
        i++;
      else if (text[i] == '(')
        depth++;
      else if (text[i] == ')' && --depth == 0)
        return i + 1;
    }
  return size;
}

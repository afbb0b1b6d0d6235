/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-seal.h"

#include <string.h>

static char *
copy (const char *from, gsize size, gsize *size_out)
{
  char *text = g_malloc (size + 1);

  memcpy (text, from, size);
  text[size] = 0;
  *size_out = size;
  return text;
}

char *
clr_seal_close (const char *secret, gsize size, gsize *sealed_size, GError **error)
{
  return copy (secret, size, sealed_size);
}

char *
clr_seal_open (const char *sealed, gsize size, gsize *secret_size, GError **error)
{
  return copy (sealed, size, secret_size);
}

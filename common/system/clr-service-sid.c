/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-service-sid.h"

#include <stdint.h>

#define NUMBERS 5 /* a SHA-1 sum */

char *
clr_service_sid_make (const char *name)
{
  g_autofree char *upper = g_utf8_strup (name, -1);
  long units = 0;
  g_autofree gunichar2 *wide = g_utf8_to_utf16 (upper, -1, NULL, &units, NULL);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  uint32_t numbers[NUMBERS];
  gsize size = sizeof numbers;
  GString *text = g_string_new ("S-1-5-80");

  for (long i = 0; i < units; i++)
    wide[i] = GUINT16_TO_LE (wide[i]);
  g_checksum_update (sum, (const unsigned char *)wide, units * (long)sizeof *wide);
  g_checksum_get_digest (sum, (unsigned char *)numbers, &size);
  for (unsigned i = 0; i < NUMBERS; i++)
    g_string_append_printf (text, "-%u", GUINT32_FROM_LE (numbers[i]));
  return g_string_free (text, FALSE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * TLSA records as text.
 */
#include "dns/clr-dane.h"

#include <string.h>

#define DATA_MOST 65532u /* what fits into one record */

gboolean
clr_tlsa_parse (const char *text, ClrDnsRecord *record)
{
  guint64 numbers[3];
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  int high = -1;

  for (unsigned i = 0; i < 3; i++)
    {
      char *end;

      text += strspn (text, " \t\r\n");
      if (!g_ascii_isdigit (*text))
        return FALSE;
      numbers[i] = g_ascii_strtoull (text, &end, 10);
      if (numbers[i] > 255 || !g_ascii_isspace (*end))
        return FALSE;
      text = end;
    }
  for (; *text; text++)
    {
      int digit = g_ascii_xdigit_value (*text);

      if (g_ascii_isspace (*text))
        continue;
      if (digit < 0 || bytes->len == DATA_MOST)
        return FALSE;
      uint8_t octet = (uint8_t)(MAX (high, 0) << 4 | digit);
      if (high >= 0)
        g_byte_array_append (bytes, &octet, 1);
      high = high >= 0 ? -1 : digit;
    }
  if (high >= 0)
    return FALSE;
  *record = (ClrDnsRecord){ .usage = numbers[0], .selector = numbers[1], .matching = numbers[2] };
  record->size = bytes->len;
  record->bytes = g_byte_array_free (g_steal_pointer (&bytes), FALSE);
  return TRUE;
}

char *
clr_tlsa_to_text (const ClrDnsRecord *record)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%u %u %u ", record->usage, record->selector, record->matching);
  for (size_t i = 0; i < record->size; i++)
    g_string_append_printf (text, "%02x", record->bytes[i]);
  return g_string_free (text, FALSE);
}

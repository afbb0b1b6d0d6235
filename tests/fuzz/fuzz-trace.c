/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fields that tell where a message has been: Received, dates, ids.
 */
#include "fuzz.h"
#include "mail/clr-date.h"
#include "mail/clr-hop.h"
#include "mail/clr-message-id.h"

static void
check_text (const char *text)
{
  if (text == NULL)
    return;
  fuzz_check (*text && g_utf8_validate (text, -1, NULL));
  for (; *text; text++)
    fuzz_check (!g_ascii_iscntrl (*text));
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  g_autofree char *value = g_memdup2 (bytes, size);
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  int64_t time_us, again_us;
  int offset;
  ClrHop hop;

  clr_hop_parse (&hop, value, size);
  check_text (hop.from);
  check_text (hop.helo);
  check_text (hop.by);
  check_text (hop.protocol);
  check_text (hop.id);
  check_text (hop.recipient);
  fuzz_check (hop.address == NULL || g_hostname_is_ip_address (hop.address));
  clr_hop_clear (&hop);

  /* What is read of a date is written so that it is read again. */
  if (clr_date_from_text (value, size, &time_us, &offset) && time_us >= 0)
    {
      char text[CLR_DATE_TEXT];

      clr_date_to_text (time_us, text);
      fuzz_check (clr_date_from_text (text, strlen (text), &again_us, &offset) && again_us == time_us);
    }

  clr_message_ids_parse (value, size, 10, ids);
  fuzz_check (ids->len <= 10);
  for (unsigned i = 0; i < ids->len; i++)
    fuzz_check (*(const char *)ids->pdata[i] && !strpbrk (ids->pdata[i], " \t\r\n"));
  return 0;
}

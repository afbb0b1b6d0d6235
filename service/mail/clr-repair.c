/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-repair.h"

#include "mail/clr-date.h"

#include <string.h>

ClrRepair
clr_repair_header (const char *bytes, size_t size, const ClrRepairFacts *facts, GString *into)
{
  ClrHeaderBlock block;
  ClrRepair done = 0;
  char date[CLR_DATE_TEXT];

  clr_header_block_parse (&block, bytes, size);
  /* Text without any header: a first line that is no field begins the body, with all that looks like fields
   * behind it. */
  gboolean headless
      = (facts->wanted & CLR_REPAIR_SEPARATOR) && block.n_fields > 0 && block.fields[0].name_size == 0;
  if (headless)
    block.n_fields = block.size = 0;

  if ((facts->wanted & CLR_REPAIR_DATE) && !clr_header_block_find (&block, "Date"))
    {
      clr_date_to_text (facts->time_us, date);
      g_string_append_printf (into, "Date: %s\r\n", date);
      done |= CLR_REPAIR_DATE;
    }
  if ((facts->wanted & CLR_REPAIR_MESSAGE_ID) && !clr_header_block_find (&block, "Message-ID"))
    {
      g_string_append_printf (into, "Message-ID: <%s@%s>\r\n", facts->id, facts->hostname);
      done |= CLR_REPAIR_MESSAGE_ID;
    }
  if ((facts->wanted & CLR_REPAIR_FROM) && !clr_header_block_find (&block, "From"))
    {
      g_string_append_printf (into, "From: <%s>\r\n", *facts->sender ? facts->sender : facts->postmaster);
      done |= CLR_REPAIR_FROM;
    }
  for (unsigned i = 0; i < block.n_fields; i++)
    if ((facts->wanted & CLR_REPAIR_BCC) && clr_field_is (&block.fields[i], "Bcc"))
      done |= CLR_REPAIR_BCC;
    else
      g_string_append_len (into, block.fields[i].start, block.fields[i].size);
  if (headless)
    {
      g_string_append (into, "\r\n");
      done |= CLR_REPAIR_SEPARATOR;
    }
  g_string_append_len (into, bytes + block.size, size - block.size);
  clr_header_block_clear (&block);
  return done;
}

static const char *const words[CLR_REPAIR_COUNT]
    = { "date", "message-id", "from", "bcc", "separator", "newlines", "sender" };

const char *
clr_repair_get_word (unsigned number)
{
  return words[number];
}

char *
clr_repair_to_text (ClrRepair repairs)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (unsigned i = 0; i < CLR_REPAIR_COUNT; i++)
    if (repairs & (1u << i))
      g_string_append_printf (text, "%s%s", text->len ? "," : "", words[i]);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

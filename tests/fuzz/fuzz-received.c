/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Received field: one field, whatever the client said in its HELO and RCPT.
 */
#include "fuzz.h"
#include "mail/clr-header-block.h"
#include "mail/clr-received.h"

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  g_autoptr (GString) field = g_string_new (NULL);
  g_autofree char *text = NULL;
  ClrHeaderBlock block;

  /* As the SMTP server lets them through: without control characters. */
  for (size_t i = 0; i < size; i++)
    if (bytes[i] < 32 || bytes[i] == 127)
      return 0;
  text = fuzz_dup_text (bytes, size);
  char *recipient = strchr (text, ' ');
  if (recipient)
    *recipient++ = 0;
  ClrReceived received = { .helo = text,
                           .address = "192.0.2.1",
                           .hostname = "relay.example.com",
                           .protocol = size % 2 ? "ESMTPS" : "SMTP",
                           .tls = size % 2 ? "TLS1.3" : NULL,
                           .id = "0AAAAAAAAAAAA",
                           .recipient = recipient,
                           .time_us = 1764000000000000 };
  clr_received_write (&received, field);
  clr_header_block_parse (&block, field->str, field->len);
  fuzz_check (block.n_fields == 1 && block.size == field->len && clr_field_is (&block.fields[0], "Received"));
  fuzz_check (fuzz_has_clean_lines ((const uint8_t *)field->str, field->len));
  fuzz_check (g_str_has_suffix (field->str, "\r\n"));
  clr_header_block_clear (&block);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A report about a hostile message and a hostile reply: its lines are lines, its second part fields only, its
 * parts as many as were meant, and we can read it ourselves. Input: variant, then texts separated by a zero:
 * reply, ORCPT, ENVID, host, enhanced code, the message.
 */
#include "fuzz.h"
#include "mail/clr-bounce.h"
#include "mail/clr-encoding.h"
#include "mail/clr-mime.h"
#include "mail/clr-report.h"

/* What stands in front of the next zero. */
static char *
take_text (const uint8_t **bytes, size_t *size)
{
  const uint8_t *end = *size ? memchr (*bytes, 0, *size) : NULL;
  size_t n = end ? (size_t)(end - *bytes) : *size;
  char *text = fuzz_dup_text (*bytes, n);

  *bytes += n + (end != NULL);
  *size -= n + (end != NULL);
  return text;
}

static void
check_fields (const char *text, size_t size, unsigned n_recipients)
{
  unsigned groups = 0;

  for (const char *at = text, *end = text + size; at < end; groups++)
    {
      ClrHeaderBlock block;

      clr_header_block_parse (&block, at, end - at);
      fuzz_check (block.n_fields > 0);
      for (unsigned i = 0; i < block.n_fields; i++)
        fuzz_check (block.fields[i].name_size > 0);
      fuzz_check (clr_header_block_count (&block, "Action") == (groups > 0));
      at += block.size + 2;
      clr_header_block_clear (&block);
    }
  fuzz_check (groups == n_recipients + 1);
}

static gboolean
check_part (const ClrMimePart *part, void *data)
{
  unsigned *n = data;

  if (g_str_has_suffix (part->type, "delivery-status"))
    check_fields (part->bytes, part->size, 2);
  ++*n;
  return TRUE;
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  uint8_t variant = fuzz_take (&bytes, &size);
  g_autofree char *reply = take_text (&bytes, &size), *orcpt = take_text (&bytes, &size);
  g_autofree char *envid = take_text (&bytes, &size), *host = take_text (&bytes, &size);
  g_autofree char *enhanced = take_text (&bytes, &size), *content = g_malloc (MAX (size, 1u));
  static const char *const addressees[] = { "a@example.com", "jörg@example.com" };
  ClrReportRecipient recipients[] = {
    { .address = "joe@example.org",
      .orcpt = orcpt,
      .action = variant % CLR_ACTION_LAST,
      .text = reply,
      .host = host,
      .code = variant & 16 ? 550 : 0,
      .enhanced = enhanced,
      .tried_us = 1764000000000000,
      .until_us = 1764000000000000 },
    { .address = "ann@example.org", .action = CLR_ACTION_FAILED, .code = 452 },
  };
  const char *to = addressees[(variant & 32) != 0];
  ClrReportFacts facts = { .language = variant & 64 ? CLR_LANGUAGE_GERMAN : CLR_LANGUAGE_ENGLISH,
                           .hostname = "relay.example.com",
                           .author = "p@example.com",
                           .postmaster = "p@example.com",
                           .to = to,
                           .sender = to,
                           .id = "0A",
                           .message_id = "0B",
                           .envid = envid,
                           .time_us = 1764000000000000,
                           .arrived_us = 1763000000000000,
                           .content = content,
                           .content_size = size,
                           .is_whole = TRUE,
                           .returns_whole = (variant & 128) != 0,
                           .recipients = recipients,
                           .n_recipients = 2 };
  g_autoptr (GString) header = g_string_new (NULL), body = g_string_new (NULL);
  gboolean smtputf8;
  unsigned n = 0;
  ClrBounce bounce;

  if (size > 0)
    memcpy (content, bytes, size);
  clr_report_write (&facts, header, body, &smtputf8);
  fuzz_check (clr_header_block_find_end (header->str, header->len) == header->len);
  /* A message that is returned whole keeps the lines it was accepted with. */
  if (!facts.returns_whole)
    fuzz_check (fuzz_has_clean_lines ((const uint8_t *)body->str, body->len));
  if (!facts.returns_whole && !smtputf8)
    fuzz_check (clr_is_ascii (body->str, body->len));
  g_string_append_len (header, body->str, body->len);
  clr_mime_walk (header->str, header->len, check_part, &n);
  fuzz_check (n == 3);
  fuzz_check (clr_bounce_parse (&bounce, header->str, header->len));
  fuzz_check (bounce.source == CLR_BOUNCE_FIELDS && bounce.recipients->len == 2);
  fuzz_check (
      g_str_equal (g_array_index (bounce.recipients, ClrBounceRecipient, 0).address, "joe@example.org"));
  clr_bounce_clear (&bounce);
  return 0;
}

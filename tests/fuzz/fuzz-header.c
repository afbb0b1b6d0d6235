/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The header section: its index covers every octet once, repair keeps what it does not mend, and the DKIM
 * canonical forms do not depend on the size of the pieces.
 */
#include "fuzz.h"
#include "auth/clr-dkim-canon.h"
#include "mail/clr-repair.h"

static const char *const names[]
    = { "From", "Date", "Message-ID", "Bcc", "Received", "DKIM-Signature", "Subject" };

static void
check_block (const char *text, size_t size, gboolean lines)
{
  g_autoptr (GString) canonical = g_string_new (NULL);
  ClrHeaderBlock block;
  const char *at = text;

  clr_header_block_parse (&block, text, size);
  fuzz_check (block.size <= size);
  for (unsigned i = 0; i < block.n_fields; i++)
    {
      const ClrField *field = &block.fields[i];

      fuzz_check (field->start == at && field->size > 0 && field->name_size < field->size);
      at += field->size;
      if (field->name_size == 0)
        continue;
      size_t value_size;
      const char *value = clr_field_get_value (field, &value_size);
      fuzz_check (value > field->start && value + value_size <= at);
      g_autofree char *domain = clr_field_dup_address_domain (field);
      g_autofree char *shown = clr_field_dup_text (field, 80);
      fuzz_check (domain == NULL || (*domain && strlen (domain) <= 255));
      fuzz_check (!strpbrk (shown, "\r\n") && g_utf8_validate (shown, -1, NULL));
      for (ClrCanon canon = CLR_CANON_SIMPLE; canon <= CLR_CANON_RELAXED; canon++)
        {
          g_string_truncate (canonical, 0);
          clr_dkim_canon_field (canon, field->start, field->size, canonical);
          fuzz_check (canonical->len >= 2 && g_str_has_suffix (canonical->str + canonical->len - 2, "\r\n"));
          fuzz_check (canonical->len <= field->size + 2);
          if (canon == CLR_CANON_RELAXED && lines)
            fuzz_check (memchr (canonical->str, '\n', canonical->len) == canonical->str + canonical->len - 1);
        }
    }
  fuzz_check (at == text + block.size);
  for (unsigned i = 0; i < G_N_ELEMENTS (names); i++)
    fuzz_check ((clr_header_block_count (&block, names[i]) > 0)
                == (clr_header_block_find (&block, names[i]) != NULL));
  clr_header_block_clear (&block);
}

static void
check_repair (const char *text, size_t size)
{
  static const ClrRepairFacts facts = { "a@example.com", "postmaster@example.com", "relay.example.com",
                                        "0AAAAAAAAAAAA", 1764000000000000,         CLR_REPAIR_HEADER };
  g_autoptr (GString) once = g_string_new (NULL), twice = g_string_new (NULL);
  ClrRepair done = clr_repair_header (text, size, &facts, once);
  g_autofree char *told = clr_repair_to_text (done);
  ClrHeaderBlock block;

  fuzz_check ((*told == 0) == (done == 0));
  if (done == 0)
    fuzz_check (once->len == size && memcmp (once->str, text, size) == 0);
  /* What has been repaired needs no repair. */
  fuzz_check (clr_repair_header (once->str, once->len, &facts, twice) == 0);
  clr_header_block_parse (&block, once->str, once->len);
  for (unsigned i = 0; i < 3; i++)
    fuzz_check (clr_header_block_find (&block, names[i]));
  fuzz_check (!clr_header_block_find (&block, "Bcc"));
  clr_header_block_clear (&block);
}

static void
hash_body (ClrCanon canon, const uint8_t *bytes, size_t size, uint32_t seed, uint8_t hash[32])
{
  ClrDkimBody *body = clr_dkim_body_new (canon);

  for (size_t at = 0, piece; at < size; at += piece)
    {
      piece = fuzz_piece (&seed, size - at);
      clr_dkim_body_feed (body, bytes + at, piece);
    }
  clr_dkim_body_end (body, hash);
  clr_dkim_body_free (body);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  uint32_t seed = fuzz_take (&bytes, &size) + 1u;
  size_t end = clr_header_block_find_end ((const char *)bytes, size);
  gboolean lines = fuzz_has_clean_lines (bytes, size);

  fuzz_check (end <= size);
  check_block ((const char *)bytes, size, lines);
  if (lines && (size == 0 || fuzz_ends_with (bytes, size, "\r\n")))
    check_repair ((const char *)bytes, end ? end : size);
  /* The hash is over lines that end with CRLF: others never get that far. */
  for (ClrCanon canon = CLR_CANON_SIMPLE; lines && canon <= CLR_CANON_RELAXED; canon++)
    {
      uint8_t whole[32], pieces[32];

      hash_body (canon, bytes, size, 0, whole);
      hash_body (canon, bytes, size, seed, pieces);
      fuzz_check (memcmp (whole, pieces, 32) == 0);
    }
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of a message that anybody may have built: bounded in number, inside the message, in order, and
 * their text is UTF-8 and no longer than asked for.
 */
#include "fuzz.h"
#include "mail/clr-mime.h"

typedef struct
{
  const char *at, *end;
  size_t longest;
  unsigned n, most;
} Walk;

static gboolean
on_part (const ClrMimePart *part, void *data)
{
  Walk *walk = data;

  fuzz_check (part->bytes >= walk->at && part->bytes + part->size <= walk->end);
  walk->at = part->bytes + part->size;
  fuzz_check (part->type);
  g_autofree char *text = clr_mime_part_dup_text (part, walk->longest);
  /* A character takes three octets more where one is made good, and four where a charset is undone. */
  fuzz_check (g_utf8_validate (text, -1, NULL) && strlen (text) <= walk->longest * 12 + 16);
  for (unsigned i = 0; i < part->header->n_fields; i++)
    {
      static const char *const names[] = { "charset", "boundary", "x" };
      for (unsigned n = 0; part->header->fields[i].name_size && n < G_N_ELEMENTS (names); n++)
        g_free (clr_field_dup_parameter (&part->header->fields[i], names[n]));
    }
  return ++walk->n < walk->most;
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  unsigned variant = fuzz_take (&bytes, &size);
  g_autofree char *copy = g_memdup2 (bytes, size);
  const char *start = copy ? copy : "";
  Walk walk = { .at = start,
                .end = start + size,
                .longest = 1u << variant % 16,
                .most = variant & 16 ? 1 + (variant >> 5) : G_MAXUINT };

  clr_mime_walk (start, size, on_part, &walk);
  fuzz_check (walk.n <= MIN (walk.most, CLR_MIME_PARTS_MOST));
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A bounce: whatever comes back is read within its bounds, and what is made of it is fit for a list.
 */
#include "fuzz.h"
#include "mail/clr-bounce.h"
#include "mail/clr-mime.h"

static gboolean
check_part (const ClrMimePart *part, void *data)
{
  g_autofree char *text = clr_mime_part_dup_text (part, 1000);

  fuzz_check (++*(unsigned *)data <= CLR_MIME_PARTS_MOST);
  fuzz_check (g_utf8_validate (text, -1, NULL));
  for (unsigned i = 0; i < part->header->n_fields; i++)
    if (part->header->fields[i].name_size > 0)
      g_free (clr_field_dup_parameter (&part->header->fields[i], "boundary"));
  return TRUE;
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  g_autofree char *text = g_malloc (MAX (size, 1u)); /* its own end is the end of the block */
  unsigned n = 0;
  ClrBounce bounce;

  if (size > 0)
    memcpy (text, bytes, size);
  clr_mime_walk (text, size, check_part, &n);
  gboolean is_bounce = clr_bounce_parse (&bounce, text, size);
  fuzz_check (is_bounce == (bounce.source != CLR_BOUNCE_NONE));
  fuzz_check (bounce.recipients->len <= CLR_BOUNCE_RECIPIENTS_MOST);
  fuzz_check (!is_bounce || bounce.recipients->len > 0);
  for (unsigned i = 0; i < bounce.recipients->len; i++)
    {
      ClrBounceRecipient *recipient = &g_array_index (bounce.recipients, ClrBounceRecipient, i);

      fuzz_check (recipient->reason < CLR_REASON_LAST);
      fuzz_check (recipient->code == 0 || (recipient->code >= 400 && recipient->code < 600));
      fuzz_check (!recipient->is_hard || recipient->class == CLR_BOUNCE_HARD);
      if (recipient->text)
        fuzz_check (fuzz_is_line (recipient->text) && g_utf8_validate (recipient->text, -1, NULL));
      if (recipient->address)
        fuzz_check (fuzz_is_line (recipient->address) && g_utf8_validate (recipient->address, -1, NULL));
    }
  clr_bounce_clear (&bounce);
  return 0;
}

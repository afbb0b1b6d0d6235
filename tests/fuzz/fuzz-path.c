/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Paths, mailboxes and domains of envelopes, with every set of flags.
 */
#include "fuzz.h"
#include "smtp/clr-address.h"

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  const char *text = (const char *)bytes;

  for (ClrAddressFlags flags = 0; flags <= (CLR_ADDRESS_UTF8 | CLR_ADDRESS_LENIENT); flags++)
    {
      char address[CLR_PATH_MAX + 1], again[CLR_PATH_MAX + 1];
      size_t eaten = clr_path_parse (text, size, flags, address);

      clr_domain_is_valid (text, size, flags);
      if (clr_mailbox_is_valid (text, size, flags))
        {
          g_autofree char *mailbox = fuzz_dup_text (bytes, size);
          g_autofree char *path = g_strdup_printf ("<%s>", mailbox);

          fuzz_check (strlen (mailbox) == size && fuzz_is_line (mailbox));
          fuzz_check (clr_path_parse (path, size + 2, flags, again) == size + 2);
          fuzz_check (g_str_equal (mailbox, again));
          fuzz_check (clr_address_get_domain (mailbox));
          /* A laxer reader takes all that a stricter one takes, as the same. */
          fuzz_check (clr_mailbox_is_valid (text, size, flags | CLR_ADDRESS_LENIENT));
        }
      if (eaten == 0)
        continue;
      fuzz_check (eaten <= size && strlen (address) <= CLR_PATH_MAX && fuzz_is_line (address));
      if (!(flags & CLR_ADDRESS_UTF8))
        fuzz_check (clr_address_is_ascii (address));
      if (!(flags & CLR_ADDRESS_LENIENT))
        {
          fuzz_check (text[0] == '<' && text[eaten - 1] == '>');
          fuzz_check (clr_path_parse (text, size, flags | CLR_ADDRESS_LENIENT, again) == eaten);
          fuzz_check (g_str_equal (address, again));
        }
    }
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Command lines, with the parameters of MAIL and RCPT.
 */
#include "fuzz.h"
#include "smtp/clr-command.h"

static void
check_address (const char *address, ClrAddressFlags flags)
{
  char again[CLR_PATH_MAX + 1];
  g_autofree char *path = g_strdup_printf ("<%s>", address);

  fuzz_check (strlen (address) <= CLR_PATH_MAX);
  fuzz_check (fuzz_is_line (address));
  /* What goes out to the next hop is read there as the same. */
  fuzz_check (clr_path_parse (path, strlen (path), flags, again) == strlen (path));
  fuzz_check (g_str_equal (address, again));
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  ClrAddressFlags flags = fuzz_take (&bytes, &size) & (CLR_ADDRESS_UTF8 | CLR_ADDRESS_LENIENT);
  ClrCommand command;
  ClrMailCommand mail = { 0 };
  ClrRcptCommand rcpt = { 0 };
  const ClrComplaint *complaint;

  clr_command_parse ((const char *)bytes, size, &command);
  fuzz_check (command.argument_size <= size);
  if (command.argument_size > 0)
    fuzz_check ((const uint8_t *)command.argument >= bytes
                && (const uint8_t *)command.argument + command.argument_size <= bytes + size);
  if (command.verb == CLR_VERB_MAIL)
    {
      complaint = clr_command_parse_mail (&command, flags, &mail);
      if (complaint == NULL)
        {
          check_address (mail.address, flags);
          fuzz_check (strlen (mail.envid) <= CLR_ENVID_MAX && fuzz_is_line (mail.envid));
          return 0;
        }
    }
  else if (command.verb == CLR_VERB_RCPT)
    {
      complaint = clr_command_parse_rcpt (&command, flags, &rcpt);
      if (complaint == NULL)
        {
          check_address (rcpt.address, flags);
          fuzz_check (*rcpt.address);
          fuzz_check (strlen (rcpt.orcpt) <= CLR_ORCPT_MAX && fuzz_is_line (rcpt.orcpt));
          /* RFC 3461 section 4.1: NEVER stands alone. */
          fuzz_check (!(rcpt.notify & CLR_NOTIFY_NEVER) || rcpt.notify == CLR_NOTIFY_NEVER);
          return 0;
        }
    }
  else
    return 0;
  fuzz_check (complaint->code >= 400 && complaint->code < 600 && complaint->text);
  return 0;
}

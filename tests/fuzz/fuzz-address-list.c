/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From, To, Cc of strangers: no more addresses than asked for, none empty, none with a line end outside of
 * quotes; each, put in angle brackets, is read as itself.
 */
#include "fuzz.h"
#include "mail/clr-address-list.h"

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  unsigned most = fuzz_take (&bytes, &size);
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *copy = g_memdup2 (bytes, size);

  gboolean ok = clr_address_list_parse (copy ? copy : "", size, most, found);
  fuzz_check (found->len <= most);
  for (unsigned i = 0; ok && i < found->len; i++)
    {
      g_autoptr (GPtrArray) again = g_ptr_array_new_with_free_func (g_free);
      g_autofree char *angle = g_strconcat ("<", found->pdata[i], ">", NULL);

      fuzz_check (*(char *)found->pdata[i]);
      if (*(char *)found->pdata[i] != '@' && clr_address_list_parse (angle, strlen (angle), 1, again))
        fuzz_check (again->len == 1 && g_str_equal (again->pdata[0], found->pdata[i]));
    }
  return 0;
}

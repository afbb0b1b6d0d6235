/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Queue ids and endpoints, as text.
 */
#include "fuzz.h"
#include "base/clr-id.h"
#include "net/clr-endpoint.h"

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  g_autofree char *text = fuzz_dup_text (bytes, size);
  ClrEndpoint endpoint, again;
  uint64_t id, same;

  if (clr_id_from_text (text, &id))
    {
      char written[CLR_ID_TEXT];

      clr_id_to_text (id, written);
      fuzz_check (clr_id_from_text (written, &same) && same == id);
      clr_id_get_time (id);
    }
  if (clr_endpoint_parse (&endpoint, text, 25))
    {
      char written[CLR_ENDPOINT_TEXT];

      clr_endpoint_to_text (&endpoint, written);
      fuzz_check (clr_endpoint_parse (&again, written, 1));
      fuzz_check (clr_endpoint_equal (&endpoint, &again, FALSE));
      clr_endpoint_address_to_text (&endpoint, written);
      fuzz_check (fuzz_is_line (written));
      clr_endpoint_is_loopback (&endpoint);
    }
  return 0;
}

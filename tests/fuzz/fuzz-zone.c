/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * DNS answers that a stranger wrote down in JSON. Whatever stands there, every question gets a status, and
 * values only where something was found. Input: the name that is asked for, a zero, the zone.
 */
#include "fuzz.h"
#include "check/clr-zone.h"
#include "control/clr-json.h"

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  static const char *const types[] = { "TXT", "A", "AAAA", "MX", "PTR", "CNAME", "_other", "" };
  const uint8_t *end = size ? memchr (bytes, 0, size) : NULL;
  size_t n = end ? (size_t)(end - bytes) : 0;
  g_autofree char *name = fuzz_dup_text (bytes, n), *text = NULL;

  n += end != NULL;
  text = fuzz_dup_text (bytes + n, size - n);
  g_autoptr (JsonNode) root = clr_json_parse (text, NULL);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return 0;
  g_autoptr (ClrZone) zone = clr_zone_new_from_json (json_node_get_object (root));
  for (unsigned i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GPtrArray) values = NULL;
      ClrZoneStatus status = clr_zone_find (zone, name, types[i], &values);

      fuzz_check (values && (values->len > 0) == (status == CLR_ZONE_FOUND));
      for (unsigned v = 0; v < values->len; v++)
        fuzz_check (values->pdata[v]);
    }
  return 0;
}

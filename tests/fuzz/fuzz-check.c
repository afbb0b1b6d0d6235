/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lines of `clrelay check --batch` and the bodies of the API: every check with every object, zone and
 * all. An answer comes, whatever stands there.
 */
#include "fuzz.h"
#include "check/clr-check.h"
#include "control/clr-json.h"

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  unsigned n_rows;
  const ClrCheckRow *table = clr_check_get_table (&n_rows);
  const ClrCheckRow *row = &table[fuzz_take (&bytes, &size) % n_rows];
  g_autofree char *text = fuzz_dup_text (bytes, size);
  g_autoptr (JsonNode) root = clr_json_parse (text, NULL);

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return 0;
  JsonObject *object = json_node_get_object (root);
  clr_json_get_text (object, "id");
  clr_json_is_true (object, "all");
  /* Files of this machine are not for the fuzzer. */
  json_object_remove_member (object, "file");
  g_autoptr (ClrZone) none = clr_zone_new_from_json (json_object_new ());
  g_autoptr (JsonNode) answer = clr_check_run (row, object, none);
  fuzz_check (answer && JSON_NODE_HOLDS_OBJECT (answer));
  fuzz_check (clr_json_get_text (json_node_get_object (answer), "result"));
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Log lines: a stranger's octets stay in their line and in their value.
 */
#include "fuzz.h"
#include "base/clr-event.h"

#include <json-glib/json-glib.h>

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  ClrEventId id = fuzz_take (&bytes, &size) % CLR_EVENT_LAST;
  g_autofree char *text = fuzz_dup_text (bytes, size);
  g_autoptr (GString) sentence = g_string_new (NULL), json = g_string_new ("{\"time\":\"now\"");
  const char *values[16];

  for (unsigned i = 0; i < G_N_ELEMENTS (values); i++)
    values[i] = i % 3 == 1 && size % 2 ? NULL : text;
  clr_event_to_sentence (id, values, sentence);
  fuzz_check (fuzz_is_line (sentence->str) && strlen (sentence->str) == sentence->len);
  fuzz_check (g_utf8_validate_len (sentence->str, sentence->len, NULL));

  clr_event_to_json (id, values, json);
  g_string_append_c (json, '}');
  fuzz_check (fuzz_is_line (json->str) && g_utf8_validate_len (json->str, json->len, NULL));
  g_autoptr (JsonNode) node = json_from_string (json->str, NULL);
  fuzz_check (node && JSON_NODE_HOLDS_OBJECT (node));
  g_auto (GStrv) fields = g_strsplit (clr_event_get_info (id)->fields, " ", -1);
  for (unsigned i = 0; fields[i] && *fields[i]; i++)
    {
      const char *value
          = json_object_get_string_member_with_default (json_node_get_object (node), fields[i], NULL);

      fuzz_check ((value != NULL) == (values[i] != NULL));
      if (value && size < 1000 && g_utf8_validate (text, -1, NULL))
        fuzz_check (g_str_equal (value, text));
    }
  return 0;
}

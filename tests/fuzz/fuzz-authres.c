/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any Authentication-Results value; what was read and is written again says the same.
 */
#include "fuzz.h"
#include "auth/clr-authres.h"

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  const char *problem = NULL;
  g_autoptr (ClrAuthres) authres = clr_authres_parse ((const char *)bytes, size, &problem);
  g_autoptr (GString) field = g_string_new (NULL);

  if (authres == NULL)
    {
      fuzz_check (problem);
      return 0;
    }
  fuzz_check (*authres->id && authres->results->len <= CLR_AUTHRES_RESULTS_MOST);
  clr_authres_begin (field, "mx.example.com");
  for (unsigned i = 0; i < authres->results->len; i++)
    {
      ClrAuthresResult *result = g_ptr_array_index (authres->results, i);

      fuzz_check (result->properties->len <= CLR_AUTHRES_PROPERTIES_MOST);
      clr_authres_add_result (field, result->method, result->result, result->reason);
      for (unsigned k = 0; k < result->properties->len; k++)
        {
          ClrAuthresProperty *property = g_ptr_array_index (result->properties, k);
          clr_authres_add_property (field, property->type, property->property, property->value);
        }
    }
  clr_authres_end (field);
  fuzz_check (fuzz_has_clean_lines ((const uint8_t *)field->str, field->len));
  size_t name = strlen ("Authentication-Results:");
  g_autoptr (ClrAuthres) again = clr_authres_parse (field->str + name, field->len - name, &problem);
  fuzz_check (again && again->results->len == authres->results->len);
  ClrHeaderBlock header;
  clr_header_block_parse (&header, field->str, field->len);
  fuzz_check (header.n_fields == 1 && clr_authres_is_forged (&header.fields[0], "MX.example.com"));
  clr_header_block_clear (&header);
  return 0;
}

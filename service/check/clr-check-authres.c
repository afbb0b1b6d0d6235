/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check.h"

#include "auth/clr-authres.h"
#include "check/clr-check-message.h"
#include "check/clr-check-question.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define FIELDS_MOST 100u /* of one message that are told */

static JsonObject *
result_to_json (const ClrAuthresResult *result)
{
  JsonObject *object = json_object_new (), *properties = json_object_new ();

  clr_check_set_text (object, "method", result->method);
  if (result->version != 1)
    json_object_set_int_member (object, "method-version", result->version);
  clr_check_set_text (object, "value", result->result);
  clr_check_set_text (object, "reason", result->reason);
  for (unsigned i = 0; i < result->properties->len; i++)
    {
      const ClrAuthresProperty *property = g_ptr_array_index (result->properties, i);
      g_autofree char *name = g_strdup_printf ("%s.%s", property->type, property->property);

      clr_check_set_text (properties, name, property->value);
    }
  json_object_set_object_member (object, "properties", properties);
  return object;
}

/* @authres: NULL when it cannot be read. */
static JsonObject *
to_json (const ClrAuthres *authres)
{
  JsonObject *object = json_object_new ();
  JsonArray *results = json_array_new ();

  clr_check_set_text (object, "authserv-id", authres ? authres->id : "");
  if (authres && authres->version != 1)
    json_object_set_int_member (object, "version", authres->version);
  for (unsigned i = 0; authres && i < authres->results->len; i++)
    json_array_add_object_element (results, result_to_json (g_ptr_array_index (authres->results, i)));
  json_object_set_array_member (object, "results", results);
  return object;
}

static JsonNode *
check_value (const char *value, const char *id)
{
  const char *problem = NULL;
  g_autoptr (ClrAuthres) authres = clr_authres_parse (value, strlen (value), &problem);
  JsonObject *details = to_json (authres);

  if (id)
    {
      g_autofree char *text = g_strdup_printf ("Authentication-Results:%s", value);
      ClrField field = { text, strlen ("Authentication-Results"), strlen (text) };

      json_object_set_boolean_member (details, "forged", clr_authres_is_forged (&field, id));
    }
  return clr_check_answer (authres ? "valid" : "invalid", authres ? _ ("well formed") : problem, details);
}

static JsonNode *
check_fields (const ClrHeaderBlock *header, const char *id)
{
  JsonObject *details = json_object_new ();
  JsonArray *fields = json_array_new ();
  unsigned n_forged = 0;

  for (unsigned i = 0; i < header->n_fields && json_array_get_length (fields) < FIELDS_MOST; i++)
    {
      const ClrField *field = &header->fields[i];
      const char *problem = NULL;
      size_t size;

      if (!clr_field_is (field, "Authentication-Results"))
        continue;
      const char *value = clr_field_get_value (field, &size);
      g_autoptr (ClrAuthres) authres = clr_authres_parse (value, size, &problem);
      JsonObject *one = to_json (authres);
      gboolean forged = id && clr_authres_is_forged (field, id);

      n_forged += forged;
      if (authres == NULL)
        json_object_set_string_member (one, "problem", problem);
      if (id)
        json_object_set_boolean_member (one, "forged", forged);
      json_array_add_object_element (fields, one);
    }
  g_autofree char *reason = id ? g_strdup_printf (_ ("%u fields, %u of them would be removed"),
                                                  json_array_get_length (fields), n_forged)
                               : g_strdup_printf (_ ("%u fields"), json_array_get_length (fields));
  json_object_set_array_member (details, "fields", fields);
  return clr_check_answer (n_forged > 0                         ? "forged"
                           : json_array_get_length (fields) > 0 ? "ok"
                                                                : "none",
                           reason, details);
}

JsonNode *
clr_check_authres (JsonObject *in, ClrZone *zone)
{
  const char *value = clr_check_get_text (in, "value"), *id = clr_check_get_text (in, "id");
  ClrCheckMessage message;
  ClrHeaderBlock header;
  g_autofree char *problem = NULL;

  if (value)
    return check_value (value, id);
  problem = clr_check_message_open (&message, in);
  if (problem)
    return clr_check_answer ("error", problem, NULL);
  clr_header_block_parse (&header, message.bytes, message.header);
  JsonNode *answer = check_fields (&header, id);
  clr_header_block_clear (&header);
  clr_check_message_close (&message);
  return answer;
}

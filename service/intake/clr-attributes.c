/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/clr-attributes.h"

#include "base/clr-id.h"
#include "control/clr-json.h"

#include <json-glib/json-glib.h>

#define TEXT_KEPT 200 /* octets of a field */

static void
add_fields (JsonBuilder *builder, const GString *header)
{
  ClrHeaderBlock block;
  static const struct
  {
    const char *field, *member;
  } kept[] = { { "Subject", "subject" }, { "Message-ID", "message-id" }, { "From", "from" } };

  clr_header_block_parse (&block, header->str, header->len);
  for (unsigned i = 0; i < G_N_ELEMENTS (kept); i++)
    {
      const ClrField *field = clr_header_block_find (&block, kept[i].field);

      if (field)
        {
          g_autofree char *text = clr_field_dup_text (field, TEXT_KEPT);

          json_builder_set_member_name (builder, kept[i].member);
          json_builder_add_string_value (builder, text);
        }
    }
  clr_header_block_clear (&block);
}

static void
add_repairs (JsonBuilder *builder, ClrRepair repairs)
{
  g_autofree char *text = clr_repair_to_text (repairs);
  g_auto (GStrv) words = g_strsplit (text, ",", -1);

  if (repairs == 0)
    return;
  json_builder_set_member_name (builder, "repairs");
  json_builder_begin_array (builder);
  for (char **word = words; *word; word++)
    json_builder_add_string_value (builder, *word);
  json_builder_end_array (builder);
}

static void
add_quirks (JsonBuilder *builder, ClrQuirks quirks)
{
  if (quirks == 0)
    return;
  json_builder_set_member_name (builder, "quirks");
  json_builder_begin_array (builder);
  for (unsigned i = 0; i < CLR_QUIRK_COUNT; i++)
    if (quirks & (1u << i))
      json_builder_add_string_value (builder, clr_quirk_get_word (i));
  json_builder_end_array (builder);
}

static void
add_signatures (JsonBuilder *builder, const ClrStamp *stamp)
{
  json_builder_set_member_name (builder, "signatures");
  json_builder_begin_array (builder);
  for (unsigned i = 0; i < clr_stamp_count (stamp); i++)
    {
      const ClrDkimIdentity *identity = g_ptr_array_index (stamp->identities, i);
      g_autofree char *text = g_strdup_printf ("%s._domainkey.%s", identity->selector, identity->domain);

      json_builder_add_string_value (builder, text);
    }
  json_builder_end_array (builder);
}

static void
add_authentication (JsonBuilder *builder, char **words)
{
  if (words == NULL)
    return;
  json_builder_set_member_name (builder, "authentication");
  json_builder_begin_array (builder);
  for (; *words; words++)
    json_builder_add_string_value (builder, *words);
  json_builder_end_array (builder);
}

char *
clr_attributes_make (const GString *header, const ClrStamp *stamp, ClrRepair repairs, ClrQuirks quirks,
                     char **authentication, const char *held, uint64_t reported)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  char id[CLR_ID_TEXT];

  json_builder_begin_object (builder);
  add_fields (builder, header);
  add_repairs (builder, repairs);
  add_quirks (builder, quirks);
  add_signatures (builder, stamp);
  add_authentication (builder, authentication);
  if (held)
    {
      json_builder_set_member_name (builder, "held");
      json_builder_add_string_value (builder, held);
    }
  if (reported)
    {
      clr_id_to_text (reported, id);
      json_builder_set_member_name (builder, "reported");
      json_builder_add_string_value (builder, id);
    }
  json_builder_end_object (builder);

  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  return clr_json_to_text (root, FALSE);
}

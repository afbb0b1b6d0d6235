/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devices/clr-sighting.h"

#include "control/clr-json.h"

#include <gio/gio.h>
#include <string.h>

ClrSighting *
clr_sighting_new (const uint8_t octets[16], const char *address)
{
  ClrSighting *sighting = g_new0 (ClrSighting, 1);

  memcpy (sighting->octets, octets, 16);
  sighting->address = g_strdup (address);
  return sighting;
}

void
clr_sighting_free (ClrSighting *sighting)
{
  g_free (sighting->address);
  g_free (sighting->helo);
  g_free (sighting->tls);
  g_free (sighting->device);
  g_free (sighting->login);
  g_free (sighting->why);
  g_free (sighting);
}

/* Most clients say the same each time: then nothing is allocated. */
static void
set_text (char **place, const char *text)
{
  if (text == NULL
      || (*place && strncmp (*place, text, CLR_SIGHTING_TEXT_MOST) == 0
          && strlen (*place) == strnlen (text, CLR_SIGHTING_TEXT_MOST)))
    return;
  g_free (*place);
  *place = g_utf8_make_valid (text, (gssize)strnlen (text, CLR_SIGHTING_TEXT_MOST));
}

void
clr_sighting_note (ClrSighting *sighting, const ClrSightingNote *note, int64_t now_us)
{
  if (sighting->first_us == 0)
    sighting->first_us = now_us;
  sighting->last_us = now_us;
  set_text (&sighting->helo, note->helo);
  set_text (&sighting->tls, note->tls);
  set_text (&sighting->login, note->login);
  set_text (&sighting->device, note->device);
  sighting->sessions += note->is_session;
  if (note->is_message)
    {
      sighting->messages++;
      sighting->success_us = now_us;
    }
  if (note->why)
    {
      set_text (&sighting->why, note->why);
      sighting->refusals++;
      sighting->refusal_us = now_us;
    }
}

static void
take_text (char **place, char **later)
{
  if (*later == NULL)
    return;
  g_free (*place);
  *place = g_steal_pointer (later);
}

void
clr_sighting_merge (ClrSighting *sighting, ClrSighting *later)
{
  if (sighting->first_us == 0 || (later->first_us && later->first_us < sighting->first_us))
    sighting->first_us = later->first_us;
  sighting->last_us = MAX (sighting->last_us, later->last_us);
  take_text (&sighting->helo, &later->helo);
  take_text (&sighting->tls, &later->tls);
  take_text (&sighting->device, &later->device);
  take_text (&sighting->login, &later->login);
  take_text (&sighting->why, &later->why);
  sighting->success_us = MAX (sighting->success_us, later->success_us);
  sighting->refusal_us = MAX (sighting->refusal_us, later->refusal_us);
  sighting->sessions += later->sessions;
  sighting->messages += later->messages;
  sighting->refusals += later->refusals;
}

/* Members of a row, by kind: one table for both directions. */
static const struct
{
  const char *name;
  size_t offset;
} texts[] = {
  { "helo", G_STRUCT_OFFSET (ClrSighting, helo) },     { "tls", G_STRUCT_OFFSET (ClrSighting, tls) },
  { "device", G_STRUCT_OFFSET (ClrSighting, device) }, { "login", G_STRUCT_OFFSET (ClrSighting, login) },
  { "why", G_STRUCT_OFFSET (ClrSighting, why) },
}, numbers[] = {
  { "first", G_STRUCT_OFFSET (ClrSighting, first_us) },
  { "last", G_STRUCT_OFFSET (ClrSighting, last_us) },
  { "success", G_STRUCT_OFFSET (ClrSighting, success_us) },
  { "refusal", G_STRUCT_OFFSET (ClrSighting, refusal_us) },
  { "sessions", G_STRUCT_OFFSET (ClrSighting, sessions) },
  { "messages", G_STRUCT_OFFSET (ClrSighting, messages) },
  { "refusals", G_STRUCT_OFFSET (ClrSighting, refusals) },
};

char *
clr_sighting_to_text (const ClrSighting *sighting)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  for (unsigned i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      const char *text = G_STRUCT_MEMBER (char *, sighting, texts[i].offset);

      if (text)
        json_object_set_string_member (object, texts[i].name, text);
    }
  for (unsigned i = 0; i < G_N_ELEMENTS (numbers); i++)
    json_object_set_int_member (object, numbers[i].name,
                                G_STRUCT_MEMBER (int64_t, sighting, numbers[i].offset));
  json_node_take_object (node, object);
  return clr_json_to_text (node, FALSE);
}

static gboolean
read_address (const char *text, uint8_t octets[16])
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  if (address == NULL)
    return FALSE;
  memcpy (octets, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4)
    memcpy (octets + 12, g_inet_address_to_bytes (address), 4);
  else
    memcpy (octets, g_inet_address_to_bytes (address), 16);
  return TRUE;
}

/* Whatever stands in the file is looked at before it is believed. */
ClrSighting *
clr_sighting_from_text (const char *key, const char *text)
{
  g_autoptr (JsonNode) root = clr_json_parse (text, NULL);
  uint8_t octets[16];
  ClrSighting *sighting;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root) || !read_address (key, octets))
    return NULL;
  sighting = clr_sighting_new (octets, key);
  for (unsigned i = 0; i < G_N_ELEMENTS (texts); i++)
    set_text (&G_STRUCT_MEMBER (char *, sighting, texts[i].offset),
              clr_json_get_text (json_node_get_object (root), texts[i].name));
  for (unsigned i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      JsonNode *node = json_object_get_member (json_node_get_object (root), numbers[i].name);

      if (node && json_node_get_value_type (node) == G_TYPE_INT64)
        G_STRUCT_MEMBER (int64_t, sighting, numbers[i].offset) = MAX (json_node_get_int (node), 0);
    }
  return sighting;
}

unsigned
clr_sighting_hash (const void *octets)
{
  static size_t seed; /* a stranger who can choose his addresses cannot choose their places */
  uint64_t halves[2], mixed;

  if (g_once_init_enter (&seed))
    g_once_init_leave (&seed, (size_t)g_random_int () | 1);
  memcpy (halves, octets, sizeof halves);
  mixed = (halves[0] ^ seed) * UINT64_C (0x9e3779b97f4a7c15);
  mixed = (mixed ^ (mixed >> 32) ^ halves[1]) * UINT64_C (0xff51afd7ed558ccd);
  return (unsigned)(mixed >> 32);
}

gboolean
clr_sighting_equal (const void *a, const void *b)
{
  return memcmp (a, b, 16) == 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-rendering.h"

#include "base/clr-clock.h"

#include <json-glib/json-glib.h>

struct ClrRendering
{
  const ClrDeliveryPlace *place;
  const ClrDeliveryPlan *plan;
  const ClrMessage *message;
  void (*ready) (void *data);
  void *data;
  ClrContentPump *pump;
  ClrRendition *rendition;
  GPtrArray *identities; /* of const ClrDkimIdentity, that sign it again */
  ClrDkimBody *body_hash;
  GString *top;       /* signatures and header section */
  uint64_t body_size; /* octets */
  ClrSmtpReply problem;
};

/* Whose signatures stand in front of the message, by its attributes. Returns: how many. */
static unsigned
read_signatures (ClrRendering *rendering)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  const char *attributes = rendering->message->attributes;
  JsonNode *root;
  JsonArray *names;

  if (attributes == NULL || !json_parser_load_from_data (parser, attributes, -1, NULL))
    return 0;
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root)
      || !json_object_has_member (json_node_get_object (root), "signatures"))
    return 0;
  names = json_object_get_array_member (json_node_get_object (root), "signatures");
  for (unsigned i = 0; i < json_array_get_length (names); i++)
    {
      const ClrDkimIdentity *identity
          = clr_delivery_plan_find_identity (rendering->plan, json_array_get_string_element (names, i));
      /* A key that is not in the settings any more signs no more. */
      if (identity)
        g_ptr_array_add (rendering->identities, (void *)identity);
    }
  return json_array_get_length (names);
}

ClrRendering *
clr_rendering_new (const ClrDeliveryPlace *place, const ClrDeliveryPlan *plan, const ClrMessage *message,
                   void (*ready) (void *data), void *data)
{
  ClrRendering *rendering = g_new0 (ClrRendering, 1);

  rendering->place = place;
  rendering->plan = plan;
  rendering->message = message;
  rendering->ready = ready;
  rendering->data = data;
  rendering->identities = g_ptr_array_new ();
  rendering->top = g_string_new (NULL);
  rendering->rendition = clr_rendition_new (read_signatures (rendering));
  return rendering;
}

void
clr_rendering_free (ClrRendering *rendering)
{
  g_clear_pointer (&rendering->pump, clr_content_pump_free);
  g_clear_pointer (&rendering->body_hash, clr_dkim_body_free);
  clr_rendition_free (rendering->rendition);
  g_ptr_array_unref (rendering->identities);
  g_string_free (rendering->top, TRUE);
  g_free (rendering);
}

static gboolean
has_room (void *data)
{
  return TRUE;
}

static void
on_failed (const char *why, void *data)
{
  ClrRendering *rendering = data;

  g_clear_pointer (&rendering->pump, clr_content_pump_free);
  clr_smtp_reply_set (&rendering->problem, 451, "4.3.0", why);
  rendering->ready (rendering->data);
}

/* -- the second time: measured and hashed */

static void
measure (const uint8_t *bytes, size_t size, void *data)
{
  ClrRendering *rendering = data;

  rendering->body_size += size;
  if (rendering->body_hash)
    clr_dkim_body_feed (rendering->body_hash, bytes, size);
}

static void
on_measured_piece (const uint8_t *bytes, size_t size, void *data)
{
  clr_rendition_feed (((ClrRendering *)data)->rendition, bytes, size);
}

static void
sign (ClrRendering *rendering)
{
  const GString *header = clr_rendition_get_header (rendering->rendition);
  g_autoptr (GError) error = NULL;
  ClrHeaderBlock block;
  uint8_t hash[32];

  if (rendering->body_hash)
    {
      clr_dkim_body_end (rendering->body_hash, hash);
      clr_header_block_parse (&block, header->str, header->len);
      if (!clr_dkim_sign (clr_delivery_plan_get_dkim_style (rendering->plan),
                          (const ClrDkimIdentity *const *)rendering->identities->pdata,
                          rendering->identities->len, &block, hash, clr_clock_wall (), rendering->top,
                          &error))
        clr_smtp_reply_set (&rendering->problem, 451, "4.7.0", "the message cannot be signed at the moment");
      clr_header_block_clear (&block);
    }
  g_string_append_len (rendering->top, header->str, header->len);
}

static void
on_measured (void *data)
{
  ClrRendering *rendering = data;

  g_clear_pointer (&rendering->pump, clr_content_pump_free);
  clr_rendition_end (rendering->rendition);
  sign (rendering);
  rendering->ready (rendering->data);
}

static const ClrContentPumpEvents measuring = { has_room, on_measured_piece, on_measured, on_failed, NULL };

/* -- the first time: looked through */

static void
on_looked_piece (const uint8_t *bytes, size_t size, void *data)
{
  clr_rendition_look (((ClrRendering *)data)->rendition, bytes, size);
}

static void
on_looked (void *data)
{
  ClrRendering *rendering = data;
  static const struct
  {
    int code;
    const char *enhanced, *text;
  } problems[] = {
    [CLR_RENDITION_GOOD] = { 0, NULL, NULL },
    [CLR_RENDITION_ADDRESS]
    = { 553, "5.6.7", "an address in the header section needs SMTPUTF8, which the next hop does not offer" },
    [CLR_RENDITION_SIGNED]
    = { 554, "5.6.3",
        "the next hop takes no 8-bit content, and making it 7-bit would break a signature in the message" },
    [CLR_RENDITION_TOO_COMPLEX]
    = { 554, "5.6.3",
        "the next hop takes no 8-bit content, and the message is built too intricately to be made 7-bit" },
  };
  ClrRenditionVerdict verdict = clr_rendition_end_look (rendering->rendition);

  g_clear_pointer (&rendering->pump, clr_content_pump_free);
  if (verdict != CLR_RENDITION_GOOD)
    {
      clr_smtp_reply_set (&rendering->problem, problems[verdict].code, problems[verdict].enhanced,
                          problems[verdict].text);
      rendering->ready (rendering->data);
      return;
    }
  if (rendering->identities->len > 0)
    rendering->body_hash = clr_dkim_body_new (clr_delivery_plan_get_dkim_style (rendering->plan)->body_canon);
  clr_rendition_begin (rendering->rendition, measure, rendering);
  rendering->pump = clr_content_pump_new (rendering->place, rendering->message, &measuring, rendering);
  clr_content_pump_run (rendering->pump);
}

static const ClrContentPumpEvents looking = { has_room, on_looked_piece, on_looked, on_failed, NULL };

void
clr_rendering_start (ClrRendering *rendering)
{
  rendering->pump = clr_content_pump_new (rendering->place, rendering->message, &looking, rendering);
  clr_content_pump_run (rendering->pump);
}

const ClrSmtpReply *
clr_rendering_get_problem (const ClrRendering *rendering)
{
  return &rendering->problem;
}

uint64_t
clr_rendering_get_size (const ClrRendering *rendering)
{
  return rendering->top->len + rendering->body_size;
}

void
clr_rendering_begin (ClrRendering *rendering, ClrRenditionSink sink, void *data)
{
  sink ((const uint8_t *)rendering->top->str, rendering->top->len, data);
  clr_rendition_begin (rendering->rendition, sink, data);
}

void
clr_rendering_feed (ClrRendering *rendering, const uint8_t *bytes, size_t size)
{
  clr_rendition_feed (rendering->rendition, bytes, size);
}

void
clr_rendering_end (ClrRendering *rendering)
{
  clr_rendition_end (rendering->rendition);
}

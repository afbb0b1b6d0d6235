/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-rendition.h"

#include "mail/clr-encoding.h"
#include "mail/clr-rendition-field.h"
#include "mail/clr-rendition-part.h"

#include <string.h>

#define DEPTH_MAX    32u            /* multiparts inside each other */
#define PARTS_MAX    10000u         /* header sections of one message */
#define BOUNDARY_MAX 900u           /* octets; RFC 2046 section 5.1.1 says 70 */
#define HEADER_MAX   (1024u * 1024) /* octets of one header section */
#define PIECE        2048u          /* octets of a line that are looked at together */
#define OUT          (16u * 1024)   /* octets given to the sink together */

struct ClrRendition
{
  unsigned signatures;
  ClrRenditionVerdict verdict;
  gboolean rendering;
  gboolean changed; /* something in it is not ASCII or too long */
  gboolean is_signed;
  GString *top; /* the header section, as it will be sent */
  GArray *parts;

  /* Where the walk is. */
  unsigned part; /* header sections met */
  char *boundaries[DEPTH_MAX];
  gboolean in_digest[DEPTH_MAX]; /* parts are messages unless they say otherwise (RFC 2046 section 5.1.5) */
  unsigned depth;
  gboolean in_header;
  GString *header;
  ClrRenditionBody body;
  ClrRenditionFacts *facts; /* of the part that is being looked at, or NULL */
  GString *line;            /* the beginning of a piece */
  gboolean in_line;         /* @line goes on a line whose first piece is gone */
  size_t line_size;

  ClrRenditionSink sink;
  void *data;
  GString *out;
};

ClrRendition *
clr_rendition_new (unsigned signatures)
{
  ClrRendition *rendition = g_new0 (ClrRendition, 1);

  rendition->signatures = signatures;
  rendition->top = g_string_new (NULL);
  rendition->header = g_string_new (NULL);
  rendition->line = g_string_new (NULL);
  rendition->out = g_string_new (NULL);
  rendition->parts = g_array_new (FALSE, TRUE, sizeof (ClrRenditionFacts));
  rendition->in_header = TRUE;
  return rendition;
}

static void
leave_to_depth (ClrRendition *rendition, unsigned depth)
{
  while (rendition->depth > depth)
    g_clear_pointer (&rendition->boundaries[--rendition->depth], g_free);
}

void
clr_rendition_free (ClrRendition *rendition)
{
  leave_to_depth (rendition, 0);
  g_string_free (rendition->top, TRUE);
  g_string_free (rendition->header, TRUE);
  g_string_free (rendition->line, TRUE);
  g_string_free (rendition->out, TRUE);
  g_array_unref (rendition->parts);
  g_free (rendition);
}

static void
fail (ClrRendition *rendition, ClrRenditionVerdict verdict)
{
  if (rendition->verdict == CLR_RENDITION_GOOD)
    rendition->verdict = verdict;
}

/* -- out */

static void
flush (ClrRendition *rendition, size_t more_than)
{
  if (rendition->out->len <= more_than)
    return;
  rendition->sink ((const uint8_t *)rendition->out->str, rendition->out->len, rendition->data);
  g_string_truncate (rendition->out, 0);
}

static void
look_at_piece (ClrRendition *rendition, const uint8_t *bytes, size_t size, gboolean ends_line)
{
  gboolean is_long;

  rendition->line_size += size;
  is_long = rendition->line_size > CLR_RENDITION_LONGEST_LINE;
  if (rendition->facts)
    {
      clr_rendition_facts_look (rendition->facts, bytes, size);
      rendition->facts->has_long_line = rendition->facts->has_long_line || is_long;
    }
  else if (is_long || !clr_is_ascii ((const char *)bytes, size))
    rendition->changed = TRUE;
  if (ends_line)
    rendition->line_size = 0;
}

/* The body that was coming is over. */
static void
end_body (ClrRendition *rendition, gboolean boundary)
{
  rendition->facts = NULL;
  rendition->line_size = 0;
  if (rendition->rendering)
    clr_rendition_body_end (&rendition->body, boundary, rendition->out);
}

/* -- header sections */

static gboolean
is_in_digest (const ClrRendition *rendition)
{
  return rendition->depth > 0 && rendition->in_digest[rendition->depth - 1];
}

static void
write_fields (ClrRendition *rendition, const ClrHeaderBlock *block, const ClrRenditionEntity *entity,
              const ClrRenditionFacts *facts, gboolean is_top, GString *into)
{
  const char *encoding = clr_rendition_choose_encoding (facts, entity);

  if (!clr_rendition_write_fields (block, entity, facts, encoding, is_top, rendition->signatures, into))
    fail (rendition, CLR_RENDITION_ADDRESS);
}

/* A header section is complete: what stands behind it? */
static void
take_header (ClrRendition *rendition)
{
  gboolean is_top = rendition->part == 0;
  ClrHeaderBlock block;
  ClrRenditionEntity entity;
  ClrRenditionFacts *facts = NULL;

  clr_header_block_parse (&block, rendition->header->str, rendition->header->len);
  clr_rendition_entity_read (&entity, &block, is_in_digest (rendition));
  rendition->in_header = FALSE;
  rendition->body.kind = CLR_BODY_AS_IS;
  if (!rendition->rendering)
    {
      ClrRenditionFacts none = { .is_utf8 = TRUE };

      if (rendition->parts->len >= PARTS_MAX)
        fail (rendition, CLR_RENDITION_TOO_COMPLEX);
      else
        g_array_append_val (rendition->parts, none);
      for (unsigned i = 0; i < block.n_fields; i++)
        rendition->changed = rendition->changed || clr_rendition_field_is_needed (&block.fields[i]);
      if (is_top && clr_header_block_count (&block, "DKIM-Signature") > rendition->signatures)
        rendition->is_signed = TRUE;
      /* RFC 1847 section 2.1: what is signed has 7 bits already, or would break. */
      if (strcmp (entity.media, "multipart/signed") == 0)
        rendition->is_signed = TRUE;
    }
  if (rendition->part < rendition->parts->len)
    facts = &g_array_index (rendition->parts, ClrRenditionFacts, rendition->part);

  if (entity.boundary)
    {
      if (rendition->depth == DEPTH_MAX || strlen (entity.boundary) > BOUNDARY_MAX
          || !clr_is_ascii (entity.boundary, strlen (entity.boundary)))
        fail (rendition, CLR_RENDITION_TOO_COMPLEX);
      else
        {
          rendition->in_digest[rendition->depth] = strcmp (entity.media, "multipart/digest") == 0;
          rendition->boundaries[rendition->depth++] = g_strdup (entity.boundary);
        }
      rendition->body.kind = CLR_BODY_IGNORED;
    }
  else if (entity.is_message)
    /* A message inside has parts of its own. */
    rendition->in_header = TRUE;
  else if (facts)
    {
      rendition->facts = rendition->rendering ? NULL : facts;
      rendition->body.kind = clr_rendition_choose_body (facts, &entity);
    }
  if (rendition->rendering && !is_top)
    {
      write_fields (rendition, &block, &entity, facts, FALSE, rendition->out);
      g_string_append_len (rendition->out, "\r\n", 2);
    }
  rendition->part++;
  g_string_truncate (rendition->header, 0);
  clr_header_block_clear (&block);
  clr_rendition_entity_clear (&entity);
}

/* -- the walk */

/* Returns: whether the line is a delimiter of one of the multiparts it is in; then the walk is there. */
static gboolean
take_boundary (ClrRendition *rendition, const uint8_t *line, size_t size)
{
  if (size < 3 || line[0] != '-' || line[1] != '-')
    return FALSE;
  for (unsigned i = rendition->depth; i-- > 0;)
    {
      const char *boundary = rendition->boundaries[i];
      size_t n = strlen (boundary);
      gboolean closes = size >= n + 4 && line[n + 2] == '-' && line[n + 3] == '-';

      if (size < n + 2 || memcmp (line + 2, boundary, n) != 0)
        continue;
      /* "--ab" is no delimiter where "--a" is one: only blanks may follow. */
      for (size_t at = n + (closes ? 4 : 2); at < size; at++)
        if (line[at] != ' ' && line[at] != '\t')
          return FALSE;
      /* A header section that a delimiter cuts short is over, and has no body. */
      if (rendition->in_header)
        {
          take_header (rendition);
          rendition->in_header = FALSE;
          rendition->body.crlf = FALSE;
          if (rendition->depth <= i)
            return FALSE;
        }
      end_body (rendition, TRUE);
      leave_to_depth (rendition, closes ? i : i + 1);
      rendition->in_header = !closes;
      rendition->body.kind = CLR_BODY_IGNORED;
      if (rendition->rendering)
        {
          /* Behind it are only blanks. */
          g_string_append_len (rendition->out, (const char *)line, MIN (size, CLR_RENDITION_LONGEST_LINE));
          g_string_append_len (rendition->out, "\r\n", 2);
        }
      return TRUE;
    }
  return FALSE;
}

static void
take_piece (ClrRendition *rendition, const uint8_t *bytes, size_t size, gboolean ends_line)
{
  gboolean begins_line = !rendition->in_line;

  rendition->in_line = !ends_line;
  if (begins_line && ends_line && rendition->depth > 0 && take_boundary (rendition, bytes, size))
    return;
  if (!rendition->in_header)
    {
      if (rendition->rendering)
        clr_rendition_body_write (&rendition->body, bytes, size, ends_line, rendition->out);
      else
        look_at_piece (rendition, bytes, size, ends_line);
      return;
    }
  g_string_append_len (rendition->header, (const char *)bytes, size);
  if (ends_line)
    g_string_append_len (rendition->header, "\r\n", 2);
  if (begins_line && ends_line && size == 0)
    take_header (rendition);
  else if (rendition->header->len > HEADER_MAX)
    {
      fail (rendition, CLR_RENDITION_TOO_COMPLEX);
      g_string_truncate (rendition->header, 0);
    }
}

static void
walk (ClrRendition *rendition, const uint8_t *bytes, size_t size)
{
  const uint8_t *end = bytes + size;
  GString *line = rendition->line;

  while (bytes < end)
    {
      const uint8_t *lf = memchr (bytes, '\n', MIN ((size_t)(end - bytes), PIECE));
      const uint8_t *stop = lf ? lf + 1 : bytes + MIN ((size_t)(end - bytes), PIECE);

      if (lf && line->len == 0 && lf > bytes && lf[-1] == '\r')
        take_piece (rendition, bytes, lf - 1 - bytes, TRUE);
      else
        {
          g_string_append_len (line, (const char *)bytes, stop - bytes);
          /* Stored lines end with CRLF. A CR at the end may be the half of one. */
          if (line->len >= 2 && line->str[line->len - 1] == '\n' && line->str[line->len - 2] == '\r')
            {
              take_piece (rendition, (const uint8_t *)line->str, line->len - 2, TRUE);
              g_string_truncate (line, 0);
            }
          else if (line->len >= PIECE)
            {
              gboolean cr = line->str[line->len - 1] == '\r';

              take_piece (rendition, (const uint8_t *)line->str, line->len - cr, FALSE);
              g_string_truncate (line, 0);
              if (cr)
                g_string_append_c (line, '\r');
            }
        }
      bytes = stop;
      if (rendition->rendering)
        flush (rendition, OUT);
    }
}

static void
end_walk (ClrRendition *rendition)
{
  if (rendition->line->len > 0)
    take_piece (rendition, (const uint8_t *)rendition->line->str, rendition->line->len, TRUE);
  g_string_truncate (rendition->line, 0);
  if (rendition->in_header)
    take_header (rendition);
  end_body (rendition, FALSE);
  leave_to_depth (rendition, 0);
}

static void
begin_walk (ClrRendition *rendition)
{
  leave_to_depth (rendition, 0);
  rendition->part = 0;
  rendition->in_header = TRUE;
  rendition->in_line = FALSE;
  rendition->facts = NULL;
  rendition->line_size = 0;
  rendition->body = (ClrRenditionBody){ CLR_BODY_AS_IS };
  g_string_truncate (rendition->header, 0);
  g_string_truncate (rendition->line, 0);
  g_string_truncate (rendition->out, 0);
}

void
clr_rendition_look (ClrRendition *rendition, const uint8_t *bytes, size_t size)
{
  /* The header section of the message itself is kept: it is written when all is known. */
  if (rendition->part == 0)
    g_string_append_len (rendition->top, (const char *)bytes, size);
  walk (rendition, bytes, size);
}

ClrRenditionVerdict
clr_rendition_end_look (ClrRendition *rendition)
{
  g_autoptr (GString) raw = rendition->top;
  ClrHeaderBlock block;
  ClrRenditionEntity entity;
  const ClrRenditionFacts *facts;

  end_walk (rendition);
  rendition->top = g_string_sized_new (raw->len);
  clr_header_block_parse (&block, raw->str, raw->len);
  clr_rendition_entity_read (&entity, &block, is_in_digest (rendition));
  facts = &g_array_index (rendition->parts, ClrRenditionFacts, 0);
  for (unsigned i = 0; i < rendition->parts->len; i++)
    {
      const ClrRenditionFacts *part = &g_array_index (rendition->parts, ClrRenditionFacts, i);
      rendition->changed = rendition->changed || part->high > 0 || part->has_long_line;
    }
  write_fields (rendition, &block, &entity, facts, TRUE, rendition->top);
  g_string_append_len (rendition->top, "\r\n", 2);
  clr_header_block_clear (&block);
  clr_rendition_entity_clear (&entity);
  if (rendition->changed && rendition->is_signed)
    fail (rendition, CLR_RENDITION_SIGNED);
  return rendition->verdict;
}

const GString *
clr_rendition_get_header (const ClrRendition *rendition)
{
  return rendition->top;
}

void
clr_rendition_begin (ClrRendition *rendition, ClrRenditionSink sink, void *data)
{
  rendition->rendering = TRUE;
  rendition->sink = sink;
  rendition->data = data;
  begin_walk (rendition);
}

void
clr_rendition_feed (ClrRendition *rendition, const uint8_t *bytes, size_t size)
{
  walk (rendition, bytes, size);
}

void
clr_rendition_end (ClrRendition *rendition)
{
  end_walk (rendition);
  flush (rendition, 0);
}

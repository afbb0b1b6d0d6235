/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-rendition.h"

#include "mail/clr-encoding.h"
#include "mail/clr-rendition-field.h"

#include <string.h>

#define DEPTH_MAX    32u            /* multiparts inside each other */
#define PARTS_MAX    10000u         /* header sections of one message */
#define BOUNDARY_MAX 900u           /* octets; RFC 2046 section 5.1.1 says 70 */
#define HEADER_MAX   (1024u * 1024) /* octets of one header section */
#define PIECE        2048u          /* octets of a line that are looked at together */
#define LONGEST_LINE 998u           /* RFC 5321 section 4.5.3.1.6 */
#define CODE_LINE    76u            /* RFC 2045 */
#define BASE64_INPUT 57u            /* octets of a line of 76 letters */
#define OUT          (16u * 1024)   /* octets given to the sink together */

/* What a part without parts is made of. */
typedef struct
{
  uint64_t size, high;
  gboolean has_long_line;
  gboolean is_utf8;
} Part;

typedef enum
{
  BODY_AS_IS,
  BODY_QUOTED_PRINTABLE,
  BODY_BASE64,
  BODY_IGNORED, /* in front of the first boundary and behind the last: nobody reads it */
} Body;

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
  Body body;
  Part *facts;      /* of the part that is being looked at, or NULL */
  GString *line;    /* the beginning of a piece */
  gboolean in_line; /* @line goes on a line whose first piece is gone */
  gboolean crlf;    /* a line end that may belong to a boundary */
  size_t line_size;
  /* Whether it is UTF-8, across pieces. */
  unsigned utf8_left;

  ClrRenditionSink sink;
  void *data;
  GString *out;
  size_t column; /* of quoted-printable */
  uint8_t group[BASE64_INPUT];
  size_t group_size;
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
  rendition->parts = g_array_new (FALSE, TRUE, sizeof (Part));
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

/* RFC 2045 section 6.7 */
static void
write_quoted_printable (ClrRendition *rendition, const uint8_t *bytes, size_t size, gboolean ends_line)
{
  static const char digits[] = "0123456789ABCDEF";
  GString *out = rendition->out;

  for (size_t i = 0; i < size; i++)
    {
      uint8_t c = bytes[i];
      gboolean last = ends_line && i + 1 == size;
      gboolean plain = (c > 32 && c < 127 && c != '=') || ((c == ' ' || c == '\t') && i + 1 < size);
      size_t n = plain ? 1 : 3;

      /* A soft line break takes the last place. */
      if (rendition->column + n > CODE_LINE - !last)
        {
          g_string_append_len (out, "=\r\n", 3);
          rendition->column = 0;
        }
      /* Transports that treat a line with one dot, or "From ", in a way of their own need not see any. */
      if (rendition->column == 0
          && (c == '.' || (c == 'F' && size - i > 4 && memcmp (bytes + i, "From ", 5) == 0)))
        {
          plain = FALSE;
          n = 3;
        }
      if (plain)
        g_string_append_c (out, c);
      else
        {
          g_string_append_c (out, '=');
          g_string_append_c (out, digits[c >> 4]);
          g_string_append_c (out, digits[c & 15]);
        }
      rendition->column += n;
    }
}

static void
write_group (ClrRendition *rendition)
{
  char code[BASE64_INPUT * 2];
  int state = 0, save = 0;
  size_t n;

  if (rendition->group_size == 0)
    return;
  n = g_base64_encode_step (rendition->group, rendition->group_size, FALSE, code, &state, &save);
  n += g_base64_encode_close (FALSE, code + n, &state, &save);
  g_string_append_len (rendition->out, code, n);
  g_string_append_len (rendition->out, "\r\n", 2);
  rendition->group_size = 0;
}

static void
write_base64 (ClrRendition *rendition, const uint8_t *bytes, size_t size)
{
  while (size > 0)
    {
      size_t n = MIN (size, BASE64_INPUT - rendition->group_size);

      memcpy (rendition->group + rendition->group_size, bytes, n);
      rendition->group_size += n;
      bytes += n;
      size -= n;
      if (rendition->group_size == BASE64_INPUT)
        write_group (rendition);
    }
}

/* -- bodies */

static void
look_at (ClrRendition *rendition, const uint8_t *bytes, size_t size)
{
  Part *facts = rendition->facts;
  uint64_t high = 0;

  for (size_t i = 0; i < size; i++)
    high += bytes[i] >> 7;
  facts->size += size;
  facts->high += high;
  if (high == 0 && rendition->utf8_left == 0)
    return;
  /* Roughly: leaders are followed by as many others as they say. */
  for (size_t i = 0; i < size; i++)
    {
      uint8_t c = bytes[i];

      if ((c & 0xc0) == 0x80)
        {
          facts->is_utf8 = facts->is_utf8 && rendition->utf8_left > 0;
          rendition->utf8_left -= rendition->utf8_left > 0;
          continue;
        }
      facts->is_utf8 = facts->is_utf8 && rendition->utf8_left == 0 && c < 0xf8 && c != 0xc0 && c != 0xc1;
      rendition->utf8_left = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
    }
}

static void
write_line_end (ClrRendition *rendition)
{
  if (!rendition->crlf)
    return;
  rendition->crlf = FALSE;
  rendition->column = 0;
  if (rendition->body == BODY_BASE64)
    write_base64 (rendition, (const uint8_t *)"\r\n", 2);
  else
    g_string_append_len (rendition->out, "\r\n", 2);
}

static void
body_piece (ClrRendition *rendition, const uint8_t *bytes, size_t size, gboolean ends_line)
{
  if (!rendition->rendering)
    {
      rendition->line_size += size;
      if (rendition->facts)
        {
          look_at (rendition, bytes, size);
          if (rendition->line_size > LONGEST_LINE)
            rendition->facts->has_long_line = TRUE;
        }
      else if (rendition->line_size > LONGEST_LINE || !clr_is_ascii ((const char *)bytes, size))
        rendition->changed = TRUE;
      if (ends_line)
        rendition->line_size = 0;
      return;
    }
  write_line_end (rendition);
  switch (rendition->body)
    {
    case BODY_AS_IS:
      g_string_append_len (rendition->out, (const char *)bytes, size);
      break;
    case BODY_QUOTED_PRINTABLE:
      write_quoted_printable (rendition, bytes, size, ends_line);
      break;
    case BODY_BASE64:
      write_base64 (rendition, bytes, size);
      break;
    case BODY_IGNORED:
      for (size_t i = 0; i < size; i++)
        {
          if (rendition->column == LONGEST_LINE)
            {
              g_string_append_len (rendition->out, "\r\n", 2);
              rendition->column = 0;
            }
          g_string_append_c (rendition->out, bytes[i] < 0x80 ? bytes[i] : '?');
          rendition->column++;
        }
      break;
    }
  rendition->crlf = ends_line;
}

/* The body that was coming is over. @boundary: the line end in front of it is not the body's (RFC 2046
 * section 5.1.1). */
static void
end_body (ClrRendition *rendition, gboolean boundary)
{
  rendition->facts = NULL;
  rendition->utf8_left = 0;
  rendition->line_size = 0;
  if (!rendition->rendering)
    return;
  if (!boundary)
    write_line_end (rendition);
  if (rendition->body == BODY_BASE64 && rendition->group_size > 0)
    {
      write_group (rendition);
      /* The code has ended its own line. */
      rendition->crlf = FALSE;
    }
  if (rendition->crlf)
    g_string_append_len (rendition->out, "\r\n", 2);
  rendition->crlf = FALSE;
  rendition->column = 0;
}

/* -- header sections */

typedef struct
{
  const ClrField *type, *encoding;
  char *media;         /* "text/plain", lower case */
  char *boundary;      /* of a multipart that is to be walked through, or NULL */
  gboolean is_message; /* a message whose parts are to be walked through */
  gboolean is_encoded; /* quoted-printable or base64 already */
} Entity;

static void
clear_entity (Entity *entity)
{
  g_free (entity->media);
  g_free (entity->boundary);
}

static void
read_entity (ClrRendition *rendition, const ClrHeaderBlock *block, Entity *entity)
{
  gboolean in_digest = rendition->depth > 0 && rendition->in_digest[rendition->depth - 1];
  size_t size;

  entity->type = clr_header_block_find (block, "Content-Type");
  entity->encoding = clr_header_block_find (block, "Content-Transfer-Encoding");
  entity->media = g_strdup (in_digest ? "message/rfc822" : "text/plain");
  entity->is_encoded = FALSE;
  if (entity->type)
    {
      g_autofree char *value = clr_field_dup_text (entity->type, 200);
      g_auto (GStrv) words = g_strsplit_set (value, "; (", 2);

      if (words[0] && strchr (words[0], '/'))
        {
          g_free (entity->media);
          entity->media = g_ascii_strdown (words[0], -1);
        }
    }
  if (entity->encoding)
    {
      const char *value = clr_field_get_value (entity->encoding, &size);
      g_autofree char *word = g_strndup (value, size);

      g_strstrip (word);
      entity->is_encoded
          = g_ascii_strcasecmp (word, "quoted-printable") == 0 || g_ascii_strcasecmp (word, "base64") == 0;
    }
  entity->boundary = NULL;
  if (entity->type && g_str_has_prefix (entity->media, "multipart/") && !entity->is_encoded)
    entity->boundary = clr_rendition_field_dup_parameter (entity->type, "boundary");
  if (entity->boundary && *entity->boundary == 0)
    g_clear_pointer (&entity->boundary, g_free);
  entity->is_message = strcmp (entity->media, "message/rfc822") == 0 && !entity->is_encoded;
}

/* What becomes of a part without parts. */
static Body
choose_body (const Part *facts, const Entity *entity)
{
  if (facts->high == 0 && !facts->has_long_line)
    return BODY_AS_IS;
  /* A coded body with 8-bit octets in it is damaged; this loses nothing that could be read. */
  if (entity->is_encoded)
    return BODY_IGNORED;
  /* Quoted-printable stays readable, as long as most of it is ASCII. */
  if (g_str_has_prefix (entity->media, "text/") || g_str_has_prefix (entity->media, "message/"))
    return facts->high * 2 > facts->size ? BODY_BASE64 : BODY_QUOTED_PRINTABLE;
  return BODY_BASE64;
}

/* The new Content-Transfer-Encoding; NULL: as it was. What has parts is never coded itself (RFC 2045
 * section 6.4). */
static const char *
choose_encoding (const Part *facts, const Entity *entity)
{
  static const char *const encodings[] = { NULL, "quoted-printable", "base64", NULL };

  if (entity->boundary || entity->is_message)
    return entity->encoding ? "7bit" : NULL;
  return facts ? encodings[choose_body (facts, entity)] : NULL;
}

static void
write_fields (ClrRendition *rendition, const ClrHeaderBlock *block, const Entity *entity, gboolean is_top,
              const char *encoding, const Part *facts, GString *into)
{
  unsigned own = is_top ? rendition->signatures : 0;
  const char *charset = facts && facts->high > 0 ? facts->is_utf8 ? "utf-8" : "unknown-8bit" : NULL;
  g_autofree char *given = entity->type ? clr_rendition_field_dup_parameter (entity->type, "charset") : NULL;
  gboolean adds_charset = encoding && charset && !given && g_str_has_prefix (entity->media, "text/");

  for (unsigned i = 0; i < block->n_fields; i++)
    {
      const ClrField *field = &block->fields[i];

      if (own > 0 && clr_field_is (field, "DKIM-Signature"))
        own--;
      else if (encoding && field == entity->encoding)
        continue;
      else if (field->name_size == 0)
        {
          size_t before = into->len;

          for (size_t n = 0; n < field->size; n++)
            g_string_append_c (into, (unsigned char)field->start[n] < 0x80 ? field->start[n] : '?');
          clr_rendition_field_cut_lines (into, before);
        }
      else
        {
          if (!clr_rendition_field_is_needed (field))
            g_string_append_len (into, field->start, field->size);
          else if (!clr_rendition_field_write (field, into))
            fail (rendition, CLR_RENDITION_ADDRESS);
          if (field == entity->type && adds_charset)
            {
              while (into->len > 0 && strchr ("\r\n ;", into->str[into->len - 1]))
                g_string_truncate (into, into->len - 1);
              g_string_append_printf (into, ";\r\n\tcharset=%s\r\n", charset);
            }
        }
    }
  if (encoding == NULL)
    return;
  if (is_top && !clr_header_block_find (block, "MIME-Version"))
    g_string_append (into, "MIME-Version: 1.0\r\n");
  if (!entity->type && adds_charset)
    g_string_append_printf (into, "Content-Type: text/plain; charset=%s\r\n", charset);
  g_string_append_printf (into, "Content-Transfer-Encoding: %s\r\n", encoding);
}

/* A header section is complete: what stands behind it? */
static void
take_header (ClrRendition *rendition)
{
  gboolean is_top = rendition->part == 0;
  ClrHeaderBlock block;
  Entity entity;
  Part *facts = NULL;

  clr_header_block_parse (&block, rendition->header->str, rendition->header->len);
  read_entity (rendition, &block, &entity);
  rendition->in_header = FALSE;
  rendition->body = BODY_AS_IS;
  if (!rendition->rendering)
    {
      Part none = { .is_utf8 = TRUE };

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
    facts = &g_array_index (rendition->parts, Part, rendition->part);

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
      rendition->body = BODY_IGNORED;
    }
  else if (entity.is_message)
    /* A message inside has parts of its own. */
    rendition->in_header = TRUE;
  else if (facts)
    {
      rendition->facts = rendition->rendering ? NULL : facts;
      rendition->body = choose_body (facts, &entity);
    }
  if (rendition->rendering && !is_top)
    {
      write_fields (rendition, &block, &entity, FALSE, choose_encoding (facts, &entity), facts,
                    rendition->out);
      g_string_append_len (rendition->out, "\r\n", 2);
    }
  rendition->part++;
  g_string_truncate (rendition->header, 0);
  clr_header_block_clear (&block);
  clear_entity (&entity);
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
          rendition->crlf = FALSE;
          if (rendition->depth <= i)
            return FALSE;
        }
      end_body (rendition, TRUE);
      leave_to_depth (rendition, closes ? i : i + 1);
      rendition->in_header = !closes;
      rendition->body = BODY_IGNORED;
      if (rendition->rendering)
        {
          /* Behind it are only blanks. */
          g_string_append_len (rendition->out, (const char *)line, MIN (size, LONGEST_LINE));
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
      body_piece (rendition, bytes, size, ends_line);
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
  rendition->in_line = rendition->crlf = FALSE;
  rendition->facts = NULL;
  rendition->column = rendition->group_size = rendition->line_size = 0;
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
  Entity entity;
  const Part *facts;

  end_walk (rendition);
  rendition->top = g_string_sized_new (raw->len);
  clr_header_block_parse (&block, raw->str, raw->len);
  read_entity (rendition, &block, &entity);
  facts = &g_array_index (rendition->parts, Part, 0);
  for (unsigned i = 0; i < rendition->parts->len; i++)
    {
      const Part *part = &g_array_index (rendition->parts, Part, i);
      rendition->changed = rendition->changed || part->high > 0 || part->has_long_line;
    }
  write_fields (rendition, &block, &entity, TRUE, choose_encoding (facts, &entity), facts, rendition->top);
  g_string_append_len (rendition->top, "\r\n", 2);
  clr_header_block_clear (&block);
  clear_entity (&entity);
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

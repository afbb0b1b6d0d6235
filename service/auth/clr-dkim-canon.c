/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dkim-canon.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define GATHER 4096u

struct ClrDkimBody
{
  ClrCanon canon;
  gnutls_hash_hd_t hash;
  void (*sink) (const void *bytes, size_t size, void *data);
  void *data;
  gboolean any;   /* something but line ends has been hashed */
  size_t pending; /* octets of CR LF CR LF ... held back: they count only if text follows */
  gboolean blank; /* relaxed: white space held back */
  size_t gathered;
  uint8_t gather[GATHER];
};

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

void
clr_dkim_canon_field (ClrCanon canon, const char *field, size_t size, GString *into)
{
  const char *end = field + size, *p, *colon;
  gboolean blank = FALSE, any = FALSE;

  while (end > field && (end[-1] == '\n' || end[-1] == '\r'))
    end--;
  if (canon == CLR_CANON_SIMPLE)
    {
      g_string_append_len (into, field, end - field);
      g_string_append (into, "\r\n");
      return;
    }

  /* Section 3.4.2: name in lower case, unfolded, runs of blanks made one, none at the ends nor around the
   * colon. */
  colon = memchr (field, ':', end - field);
  if (colon == NULL)
    colon = end;
  for (p = field; p < colon && !is_blank (*p); p++)
    g_string_append_c (into, g_ascii_tolower (*p));
  g_string_append_c (into, ':');
  for (p = colon < end ? colon + 1 : end; p < end; p++)
    {
      if (*p == '\r' || *p == '\n')
        continue;
      if (is_blank (*p))
        {
          blank = TRUE;
          continue;
        }
      if (blank && any)
        g_string_append_c (into, ' ');
      g_string_append_c (into, *p);
      blank = FALSE;
      any = TRUE;
    }
  g_string_append (into, "\r\n");
}

static void
hash_bytes (const void *bytes, size_t size, void *data)
{
  gnutls_hash (((ClrDkimBody *)data)->hash, bytes, size);
}

ClrDkimBody *
clr_dkim_body_new (ClrCanon canon)
{
  ClrDkimBody *body = g_new (ClrDkimBody, 1);

  memset (body, 0, offsetof (ClrDkimBody, gather));
  body->canon = canon;
  body->sink = hash_bytes;
  body->data = body;
  gnutls_hash_init (&body->hash, GNUTLS_DIG_SHA256);
  return body;
}

void
clr_dkim_body_set_sink (ClrDkimBody *body, void (*sink) (const void *, size_t, void *), void *data)
{
  body->sink = sink;
  body->data = data;
}

static void
flush (ClrDkimBody *body)
{
  if (body->gathered)
    body->sink (body->gather, body->gathered, body->data);
  body->gathered = 0;
}

static void
put (ClrDkimBody *body, const uint8_t *bytes, size_t size)
{
  if (body->gathered + size > GATHER)
    flush (body);
  if (size > GATHER)
    {
      body->sink (bytes, size, body->data);
      return;
    }
  memcpy (body->gather + body->gathered, bytes, size);
  body->gathered += size;
}

/* All line ends are CRLF, so their octets follow from their number. */
static void
put_pending (ClrDkimBody *body)
{
  for (size_t i = 0; i < body->pending; i++)
    put (body, (const uint8_t *)(i % 2 ? "\n" : "\r"), 1);
  body->pending = 0;
}

/* Section 3.4.3: all as it is, but for empty lines at the end. */
static void
feed_simple (ClrDkimBody *body, const uint8_t *bytes, size_t size)
{
  size_t text = size;

  while (text > 0 && (bytes[text - 1] == '\r' || bytes[text - 1] == '\n'))
    text--;
  if (text == 0)
    {
      body->pending += size;
      return;
    }
  put_pending (body);
  put (body, bytes, text);
  body->pending = size - text;
  body->any = TRUE;
}

/* Section 3.4.4: as simple, with runs of blanks made one, and none at the end of a line. */
static void
feed_relaxed (ClrDkimBody *body, const uint8_t *bytes, size_t size)
{
  static const uint8_t special[256] = { [' '] = 1, ['\t'] = 1, ['\r'] = 1, ['\n'] = 1 };
  const uint8_t *p = bytes, *end = bytes + size;

  while (p < end)
    {
      if (is_blank (*p))
        {
          body->blank = TRUE;
          p++;
        }
      else if (*p == '\r' || *p == '\n')
        {
          body->blank = FALSE;
          body->pending++;
          p++;
        }
      else
        {
          const uint8_t *start = p;

          while (p < end && !special[*p])
            p++;
          put_pending (body);
          if (body->blank)
            put (body, (const uint8_t *)" ", 1);
          body->blank = FALSE;
          put (body, start, p - start);
          body->any = TRUE;
        }
    }
}

void
clr_dkim_body_feed (ClrDkimBody *body, const uint8_t *bytes, size_t size)
{
  if (body->canon == CLR_CANON_SIMPLE)
    feed_simple (body, bytes, size);
  else
    feed_relaxed (body, bytes, size);
}

void
clr_dkim_body_end (ClrDkimBody *body, uint8_t hash[32])
{
  /* Simple: an empty body is one CRLF. Relaxed: it is nothing. */
  if (body->any || body->canon == CLR_CANON_SIMPLE)
    put (body, (const uint8_t *)"\r\n", 2);
  flush (body);
  gnutls_hash_output (body->hash, hash);
}

void
clr_dkim_body_free (ClrDkimBody *body)
{
  gnutls_hash_deinit (body->hash, NULL);
  g_free (body);
}

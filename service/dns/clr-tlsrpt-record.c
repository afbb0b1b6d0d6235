/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dns/clr-tlsrpt-record.h"

#include "dns/clr-record-fields.h"

#include <string.h>

#define VERSION  "v=TLSRPTv1"
#define URI_MOST 2048u /* octets */

/* RFC 3986 appendix A: an absolute URI, and no comma, exclamation mark or semicolon (RFC 8460 section 3). */
static gboolean
is_uri (const char *text, size_t size)
{
  g_autofree char *uri = NULL;
  size_t i = 0;

  if (size == 0 || size > URI_MOST || !g_ascii_isalpha (*text))
    return FALSE;
  while (i < size && (g_ascii_isalnum (text[i]) || (text[i] && strchr ("+-.", text[i]))))
    i++;
  if (i == size || text[i] != ':')
    return FALSE;
  for (i++; i < size; i++)
    {
      if (text[i] == '%')
        {
          if (size - i < 3 || !g_ascii_isxdigit (text[i + 1]) || !g_ascii_isxdigit (text[i + 2]))
            return FALSE;
        }
      else if (!g_ascii_isalnum (text[i]) && (text[i] == 0 || !strchr ("-._~:/?#[]@$&'()*+=", text[i])))
        return FALSE;
    }
  uri = g_strndup (text, size);
  return g_uri_is_valid (uri, G_URI_FLAGS_NONE, NULL);
}

static size_t
count_blanks (const char *text, size_t size)
{
  size_t n = 0;

  while (n < size && (text[n] == ' ' || text[n] == '\t'))
    n++;
  return n;
}

static const char *
read_places (GPtrArray *places, const char *value, size_t size)
{
  for (size_t at = 0;;)
    {
      const char *comma = memchr (value + at, ',', size - at);
      size_t end = comma ? (size_t)(comma - value) : size, uri = end - at;

      while (uri > 0 && (value[at + uri - 1] == ' ' || value[at + uri - 1] == '\t'))
        uri--;
      if (!is_uri (value + at, uri))
        return "a place in its rua is no URI";
      if (places->len < CLR_TLSRPT_PLACES_MOST)
        g_ptr_array_add (places, g_strndup (value + at, uri));
      if (comma == NULL)
        return NULL;
      at = end + 1;
      at += count_blanks (value + at, size - at);
    }
}

static const char *
on_field (const char *name, size_t name_size, const char *value, size_t value_size, void *data)
{
  GPtrArray *places = data;

  if (name_size != 3 || memcmp (name, "rua", 3) != 0)
    return clr_record_check_extension (name, name_size, value, value_size);
  return places->len > 0 ? NULL : read_places (places, value, value_size);
}

ClrTlsrptRecord *
clr_tlsrpt_record_parse (const char *text, size_t size, const char **problem)
{
  g_autoptr (GPtrArray) places = g_ptr_array_new_with_free_func (g_free);
  ClrTlsrptRecord *record;

  if (!clr_record_fields_parse (text, size, VERSION, on_field, places, problem))
    return NULL;
  if (places->len == 0)
    {
      *problem = "it has no rua";
      return NULL;
    }
  g_ptr_array_add (places, NULL);
  record = g_new0 (ClrTlsrptRecord, 1);
  record->places = (char **)g_ptr_array_free (g_steal_pointer (&places), FALSE);
  return record;
}

void
clr_tlsrpt_record_free (ClrTlsrptRecord *record)
{
  g_strfreev (record->places);
  g_free (record);
}

ClrTlsrptRecord *
clr_tlsrpt_record_choose (const ClrDnsAnswer *answer, const char **problem)
{
  const ClrDnsRecord *chosen = NULL;

  *problem = answer->problem;
  if (answer->status != CLR_DNS_FOUND)
    return NULL;
  *problem = "there is no TLSRPT record";
  for (unsigned i = 0; i < answer->n_records; i++)
    {
      const ClrDnsRecord *record = &answer->records[i];

      if (!clr_record_is_of ((const char *)record->bytes, record->size, VERSION))
        continue;
      /* RFC 8460 section 3: more than one is none. */
      if (chosen)
        {
          *problem = "there is more than one TLSRPT record";
          return NULL;
        }
      chosen = record;
    }
  return chosen ? clr_tlsrpt_record_parse ((const char *)chosen->bytes, chosen->size, problem) : NULL;
}

char *
clr_tlsrpt_place_dup_target (const char *place, gboolean *is_mail)
{
  *is_mail = g_ascii_strncasecmp (place, "mailto:", 7) == 0;
  if (*is_mail)
    /* RFC 6068 section 2: header fields stand behind the question mark, an address alone has no comma. */
    return g_uri_unescape_segment (place + 7, place + 7 + strcspn (place + 7, "?#"), NULL);
  return g_ascii_strncasecmp (place, "https://", 8) == 0 ? g_strdup (place) : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dmarc-record.h"

#include <string.h>

#define WHITE " \t"

static const char *const policies[] = { "none", "quarantine", "reject", NULL };
static const char *const psds[] = { "u", "y", "n", NULL };
static const char *const modes[] = { "r", "s", NULL };
static const char *const flags[] = { "n", "y", NULL };

typedef enum
{
  TAG_P,
  TAG_SP,
  TAG_NP,
  TAG_ADKIM,
  TAG_ASPF,
  TAG_T,
  TAG_PSD,
  TAG_RUA,
  TAG_RUF,
  N_TAGS,
} Tag;

/* The values are numbers into @words; of lists of addresses there are no words. Whatever else stands in a
 * record (fo, and pct, rf and ri of RFC 7489) is of no use here. */
static const struct
{
  const char *name;
  const char *const *words;
} tags[N_TAGS] = {
  [TAG_P] = { "p", policies },      [TAG_SP] = { "sp", policies },  [TAG_NP] = { "np", policies },
  [TAG_ADKIM] = { "adkim", modes }, [TAG_ASPF] = { "aspf", modes }, [TAG_T] = { "t", flags },
  [TAG_PSD] = { "psd", psds },      [TAG_RUA] = { "rua", NULL },    [TAG_RUF] = { "ruf", NULL },
};

const char *
clr_dmarc_policy_get_name (ClrDmarcPolicy policy)
{
  return policies[policy];
}

void
clr_dmarc_record_free (ClrDmarcRecord *record)
{
  g_ptr_array_unref (record->rua);
  g_ptr_array_unref (record->ruf);
  g_free (record->ignored);
  g_free (record);
}

/* Returns: what stands behind the version, or NULL. Its value is case-sensitive, its name is not. */
static const char *
skip_version (const char *text)
{
  if (*text != 'v' && *text != 'V')
    return NULL;
  text++;
  text += strspn (text, WHITE);
  if (*text++ != '=')
    return NULL;
  text += strspn (text, WHITE);
  if (!g_str_has_prefix (text, "DMARC1"))
    return NULL;
  text += strlen ("DMARC1");
  text += strspn (text, WHITE);
  return *text == 0 ? text : *text == ';' ? text + 1 : NULL;
}

gboolean
clr_dmarc_record_is_one (const char *text)
{
  return skip_version (text) != NULL;
}

/* RFC 7489 let a size stand behind an address, "!10m"; it is ignored (RFC 9989 section 4.7). @uri: is cut. */
static gboolean
cut_size (char *uri)
{
  char *mark = strchr (uri, '!'), *p = mark;

  if (mark == NULL)
    return TRUE;
  for (p++; g_ascii_isdigit (*p); p++)
    ;
  if (p == mark + 1)
    return FALSE;
  p += *p && strchr ("kmgtKMGT", *p);
  *mark = 0;
  return *p == 0;
}

static gboolean
is_uri (const char *uri)
{
  const char *p = uri;

  if (!g_ascii_isalpha (*p))
    return FALSE;
  while (g_ascii_isalnum (*p) || (*p && strchr ("+-.", *p)))
    p++;
  if (*p++ != ':' || *p == 0)
    return FALSE;
  for (const char *q = p; *q; q++)
    if (*q <= ' ' || *q >= 127)
      return FALSE;
  if (g_ascii_strncasecmp (uri, "mailto:", 7) == 0)
    {
      const char *at = strchr (p, '@');

      return at && at > p && at[1];
    }
  return TRUE;
}

/* Those that are none are left out. */
static gboolean
read_uris (const char *value, GPtrArray *into)
{
  g_auto (GStrv) parts = g_strsplit (value, ",", CLR_DMARC_URIS_MOST + 1);

  for (unsigned i = 0; parts[i] && i < CLR_DMARC_URIS_MOST; i++)
    {
      char *uri = g_strstrip (parts[i]);

      if (cut_size (uri) && is_uri (uri))
        g_ptr_array_add (into, g_strdup (uri));
    }
  return into->len > 0;
}

/* Returns: the number of @value, -1 when it is none. */
static int
find_word (const char *const *words, const char *value)
{
  for (int i = 0; words[i]; i++)
    if (g_ascii_strcasecmp (words[i], value) == 0)
      return i;
  return -1;
}

/* "a, b" of what could not be read; strangers' names are shown in part only. */
static void
ignore (ClrDmarcRecord *record, const char *name)
{
  g_autofree char *shown = g_strndup (name, 20), *plain = g_strescape (shown, NULL);
  char *all;

  if (record->ignored && strlen (record->ignored) > 100)
    return;
  all = record->ignored ? g_strdup_printf ("%s, %s", record->ignored, plain) : g_strdup (plain);
  g_free (record->ignored);
  record->ignored = all;
}

/* @values: -1 where a tag is missing or not valid. */
static void
settle (ClrDmarcRecord *record, const int values[N_TAGS], const gboolean met[N_TAGS])
{
  gboolean bad = FALSE;

  for (Tag tag = TAG_P; tag <= TAG_NP; tag++)
    bad = bad || (met[tag] && values[tag] < 0);
  record->has_subdomain_policy = values[TAG_SP] >= 0;
  record->has_absent_policy = values[TAG_NP] >= 0;
  /* Section 4.7: no p= is as p=none. Section 4.10.1: a policy that is not valid makes it none if somebody can
   * be told of it, else DMARC does not apply. */
  record->applies = !bad || record->rua->len > 0;
  if (!bad)
    {
      record->policy = MAX (values[TAG_P], 0);
      record->subdomain_policy
          = record->has_subdomain_policy ? (ClrDmarcPolicy)values[TAG_SP] : record->policy;
      record->absent_policy
          = record->has_absent_policy ? (ClrDmarcPolicy)values[TAG_NP] : record->subdomain_policy;
    }
  record->dkim_strict = values[TAG_ADKIM] == 1;
  record->spf_strict = values[TAG_ASPF] == 1;
  record->testing = values[TAG_T] == 1;
  record->psd = MAX (values[TAG_PSD], 0);
}

ClrDmarcRecord *
clr_dmarc_record_parse (const char *text, const char **problem)
{
  const char *p = skip_version (text);
  g_autoptr (ClrDmarcRecord) record = g_new0 (ClrDmarcRecord, 1);
  int values[N_TAGS];
  gboolean met[N_TAGS] = { FALSE };

  record->rua = g_ptr_array_new_with_free_func (g_free);
  record->ruf = g_ptr_array_new_with_free_func (g_free);
  memset (values, -1, sizeof values);
  if (p == NULL)
    {
      *problem = "it does not begin with v=DMARC1";
      return NULL;
    }
  while (*p)
    {
      size_t size = strcspn (p, ";");
      g_autofree char *part = g_strndup (p, size), *name = NULL;
      char *equals = strchr (part, '=');
      Tag tag = 0;

      p += size + (p[size] == ';');
      name = g_strstrip (g_strndup (part, equals ? (size_t)(equals - part) : strlen (part)));
      while (tag < N_TAGS && g_ascii_strcasecmp (tags[tag].name, name) != 0)
        tag++;
      if (*name == 0 && equals == NULL)
        continue;
      if (tag == N_TAGS || equals == NULL)
        {
          if (equals == NULL)
            ignore (record, name);
          continue;
        }
      if (met[tag])
        {
          *problem = "a tag stands twice (RFC 6376 section 3.2)";
          return NULL;
        }
      met[tag] = TRUE;
      g_strstrip (equals + 1);
      if (tags[tag].words)
        values[tag] = find_word (tags[tag].words, equals + 1);
      else
        values[tag] = read_uris (equals + 1, tag == TAG_RUA ? record->rua : record->ruf) ? 0 : -1;
      if (values[tag] < 0)
        ignore (record, name);
    }
  settle (record, values, met);
  return g_steal_pointer (&record);
}

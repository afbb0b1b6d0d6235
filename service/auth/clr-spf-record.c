/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-spf-record.h"

#include "auth/clr-spf-macro.h"

#include <string.h>

#define VERSION "v=spf1"

/* What may stand behind a mechanism's name. */
typedef enum
{
  NOTHING,
  DOMAIN_NEEDED,
  DOMAIN_ALLOWED,
  DOMAIN_AND_PREFIX, /* both allowed */
  NETWORK,
} Argument;

static const struct
{
  const char *name;
  ClrSpfMechanism mechanism;
  Argument argument;
} mechanisms[] = {
  { "all", CLR_SPF_ALL, NOTHING },        { "include", CLR_SPF_INCLUDE, DOMAIN_NEEDED },
  { "a", CLR_SPF_A, DOMAIN_AND_PREFIX },  { "mx", CLR_SPF_MX, DOMAIN_AND_PREFIX },
  { "ptr", CLR_SPF_PTR, DOMAIN_ALLOWED }, { "ip4", CLR_SPF_IP4, NETWORK },
  { "ip6", CLR_SPF_IP6, NETWORK },        { "exists", CLR_SPF_EXISTS, DOMAIN_NEEDED },
};

static void
clear_term (void *data)
{
  ClrSpfTerm *term = data;

  g_free (term->text);
  g_free (term->target);
}

void
clr_spf_record_free (ClrSpfRecord *record)
{
  g_array_unref (record->terms);
  g_free (record->redirect);
  g_free (record->explanation);
  g_free (record);
}

gboolean
clr_spf_record_is_one (const char *text)
{
  size_t size = strlen (VERSION);

  return g_ascii_strncasecmp (text, VERSION, size) == 0 && (text[size] == 0 || text[size] == ' ');
}

/* All of @text is a number without leading zeros. */
static gboolean
read_bits (const char *text, unsigned most, unsigned *bits)
{
  unsigned value = 0, n = 0;

  for (; g_ascii_isdigit (text[n]) && n < 4; n++)
    value = value * 10 + (text[n] - '0');
  *bits = value;
  return n > 0 && n < 4 && text[n] == 0 && value <= most && (n == 1 || *text != '0');
}

/* The slashes and digits at the end of @text. Returns: the first of the digits, or NULL. */
static char *
find_prefix (char *text, unsigned slashes)
{
  char *p = text + strlen (text);

  while (p > text && g_ascii_isdigit (p[-1]))
    p--;
  if (*p == 0 || p - text < (ptrdiff_t)slashes)
    return NULL;
  for (unsigned i = 1; i <= slashes; i++)
    if (p[-(int)i] != '/')
      return NULL;
  return p;
}

/* Cuts dual-cidr-length (section 5.6) off the end: a domain-spec may hold slashes too. */
static gboolean
cut_prefixes (char *argument, ClrSpfTerm *term)
{
  char *p = find_prefix (argument, 2);

  if (p)
    {
      if (!read_bits (p, 128, &term->bits6))
        return FALSE;
      p[-2] = 0;
    }
  p = find_prefix (argument, 1);
  if (p)
    {
      if (!read_bits (p, 32, &term->bits4))
        return FALSE;
      p[-1] = 0;
    }
  return TRUE;
}

static gboolean
read_network (char *argument, ClrSpfTerm *term)
{
  gboolean v6 = term->mechanism == CLR_SPF_IP6;
  char *slash = strchr (argument, '/');

  if (*argument != ':')
    return FALSE;
  if (slash)
    {
      if (!read_bits (slash + 1, v6 ? 128 : 32, v6 ? &term->bits6 : &term->bits4))
        return FALSE;
      *slash = 0;
    }
  return clr_spf_address_parse_literally (&term->network, argument + 1) && term->network.is_v6 == v6;
}

static gboolean
read_target (const char *argument, ClrSpfTerm *term, gboolean needed)
{
  if (*argument == 0)
    return !needed;
  if (*argument != ':' || !clr_spf_macro_check (argument + 1, CLR_SPF_MACRO_DOMAIN, &term->wants))
    return FALSE;
  term->target = g_strdup (argument + 1);
  return TRUE;
}

static gboolean
read_argument (Argument kind, char *argument, ClrSpfTerm *term)
{
  switch (kind)
    {
    case NOTHING:
      return *argument == 0;
    case NETWORK:
      return read_network (argument, term);
    case DOMAIN_AND_PREFIX:
      return cut_prefixes (argument, term) && read_target (argument, term, FALSE);
    default:
      return read_target (argument, term, kind == DOMAIN_NEEDED);
    }
}

static gboolean
add_mechanism (ClrSpfRecord *record, const char *word)
{
  const char *name = strchr ("+-~?", *word) ? word + 1 : word;
  size_t size = strcspn (name, ":/");
  ClrSpfTerm term = { .qualifier = name > word ? *word : '+', .bits4 = 32, .bits6 = 128 };

  for (unsigned i = 0; i < G_N_ELEMENTS (mechanisms); i++)
    if (strlen (mechanisms[i].name) == size && g_ascii_strncasecmp (mechanisms[i].name, name, size) == 0)
      {
        g_autofree char *argument = g_strdup (name + size);
        gboolean ok;

        term.mechanism = mechanisms[i].mechanism;
        ok = read_argument (mechanisms[i].argument, argument, &term);
        term.text = g_strdup (word);
        g_array_append_val (record->terms, term);
        return ok;
      }
  return FALSE;
}

/* The octets of a modifier's name, 0 when @word is none. */
static size_t
measure_name (const char *word)
{
  size_t size = 0;

  while (g_ascii_isalnum (word[size]) || (word[size] && strchr ("-_.", word[size])))
    size++;
  return g_ascii_isalpha (*word) && word[size] == '=' ? size : 0;
}

static gboolean
add_modifier (ClrSpfRecord *record, const char *word, size_t size)
{
  const char *value = word + size + 1;
  gboolean is_redirect = size == 8 && g_ascii_strncasecmp (word, "redirect", size) == 0;
  gboolean is_explanation = size == 3 && g_ascii_strncasecmp (word, "exp", size) == 0;
  char **place = is_redirect ? &record->redirect : &record->explanation;

  if (!is_redirect && !is_explanation)
    return clr_spf_macro_check (value, CLR_SPF_MACRO_ANY, NULL);
  /* Section 6: each at most once. */
  if (*place
      || !clr_spf_macro_check (value, CLR_SPF_MACRO_DOMAIN,
                               is_redirect ? &record->redirect_wants : &record->explanation_wants))
    return FALSE;
  *place = g_strdup (value);
  return TRUE;
}

ClrSpfRecord *
clr_spf_record_parse (const char *text, char **problem)
{
  g_autoptr (ClrSpfRecord) record = g_new0 (ClrSpfRecord, 1);
  const char *p = text + strlen (VERSION);

  record->terms = g_array_new (FALSE, FALSE, sizeof (ClrSpfTerm));
  g_array_set_clear_func (record->terms, clear_term);
  for (;;)
    {
      p += strspn (p, " ");
      if (*p == 0)
        return g_steal_pointer (&record);
      g_autofree char *word = g_strndup (p, strcspn (p, " "));
      size_t size = measure_name (word);
      if (record->terms->len >= CLR_SPF_TERMS_MOST)
        {
          *problem = g_strdup_printf ("it has more than %u terms", CLR_SPF_TERMS_MOST);
          return NULL;
        }
      if (size ? !add_modifier (record, word, size) : !add_mechanism (record, word))
        {
          g_autofree char *shown = g_strndup (word, 60), *plain = g_strescape (shown, NULL);
          *problem = g_strdup_printf ("“%s” is no valid term", plain);
          return NULL;
        }
      p += strlen (word);
    }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-spf-macro.h"

#include <string.h>

#define NAME_MOST 253u
#define TEXT_MOST 1024u /* octets of one text with macros; a name has 253, an explanation is one line */

/* One "%{...}", taken apart. */
typedef struct
{
  char letter;
  gboolean escape; /* an upper-case letter: percent-encoded */
  unsigned keep;   /* labels from the right, 0 for all */
  gboolean reverse;
  char delimiters[8]; /* each once */
} Macro;

/* @text: behind the "%{". Returns: the octets up to and including the "}", 0 when it is no macro. */
static size_t
read_macro (const char *text, Macro *macro)
{
  const char *p = text;
  unsigned n = 0;

  memset (macro, 0, sizeof *macro);
  macro->letter = g_ascii_tolower (*p);
  macro->escape = g_ascii_isupper (*p);
  if (*p == 0 || strchr ("slodiphcrtv", macro->letter) == NULL)
    return 0;
  p++;
  if (g_ascii_isdigit (*p))
    {
      for (; g_ascii_isdigit (*p); p++)
        macro->keep = MIN (macro->keep * 10 + (unsigned)(*p - '0'), 1000u);
      if (macro->keep == 0) /* section 7.3: it must not be zero */
        return 0;
    }
  macro->reverse = *p == 'r' || *p == 'R';
  p += macro->reverse;
  for (; *p && strchr (".-+,/_=", *p); p++)
    if (strchr (macro->delimiters, *p) == NULL)
      macro->delimiters[n++] = *p;
  return *p == '}' ? (size_t)(p - text) + 1 : 0;
}

/* toplabel of section 7.1: letters, digits and inner hyphens, not all digits. */
static gboolean
is_top_label (const char *label, size_t size)
{
  gboolean all_digits = TRUE;

  for (size_t i = 0; i < size; i++)
    {
      if (!g_ascii_isalnum (label[i]) && label[i] != '-')
        return FALSE;
      all_digits = all_digits && g_ascii_isdigit (label[i]);
    }
  return size > 0 && !all_digits && label[0] != '-' && label[size - 1] != '-';
}

/* @ends_in_macro: the last thing was a "%{...}". */
static gboolean
has_domain_end (const char *text, gboolean ends_in_macro)
{
  size_t size = strlen (text);
  const char *dot;

  if (ends_in_macro)
    return TRUE;
  if (size > 0 && text[size - 1] == '.')
    size--;
  dot = g_strrstr_len (text, size, ".");
  return dot && is_top_label (dot + 1, text + size - dot - 1);
}

gboolean
clr_spf_macro_check (const char *text, ClrSpfMacroKind kind, uint32_t *wants)
{
  gboolean ends_in_macro = FALSE;
  uint32_t letters = 0;

  if (strlen (text) > TEXT_MOST)
    return FALSE;
  for (const char *p = text; *p; p++)
    {
      Macro macro;
      size_t size;

      ends_in_macro = FALSE;
      if (*p == '%' && p[1] == '{')
        {
          size = read_macro (p + 2, &macro);
          if (size == 0 || (kind == CLR_SPF_MACRO_DOMAIN && strchr ("crt", macro.letter)))
            return FALSE;
          letters |= 1u << (macro.letter - 'a');
          p += 1 + size;
          ends_in_macro = TRUE;
        }
      else if (*p == '%')
        {
          if (*++p == 0 || strchr ("%_-", *p) == NULL)
            return FALSE;
        }
      else if ((*p <= ' ' && !(kind == CLR_SPF_MACRO_EXPLANATION && *p == ' ')) || *p >= 127)
        return FALSE; /* with signed characters, octets over 127 are below a blank */
    }
  if (wants)
    *wants = letters;
  return kind != CLR_SPF_MACRO_DOMAIN || has_domain_end (text, ends_in_macro);
}

static char *
dup_value (char letter, const ClrSpfFacts *facts)
{
  char address[CLR_SPF_ADDRESS_TEXT];

  switch (letter)
    {
    case 's':
      return g_strdup_printf ("%s@%s", facts->local, facts->sender_domain);
    case 'l':
      return g_strdup (facts->local);
    case 'o':
      return g_strdup (facts->sender_domain);
    case 'd':
      return g_strdup (facts->domain);
    case 'i':
      return clr_spf_address_dup_dotted (facts->address);
    case 'p':
      return g_strdup (facts->validated ? facts->validated : "unknown");
    case 'h':
      return g_strdup (facts->helo);
    case 'c':
      clr_spf_address_to_text (facts->address, address);
      return g_strdup (address);
    case 'r':
      return g_strdup (facts->receiver);
    case 't':
      return g_strdup_printf ("%" G_GINT64_FORMAT, facts->now);
    default: /* v */
      return g_strdup (facts->address->is_v6 ? "ip6" : "in-addr");
    }
}

/* Section 7.3: split at the delimiters, reversed, the rightmost kept, joined with dots. */
static void
append_macro (GString *into, const Macro *macro, const ClrSpfFacts *facts)
{
  g_autofree char *value = dup_value (macro->letter, facts);

  if (macro->keep || macro->reverse || *macro->delimiters)
    {
      g_auto (GStrv) parts = g_strsplit_set (value, *macro->delimiters ? macro->delimiters : ".", -1);
      unsigned n = g_strv_length (parts);
      unsigned first = macro->keep && macro->keep < n ? n - macro->keep : 0;
      GString *joined = g_string_new (NULL);

      for (unsigned i = first; i < n; i++)
        g_string_append_printf (joined, "%s%s", i > first ? "." : "", parts[macro->reverse ? n - 1 - i : i]);
      g_free (value);
      value = g_string_free (joined, FALSE);
    }
  if (macro->escape)
    g_string_append_uri_escaped (into, value, NULL, FALSE);
  else
    g_string_append (into, value);
}

char *
clr_spf_macro_expand (const char *text, const ClrSpfFacts *facts)
{
  GString *into = g_string_new (NULL);

  for (const char *p = text; *p; p++)
    if (*p != '%')
      g_string_append_c (into, *p);
    else if (*++p == '{')
      {
        Macro macro;
        size_t size = read_macro (p + 1, &macro);

        g_assert (size > 0);
        append_macro (into, &macro, facts);
        p += size;
      }
    else
      g_string_append (into, *p == '%' ? "%" : *p == '_' ? " " : "%20");
  return g_string_free (into, FALSE);
}

char *
clr_spf_macro_expand_domain (const char *text, const ClrSpfFacts *facts)
{
  g_autofree char *all = clr_spf_macro_expand (text, facts);
  size_t size = strlen (all);
  char *name = all;

  if (size > 0 && all[size - 1] == '.')
    all[--size] = 0;
  while (strlen (name) > NAME_MOST)
    {
      char *dot = strchr (name, '.');

      if (dot == NULL)
        break;
      name = dot + 1;
    }
  return g_strdup (name);
}

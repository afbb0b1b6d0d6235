/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <idn2.h> /* first: it may define one of GLib's macros in its own way */
#undef G_GNUC_DEPRECATED

#include "base/clr-domain.h"

#include <string.h>

#define LABEL_MOST 63
#define NAME_MOST  253

gboolean
clr_domain_is_name (const char *domain)
{
  size_t label = 0;
  const char *p;

  for (p = domain; *p; p++)
    {
      gboolean ok = *p == '.' ? label > 0 : g_ascii_isalnum (*p) || *p == '-' || *p == '_';

      label = *p == '.' ? 0 : label + 1;
      if (!ok || label > LABEL_MOST || p - domain >= NAME_MOST)
        return FALSE;
    }
  return label > 0;
}

static gboolean
is_ascii (const char *text)
{
  for (; *text; text++)
    if ((unsigned char)*text >= 0x80)
      return FALSE;
  return TRUE;
}

char *
clr_domain_to_ascii (const char *domain)
{
  g_autofree char *name = NULL;

  if (is_ascii (domain))
    name = g_ascii_strdown (domain, -1);
  else if (strlen (domain) < 4 * NAME_MOST)
    {
      char *made = NULL;

      if (idn2_lookup_u8 ((const uint8_t *)domain, (uint8_t **)&made, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL)
          == IDN2_OK)
        name = g_ascii_strdown (made, -1);
      idn2_free (made);
    }
  return name && clr_domain_is_name (name) ? g_steal_pointer (&name) : NULL;
}

char *
clr_domain_to_unicode (const char *domain)
{
  g_autofree char *name = NULL;
  char *made = NULL;

  if (!clr_domain_is_name (domain) || strcasestr (domain, "xn--") == NULL)
    return NULL;
  if (idn2_to_unicode_8z8z (domain, &made, 0) == IDN2_OK && g_utf8_validate (made, -1, NULL)
      && !is_ascii (made))
    name = g_strdup (made);
  idn2_free (made);
  return g_steal_pointer (&name);
}

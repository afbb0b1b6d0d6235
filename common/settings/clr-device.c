/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-device.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  const char *preset, *key, *value;
} Default;

/* What a device of each kind usually needs. A key in the file overrides. */
static const Default defaults[] = {
  /* Forgets what a mail client would write, but speaks the protocol. */
  { "generic-printer", "repair-headers", "true" },
  { "generic-printer", "bare-newlines", "normalize" },
  { "generic-printer", "quirks", "missing-brackets, space-after-colon" },
  /* The SMTP of 2004: its TLS fails if it is offered any, its password comes in clear. */
  { "old-printer", "repair-headers", "true" },
  { "old-printer", "bare-newlines", "normalize" },
  { "old-printer", "lenient-commands", "true" },
  { "old-printer", "quirks", "no-starttls, auth-in-clear" },
  /* Small software without TLS; a picture a movement, and nobody who watches it. */
  { "ups-or-camera", "repair-headers", "true" },
  { "ups-or-camera", "bare-newlines", "normalize" },
  { "ups-or-camera", "lenient-commands", "true" },
  { "ups-or-camera", "quirks", "no-starttls" },
  { "ups-or-camera", "messages-per-hour", "600" },
  { "ups-or-camera", "max-recipients", "20" },
  /* Knows the protocol; its alarms come when much goes wrong at once. */
  { "application", "quirks", "missing-date, missing-message-id" },
  { "application", "priority", "1" },
  /* Much at once is usual, and has time. */
  { "bulk", "priority", "-5" },
  { "bulk", "on-unusual", "report" },
  { "bulk", "quirks", "missing-date, missing-message-id" },
};

static const struct
{
  const char *word;
  gboolean early;
} quirks[] = {
#define ROW(id, word, early, help) { word, early },
  CLR_QUIRKS (ROW)
#undef ROW
};

const char *
clr_quirk_get_word (ClrQuirkNumber number)
{
  return quirks[number].word;
}

char *
clr_quirks_to_text (ClrQuirks set)
{
  GString *text = g_string_new (NULL);

  for (unsigned i = 0; i < CLR_QUIRK_COUNT; i++)
    if (set & (1u << i))
      g_string_append_printf (text, "%s%s", text->len ? ", " : "", quirks[i].word);
  return g_string_free (text, FALSE);
}

ClrQuirks
clr_quirks_get_early (void)
{
  unsigned set = 0;

  for (unsigned i = 0; i < CLR_QUIRK_COUNT; i++)
    set |= quirks[i].early ? 1u << i : 0;
  return set;
}

/* Returns: the bit, 0 for a word that is none. */
static unsigned
find_quirk (const char *word)
{
  for (unsigned i = 0; i < CLR_QUIRK_COUNT; i++)
    if (g_str_equal (quirks[i].word, word))
      return 1u << i;
  return 0;
}

ClrQuirks
clr_section_get_quirks (ClrSection *device)
{
  unsigned set = 0;

  for (const char *const *word = clr_section_get_list (device, "quirks"); *word; word++)
    set |= find_quirk (*word);
  if (clr_section_get_boolean (device, "repair-headers"))
    set |= CLR_QUIRK_MISSING_DATE | CLR_QUIRK_MISSING_MESSAGE_ID | CLR_QUIRK_MISSING_FROM;
  if (g_str_equal (clr_section_get_text (device, "bare-newlines"), "normalize"))
    set |= CLR_QUIRK_BARE_NEWLINES;
  if (clr_section_get_boolean (device, "lenient-commands"))
    set |= CLR_QUIRK_MISSING_BRACKETS | CLR_QUIRK_SPACE_AFTER_COLON | CLR_QUIRK_BAD_HELO;
  if (clr_section_is_set (device, "legacy-tls-until"))
    set |= CLR_QUIRK_LEGACY_TLS;
  return set;
}

void
clr_device_apply_preset (ClrSection *device)
{
  const char *preset = clr_section_get_text (device, "preset");

  for (unsigned i = 0; preset && i < G_N_ELEMENTS (defaults); i++)
    {
      GParamSpec *pspec;
      GValue value = G_VALUE_INIT;
      g_autofree char *why = NULL;

      if (!g_str_equal (defaults[i].preset, preset) || clr_section_is_set (device, defaults[i].key))
        continue;
      pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (device), defaults[i].key);
      if (!clr_value_parse (pspec, defaults[i].value, &value, &why))
        g_error ("preset %s: %s: %s", preset, defaults[i].key, why);
      g_object_set_property (G_OBJECT (device), pspec->name, &value);
      g_value_unset (&value);
    }
}

static char *
find_quirk_problem (ClrSection *device)
{
  ClrQuirks early = clr_section_get_quirks (device) & clr_quirks_get_early ();

  for (const char *const *word = clr_section_get_list (device, "quirks"); *word; word++)
    if (find_quirk (*word) == 0)
      {
        g_autofree char *all = clr_quirks_to_text ((1u << CLR_QUIRK_COUNT) - 1);
        return g_strdup_printf (_ ("quirks: there is no quirk \"%s\"; there are %s"), *word, all);
      }
  if ((clr_section_get_quirks (device) & CLR_QUIRK_LEGACY_TLS)
      && !clr_section_is_set (device, "legacy-tls-until"))
    return g_strdup (_ ("quirks: legacy-tls ends one day; say when with legacy-tls-until = YEAR-MONTH-DAY"));
  if (early && !clr_section_is_set (device, "networks"))
    {
      g_autofree char *words = clr_quirks_to_text (early);
      return g_strdup_printf (
          _ ("quirks: %s act before a client can log in, and so need networks to know the "
             "device by; add networks, or leave them out (with a preset: set quirks and "
             "lenient-commands here)"),
          words);
    }
  return NULL;
}

char *
clr_device_find_problem (ClrSection *device)
{
  const char *address = clr_section_get_text (device, "rewrite-sender");

  if (!clr_section_is_set (device, "networks") && !clr_section_is_set (device, "logins"))
    return g_strdup (
        _ ("the setting networks or logins is missing: without one of them nobody is this device"));
  if (address && clr_section_is_set (device, "from-domains"))
    {
      const char *const *domain = clr_section_get_list (device, "from-domains");

      while (*domain && !clr_domain_pattern_matches (*domain, strrchr (address, '@') + 1))
        domain++;
      if (*domain == NULL)
        return g_strdup_printf (_ ("rewrite-sender: %s is in none of from-domains"), address);
    }
  return find_quirk_problem (device);
}

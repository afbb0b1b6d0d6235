/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-offers.h"

#include <string.h>

/* The number behind @text, or 0 where none that makes sense stands there. */
static uint64_t
read_number (const char *text, size_t size)
{
  uint64_t number = 0;

  if (size == 0 || size > 18)
    return 0;
  for (size_t i = 0; i < size; i++)
    {
      if (!g_ascii_isdigit (text[i]))
        return 0;
      number = number * 10 + (text[i] - '0');
    }
  return number;
}

static void
read_size (ClrOffers *offers, const char *value, size_t size)
{
  offers->max_size = read_number (value, size);
}

static void
read_mechanisms (ClrOffers *offers, const char *value, size_t size)
{
  g_free (offers->mechanisms);
  offers->mechanisms = g_strndup (value, size);
}

/* RFC 9422 section 2: NAME=VALUE, separated by spaces; what is not known or makes no sense is left aside. */
static void
read_limits (ClrOffers *offers, const char *value, size_t size)
{
  const struct
  {
    const char *name;
    unsigned *limit;
  } known[] = {
    { "MAILMAX=", &offers->max_messages },
    { "RCPTMAX=", &offers->max_recipients },
    { "RCPTDOMAINMAX=", &offers->max_recipient_domains },
  };
  const char *end = value + size;

  while (value < end)
    {
      const char *space = memchr (value, ' ', end - value), *stop = space ? space : end;

      for (unsigned i = 0; i < G_N_ELEMENTS (known); i++)
        {
          size_t n = strlen (known[i].name);
          if ((size_t)(stop - value) > n && g_ascii_strncasecmp (value, known[i].name, n) == 0)
            *known[i].limit = MIN (read_number (value + n, stop - value - n), G_MAXUINT);
        }
      value = space ? space + 1 : end;
    }
}

static const struct
{
  const char *keyword;
  ClrOffer offer;
  void (*read) (ClrOffers *offers, const char *value, size_t size);
} table[] = {
  { "PIPELINING", CLR_OFFER_PIPELINING, NULL }, { "SIZE", CLR_OFFER_SIZE, read_size },
  { "8BITMIME", CLR_OFFER_8BITMIME, NULL },     { "STARTTLS", CLR_OFFER_STARTTLS, NULL },
  { "AUTH", CLR_OFFER_AUTH, read_mechanisms },  { "DSN", CLR_OFFER_DSN, NULL },
  { "SMTPUTF8", CLR_OFFER_SMTPUTF8, NULL },     { "CHUNKING", CLR_OFFER_CHUNKING, NULL },
  { "LIMITS", CLR_OFFER_LIMITS, read_limits },
};

void
clr_offers_read_line (ClrOffers *offers, const char *line, size_t size)
{
  while (size > 0 && line[size - 1] == ' ')
    size--;
  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      size_t n = strlen (table[i].keyword);

      /* AUTH is also met with "=" behind it (drafts before RFC 2554). */
      if (size < n || g_ascii_strncasecmp (line, table[i].keyword, n) != 0
          || (size > n && line[n] != ' ' && line[n] != '='))
        continue;
      offers->offers |= table[i].offer;
      n = MIN (n + 1, size);
      if (table[i].read)
        table[i].read (offers, line + n, size - n);
      return;
    }
}

void
clr_offers_clear (ClrOffers *offers)
{
  g_free (offers->mechanisms);
  *offers = (ClrOffers){ 0 };
}

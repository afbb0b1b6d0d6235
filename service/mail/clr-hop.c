/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-hop.h"

#include "mail/clr-comment.h"

#include "mail/clr-date.h"

#include <string.h>

#define VALUE_MOST (8u * 1024) /* octets that are looked at */
#define TEXT_MOST  320u        /* octets of a word; longer ones are cut */

/* What a word begins, and whose words and comments follow. */
typedef enum
{
  CLAUSE_NONE,
  CLAUSE_FROM,
  CLAUSE_BY,
  CLAUSE_VIA,
  CLAUSE_WITH,
  CLAUSE_ID,
  CLAUSE_FOR,
} Clause;

static const char *const clauses[] = {
  [CLAUSE_FROM] = "from", [CLAUSE_BY] = "by", [CLAUSE_VIA] = "via",
  [CLAUSE_WITH] = "with", [CLAUSE_ID] = "id", [CLAUSE_FOR] = "for",
};

static Clause
read_clause (const char *word, size_t size)
{
  for (unsigned i = CLAUSE_FROM; i < G_N_ELEMENTS (clauses); i++)
    if (strlen (clauses[i]) == size && g_ascii_strncasecmp (word, clauses[i], size) == 0)
      return i;
  return CLAUSE_NONE;
}

/* Control characters and octets that are no UTF-8 do not get into trace. (transfer full) */
static char *
dup_word (const char *word, size_t size)
{
  g_autofree char *copy = g_strndup (word, MIN (size, TEXT_MOST));
  char *text = g_utf8_make_valid (copy, -1);

  for (char *p = text; *p; p++)
    if (g_ascii_iscntrl (*p))
      *p = ' ';
  return text;
}

static void
take (char **place, const char *word, size_t size)
{
  if (size >= 2 && ((word[0] == '<' && word[size - 1] == '>') || (word[0] == '[' && word[size - 1] == ']')))
    {
      word++;
      size -= 2;
      if (size > 5 && word[-1] == '[' && g_ascii_strncasecmp (word, "IPv6:", 5) == 0)
        {
          word += 5;
          size -= 5;
        }
    }
  if (*place == NULL && size > 0)
    *place = dup_word (word, size);
}

/* "10.1.2.3", "[10.1.2.3]:25", "10.1.2.3:25", "[IPv6:::1]". Returns: (transfer full) NULL when it is no
 * address. */
static char *
dup_address (const char *word, size_t size)
{
  g_autofree char *text = NULL;
  char *colon;

  while (size > 0 && strchr ("[<", *word))
    {
      word++;
      size--;
    }
  for (size_t i = 0; i < size; i++)
    if (word[i] == ']' || word[i] == '>')
      size = i;
  if (size > 5 && g_ascii_strncasecmp (word, "IPv6:", 5) == 0)
    {
      word += 5;
      size -= 5;
    }
  text = dup_word (word, size);
  colon = strchr (text, ':');
  if (colon && strchr (text, '.') && strrchr (text, ':') == colon)
    *colon = 0;
  return g_hostname_is_ip_address (text) ? g_steal_pointer (&text) : NULL;
}

/* What stands in parentheses behind "from": name, address, HELO. */
static void
read_comment (ClrHop *hop, const char *text, size_t size)
{
  gboolean helo = FALSE;

  for (size_t i = 0, n; i < size; i += n)
    {
      const char *word = text + i;

      if (strchr (" \t\r\n,()", *word))
        {
          n = 1;
          continue;
        }
      for (n = 1; i + n < size && !strchr (" \t\r\n,()", word[n]) && word[n] != '['; n++)
        ;
      if (helo)
        take (&hop->helo, word, n);
      else if (n > 5 && g_ascii_strncasecmp (word, "helo=", 5) == 0)
        take (&hop->helo, word + 5, n - 5);
      else if (hop->address == NULL)
        hop->address = dup_address (word, n);
      helo = !helo && n == 4
             && (g_ascii_strncasecmp (word, "HELO", 4) == 0 || g_ascii_strncasecmp (word, "EHLO", 4) == 0);
    }
}

/* Some name their program in front of the protocol. */
static void
read_protocol (ClrHop *hop, const char *word, size_t size)
{
  g_autofree char *text = g_ascii_strup (word, size);
  gboolean known = strstr (text, "MTP") != NULL;

  text[strcspn (text, "/")] = 0;
  if (hop->protocol == NULL || (known && strstr (hop->protocol, "MTP") == NULL))
    {
      g_free (hop->protocol);
      hop->protocol = dup_word (text, strlen (text));
    }
}

static void
read_word (ClrHop *hop, Clause clause, unsigned nth, const char *word, size_t size)
{
  switch (clause)
    {
    case CLAUSE_FROM:
      if (nth == 0)
        take (&hop->from, word, size);
      else if (hop->address == NULL && *word == '[')
        hop->address = dup_address (word, size);
      break;
    case CLAUSE_BY:
      if (nth == 0)
        take (&hop->by, word, size);
      break;
    case CLAUSE_WITH:
      read_protocol (hop, word, size);
      break;
    case CLAUSE_ID:
      if (nth == 0)
        take (&hop->id, word, size);
      break;
    case CLAUSE_FOR:
      if (nth == 0)
        take (&hop->recipient, word, size);
      break;
    case CLAUSE_VIA:
    case CLAUSE_NONE:
      break;
    }
}

void
clr_hop_parse (ClrHop *hop, const char *value, size_t size)
{
  Clause clause = CLAUSE_NONE;
  unsigned seen = 0, nth = 0;

  *hop = (ClrHop){ 0 };
  size = MIN (size, VALUE_MOST);
  for (size_t i = 0, n; i < size; i += n)
    {
      const char *word = value + i;

      n = 1;
      if (g_ascii_isspace (*word) || *word == 0)
        continue;
      if (*word == ';')
        {
          hop->has_time = clr_date_from_text (word + 1, size - i - 1, &hop->time_us, &hop->offset);
          return;
        }
      if (*word == '(')
        {
          n = clr_comment_measure (word, size - i);
          /* Without a name in front: what comes next is not one either. */
          if (clause == CLAUSE_FROM)
            {
              read_comment (hop, word + 1, n - 1);
              nth++;
            }
          continue;
        }
      while (i + n < size && !g_ascii_isspace (word[n]) && word[n] != '(' && word[n] != ';')
        n++;

      Clause begins = read_clause (word, n);
      if (begins == CLAUSE_NONE)
        {
          read_word (hop, clause, nth++, word, n);
          continue;
        }
      /* A clause counts once. */
      clause = seen & (1u << begins) ? CLAUSE_NONE : begins;
      seen |= 1u << begins;
      nth = 0;
    }
}

void
clr_hop_clear (ClrHop *hop)
{
  g_free (hop->from);
  g_free (hop->helo);
  g_free (hop->address);
  g_free (hop->by);
  g_free (hop->protocol);
  g_free (hop->id);
  g_free (hop->recipient);
}

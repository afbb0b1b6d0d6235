/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-filter-private.h"

#include "base/clr-error.h"
#include "base/clr-id.h"

#include <string.h>

#define LONGEST   2000u
#define MOST      32u
#define SECOND_US ((int64_t)G_USEC_PER_SEC)

typedef enum
{
  VALUE_TEXT,
  VALUE_ADDRESS,
  VALUE_STATE,
  VALUE_TIME,
  VALUE_SIZE,
  VALUE_ID,
} Value;

static const struct
{
  const char *name;
  ClrFilterWord word;
  Value value;
} words[] = {
  { "from", CLR_FILTER_WORD_FROM, VALUE_ADDRESS },
  { "to", CLR_FILTER_WORD_TO, VALUE_ADDRESS },
  { "domain", CLR_FILTER_WORD_DOMAIN, VALUE_TEXT },
  { "address", CLR_FILTER_WORD_ADDRESS, VALUE_ADDRESS },
  { "device", CLR_FILTER_WORD_DEVICE, VALUE_TEXT },
  { "client", CLR_FILTER_WORD_CLIENT, VALUE_TEXT },
  { "route", CLR_FILTER_WORD_ROUTE, VALUE_TEXT },
  { "via", CLR_FILTER_WORD_ROUTE, VALUE_TEXT },
  { "state", CLR_FILTER_WORD_STATE, VALUE_STATE },
  { "reply", CLR_FILTER_WORD_REPLY, VALUE_TEXT },
  { "subject", CLR_FILTER_WORD_SUBJECT, VALUE_TEXT },
  { "message-id", CLR_FILTER_WORD_MESSAGE_ID, VALUE_TEXT },
  { "held", CLR_FILTER_WORD_HELD, VALUE_TEXT },
  { "older", CLR_FILTER_WORD_OLDER, VALUE_TIME },
  { "newer", CLR_FILTER_WORD_NEWER, VALUE_TIME },
  { "larger", CLR_FILTER_WORD_LARGER, VALUE_SIZE },
  { "smaller", CLR_FILTER_WORD_SMALLER, VALUE_SIZE },
  { "id", CLR_FILTER_WORD_ID, VALUE_ID },
};
#define KNOWN                                                                                                \
  "from: to: address: domain: device: client: route: via: state: reply: subject: message-id: older: newer: " \
  "larger: smaller: held: id:"

static void
clear_term (void *data)
{
  g_free (((ClrFilterTerm *)data)->text);
}

static gboolean
parse_scaled (const char *text, const char *units, const int64_t *scales, int64_t *result)
{
  char *end;
  guint64 number = g_ascii_strtoull (text, &end, 10);
  const char *unit;

  if (!g_ascii_isdigit (*text))
    return FALSE;
  if (*end == '\0')
    {
      *result = MIN (number, G_MAXINT64 / 4);
      return scales[0] == 1; /* a plain number where the unit may be left out */
    }
  unit = strchr (units, *end);
  if (unit == NULL || end[1] != '\0' || number > (guint64)(G_MAXINT64 / 4 / scales[unit - units]))
    return FALSE;
  *result = number * scales[unit - units];
  return TRUE;
}

/* A time: so long ago, or a date with or without the time of the day, in UTC. */
static gboolean
parse_time (const char *text, int64_t now_us, int64_t *result)
{
  static const int64_t scales[]
      = { SECOND_US, 60 * SECOND_US, 3600 * SECOND_US, 86400 * SECOND_US, 7 * 86400 * SECOND_US };
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autofree char *full = strlen (text) == 10 ? g_strconcat (text, "T00:00:00", NULL) : g_strdup (text);
  g_autoptr (GDateTime) date = NULL;

  if (parse_scaled (text, "smhdw", scales, result))
    {
      *result = now_us - *result;
      return TRUE;
    }
  date = g_date_time_new_from_iso8601 (full, utc);
  if (date)
    *result = g_date_time_to_unix (date) * SECOND_US;
  return date != NULL;
}

static gboolean
parse_state (const char *text, int64_t *result)
{
  for (int i = 0; i < CLR_RECIPIENT_STATES; i++)
    if (i != CLR_RECIPIENT_GIVEN_UP && g_str_equal (text, clr_recipient_state_get_name (i)))
      {
        *result = i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
is_address (const char *text)
{
  const char *at = strrchr (text, '@');

  return at && at > text && at[1] != '\0';
}

/* A word of its own that can only be a queue id: they begin with a digit for the next decades. Number plates,
 * bar codes and the like have no letters, or other lengths. */
static gboolean
is_id (const char *text)
{
  uint64_t id;

  return clr_id_from_text (text, &id) && g_ascii_isdigit (*text) && text[strspn (text, "0123456789")] != '\0';
}

/* Returns: NULL, or what would be right. */
static const char *
parse_value (ClrFilterTerm *term, Value kind, int64_t now_us)
{
  static const int64_t sizes[] = { 1, 1024, 1024 * 1024, 1024 * 1024 * 1024 };
  uint64_t id;

  switch (kind)
    {
    case VALUE_TEXT:
      term->whole = term->word == CLR_FILTER_WORD_MESSAGE_ID;
      if (term->whole && *term->text && *term->text != '<')
        {
          char *name = g_strconcat ("<", term->text, ">", NULL);

          g_free (term->text);
          term->text = name;
        }
      return NULL;
    case VALUE_ADDRESS:
      /* As a header field has it: <bob@example.com>, or a Message-ID. */
      if (*term->text == '<' && g_str_has_suffix (term->text, ">"))
        {
          char *bare = g_strndup (term->text + 1, strlen (term->text) - 2);

          g_free (term->text);
          term->text = bare;
        }
      term->whole = is_address (term->text);
      return NULL;
    case VALUE_STATE:
      return parse_state (term->text, &term->number)
                 ? NULL
                 : "a state is waiting, active, delivered, failed, held, bouncing or deleted";
    case VALUE_TIME:
      return parse_time (term->text, now_us, &term->number) ? NULL
                                                            : "a time is a number with s, m, h, d or w, or a "
                                                              "date like 2026-01-31 or 2026-01-31T08:30:00";
    case VALUE_SIZE:
      return parse_scaled (term->text, " kmg", sizes, &term->number)
                 ? NULL
                 : "a size is a number of octets, or one with K, M or G";
    case VALUE_ID:
      if (!clr_id_from_text (term->text, &id))
        return "a queue id has 13 letters and digits";
      term->number = id;
      return NULL;
    }
  g_assert_not_reached ();
}

/* Takes the next word off *@p: up to a blank, with quoted parts; the quotes go. */
static char *
next_word (const char **p, gboolean *open_quote)
{
  GString *word = g_string_new (NULL);
  gboolean quoted = FALSE;

  for (; **p && (quoted || !g_ascii_isspace (**p)); ++*p)
    if (**p == '"')
      quoted = !quoted;
    else
      g_string_append_c (word, **p);
  *open_quote = quoted;
  return g_string_free (word, FALSE);
}

static gboolean
parse_word (ClrFilter *filter, const char *word, gboolean is_quoted, int64_t now_us, const char **problem)
{
  ClrFilterTerm term = { .word = CLR_FILTER_WORD_ANY, .negated = word[0] == '-' && word[1] != '\0' };
  const char *text = word + term.negated, *colon = is_quoted ? NULL : strchr (text, ':');
  Value kind = VALUE_ADDRESS;

  for (unsigned i = 0; colon && i < G_N_ELEMENTS (words); i++)
    if (strlen (words[i].name) == (size_t)(colon - text)
        && g_ascii_strncasecmp (words[i].name, text, colon - text) == 0)
      {
        term.word = words[i].word;
        kind = words[i].value;
        text = colon + 1;
      }
  if (term.word == CLR_FILTER_WORD_ANY && colon
      && strspn (text, "abcdefghijklmnopqrstuvwxyz-") == (size_t)(colon - text))
    {
      *problem = "there is no such word; the words are " KNOWN " (put quotes around a text with a colon)";
      return FALSE;
    }
  if (term.word == CLR_FILTER_WORD_ANY && *text == '@' && text[1] != '\0')
    term.word = CLR_FILTER_WORD_ADDRESS;
  else if (term.word == CLR_FILTER_WORD_ANY && !is_quoted && is_id (text))
    {
      term.word = CLR_FILTER_WORD_ID;
      kind = VALUE_ID;
    }
  if (*text == '\0')
    {
      *problem = "something must follow";
      return FALSE;
    }
  /* The null sender is written as in the protocol. */
  term.text = term.word == CLR_FILTER_WORD_FROM && g_str_equal (text, "<>") ? g_strdup ("")
                                                                            : g_ascii_strdown (text, -1);
  *problem = parse_value (&term, kind, now_us);
  if (*problem)
    {
      g_free (term.text);
      return FALSE;
    }
  /* device:=copier is not copier-2 as well. */
  if (term.word == CLR_FILTER_WORD_DEVICE && *term.text == '=')
    {
      memmove (term.text, term.text + 1, strlen (term.text));
      term.whole = TRUE;
    }
  if (*term.text == '\0')
    term.whole = TRUE;
  g_array_append_val (filter->terms, term);
  return TRUE;
}

ClrFilter *
clr_filter_new (const char *text, int64_t now_us, GError **error)
{
  g_autoptr (ClrFilter) filter = g_new0 (ClrFilter, 1);

  atomic_init (&filter->references, 1);
  filter->terms = g_array_new (FALSE, TRUE, sizeof (ClrFilterTerm));
  g_array_set_clear_func (filter->terms, clear_term);
  if (strlen (text) > LONGEST || !g_utf8_validate (text, -1, NULL))
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID, "filter: it must be UTF-8 and have at most %u octets",
                   LONGEST);
      return NULL;
    }
  for (const char *p = text;;)
    {
      const char *problem = NULL, *at;
      gboolean open_quote;

      while (g_ascii_isspace (*p))
        p++;
      if (*p == '\0')
        return g_steal_pointer (&filter);
      at = p;
      g_autofree char *word = next_word (&p, &open_quote);
      if (open_quote)
        problem = "the quotes are not closed";
      else if (filter->terms->len == MOST)
        problem = "there are more than 32 words";
      if (problem || !parse_word (filter, word, at[*at == '-'] == '"', now_us, &problem))
        {
          g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID, "filter: \"%s\" at character %ld: %s", word,
                       g_utf8_pointer_to_offset (text, at) + 1, problem);
          return NULL;
        }
    }
}

ClrFilter *
clr_filter_ref (ClrFilter *filter)
{
  atomic_fetch_add (&filter->references, 1);
  return filter;
}

void
clr_filter_unref (ClrFilter *filter)
{
  if (atomic_fetch_sub (&filter->references, 1) != 1)
    return;
  g_array_unref (filter->terms);
  g_free (filter);
}

gboolean
clr_filter_get_id (const ClrFilter *filter, uint64_t *id)
{
  for (unsigned i = 0; i < filter->terms->len; i++)
    {
      const ClrFilterTerm *term = &g_array_index (filter->terms, ClrFilterTerm, i);

      if (term->word == CLR_FILTER_WORD_ID && !term->negated)
        {
          *id = term->number;
          return TRUE;
        }
    }
  return FALSE;
}

const char *
clr_filter_get_key (const ClrFilter *filter, ClrFilterKey which)
{
  static const ClrFilterWord key_words[]
      = { CLR_FILTER_WORD_FROM, CLR_FILTER_WORD_TO, CLR_FILTER_WORD_MESSAGE_ID, CLR_FILTER_WORD_ADDRESS,
          CLR_FILTER_WORD_ANY };

  for (unsigned i = 0; i < filter->terms->len; i++)
    {
      const ClrFilterTerm *term = &g_array_index (filter->terms, ClrFilterTerm, i);

      if (term->word == key_words[which] && term->whole && !term->negated)
        return term->text;
    }
  return NULL;
}

void
clr_filter_get_times (const ClrFilter *filter, int64_t *from_us, int64_t *until_us)
{
  *from_us = INT64_MIN;
  *until_us = INT64_MAX;
  for (unsigned i = 0; i < filter->terms->len; i++)
    {
      const ClrFilterTerm *term = &g_array_index (filter->terms, ClrFilterTerm, i);

      if (term->word == CLR_FILTER_WORD_NEWER && !term->negated)
        *from_us = MAX (*from_us, term->number);
      if (term->word == CLR_FILTER_WORD_OLDER && !term->negated)
        *until_us = MIN (*until_us, term->number);
    }
}

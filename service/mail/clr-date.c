/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-date.h"

#include "system/clr-local-time.h"

#include <string.h>
#include <time.h>

#define WORDS_MOST 8u  /* of a date */
#define WORD_MOST  32u /* octets */

void
clr_date_to_text (int64_t time_us, char text[CLR_DATE_TEXT])
{
  static const char days[] = "SunMonTueWedThuFriSat";
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  struct tm tm;
  int offset = clr_local_time (time_us / 1000000, &tm);

  g_snprintf (text, CLR_DATE_TEXT, "%.3s, %02d %.3s %04d %02d:%02d:%02d %c%02d%02d", days + tm.tm_wday * 3,
              tm.tm_mday, months + tm.tm_mon * 3, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
              offset < 0 ? '-' : '+', ABS (offset) / 60, ABS (offset) % 60);
}

/* -- read */

/* The words of a date; commas count as blanks, comments as nothing. Returns: how many, 0 when too many or too
 * long. */
static unsigned
split (const char *text, size_t size, char words[WORDS_MOST][WORD_MOST])
{
  unsigned n = 0, depth = 0;
  size_t used = 0;

  for (size_t i = 0; i <= size; i++)
    {
      char c = i < size ? text[i] : ' ';

      if (c == '(')
        depth++;
      else if (c == ')' && depth > 0)
        {
          depth--;
          continue;
        }
      if (depth > 0 || c == '(' || c == ',' || g_ascii_isspace (c))
        {
          if (used > 0)
            words[n++][used] = 0;
          used = 0;
          continue;
        }
      if (n == WORDS_MOST || used + 1 == WORD_MOST)
        return 0;
      words[n][used++] = c;
    }
  return depth == 0 ? n : 0;
}

/* @digits: at most so many. Returns: -1 when @text is no such number. */
static int
read_number (const char *text, size_t size, size_t digits)
{
  int number = 0;

  if (size == 0 || size > digits)
    return -1;
  for (size_t i = 0; i < size; i++)
    {
      if (!g_ascii_isdigit (text[i]))
        return -1;
      number = number * 10 + text[i] - '0';
    }
  return number;
}

static int
read_month (const char *word)
{
  static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";

  for (int i = 0; i < 12; i++)
    if (g_ascii_strncasecmp (word, months + i * 3, 3) == 0)
      return i + 1;
  return 0;
}

static int
read_year (const char *word)
{
  int year = read_number (word, strlen (word), 4);

  switch (strlen (word))
    {
    case 2:
      return year < 0 ? year : year < 50 ? year + 2000 : year + 1900;
    case 3:
      return year < 0 ? year : year + 1900;
    case 4:
      return year;
    default:
      return -1;
    }
}

static gboolean
read_clock (const char *word, int clock[3])
{
  clock[2] = 0;
  for (int i = 0; i < 3; i++)
    {
      size_t n = strcspn (word, ":");

      clock[i] = read_number (word, n, 2);
      if (clock[i] < 0)
        return FALSE;
      word += n;
      if (*word == 0)
        return i > 0;
      word++;
    }
  return FALSE;
}

/* A zone nobody knows says nothing about where it is: as "-0000". */
static gboolean
read_zone (const char *word, int *offset)
{
  static const struct
  {
    const char *name;
    int hours;
  } zones[] = { { "EST", -5 }, { "EDT", -4 }, { "CST", -6 }, { "CDT", -5 },
                { "MST", -7 }, { "MDT", -6 }, { "PST", -8 }, { "PDT", -7 } };
  int number;

  *offset = 0;
  if (*word != '+' && *word != '-')
    {
      for (unsigned i = 0; i < G_N_ELEMENTS (zones); i++)
        if (g_ascii_strcasecmp (word, zones[i].name) == 0)
          *offset = zones[i].hours * 60;
      return g_ascii_isalpha (*word);
    }
  number = read_number (word + 1, strlen (word + 1), 4);
  if (strlen (word) != 5 || number < 0 || number % 100 > 59)
    return FALSE;
  *offset = (number / 100 * 60 + number % 100) * (*word == '-' ? -1 : 1);
  return TRUE;
}

gboolean
clr_date_from_text (const char *text, size_t size, int64_t *time_us, int *offset)
{
  char words[WORDS_MOST][WORD_MOST];
  unsigned n = split (text, size, words), at = n > 0 && g_ascii_isalpha (words[0][0]) ? 1 : 0;
  int day, month, year, clock[3];

  *offset = 0;
  if (n < at + 4)
    return FALSE;
  day = read_number (words[at], strlen (words[at]), 2);
  month = read_month (words[at + 1]);
  year = read_year (words[at + 2]);
  /* A leap second is the second behind it. */
  if (year < 1900 || month == 0 || day < 1 || day > g_date_get_days_in_month (month, year)
      || !read_clock (words[at + 3], clock) || clock[0] > 23 || clock[1] > 59 || clock[2] > 60
      || (n > at + 4 && !read_zone (words[at + 4], offset)))
    return FALSE;

  GDate date;
  g_date_clear (&date, 1);
  g_date_set_dmy (&date, day, month, year);
  int64_t days = (int64_t)g_date_get_julian (&date) - 719163; /* 1970-01-01 */
  *time_us = (days * 86400 + clock[0] * 3600 + clock[1] * 60 + clock[2] - *offset * 60) * G_USEC_PER_SEC;
  return TRUE;
}

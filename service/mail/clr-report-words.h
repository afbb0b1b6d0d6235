/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words of reports, in the languages they are written in. A service has no locale, and its senders read
 * the language of the office and not of the machine: hence a table and no gettext. A language is a column of
 * it. Pure.
 */
#pragma once

#include "mail/clr-reason.h"

typedef enum
{
  CLR_LANGUAGE_ENGLISH,
  CLR_LANGUAGE_GERMAN,
  CLR_LANGUAGE_LAST,
} ClrLanguage;

typedef enum
{
  /* Subjects, in front of that of the message; and without one. */
  CLR_WORDS_SUBJECT_FAILED,
  CLR_WORDS_SUBJECT_DELAYED,
  CLR_WORDS_SUBJECT_DELIVERED,
  CLR_WORDS_SUBJECT_RELAYED,
  CLR_WORDS_NO_SUBJECT,
  /* What happened; _MANY with several addresses. */
  CLR_WORDS_FAILED_ONE,
  CLR_WORDS_FAILED_MANY,
  CLR_WORDS_DELAYED_ONE,
  CLR_WORDS_DELAYED_MANY,
  CLR_WORDS_DELIVERED_ONE,
  CLR_WORDS_DELIVERED_MANY,
  CLR_WORDS_RELAYED_ONE,
  CLR_WORDS_RELAYED_MANY,
  CLR_WORDS_EXPANDED_ONE,
  CLR_WORDS_EXPANDED_MANY,
  CLR_WORDS_NULL_SENDER, /* for the postmaster */
  CLR_WORDS_AND_MORE,    /* %u further addresses */
  /* Whether it goes on. */
  CLR_WORDS_NO_MORE,
  CLR_WORDS_TRIED_FOR,     /* %s: a time */
  CLR_WORDS_RETRIED_UNTIL, /* %s: a date */
  CLR_WORDS_RETRIED,
  CLR_WORDS_DELIVERED_NOTE,
  CLR_WORDS_RELAYED_NOTE,
  CLR_WORDS_OTHERS,
  /* The message. */
  CLR_WORDS_YOUR_MESSAGE,
  CLR_WORDS_SUBJECT,
  CLR_WORDS_ACCEPTED,
  CLR_WORDS_MESSAGE_ID,
  CLR_WORDS_RETURNED_ALL,
  CLR_WORDS_RETURNED_HEADERS,
  CLR_WORDS_SIGNED, /* %s relay, %s postmaster, %s queue id */
  /* The technical part. */
  CLR_WORDS_TECHNICAL,
  CLR_WORDS_ANSWER_OF, /* %s host, %s date */
  CLR_WORDS_HAPPENED,  /* %s date */
  /* Times, singular and plural. */
  CLR_WORDS_DAY,
  CLR_WORDS_DAYS,
  CLR_WORDS_HOUR,
  CLR_WORDS_HOURS,
  CLR_WORDS_MINUTE,
  CLR_WORDS_MINUTES,
  CLR_WORDS_SECOND,
  CLR_WORDS_SECONDS,
  CLR_WORDS_LAST,
} ClrWords;

/* "en", "de"; anything else is English. */
ClrLanguage clr_language_from_text (const char *text);
const char *clr_language_get_tag (ClrLanguage language);
const char *clr_words_get (ClrLanguage language, ClrWords words);
/* Why, and what to do now. */
const char *clr_words_get_reason (ClrLanguage language, ClrReason reason);
const char *clr_words_get_advice (ClrLanguage language, ClrReason reason);

/* "Tuesday, 24 November 2026, 10:14 (UTC+1)", in local time. (transfer full) */
char *clr_words_dup_date (ClrLanguage language, int64_t time_us);
/* "5 days" (transfer full) */
char *clr_words_dup_duration (ClrLanguage language, int64_t duration_us);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of ClrFilter share: clr-filter.c (words are read), clr-filter-fits.c (the predicate) and
 * clr-filter-sql.c (the same as SQL). Pure.
 */
#pragma once

#include "queue/clr-filter.h"

#include <stdatomic.h>

typedef enum
{
  CLR_FILTER_WORD_FROM,
  CLR_FILTER_WORD_TO,
  CLR_FILTER_WORD_DOMAIN,
  CLR_FILTER_WORD_ADDRESS, /* sender or recipient; @example.com: any address there */
  CLR_FILTER_WORD_DEVICE,
  CLR_FILTER_WORD_CLIENT,
  CLR_FILTER_WORD_ROUTE,
  CLR_FILTER_WORD_STATE,
  CLR_FILTER_WORD_REPLY,
  CLR_FILTER_WORD_SUBJECT,
  CLR_FILTER_WORD_MESSAGE_ID,
  CLR_FILTER_WORD_HELD, /* why it was held when it came in */
  CLR_FILTER_WORD_OLDER,
  CLR_FILTER_WORD_NEWER,
  CLR_FILTER_WORD_LARGER,
  CLR_FILTER_WORD_SMALLER,
  CLR_FILTER_WORD_ID,
  CLR_FILTER_WORD_ANY, /* a word of its own: an address, a Message-ID or the subject */
} ClrFilterWord;

typedef struct
{
  ClrFilterWord word;
  gboolean negated;
  gboolean whole; /* the text must be all of it: an address or a Message-ID */
  char *text;     /* in lower case */
  int64_t number;
} ClrFilterTerm;

struct ClrFilter
{
  atomic_int references;
  GArray *terms;
};

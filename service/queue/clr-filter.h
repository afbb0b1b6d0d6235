/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrFilter: which mail is meant, in words a person types: `from:bob@example.com older:4h -state:held "late
 * report"`, `device:=copier` for one with just that name. All words must fit one recipient of a message.
 * Parsed once, then either a predicate or SQL with bound values, so that every place that chooses mail
 * understands the same language. Pure.
 */
#pragma once

#include "queue/clr-message.h"

typedef struct ClrFilter ClrFilter;

/* @now_us: what `older:` and `newer:` count from. On failure @error says which word, where it stands and what
 * would be right. Text without words fits everything. */
ClrFilter *clr_filter_new (const char *text, int64_t now_us, GError **error);
ClrFilter *clr_filter_ref (ClrFilter *filter);
void clr_filter_unref (ClrFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrFilter, clr_filter_unref)

gboolean clr_filter_fits (const ClrFilter *filter, const ClrMessage *message, const ClrRecipient *recipient);
/* The one message that it can fit, if it names one. */
gboolean clr_filter_get_id (const ClrFilter *filter, uint64_t *id);

/* Texts that must be found whole, for which a store has an index. */
typedef enum
{
  CLR_FILTER_SENDER,
  CLR_FILTER_RECIPIENT,
  CLR_FILTER_MESSAGE_ID,
  CLR_FILTER_ADDRESS, /* sender or recipient */
  CLR_FILTER_ANY,     /* sender, recipient, or Message-ID without its brackets */
  CLR_FILTER_KEYS
} ClrFilterKey;
const char *clr_filter_get_key (const ClrFilter *filter, ClrFilterKey which);
/* Only mail that came in from *@from_us on and before *@until_us can fit. */
void clr_filter_get_times (const ClrFilter *filter, int64_t *from_us, int64_t *until_us);

/* Where a store keeps what is not a column of the same name: messages are `m`, recipients `r`. */
typedef struct
{
  const char *subject, *message_id, *lane;
  const char *attempts; /* a table whose replies count, too, or NULL */
} ClrFilterColumns;

/* Appends " AND …" for each word, with parameters numbered from @first on. */
void clr_filter_to_sql (const ClrFilter *filter, const ClrFilterColumns *columns, unsigned first,
                        GString *into);
unsigned clr_filter_get_n_values (const ClrFilter *filter);
/* The @i-th value to bind. Returns: its text, or NULL when it is *@number. */
const char *clr_filter_get_value (const ClrFilter *filter, unsigned i, int64_t *number);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a server's reply means and what to do about it, in the words of a person: a dictionary of the replies
 * of the big providers and the common servers. Any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ClrReplyEntry:
 * @who: whose reply it is, such as "Microsoft 365"; %NULL: any server's
 * @pattern: what the reply holds: a regular expression, without regard to case
 * @title: what it means, in a few words; to be translated
 * @advice: what to do about it; to be translated
 * @page: the page of the app where that is done, %NULL when it is done elsewhere
 * @example: a reply of this kind
 *
 * One entry of the dictionary.
 */
typedef struct
{
  const char *who, *pattern, *title, *advice, *page, *example;
} ClrReplyEntry;

/**
 * clr_reply_dictionary_find:
 * @code: the reply's code, 0 when there was no reply
 * @enhanced: (nullable): its enhanced status code
 * @text: (nullable): its text, or what went wrong
 *
 * Returns: (transfer none) (nullable): the first entry that fits; those of one provider come before those of
 * all
 */
const ClrReplyEntry *clr_reply_dictionary_find (int code, const char *enhanced, const char *text);

/**
 * clr_reply_dictionary_get:
 * @i: from 0
 *
 * Returns: (transfer none) (nullable): the @i-th entry; %NULL behind the last
 */
const ClrReplyEntry *clr_reply_dictionary_get (guint i);

/**
 * clr_reply_entry_get_title:
 *
 * Returns: (transfer none): the title in the language of the process
 */
const char *clr_reply_entry_get_title (const ClrReplyEntry *entry);

/**
 * clr_reply_entry_get_advice:
 *
 * Returns: (transfer none): the advice in the language of the process
 */
const char *clr_reply_entry_get_advice (const ClrReplyEntry *entry);

G_END_DECLS

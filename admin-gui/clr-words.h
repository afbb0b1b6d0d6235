/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the models say, in the words of a person who does not know the protocol. Pure.
 */
#pragma once

#include "model/clr-model.h"

G_BEGIN_DECLS

/* A time of the wire ("2026-11-24T09:14:00.123Z") as the clock on the wall shows it, with the zone where
 * @full. NULL for none. (transfer full) */
char *clr_words_time (const char *wire, gboolean full);
/* The same, seen from @now_us (microseconds since 1970): "in 4 minutes", "3 hours ago". (transfer full) */
char *clr_words_when (const char *wire, gint64 now_us);
/* "a@x.example and 3 more". (transfer full) */
char *clr_words_recipients (ClrMessageInfo *message);
/* One word or two for a whole message: "Waiting", "Delivered", "2 of 3 delivered". (transfer full) */
char *clr_words_state (ClrMessageInfo *message);
/* The last thing that was heard about it, of the recipient that fares worst. (transfer full) */
char *clr_words_last_reply (ClrMessageInfo *message);
/* When the next of its recipients is tried, as of the wire; NULL when none is. (transfer full) */
char *clr_words_next_attempt (ClrMessageInfo *message);
/* "Waiting: mx.example.com says: mailbox full (452 4.2.2). Next try at 09:20." (transfer full) */
char *clr_words_recipient (ClrRecipientInfo *recipient, gint64 now_us);
/* "mx.example.com said at the end of the data: queued (250 2.0.0)". (transfer full) */
char *clr_words_attempt (ClrAttemptInfo *attempt);
/* A state of the wire as a person says it; the same text when it is not known. */
const char *clr_words_state_name (const char *state);
/* All that a help desk wants to know, as plain text. (transfer full) */
char *clr_words_for_help_desk (ClrMessageInfo *message, gint64 now_us);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrMessageRoll: what waits at a relay as a #GListModel that is as long as the list is, a million rows or
 * more: the service filters and sorts, rows are fetched when they are looked at, wherever they are.
 */
#pragma once

#include "client/clr-client.h"

G_BEGIN_DECLS

#define CLR_TYPE_MESSAGE_ROLL (clr_message_roll_get_type ())
G_DECLARE_FINAL_TYPE (ClrMessageRoll, clr_message_roll, CLR, MESSAGE_ROLL, GObject)

/**
 * clr_message_roll_new:
 * @client: whom to ask
 *
 * Nothing is asked before clr_message_roll_refresh().
 *
 * Returns: (transfer full): an empty list; its items are #ClrMessageInfo. A row that has not come yet is one
 *   without an id; it is filled, and tells so by its properties, when the row comes.
 */
ClrMessageRoll *clr_message_roll_new (ClrClient *client);

/**
 * clr_message_roll_set_filter:
 * @filter: words of the filter language, "" for all messages
 *
 * Starts the list anew. A filter that the service does not understand is told by #ClrMessageRoll:error.
 */
void clr_message_roll_set_filter (ClrMessageRoll *self, const char *filter);

/**
 * clr_message_roll_set_order:
 * @order: "accepted", "sender", "recipient", "subject", "size", "state", "next" or "device"
 * @descending: whether the last comes first
 *
 * Starts the list anew.
 */
void clr_message_roll_set_order (ClrMessageRoll *self, const char *order, gboolean descending);

/**
 * clr_message_roll_get_filter:
 *
 * Returns: (transfer none): the words
 */
const char *clr_message_roll_get_filter (ClrMessageRoll *self);

/**
 * clr_message_roll_refresh:
 * @keep: whether positions must stay what they are, because somebody has chosen rows by them
 *
 * Asks again for the rows that were looked at last. Without @keep the list itself may become another: then
 * positions are other messages, and the length is new.
 */
void clr_message_roll_refresh (ClrMessageRoll *self, gboolean keep);

/**
 * clr_message_roll_get_error:
 *
 * Returns: (nullable) (transfer none): why the last rows did not come, in words
 */
const char *clr_message_roll_get_error (ClrMessageRoll *self);

/**
 * clr_message_roll_is_loading:
 *
 * Returns: whether the beginning of the list is being waited for
 */
gboolean clr_message_roll_is_loading (ClrMessageRoll *self);

/**
 * clr_message_roll_is_complete:
 *
 * Returns: whether the length of the list is known
 */
gboolean clr_message_roll_is_complete (ClrMessageRoll *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrMessageList: the messages of a relay as a #GListModel that is fetched page by page, as far as somebody
 * looks.
 */
#pragma once

#include "client/clr-client.h"

G_BEGIN_DECLS

#define CLR_TYPE_MESSAGE_LIST (clr_message_list_get_type ())
G_DECLARE_FINAL_TYPE (ClrMessageList, clr_message_list, CLR, MESSAGE_LIST, GObject)

/**
 * clr_message_list_new:
 * @client: whom to ask
 * @path: "/v1/queue" (what is not finished, oldest first) or "/v1/trace" (that and the history, newest first)
 *
 * Nothing is asked before clr_message_list_refresh().
 *
 * Returns: (transfer full): an empty list; its items are #ClrMessageInfo
 */
ClrMessageList *clr_message_list_new (ClrClient *client, const char *path);

/**
 * clr_message_list_set_filter:
 * @filter: words of the filter language, "" for all messages
 *
 * Starts the list anew. A filter that the service does not understand is told by #ClrMessageList:error.
 */
void clr_message_list_set_filter (ClrMessageList *self, const char *filter);

/**
 * clr_message_list_get_filter:
 *
 * Returns: (transfer none): the words
 */
const char *clr_message_list_get_filter (ClrMessageList *self);

/**
 * clr_message_list_refresh:
 *
 * Asks again for what has been fetched, and changes only what has changed: who looks at a row goes on looking
 * at it.
 */
void clr_message_list_refresh (ClrMessageList *self);

/**
 * clr_message_list_get_error:
 *
 * Returns: (nullable) (transfer none): why the last page did not come, in words
 */
const char *clr_message_list_get_error (ClrMessageList *self);

/**
 * clr_message_list_is_loading:
 *
 * Returns: whether an answer is being waited for
 */
gboolean clr_message_list_is_loading (ClrMessageList *self);

/**
 * clr_message_list_has_more:
 *
 * Returns: whether the service has more than what has been fetched; it is fetched when the last rows are
 * looked at
 */
gboolean clr_message_list_has_more (ClrMessageList *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrMessageView: messages as a table, with a word in their place when there are none: the same for queue and
 * trace.
 */
#pragma once

#include "client/clr-message-list.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define CLR_TYPE_MESSAGE_VIEW (clr_message_view_get_type ())
G_DECLARE_FINAL_TYPE (ClrMessageView, clr_message_view, CLR, MESSAGE_VIEW, AdwBin)

/* Signals: "activated" (id) when a message is opened, "selection-changed". */

/* @list: kept. */
void clr_message_view_set_list (ClrMessageView *self, ClrMessageList *list);
/* What is said when nothing is there, without and with a filter. */
void clr_message_view_set_empty (ClrMessageView *self, const char *icon, const char *title,
                                 const char *description, const char *none_found);
/* Queue ids of the chosen messages. (transfer full) */
GPtrArray *clr_message_view_get_chosen (ClrMessageView *self);
guint clr_message_view_get_n_chosen (ClrMessageView *self);
void clr_message_view_choose_none (ClrMessageView *self);

G_END_DECLS

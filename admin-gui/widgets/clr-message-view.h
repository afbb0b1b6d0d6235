/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrMessageView: messages as a table, with a word in their place when there are none: the same for queue,
 * trace and incident.
 */
#pragma once

#include <gio/gio.h>

#include <adwaita.h>

G_BEGIN_DECLS

#define CLR_TYPE_MESSAGE_VIEW (clr_message_view_get_type ())
G_DECLARE_FINAL_TYPE (ClrMessageView, clr_message_view, CLR, MESSAGE_VIEW, AdwBin)

/* Signals: "activated" (id) when a message is opened, "selection-changed", "sort" (order, descending) when a
 * head of the table was clicked. */

/* @list: of ClrMessageInfo, with the properties "filter", "error" and "loading" of a ClrMessageList; kept. */
void clr_message_view_set_list (ClrMessageView *self, GListModel *list);
/* The heads of the table can be clicked; @order: the one that counts now. Orders are those of a
 * ClrMessageRoll. */
void clr_message_view_set_sortable (ClrMessageView *self, const char *order);
/* What is said when nothing is there, without and with a filter. */
void clr_message_view_set_empty (ClrMessageView *self, const char *icon, const char *title,
                                 const char *description, const char *none_found);
/* Queue ids of the chosen messages that have come; others are rows that nobody has seen. (transfer full) */
GPtrArray *clr_message_view_get_chosen (ClrMessageView *self);
guint clr_message_view_get_n_chosen (ClrMessageView *self);
void clr_message_view_choose_none (ClrMessageView *self);

G_END_DECLS

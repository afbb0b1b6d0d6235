/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Orders to mail that waits which need a word from the person first: another route, another recipient,
 * another priority.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

/* Which mail: members of an order's body, "id", "filter" or "all". (element-type JsonObject) (transfer full)
 */
GPtrArray *clr_orders_targets_new (void);
void clr_orders_targets_add (GPtrArray *targets, const char *member, const char *value); /* "all": NULL */

/* All orders have been carried out, or not; the person has been told. */
typedef void (*ClrOrdersDone) (ClrPage *page);

/* These take @targets. @count: how many messages that is, in words. */
void clr_orders_reroute (ClrPage *page, GPtrArray *targets, const char *count, ClrOrdersDone done);
void clr_orders_set_priority (ClrPage *page, GPtrArray *targets, const char *count, ClrOrdersDone done);
/* @recipients: of ClrRecipientInfo; those that are not finished can be changed. */
void clr_orders_change_recipient (ClrPage *page, const char *id, GListModel *recipients, ClrOrdersDone done);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Messages as a table for other programs (RFC 4180): a row for each recipient. Pure.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* @messages: of #ClrMessageInfo. Texts that a spreadsheet would take for a formula are made harmless.
 * (transfer full) */
char *clr_table_from_messages (GListModel *messages);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Messages as a table for other programs (RFC 4180): a row for each recipient. Texts that a spreadsheet would
 * take for a formula are made harmless. Pure.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The names of the columns. */
void clr_table_append_head (GString *table);
/* @message: a #ClrMessageInfo. */
void clr_table_append_message (GString *table, GObject *message);

G_END_DECLS

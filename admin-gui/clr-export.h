/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrExport: all mail that a filter finds, however much it is, into a file: page by page, with its progress
 * in a window that can be left. A file that was there before stays as it is until all is written.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

/* Asks where to first. @name: of the file, without its ending. */
void clr_export_choose (ClrPage *page, const char *filter, const char *name);
/* JSON when the name ends so, else a table. */
void clr_export_start (ClrPage *page, const char *filter, GFile *file);

G_END_DECLS

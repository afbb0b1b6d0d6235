/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Trace: what became of a message, whether it waits or is long finished.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_TRACE_PAGE (clr_trace_page_get_type ())
G_DECLARE_FINAL_TYPE (ClrTracePage, clr_trace_page, CLR, TRACE_PAGE, ClrPage)

/* Looks for @filter at once. */
/* The words that find what is shown. */
const char *clr_trace_page_get_filter (ClrTracePage *self);
void clr_trace_page_set_filter (ClrTracePage *self, const char *filter);

G_END_DECLS

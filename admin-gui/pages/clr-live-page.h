/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Live: what the relay does now, event by event.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_LIVE_PAGE (clr_live_page_get_type ())
G_DECLARE_FINAL_TYPE (ClrLivePage, clr_live_page, CLR, LIVE_PAGE, ClrPage)

G_END_DECLS

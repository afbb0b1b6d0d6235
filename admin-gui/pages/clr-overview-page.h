/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Overview: how the relay is, in words; what needs a person; what goes in and out now.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_OVERVIEW_PAGE (clr_overview_page_get_type ())
G_DECLARE_FINAL_TYPE (ClrOverviewPage, clr_overview_page, CLR, OVERVIEW_PAGE, ClrPage)

G_END_DECLS

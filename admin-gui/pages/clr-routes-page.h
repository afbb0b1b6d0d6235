/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Routes and smarthosts: which way mail leaves, in order; what would become of a message; a smarthost tried
 * step by step.
 */
#pragma once

#include "pages/clr-sections-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_ROUTES_PAGE (clr_routes_page_get_type ())
G_DECLARE_FINAL_TYPE (ClrRoutesPage, clr_routes_page, CLR, ROUTES_PAGE, ClrSectionsPage)

G_END_DECLS

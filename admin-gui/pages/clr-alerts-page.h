/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Alerts: what is wrong now or was a short while ago, and what is watched.
 */
#pragma once

#include "pages/clr-sections-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_ALERTS_PAGE (clr_alerts_page_get_type ())
G_DECLARE_FINAL_TYPE (ClrAlertsPage, clr_alerts_page, CLR, ALERTS_PAGE, ClrSectionsPage)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sessions: who is connected now, in and out; records of what they say.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_SESSIONS_PAGE (clr_sessions_page_get_type ())
G_DECLARE_FINAL_TYPE (ClrSessionsPage, clr_sessions_page, CLR, SESSIONS_PAGE, ClrPage)

G_END_DECLS

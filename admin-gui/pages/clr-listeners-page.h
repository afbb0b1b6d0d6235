/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Listeners and certificates: where devices connect, and what they are shown.
 */
#pragma once

#include "pages/clr-sections-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_LISTENERS_PAGE (clr_listeners_page_get_type ())
G_DECLARE_FINAL_TYPE (ClrListenersPage, clr_listeners_page, CLR, LISTENERS_PAGE, ClrSectionsPage)

G_END_DECLS

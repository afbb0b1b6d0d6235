/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Users: who may log in, and who may not try for a while.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_USERS_PAGE (clr_users_page_get_type ())
G_DECLARE_FINAL_TYPE (ClrUsersPage, clr_users_page, CLR, USERS_PAGE, ClrPage)

G_END_DECLS

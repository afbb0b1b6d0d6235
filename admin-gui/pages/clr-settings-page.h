/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Settings: every setting, made from its declaration; changed together, seen as a difference before they
 * count.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_SETTINGS_PAGE (clr_settings_page_get_type ())
G_DECLARE_FINAL_TYPE (ClrSettingsPage, clr_settings_page, CLR, SETTINGS_PAGE, ClrPage)

G_END_DECLS

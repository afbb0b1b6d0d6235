/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Devices and applications: who tried and may not, who may; allowed with a click, described on a sheet for
 * the technician.
 */
#pragma once

#include "pages/clr-sections-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_DEVICES_PAGE (clr_devices_page_get_type ())
G_DECLARE_FINAL_TYPE (ClrDevicesPage, clr_devices_page, CLR, DEVICES_PAGE, ClrSectionsPage)

G_END_DECLS

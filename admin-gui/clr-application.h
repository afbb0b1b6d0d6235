/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrApplication: the process; one window, one relay.
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define CLR_TYPE_APPLICATION (clr_application_get_type ())
G_DECLARE_FINAL_TYPE (ClrApplication, clr_application, CLR, APPLICATION, AdwApplication)

/* (transfer full) */
ClrApplication *clr_application_new (void);

G_END_DECLS

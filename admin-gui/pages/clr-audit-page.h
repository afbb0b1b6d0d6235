/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Audit: who changed what, and who read the content of messages.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_AUDIT_PAGE (clr_audit_page_get_type ())
G_DECLARE_FINAL_TYPE (ClrAuditPage, clr_audit_page, CLR, AUDIT_PAGE, ClrPage)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Incident: a sender, a domain or a device is stopped at once; what it sent is listed and saved; what is held
 * of it is released a little at a time, or deleted.
 */
#pragma once

#include "clr-incident.h"
#include "pages/clr-sections-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_INCIDENT_PAGE (clr_incident_page_get_type ())
G_DECLARE_FINAL_TYPE (ClrIncidentPage, clr_incident_page, CLR, INCIDENT_PAGE, ClrSectionsPage)

void clr_incident_page_look_at (ClrIncidentPage *self, ClrCulprit kind, const char *who);
/* The words that find what is shown; NULL: nothing is. */
const char *clr_incident_page_get_filter (ClrIncidentPage *self);

G_END_DECLS

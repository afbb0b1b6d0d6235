/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The sections of the settings file. clr-sections.c declares every setting of the relay, once.
 */
#pragma once

#include "settings/clr-section.h"

G_BEGIN_DECLS

#define CLR_DECLARE_SECTION(Name, name, NAME)                                                                \
  G_DECLARE_FINAL_TYPE (Clr##Name##Section, clr_##name##_section, CLR, NAME##_SECTION, ClrSection)

CLR_DECLARE_SECTION (Server, server, SERVER)
CLR_DECLARE_SECTION (Control, control, CONTROL)
CLR_DECLARE_SECTION (Log, log, LOG)
CLR_DECLARE_SECTION (Dns, dns, DNS)
CLR_DECLARE_SECTION (MtaSts, mta_sts, MTA_STS)
CLR_DECLARE_SECTION (TlsReport, tls_report, TLS_REPORT)
CLR_DECLARE_SECTION (Check, check, CHECK)
CLR_DECLARE_SECTION (Limits, limits, LIMITS)
CLR_DECLARE_SECTION (Queue, queue, QUEUE)
CLR_DECLARE_SECTION (Reports, reports, REPORTS)
CLR_DECLARE_SECTION (Dkim, dkim, DKIM)
CLR_DECLARE_SECTION (Listener, listener, LISTENER)
CLR_DECLARE_SECTION (Certificate, certificate, CERTIFICATE)
CLR_DECLARE_SECTION (Inbound, inbound, INBOUND)
CLR_DECLARE_SECTION (Users, users, USERS)
CLR_DECLARE_SECTION (Device, device, DEVICE)
CLR_DECLARE_SECTION (Pickup, pickup, PICKUP)
CLR_DECLARE_SECTION (Smarthost, smarthost, SMARTHOST)
CLR_DECLARE_SECTION (Oauth, oauth, OAUTH)
CLR_DECLARE_SECTION (Route, route, ROUTE)
CLR_DECLARE_SECTION (Key, key, KEY)
CLR_DECLARE_SECTION (Alert, alert, ALERT)

/**
 * clr_sections_get_types:
 * @n_types: (out): how many there are
 *
 * Returns: (transfer none) (array length=n_types): the types of all sections, in the order of the sample file
 */
const GType *clr_sections_get_types (unsigned *n_types);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Domains: the DKIM keys that sign, made and removed, and the DNS records that each domain needs.
 */
#pragma once

#include "pages/clr-sections-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_DOMAINS_PAGE (clr_domains_page_get_type ())
G_DECLARE_FINAL_TYPE (ClrDomainsPage, clr_domains_page, CLR, DOMAINS_PAGE, ClrSectionsPage)

G_END_DECLS

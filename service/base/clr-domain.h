/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Domain names as the DNS wants them: A-labels (RFC 5891) in lower case. Pure.
 */
#pragma once

#include <glib.h>

/* Labels of letters, digits, hyphen and underscore, 63 octets each and 253 in all (RFC 1035 section 2.3.4);
 * no dot at the end. */
gboolean clr_domain_is_name (const char *domain);

/* Lower case, U-labels made A-labels. Returns: (transfer full) (nullable): NULL when it is no name. */
char *clr_domain_to_ascii (const char *domain);

/* A-labels made U-labels. Returns: (transfer full) (nullable): NULL when it has none, or none that are valid.
 */
char *clr_domain_to_unicode (const char *domain);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The MTA-STS policy of a domain over HTTPS, waiting for it. For the command line only.
 */
#pragma once

#include "check/clr-zone.h"

/* @ca_file: (nullable). Returns: (transfer full) (nullable): the text; NULL with @problem (transfer full). */
char *clr_check_fetch_policy (ClrZone *zone, const char *domain, unsigned port, const char *ca_file,
                              gsize *size, char **problem);

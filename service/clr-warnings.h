/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an administrator should see to while the relay works, in sentences for the status. Main thread; part
 * of clr-service.
 */
#pragma once

#include "alerts/clr-alerts.h"
#include "clr-certificates.h"
#include "clr-tokens.h"
#include "policy/clr-policy.h"

/* @opening: the rule that opens the relay to strangers, accepted by the settings, or by --force; NULL: it is
 * closed. @accepts: the settings accept it.  @certificates: NULL while the relay stops. Returns: (transfer
 * full) */
char **clr_warnings_list (ClrTokens *tokens, ClrCertificates *certificates, const ClrPolicy *policy,
                          ClrAlerts *alerts, const char *opening, gboolean accepts);

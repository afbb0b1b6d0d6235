/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The relay as a stranger meets it: whether the settings let anybody on the Internet send to anybody. The
 * frozen policy is asked what a session would ask on each listener that strangers reach. Pure.
 */
#pragma once

#include "policy/clr-policy.h"

/* Returns: (transfer full) (nullable): the rule that opens the relay, and by which listener; NULL: it is
 * closed */
char *clr_stranger_find_opening (const ClrPolicy *policy, ClrSettings *settings);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-system-log.h"

void
clr_system_log_open (void)
{
}

void
clr_system_log_tell (ClrEventId id, const char *const *values)
{
}

void
clr_system_log_tell_failure (const char *why)
{
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Dates as mail writes them, RFC 5322 section 3.3. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#define CLR_DATE_TEXT 40

/* "Tue, 24 Nov 2026 09:14:00 +0100" in the machine's zone; independent of the locale. @time_us: microseconds
 * since 1970. */
void clr_date_to_text (int64_t time_us, char text[CLR_DATE_TEXT]);

/* Reads what a Date or Received field says, with the obsolete forms of RFC 5322 section 4.3: comments, zones
 * by name, years of two digits, no seconds, no day of the week. @offset: of the zone, minutes east of UTC.
 * Returns: FALSE when it is no date. */
gboolean clr_date_from_text (const char *text, size_t size, int64_t *time_us, int *offset);

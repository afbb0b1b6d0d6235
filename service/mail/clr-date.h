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

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The security identifier that Windows gives a service by its name alone: access can be given to it before
 * the service exists, and without asking anybody for a translation. Pure.
 */
#pragma once

#include <glib.h>

/* The SID of NT SERVICE\@name as text: S-1-5-80 and the SHA-1 sum of the upper-case name in UTF-16 (little
 * endian), as five numbers of 32 bits. @name: UTF-8. (transfer full) */
char *clr_service_sid_make (const char *name);

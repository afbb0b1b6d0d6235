/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the C library of Windows lacks of those that every Unix has, under the same names: so that pure code
 * need not know. The build puts it in front of every file there; nobody includes it.
 */
#pragma once

#define _POSIX_THREAD_SAFE_FUNCTIONS 1 /* gmtime_r(), localtime_r() */

#include <stddef.h>

void *memmem (const void *where, size_t size, const void *what, size_t what_size);
void *memrchr (const void *where, int what, size_t size);
char *strchrnul (const char *text, int what);
char *strcasestr (const char *text, const char *what);
void explicit_bzero (void *bytes, size_t size);

#define getc_unlocked _getc_nolock

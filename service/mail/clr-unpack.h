/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is attached to mail in packed form: gzip (RFC 1952) and ZIP with its first file, told by their first
 * octets; anything else is given back as it is. Strangers pack it: how large it may become is bounded while
 * it is unpacked, and what is damaged is refused whole. Pure.
 */
#pragma once

#include <glib.h>

/* Where the largest reports end: some ten thousand rows are a few MiB. */
#define CLR_UNPACK_MOST ((size_t)64 * 1024 * 1024)

/* @most: octets of the outcome. @problem: (out): why not, a sentence. Returns: (transfer full) (nullable) */
GBytes *clr_unpack (const void *bytes, size_t size, size_t most, const char **problem);

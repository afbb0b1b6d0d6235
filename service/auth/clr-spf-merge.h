/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An SPF record with what is still missing in it (RFC 7208): the mechanisms stand before the one that ends
 * it. Pure.
 */
#pragma once

#include <glib.h>

/* Whether the record has that mechanism as one that lets pass. */
gboolean clr_spf_record_names (const char *record, const char *mechanism);
/* @record: the one that is published, NULL: none. @mechanisms: "a:mx.example.com", ...; those that are there
 * already are not added. Returns: (transfer full): a record with all of them, for all that is known of it. */
char *clr_spf_record_merge (const char *record, const char *const *mechanisms);

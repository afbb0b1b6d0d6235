/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GObjects on the wire: every readable property is a member of the same name. Nothing else decides the shape.
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * clr_json_from_object: (skip)
 *
 * Returns: (transfer full): a JSON object; properties without a value are left out
 */
JsonNode *clr_json_from_object (GObject *object);

/* The times of the wire: "2026-11-24T09:14:00.123Z"; NULL for 0. @time_us: microseconds since 1970. (transfer
 * full) */
char *clr_time_to_text (gint64 time_us);

G_END_DECLS

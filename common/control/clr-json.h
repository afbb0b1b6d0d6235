/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GObjects on the wire: every readable property is a member of the same name. Nothing else decides the shape.
 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * clr_json_from_object: (skip)
 *
 * Returns: (transfer full): a JSON object; properties without a value are left out
 */
JsonNode *clr_json_from_object (GObject *object);

/**
 * clr_json_from_list: (skip)
 *
 * Returns: (transfer full): a JSON array of the objects of @list
 */
JsonNode *clr_json_from_list (GListModel *list);

/**
 * clr_json_fill_object: (skip)
 *
 * The way back: sets each writable property of @object that has a member of its name and a fitting type. What
 * is set already and equal is left alone, so that nobody is notified of nothing; what @json does not name
 * goes back to its default. Members without a property are no error: a newer service may say more.
 */
void clr_json_fill_object (JsonObject *json, GObject *object);

/* json_to_string() for texts of strangers: json-glib leaves U+001F as it is, which is no JSON (RFC 8259
 * section 7). (transfer full) */
char *clr_json_to_text (JsonNode *node, gboolean pretty);

#define CLR_JSON_DEEPEST 64 /* brackets within brackets */

/**
 * clr_json_parse: (skip)
 *
 * json_from_string() for texts of strangers: with a bound on the nesting.
 *
 * Returns: (transfer full) (nullable): the root; NULL without @error for an empty text
 */
JsonNode *clr_json_parse (const char *text, GError **error);

/* What a stranger's object says under @name, when it has the right type: a text or NULL; true or not.
 * json-glib's own getters complain aloud of a wrong type, and take numbers for truth. */
const char *clr_json_get_text (JsonObject *object, const char *name);
gboolean clr_json_is_true (JsonObject *object, const char *name);

/* The times of the wire: "2026-11-24T09:14:00.123Z"; NULL for 0. @time_us: microseconds since 1970. (transfer
 * full) */
char *clr_time_to_text (gint64 time_us);

G_END_DECLS

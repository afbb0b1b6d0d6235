/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Changes of settings on the wire and in lists: what the API, and the command line when no service runs, do
 * alike.
 */
#pragma once

#include "settings/clr-settings-file.h"
#include "settings/clr-settings-text.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Of one request: for each the file is read anew, in the main thread. */
#define CLR_SETTINGS_CHANGES_MOST 300

/* The member "set" of @object. (transfer full) (element-type ClrSettingChange) */
GPtrArray *clr_settings_change_read (JsonObject *object, GError **error);
/* The other direction. (transfer full) */
JsonNode *clr_settings_change_write (GPtrArray *changes, const char *etag);
/* The text with all of @changes. (transfer full) */
char *clr_settings_change_apply (const char *text, GPtrArray *changes, GError **error);
/* "server.hostname: a -> b", for events. (transfer full) */
char *clr_settings_change_to_text (GPtrArray *changes, const char *before);

/* [{"group", "name", "settings": {key: text}}] in file order. (transfer full) */
JsonArray *clr_settings_change_list (const char *text);
/* The settings that differ and take effect at the next start only. (transfer full) */
JsonArray *clr_settings_change_list_restart (const char *before, const char *after);
/* [{"version", "time"}], newest first. (transfer full) */
JsonArray *clr_settings_change_list_versions (const char *path);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What groups of the settings file mean, in a sentence. Pure.
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* @values: of the file, key to text. All (transfer full). */

/* "Mail for example.com from the device scanner: through the smarthost office". */
char *clr_words_route (const char *name, JsonObject *values);
/* "smtp.example.com:587, TLS verify, user relay@example.com". */
char *clr_words_smarthost (JsonObject *values);
/* "From 192.168.1.0/24 · an old printer". */
char *clr_words_device (JsonObject *values);
/* "On 0.0.0.0:25; TLS may". */
char *clr_words_listener (JsonObject *values);
/* The preset as a person says it; NULL for none. (transfer none) */
const char *clr_words_preset (const char *preset);
/* What the service says about the way that mail would take, as a paragraph. */
char *clr_words_way (JsonObject *answer);

G_END_DECLS

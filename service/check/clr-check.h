/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks: one function each, JSON in, JSON out. The service answers with them through the API, the command
 * line calls them in its own process; both get the same words.
 */
#pragma once

#include <json-glib/json-glib.h>

/* @in: an object whose members are the check's options. Returns: (transfer full): an object with "result"
 * ("ok" or "error"), "reason" when it is not ok, and "details". Never NULL, never an exit. */
typedef JsonNode *(*ClrCheck) (JsonObject *in);

/* {"file", "domain", "selector"}: whether a key can sign; details: algorithm, record, name, zone.
 * With "make": "rsa" or "ed25519" (and "bits"), the key is made first; the file must not exist. */
JsonNode *clr_check_dkim_key (JsonObject *in);

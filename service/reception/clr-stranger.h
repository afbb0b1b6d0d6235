/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The relay as a stranger meets it: at every listener the SMTP machine and the rules of a session are played
 * through, from addresses outside of every network, of both families, in clear and by TLS where that is
 * offered, never with a login. What is accepted for somebody elsewhere makes it an open relay. Pure: there is
 * no socket, and no content is ever sent.
 */
#pragma once

#include "policy/clr-policy.h"

#include <json-glib/json-glib.h>

/* Returns: (transfer full) (nullable): the rule that opens the relay, and by which listener; NULL: it is
 * closed */
char *clr_stranger_find_opening (const ClrPolicy *policy, ClrSettings *settings);

/* All dialogues: "listeners": [{"name", "addresses", "role", "tls", "verdict", "visits": [{"address", "tls",
 * "verdict", "rule", "dialogue": ["C: …", "S: …"]}]}]; a verdict is "closed", "open", or "local" for what is
 * open and reached from this machine only. Returns: (transfer full) */
JsonObject *clr_stranger_describe (const ClrPolicy *policy, ClrSettings *settings);

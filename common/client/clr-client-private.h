/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of ClrClient share.
 */
#pragma once

#include "client/clr-client.h"

#include <libsoup/soup.h>

#define CLR_CLIENT_TIMEOUT_S 60

/* @body: (nullable): JSON. (transfer full) */
SoupMessage *clr_client_make_request (ClrClient *self, const char *method, const char *path, const char *body,
                                      GError **error);
SoupSession *clr_client_get_session (ClrClient *self);
/* What is wrong, when the answer is none, or the service says no; FALSE. */
gboolean clr_client_fail (ClrClient *self, SoupMessage *message, GBytes *answer, GError *problem,
                          GError **error);

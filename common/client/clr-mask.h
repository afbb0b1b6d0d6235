/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is taken out of texts before they are given to somebody who helps. What is one thing stays one thing:
 * a host is HOST1 wherever it stands. Pure.
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef enum
{
  CLR_MASK_ADDRESSES = 1 << 0, /* mail addresses, and names to log in with */
  CLR_MASK_HOSTS = 1 << 1,     /* names of hosts and domains, IP addresses but those of this machine */
} ClrMaskFlags;

/* Masks every text of @node but the names of events. Returns: FALSE when that failed; then nothing of it may
 * leave. */
gboolean clr_mask_json (JsonNode *node, ClrMaskFlags flags);

G_END_DECLS

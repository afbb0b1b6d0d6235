/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrTlsChoice: how TLS is used with one host, settled before the first word is said to it, and frozen for
 * this attempt. What came of it stands in the observation.
 */
#pragma once

#include "net/clr-tls.h"
#include "smtp/clr-client.h"

typedef struct
{
  ClrClientTls wanted;
  gboolean implicit;      /* from the first octet (RFC 8314 section 3) */
  ClrTlsContext *context; /* of the next hop; NULL when TLS is not wanted */
  const char *name;       /* asked for (SNI), and verified where the context verifies */
} ClrTlsChoice;

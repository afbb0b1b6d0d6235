/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Received field we add (RFC 5321 section 4.4, "with" keywords of RFC 3848). Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct
{
  const char *helo;      /* as the client gave it, "" for none */
  const char *address;   /* "192.0.2.1" or "2001:db8::1"; NULL for what we wrote ourselves */
  const char *hostname;  /* ours */
  const char *protocol;  /* "SMTP", "ESMTP", "ESMTPS", ..., NULL for none */
  const char *tls;       /* NULL in clear */
  const char *id;        /* queue id */
  const char *recipient; /* the only one, or NULL */
  int64_t time_us;       /* microseconds since 1970 */
} ClrReceived;

void clr_received_write (const ClrReceived *received, GString *into);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-received.h"

#include "mail/clr-date.h"

#include <string.h>

void
clr_received_write (const ClrReceived *received, GString *into)
{
  char date[CLR_DATE_TEXT];
  clr_date_to_text (received->time_us, date);
  g_string_append (into, "Received: ");
  if (received->address)
    g_string_append_printf (into, "from %s ([%s%s])\r\n\t", *received->helo ? received->helo : "unknown",
                            strchr (received->address, ':') ? "IPv6:" : "", received->address);
  g_string_append_printf (into, "by %s (Cl Mail Relay)", received->hostname);
  if (received->protocol)
    g_string_append_printf (into, " with %s", received->protocol);
  g_string_append_printf (into, " id %s", received->id);
  if (received->tls)
    g_string_append_printf (into, "\r\n\t(%s)", received->tls);
  /* More than one recipient is nobody's business (RFC 5321 section 7.2). */
  if (received->recipient && strlen (received->recipient) < 400)
    g_string_append_printf (into, "\r\n\tfor <%s>", received->recipient);
  g_string_append_printf (into, ";\r\n\t%s\r\n", date);
}

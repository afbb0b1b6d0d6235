/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-received.h"

#include "mail/clr-date.h"

#include <string.h>

void
clr_received_write (const ClrReceived *received, GString *into)
{
  char date[CLR_DATE_TEXT];
  gboolean v6 = strchr (received->address, ':') != NULL;

  clr_date_to_text (received->time_us, date);
  g_string_append_printf (into, "Received: from %s ([%s%s])\r\n",
                          *received->helo ? received->helo : "unknown", v6 ? "IPv6:" : "", received->address);
  g_string_append_printf (into, "\tby %s (Cl Mail Relay) with %s id %s", received->hostname,
                          received->protocol, received->id);
  if (received->tls)
    g_string_append_printf (into, "\r\n\t(%s)", received->tls);
  /* More than one recipient is nobody's business (RFC 5321 section 7.2). */
  if (received->recipient && strlen (received->recipient) < 400)
    g_string_append_printf (into, "\r\n\tfor <%s>", received->recipient);
  g_string_append_printf (into, ";\r\n\t%s\r\n", date);
}

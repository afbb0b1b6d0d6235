/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrCheckMessage: the message a check is about, from a file or from the JSON itself, with CRLF line ends.
 */
#pragma once

#include <json-glib/json-glib.h>

typedef struct
{
  const char *bytes;
  gsize size;
  gsize header; /* octets of the header section with its empty line; all when there is no body */
  gsize lone;   /* LFs that were made CRLF */
  GMappedFile *mapped;
  char *normalized;
} ClrCheckMessage;

/* @in: with "file" or "message". Returns: NULL, or what is wrong (transfer full). */
char *clr_check_message_open (ClrCheckMessage *message, JsonObject *in);
void clr_check_message_close (ClrCheckMessage *message);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check-message.h"

#include "check/clr-check.h"
#include "mail/clr-header-block.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MESSAGE_MOST (1024u * 1024 * 1024)
#define HEADER_MOST  (16u * 1024 * 1024)

/* A file saved on Unix has lone LFs; a message ends its lines with CRLF (RFC 5322 section 2.1), and nothing
 * else can have been signed. */
static void
normalize (ClrCheckMessage *message)
{
  const char *text = message->bytes;
  GString *lines;

  for (gsize i = 0; i < message->size; i++)
    message->lone += text[i] == '\n' && (i == 0 || text[i - 1] != '\r');
  if (message->lone == 0)
    return;
  lines = g_string_sized_new (message->size + message->lone);
  for (gsize i = 0; i < message->size; i++)
    {
      if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
        g_string_append_c (lines, '\r');
      g_string_append_c (lines, text[i]);
    }
  message->size = lines->len;
  message->bytes = message->normalized = g_string_free (lines, FALSE);
}

char *
clr_check_message_open (ClrCheckMessage *message, JsonObject *in)
{
  const char *file = clr_check_get_text (in, "file"), *text = clr_check_get_text (in, "message");
  g_autoptr (GError) error = NULL;

  memset (message, 0, sizeof *message);
  if ((file == NULL) == (text == NULL))
    return g_strdup (_ ("either file or message is needed"));
  if (file)
    {
      message->mapped = g_mapped_file_new (file, FALSE, &error);
      if (message->mapped == NULL)
        return g_strdup (error->message);
      message->size = g_mapped_file_get_length (message->mapped);
      text = g_mapped_file_get_contents (message->mapped);
    }
  else
    message->size = strlen (text);
  message->bytes = text ? text : "";
  if (message->size <= MESSAGE_MOST)
    normalize (message);
  message->header = clr_header_block_find_end (message->bytes, message->size);
  if (message->header == 0)
    message->header = message->size;
  if (message->size <= MESSAGE_MOST && message->header <= HEADER_MOST)
    return NULL;
  clr_check_message_close (message);
  return g_strdup (_ ("the message is too large"));
}

void
clr_check_message_close (ClrCheckMessage *message)
{
  g_clear_pointer (&message->mapped, g_mapped_file_unref);
  g_clear_pointer (&message->normalized, g_free);
}

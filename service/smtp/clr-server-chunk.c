/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-server-private.h"

/* A chunk beyond so many times the largest message is not waited for. */
#define CHUNK_PATIENCE 4

/* The octets of the chunk are eaten, whatever becomes of it, and only then it is answered: what follows them
 * are commands again. */
static void
end_chunk (ClrSmtpServer *server)
{
  const ClrComplaint *complaint;
  char text[64];

  server->chunk.coming = FALSE;
  if (server->chunk.code)
    {
      g_autofree char *why = g_steal_pointer (&server->chunk.text);

      /* What this transaction was is indeterminate now; it is over. */
      if (server->state & STATE_TRANSACTION)
        clr_smtp_server_enter_state (server, STATE_GREETED);
      clr_smtp_server_complain (server, server->chunk.code, server->chunk.enhanced, why);
      return;
    }
  if (server->chunk.last)
    clr_content_end_chunks (&server->content);
  complaint = clr_content_get_complaint (&server->content);
  if (complaint)
    {
      clr_smtp_server_enter_state (server, STATE_GREETED);
      clr_smtp_server_complain (server, complaint->code, complaint->enhanced, complaint->text);
    }
  else if (server->chunk.last)
    {
      clr_smtp_server_ask (server, CLR_VERB_BDAT);
      server->handler->ask_accept (server, server->data);
    }
  else
    {
      g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT " octets so far", server->content.size);
      clr_smtp_server_reply (server, 250, "2.0.0", text);
    }
}

void
clr_smtp_server_begin_chunk (ClrSmtpServer *server, int code, const char *enhanced, const char *text)
{
  server->chunk.coming = TRUE;
  server->chunk.code = code;
  g_strlcpy (server->chunk.enhanced, enhanced ? enhanced : "", sizeof server->chunk.enhanced);
  g_free (server->chunk.text);
  server->chunk.text = g_strdup (text);
  if (server->chunk.left == 0)
    end_chunk (server);
}

gboolean
clr_smtp_server_measure_chunk (ClrSmtpServer *server, const ClrCommand *command)
{
  uint64_t most = server->config->max_message_size;

  most = most > UINT64_MAX / CHUNK_PATIENCE ? UINT64_MAX : most * CHUNK_PATIENCE;
  if (!clr_bdat_parse (command->argument, command->argument_size, &server->chunk.left, &server->chunk.last))
    clr_smtp_server_reply (server, 521, "5.5.4",
                           "the form is BDAT size [LAST]; closing, for what follows cannot be told apart");
  else if (server->chunk.left > most)
    clr_smtp_server_reply (server, 552, "5.3.4",
                           "the chunk is far larger than this relay accepts, closing the connection");
  else
    return TRUE;
  clr_smtp_server_finish (server);
  return FALSE;
}

size_t
clr_smtp_server_feed_chunk (ClrSmtpServer *server, const uint8_t *bytes, size_t size)
{
  size_t n = MIN (size, server->chunk.left);

  server->chunk.left -= n;
  if (server->chunk.code == 0)
    clr_content_feed_chunk (&server->content, bytes, n);
  if (server->chunk.left == 0)
    end_chunk (server);
  return n;
}

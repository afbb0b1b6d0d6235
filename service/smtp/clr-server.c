/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-server-private.h"

#include <string.h>

ClrSmtpServer *
clr_smtp_server_new (const ClrSmtpServerConfig *config, const ClrSmtpServerHandler *handler,
                     ClrBuffer *output, void *data)
{
  ClrSmtpServer *server = g_new0 (ClrSmtpServer, 1);

  server->config = config;
  server->handler = handler;
  server->output = output;
  server->data = data;
  server->state = STATE_CONNECTED;
  return server;
}

void
clr_smtp_server_free (ClrSmtpServer *server)
{
  clr_buffer_clear (&server->line);
  g_clear_pointer (&server->sasl, clr_sasl_server_free);
  g_free (server->chunk.text);
  g_free (server);
}

void
clr_smtp_server_reply (ClrSmtpServer *server, int code, const char *enhanced, const char *text)
{
  clr_reply_write (server->output, code, enhanced, text);
  /* 421 is about the connection, not about what the client asked. */
  if (code < 400 || code == 421)
    return;
  server->refusals++;
  g_snprintf (server->refusal, sizeof server->refusal, "%d %s%s%s", code, enhanced ? enhanced : "",
              enhanced ? " " : "", text);
}

void
clr_smtp_server_enter_state (ClrSmtpServer *server, State state)
{
  gboolean in_transaction = server->state & STATE_TRANSACTION;

  server->state = state;
  if (in_transaction && !(state & STATE_TRANSACTION))
    {
      server->recipients = 0;
      server->smtputf8 = FALSE;
      server->handler->abandon (server, server->data);
    }
}

void
clr_smtp_server_finish (ClrSmtpServer *server)
{
  clr_smtp_server_enter_state (server, STATE_OVER);
  server->handler->finish (server, server->data);
}

void
clr_smtp_server_goodbye (ClrSmtpServer *server, const char *enhanced, const char *text)
{
  if (server->state == STATE_OVER)
    return;
  server->waiting = FALSE;
  clr_smtp_server_reply (server, 421, enhanced, text);
  clr_smtp_server_finish (server);
}

void
clr_smtp_server_complain (ClrSmtpServer *server, int code, const char *enhanced, const char *text)
{
  clr_smtp_server_reply (server, code, enhanced, text);
  if (++server->errors >= server->config->max_errors)
    clr_smtp_server_goodbye (server, "4.7.0", "too many errors, closing the connection");
}

void
clr_smtp_server_greet (ClrSmtpServer *server)
{
  g_autofree char *text = g_strdup_printf ("%s ESMTP Cl Mail Relay", server->config->hostname);

  clr_smtp_server_reply (server, 220, NULL, text);
}

void
clr_smtp_server_ask (ClrSmtpServer *server, ClrVerb verb)
{
  server->asked = verb;
  server->waiting = TRUE;
}

void
clr_smtp_server_secured (ClrSmtpServer *server)
{
  /* RFC 3207 section 4.2: what was learned in clear is forgotten. */
  server->waiting = FALSE;
  server->secure = TRUE;
  server->helo[0] = 0;
  server->esmtp = FALSE;
  server->authenticated = FALSE;
  clr_buffer_clear (&server->line);
  clr_smtp_server_enter_state (server, STATE_CONNECTED);
}

static void
on_content (const uint8_t *bytes, size_t size, void *data)
{
  ClrSmtpServer *server = data;

  server->handler->content (server, bytes, size, server->data);
}

/* The content comes now. */
static void
begin_content (ClrSmtpServer *server, State state)
{
  clr_content_begin (&server->content, on_content, server, server->config->max_message_size,
                     server->config->normalize);
  clr_smtp_server_enter_state (server, state);
}

/* -- answers */

/* The answer to the content: the transaction is over, and the handler knows it. */
static void
end_transaction (ClrSmtpServer *server, gboolean accepted)
{
  server->state = STATE_GREETED;
  server->recipients = 0;
  server->smtputf8 = FALSE;
  server->messages += accepted;
}

void
clr_smtp_server_answer (ClrSmtpServer *server, int code, const char *enhanced, const char *text)
{
  gboolean accepted = code < 400;

  if (!server->waiting || server->state == STATE_OVER)
    return;
  server->waiting = FALSE;
  switch (server->asked)
    {
    case CLR_VERB_MAIL:
      if (accepted)
        clr_smtp_server_enter_state (server, STATE_MAIL);
      break;
    case CLR_VERB_RCPT:
      if (accepted)
        {
          server->recipients++;
          clr_smtp_server_enter_state (server, STATE_RCPT);
        }
      break;
    case CLR_VERB_DATA:
      if (server->state == STATE_DATA)
        end_transaction (server, accepted);
      else if (accepted)
        begin_content (server, STATE_DATA);
      break;
    case CLR_VERB_BDAT:
      if (server->state == STATE_CHUNKS)
        {
          end_transaction (server, accepted);
          break;
        }
      if (accepted)
        begin_content (server, STATE_CHUNKS);
      clr_smtp_server_begin_chunk (server, accepted ? 0 : code, enhanced, text);
      return;
    case CLR_VERB_AUTH:
      clr_smtp_server_end_auth (server, code, enhanced, text);
      return;
    default:
      break;
    }
  if (accepted || code < 500)
    clr_smtp_server_reply (server, code, enhanced, text);
  else
    clr_smtp_server_complain (server, code, enhanced, text);
}

/* A web page can make a browser inside the office speak to us, with our commands in what it posts. */
static gboolean
is_http (const char *line, size_t size)
{
  static const char *const methods[]
      = { "GET ", "POST ", "PUT ", "HEAD ", "CONNECT ", "OPTIONS ", "DELETE ", "PATCH " };

  for (unsigned i = 0; i < G_N_ELEMENTS (methods); i++)
    if (size >= strlen (methods[i]) && g_ascii_strncasecmp (line, methods[i], strlen (methods[i])) == 0)
      return TRUE;
  return FALSE;
}

static void
do_line (ClrSmtpServer *server, const char *line, size_t size)
{
  ClrCommand command;
  ClrComplaint complaint;

  if (server->line_too_long)
    {
      server->line_too_long = FALSE;
      if (server->state == STATE_AUTH)
        {
          clr_smtp_server_end_auth (server, 500, "5.5.6", "the response is too long");
          return;
        }
      clr_smtp_server_complain (server, 500, "5.5.2", "the line is too long");
      return;
    }
  if (size > 0 && line[size - 1] == '\r')
    size--;
  else if (!server->config->normalize)
    {
      if (server->state == STATE_AUTH)
        {
          clr_smtp_server_end_auth (server, 500, "5.5.2", "lines must end with CR LF");
          return;
        }
      clr_smtp_server_complain (server, 500, "5.5.2", "lines must end with CR LF");
      /* Octets of a chunk are no commands. */
      clr_command_parse (line, size, &command);
      if (command.verb == CLR_VERB_BDAT && server->state != STATE_OVER)
        clr_smtp_server_finish (server);
      return;
    }
  if (server->state == STATE_AUTH)
    {
      clr_smtp_server_feed_auth (server, line, size);
      return;
    }
  if (memchr (line, '\r', size) || memchr (line, 0, size))
    {
      clr_smtp_server_complain (server, 500, "5.5.2", "a command has no control characters");
      return;
    }

  if (is_http (line, size))
    {
      clr_smtp_server_goodbye (server, "4.7.0", "this is a mail server, not a web server");
      return;
    }
  clr_command_parse (line, size, &command);
  if (command.verb == CLR_VERB_BDAT && !clr_smtp_server_measure_chunk (server, &command))
    return;
  complaint = clr_smtp_server_check_order (server, &command);
  if (complaint.code == 0)
    clr_smtp_server_proceed (server, &command);
  else if (command.verb == CLR_VERB_BDAT)
    clr_smtp_server_begin_chunk (server, complaint.code, complaint.enhanced, complaint.text);
  else
    clr_smtp_server_complain (server, complaint.code, complaint.enhanced, complaint.text);
}

static size_t
feed_content (ClrSmtpServer *server, const uint8_t *bytes, size_t size)
{
  const ClrComplaint *complaint;
  size_t eaten;

  if (!clr_content_feed_data (&server->content, bytes, size, &eaten))
    return eaten;
  complaint = clr_content_get_complaint (&server->content);
  if (complaint)
    {
      clr_smtp_server_enter_state (server, STATE_GREETED);
      clr_smtp_server_complain (server, complaint->code, complaint->enhanced, complaint->text);
      return eaten;
    }
  clr_smtp_server_ask (server, CLR_VERB_DATA);
  server->handler->ask_accept (server, server->data);
  return eaten;
}

static size_t
feed_line (ClrSmtpServer *server, const uint8_t *bytes, size_t size)
{
  const uint8_t *end = memchr (bytes, '\n', size);
  size_t n = end ? (size_t)(end - bytes) + 1 : size;
  size_t longest = server->state == STATE_AUTH ? CLR_SASL_LINE_MAX : server->config->max_line;

  if (clr_buffer_size (&server->line) + n > longest)
    {
      server->line_too_long = TRUE;
      clr_buffer_clear (&server->line);
    }
  if (end == NULL)
    {
      if (!server->line_too_long)
        clr_buffer_append (&server->line, bytes, n);
      return n;
    }
  if (clr_buffer_size (&server->line) == 0)
    do_line (server, (const char *)bytes, n - 1);
  else
    {
      ClrBuffer line = server->line;

      server->line = (ClrBuffer)CLR_BUFFER_INIT;
      clr_buffer_append (&line, bytes, n);
      do_line (server, (const char *)clr_buffer_peek (&line), clr_buffer_size (&line) - 1);
      clr_buffer_clear (&line);
    }
  return n;
}

size_t
clr_smtp_server_feed (ClrSmtpServer *server, const uint8_t *bytes, size_t size)
{
  size_t done = 0;

  while (done < size && !server->waiting)
    {
      if (server->state == STATE_OVER)
        return size;
      if (server->chunk.coming)
        done += clr_smtp_server_feed_chunk (server, bytes + done, size - done);
      else if (server->state == STATE_DATA)
        done += feed_content (server, bytes + done, size - done);
      else
        done += feed_line (server, bytes + done, size - done);
      /* RFC 3207 section 4.2: what a stranger may have put behind STARTTLS is dropped. */
      if (server->waiting && server->asked == CLR_VERB_STARTTLS)
        return size;
    }
  return done;
}

gboolean
clr_smtp_server_is_waiting (ClrSmtpServer *server)
{
  return server->waiting;
}

gboolean
clr_smtp_server_is_receiving (ClrSmtpServer *server)
{
  return server->state == STATE_DATA || server->chunk.coming;
}

unsigned
clr_smtp_server_get_bare_newlines (ClrSmtpServer *server)
{
  return clr_content_get_repairs (&server->content);
}

const char *
clr_smtp_server_get_helo (ClrSmtpServer *server)
{
  return server->helo;
}

gboolean
clr_smtp_server_is_esmtp (ClrSmtpServer *server)
{
  return server->esmtp;
}

gboolean
clr_smtp_server_is_authenticated (ClrSmtpServer *server)
{
  return server->authenticated;
}

unsigned
clr_smtp_server_count_refusals (ClrSmtpServer *server)
{
  return server->refusals;
}

const char *
clr_smtp_server_get_refusal (ClrSmtpServer *server)
{
  return server->refusal;
}

ClrAddressFlags
clr_smtp_server_get_leniency (ClrSmtpServer *server)
{
  return server->leniency;
}

gboolean
clr_smtp_server_is_helo_bad (ClrSmtpServer *server)
{
  return server->helo_bad;
}

const char *
clr_smtp_server_describe (ClrSmtpServer *server)
{
  switch (server->state)
    {
    case STATE_CONNECTED:
      return "connected, has not said its name";
    case STATE_GREETED:
      return server->waiting ? "waits for our answer" : "between messages";
    case STATE_MAIL:
      return "has named a sender";
    case STATE_RCPT:
      return "has named recipients";
    case STATE_DATA:
    case STATE_CHUNKS:
      return server->waiting ? "waits until its message is stored" : "sends a message";
    case STATE_AUTH:
      return "logs in";
    case STATE_OVER:
      return "is being closed";
    }
  return "";
}

unsigned
clr_smtp_server_count_messages (ClrSmtpServer *server)
{
  return server->messages;
}

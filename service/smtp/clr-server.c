/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-server.h"

#include <string.h>

typedef enum
{
  STATE_CONNECTED = 1 << 0,
  STATE_GREETED = 1 << 1,
  STATE_MAIL = 1 << 2, /* a sender is known */
  STATE_RCPT = 1 << 3, /* and a recipient */
  STATE_DATA = 1 << 4, /* content is coming in */
  STATE_OVER = 1 << 5, /* nothing is eaten any more */
} State;

#define STATE_ANY (STATE_CONNECTED | STATE_GREETED | STATE_MAIL | STATE_RCPT)

typedef enum
{
  FLAG_NO_ARGUMENT = 1 << 0,
  FLAG_NEEDS_TLS = 1 << 1, /* where the listener requires it */
  FLAG_TLS_ONLY = 1 << 2,  /* exists only where TLS is offered and not yet on */
} Flag;

struct ClrSmtpServer
{
  const ClrSmtpServerConfig *config;
  const ClrSmtpServerHandler *handler;
  void *data;
  ClrBuffer *output;
  State state;
  ClrVerb asked; /* the verb that awaits its answer */
  gboolean waiting;
  gboolean secure;
  gboolean esmtp;
  gboolean line_too_long;
  gboolean too_big;
  unsigned nuls; /* in the content */
  unsigned errors;
  unsigned messages;
  unsigned recipients;
  uint64_t content_size;
  ClrDataDecoder decoder;
  ClrBuffer line; /* the beginning of a line whose end has not come yet */
  char helo[CLR_DOMAIN_MAX + 1];
};

static void do_helo (ClrSmtpServer *, const ClrCommand *);
static void do_mail (ClrSmtpServer *, const ClrCommand *);
static void do_rcpt (ClrSmtpServer *, const ClrCommand *);
static void do_data (ClrSmtpServer *, const ClrCommand *);
static void do_rset (ClrSmtpServer *, const ClrCommand *);
static void do_noop (ClrSmtpServer *, const ClrCommand *);
static void do_vrfy (ClrSmtpServer *, const ClrCommand *);
static void do_help (ClrSmtpServer *, const ClrCommand *);
static void do_quit (ClrSmtpServer *, const ClrCommand *);
static void do_starttls (ClrSmtpServer *, const ClrCommand *);

/* A verb is one row. HELP's answer and what follows EHLO derive from it. */
static const struct
{
  State states;
  Flag flags;
  void (*proceed) (ClrSmtpServer *server, const ClrCommand *command);
  const char *order; /* what the client should have done first */
} table[] = {
  [CLR_VERB_HELO] = { STATE_ANY, 0, do_helo, NULL },
  [CLR_VERB_EHLO] = { STATE_ANY, 0, do_helo, NULL },
  [CLR_VERB_MAIL] = { STATE_GREETED, FLAG_NEEDS_TLS, do_mail, NULL },
  [CLR_VERB_RCPT] = { STATE_MAIL | STATE_RCPT, FLAG_NEEDS_TLS, do_rcpt, "send MAIL first" },
  [CLR_VERB_DATA] = { STATE_RCPT, FLAG_NEEDS_TLS | FLAG_NO_ARGUMENT, do_data,
                      "send MAIL and RCPT first; no recipient has been accepted" },
  [CLR_VERB_RSET] = { STATE_ANY, FLAG_NO_ARGUMENT, do_rset, NULL },
  [CLR_VERB_NOOP] = { STATE_ANY, 0, do_noop, NULL },
  [CLR_VERB_VRFY] = { STATE_ANY, FLAG_NEEDS_TLS, do_vrfy, NULL },
  [CLR_VERB_HELP] = { STATE_ANY, 0, do_help, NULL },
  [CLR_VERB_QUIT] = { STATE_ANY, 0, do_quit, NULL },
  [CLR_VERB_STARTTLS] = { STATE_ANY, FLAG_NO_ARGUMENT | FLAG_TLS_ONLY, do_starttls, NULL },
};

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
  g_free (server);
}

/* RFC 2034 section 4: no enhanced code in the greeting, in the reply to HELO and EHLO, and in 354. */
static void
reply (ClrSmtpServer *server, int code, const char *enhanced, const char *text)
{
  clr_reply_write (server->output, code, enhanced, text);
}

static void
enter_state (ClrSmtpServer *server, State state)
{
  gboolean in_transaction = server->state & (STATE_MAIL | STATE_RCPT | STATE_DATA);

  server->state = state;
  if (in_transaction && !(state & (STATE_MAIL | STATE_RCPT | STATE_DATA)))
    {
      server->recipients = 0;
      server->handler->abandon (server, server->data);
    }
}

static void
finish (ClrSmtpServer *server)
{
  enter_state (server, STATE_OVER);
  server->handler->finish (server, server->data);
}

void
clr_smtp_server_goodbye (ClrSmtpServer *server, const char *enhanced, const char *text)
{
  if (server->state == STATE_OVER)
    return;
  server->waiting = FALSE;
  reply (server, 421, enhanced, text);
  finish (server);
}

static void
complain (ClrSmtpServer *server, int code, const char *enhanced, const char *text)
{
  reply (server, code, enhanced, text);
  if (++server->errors >= server->config->max_errors)
    clr_smtp_server_goodbye (server, "4.7.0", "too many errors, closing the connection");
}

void
clr_smtp_server_greet (ClrSmtpServer *server)
{
  g_autofree char *text = g_strdup_printf ("%s ESMTP Cl Mail Relay", server->config->hostname);

  reply (server, 220, NULL, text);
}

static void
do_helo (ClrSmtpServer *server, const ClrCommand *command)
{
  const ClrSmtpServerConfig *config = server->config;
  size_t size = command->argument_size;

  /* RFC 5321 section 4.1.4: a client may not be refused for the name it gives; only none at all is an error.
   * Names are cut, and kept free of what would not fit into a Received field. */
  if (size == 0 && !config->lenient)
    {
      complain (server, 501, "5.5.4", "say your name: HELO or EHLO and a host name");
      return;
    }
  size = MIN (size, CLR_DOMAIN_MAX);
  for (size_t i = 0; i < size; i++)
    {
      unsigned char c = command->argument[i];
      server->helo[i] = c > 32 && c < 127 && !strchr ("()<>\\\"", c) ? c : '?';
    }
  server->helo[size] = 0;
  server->esmtp = command->verb == CLR_VERB_EHLO;
  enter_state (server, STATE_GREETED);
  if (!server->esmtp)
    {
      reply (server, 250, NULL, config->hostname);
      return;
    }
  clr_buffer_printf (server->output, "250-%s\r\n250-PIPELINING\r\n250-SIZE %" G_GUINT64_FORMAT "\r\n%s",
                     config->hostname, config->max_message_size,
                     config->offer_tls && !server->secure ? "250-STARTTLS\r\n" : "");
  clr_buffer_append_string (server->output,
                            "250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250 HELP\r\n");
}

static void
ask (ClrSmtpServer *server, ClrVerb verb)
{
  server->asked = verb;
  server->waiting = TRUE;
}

static void
do_mail (ClrSmtpServer *server, const ClrCommand *command)
{
  ClrMailCommand mail;
  const ClrComplaint *complaint = clr_command_parse_mail (
      command, server->config->lenient ? CLR_ADDRESS_LENIENT : CLR_ADDRESS_STRICT, &mail);

  if (complaint)
    complain (server, complaint->code, complaint->enhanced, complaint->text);
  else if (server->messages >= server->config->max_messages)
    clr_smtp_server_goodbye (server, "4.7.0", "enough messages on this connection, please connect again");
  else if (mail.size > server->config->max_message_size)
    complain (server, 552, "5.3.4", "the message is larger than this relay accepts");
  else
    {
      ask (server, CLR_VERB_MAIL);
      server->handler->ask_mail (server, &mail, server->data);
    }
}

static void
do_rcpt (ClrSmtpServer *server, const ClrCommand *command)
{
  ClrRcptCommand rcpt;
  const ClrComplaint *complaint = clr_command_parse_rcpt (
      command, server->config->lenient ? CLR_ADDRESS_LENIENT : CLR_ADDRESS_STRICT, &rcpt);

  if (complaint)
    complain (server, complaint->code, complaint->enhanced, complaint->text);
  else if (server->recipients >= server->config->max_recipients)
    /* RFC 5321 section 4.5.3.1.10: the client sends the rest in another transaction. */
    reply (server, 452, "4.5.3", "too many recipients, send the rest in another message");
  else
    {
      ask (server, CLR_VERB_RCPT);
      server->handler->ask_rcpt (server, &rcpt, server->data);
    }
}

static void
do_data (ClrSmtpServer *server, const ClrCommand *command)
{
  ask (server, CLR_VERB_DATA);
  server->handler->ask_data (server, server->data);
}

static void
do_rset (ClrSmtpServer *server, const ClrCommand *command)
{
  if (server->state != STATE_CONNECTED)
    enter_state (server, STATE_GREETED);
  reply (server, 250, "2.0.0", "forgotten");
}

static void
do_noop (ClrSmtpServer *server, const ClrCommand *command)
{
  reply (server, 250, "2.0.0", "ok");
}

static void
do_vrfy (ClrSmtpServer *server, const ClrCommand *command)
{
  if (command->argument_size == 0)
    complain (server, 501, "5.5.4", "VRFY needs an address");
  else
    reply (server, 252, "2.0.0", "addresses are not verified, send the message");
}

static void
do_help (ClrSmtpServer *server, const ClrCommand *command)
{
  g_autoptr (GString) text = g_string_new ("this relay knows");

  for (int verb = 0; verb < CLR_VERB_UNKNOWN; verb++)
    if (!(table[verb].flags & FLAG_TLS_ONLY) || (server->config->offer_tls && !server->secure))
      g_string_append_printf (text, " %s", clr_verb_get_name (verb));
  reply (server, 214, "2.0.0", text->str);
}

static void
do_quit (ClrSmtpServer *server, const ClrCommand *command)
{
  reply (server, 221, "2.0.0", "goodbye");
  finish (server);
}

static void
do_starttls (ClrSmtpServer *server, const ClrCommand *command)
{
  reply (server, 220, "2.0.0", "go ahead");
  enter_state (server, STATE_CONNECTED);
  ask (server, CLR_VERB_STARTTLS);
  server->handler->start_tls (server, server->data);
}

void
clr_smtp_server_secured (ClrSmtpServer *server)
{
  /* RFC 3207 section 4.2: what was learned in clear is forgotten. */
  server->waiting = FALSE;
  server->secure = TRUE;
  server->helo[0] = 0;
  server->esmtp = FALSE;
  clr_buffer_clear (&server->line);
  enter_state (server, STATE_CONNECTED);
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
        enter_state (server, STATE_MAIL);
      break;
    case CLR_VERB_RCPT:
      if (accepted)
        {
          server->recipients++;
          enter_state (server, STATE_RCPT);
        }
      break;
    case CLR_VERB_DATA:
      if (server->state == STATE_DATA)
        {
          /* The answer to the content: the transaction is over, and the handler knows it. */
          server->state = STATE_GREETED;
          server->recipients = 0;
          server->messages += accepted;
        }
      else if (accepted)
        {
          server->decoder = (ClrDataDecoder)CLR_DATA_DECODER_INIT;
          server->content_size = 0;
          server->too_big = FALSE;
          server->nuls = 0;
          enter_state (server, STATE_DATA);
        }
      break;
    default:
      break;
    }
  if (accepted || code < 500)
    reply (server, code, enhanced, text);
  else
    complain (server, code, enhanced, text);
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

  if (server->line_too_long)
    {
      server->line_too_long = FALSE;
      complain (server, 500, "5.5.2", "the line is too long");
      return;
    }
  if (size > 0 && line[size - 1] == '\r')
    size--;
  else if (!server->config->normalize)
    {
      complain (server, 500, "5.5.2", "lines must end with CR LF");
      return;
    }
  if (memchr (line, '\r', size) || memchr (line, 0, size))
    {
      complain (server, 500, "5.5.2", "a command has no control characters");
      return;
    }

  if (is_http (line, size))
    {
      clr_smtp_server_goodbye (server, "4.7.0", "this is a mail server, not a web server");
      return;
    }
  clr_command_parse (line, size, &command);
  gboolean tls_on_offer = server->config->offer_tls && !server->secure;
  if (command.verb == CLR_VERB_UNKNOWN
      || ((table[command.verb].flags & FLAG_TLS_ONLY) && !server->config->offer_tls))
    complain (server, 500, "5.5.1", "no such command; HELP lists them");
  else if ((table[command.verb].flags & FLAG_TLS_ONLY) && !tls_on_offer)
    complain (server, 503, "5.5.1", "TLS is on already");
  else if ((table[command.verb].flags & FLAG_NO_ARGUMENT) && command.argument_size > 0)
    complain (server, 501, "5.5.4", "this command takes no argument");
  else if ((table[command.verb].flags & FLAG_NEEDS_TLS) && server->config->require_tls && !server->secure)
    complain (server, 530, "5.7.0", "send STARTTLS first, this listener requires TLS");
  else if (!(table[command.verb].states & server->state))
    complain (server, 503, "5.5.1",
              server->state == STATE_CONNECTED ? "send HELO or EHLO first"
              : command.verb == CLR_VERB_MAIL  ? "the sender is known already; RSET forgets it"
              : table[command.verb].order      ? table[command.verb].order
                                               : "not now");
  else
    table[command.verb].proceed (server, &command);
}

/* What will be refused is eaten to its end, and not kept. */
static gboolean
is_refused (ClrSmtpServer *server)
{
  return server->too_big || (!server->config->normalize && (server->decoder.bare > 0 || server->nuls > 0));
}

static void
on_content (const uint8_t *bytes, size_t size, void *data)
{
  ClrSmtpServer *server = data;
  const uint8_t *end = bytes + size, *nul;

  server->content_size += size;
  if (server->content_size > server->config->max_message_size)
    server->too_big = TRUE;
  /* RFC 5322 section 4: no NUL. A next hop that drops it would see a line that we did not. */
  while ((nul = memchr (bytes, 0, end - bytes)))
    {
      server->nuls++;
      if (nul > bytes && !is_refused (server))
        server->handler->content (server, bytes, nul - bytes, server->data);
      bytes = nul + 1;
    }
  if (bytes < end && !is_refused (server))
    server->handler->content (server, bytes, end - bytes, server->data);
}

static size_t
feed_content (ClrSmtpServer *server, const uint8_t *bytes, size_t size)
{
  size_t eaten;

  if (!clr_data_decode (&server->decoder, bytes, size, &eaten, on_content, server))
    return eaten;
  if (is_refused (server))
    {
      enter_state (server, STATE_GREETED);
      if (server->too_big)
        complain (server, 552, "5.3.4", "the message is larger than this relay accepts");
      else
        complain (server, 550, "5.6.0",
                  server->decoder.bare > 0
                      ? "the message has lone CR or LF characters; lines must end with CR LF (a device "
                        "may be allowed to send them: bare-newlines = normalize)"
                      : "the message has NUL characters");
      return eaten;
    }
  ask (server, CLR_VERB_DATA);
  server->handler->ask_accept (server, server->data);
  return eaten;
}

static size_t
feed_line (ClrSmtpServer *server, const uint8_t *bytes, size_t size)
{
  const uint8_t *end = memchr (bytes, '\n', size);
  size_t n = end ? (size_t)(end - bytes) + 1 : size;

  if (clr_buffer_size (&server->line) + n > server->config->max_line)
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
      if (server->state == STATE_DATA)
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
  return server->state == STATE_DATA;
}

unsigned
clr_smtp_server_get_bare_newlines (ClrSmtpServer *server)
{
  return server->decoder.bare + server->nuls;
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-server.h"

#include <string.h>

typedef enum
{
  STATE_CONNECTED = 1 << 0,
  STATE_GREETED = 1 << 1,
  STATE_MAIL = 1 << 2,   /* a sender is known */
  STATE_RCPT = 1 << 3,   /* and a recipient */
  STATE_DATA = 1 << 4,   /* content is coming in by DATA */
  STATE_CHUNKS = 1 << 5, /* a first BDAT was said; the next may come */
  STATE_OVER = 1 << 6,   /* nothing is eaten any more */
} State;

#define STATE_TRANSACTION (STATE_MAIL | STATE_RCPT | STATE_DATA | STATE_CHUNKS)
#define STATE_ANY         (STATE_CONNECTED | STATE_GREETED | STATE_MAIL | STATE_RCPT | STATE_CHUNKS)

/* A chunk beyond so many times the largest message is not waited for. */
#define CHUNK_PATIENCE 4

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
  gboolean smtputf8; /* MAIL said so */
  unsigned errors;
  unsigned messages;
  unsigned recipients;
  ClrContent content;
  struct
  {
    gboolean coming; /* its octets are eaten now */
    gboolean last;
    uint64_t left; /* octets */
    /* Its octets are eaten for nothing, then this is said; code 0: they are content. */
    int code;
    char enhanced[CLR_ENHANCED_MAX];
    char *text;
  } chunk;
  ClrBuffer line; /* the beginning of a line whose end has not come yet */
  char helo[CLR_DOMAIN_MAX + 1];
};

static void do_helo (ClrSmtpServer *, const ClrCommand *);
static void do_mail (ClrSmtpServer *, const ClrCommand *);
static void do_rcpt (ClrSmtpServer *, const ClrCommand *);
static void do_data (ClrSmtpServer *, const ClrCommand *);
static void do_bdat (ClrSmtpServer *, const ClrCommand *);
static void do_rset (ClrSmtpServer *, const ClrCommand *);
static void do_noop (ClrSmtpServer *, const ClrCommand *);
static void do_vrfy (ClrSmtpServer *, const ClrCommand *);
static void do_help (ClrSmtpServer *, const ClrCommand *);
static void do_quit (ClrSmtpServer *, const ClrCommand *);
static void do_starttls (ClrSmtpServer *, const ClrCommand *);

/* A verb is one row. HELP's answer derives from it. */
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
  [CLR_VERB_BDAT] = { STATE_RCPT | STATE_CHUNKS, FLAG_NEEDS_TLS, do_bdat,
                      "send MAIL and RCPT first; no recipient has been accepted" },
  [CLR_VERB_RSET] = { STATE_ANY, FLAG_NO_ARGUMENT, do_rset, NULL },
  [CLR_VERB_NOOP] = { STATE_ANY, 0, do_noop, NULL },
  [CLR_VERB_VRFY] = { STATE_ANY, FLAG_NEEDS_TLS, do_vrfy, NULL },
  [CLR_VERB_HELP] = { STATE_ANY, 0, do_help, NULL },
  [CLR_VERB_QUIT] = { STATE_ANY, 0, do_quit, NULL },
  [CLR_VERB_STARTTLS] = { STATE_ANY, FLAG_NO_ARGUMENT | FLAG_TLS_ONLY, do_starttls, NULL },
};

static gboolean
offers_tls (ClrSmtpServer *server)
{
  return server->config->offer_tls && !server->secure;
}

static void
write_size (ClrSmtpServer *server)
{
  clr_buffer_printf (server->output, " %" G_GUINT64_FORMAT, server->config->max_message_size);
}

/* RFC 9422 */
static void
write_limits (ClrSmtpServer *server)
{
  clr_buffer_printf (server->output, " RCPTMAX=%u MAILMAX=%u", server->config->max_recipients,
                     server->config->max_messages);
}

/* What follows EHLO: a keyword is one row. */
static const struct
{
  const char *keyword;
  gboolean (*is_offered) (ClrSmtpServer *server); /* NULL: always */
  void (*write_value) (ClrSmtpServer *server);    /* NULL: none */
} offers[] = {
  { "PIPELINING", NULL, NULL },     /* RFC 2920 */
  { "SIZE", NULL, write_size },     /* RFC 1870 */
  { "STARTTLS", offers_tls, NULL }, /* RFC 3207 */
  { "ENHANCEDSTATUSCODES", NULL, NULL },
  { "8BITMIME", NULL, NULL }, /* RFC 6152 */
  { "SMTPUTF8", NULL, NULL }, /* RFC 6531 */
  { "DSN", NULL, NULL },      /* RFC 3461 */
  { "CHUNKING", NULL, NULL }, /* RFC 3030 */
  { "LIMITS", NULL, write_limits },
  { "HELP", NULL, NULL },
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
  g_free (server->chunk.text);
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
  gboolean in_transaction = server->state & STATE_TRANSACTION;

  server->state = state;
  if (in_transaction && !(state & STATE_TRANSACTION))
    {
      server->recipients = 0;
      server->smtputf8 = FALSE;
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
  clr_buffer_printf (server->output, "250-%s\r\n", config->hostname);
  for (unsigned i = 0; i < G_N_ELEMENTS (offers); i++)
    {
      if (offers[i].is_offered && !offers[i].is_offered (server))
        continue;
      clr_buffer_append_string (server->output, i + 1 < G_N_ELEMENTS (offers) ? "250-" : "250 ");
      clr_buffer_append_string (server->output, offers[i].keyword);
      if (offers[i].write_value)
        offers[i].write_value (server);
      clr_buffer_append_string (server->output, "\r\n");
    }
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
      server->smtputf8 = mail.smtputf8;
      ask (server, CLR_VERB_MAIL);
      server->handler->ask_mail (server, &mail, server->data);
    }
}

static void
do_rcpt (ClrSmtpServer *server, const ClrCommand *command)
{
  ClrRcptCommand rcpt;
  const ClrComplaint *complaint
      = clr_command_parse_rcpt (command,
                                (server->config->lenient ? CLR_ADDRESS_LENIENT : CLR_ADDRESS_STRICT)
                                    | (server->smtputf8 ? CLR_ADDRESS_UTF8 : 0),
                                &rcpt);

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
  const ClrComplaint *complaint = clr_command_parse_vrfy (command);

  if (complaint)
    complain (server, complaint->code, complaint->enhanced, complaint->text);
  else
    /* RFC 5321 section 3.5.3: 252 tells nothing, and tells it honestly. */
    reply (server, 252, "2.0.0", "addresses are not verified, send the message");
}

static void
do_help (ClrSmtpServer *server, const ClrCommand *command)
{
  g_autoptr (GString) text = g_string_new ("this relay knows");

  for (int verb = 0; verb < CLR_VERB_UNKNOWN; verb++)
    if (!(table[verb].flags & FLAG_TLS_ONLY) || offers_tls (server))
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

/* The content comes now. */
static void on_content (const uint8_t *bytes, size_t size, void *data);

static void
begin_content (ClrSmtpServer *server, State state)
{
  clr_content_begin (&server->content, on_content, server, server->config->max_message_size,
                     server->config->normalize);
  enter_state (server, state);
}

/* -- BDAT, RFC 3030 section 2 */

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
        enter_state (server, STATE_GREETED);
      complain (server, server->chunk.code, server->chunk.enhanced, why);
      return;
    }
  if (server->chunk.last)
    clr_content_end_chunks (&server->content);
  complaint = clr_content_get_complaint (&server->content);
  if (complaint)
    {
      enter_state (server, STATE_GREETED);
      complain (server, complaint->code, complaint->enhanced, complaint->text);
    }
  else if (server->chunk.last)
    {
      ask (server, CLR_VERB_BDAT);
      server->handler->ask_accept (server, server->data);
    }
  else
    {
      g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT " octets so far", server->content.size);
      reply (server, 250, "2.0.0", text);
    }
}

/* @code: 0, or why the chunk is eaten for nothing. */
static void
begin_chunk (ClrSmtpServer *server, int code, const char *enhanced, const char *text)
{
  server->chunk.coming = TRUE;
  server->chunk.code = code;
  g_strlcpy (server->chunk.enhanced, enhanced ? enhanced : "", sizeof server->chunk.enhanced);
  g_free (server->chunk.text);
  server->chunk.text = g_strdup (text);
  if (server->chunk.left == 0)
    end_chunk (server);
}

static void
do_bdat (ClrSmtpServer *server, const ClrCommand *command)
{
  if (server->state == STATE_CHUNKS)
    {
      begin_chunk (server, 0, NULL, NULL);
      return;
    }
  ask (server, CLR_VERB_BDAT);
  server->handler->ask_data (server, server->data);
}

/* Reads what BDAT says of its chunk. Where no chunk can be told from commands, the session has to end.
 * Returns: FALSE then. */
static gboolean
measure_chunk (ClrSmtpServer *server, const ClrCommand *command)
{
  uint64_t most = server->config->max_message_size;

  most = most > UINT64_MAX / CHUNK_PATIENCE ? UINT64_MAX : most * CHUNK_PATIENCE;
  if (!clr_bdat_parse (command->argument, command->argument_size, &server->chunk.left, &server->chunk.last))
    reply (server, 521, "5.5.4",
           "the form is BDAT size [LAST]; closing, for what follows cannot be told apart");
  else if (server->chunk.left > most)
    reply (server, 552, "5.3.4", "the chunk is far larger than this relay accepts, closing the connection");
  else
    return TRUE;
  finish (server);
  return FALSE;
}

static size_t
feed_chunk (ClrSmtpServer *server, const uint8_t *bytes, size_t size)
{
  size_t n = MIN (size, server->chunk.left);

  server->chunk.left -= n;
  if (server->chunk.code == 0)
    clr_content_feed_chunk (&server->content, bytes, n);
  if (server->chunk.left == 0)
    end_chunk (server);
  return n;
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
      begin_chunk (server, accepted ? 0 : code, enhanced, text);
      return;
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

/* Whether the command may come now and here. Returns: a complaint with code 0 when it may. */
static ClrComplaint
check_order (ClrSmtpServer *server, const ClrCommand *command)
{
  Flag flags = command->verb == CLR_VERB_UNKNOWN ? 0 : table[command->verb].flags;

  if (command->verb == CLR_VERB_UNKNOWN || ((flags & FLAG_TLS_ONLY) && !server->config->offer_tls))
    return (ClrComplaint){ 500, "5.5.1", "no such command; HELP lists them" };
  if ((flags & FLAG_TLS_ONLY) && server->secure)
    return (ClrComplaint){ 503, "5.5.1", "TLS is on already" };
  if ((flags & FLAG_NO_ARGUMENT) && command->argument_size > 0)
    return (ClrComplaint){ 501, "5.5.4", "this command takes no argument" };
  if ((flags & FLAG_NEEDS_TLS) && server->config->require_tls && !server->secure)
    return (ClrComplaint){ 530, "5.7.0", "send STARTTLS first, this listener requires TLS" };
  if (table[command->verb].states & server->state)
    return (ClrComplaint){ 0, NULL, NULL };
  return (ClrComplaint){ 503, "5.5.1",
                         server->state == STATE_CONNECTED ? "send HELO or EHLO first"
                         : server->state == STATE_CHUNKS
                             ? "chunks are coming; BDAT goes on, RSET forgets them"
                         : command->verb == CLR_VERB_MAIL ? "the sender is known already; RSET forgets it"
                         : table[command->verb].order     ? table[command->verb].order
                                                          : "not now" };
}

static void
do_line (ClrSmtpServer *server, const char *line, size_t size)
{
  ClrCommand command;
  ClrComplaint complaint;

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
      /* Octets of a chunk are no commands. */
      clr_command_parse (line, size, &command);
      if (command.verb == CLR_VERB_BDAT && server->state != STATE_OVER)
        finish (server);
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
  if (command.verb == CLR_VERB_BDAT && !measure_chunk (server, &command))
    return;
  complaint = check_order (server, &command);
  if (complaint.code == 0)
    table[command.verb].proceed (server, &command);
  else if (command.verb == CLR_VERB_BDAT)
    begin_chunk (server, complaint.code, complaint.enhanced, complaint.text);
  else
    complain (server, complaint.code, complaint.enhanced, complaint.text);
}

static void
on_content (const uint8_t *bytes, size_t size, void *data)
{
  ClrSmtpServer *server = data;

  server->handler->content (server, bytes, size, server->data);
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
      enter_state (server, STATE_GREETED);
      complain (server, complaint->code, complaint->enhanced, complaint->text);
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
      if (server->chunk.coming)
        done += feed_chunk (server, bytes + done, size - done);
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

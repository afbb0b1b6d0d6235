/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-server-private.h"

#include <string.h>

typedef enum
{
  FLAG_NO_ARGUMENT = 1 << 0,
  FLAG_NEEDS_TLS = 1 << 1,  /* where the listener requires it */
  FLAG_TLS_ONLY = 1 << 2,   /* exists only where TLS is offered and not yet on */
  FLAG_NEEDS_AUTH = 1 << 3, /* where the listener requires it */
} Flag;

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
static void do_auth (ClrSmtpServer *, const ClrCommand *);

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
  [CLR_VERB_MAIL] = { STATE_GREETED, FLAG_NEEDS_TLS | FLAG_NEEDS_AUTH, do_mail, NULL },
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
  [CLR_VERB_AUTH]
  = { STATE_GREETED, FLAG_NEEDS_TLS, do_auth, "AUTH comes before MAIL; RSET forgets the message" },
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

static void
write_mechanisms (ClrSmtpServer *server)
{
  clr_sasl_offers_write (server->config->mechanisms, server->output);
}

static gboolean
offers_auth_equals (ClrSmtpServer *server)
{
  return server->config->auth_equals && clr_smtp_server_offers_auth (server);
}

/* The spelling of Netscape's draft: what stands behind "AUTH" there is "=". */
static void
write_mechanisms_after_equals (ClrSmtpServer *server)
{
  clr_buffer_append_string (server->output, "LOGIN PLAIN");
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
  { "PIPELINING", NULL, NULL },                              /* RFC 2920 */
  { "SIZE", NULL, write_size },                              /* RFC 1870 */
  { "STARTTLS", offers_tls, NULL },                          /* RFC 3207 */
  { "AUTH", clr_smtp_server_offers_auth, write_mechanisms }, /* RFC 4954 */
  { "AUTH=", offers_auth_equals, write_mechanisms_after_equals },
  { "ENHANCEDSTATUSCODES", NULL, NULL },
  { "8BITMIME", NULL, NULL }, /* RFC 6152 */
  { "SMTPUTF8", NULL, NULL }, /* RFC 6531 */
  { "DSN", NULL, NULL },      /* RFC 3461 */
  { "CHUNKING", NULL, NULL }, /* RFC 3030 */
  { "LIMITS", NULL, write_limits },
  { "HELP", NULL, NULL },
};

static void
do_helo (ClrSmtpServer *server, const ClrCommand *command)
{
  const ClrSmtpServerConfig *config = server->config;
  size_t size = command->argument_size;

  /* RFC 5321 section 4.1.4: a client may not be refused for the name it gives; only none at all is an error.
   * Names are cut, and kept free of what would not fit into a Received field. */
  if (size == 0 && !config->lenient_helo)
    {
      clr_smtp_server_complain (server, 501, "5.5.4", "say your name: HELO or EHLO and a host name");
      return;
    }
  server->helo_bad
      = config->lenient_helo && !clr_domain_is_valid (command->argument, size, CLR_ADDRESS_STRICT);
  size = MIN (size, CLR_DOMAIN_MAX);
  for (size_t i = 0; i < size; i++)
    {
      unsigned char c = command->argument[i];
      server->helo[i] = c > 32 && c < 127 && !strchr ("()<>\\\"", c) ? c : '?';
    }
  server->helo[size] = 0;
  server->esmtp = command->verb == CLR_VERB_EHLO;
  clr_smtp_server_enter_state (server, STATE_GREETED);
  if (!server->esmtp)
    {
      clr_smtp_server_reply (server, 250, NULL, config->hostname);
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
do_mail (ClrSmtpServer *server, const ClrCommand *command)
{
  ClrMailCommand mail;
  const ClrComplaint *complaint = clr_command_parse_mail (command, server->config->leniency, &mail);

  if (complaint)
    clr_smtp_server_complain (server, complaint->code, complaint->enhanced, complaint->text);
  else if (server->messages >= server->config->max_messages)
    clr_smtp_server_goodbye (server, "4.7.0", "enough messages on this connection, please connect again");
  else if (mail.size > server->config->max_message_size)
    clr_smtp_server_complain (server, 552, "5.3.4", "the message is larger than this relay accepts");
  else
    {
      server->smtputf8 = mail.smtputf8;
      server->leniency = mail.leniency;
      clr_smtp_server_ask (server, CLR_VERB_MAIL);
      server->handler->ask_mail (server, &mail, server->data);
    }
}

static void
do_rcpt (ClrSmtpServer *server, const ClrCommand *command)
{
  ClrRcptCommand rcpt;
  const ClrComplaint *complaint = clr_command_parse_rcpt (
      command, server->config->leniency | (server->smtputf8 ? CLR_ADDRESS_UTF8 : 0), &rcpt);

  if (complaint)
    clr_smtp_server_complain (server, complaint->code, complaint->enhanced, complaint->text);
  else if (server->recipients >= server->config->max_recipients)
    /* RFC 5321 section 4.5.3.1.10: the client sends the rest in another transaction. */
    clr_smtp_server_reply (server, 452, "4.5.3", "too many recipients, send the rest in another message");
  else
    {
      server->leniency |= rcpt.leniency;
      clr_smtp_server_ask (server, CLR_VERB_RCPT);
      server->handler->ask_rcpt (server, &rcpt, server->data);
    }
}

static void
do_data (ClrSmtpServer *server, const ClrCommand *command)
{
  clr_smtp_server_ask (server, CLR_VERB_DATA);
  server->handler->ask_data (server, server->data);
}

static void
do_rset (ClrSmtpServer *server, const ClrCommand *command)
{
  if (server->state != STATE_CONNECTED)
    clr_smtp_server_enter_state (server, STATE_GREETED);
  clr_smtp_server_reply (server, 250, "2.0.0", "forgotten");
}

static void
do_noop (ClrSmtpServer *server, const ClrCommand *command)
{
  clr_smtp_server_reply (server, 250, "2.0.0", "ok");
}

static void
do_vrfy (ClrSmtpServer *server, const ClrCommand *command)
{
  const ClrComplaint *complaint = clr_command_parse_vrfy (command);

  if (complaint)
    clr_smtp_server_complain (server, complaint->code, complaint->enhanced, complaint->text);
  else
    /* RFC 5321 section 3.5.3: 252 tells nothing, and tells it honestly. */
    clr_smtp_server_reply (server, 252, "2.0.0", "addresses are not verified, send the message");
}

static void
do_help (ClrSmtpServer *server, const ClrCommand *command)
{
  g_autoptr (GString) text = g_string_new ("this relay knows");

  for (int verb = 0; verb < CLR_VERB_UNKNOWN; verb++)
    if (verb == CLR_VERB_AUTH ? clr_smtp_server_offers_auth (server)
                              : !(table[verb].flags & FLAG_TLS_ONLY) || offers_tls (server))
      g_string_append_printf (text, " %s", clr_verb_get_name (verb));
  clr_smtp_server_reply (server, 214, "2.0.0", text->str);
}

static void
do_quit (ClrSmtpServer *server, const ClrCommand *command)
{
  clr_smtp_server_reply (server, 221, "2.0.0", "goodbye");
  clr_smtp_server_finish (server);
}

static void
do_starttls (ClrSmtpServer *server, const ClrCommand *command)
{
  clr_smtp_server_reply (server, 220, "2.0.0", "go ahead");
  clr_smtp_server_enter_state (server, STATE_CONNECTED);
  clr_smtp_server_ask (server, CLR_VERB_STARTTLS);
  server->handler->start_tls (server, server->data);
}

static void
do_auth (ClrSmtpServer *server, const ClrCommand *command)
{
  clr_smtp_server_begin_auth (server, command->argument, command->argument_size);
}

static void
do_bdat (ClrSmtpServer *server, const ClrCommand *command)
{
  if (server->state == STATE_CHUNKS)
    {
      clr_smtp_server_begin_chunk (server, 0, NULL, NULL);
      return;
    }
  clr_smtp_server_ask (server, CLR_VERB_BDAT);
  server->handler->ask_data (server, server->data);
}

ClrComplaint
clr_smtp_server_check_order (ClrSmtpServer *server, const ClrCommand *command)
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
  if ((flags & FLAG_NEEDS_AUTH) && server->config->require_auth && !server->authenticated)
    return (ClrComplaint){ 530, "5.7.0", "log in first, this listener requires AUTH" };
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

void
clr_smtp_server_proceed (ClrSmtpServer *server, const ClrCommand *command)
{
  table[command->verb].proceed (server, command);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-client.h"
#include "smtp/clr-sasl.h"

#include <stdlib.h>
#include <string.h>

typedef enum
{
  OFFER_PIPELINING = 1 << 0,
  OFFER_SIZE = 1 << 1,
  OFFER_8BITMIME = 1 << 2,
  OFFER_STARTTLS = 1 << 3,
  OFFER_AUTH = 1 << 4,
} Offer;

/* The plan of a transaction: steps 0 RSET (where the former left something), 1 MAIL, 2.. RCPT, then DATA. */
#define STEP_RSET 0u
#define STEP_MAIL 1u
#define STEP_RCPT 2u

struct ClrSmtpClient
{
  const ClrSmtpClientConfig *config;
  const ClrSmtpClientHandler *handler;
  void *data;
  ClrBuffer *output;
  ClrPhase phase;
  ClrReplyReader reader;
  Offer offers;
  uint64_t max_size;
  char *mechanisms;
  gboolean secure;
  gboolean said_helo;   /* HELO instead of EHLO */
  gboolean needs_reset; /* the peer still holds a transaction */
  ClrSaslMechanism mechanism;
  unsigned auth_step;

  ClrSmtpTransaction transaction;
  unsigned step_sent;     /* next step of the plan to send */
  unsigned step_received; /* next step whose reply is awaited */
  unsigned accepted;      /* recipients with 2xx */
  gboolean *is_accepted;  /* one a recipient */
  ClrSmtpReply *mail_refusal;
  ClrDataEncoder encoder;
};

ClrSmtpClient *
clr_smtp_client_new (const ClrSmtpClientConfig *config, const ClrSmtpClientHandler *handler,
                     ClrBuffer *output, void *data)
{
  ClrSmtpClient *client = g_new0 (ClrSmtpClient, 1);

  client->config = config;
  client->handler = handler;
  client->output = output;
  client->data = data;
  client->phase = CLR_PHASE_GREETING;
  clr_reply_reader_init (&client->reader);
  return client;
}

void
clr_smtp_client_free (ClrSmtpClient *client)
{
  g_free (client->mechanisms);
  g_free (client->is_accepted);
  g_free (client->mail_refusal);
  g_free (client);
}

static void
fail_with (ClrSmtpClient *client, const ClrSmtpReply *reply)
{
  ClrPhase phase = client->phase;

  if (phase == CLR_PHASE_OVER)
    return;
  client->phase = CLR_PHASE_OVER;
  client->handler->failed (client, phase, reply, client->data);
}

static void
fail (ClrSmtpClient *client, const char *text)
{
  ClrSmtpReply reply;

  clr_smtp_reply_set (&reply, 0, NULL, text);
  fail_with (client, &reply);
}

static void
say_hello (ClrSmtpClient *client, gboolean esmtp)
{
  client->phase = CLR_PHASE_EHLO;
  client->said_helo = !esmtp;
  client->offers = 0;
  client->max_size = 0;
  g_clear_pointer (&client->mechanisms, g_free);
  clr_buffer_printf (client->output, "%s %s\r\n", esmtp ? "EHLO" : "HELO", client->config->helo);
}

static void
become_idle (ClrSmtpClient *client)
{
  client->phase = CLR_PHASE_IDLE;
  client->handler->ready (client, client->data);
}

static void
say_auth (ClrSmtpClient *client)
{
  char *response;

  client->mechanism = client->mechanisms ? clr_sasl_choose (client->mechanisms) : CLR_SASL_NONE;
  client->phase = CLR_PHASE_AUTH;
  if (client->mechanism == CLR_SASL_NONE)
    {
      fail (
          client,
          client->offers & OFFER_AUTH
              ? "the server offers no way to log in that this relay knows (PLAIN, LOGIN)"
              : "a user is set for this smarthost, but the server offers no AUTH; remove the user, or choose "
                "the port and TLS mode the provider names for logging in");
      return;
    }
  client->auth_step = 1;
  response = clr_sasl_respond (client->mechanism, 0, client->config->user, client->config->password);
  clr_buffer_printf (client->output, "AUTH %s", clr_sasl_get_name (client->mechanism));
  if (response)
    {
      clr_buffer_append (client->output, " ", 1);
      clr_buffer_append_string (client->output, response);
    }
  clr_buffer_append (client->output, "\r\n", 2);
  clr_sasl_wipe (response);
}

/* After EHLO: TLS, then AUTH, then work. */
static void
go_on (ClrSmtpClient *client)
{
  if (!client->secure && client->config->tls != CLR_CLIENT_TLS_NONE)
    {
      if (client->offers & OFFER_STARTTLS)
        {
          client->phase = CLR_PHASE_TLS;
          clr_buffer_append_string (client->output, "STARTTLS\r\n");
          return;
        }
      if (client->config->tls == CLR_CLIENT_TLS_REQUIRED)
        {
          fail (client, "TLS is required for this next hop, but the server does not offer STARTTLS");
          return;
        }
    }
  if (client->config->user)
    {
      if (!client->secure && client->config->tls != CLR_CLIENT_TLS_NONE)
        {
          fail (client, "the password is not sent in clear: the server does not offer STARTTLS");
          return;
        }
      say_auth (client);
      return;
    }
  become_idle (client);
}

static gboolean
keyword (const char *line, size_t size, const char *word)
{
  size_t n = strlen (word);

  return size >= n && g_ascii_strncasecmp (line, word, n) == 0
         && (size == n || line[n] == ' ' || line[n] == '=');
}

static void
read_offers (ClrSmtpClient *client, const char *text)
{
  for (const char *line = strchr (text, '\n'); line; line = strchr (line, '\n'))
    {
      size_t size = strcspn (++line, "\n");

      if (keyword (line, size, "PIPELINING"))
        client->offers |= OFFER_PIPELINING;
      else if (keyword (line, size, "8BITMIME"))
        client->offers |= OFFER_8BITMIME;
      else if (keyword (line, size, "STARTTLS"))
        client->offers |= OFFER_STARTTLS;
      else if (keyword (line, size, "SIZE"))
        {
          client->offers |= OFFER_SIZE;
          client->max_size = size > 5 ? g_ascii_strtoull (line + 5, NULL, 10) : 0;
        }
      else if (keyword (line, size, "AUTH"))
        {
          client->offers |= OFFER_AUTH;
          g_free (client->mechanisms);
          client->mechanisms = g_strndup (line + MIN (size, 5), size - MIN (size, 5));
        }
    }
}

static unsigned
step_data (ClrSmtpClient *client)
{
  return STEP_RCPT + client->transaction.n_recipients;
}

static void
send_step (ClrSmtpClient *client)
{
  const ClrSmtpTransaction *transaction = &client->transaction;
  unsigned step = client->step_sent++;

  if (step == STEP_RSET)
    clr_buffer_append_string (client->output, "RSET\r\n");
  else if (step == STEP_MAIL)
    {
      clr_buffer_append_string (client->output, "MAIL FROM:<");
      clr_buffer_append_string (client->output, transaction->sender);
      clr_buffer_append_string (client->output, ">");
      if (client->offers & OFFER_SIZE)
        clr_buffer_printf (client->output, " SIZE=%" G_GUINT64_FORMAT, transaction->size);
      if (client->offers & OFFER_8BITMIME && transaction->eight_bit)
        clr_buffer_append_string (client->output, " BODY=8BITMIME");
      clr_buffer_append_string (client->output, "\r\n");
    }
  else if (step < step_data (client))
    {
      clr_buffer_append_string (client->output, "RCPT TO:<");
      clr_buffer_append_string (client->output, transaction->get_recipient (step - STEP_RCPT, client->data));
      clr_buffer_append_string (client->output, ">\r\n");
    }
  else
    clr_buffer_append_string (client->output, "DATA\r\n");
}

static void
phase_of_step (ClrSmtpClient *client)
{
  client->phase = client->step_received <= STEP_MAIL           ? CLR_PHASE_MAIL
                  : client->step_received < step_data (client) ? CLR_PHASE_RCPT
                                                               : CLR_PHASE_DATA;
}

static void
send_steps (ClrSmtpClient *client)
{
  if (client->offers & OFFER_PIPELINING)
    while (client->step_sent <= step_data (client))
      send_step (client);
  else
    send_step (client);
  phase_of_step (client);
}

void
clr_smtp_client_begin (ClrSmtpClient *client, const ClrSmtpTransaction *transaction)
{
  g_assert (client->phase == CLR_PHASE_IDLE);
  client->transaction = *transaction;
  g_free (client->is_accepted);
  client->is_accepted = g_new0 (gboolean, transaction->n_recipients);
  g_clear_pointer (&client->mail_refusal, g_free);
  client->accepted = 0;
  client->encoder = (ClrDataEncoder)CLR_DATA_ENCODER_INIT;
  client->step_sent = client->step_received = client->needs_reset ? STEP_RSET : STEP_MAIL;
  client->needs_reset = FALSE;
  send_steps (client);
}

static void
tell_rest (ClrSmtpClient *client, ClrPhase phase, const ClrSmtpReply *reply)
{
  for (unsigned i = 0; i < client->transaction.n_recipients; i++)
    if (client->is_accepted[i])
      {
        client->is_accepted[i] = FALSE;
        client->handler->result (client, i, phase, reply, client->data);
      }
}

static void
send_content_now (ClrSmtpClient *client)
{
  client->phase = CLR_PHASE_CONTENT;
  if (client->accepted > 0)
    client->handler->want_content (client, client->data);
  else
    /* RFC 2920 section 3.1: the peer accepted a pipelined DATA without recipients; an empty message ends it.
     */
    clr_smtp_client_end_content (client);
}

/* The peer closes after this (RFC 5321 section 3.8). */
static gboolean
is_farewell (const ClrSmtpReply *reply)
{
  return reply->code == 421;
}

static void
on_transaction_reply (ClrSmtpClient *client, const ClrSmtpReply *reply)
{
  unsigned step = client->step_received++;
  gboolean good = reply->code / 100 == 2;

  if (is_farewell (reply) || (step <= STEP_MAIL && reply->code / 100 == 3))
    {
      fail_with (client, reply);
      return;
    }
  if (step == STEP_MAIL && !good)
    client->mail_refusal = g_memdup2 (reply, sizeof *reply);
  else if (step >= STEP_RCPT && step < step_data (client))
    {
      unsigned i = step - STEP_RCPT;

      if (client->mail_refusal)
        client->handler->result (client, i, CLR_PHASE_MAIL, client->mail_refusal, client->data);
      else if (good)
        {
          client->is_accepted[i] = TRUE;
          client->accepted++;
        }
      else
        client->handler->result (client, i, CLR_PHASE_RCPT, reply, client->data);
    }
  else if (step == step_data (client))
    {
      if (reply->code == 354)
        {
          send_content_now (client);
          return;
        }
      /* Something that began with MAIL may still be open. */
      client->needs_reset = client->mail_refusal == NULL;
      tell_rest (client, CLR_PHASE_DATA, reply);
      become_idle (client);
      return;
    }

  if (client->step_received < client->step_sent)
    {
      phase_of_step (client);
      return;
    }
  /* One by one: what is not worth saying any more is left out. */
  if (client->mail_refusal)
    {
      for (unsigned i = 0; i < client->transaction.n_recipients; i++)
        client->handler->result (client, i, CLR_PHASE_MAIL, client->mail_refusal, client->data);
      become_idle (client);
    }
  else if (client->step_sent == step_data (client) && client->accepted == 0)
    {
      client->needs_reset = TRUE;
      become_idle (client);
    }
  else
    send_steps (client);
}

void
clr_smtp_client_send_content (ClrSmtpClient *client, const uint8_t *bytes, size_t size)
{
  clr_data_encode (&client->encoder, bytes, size, client->output);
}

void
clr_smtp_client_end_content (ClrSmtpClient *client)
{
  clr_data_encode_end (&client->encoder, client->output);
  client->phase = CLR_PHASE_DOT;
}

static void
on_reply (ClrSmtpClient *client, const ClrSmtpReply *reply)
{
  int class = reply->code / 100;

  switch (client->phase)
    {
    case CLR_PHASE_GREETING:
      if (class == 2)
        say_hello (client, TRUE);
      else
        fail_with (client, reply);
      break;

    case CLR_PHASE_EHLO:
      if (class == 2)
        {
          if (!client->said_helo)
            read_offers (client, reply->text);
          go_on (client);
        }
      else if (class == 5 && !client->said_helo)
        say_hello (client, FALSE); /* RFC 5321 section 3.2 */
      else
        fail_with (client, reply);
      break;

    case CLR_PHASE_TLS:
      if (class == 2)
        client->handler->start_tls (client, client->data);
      else
        fail_with (client, reply);
      break;

    case CLR_PHASE_AUTH:
      if (class == 2)
        become_idle (client);
      else if (class == 3)
        {
          char *response = clr_sasl_respond (client->mechanism, client->auth_step++, client->config->user,
                                             client->config->password);
          /* RFC 4954 section 4: "*" gives up. */
          clr_buffer_append_string (client->output, response ? response : "*");
          clr_buffer_append (client->output, "\r\n", 2);
          clr_sasl_wipe (response);
          if (client->auth_step > 4)
            fail (client, "the server asks more than the way to log in has answers for");
        }
      else
        fail_with (client, reply);
      break;

    case CLR_PHASE_MAIL:
    case CLR_PHASE_RCPT:
    case CLR_PHASE_DATA:
      on_transaction_reply (client, reply);
      break;

    case CLR_PHASE_CONTENT: /* an answer before the end: the content must still be completed, the peer has
                               decided */
    case CLR_PHASE_IDLE:    /* nothing was asked: a time-out of the peer, most often */
      fail_with (client, reply);
      break;

    case CLR_PHASE_DOT:
      if (class == 3)
        {
          fail (client, "the server answered the end of the message with a code that has no meaning there");
          break;
        }
      tell_rest (client, CLR_PHASE_DOT, reply);
      if (is_farewell (reply))
        fail_with (client, reply);
      else
        {
          client->needs_reset = client->accepted == 0;
          become_idle (client);
        }
      break;

    case CLR_PHASE_QUIT:
      client->phase = CLR_PHASE_OVER;
      client->handler->failed (client, CLR_PHASE_QUIT, reply, client->data);
      break;

    case CLR_PHASE_CONNECT:
    case CLR_PHASE_OVER:
      break;
    }
}

void
clr_smtp_client_feed (ClrSmtpClient *client, const uint8_t *bytes, size_t size)
{
  while (size > 0 && client->phase != CLR_PHASE_OVER)
    {
      size_t eaten;
      ClrReplyStatus status = clr_reply_reader_feed (&client->reader, bytes, size, &eaten);

      bytes += eaten;
      size -= eaten;
      if (status == CLR_REPLY_MORE)
        return;
      if (status == CLR_REPLY_GARBAGE)
        {
          fail (client, "the server does not speak SMTP");
          return;
        }
      ClrSmtpReply reply = client->reader.reply;
      gboolean begins_tls = client->phase == CLR_PHASE_TLS && reply.code / 100 == 2;

      clr_reply_reader_init (&client->reader);
      on_reply (client, &reply);
      /* What stands behind the 220 in clear may be anybody's (CVE-2011-0411 and its kin): dropped. */
      if (begins_tls)
        return;
    }
}

void
clr_smtp_client_secured (ClrSmtpClient *client)
{
  client->secure = TRUE;
  clr_reply_reader_init (&client->reader);
  say_hello (client, TRUE);
}

void
clr_smtp_client_quit (ClrSmtpClient *client)
{
  client->phase = CLR_PHASE_QUIT;
  clr_buffer_append_string (client->output, "QUIT\r\n");
}

void
clr_smtp_client_set_secure (ClrSmtpClient *client)
{
  client->secure = TRUE;
}

ClrPhase
clr_smtp_client_get_phase (ClrSmtpClient *client)
{
  return client->phase;
}

static const struct
{
  const char *name;
  unsigned timeout; /* seconds */
} phases[] = {
  [CLR_PHASE_CONNECT] = { "connect", 30 },  [CLR_PHASE_GREETING] = { "greeting", 300 },
  [CLR_PHASE_EHLO] = { "EHLO", 300 },       [CLR_PHASE_TLS] = { "STARTTLS", 300 },
  [CLR_PHASE_AUTH] = { "AUTH", 300 },       [CLR_PHASE_IDLE] = { "idle", 300 },
  [CLR_PHASE_MAIL] = { "MAIL", 300 },       [CLR_PHASE_RCPT] = { "RCPT", 300 },
  [CLR_PHASE_DATA] = { "DATA", 120 },       [CLR_PHASE_CONTENT] = { "content", 180 },
  [CLR_PHASE_DOT] = { "end of data", 600 }, [CLR_PHASE_QUIT] = { "QUIT", 10 },
  [CLR_PHASE_OVER] = { "over", 10 },
};

const char *
clr_phase_get_name (ClrPhase phase)
{
  return phases[phase].name;
}

unsigned
clr_phase_get_timeout (ClrPhase phase)
{
  return phases[phase].timeout;
}

uint64_t
clr_smtp_client_get_max_size (ClrSmtpClient *client)
{
  return client->max_size;
}

gboolean
clr_smtp_client_has_8bitmime (ClrSmtpClient *client)
{
  return (client->offers & OFFER_8BITMIME) != 0;
}

gboolean
clr_smtp_client_has_size (ClrSmtpClient *client)
{
  return (client->offers & OFFER_SIZE) != 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-client.h"

#include <stdlib.h>
#include <string.h>

/* The plan of a transaction: steps 0 RSET (where the former left something), 1 MAIL, 2.. RCPT, then DATA or
 * BDAT with the content. */
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
  uint64_t replies; /* read */
  ClrOffers offers;
  gboolean secure;
  gboolean authenticated;
  gboolean said_helo;   /* HELO instead of EHLO */
  gboolean needs_reset; /* the peer still holds a transaction */
  ClrLogin login;

  ClrSmtpTransaction transaction;
  unsigned step_sent;     /* next step of the plan to send */
  unsigned step_received; /* next step whose reply is awaited */
  unsigned accepted;      /* recipients with 2xx */
  gboolean *is_accepted;  /* one a recipient */
  gboolean by_chunk;      /* BDAT instead of DATA */
  gboolean in_flight;     /* the chunk leaves with the envelope */
  uint64_t chunk_sent;    /* octets */
  ClrSmtpReply *mail_refusal;
  gboolean in_vain; /* recipients were accepted behind a refused MAIL: an empty message would reach them */
  ClrDataEncoder encoder;
};

/* Offers are read as they come: they may stand beyond the text of a reply that is kept. */
static void
on_reply_line (int code, unsigned n, const char *line, size_t size, void *data)
{
  ClrSmtpClient *client = data;

  if (client->phase == CLR_PHASE_EHLO && !client->said_helo && code / 100 == 2 && n > 0)
    clr_offers_read_line (&client->offers, line, size);
}

static void
await_reply (ClrSmtpClient *client)
{
  clr_reply_reader_init (&client->reader);
  clr_reply_reader_watch (&client->reader, on_reply_line, client);
}

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
  await_reply (client);
  return client;
}

void
clr_smtp_client_free (ClrSmtpClient *client)
{
  clr_offers_clear (&client->offers);
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
  clr_offers_clear (&client->offers);
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
  const char *problem;

  client->phase = CLR_PHASE_AUTH;
  problem = clr_login_begin (&client->login, &client->config->login, &client->offers, client->output);
  if (problem)
    fail (client, problem);
}

/* After EHLO: TLS, then AUTH, then work. */
static void
go_on (ClrSmtpClient *client)
{
  if (!client->secure && client->config->tls != CLR_CLIENT_TLS_NONE)
    {
      if (client->offers.offers & CLR_OFFER_STARTTLS)
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
  if (client->config->login.user && !client->authenticated)
    {
      if (!client->secure && client->config->tls != CLR_CLIENT_TLS_NONE)
        {
          fail (client, "the login is not sent in clear: the server does not offer STARTTLS");
          return;
        }
      say_auth (client);
      return;
    }
  become_idle (client);
}

static unsigned
step_data (ClrSmtpClient *client)
{
  return STEP_RCPT + client->transaction.n_recipients;
}

static gboolean
pipelines (ClrSmtpClient *client)
{
  return (client->offers.offers & CLR_OFFER_PIPELINING) != 0;
}

static void
phase_of_step (ClrSmtpClient *client)
{
  client->phase = client->step_received <= STEP_MAIL           ? CLR_PHASE_MAIL
                  : client->step_received < step_data (client) ? CLR_PHASE_RCPT
                  : client->by_chunk                           ? CLR_PHASE_DOT
                                                               : CLR_PHASE_DATA;
}

static void
send_envelope_step (ClrSmtpClient *client)
{
  const ClrSmtpTransaction *transaction = &client->transaction;
  unsigned step = client->step_sent++;
  ClrSmtpRecipient recipient = { 0 };

  if (step == STEP_RSET)
    clr_buffer_append_string (client->output, "RSET\r\n");
  else if (step == STEP_MAIL)
    clr_envelope_write_mail (transaction, client->offers.offers, client->output);
  else
    {
      transaction->get_recipient (step - STEP_RCPT, &recipient, client->data);
      clr_envelope_write_rcpt (&recipient, client->offers.offers, client->output);
    }
}

/* RFC 3030 section 2: size and LAST, then the octets as they are. */
static void
send_chunk (ClrSmtpClient *client)
{
  client->step_sent++;
  client->chunk_sent = 0;
  clr_buffer_printf (client->output, "BDAT %" G_GUINT64_FORMAT " LAST\r\n", client->transaction.size);
  if (!client->in_flight)
    client->phase = CLR_PHASE_CONTENT;
  client->handler->want_content (client, client->data);
}

/* The next step, or with PIPELINING all that may go before an answer. */
static void
send_steps (ClrSmtpClient *client)
{
  while (client->step_sent < step_data (client))
    {
      send_envelope_step (client);
      if (!pipelines (client))
        break;
    }
  phase_of_step (client);
  if (client->step_sent < step_data (client)
      || (!pipelines (client) && client->step_received < client->step_sent)
      || client->transaction.envelope_only)
    return;
  if (!client->by_chunk)
    {
      client->step_sent++;
      clr_buffer_append_string (client->output, "DATA\r\n");
    }
  else if (client->in_flight || client->step_received == step_data (client))
    send_chunk (client);
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
  client->in_vain = FALSE;
  client->encoder = (ClrDataEncoder)CLR_DATA_ENCODER_INIT;
  client->by_chunk = client->offers.offers & CLR_OFFER_CHUNKING && transaction->exact_size;
  client->in_flight = client->by_chunk && transaction->at_hand && pipelines (client);
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
  int class = reply->code / 100;
  gboolean good = class == 2;

  if (is_farewell (reply))
    {
      fail_with (client, reply);
      return;
    }
  /* RFC 5321 section 4.3.2: 354 answers DATA and nothing else, and 250 does not. Who says so is out of step
   * with us; what would follow could be taken for an answer to content that was never sent. */
  if (step == step_data (client) ? good || (class == 3 && reply->code != 354) : class == 3)
    {
      g_autofree char *text = g_strdup_printf ("the server's answers are out of step: %d to %s", reply->code,
                                               clr_phase_get_name (client->phase));
      fail (client, text);
      return;
    }
  if (step == STEP_MAIL && !good)
    client->mail_refusal = g_memdup2 (reply, sizeof *reply);
  else if (step >= STEP_RCPT && step < step_data (client))
    {
      unsigned i = step - STEP_RCPT;

      if (client->mail_refusal)
        {
          client->in_vain = client->in_vain || good;
          client->handler->result (client, i, CLR_PHASE_MAIL, client->mail_refusal, client->data);
        }
      else if (good && !client->transaction.envelope_only)
        {
          client->is_accepted[i] = TRUE;
          client->accepted++;
        }
      else
        client->handler->result (client, i, CLR_PHASE_RCPT, reply, client->data);
    }
  else if (step == step_data (client))
    {
      if (reply->code == 354 && client->in_vain)
        {
          fail (client, "the server has refused the sender, and would take a message all the same");
          return;
        }
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
      for (unsigned i = 0; step == STEP_MAIL && i < client->transaction.n_recipients; i++)
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
  if (client->by_chunk)
    {
      clr_buffer_append (client->output, bytes, size);
      client->chunk_sent += size;
    }
  else
    clr_data_encode (&client->encoder, bytes, size, client->output);
}

void
clr_smtp_client_end_content (ClrSmtpClient *client)
{
  if (!client->by_chunk)
    clr_data_encode_end (&client->encoder, client->output);
  else if (client->chunk_sent != client->transaction.size)
    {
      /* Never a message that is not what was promised: the peer must see the connection break. */
      fail (client, "the kept content has not the size it should have");
      return;
    }
  if (!client->in_flight)
    client->phase = CLR_PHASE_DOT;
}

static void
on_content_reply (ClrSmtpClient *client, const ClrSmtpReply *reply)
{
  int class = reply->code / 100;

  if (class == 3)
    {
      fail (client, "the server answered the end of the message with a code that has no meaning there");
      return;
    }
  tell_rest (client, CLR_PHASE_DOT, reply);
  if (is_farewell (reply))
    {
      fail_with (client, reply);
      return;
    }
  /* What MAIL began is over with an accepted content; behind a refused chunk (RFC 3030 section 2), or where
   * no recipient had been accepted, the peer may still hold it. */
  client->needs_reset = !client->mail_refusal && (client->accepted == 0 || (client->by_chunk && class != 2));
  become_idle (client);
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
        go_on (client);
      else if (class == 5 && !client->said_helo)
        say_hello (client, FALSE); /* RFC 5321 section 3.2 */
      else
        fail_with (client, reply);
      break;

    case CLR_PHASE_TLS:
      if (class == 2)
        client->handler->start_tls (client, client->data);
      else if (client->config->tls == CLR_CLIENT_TLS_MAY && class >= 4 && !is_farewell (reply))
        {
          /* RFC 3207 section 4: whether to go on without is the client's choice. It was said: if it can be.
           */
          client->offers.offers &= ~CLR_OFFER_STARTTLS;
          go_on (client);
        }
      else
        fail_with (client, reply);
      break;

    case CLR_PHASE_AUTH:
      if (class == 2)
        {
          client->authenticated = TRUE;
          /* RFC 9422 section 3: limits may be others for whom the server knows. */
          if (client->offers.offers & CLR_OFFER_LIMITS)
            say_hello (client, TRUE);
          else
            become_idle (client);
        }
      else if (class == 3)
        {
          const char *problem = clr_login_answer (&client->login, &client->config->login, client->output);

          if (problem)
            fail (client, problem);
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
      on_content_reply (client, reply);
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

      await_reply (client);
      client->replies++;
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
  await_reply (client);
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

uint64_t
clr_smtp_client_get_replies (ClrSmtpClient *client)
{
  return client->replies;
}

const ClrOffers *
clr_smtp_client_get_offers (ClrSmtpClient *client)
{
  return &client->offers;
}

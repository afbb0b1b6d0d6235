/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-smtp-connection.h"

#include "base/clr-clock.h"
#include "base/clr-counter.h"
#include "net/clr-stream.h"

#include <string.h>

#define PIECE       (64u * 1024)  /* octets of content written at once */
#define SPOOL_PIECE (256u * 1024) /* octets read from the spool at once */
#define AT_HAND     PIECE         /* octets of a content that may leave with its envelope */

struct ClrSmtpConnection
{
  const ClrDeliveryPlace *place;
  ClrDeliveryPlan *plan;
  const ClrSmarthost *smarthost;
  const ClrSmtpConnectionEvents *events;
  void *data;

  unsigned host;       /* which of the smarthost's */
  ClrDnsAnswer answer; /* its addresses */
  unsigned address;    /* which of these */
  ClrLookup *lookup;
  ClrStream *stream;
  ClrSmtpClient *client;
  ClrSmtpClientConfig config;
  ClrTimer timer;
  char *peer; /* "name [address]:port" */

  ClrJob *job;
  unsigned first; /* recipients of the job before this one are done */
  unsigned n_now; /* recipients in this transaction */
  int64_t started_us;
  unsigned transactions;
  gboolean clean; /* nothing went wrong in this job */

  /* Content that is being sent. */
  unsigned slice;
  size_t slice_offset;
  uint64_t spool_sent;
  ClrDiskRequest *reading; /* asked of the disk, or NULL */

  /* Why this host is given up, while its client still runs. */
  ClrPhase failed_phase;
  ClrSmtpReply failed_reply;

  gboolean works;
  gboolean ending; /* after this job */
  gboolean over;
};

static void try_host (ClrSmtpConnection *connection);
static void on_timer (ClrTimer *timer, void *data);
static void take_job (ClrSmtpConnection *connection);

static void
arm (ClrSmtpConnection *connection, int64_t wait_us)
{
  clr_timers_set (connection->place->worker->timers, &connection->timer,
                  connection->place->worker->now + wait_us);
}

/* The time-out of the phase we are in now (RFC 5321 section 4.5.3.2). */
static void
arm_phase (ClrSmtpConnection *connection)
{
  arm (connection,
       clr_phase_get_timeout (clr_smtp_client_get_phase (connection->client)) * (int64_t)G_USEC_PER_SEC);
}

static void
drop_stream (ClrSmtpConnection *connection)
{
  if (connection->stream)
    clr_counter_add (CLR_COUNTER_CONNECTIONS_OUT, -1);
  g_clear_pointer (&connection->client, clr_smtp_client_free);
  g_clear_pointer (&connection->stream, clr_stream_free);
}

static void
end (ClrSmtpConnection *connection)
{
  if (connection->over)
    return;
  connection->over = TRUE;
  clr_timers_clear (connection->place->worker->timers, &connection->timer);
  connection->events->ended (connection, connection->data);
}

static void
finish_job (ClrSmtpConnection *connection)
{
  ClrJob *job = g_steal_pointer (&connection->job);

  connection->events->job_done (connection, job, connection->clean, connection->data);
}

static void
observe (ClrSmtpConnection *connection, unsigned index, ClrOutcome outcome, ClrPhase phase,
         const ClrSmtpReply *reply)
{
  clr_observe (connection->job, index, outcome, clr_phase_get_name (phase), reply->code, reply->enhanced,
               reply->text, connection->peer,
               connection->stream ? clr_stream_get_tls_description (connection->stream) : NULL,
               connection->started_us);
  /* RFC 3461 section 5.2.2: the next hop reports from now on, or we say that we relayed. */
  if (outcome == CLR_OUTCOME_DELIVERED && connection->client)
    connection->job->observations[index].relays_dsn
        = (clr_smtp_client_get_offers (connection->client)->offers & CLR_OFFER_DSN) != 0;
}

/* The next address of the host, or the next host, or none. */
static void
try_next (ClrSmtpConnection *connection, ClrPhase phase, const ClrSmtpReply *reply)
{
  drop_stream (connection);
  if (connection->address + 1 < connection->answer.n_addresses)
    connection->address++;
  else if (connection->host + 1 < connection->smarthost->n_hosts)
    {
      connection->host++;
      connection->address = 0;
      connection->answer.n_addresses = 0;
    }
  else
    {
      connection->events->unreachable (connection, phase, reply, connection->peer, connection->data);
      end (connection);
      return;
    }
  try_host (connection);
}

static void
try_next_with_text (ClrSmtpConnection *connection, ClrPhase phase, const char *text)
{
  ClrSmtpReply reply;

  clr_smtp_reply_set (&reply, 0, NULL, text);
  try_next (connection, phase, &reply);
}

static void
on_next (ClrTimer *timer, void *data)
{
  ClrSmtpConnection *connection = data;

  clr_timer_init (timer, on_timer, connection);
  try_next (connection, connection->failed_phase, &connection->failed_reply);
}

/* The connection is gone, or of no use any more. */
static void
broken (ClrSmtpConnection *connection, ClrPhase phase, const ClrSmtpReply *reply)
{
  if (connection->over)
    return;
  if (phase == CLR_PHASE_QUIT || phase == CLR_PHASE_OVER
      || (phase == CLR_PHASE_IDLE && connection->job == NULL))
    {
      end (connection);
      return;
    }
  if (phase < CLR_PHASE_IDLE)
    {
      /* From the loop: the client that tells this must not be freed under its feet. */
      connection->failed_phase = phase;
      connection->failed_reply = *reply;
      clr_timers_clear (connection->place->worker->timers, &connection->timer);
      clr_timer_init (&connection->timer, on_next, connection);
      arm (connection, 0);
      return;
    }
  if (phase == CLR_PHASE_MAIL && connection->transactions > 0 && connection->first == 0
      && (reply->code == 0 || reply->code == 421))
    {
      /* A kept connection that the peer had closed meanwhile: nothing has happened to the job. */
      ClrJob *job = g_steal_pointer (&connection->job);

      connection->events->job_undone (connection, job, connection->data);
      end (connection);
      return;
    }
  connection->clean = FALSE;
  for (unsigned i = 0; i < connection->job->n_recipients; i++)
    observe (connection, i,
             reply->code >= 500 && phase == CLR_PHASE_CONTENT ? CLR_OUTCOME_FAILED : CLR_OUTCOME_DEFERRED,
             phase, reply);
  finish_job (connection);
  end (connection);
}

static void
broken_with_text (ClrSmtpConnection *connection, const char *text)
{
  ClrPhase phase = connection->client ? clr_smtp_client_get_phase (connection->client) : CLR_PHASE_CONNECT;
  ClrSmtpReply reply;
  g_autofree char *full = g_strdup_printf ("%s (%s)", text, clr_phase_get_name (phase));

  clr_smtp_reply_set (&reply, 0, NULL, full);
  broken (connection, phase, &reply);
}

static void
on_timer (ClrTimer *timer, void *data)
{
  ClrSmtpConnection *connection = data;

  if (connection->client == NULL)
    {
      try_next_with_text (connection, CLR_PHASE_CONNECT, "the connect took too long");
      return;
    }
  if (clr_smtp_client_get_phase (connection->client) == CLR_PHASE_IDLE && connection->job == NULL)
    {
      clr_smtp_connection_end (connection, FALSE);
      return;
    }
  broken_with_text (connection, "the server did not answer in time");
}

/* -- content */

static void pump (ClrSmtpConnection *connection);

static void
on_spool_read (ClrLetter *letter, void *owner)
{
  ClrDiskRequest *request = (ClrDiskRequest *)letter;
  ClrSmtpConnection *connection = request->data;

  if (connection == NULL)
    {
      clr_disk_request_free (request); /* the connection is gone */
      return;
    }
  connection->reading = NULL;
  if (request->problem)
    {
      /* The peer has got a piece of the message: only closing tells it that this was not all. */
      broken_with_text (connection, request->problem);
      clr_disk_request_free (request);
      return;
    }
  for (unsigned i = 0; i < request->bytes.n_slices; i++)
    clr_smtp_client_send_content (connection->client, request->bytes.slices[i].data,
                                  request->bytes.slices[i].size);
  connection->spool_sent += request->bytes.size;
  clr_disk_request_free (request);
  pump (connection);
  clr_stream_flush (connection->stream);
}

static void
read_spool (ClrSmtpConnection *connection)
{
  ClrDiskRequest *request = g_new0 (ClrDiskRequest, 1);

  request->kind = CLR_DISK_READ;
  request->id = connection->job->message->id;
  request->offset = connection->spool_sent;
  request->size = MIN (SPOOL_PIECE, connection->job->message->spool_size - connection->spool_sent);
  request->reply_to = connection->place->worker->mailbox;
  request->open = on_spool_read;
  request->data = connection;
  connection->reading = request;
  clr_disk_post (connection->place->disk, request);
}

/* Writes content until the stream has enough. */
static void
pump (ClrSmtpConnection *connection)
{
  const ClrMessage *message;

  if (connection->over || connection->job == NULL)
    return;
  message = connection->job->message;
  arm_phase (connection);
  while (connection->slice < message->content.n_slices)
    {
      const ClrSlice *slice = &message->content.slices[connection->slice];
      size_t n = MIN (slice->size - connection->slice_offset, PIECE);

      if (clr_stream_get_pending (connection->stream) > CLR_STREAM_HIGH_WATER)
        {
          clr_stream_want_room (connection->stream);
          return;
        }
      clr_smtp_client_send_content (connection->client, slice->data + connection->slice_offset, n);
      connection->slice_offset += n;
      if (connection->slice_offset == slice->size)
        {
          connection->slice++;
          connection->slice_offset = 0;
        }
    }
  if (connection->spool_sent < message->spool_size)
    {
      if (clr_stream_get_pending (connection->stream) > CLR_STREAM_HIGH_WATER)
        clr_stream_want_room (connection->stream);
      else if (connection->reading == NULL)
        read_spool (connection);
      return;
    }
  clr_smtp_client_end_content (connection->client);
  arm_phase (connection);
}

/* -- the client's events */

static void
on_start_tls (ClrSmtpClient *client, void *data)
{
  ClrSmtpConnection *connection = data;

  clr_stream_start_tls (connection->stream, connection->smarthost->tls_context,
                        connection->smarthost->hosts[connection->host].name);
}

static void
get_recipient (unsigned index, ClrSmtpRecipient *recipient, void *data)
{
  ClrSmtpConnection *connection = data;
  const ClrJob *job = connection->job;
  const ClrRecipient *kept = &job->message->recipients[job->recipients[connection->first + index]];

  *recipient = (ClrSmtpRecipient){ kept->address, kept->notify, kept->orcpt };
}

static void
begin_transaction (ClrSmtpConnection *connection)
{
  const ClrMessage *message = connection->job->message;
  ClrSmtpTransaction transaction = {
    .sender = message->sender,
    .size = message->content.size + message->spool_size,
    .eight_bit = message->eight_bit,
    .smtputf8 = message->smtputf8,
    .ret = message->ret,
    .envid = message->envid,
    .exact_size = TRUE,
    .at_hand = message->spool_size == 0 && message->content.size <= AT_HAND,
    .get_recipient = get_recipient,
  };
  const ClrOffers *offers = clr_smtp_client_get_offers (connection->client);
  uint64_t most = offers->max_size;
  ClrSmtpReply reply = { 0 };

  /* RFC 1870 section 6.1: what the peer will not take is not sent. */
  if (most > 0 && message->size > most)
    clr_smtp_reply_set (&reply, 552, "5.3.4", "the message is larger than the next hop accepts");
  /* RFC 6152 section 3: 8-bit content may not go to a 7-bit peer. */
  else if (message->eight_bit && !(offers->offers & CLR_OFFER_8BITMIME))
    clr_smtp_reply_set (&reply, 554, "5.6.3",
                        "the message has 8-bit content, which the next hop does not accept");
  if (reply.code)
    {
      for (unsigned i = 0; i < connection->job->n_recipients; i++)
        observe (connection, i, CLR_OUTCOME_FAILED, CLR_PHASE_MAIL, &reply);
      finish_job (connection);
      take_job (connection);
      return;
    }
  transaction.n_recipients = connection->n_now
      = MIN (connection->job->n_recipients - connection->first, connection->smarthost->max_recipients);
  connection->slice = 0;
  connection->slice_offset = 0;
  connection->spool_sent = 0;
  clr_smtp_client_begin (connection->client, &transaction);
  arm_phase (connection);
}

static void
take_job (ClrSmtpConnection *connection)
{
  if (connection->ending || connection->transactions >= connection->smarthost->max_messages)
    {
      clr_smtp_connection_end (connection, FALSE);
      return;
    }
  connection->job = connection->events->take_job (connection, connection->data);
  if (connection->job == NULL)
    {
      arm (connection, connection->smarthost->idle_us);
      return;
    }
  connection->first = 0;
  connection->clean = TRUE;
  connection->started_us = clr_clock_wall ();
  begin_transaction (connection);
}

static void
on_ready (ClrSmtpClient *client, void *data)
{
  ClrSmtpConnection *connection = data;

  connection->works = TRUE;
  if (connection->job == NULL)
    {
      take_job (connection);
      return;
    }
  connection->transactions++;
  connection->first += connection->n_now;
  if (connection->first < connection->job->n_recipients)
    {
      begin_transaction (connection);
      return;
    }
  finish_job (connection);
  take_job (connection);
}

static void
on_result (ClrSmtpClient *client, unsigned recipient, ClrPhase phase, const ClrSmtpReply *reply, void *data)
{
  ClrSmtpConnection *connection = data;
  int class = reply->code / 100;

  connection->clean = connection->clean && (class == 2 || class == 5);
  observe (connection, connection->first + recipient,
           class == 2   ? CLR_OUTCOME_DELIVERED
           : class == 5 ? CLR_OUTCOME_FAILED
                        : CLR_OUTCOME_DEFERRED,
           phase, reply);
}

static void
on_want_content (ClrSmtpClient *client, void *data)
{
  pump (data);
}

static void
on_failed (ClrSmtpClient *client, ClrPhase phase, const ClrSmtpReply *reply, void *data)
{
  broken (data, phase, reply);
}

static const ClrSmtpClientHandler client_handler
    = { on_start_tls, on_ready, on_result, on_want_content, on_failed };

/* -- the stream's events */

static void
on_connected (ClrStream *stream, void *data)
{
  ClrSmtpConnection *connection = data;
  const ClrSmarthost *smarthost = connection->smarthost;

  connection->config = (ClrSmtpClientConfig){
    .helo = clr_delivery_plan_get_hostname (connection->plan),
    .tls = smarthost->tls == CLR_SMARTHOST_TLS_NONE  ? CLR_CLIENT_TLS_NONE
           : smarthost->tls == CLR_SMARTHOST_TLS_MAY ? CLR_CLIENT_TLS_MAY
                                                     : CLR_CLIENT_TLS_REQUIRED,
    .user = smarthost->user,
    .password = smarthost->password ? smarthost->password : "",
  };
  connection->client = clr_smtp_client_new (&connection->config, &client_handler,
                                            clr_stream_get_output (stream), connection);
  if (smarthost->tls == CLR_SMARTHOST_TLS_IMPLICIT)
    clr_stream_start_tls (stream, smarthost->tls_context, smarthost->hosts[connection->host].name);
  arm_phase (connection);
}

static size_t
on_bytes (ClrStream *stream, const uint8_t *bytes, size_t size, void *data)
{
  ClrSmtpConnection *connection = data;
  ClrPhase before = clr_smtp_client_get_phase (connection->client);

  clr_smtp_client_feed (connection->client, bytes, size);
  if (connection->over || connection->client == NULL)
    return size;
  ClrPhase phase = clr_smtp_client_get_phase (connection->client);
  if (phase != before && phase != CLR_PHASE_IDLE && phase != CLR_PHASE_OVER)
    arm_phase (connection);
  return size;
}

static void
on_room (ClrStream *stream, void *data)
{
  pump (data);
}

static void
on_secure (ClrStream *stream, void *data)
{
  ClrSmtpConnection *connection = data;

  if (connection->smarthost->tls == CLR_SMARTHOST_TLS_IMPLICIT)
    clr_smtp_client_set_secure (connection->client);
  else
    clr_smtp_client_secured (connection->client);
  arm_phase (connection);
}

static void
on_closed (ClrStream *stream, gboolean orderly, const char *why, void *data)
{
  ClrSmtpConnection *connection = data;

  if (connection->client == NULL)
    try_next_with_text (connection, CLR_PHASE_CONNECT, why);
  else
    broken_with_text (connection, orderly ? "the server closed the connection" : why);
}

static const ClrStreamEvents stream_events = { on_connected, on_bytes, on_room, on_secure, on_closed };

/* -- getting there */

static void
connect_to_address (ClrSmtpConnection *connection)
{
  const ClrSmarthost *smarthost = connection->smarthost;
  const ClrHost *host = &smarthost->hosts[connection->host];
  ClrEndpoint endpoint;
  char text[CLR_ENDPOINT_TEXT];

  endpoint = connection->answer.addresses[connection->address];
  if (endpoint.any.sa_family == AF_INET)
    endpoint.v4.sin_port = g_htons (host->port);
  else
    endpoint.v6.sin6_port = g_htons (host->port);
  clr_endpoint_to_text (&endpoint, text);
  g_free (connection->peer);
  connection->peer = host->is_literal ? g_strdup (text) : g_strdup_printf ("%s (%s)", host->name, text);

  if (clr_delivery_plan_is_own (connection->plan, &endpoint))
    {
      try_next_with_text (connection, CLR_PHASE_CONNECT,
                          "this is one of our own listeners: mail would go round in circles");
      return;
    }
  if (!host->is_literal && !smarthost->allow_loopback && clr_endpoint_is_loopback (&endpoint))
    {
      try_next_with_text (
          connection, CLR_PHASE_CONNECT,
          "the name leads to this machine; if that is meant, set allow-loopback = true in the smarthost");
      return;
    }
  clr_counter_add (CLR_COUNTER_CONNECTIONS_OUT, 1);
  clr_counter_add (CLR_COUNTER_CONNECTIONS_OUT_TOTAL, 1);
  connection->stream = clr_stream_new_connect (connection->place->worker, &endpoint,
                                               smarthost->has_source ? &smarthost->source : NULL,
                                               &stream_events, connection);
  arm (connection, smarthost->connect_timeout_us);
}

static void
on_addresses (const ClrDnsAnswer *answer, void *data)
{
  ClrSmtpConnection *connection = data;
  const char *name = connection->smarthost->hosts[connection->host].name;

  connection->lookup = NULL;
  connection->answer = *answer;
  connection->address = 0;
  if (answer->status == CLR_DNS_FOUND)
    {
      connect_to_address (connection);
      return;
    }
  g_free (connection->peer);
  connection->peer = g_strdup (name);
  connection->answer.n_addresses = 0;
  g_autofree char *text = g_strdup_printf ("the name %s cannot be resolved: %s", name, answer->problem);
  try_next_with_text (connection, CLR_PHASE_CONNECT, text);
}

static void
try_host (ClrSmtpConnection *connection)
{
  const ClrHost *host = &connection->smarthost->hosts[connection->host];

  if (connection->answer.n_addresses > 0)
    {
      connect_to_address (connection);
      return;
    }
  if (host->is_literal)
    {
      connection->answer.addresses[0] = host->endpoint;
      connection->answer.n_addresses = 1;
      connection->address = 0;
      connect_to_address (connection);
      return;
    }
  clr_timers_clear (connection->place->worker->timers, &connection->timer);
  connection->lookup = clr_resolver_find_addresses (connection->place->worker->resolver, host->name,
                                                    on_addresses, connection);
}

static void
on_begin (ClrTimer *timer, void *data)
{
  clr_timer_init (timer, on_timer, data);
  try_host (data);
}

ClrSmtpConnection *
clr_smtp_connection_new (const ClrDeliveryPlace *place, ClrDeliveryPlan *plan, const ClrSmarthost *smarthost,
                         const ClrSmtpConnectionEvents *events, void *data)
{
  ClrSmtpConnection *connection = g_new0 (ClrSmtpConnection, 1);

  connection->place = place;
  connection->plan = clr_delivery_plan_ref (plan);
  connection->smarthost = smarthost;
  connection->events = events;
  connection->data = data;
  /* From the loop: an answer inside this call would surprise the caller. */
  clr_timer_init (&connection->timer, on_begin, connection);
  clr_timers_set (place->worker->timers, &connection->timer, place->worker->now);
  return connection;
}

void
clr_smtp_connection_free (ClrSmtpConnection *connection)
{
  connection->over = TRUE;
  clr_timers_clear (connection->place->worker->timers, &connection->timer);
  if (connection->lookup)
    clr_lookup_cancel (connection->lookup);
  if (connection->reading)
    connection->reading->data = NULL;
  drop_stream (connection);
  clr_delivery_plan_unref (connection->plan);
  g_free (connection->peer);
  g_free (connection);
}

gboolean
clr_smtp_connection_is_idle (ClrSmtpConnection *connection)
{
  return connection->works && connection->job == NULL && !connection->ending && !connection->over
         && connection->client && clr_smtp_client_get_phase (connection->client) == CLR_PHASE_IDLE;
}

gboolean
clr_smtp_connection_works (ClrSmtpConnection *connection)
{
  return connection->works && !connection->over;
}

gboolean
clr_smtp_connection_poke (ClrSmtpConnection *connection)
{
  if (!clr_smtp_connection_is_idle (connection))
    return FALSE;
  take_job (connection);
  if (connection->stream)
    clr_stream_flush (connection->stream);
  return TRUE;
}

void
clr_smtp_connection_end (ClrSmtpConnection *connection, gboolean now)
{
  connection->ending = TRUE;
  if (connection->over)
    return;
  if (now)
    {
      if (connection->job)
        broken_with_text (connection, "the relay is stopping");
      else
        end (connection);
      return;
    }
  if (connection->job)
    return;
  if (connection->client && clr_smtp_client_get_phase (connection->client) == CLR_PHASE_IDLE)
    {
      clr_smtp_client_quit (connection->client);
      arm_phase (connection);
      clr_stream_flush (connection->stream);
    }
  else if (connection->client == NULL || clr_smtp_client_get_phase (connection->client) != CLR_PHASE_QUIT)
    end (connection);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-smtp-connection.h"

#include "base/clr-clock.h"
#include "base/clr-log.h"
#include "delivery/clr-dialer.h"

#include <string.h>

#define PIECE       (64u * 1024)  /* octets of content written at once */
#define SPOOL_PIECE (256u * 1024) /* octets read from the spool at once */
#define AT_HAND     PIECE         /* octets of a content that may leave with its envelope */

struct ClrSmtpConnection
{
  const ClrDeliveryPlace *place;
  ClrDeliveryPlan *plan;
  const ClrNextHop *hop;
  const ClrHost **hosts; /* in the order in which this connection tries them */
  unsigned n_hosts;
  const ClrSmtpConnectionEvents *events;
  void *data;

  unsigned host;     /* which of them */
  ClrDialer *dialer; /* until the host works */
  ClrStream *stream;
  ClrSmtpClient *client;
  ClrSmtpClientConfig config;
  ClrTimer timer; /* the peer's time-out */
  ClrTimer step;  /* the next host, from the loop */
  char *peer;     /* "name (address:port)" */

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

  /* Why the hosts tried so far were given up: the last reason, a temporary one rather than one for good. */
  ClrOutcome failed_outcome;
  ClrPhase failed_phase;
  ClrSmtpReply failed_reply;
  char *failed_peer;

  gboolean works;
  gboolean ending; /* after this job */
  gboolean over;
};

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
       connection->hop->wait_us[clr_phase_get_wait (clr_smtp_client_get_phase (connection->client))]);
}

static void
drop_stream (ClrSmtpConnection *connection)
{
  g_clear_pointer (&connection->client, clr_smtp_client_free);
  g_clear_pointer (&connection->stream, clr_dialer_hang_up);
}

static void
end (ClrSmtpConnection *connection)
{
  if (connection->over)
    return;
  connection->over = TRUE;
  clr_timers_clear (connection->place->worker->timers, &connection->timer);
  clr_timers_clear (connection->place->worker->timers, &connection->step);
  g_clear_pointer (&connection->dialer, clr_dialer_free);
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

/* By what a host is remembered. Returns: (transfer full) */
static char *
make_host_key (const ClrSmtpConnection *connection)
{
  const ClrHost *host = connection->hosts[connection->host];

  return g_strdup_printf ("%s:%u", host->name, host->port);
}

/* Why this host is given up. */
static void
remember (ClrSmtpConnection *connection, ClrOutcome outcome, ClrPhase phase, const ClrSmtpReply *reply)
{
  if (connection->failed_outcome == CLR_OUTCOME_DEFERRED && outcome == CLR_OUTCOME_FAILED)
    return;
  connection->failed_outcome = outcome;
  connection->failed_phase = phase;
  connection->failed_reply = *reply;
  g_free (connection->failed_peer);
  connection->failed_peer = g_strdup (connection->peer);
}

/* RFC 3207 section 5 leaves it to the client: with tls = may a handshake that fails is no reason to keep mail
 * back; the same address is called again, and spoken to in clear. */
static gboolean
fall_back_to_clear (ClrSmtpConnection *connection, ClrPhase phase, const ClrSmtpReply *reply)
{
  g_autofree char *key = NULL;

  if (phase != CLR_PHASE_TLS || reply->code != 0 || connection->hop->tls != CLR_NEXT_HOP_TLS_MAY
      || connection->ending)
    return FALSE;
  key = make_host_key (connection);
  clr_reach_memory_set_clear (connection->place->memory, key, connection->place->worker->now);
  clr_log_event (CLR_EVENT_TLS_GIVEN_UP, connection->peer, reply->text);
  clr_dialer_put_back (connection->dialer);
  return TRUE;
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
      if (!fall_back_to_clear (connection, phase, reply))
        remember (connection, CLR_OUTCOME_DEFERRED, phase, reply);
      /* From the loop: the client that tells this must not be freed under its feet. */
      clr_timers_clear (connection->place->worker->timers, &connection->timer);
      clr_timers_set (connection->place->worker->timers, &connection->step, connection->place->worker->now);
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

  clr_stream_start_tls (connection->stream, connection->hop->tls_context,
                        connection->hosts[connection->host]->name);
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
      = MIN (connection->job->n_recipients - connection->first, connection->hop->max_recipients);
  connection->slice = 0;
  connection->slice_offset = 0;
  connection->spool_sent = 0;
  clr_smtp_client_begin (connection->client, &transaction);
  arm_phase (connection);
}

static void
take_job (ClrSmtpConnection *connection)
{
  if (connection->ending || connection->transactions >= connection->hop->max_messages)
    {
      clr_smtp_connection_end (connection, FALSE);
      return;
    }
  connection->job = connection->events->take_job (connection, connection->data);
  if (connection->job == NULL)
    {
      arm (connection, connection->hop->idle_us);
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
  g_clear_pointer (&connection->dialer, clr_dialer_free);
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

static size_t
on_bytes (ClrStream *stream, const uint8_t *bytes, size_t size, void *data)
{
  ClrSmtpConnection *connection = data;
  uint64_t before = clr_smtp_client_get_replies (connection->client);

  clr_smtp_client_feed (connection->client, bytes, size);
  if (connection->over || connection->client == NULL)
    return size;
  ClrPhase phase = clr_smtp_client_get_phase (connection->client);
  /* Each answer has its time; octets of one that never ends have none. */
  if (clr_smtp_client_get_replies (connection->client) != before && phase != CLR_PHASE_IDLE
      && phase != CLR_PHASE_OVER)
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

  if (connection->hop->tls == CLR_NEXT_HOP_TLS_IMPLICIT)
    clr_smtp_client_set_secure (connection->client);
  else
    clr_smtp_client_secured (connection->client);
  arm_phase (connection);
}

static void
on_closed (ClrStream *stream, gboolean orderly, const char *why, void *data)
{
  ClrSmtpConnection *connection = data;

  broken_with_text (connection, orderly ? "the server closed the connection" : why);
}

static const ClrStreamEvents stream_events = { NULL, on_bytes, on_room, on_secure, on_closed };

/* -- getting there */

static void try_host (ClrSmtpConnection *connection);

static ClrClientTls
choose_tls (const ClrSmtpConnection *connection)
{
  g_autofree char *key = make_host_key (connection);

  switch (connection->hop->tls)
    {
    case CLR_NEXT_HOP_TLS_NONE:
      return CLR_CLIENT_TLS_NONE;
    case CLR_NEXT_HOP_TLS_MAY:
      return clr_reach_memory_is_clear (connection->place->memory, key, connection->place->worker->now)
                 ? CLR_CLIENT_TLS_NONE
                 : CLR_CLIENT_TLS_MAY;
    default:
      return CLR_CLIENT_TLS_REQUIRED;
    }
}

static void
on_reached (ClrDialer *dialer, ClrStream *stream, void *data)
{
  ClrSmtpConnection *connection = data;
  const ClrNextHop *hop = connection->hop;

  g_free (connection->peer);
  connection->peer = g_strdup (clr_dialer_get_peer (dialer));
  connection->stream = stream;
  clr_stream_set_owner (stream, &stream_events, connection);
  connection->config = (ClrSmtpClientConfig){
    .helo = clr_delivery_plan_get_hostname (connection->plan),
    .tls = choose_tls (connection),
    .user = hop->user,
    .password = hop->password ? hop->password : "",
  };
  connection->client = clr_smtp_client_new (&connection->config, &client_handler,
                                            clr_stream_get_output (stream), connection);
  if (hop->tls == CLR_NEXT_HOP_TLS_IMPLICIT)
    clr_stream_start_tls (stream, hop->tls_context, connection->hosts[connection->host]->name);
  arm_phase (connection);
}

static void
on_dial_failed (ClrDialer *dialer, ClrDialProblem problem, const char *why, void *data)
{
  ClrSmtpConnection *connection = data;
  /* A smarthost is the administrator's own word: it may be right tomorrow. */
  gboolean for_good = problem != CLR_DIAL_UNREACHABLE && connection->hop->is_mx;
  ClrSmtpReply reply;

  g_free (connection->peer);
  connection->peer = g_strdup (clr_dialer_get_peer (dialer));
  if (!for_good)
    clr_smtp_reply_set (&reply, 0, NULL, why);
  else if (problem == CLR_DIAL_OURSELVES)
    clr_smtp_reply_set (&reply, 554, "5.4.6", why);
  else
    clr_smtp_reply_set (&reply, 550, "5.4.4", why);
  remember (connection, for_good ? CLR_OUTCOME_FAILED : CLR_OUTCOME_DEFERRED, CLR_PHASE_CONNECT, &reply);
  g_clear_pointer (&connection->dialer, clr_dialer_free);
  /* RFC 5321 section 5.1: who is an exchanger itself hands mail only to better ones than itself; these have
   * been tried. */
  if (problem == CLR_DIAL_OURSELVES && connection->hop->is_mx)
    connection->host = connection->n_hosts - 1;
  try_host (connection);
}

static const ClrDialerEvents dialer_events = { on_reached, on_dial_failed };

/* The host's next address, or the next host, or the end. */
static void
try_host (ClrSmtpConnection *connection)
{
  if (connection->dialer == NULL || !clr_dialer_has_more (connection->dialer))
    {
      if (connection->host + 1 == connection->n_hosts)
        {
          connection->events->unreachable (connection, connection->failed_outcome, connection->failed_phase,
                                           &connection->failed_reply, connection->failed_peer,
                                           connection->data);
          end (connection);
          return;
        }
      g_clear_pointer (&connection->dialer, clr_dialer_free);
      connection->host++;
      connection->dialer = clr_dialer_new (connection->place, connection->plan, connection->hop,
                                           connection->hosts[connection->host], &dialer_events, connection);
    }
  clr_dialer_dial (connection->dialer);
}

static void
on_step (ClrTimer *timer, void *data)
{
  drop_stream (data);
  try_host (data);
}

/* RFC 5321 section 5.1: hosts of the same preference in random order, to spread the load. */
static void
shuffle_equals (const ClrHost **hosts, unsigned n)
{
  for (unsigned first = 0, i; first < n; first = i)
    {
      for (i = first + 1; i < n && hosts[i]->rank == hosts[first]->rank; i++)
        ;
      for (unsigned k = i - 1; k > first; k--)
        {
          unsigned other = g_random_int_range (first, k + 1);
          const ClrHost *host = hosts[k];

          hosts[k] = hosts[other];
          hosts[other] = host;
        }
    }
}

ClrSmtpConnection *
clr_smtp_connection_new (const ClrDeliveryPlace *place, ClrDeliveryPlan *plan, const ClrNextHop *hop,
                         const ClrHost *hosts, unsigned n_hosts, const ClrSmtpConnectionEvents *events,
                         void *data)
{
  ClrSmtpConnection *connection = g_new0 (ClrSmtpConnection, 1);

  connection->place = place;
  connection->plan = clr_delivery_plan_ref (plan);
  connection->hop = hop;
  connection->hosts = g_new (const ClrHost *, n_hosts);
  connection->n_hosts = n_hosts;
  for (unsigned i = 0; i < n_hosts; i++)
    connection->hosts[i] = &hosts[i];
  shuffle_equals (connection->hosts, n_hosts);
  connection->events = events;
  connection->data = data;
  clr_timer_init (&connection->timer, on_timer, connection);
  clr_timer_init (&connection->step, on_step, connection);
  connection->dialer = clr_dialer_new (place, plan, hop, connection->hosts[0], &dialer_events, connection);
  clr_dialer_dial (connection->dialer);
  return connection;
}

void
clr_smtp_connection_free (ClrSmtpConnection *connection)
{
  connection->over = TRUE;
  clr_timers_clear (connection->place->worker->timers, &connection->timer);
  clr_timers_clear (connection->place->worker->timers, &connection->step);
  g_clear_pointer (&connection->dialer, clr_dialer_free);
  if (connection->reading)
    connection->reading->data = NULL;
  drop_stream (connection);
  clr_delivery_plan_unref (connection->plan);
  g_free (connection->hosts);
  g_free (connection->failed_peer);
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

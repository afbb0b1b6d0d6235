/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-smtp-connection.h"

#include "base/clr-clock.h"
#include "delivery/clr-approach.h"
#include "delivery/clr-content-sender.h"
#include "delivery/clr-fit.h"

#include <string.h>

#define AT_HAND (64u * 1024) /* octets of a content that may leave with its envelope */

struct ClrSmtpConnection
{
  const ClrDeliveryPlace *place;
  ClrDeliveryPlan *plan;
  const ClrNextHop *hop;
  const ClrSmtpConnectionEvents *events;
  void *data;

  ClrApproach *approach; /* until a host has begun to take mail */
  ClrStream *stream;
  ClrSmtpClient *client;
  ClrSmtpClientConfig config;
  ClrTimer timer;   /* the peer's time-out */
  const char *host; /* name of the host, for TLS */
  char *peer;       /* "name (address:port)" */

  ClrJob *job;
  unsigned first; /* recipients of the job before this one are done */
  unsigned n_now; /* recipients in this transaction */
  int64_t started_us;
  unsigned transactions;
  gboolean clean; /* nothing went wrong in this job */

  ClrContentSender content; /* of the job's message */
  gboolean passing_on;      /* the job waits for another host, which offers more */

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
drop_stream (void *data)
{
  ClrSmtpConnection *connection = data;

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
  g_clear_pointer (&connection->approach, clr_approach_free);
  connection->events->ended (connection, connection->data);
}

static void
finish_job (ClrSmtpConnection *connection)
{
  ClrJob *job = g_steal_pointer (&connection->job);

  clr_content_sender_clear (&connection->content);
  connection->events->job_done (connection, job, connection->clean, connection->data);
}

static void
observe (ClrSmtpConnection *connection, unsigned index, ClrOutcome outcome, ClrPhase phase,
         const ClrSmtpReply *reply)
{
  clr_observe (connection->job, index, outcome, clr_phase_get_name (phase), clr_smtp_reply_get_said (reply),
               reply->enhanced, reply->text, connection->peer,
               connection->stream ? clr_stream_get_tls_description (connection->stream) : NULL,
               connection->started_us);
  /* RFC 3461 section 5.2.2: the next hop reports from now on, or we say that we relayed. */
  if (outcome == CLR_OUTCOME_DELIVERED && connection->client)
    connection->job->observations[index].relays_dsn
        = (clr_smtp_client_get_offers (connection->client)->offers & CLR_OFFER_DSN) != 0;
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
      clr_timers_clear (connection->place->worker->timers, &connection->timer);
      clr_approach_go_on (connection->approach, CLR_OUTCOME_DEFERRED, phase, reply, drop_stream);
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

static gboolean
has_room (void *data)
{
  ClrSmtpConnection *connection = data;

  if (clr_stream_get_pending (connection->stream) <= CLR_STREAM_HIGH_WATER)
    return TRUE;
  clr_stream_want_room (connection->stream);
  return FALSE;
}

static void
on_piece (const uint8_t *bytes, size_t size, void *data)
{
  clr_smtp_client_send_content (((ClrSmtpConnection *)data)->client, bytes, size);
}

static void
on_all_given (void *data)
{
  ClrSmtpConnection *connection = data;

  clr_smtp_client_end_content (connection->client);
  if (!connection->over)
    arm_phase (connection);
}

static void
on_unreadable (const char *why, void *data)
{
  /* The peer has got a piece of the message: only closing tells it that this was not all. */
  broken_with_text (data, why);
}

static void
on_went_on (void *data)
{
  ClrSmtpConnection *connection = data;

  if (!connection->over && connection->stream)
    clr_stream_flush (connection->stream);
}

static const ClrContentPumpEvents content_events
    = { has_room, on_piece, on_all_given, on_unreadable, on_went_on };

/* Writes content until the stream has enough. */
static void
pump (ClrSmtpConnection *connection)
{
  if (connection->over || !clr_content_sender_is_sending (&connection->content))
    return;
  arm_phase (connection);
  clr_content_sender_run (&connection->content);
}

/* -- the client's events */

static void
on_start_tls (ClrSmtpClient *client, void *data)
{
  ClrSmtpConnection *connection = data;

  clr_stream_start_tls (connection->stream, connection->hop->tls_context, connection->host);
}

static void
get_recipient (unsigned index, ClrSmtpRecipient *recipient, void *data)
{
  ClrSmtpConnection *connection = data;
  const ClrJob *job = connection->job;
  const ClrRecipient *kept = &job->message->recipients[job->recipients[connection->first + index]];

  *recipient = (ClrSmtpRecipient){ kept->address, kept->notify, kept->orcpt };
}

static void begin_transaction (ClrSmtpConnection *connection);

/* What cannot be sent to this peer, for what it is. */
static void
refuse_job (ClrSmtpConnection *connection, const ClrSmtpReply *reply)
{
  for (unsigned i = 0; i < connection->job->n_recipients; i++)
    observe (connection, i, reply->code < 500 ? CLR_OUTCOME_DEFERRED : CLR_OUTCOME_FAILED, CLR_PHASE_MAIL,
             reply);
  connection->clean = connection->clean && reply->code >= 500;
  finish_job (connection);
  take_job (connection);
}

/* RFC 6531 section 3.2: another exchanger may offer what this one does not. */
static void
pass_on (ClrSmtpConnection *connection, const ClrSmtpReply *reply)
{
  connection->works = FALSE;
  clr_timers_clear (connection->place->worker->timers, &connection->timer);
  if (connection->approach)
    {
      connection->passing_on = TRUE;
      clr_approach_go_on (connection->approach, CLR_OUTCOME_FAILED, CLR_PHASE_MAIL, reply, drop_stream);
      return;
    }
  /* A kept connection knows no other hosts: the job begins anew with one that does. */
  ClrJob *job = g_steal_pointer (&connection->job);

  connection->events->job_undone (connection, job, connection->data);
  connection->ending = TRUE;
  clr_smtp_client_quit (connection->client);
  arm_phase (connection);
}

/* No host is left that could take the job that was passed on. */
static void
give_job_up (ClrSmtpConnection *connection, ClrOutcome outcome, ClrPhase phase, const ClrSmtpReply *reply)
{
  connection->passing_on = FALSE;
  connection->clean = FALSE;
  for (unsigned i = 0; i < connection->job->n_recipients; i++)
    observe (connection, i, outcome, phase, reply);
  finish_job (connection);
}

static void
on_rendering_ready (void *data)
{
  ClrSmtpConnection *connection = data;

  if (clr_content_sender_get_problem (&connection->content)->code)
    {
      ClrSmtpReply reply = *clr_content_sender_get_problem (&connection->content);
      refuse_job (connection, &reply);
    }
  else
    begin_transaction (connection);
  if (!connection->over && connection->stream)
    clr_stream_flush (connection->stream);
}

/* What the peer does not offer decides over what it gets. Returns: FALSE when no transaction begins now. */
static gboolean
prepare (ClrSmtpConnection *connection)
{
  ClrSmtpReply reply;

  switch (clr_fit_judge (clr_smtp_client_get_offers (connection->client), connection->job, &reply))
    {
    case CLR_FIT_AS_IS:
      break;
    case CLR_FIT_RENDITION:
      if (clr_content_sender_is_rendering (&connection->content))
        break;
      arm_phase (connection);
      clr_content_sender_render (&connection->content, connection->plan, on_rendering_ready);
      return FALSE;
    case CLR_FIT_OTHER_HOST:
      pass_on (connection, &reply);
      return FALSE;
    case CLR_FIT_NEVER:
      refuse_job (connection, &reply);
      return FALSE;
    }
  return TRUE;
}

static void
begin_transaction (ClrSmtpConnection *connection)
{
  const ClrMessage *message = connection->job->message;
  ClrSmtpTransaction transaction = {
    .sender = message->sender,
    .eight_bit = message->eight_bit,
    .smtputf8 = message->smtputf8,
    .ret = message->ret,
    .envid = message->envid,
    .exact_size = TRUE,
    .at_hand = message->spool_size == 0 && message->content.size <= AT_HAND,
    .get_recipient = get_recipient,
  };

  if (!prepare (connection))
    return;
  g_clear_pointer (&connection->approach, clr_approach_free);
  if (clr_content_sender_is_rendering (&connection->content))
    transaction.eight_bit = transaction.smtputf8 = FALSE;
  transaction.size = clr_content_sender_get_size (&connection->content);
  transaction.n_recipients = connection->n_now
      = clr_fit_count_recipients (clr_smtp_client_get_offers (connection->client), connection->job,
                                  connection->first, connection->hop->max_recipients);
  clr_smtp_client_begin (connection->client, &transaction);
  if (!connection->over)
    arm_phase (connection);
}

static gboolean
has_sent_enough (const ClrSmtpConnection *connection)
{
  unsigned most = clr_smtp_client_get_offers (connection->client)->max_messages;

  return connection->transactions >= connection->hop->max_messages
         || (most > 0 && connection->transactions >= most);
}

static void
take_job (ClrSmtpConnection *connection)
{
  if (connection->ending || has_sent_enough (connection))
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
  clr_content_sender_init (&connection->content, connection->place, connection->job->message, &content_events,
                           connection);
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
  if (connection->passing_on)
    {
      connection->passing_on = FALSE;
      begin_transaction (connection);
      return;
    }
  connection->transactions++;
  connection->first += connection->n_now;
  if (connection->first < connection->job->n_recipients)
    {
      if (has_sent_enough (connection))
        {
          /* RFC 9422: no more here; the rest comes again by another connection. */
          finish_job (connection);
          clr_smtp_connection_end (connection, FALSE);
        }
      else
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
  ClrSmtpConnection *connection = data;

  clr_content_sender_begin (&connection->content);
  pump (connection);
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

static void
on_reached (ClrApproach *approach, ClrStream *stream, void *data)
{
  ClrSmtpConnection *connection = data;
  const ClrNextHop *hop = connection->hop;

  g_free (connection->peer);
  connection->peer = g_strdup (clr_approach_get_peer (approach));
  connection->host = clr_approach_get_host (approach)->name;
  connection->stream = stream;
  clr_stream_set_owner (stream, &stream_events, connection);
  connection->config = (ClrSmtpClientConfig){
    .helo = clr_delivery_plan_get_hostname (connection->plan),
    .tls = clr_approach_choose_tls (approach),
    .user = hop->user,
    .password = hop->password ? hop->password : "",
  };
  connection->client = clr_smtp_client_new (&connection->config, &client_handler,
                                            clr_stream_get_output (stream), connection);
  if (hop->tls == CLR_NEXT_HOP_TLS_IMPLICIT)
    clr_stream_start_tls (stream, hop->tls_context, connection->host);
  arm_phase (connection);
}

static void
on_exhausted (ClrApproach *approach, ClrOutcome outcome, ClrPhase phase, const ClrSmtpReply *reply,
              const char *peer, void *data)
{
  ClrSmtpConnection *connection = data;

  /* One that was passed on has seen a host that works: the others get there too. */
  if (connection->passing_on)
    give_job_up (connection, outcome, phase, reply);
  else
    connection->events->unreachable (connection, outcome, phase, reply, peer, connection->data);
  end (connection);
}

static const ClrApproachEvents approach_events = { on_reached, on_exhausted };

ClrSmtpConnection *
clr_smtp_connection_new (const ClrDeliveryPlace *place, ClrDeliveryPlan *plan, const ClrNextHop *hop,
                         const ClrHost *hosts, unsigned n_hosts, const ClrSmtpConnectionEvents *events,
                         void *data)
{
  ClrSmtpConnection *connection = g_new0 (ClrSmtpConnection, 1);

  connection->place = place;
  connection->plan = clr_delivery_plan_ref (plan);
  connection->hop = hop;
  connection->events = events;
  connection->data = data;
  clr_timer_init (&connection->timer, on_timer, connection);
  connection->approach = clr_approach_new (place, plan, hop, hosts, n_hosts, &approach_events, connection);
  return connection;
}

void
clr_smtp_connection_free (ClrSmtpConnection *connection)
{
  connection->over = TRUE;
  clr_timers_clear (connection->place->worker->timers, &connection->timer);
  g_clear_pointer (&connection->approach, clr_approach_free);
  clr_content_sender_clear (&connection->content);
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
      if (connection->passing_on)
        {
          ClrSmtpReply reply;

          clr_smtp_reply_set (&reply, 0, NULL, "the relay is stopping");
          give_job_up (connection, CLR_OUTCOME_DEFERRED, CLR_PHASE_CONNECT, &reply);
          end (connection);
        }
      else if (connection->job)
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

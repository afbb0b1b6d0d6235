/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-smtp-connection.h"

#include "base/clr-clock.h"
#include "delivery/clr-approach.h"
#include "delivery/clr-content-sender.h"
#include "delivery/clr-fit.h"
#include "delivery/clr-smtp-peer.h"

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
  ClrSmtpPeer *peer;     /* the host that has been reached */
  char *peer_name;       /* "name (address:port)" */

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

static ClrPhase
get_phase (ClrSmtpConnection *connection)
{
  return connection->peer ? clr_smtp_peer_get_phase (connection->peer) : CLR_PHASE_CONNECT;
}

static const ClrOffers *
get_offers (const ClrSmtpConnection *connection)
{
  return clr_smtp_client_get_offers (clr_smtp_peer_get_client (connection->peer));
}

static void
drop_peer (void *data)
{
  ClrSmtpConnection *connection = data;

  g_clear_pointer (&connection->peer, clr_smtp_peer_free);
}

static void
end (ClrSmtpConnection *connection)
{
  if (connection->over)
    return;
  connection->over = TRUE;
  if (connection->peer)
    clr_smtp_peer_hush (connection->peer);
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
               reply->enhanced, reply->text, connection->peer_name,
               connection->peer ? clr_smtp_peer_get_tls_description (connection->peer) : NULL,
               connection->started_us);
  /* RFC 3461 section 5.2.2: the next hop reports from now on, or we say that we relayed. */
  if (outcome == CLR_OUTCOME_DELIVERED && connection->peer)
    connection->job->observations[index].relays_dsn = (get_offers (connection)->offers & CLR_OFFER_DSN) != 0;
}

/* RFC 8460 counts sessions: one counts for the domain whose mail opened it. @reply: NULL: the host is ready.
 */
static void
count_session (ClrSmtpConnection *connection, ClrPhase phase, const ClrSmtpReply *reply)
{
  if (connection->hop->is_mx && connection->peer)
    clr_smtp_peer_count_session (connection->peer, connection->events->peek_domain (connection->data), phase,
                                 reply);
}

/* No other host would like it better, and the job is not to blame. */
static void
refuse_token (ClrSmtpConnection *connection, const ClrSmtpReply *reply)
{
  ClrJob *job = g_steal_pointer (&connection->job);

  if (job)
    {
      clr_content_sender_clear (&connection->content);
      connection->events->job_undone (connection, job, connection->data);
    }
  connection->events->token_refused (connection, clr_smtp_peer_get_token (connection->peer), reply,
                                     connection->data);
  end (connection);
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
  if (phase == CLR_PHASE_AUTH && reply->code >= 500 && clr_smtp_peer_get_token (connection->peer))
    {
      refuse_token (connection, reply);
      return;
    }
  if (phase < CLR_PHASE_IDLE)
    {
      count_session (connection, phase, reply);
      clr_approach_go_on (connection->approach, CLR_OUTCOME_DEFERRED, phase, reply, drop_peer);
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

/* -- content */

static gboolean
has_room (void *data)
{
  return clr_smtp_peer_has_room (((ClrSmtpConnection *)data)->peer);
}

static void
on_piece (const uint8_t *bytes, size_t size, void *data)
{
  ClrSmtpConnection *connection = data;

  clr_smtp_client_send_content (clr_smtp_peer_get_client (connection->peer), bytes, size);
}

static void
on_all_given (void *data)
{
  ClrSmtpConnection *connection = data;

  clr_smtp_client_end_content (clr_smtp_peer_get_client (connection->peer));
  clr_smtp_peer_wait_phase (connection->peer);
}

static void
on_unreadable (const char *why, void *data)
{
  /* The peer has got a piece of the message: only closing tells it that this was not all. */
  clr_smtp_peer_fail (((ClrSmtpConnection *)data)->peer, why);
}

/* After an answer of the disk thread: no event of the stream sends what was written. */
static void
flush (void *data)
{
  ClrSmtpConnection *connection = data;

  if (!connection->over && connection->peer)
    clr_smtp_peer_flush (connection->peer);
}

static const ClrContentPumpEvents content_events = { has_room, on_piece, on_all_given, on_unreadable, flush };

/* Writes content until the stream has enough. */
static void
pump (ClrSmtpConnection *connection)
{
  if (connection->over || !clr_content_sender_is_sending (&connection->content))
    return;
  clr_smtp_peer_wait_phase (connection->peer);
  clr_content_sender_run (&connection->content);
}

/* -- jobs */

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
  if (connection->approach)
    {
      connection->passing_on = TRUE;
      clr_smtp_peer_hush (connection->peer);
      clr_approach_go_on (connection->approach, CLR_OUTCOME_FAILED, CLR_PHASE_MAIL, reply, drop_peer);
      return;
    }
  /* A kept connection knows no other hosts: the job begins anew with one that does. */
  ClrJob *job = g_steal_pointer (&connection->job);

  connection->events->job_undone (connection, job, connection->data);
  connection->ending = TRUE;
  clr_smtp_peer_quit (connection->peer);
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
  flush (connection);
}

/* What the peer does not offer decides over what it gets. Returns: FALSE when no transaction begins now. */
static gboolean
prepare (ClrSmtpConnection *connection)
{
  ClrSmtpReply reply;

  switch (clr_fit_judge (get_offers (connection), connection->job, &reply))
    {
    case CLR_FIT_AS_IS:
      break;
    case CLR_FIT_RENDITION:
      if (clr_content_sender_is_rendering (&connection->content))
        break;
      clr_smtp_peer_wait_phase (connection->peer);
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
  };

  if (!prepare (connection))
    return;
  g_clear_pointer (&connection->approach, clr_approach_free);
  if (clr_content_sender_is_rendering (&connection->content))
    transaction.eight_bit = transaction.smtputf8 = FALSE;
  transaction.size = clr_content_sender_get_size (&connection->content);
  transaction.n_recipients = connection->n_now = clr_fit_count_recipients (
      get_offers (connection), connection->job, connection->first, connection->hop->max_recipients);
  clr_smtp_peer_begin (connection->peer, &transaction);
}

static gboolean
has_sent_enough (const ClrSmtpConnection *connection)
{
  unsigned most = get_offers (connection)->max_messages;

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
      clr_smtp_peer_wait (connection->peer, connection->hop->idle_us);
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
on_ready (ClrSmtpPeer *peer, void *data)
{
  ClrSmtpConnection *connection = data;

  if (!connection->works)
    count_session (connection, CLR_PHASE_IDLE, NULL);
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
on_result (ClrSmtpPeer *peer, unsigned recipient, ClrPhase phase, const ClrSmtpReply *reply, void *data)
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
on_want_content (ClrSmtpPeer *peer, void *data)
{
  ClrSmtpConnection *connection = data;

  clr_content_sender_begin (&connection->content);
  pump (connection);
}

static void
on_room (ClrSmtpPeer *peer, void *data)
{
  pump (data);
}

static void
on_timed_out (ClrSmtpPeer *peer, void *data)
{
  ClrSmtpConnection *connection = data;

  if (clr_smtp_peer_get_phase (peer) == CLR_PHASE_IDLE && connection->job == NULL)
    clr_smtp_connection_end (connection, FALSE);
  else
    clr_smtp_peer_fail (peer, "the server did not answer in time");
}

static void
on_failed (ClrSmtpPeer *peer, ClrPhase phase, const ClrSmtpReply *reply, void *data)
{
  broken (data, phase, reply);
}

static const ClrSmtpPeerEvents peer_events
    = { on_ready, get_recipient, on_result, on_want_content, on_room, on_timed_out, on_failed };

/* -- getting there */

static void
on_reached (ClrApproach *approach, ClrStream *stream, void *data)
{
  ClrSmtpConnection *connection = data;
  const ClrNextHop *hop = connection->hop;
  ClrTlsChoice tls = clr_approach_choose_tls (approach);
  ClrToken *token = NULL;

  if (hop->oauth
      && clr_token_box_look (connection->place->tokens, hop->oauth, connection->place->worker->now, &token)
             != CLR_TOKEN_GOOD)
    {
      /* It went while we dialled: mail waits for the next. */
      ClrJob *job = g_steal_pointer (&connection->job);

      clr_dialer_hang_up (stream);
      if (job)
        {
          clr_content_sender_clear (&connection->content);
          connection->events->job_undone (connection, job, connection->data);
        }
      end (connection);
      return;
    }

  g_free (connection->peer_name);
  connection->peer_name = g_strdup (clr_approach_get_peer (approach));
  connection->peer
      = clr_smtp_peer_new (connection->place, hop, stream, &tls, clr_approach_get_host (approach),
                           hop->helo ? hop->helo : clr_delivery_plan_get_hostname (connection->plan), token,
                           &peer_events, connection);
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
  connection->approach = clr_approach_new (place, plan, hop, hosts, n_hosts, &approach_events, connection);
  return connection;
}

void
clr_smtp_connection_free (ClrSmtpConnection *connection)
{
  connection->over = TRUE;
  g_clear_pointer (&connection->approach, clr_approach_free);
  clr_content_sender_clear (&connection->content);
  drop_peer (connection);
  clr_delivery_plan_unref (connection->plan);
  g_free (connection->peer_name);
  g_free (connection);
}

gboolean
clr_smtp_connection_is_idle (ClrSmtpConnection *connection)
{
  return connection->works && connection->job == NULL && !connection->ending && !connection->over
         && get_phase (connection) == CLR_PHASE_IDLE;
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
  flush (connection);
  return TRUE;
}

static void
cut (ClrSmtpConnection *connection)
{
  static const char why[] = "the relay is stopping";

  if (connection->passing_on)
    {
      ClrSmtpReply reply;

      clr_smtp_reply_set (&reply, 0, NULL, why);
      give_job_up (connection, CLR_OUTCOME_DEFERRED, CLR_PHASE_CONNECT, &reply);
      end (connection);
    }
  else if (connection->job)
    clr_smtp_peer_fail (connection->peer, why);
  else
    end (connection);
}

void
clr_smtp_connection_end (ClrSmtpConnection *connection, gboolean now)
{
  connection->ending = TRUE;
  if (connection->over)
    return;
  if (now)
    cut (connection);
  else if (connection->job)
    return;
  else if (get_phase (connection) == CLR_PHASE_IDLE)
    {
      clr_smtp_peer_quit (connection->peer);
      clr_smtp_peer_flush (connection->peer);
    }
  else if (get_phase (connection) != CLR_PHASE_QUIT)
    end (connection);
}

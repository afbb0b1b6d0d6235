/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-smtp-peer.h"

#include "base/clr-clock.h"
#include "delivery/clr-dialer.h"
#include "delivery/clr-tls-tally.h"
#include "sessions/clr-roster.h"

struct ClrSmtpPeer
{
  ClrRosterEntry entry; /* first */
  char *host;
  unsigned transactions;
  const ClrDeliveryPlace *place;
  const ClrNextHop *hop;
  ClrTlsChoice tls;
  ClrStream *stream;
  ClrSmtpClient *client;
  ClrSmtpClientConfig config;
  ClrToken *token;
  ClrTimer timer;
  const ClrSmtpPeerEvents *events;
  void *data;
  ClrTlsResult tls_result;
  char *secured; /* version, cipher, and what was proven */
  gboolean hushed;
};

void
clr_smtp_peer_wait (ClrSmtpPeer *peer, int64_t wait_us)
{
  if (!peer->hushed)
    clr_timers_set (peer->place->worker->timers, &peer->timer, peer->place->worker->now + wait_us);
}

void
clr_smtp_peer_wait_phase (ClrSmtpPeer *peer)
{
  clr_smtp_peer_wait (peer, peer->hop->wait_us[clr_phase_get_wait (clr_smtp_peer_get_phase (peer))]);
}

void
clr_smtp_peer_hush (ClrSmtpPeer *peer)
{
  peer->hushed = TRUE;
  clr_timers_clear (peer->place->worker->timers, &peer->timer);
}

static void
fail (ClrSmtpPeer *peer, ClrPhase phase, const ClrSmtpReply *reply)
{
  if (peer->hushed)
    return;
  clr_smtp_peer_hush (peer);
  peer->events->failed (peer, phase, reply, peer->data);
}

void
clr_smtp_peer_fail (ClrSmtpPeer *peer, const char *text)
{
  ClrPhase phase = clr_smtp_peer_get_phase (peer);
  ClrSmtpReply reply;
  g_autofree char *full = g_strdup_printf ("%s (%s)", text, clr_phase_get_name (phase));

  clr_smtp_reply_set (&reply, 0, NULL, full);
  fail (peer, phase, &reply);
}

static void
on_timer (ClrTimer *timer, void *data)
{
  ClrSmtpPeer *peer = data;

  peer->events->timed_out (peer, peer->data);
}

/* -- the client's events */

static void
on_start_tls (ClrSmtpClient *client, void *data)
{
  ClrSmtpPeer *peer = data;

  clr_stream_start_tls (peer->stream, peer->tls.context, peer->tls.name);
}

static void
on_ready (ClrSmtpClient *client, void *data)
{
  ClrSmtpPeer *peer = data;

  peer->events->ready (peer, peer->data);
}

static void
get_recipient (unsigned index, ClrSmtpRecipient *recipient, void *data)
{
  ClrSmtpPeer *peer = data;

  peer->events->get_recipient (index, recipient, peer->data);
}

static void
on_result (ClrSmtpClient *client, unsigned recipient, ClrPhase phase, const ClrSmtpReply *reply, void *data)
{
  ClrSmtpPeer *peer = data;

  peer->events->result (peer, recipient, phase, reply, peer->data);
}

static void
on_want_content (ClrSmtpClient *client, void *data)
{
  ClrSmtpPeer *peer = data;

  peer->events->want_content (peer, peer->data);
}

static void
on_failed (ClrSmtpClient *client, ClrPhase phase, const ClrSmtpReply *reply, void *data)
{
  fail (data, phase, reply);
}

static const ClrSmtpClientHandler client_handler
    = { on_start_tls, on_ready, on_result, on_want_content, on_failed };

/* -- the stream's events */

static size_t
on_bytes (ClrStream *stream, const uint8_t *bytes, size_t size, void *data)
{
  ClrSmtpPeer *peer = data;
  uint64_t before = clr_smtp_client_get_replies (peer->client);

  if (peer->hushed)
    return size;
  clr_smtp_client_feed (peer->client, bytes, size);
  ClrPhase phase = clr_smtp_peer_get_phase (peer);
  /* Each answer has its time; octets of one that never ends have none. */
  if (clr_smtp_client_get_replies (peer->client) != before && phase != CLR_PHASE_IDLE
      && phase != CLR_PHASE_OVER)
    clr_smtp_peer_wait_phase (peer);
  return size;
}

static void
on_room (ClrStream *stream, void *data)
{
  ClrSmtpPeer *peer = data;

  if (!peer->hushed)
    peer->events->room (peer, peer->data);
}

static void
on_secure (ClrStream *stream, void *data)
{
  ClrSmtpPeer *peer = data;
  ClrTlsVerdict verdict;

  if (peer->hushed)
    return;
  clr_tls_choice_judge (&peer->tls, clr_stream_get_tls (stream), clr_clock_wall () / G_USEC_PER_SEC,
                        &verdict);
  g_free (peer->secured);
  peer->secured = g_strdup_printf ("%s (%s)", clr_stream_get_tls_description (stream), verdict.text);
  peer->tls_result = verdict.result;
  clr_roster_note (peer->place->worker, &peer->entry, peer->secured);
  if (!verdict.ok)
    clr_smtp_peer_fail (peer, verdict.text);
  clr_tls_verdict_clear (&verdict);
  if (peer->hushed)
    return;
  if (peer->tls.implicit)
    clr_smtp_client_set_secure (peer->client);
  else
    clr_smtp_client_secured (peer->client);
  clr_smtp_peer_wait_phase (peer);
}

static void
on_closed (ClrStream *stream, gboolean orderly, const char *why, void *data)
{
  clr_smtp_peer_fail (data, orderly ? "the server closed the connection" : why);
}

static const ClrStreamEvents stream_events = { NULL, on_bytes, on_room, on_secure, on_closed };

/* -- for the owner */

ClrSmtpClient *
clr_smtp_peer_get_client (ClrSmtpPeer *peer)
{
  return peer->client;
}

ClrPhase
clr_smtp_peer_get_phase (ClrSmtpPeer *peer)
{
  return clr_smtp_client_get_phase (peer->client);
}

const ClrToken *
clr_smtp_peer_get_token (ClrSmtpPeer *peer)
{
  return peer->token;
}

const char *
clr_smtp_peer_get_tls_description (ClrSmtpPeer *peer)
{
  return peer->secured;
}

/* RFC 8460 section 4.3. Returns: FALSE when TLS has nothing to do with it. */
static gboolean
find_result (const ClrSmtpPeer *peer, ClrPhase phase, const ClrSmtpReply *reply, ClrTlsResult *result)
{
  *result = peer->tls_result;
  if (peer->tls.wanted == CLR_CLIENT_TLS_NONE)
    return FALSE;
  if (peer->secured && (reply == NULL || peer->tls_result != CLR_TLS_GOOD))
    return TRUE;
  if (phase == CLR_PHASE_TLS)
    *result = reply && reply->code ? CLR_TLS_NOT_SUPPORTED : CLR_TLS_VALIDATION_FAILURE;
  else if (reply == NULL
           || (phase == CLR_PHASE_EHLO && reply->code == 0 && peer->tls.wanted == CLR_CLIENT_TLS_REQUIRED
               && clr_smtp_client_get_replies (peer->client) > 1))
    *result = CLR_TLS_NOT_SUPPORTED;
  else
    return FALSE;
  return TRUE;
}

static char *
dup_address (const ClrEndpoint *endpoint)
{
  char text[CLR_ENDPOINT_TEXT];

  clr_endpoint_address_to_text (endpoint, text);
  return g_strdup (text);
}

void
clr_smtp_peer_count_session (ClrSmtpPeer *peer, const char *domain, ClrPhase phase, const ClrSmtpReply *reply)
{
  ClrTlsSession *session;
  ClrTlsResult result;
  ClrEndpoint own;

  if (peer->place->tally == NULL || domain == NULL || !find_result (peer, phase, reply, &result))
    return;
  session = g_new0 (ClrTlsSession, 1);
  session->domain = g_strdup (domain);
  session->result = result;
  session->kind = peer->tls.kind;
  session->policy = peer->tls.kind == CLR_TLS_POLICY_DANE ? clr_dane_dup_texts (peer->tls.dane) : NULL;
  session->host = g_strdup (peer->tls.name);
  session->address = dup_address (clr_stream_get_peer (peer->stream));
  session->own = clr_stream_get_local (peer->stream, &own) ? dup_address (&own) : NULL;
  session->detail = reply ? g_strdup (reply->text) : NULL;
  clr_tls_tally_post (peer->place->tally, session);
}

void
clr_smtp_peer_begin (ClrSmtpPeer *peer, const ClrSmtpTransaction *transaction)
{
  ClrSmtpTransaction asked = *transaction;

  asked.get_recipient = get_recipient;
  peer->transactions++;
  clr_smtp_client_begin (peer->client, &asked);
  clr_smtp_peer_wait_phase (peer);
}

void
clr_smtp_peer_quit (ClrSmtpPeer *peer)
{
  clr_smtp_client_quit (peer->client);
  clr_smtp_peer_wait_phase (peer);
}

gboolean
clr_smtp_peer_has_room (ClrSmtpPeer *peer)
{
  if (clr_stream_get_pending (peer->stream) <= CLR_STREAM_HIGH_WATER)
    return TRUE;
  clr_stream_want_room (peer->stream);
  return FALSE;
}

void
clr_smtp_peer_flush (ClrSmtpPeer *peer)
{
  clr_stream_flush (peer->stream);
}

/* For those who look at sessions. */
static void
describe (const ClrRosterEntry *entry, ClrSessionFacts *facts)
{
  const ClrSmtpPeer *peer = (const ClrSmtpPeer *)entry;
  char text[CLR_ENDPOINT_TEXT];

  clr_endpoint_to_text (clr_stream_get_peer (peer->stream), text);
  facts->peer = g_strdup_printf ("%s (%s)", peer->host, text);
  facts->name = g_strdup (peer->host);
  facts->place = g_strdup (peer->hop->name);
  facts->tls = g_strdup (peer->secured);
  facts->messages = peer->transactions;
  facts->state = g_strdup (clr_phase_get_name (clr_smtp_client_get_phase (peer->client)));
}

static void
enter_roster (ClrSmtpPeer *peer, const ClrHost *host)
{
  ClrWorker *worker = peer->place->worker;

  peer->entry.describe = describe;
  peer->entry.stream = peer->stream;
  peer->entry.is_outgoing = TRUE;
  peer->host = g_strdup (host->name);
  clr_roster_enter (worker, &peer->entry);
  if (clr_roster_has_orders (worker))
    clr_roster_look (worker, &peer->entry,
                     &(ClrRecordMark){ .is_outgoing = TRUE, .place = peer->hop->name, .host = peer->host });
}

ClrSmtpPeer *
clr_smtp_peer_new (const ClrDeliveryPlace *place, const ClrNextHop *hop, ClrStream *stream,
                   const ClrTlsChoice *tls, const ClrHost *host, const char *helo, ClrToken *token,
                   const ClrSmtpPeerEvents *events, void *data)
{
  ClrSmtpPeer *peer = g_new0 (ClrSmtpPeer, 1);

  peer->place = place;
  peer->hop = hop;
  peer->tls = *tls;
  peer->token = token ? clr_token_ref (token) : NULL;
  peer->stream = stream;
  peer->events = events;
  peer->data = data;
  peer->config = (ClrSmtpClientConfig){
    .helo = helo,
    .tls = tls->wanted,
    .login = { .user = hop->user,
               .password = hop->password ? hop->password : "",
               .token = token ? token->text : NULL,
               .host = host->name,
               .port = host->port },
  };
  clr_timer_init (&peer->timer, on_timer, peer);
  clr_stream_set_owner (stream, &stream_events, peer);
  enter_roster (peer, host);
  peer->client = clr_smtp_client_new (&peer->config, &client_handler, clr_stream_get_output (stream), peer);
  if (tls->implicit)
    clr_stream_start_tls (stream, tls->context, tls->name);
  clr_smtp_peer_wait_phase (peer);
  return peer;
}

void
clr_smtp_peer_free (ClrSmtpPeer *peer)
{
  clr_smtp_peer_hush (peer);
  clr_roster_leave (peer->place->worker, &peer->entry);
  clr_smtp_client_free (peer->client);
  clr_dialer_hang_up (peer->stream);
  g_free (peer->host);
  g_free (peer->secured);
  g_clear_pointer (&peer->token, clr_token_unref);
  g_free (peer);
}

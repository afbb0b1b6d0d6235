/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSmtpPeer: a host that has been reached: the SMTP client on its stream, with TLS, and the time that each
 * answer may take (RFC 5321 section 4.5.3.2). It knows nothing of jobs. Belongs to one worker, and to a
 * connection or a probe there.
 */
#pragma once

#include "delivery/clr-next-hop.h"
#include "delivery/clr-place.h"
#include "delivery/clr-tls-choice.h"
#include "net/clr-stream.h"

typedef struct ClrSmtpPeer ClrSmtpPeer;

/* The peer must not be freed inside an event. */
typedef struct
{
  void (*ready) (ClrSmtpPeer *peer, void *data);
  void (*get_recipient) (unsigned index, ClrSmtpRecipient *recipient, void *data);
  void (*result) (ClrSmtpPeer *peer, unsigned recipient, ClrPhase phase, const ClrSmtpReply *reply,
                  void *data);
  void (*want_content) (ClrSmtpPeer *peer, void *data);
  void (*room) (ClrSmtpPeer *peer, void *data);
  /* The time is up: clr_smtp_peer_fail() or clr_smtp_peer_quit(). */
  void (*timed_out) (ClrSmtpPeer *peer, void *data);
  /* It is of no use any more; the last event. @reply: what it said, or in words what went wrong, code 0. */
  void (*failed) (ClrSmtpPeer *peer, ClrPhase phase, const ClrSmtpReply *reply, void *data);
} ClrSmtpPeerEvents;

/* Takes @stream. @tls is copied; all else must outlive the peer. @token: (nullable): for a next hop with
 * OAuth;
 * @host: as it was dialled. */
ClrSmtpPeer *clr_smtp_peer_new (const ClrDeliveryPlace *place, const ClrNextHop *hop, ClrStream *stream,
                                const ClrTlsChoice *tls, const ClrHost *host, const char *helo,
                                ClrToken *token, const ClrSmtpPeerEvents *events, void *data);
void clr_smtp_peer_free (ClrSmtpPeer *peer);

/* For what it offers, its phase, and its content. */
ClrSmtpClient *clr_smtp_peer_get_client (ClrSmtpPeer *peer);
ClrPhase clr_smtp_peer_get_phase (ClrSmtpPeer *peer);
/* With which it logs in; NULL: none. */
const ClrToken *clr_smtp_peer_get_token (ClrSmtpPeer *peer);
/* "TLS1.3 AES-256-GCM (dane: certificate matches)"; NULL in clear. */
const char *clr_smtp_peer_get_tls_description (ClrSmtpPeer *peer);

/* What came of TLS goes to the tally, if there is one and TLS has to do with it. @domain: whose mail opened
 * the session; NULL: nobody's. @phase, @reply: how it ended, or @reply NULL: it is ready. */
void clr_smtp_peer_count_session (ClrSmtpPeer *peer, const char *domain, ClrPhase phase,
                                  const ClrSmtpReply *reply);

/* @transaction without get_recipient: that is an event here. */
void clr_smtp_peer_begin (ClrSmtpPeer *peer, const ClrSmtpTransaction *transaction);
void clr_smtp_peer_quit (ClrSmtpPeer *peer);
/* FALSE: enough is waiting to be sent; the event room follows. */
gboolean clr_smtp_peer_has_room (ClrSmtpPeer *peer);
/* Sends what was written outside of the events. */
void clr_smtp_peer_flush (ClrSmtpPeer *peer);

/* It has the time of its phase from now on, or @wait_us. */
void clr_smtp_peer_wait_phase (ClrSmtpPeer *peer);
void clr_smtp_peer_wait (ClrSmtpPeer *peer, int64_t wait_us);

/* Something here is in the way: the event failed, with @text and the phase. */
void clr_smtp_peer_fail (ClrSmtpPeer *peer, const char *text);
/* No events any more. */
void clr_smtp_peer_hush (ClrSmtpPeer *peer);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-control.h"

#include "base/clr-error.h"
#include "base/clr-log.h"
#include "control/clr-access.h"
#include "control/clr-api.h"
#include "control/clr-head.h"
#include "control/clr-methods.h"

#include <gio/gunixsocketaddress.h>

#define CONNECTIONS_MOST 64
#define VIEWERS_MOST     48 /* of them; the others can always get in */
#define IDLE_S           60
#define HEAD_S           15 /* for TLS and the head of a request with a token */
#define COMPLAINT_S      10 /* between two lines about tokens that are none */
#define LAST_ANSWERS     50 /* times 0.1 s */
#define SUBMITTED_MOST                                                                                       \
  (64u * 1024 * 1024) /* octets of messages that are not stored yet; one may be larger                       \
                       */

struct ClrControl
{
  ClrMethodPlace place;
  char *path;
  char *hostname;
  GSocketService *listener;
  SoupServer *server;
  guint mailbox_source;
  unsigned n_connections;
  int64_t complained_us;
};

/* Who is at the other end; lives as long as the connection. */
typedef struct
{
  ClrControl *control;
  gboolean is_tcp; /* who it is comes with the request */
  ClrRole role;
  char *who;
  GSocket *socket; /* NULL: its head has come in time */
  guint deadline;
} Peer;

static void
forget_deadline (Peer *peer)
{
  if (peer->deadline)
    g_source_remove (peer->deadline);
  peer->deadline = 0;
  g_clear_object (&peer->socket);
}

static void
peer_free (void *data)
{
  Peer *peer = data;

  peer->control->n_connections--;
  forget_deadline (peer);
  g_free (peer->who);
  g_free (peer);
}

/* libsoup keeps the remote address as long as the connection, and hands it to each request: who the peer is
 * hangs on @address, which was made for it alone. What has come already is read at once: @peer, which is
 * taken, is complete. */
static void
hand_over (ClrControl *control, Peer *peer, GSocket *socket, GIOStream *stream, GSocketAddress *address)
{
  g_autoptr (GError) error = NULL;

  peer->control = control;
  control->n_connections++;
  g_object_set_data_full (G_OBJECT (address), "clr-peer", peer, peer_free);
  /* libsoup knows no socket of a stream that it was handed. */
  g_object_set_data_full (G_OBJECT (address), CLR_METHODS_SOCKET, g_object_ref (socket), g_object_unref);
  g_socket_set_timeout (socket, IDLE_S);
  if (!soup_server_accept_iostream (control->server, stream, address, address, &error))
    g_debug ("control connection: %s", error->message);
}

static void
complain (const char *who, const char *why)
{
  clr_log_event (CLR_EVENT_API_REFUSED, who, why);
  clr_log_flush ();
}

static gboolean
on_incoming (GSocketService *listener, GSocketConnection *connection, GObject *source, void *data)
{
  ClrControl *control = data;
  GSocket *socket = g_socket_connection_get_socket (connection);
  g_autofree char *who = NULL;
  ClrRole role = clr_access_get_role (socket, &who);
  gboolean may_change = (role & (CLR_ROLE_OPERATOR | CLR_ROLE_ADMIN)) != 0;
  g_autoptr (GSocketAddress) address = NULL;
  Peer *peer;

  if (control->n_connections >= (may_change ? CONNECTIONS_MOST : VIEWERS_MOST) || role == CLR_ROLE_NONE)
    {
      complain (who, role == CLR_ROLE_NONE ? "neither root nor in the group clrelay-admin or clrelay-view"
                                           : "too many control connections");
      return TRUE;
    }
  address = g_unix_socket_address_new (control->path);
  peer = g_new0 (Peer, 1);
  peer->role = role;
  peer->who = g_steal_pointer (&who);
  hand_over (control, peer, socket, G_IO_STREAM (connection), address);
  return TRUE;
}

/* Nobody is known before the head of a request has come: until then a connection does not live long. */
static gboolean
on_late_head (void *data)
{
  Peer *peer = data;
  g_autoptr (GSocket) socket = g_steal_pointer (&peer->socket);

  peer->deadline = 0;
  g_socket_shutdown (socket, TRUE, TRUE, NULL); /* may free @peer */
  return G_SOURCE_REMOVE;
}

static void
on_tcp (GSocket *socket, GIOStream *stream, GSocketAddress *address, void *data)
{
  ClrControl *control = data;
  Peer *peer;

  if (control->n_connections >= VIEWERS_MOST)
    return; /* it closes with @stream */
  peer = g_new0 (Peer, 1);
  peer->is_tcp = TRUE;
  peer->socket = g_object_ref (socket);
  peer->deadline = g_timeout_add_seconds (HEAD_S, on_late_head, peer);
  hand_over (control, peer, socket, stream, address);
}

static gboolean
is_submission (SoupServerMessage *message)
{
  return g_strcmp0 (g_uri_get_path (soup_server_message_get_uri (message)), CLR_API_SUBMISSIONS) == 0;
}

/* A web page that was led here by a browser has another Host (RFC 9110 section 7.2), or names its Origin. */
static gboolean
is_ours (SoupServerMessage *message, Peer *peer)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *host = soup_message_headers_get_one (headers, "Host");
  const char *type = soup_message_headers_get_content_type (headers, NULL);

  if (peer == NULL || !clr_head_allows_host (host, peer->control->hostname, peer->is_tcp)
      || soup_message_headers_get_one (headers, "Origin"))
    return FALSE;
  return g_str_equal (soup_server_message_get_method (message), "GET")
         || g_strcmp0 (type, is_submission (message) ? "message/rfc822" : "application/json") == 0;
}

static const char not_ours[]
    = "requests need Host: localhost (over TCP an address or the relay's name will do), no Origin, and "
      "Content-Type: application/json (a submission: message/rfc822)";

static Peer *
get_peer (SoupServerMessage *message)
{
  GSocketAddress *address = soup_server_message_get_remote_address (message);

  return address ? g_object_get_data (G_OBJECT (address), "clr-peer") : NULL;
}

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, void *data)
{
  ClrControl *control = data;
  Peer *peer = get_peer (message);

  if (!is_ours (message, peer))
    clr_methods_answer_error (message, SOUP_STATUS_FORBIDDEN, not_ours);
  else
    clr_methods_handle (&control->place, message, path, query, peer ? peer->role : CLR_ROLE_NONE,
                        peer ? peer->who : "unknown");
  clr_log_flush ();
}

/* What is refused is read to its end and not kept. */
static void
refuse (SoupServerMessage *message, unsigned status, const char *text)
{
  SoupMessageBody *body = soup_server_message_get_request_body (message);

  soup_message_body_set_accumulate (body, FALSE);
  soup_message_body_truncate (body);
  if (text)
    clr_methods_answer_error (message, status, text);
}

/* Over TCP each request says who it is. Returns: FALSE when a refusal has been answered. */
static gboolean
identify (Peer *peer, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *token = clr_head_get_token (soup_message_headers_get_one (headers, "Authorization"));
  ClrControl *control = peer->control;
  int64_t now = g_get_monotonic_time ();
  const char *name = NULL;

  forget_deadline (peer);
  peer->role = token ? clr_keyring_check (control->place.keyring, token, &name) : CLR_ROLE_NONE;
  g_free (peer->who);
  peer->who = name ? g_strdup_printf ("token %s", name) : NULL;
  if (peer->role != CLR_ROLE_NONE)
    return TRUE;
  /* Whoever guesses does not fill the log. */
  if (control->complained_us == 0 || now - control->complained_us >= COMPLAINT_S * G_USEC_PER_SEC)
    {
      control->complained_us = now;
      complain (soup_server_message_get_remote_host (message),
                token ? "its token is not known, or no longer good" : "it shows no token");
    }
  /* RFC 6750 section 3 */
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "WWW-Authenticate",
                                token ? "Bearer realm=\"clrelay\", error=\"invalid_token\""
                                      : "Bearer realm=\"clrelay\"");
  refuse (message, SOUP_STATUS_UNAUTHORIZED,
          "this needs a token that is known and still good: Authorization: Bearer TOKEN");
  return FALSE;
}

static void
on_got_headers (SoupServerMessage *message, void *data)
{
  Peer *peer = get_peer (message);

  if (!is_ours (message, peer))
    refuse (message, SOUP_STATUS_FORBIDDEN, not_ours);
  else if (peer->is_tcp && !identify (peer, message))
    return;
  else if (!clr_methods_admit (message, peer->role))
    refuse (message, 0, NULL);
}

/* A message's part of what all submissions may hold; as long as the request. */
typedef struct
{
  ClrMethodPlace *place;
  uint64_t size;
} Share;

static void
share_free (void *data)
{
  Share *share = data;

  share->place->submitted -= share->size;
  g_free (share);
}

/* Returns: whether there is room; one message always has it. */
static gboolean
take_share (ClrMethodPlace *place, SoupServerMessage *message, uint64_t size)
{
  Share *share = g_object_get_data (G_OBJECT (message), "clr-share");

  if (share == NULL)
    {
      share = g_new0 (Share, 1);
      share->place = place;
      g_object_set_data_full (G_OBJECT (message), "clr-share", share, share_free);
    }
  share->size += size;
  place->submitted += size;
  return place->submitted <= SUBMITTED_MOST || place->submitted == share->size;
}

/* Bodies are cut while they arrive. */
static void
on_got_chunk (SoupServerMessage *message, GBytes *chunk, void *data)
{
  ClrControl *control = data;
  ClrControlHost *host = &control->place.host;
  goffset size = soup_server_message_get_request_body (message)->length;
  goffset most = CLR_API_BODY_MAX;

  if (soup_server_message_get_status (message) != 0)
    return; /* refused */
  if (is_submission (message))
    most = clr_section_get_number (clr_settings_get_section (host->get_settings (host->data), "limits"),
                                   "max-message-size");
  if (size > most)
    refuse (message, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, "the request is too large");
  else if (is_submission (message) && !take_share (&control->place, message, g_bytes_get_size (chunk)))
    refuse (message, SOUP_STATUS_SERVICE_UNAVAILABLE,
            "452 4.3.1 too much is on its way in, please try again later");
  else
    return;
  g_object_set_data (G_OBJECT (message), "clr-share", NULL);
}

static void
on_request_started (SoupServer *server, SoupServerMessage *message, void *data)
{
  /* A stream that libsoup did not accept itself is closed by it after one answer; a client that did not know
   * would lose its next request to that. */
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Connection", "close");
  g_signal_connect (message, "got-headers", G_CALLBACK (on_got_headers), data);
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_got_chunk), data);
}

static gboolean
open_door (ClrControl *control, const ClrControlPlaces *places, GError **error)
{
  ClrDoorOptions options = {
    .addresses = places->addresses,
    .hostname = places->hostname,
    .certificate_file = places->certificate_file,
    .key_file = places->key_file,
    .pass_file = places->pass_file,
    .token = clr_keyring_get_local (control->place.keyring),
  };

  if (places->addresses == NULL || *places->addresses == NULL)
    return TRUE;
  control->place.door = clr_door_new (&options, on_tcp, control, error);
  return control->place.door != NULL;
}

ClrControl *
clr_control_new (const ClrControlHost *host, const ClrControlPlaces *places, GError **error)
{
  ClrControl *control = g_new0 (ClrControl, 1);

  control->path = g_strdup (places->socket);
  control->hostname = g_strdup (places->hostname);
  control->place.host = *host;
  control->place.mailbox = clr_mailbox_new (control);
  control->mailbox_source = clr_mailbox_attach (control->place.mailbox);
  control->place.series = clr_series_new (host->state);
  control->server = soup_server_new ("server-header", "clrelay", NULL);
  soup_server_add_handler (control->server, NULL, on_request, control, NULL);
  g_signal_connect (control->server, "request-started", G_CALLBACK (on_request_started), control);
  control->listener = g_socket_service_new ();
  g_signal_connect (control->listener, "incoming", G_CALLBACK (on_incoming), control);
  control->place.keyring = clr_keyring_new (host->state, error);
  control->place.audit = clr_audit_new (host->state, control->place.keyring ? error : NULL);
  if (control->place.keyring == NULL || control->place.audit == NULL
      || !clr_access_listen (G_SOCKET_LISTENER (control->listener), control->path, error)
      || !open_door (control, places, error))
    {
      clr_control_free (control);
      return NULL;
    }
  g_socket_service_start (control->listener);
  return control;
}

void
clr_control_note (ClrControl *control, const char *who, const char *what)
{
  clr_audit_note (control->place.audit, who, what, NULL);
}

void
clr_control_free (ClrControl *control)
{
  g_socket_service_stop (control->listener);
  g_socket_listener_close (G_SOCKET_LISTENER (control->listener));
  clr_access_end (control->path);
  g_clear_pointer (&control->place.door, clr_door_free);
  clr_methods_log_stop (&control->place);
  clr_methods_backup_stop (&control->place);
  clr_mailbox_wake_up (control->place.mailbox);
  /* Answers on their way find their requests; the threads that give them still run. */
  for (unsigned i = 0; control->place.n_waiting > 0 && i < LAST_ANSWERS; i++)
    {
      clr_mailbox_wait (control->place.mailbox, G_USEC_PER_SEC / 10);
      clr_mailbox_open_all (control->place.mailbox);
    }
  soup_server_disconnect (control->server);
  g_object_unref (control->server);
  g_object_unref (control->listener);
  g_source_remove (control->mailbox_source);
  clr_mailbox_open_all (control->place.mailbox);
  clr_mailbox_free (control->place.mailbox);
  clr_series_free (control->place.series);
  g_clear_pointer (&control->place.keyring, clr_keyring_free);
  g_clear_pointer (&control->place.audit, clr_audit_free);
  g_free (control->path);
  g_free (control->hostname);
  g_free (control);
}

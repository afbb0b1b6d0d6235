/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-door.h"

#include "base/clr-error.h"
#include "base/clr-log.h"
#include "client/clr-pass.h"
#include "system/clr-data.h"

#include <errno.h>
#include <gio/gnetworking.h>
#include <glib/gstdio.h>
#include <string.h>

#define BACKLOG     64
#define RETRY_FIRST 1u  /* seconds, doubled each time */
#define RETRY_MOST  60u /* seconds */

typedef struct
{
  ClrDoor *door;
  GSocketAddress *address;
  char *text;
  GSocketService *service; /* NULL: not bound */
  gboolean is_loopback;
  guint port; /* that it is bound to */
  unsigned wait_s;
  guint source;
} Entrance;

struct ClrDoor
{
  Entrance *entrances;
  unsigned n;
  char *hostname, *pass_file, *token, *fingerprint;
  GTlsCertificate *certificate;
  ClrDoorVisitor visitor;
  void *data;
};

static GSocketAddress *
read_address (const char *text)
{
  g_autofree char *uri = g_strconcat ("tcp://", text, NULL);
  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_NONE, NULL);

  return parsed && g_uri_get_port (parsed) >= 0
             ? g_inet_socket_address_new_from_string (g_uri_get_host (parsed), g_uri_get_port (parsed))
             : NULL;
}

static gboolean
is_loopback (GSocketAddress *address)
{
  return g_inet_address_get_is_loopback (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

gboolean
clr_door_needs_certificate (const char *const *addresses)
{
  for (; *addresses; addresses++)
    {
      g_autoptr (GSocketAddress) address = read_address (*addresses);

      if (address && !is_loopback (address))
        return TRUE;
    }
  return FALSE;
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection, GObject *source, void *data)
{
  Entrance *entrance = data;
  ClrDoor *door = entrance->door;
  /* Made for this connection alone. */
  g_autoptr (GSocketAddress) peer = g_socket_connection_get_remote_address (connection, NULL);
  g_autoptr (GIOStream) stream = NULL;

  if (peer == NULL)
    return TRUE; /* gone already */
  stream = entrance->is_loopback
               ? g_object_ref (G_IO_STREAM (connection))
               : g_tls_server_connection_new (G_IO_STREAM (connection), door->certificate, NULL);
  if (stream)
    door->visitor (g_socket_connection_get_socket (connection), stream, peer, door->data);
  return TRUE;
}

/* Nobody else may bind the same address meanwhile: Windows has an option for that, Unix is so. */
static GSocket *
bind_socket (GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
                                             G_SOCKET_PROTOCOL_TCP, error);
  if (socket == NULL)
    return NULL;
#ifdef G_OS_WIN32
  if (!g_socket_set_option (socket, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1, error))
    return NULL;
#else
  if (g_socket_address_get_family (address) == G_SOCKET_FAMILY_IPV6)
    g_socket_set_option (socket, IPPROTO_IPV6, IPV6_V6ONLY, 1, NULL);
#endif
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (!g_socket_bind (socket, address, TRUE, error) || !g_socket_listen (socket, error))
    return NULL;
  return g_steal_pointer (&socket);
}

static char *
make_url (Entrance *entrance)
{
  GInetAddress *host = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (entrance->address));
  g_autofree char *name = g_inet_address_get_is_any (host) ? g_strdup (entrance->door->hostname)
                                                           : g_inet_address_to_string (host);

  return g_strdup_printf (strchr (name, ':') ? "%s://[%s]:%u" : "%s://%s:%u",
                          entrance->is_loopback ? "http" : "https", name, entrance->port);
}

static Entrance *
find_bound (ClrDoor *door, gboolean loopback)
{
  for (unsigned i = 0; i < door->n; i++)
    if (door->entrances[i].service && door->entrances[i].is_loopback == loopback)
      return &door->entrances[i];
  return NULL;
}

/* This machine's own programs come by loopback where they can. */
static gboolean
write_pass (ClrDoor *door, GError **error)
{
  Entrance *entrance = find_bound (door, TRUE);
  g_autofree char *url = NULL;

  if (entrance == NULL)
    entrance = find_bound (door, FALSE);
  url = make_url (entrance);
  ClrPass pass = { url, door->token, entrance->is_loopback ? NULL : door->fingerprint };
  if (!clr_pass_write (&pass, door->pass_file, error))
    return FALSE;
  if (clr_data_let_administrators_read (door->pass_file))
    return TRUE;
  g_set_error (error, CLR_ERROR, CLR_ERROR_FAILED, "%s cannot be kept from others: %s", door->pass_file,
               g_strerror (errno));
  g_unlink (door->pass_file);
  return FALSE;
}

static gboolean
open_entrance (Entrance *entrance, GError **error)
{
  ClrDoor *door = entrance->door;
  g_autoptr (GSocket) socket = bind_socket (entrance->address, error);
  g_autoptr (GSocketAddress) bound = socket ? g_socket_get_local_address (socket, error) : NULL;
  g_autoptr (GError) problem = NULL;

  if (bound == NULL)
    return FALSE;
  entrance->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  entrance->service = g_socket_service_new ();
  if (!g_socket_listener_add_socket (G_SOCKET_LISTENER (entrance->service), socket, NULL, error))
    {
      g_clear_object (&entrance->service);
      return FALSE;
    }
  g_signal_connect (entrance->service, "incoming", G_CALLBACK (on_incoming), entrance);
  g_autofree char *url = make_url (entrance);
  clr_log_event (CLR_EVENT_CONTROL_LISTENING, url,
                 entrance->is_loopback ? "this machine only, without TLS" : door->fingerprint);
  if (!write_pass (door, &problem))
    clr_log_event (CLR_EVENT_LISTENER_FAILED, "control", entrance->text, problem->message);
  return TRUE;
}

static gboolean on_retry (void *data);

static void
try_entrance (Entrance *entrance)
{
  g_autoptr (GError) error = NULL;

  if (open_entrance (entrance, &error))
    return;
  if (entrance->wait_s == 0)
    {
      g_autofree char *why = g_strdup_printf ("%s; it is tried again", error->message);

      clr_log_event (CLR_EVENT_LISTENER_FAILED, "control", entrance->text, why);
    }
  entrance->wait_s = entrance->wait_s ? MIN (entrance->wait_s * 2, RETRY_MOST) : RETRY_FIRST;
  entrance->source = g_timeout_add_seconds (entrance->wait_s, on_retry, entrance);
}

static gboolean
on_retry (void *data)
{
  Entrance *entrance = data;

  entrance->source = 0;
  try_entrance (entrance);
  clr_log_flush ();
  return G_SOURCE_REMOVE;
}

static gboolean
read_certificate (ClrDoor *door, const ClrDoorOptions *options, GError **error)
{
  door->certificate = g_tls_certificate_new_from_files (options->certificate_file, options->key_file, error);
  if (door->certificate == NULL)
    {
      g_prefix_error (error, "[control] %s: ", options->certificate_file);
      return FALSE;
    }
  door->fingerprint = clr_pass_make_fingerprint (door->certificate);
  return TRUE;
}

ClrDoor *
clr_door_new (const ClrDoorOptions *options, ClrDoorVisitor visitor, void *data, GError **error)
{
  ClrDoor *door = g_new0 (ClrDoor, 1);
  unsigned n = g_strv_length ((char **)options->addresses);

  door->entrances = g_new0 (Entrance, n);
  door->hostname = g_strdup (options->hostname);
  door->pass_file = g_strdup (options->pass_file);
  door->token = g_strdup (options->token);
  door->visitor = visitor;
  door->data = data;
  if (options->certificate_file && !read_certificate (door, options, error))
    {
      clr_door_free (door);
      return NULL;
    }
  for (unsigned i = 0; i < n; i++)
    {
      Entrance *entrance = &door->entrances[door->n];

      entrance->door = door;
      entrance->text = g_strdup (options->addresses[i]);
      entrance->address = read_address (entrance->text);
      door->n++;
      if (entrance->address == NULL)
        {
          g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID,
                       "[control] listen: %s needs an address and a port", entrance->text);
          clr_door_free (door);
          return NULL;
        }
      entrance->is_loopback = is_loopback (entrance->address);
    }
  for (unsigned i = 0; i < door->n; i++)
    try_entrance (&door->entrances[i]);
  return door;
}

void
clr_door_free (ClrDoor *door)
{
  for (unsigned i = 0; i < door->n; i++)
    {
      Entrance *entrance = &door->entrances[i];

      if (entrance->source)
        g_source_remove (entrance->source);
      if (entrance->service)
        {
          g_socket_service_stop (entrance->service);
          g_socket_listener_close (G_SOCKET_LISTENER (entrance->service));
          g_object_unref (entrance->service);
        }
      g_clear_object (&entrance->address);
      g_free (entrance->text);
    }
  if (door->pass_file)
    g_unlink (door->pass_file);
  g_clear_object (&door->certificate);
  g_free (door->entrances);
  g_free (door->hostname);
  g_free (door->pass_file);
  g_free (door->fingerprint);
  if (door->token)
    memset (door->token, 0, strlen (door->token));
  g_free (door->token);
  g_free (door);
}

char *
clr_door_dup_url (ClrDoor *door)
{
  Entrance *entrance = find_bound (door, FALSE);

  if (entrance == NULL)
    entrance = find_bound (door, TRUE);
  return entrance ? make_url (entrance) : NULL;
}

const char *
clr_door_get_fingerprint (ClrDoor *door)
{
  return door->fingerprint;
}

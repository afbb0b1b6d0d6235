/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/clr-client.h"

#include "control/clr-api.h"
#include "control/clr-json.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <libsoup/soup.h>
#include <string.h>

struct _ClrClient
{
  GObject parent_instance;
  char *socket;
  SoupSession *session;
};

G_DEFINE_FINAL_TYPE (ClrClient, clr_client, G_TYPE_OBJECT)

static void
clr_client_init (ClrClient *self)
{
}

static void
clr_client_finalize (GObject *object)
{
  ClrClient *self = CLR_CLIENT (object);

  g_free (self->socket);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (clr_client_parent_class)->finalize (object);
}

static void
clr_client_class_init (ClrClientClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = clr_client_finalize;
}

ClrClient *
clr_client_new (const char *socket)
{
  ClrClient *self = g_object_new (CLR_TYPE_CLIENT, NULL);
  g_autoptr (GSocketAddress) address = NULL;

  self->socket = g_strdup (socket ? socket : CLR_API_SOCKET);
  address = g_unix_socket_address_new (self->socket);
  self->session = soup_session_new_with_options ("remote-connectable", address, "timeout", 60, NULL);
  return self;
}

/* {"error": "..."} of the service, in the words of the service. */
static void
set_error (ClrClient *self, guint status, const char *body, GError **error)
{
  g_autoptr (JsonNode) root = clr_json_parse (body, NULL);
  const char *text = NULL;

  if (root && JSON_NODE_HOLDS_OBJECT (root))
    text = json_object_get_string_member_with_default (json_node_get_object (root), "error", NULL);
  g_set_error (error, G_IO_ERROR,
               status == 404   ? G_IO_ERROR_NOT_FOUND
               : status == 403 ? G_IO_ERROR_PERMISSION_DENIED
               : status == 400 ? G_IO_ERROR_INVALID_ARGUMENT
               : status == 412 ? G_IO_ERROR_WRONG_ETAG
                               : G_IO_ERROR_FAILED,
               "%s", text ? text : soup_status_get_phrase (status));
}

char *
clr_client_request_sync (ClrClient *self, const char *method, const char *path, const char *body,
                         GCancellable *cancellable, GError **error)
{
  g_autofree char *uri = g_strconcat ("http://localhost", path, NULL);
  g_autoptr (SoupMessage) message = soup_message_new (method, uri);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) problem = NULL;

  if (message == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("%s is not a path"), path);
      return NULL;
    }
  soup_message_headers_replace (soup_message_get_request_headers (message), "X-Clrelay", "1");
  if (body || !g_str_equal (method, "GET"))
    {
      g_autoptr (GBytes) sent = g_bytes_new (body ? body : "{}", strlen (body ? body : "{}"));
      soup_message_set_request_body_from_bytes (message, "application/json", sent);
    }
  bytes = soup_session_send_and_read (self->session, message, cancellable, &problem);
  if (bytes == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED,
                   _ ("the service cannot be reached at %s: %s. Is clrelayd running? Another place is named "
                      "with --socket"),
                   self->socket, problem->message);
      return NULL;
    }
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  g_autofree char *text = g_strndup (data ? data : "", size);
  if (!SOUP_STATUS_IS_SUCCESSFUL (soup_message_get_status (message)))
    {
      set_error (self, soup_message_get_status (message), text, error);
      return NULL;
    }
  return g_steal_pointer (&text);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/clr-client-private.h"

#include "client/clr-pass.h"
#include "control/clr-api.h"
#include "control/clr-json.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <string.h>

/* A question that waits for news holds one; libsoup's two would make all others wait with it. */
#define CONNECTIONS 8

struct _ClrClient
{
  GObject parent_instance;
  char *place;     /* as it was given */
  char *pass_file; /* NULL, or read anew before each request: a service that starts again writes it again */
  ClrPass *pass;   /* NULL: a socket's peer is known */
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

  g_free (self->place);
  g_free (self->pass_file);
  g_clear_pointer (&self->pass, clr_pass_free);
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

  self->place = g_strdup (socket ? socket : CLR_API_SOCKET);
  if (g_str_has_suffix (self->place, CLR_PASS_SUFFIX))
    {
      self->pass_file = g_strdup (self->place);
      return self;
    }
  address = g_unix_socket_address_new (self->place);
  self->session
      = soup_session_new_with_options ("remote-connectable", address, "timeout", CLR_CLIENT_TIMEOUT_S,
                                       "max-conns-per-host", CONNECTIONS, NULL);
  return self;
}

static void
take_pass (ClrClient *self, ClrPass *pass)
{
  g_clear_pointer (&self->pass, clr_pass_free);
  g_clear_object (&self->session);
  self->pass = pass;
  /* Without proxies: a token is for the relay alone. */
  self->session = soup_session_new_with_options ("proxy-resolver", NULL, "timeout", CLR_CLIENT_TIMEOUT_S,
                                                 "max-conns-per-host", CONNECTIONS, NULL);
  if (pass->fingerprint)
    soup_session_set_tls_database (self->session, NULL); /* nobody vouches: the certificate is looked at */
}

ClrClient *
clr_client_new_remote (const char *url, const char *token, const char *fingerprint)
{
  ClrClient *self = g_object_new (CLR_TYPE_CLIENT, NULL);
  ClrPass *pass = g_new0 (ClrPass, 1);

  self->place = g_strdup (url);
  pass->url = g_strdup (url);
  pass->token = g_strdup (token);
  pass->fingerprint = g_strdup (fingerprint);
  take_pass (self, pass);
  return self;
}

/* Returns: FALSE when nothing may be sent. */
static gboolean
prepare (ClrClient *self, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (self->pass_file)
    {
      g_autoptr (ClrPass) pass = clr_pass_read (self->pass_file, &problem);

      if (pass == NULL)
        {
          g_set_error (error, G_IO_ERROR,
                       g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_NOENT) ? G_IO_ERROR_NOT_CONNECTED
                       : g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_ACCES)
                           ? G_IO_ERROR_PERMISSION_DENIED
                           : G_IO_ERROR_INVALID_DATA,
                       "%s", problem->message);
          return FALSE;
        }
      if (self->pass == NULL || g_strcmp0 (pass->token, self->pass->token) != 0
          || g_strcmp0 (pass->url, self->pass->url) != 0
          || g_strcmp0 (pass->fingerprint, self->pass->fingerprint) != 0)
        take_pass (self, g_steal_pointer (&pass));
    }
  return self->pass == NULL || clr_pass_check_url (self->pass->url, error);
}

static gboolean
on_certificate (SoupMessage *message, GTlsCertificate *certificate, GTlsCertificateFlags flaws, void *data)
{
  g_autofree char *shown = clr_pass_make_fingerprint (certificate);

  return g_strcmp0 (shown, ((ClrClient *)data)->pass->fingerprint) == 0;
}

/* (transfer full) */
static SoupMessage *
make_message (ClrClient *self, const char *method, const char *path, GError **error)
{
  g_autofree char *uri = NULL;
  SoupMessage *message;

  if (!prepare (self, error))
    return NULL;
  uri = g_strconcat (self->pass ? self->pass->url : "http://localhost", path, NULL);
  message = soup_message_new (method, uri);
  if (message == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("%s is not a path"), path);
      return NULL;
    }
  if (self->pass)
    {
      g_autofree char *field = g_strconcat ("Bearer ", self->pass->token, NULL);

      soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization", field);
      /* A redirect would carry the token elsewhere; the service makes none. */
      soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
      if (self->pass->fingerprint)
        g_signal_connect_object (message, "accept-certificate", G_CALLBACK (on_certificate), self, 0);
    }
  return message;
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
               status == 404                    ? G_IO_ERROR_NOT_FOUND
               : status == 403 || status == 401 ? G_IO_ERROR_PERMISSION_DENIED
               : status == 400                  ? G_IO_ERROR_INVALID_ARGUMENT
               : status == 412                  ? G_IO_ERROR_WRONG_ETAG
                                                : G_IO_ERROR_FAILED,
               "%s", text ? text : soup_status_get_phrase (status));
}

/* What @message brought: its text, or what the service says is wrong. */
static char *
read_answer (ClrClient *self, SoupMessage *message, GBytes *bytes, GError *problem, GError **error)
{
  gsize size;

  if (bytes == NULL && g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_error_copy (problem));
      return NULL;
    }
  if (bytes == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED,
                   _ ("the service cannot be reached at %s: %s. Is clrelayd running? Another place is named "
                      "with --socket"),
                   self->place, problem->message);
      return NULL;
    }
  const char *data = g_bytes_get_data (bytes, &size);
  g_autofree char *text = g_strndup (data ? data : "", size);
  if (SOUP_STATUS_IS_SUCCESSFUL (soup_message_get_status (message)))
    return g_steal_pointer (&text);
  set_error (self, soup_message_get_status (message), text, error);
  return NULL;
}

/* Sends @message; takes the answer's text. */
static char *
send_sync (ClrClient *self, SoupMessage *message, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) bytes = soup_session_send_and_read (self->session, message, cancellable, &problem);

  return read_answer (self, message, bytes, problem, error);
}

SoupMessage *
clr_client_make_request (ClrClient *self, const char *method, const char *path, const char *body,
                         GError **error)
{
  SoupMessage *message = make_message (self, method, path, error);

  if (message == NULL)
    return NULL;
  if (body || !g_str_equal (method, "GET"))
    {
      g_autoptr (GBytes) sent = g_bytes_new (body ? body : "{}", strlen (body ? body : "{}"));
      soup_message_set_request_body_from_bytes (message, "application/json", sent);
    }
  return message;
}

char *
clr_client_request_sync (ClrClient *self, const char *method, const char *path, const char *body,
                         GCancellable *cancellable, GError **error)
{
  g_autoptr (SoupMessage) message = clr_client_make_request (self, method, path, body, error);

  return message ? send_sync (self, message, cancellable, error) : NULL;
}

static void
on_answer (GObject *session, GAsyncResult *result, void *data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) bytes = soup_session_send_and_read_finish (SOUP_SESSION (session), result, &problem);
  GError *error = NULL;
  char *text
      = read_answer (g_task_get_source_object (task), g_task_get_task_data (task), bytes, problem, &error);

  if (text)
    g_task_return_pointer (task, text, g_free);
  else
    g_task_return_error (task, error);
}

char *
clr_client_request_finish (ClrClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* The octets that @message brought, or what the service says is wrong. */
static GBytes *
read_octets (ClrClient *self, SoupMessage *message, GBytes *bytes, GError *problem, GError **error)
{
  if (bytes && SOUP_STATUS_IS_SUCCESSFUL (soup_message_get_status (message)))
    return g_bytes_ref (bytes);
  g_free (read_answer (self, message, bytes, problem, error)); /* NULL: it sets the error */
  return NULL;
}

GBytes *
clr_client_fetch_sync (ClrClient *self, const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (SoupMessage) message = clr_client_make_request (self, "GET", path, NULL, error);
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) bytes
      = message ? soup_session_send_and_read (self->session, message, cancellable, &problem) : NULL;

  return message ? read_octets (self, message, bytes, problem, error) : NULL;
}

static void
on_octets (GObject *session, GAsyncResult *result, void *data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) bytes = soup_session_send_and_read_finish (SOUP_SESSION (session), result, &problem);
  GError *error = NULL;
  GBytes *octets
      = read_octets (g_task_get_source_object (task), g_task_get_task_data (task), bytes, problem, &error);

  if (octets)
    g_task_return_pointer (task, octets, (GDestroyNotify)g_bytes_unref);
  else
    g_task_return_error (task, error);
}

void
clr_client_fetch_async (ClrClient *self, const char *path, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;
  SoupMessage *message = clr_client_make_request (self, "GET", path, NULL, &error);

  g_task_set_source_tag (task, clr_client_fetch_async);
  if (message == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_task_set_task_data (task, message, g_object_unref);
  soup_session_send_and_read_async (self->session, message, G_PRIORITY_DEFAULT, cancellable, on_octets,
                                    g_steal_pointer (&task));
}

GBytes *
clr_client_fetch_finish (ClrClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* A field of HTTP is ASCII. (transfer full) */
static char *
envelope_to_field (const char *sender, const char *const *recipients)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  GString *field = g_string_new (NULL);

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "from");
  json_builder_add_string_value (builder, sender);
  json_builder_set_member_name (builder, "to");
  json_builder_begin_array (builder);
  for (; *recipients; recipients++)
    json_builder_add_string_value (builder, *recipients);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = clr_json_to_text (root, FALSE);
  for (const char *p = text; *p; p = g_utf8_next_char (p))
    {
      gunichar u = g_utf8_get_char (p);

      if (u < 0x80)
        g_string_append_c (field, (char)u);
      else if (u < 0x10000)
        g_string_append_printf (field, "\\u%04x", u);
      else
        g_string_append_printf (field, "\\u%04x\\u%04x", 0xd800 + ((u - 0x10000) >> 10),
                                0xdc00 + ((u - 0x10000) & 0x3ff));
    }
  return g_string_free (field, FALSE);
}

SoupSession *
clr_client_get_session (ClrClient *self)
{
  return self->session;
}

gboolean
clr_client_fail (ClrClient *self, SoupMessage *message, GBytes *answer, GError *problem, GError **error)
{
  g_free (read_answer (self, message, answer, problem, error)); /* NULL: it sets the error */
  return FALSE;
}

/* (transfer full) */
static SoupMessage *
make_submission (ClrClient *self, const char *sender, const char *const *recipients, GBytes *content,
                 GError **error)
{
  SoupMessage *message = make_message (self, "POST", CLR_API_SUBMISSIONS, error);
  g_autofree char *field = envelope_to_field (sender, recipients);

  if (message == NULL)
    return NULL;
  soup_message_headers_replace (soup_message_get_request_headers (message), CLR_API_ENVELOPE, field);
  soup_message_set_request_body_from_bytes (message, "message/rfc822", content);
  return message;
}

char *
clr_client_submit_sync (ClrClient *self, const char *sender, const char *const *recipients, GBytes *content,
                        GCancellable *cancellable, GError **error)
{
  g_autoptr (SoupMessage) message = make_submission (self, sender, recipients, content, error);

  return message ? send_sync (self, message, cancellable, error) : NULL;
}

/* Takes @message; @error counts where there is none. */
static void
send_async (ClrClient *self, SoupMessage *message, GError *error, void *tag, GCancellable *cancellable,
            GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  if (message == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_task_set_task_data (task, message, g_object_unref);
  soup_session_send_and_read_async (self->session, message, G_PRIORITY_DEFAULT, cancellable, on_answer,
                                    g_steal_pointer (&task));
}

void
clr_client_request_async (ClrClient *self, const char *method, const char *path, const char *body,
                          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GError *error = NULL;
  SoupMessage *message = clr_client_make_request (self, method, path, body, &error);

  send_async (self, message, error, clr_client_request_async, cancellable, callback, user_data);
}

void
clr_client_submit_async (ClrClient *self, const char *sender, const char *const *recipients, GBytes *content,
                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GError *error = NULL;
  SoupMessage *message = make_submission (self, sender, recipients, content, &error);

  send_async (self, message, error, clr_client_submit_async, cancellable, callback, user_data);
}

char *
clr_client_submit_finish (ClrClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

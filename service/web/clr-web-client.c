/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "web/clr-web-client.h"

#include "base/clr-error.h"

#include <libsoup/soup.h>

#define CONNECTIONS_MOST 10 /* at the same time; the rest waits, on its own time */
#define PIECE            (16u * 1024)

struct ClrWebClient
{
  SoupSession *session;
  GPtrArray *calls; /* of ClrWebCall that shall still be told */
};

struct ClrWebCall
{
  ClrWebClient *client; /* NULL: nobody wants to know any more */
  SoupMessage *message;
  GCancellable *cancellable;
  GInputStream *stream;
  GByteArray *body;
  size_t size_most;
  unsigned timeout_s;
  guint timer;
  gboolean is_late;
  gboolean is_open; /* libsoup or GIO will call back */
  void (*done) (const ClrWebReply *reply, void *data);
  void *data;
};

static void
call_free (ClrWebCall *call)
{
  if (call->client)
    g_ptr_array_remove_fast (call->client->calls, call);
  if (call->timer)
    g_source_remove (call->timer);
  g_clear_object (&call->stream);
  g_clear_object (&call->message);
  g_object_unref (call->cancellable);
  g_byte_array_unref (call->body);
  g_free (call);
}

static void
tell (ClrWebCall *call, ClrWebOutcome outcome, const char *why)
{
  ClrWebReply reply = { .outcome = outcome, .why = why };

  if (outcome == CLR_WEB_ANSWERED)
    {
      g_byte_array_append (call->body, (const uint8_t *)"", 1);
      reply.status = soup_message_get_status (call->message);
      reply.type
          = soup_message_headers_get_one (soup_message_get_response_headers (call->message), "Content-Type");
      reply.body = (const char *)call->body->data;
      reply.size = call->body->len - 1;
    }
  if (call->client)
    call->done (&reply, call->data);
  call_free (call);
}

static void
tell_error (ClrWebCall *call, const GError *error)
{
  g_autofree char *late = NULL;

  if (call->is_late)
    {
      late = g_strdup_printf ("there was no answer within %u seconds", call->timeout_s);
      tell (call, CLR_WEB_TOO_LATE, late);
    }
  else
    tell (call, error->domain == G_TLS_ERROR ? CLR_WEB_UNTRUSTED : CLR_WEB_UNREACHABLE, error->message);
}

static void
on_read (GObject *source, GAsyncResult *result, void *data)
{
  ClrWebCall *call = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);

  if (bytes == NULL)
    tell_error (call, error);
  else if (g_bytes_get_size (bytes) == 0)
    tell (call, CLR_WEB_ANSWERED, NULL);
  else if (call->body->len + g_bytes_get_size (bytes) > call->size_most)
    {
      g_autofree char *why
          = g_strdup_printf ("the answer is larger than %" G_GSIZE_FORMAT " octets", call->size_most);
      tell (call, CLR_WEB_TOO_LARGE, why);
    }
  else
    {
      g_byte_array_append (call->body, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      g_input_stream_read_bytes_async (call->stream, PIECE, G_PRIORITY_DEFAULT, call->cancellable, on_read,
                                       call);
    }
}

static void
on_sent (GObject *source, GAsyncResult *result, void *data)
{
  ClrWebCall *call = data;
  g_autoptr (GError) error = NULL;

  call->stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  if (call->stream == NULL)
    tell_error (call, error);
  else
    g_input_stream_read_bytes_async (call->stream, PIECE, G_PRIORITY_DEFAULT, call->cancellable, on_read,
                                     call);
}

static gboolean
on_late (void *data)
{
  ClrWebCall *call = data;

  call->timer = 0;
  call->is_late = TRUE;
  g_cancellable_cancel (call->cancellable);
  return G_SOURCE_REMOVE;
}

static gboolean
on_refused (void *data)
{
  ((ClrWebCall *)data)->timer = 0;
  tell (data, CLR_WEB_UNREACHABLE, "the address is no https: URL");
  return G_SOURCE_REMOVE;
}

/* Tokens and policies are worth nothing over an open line; a loopback address has none. */
static gboolean
is_allowed (SoupMessage *message)
{
  GUri *uri = soup_message_get_uri (message);
  const char *host = g_uri_get_host (uri);
  g_autoptr (GInetAddress) address = host ? g_inet_address_new_from_string (host) : NULL;

  return g_strcmp0 (g_uri_get_scheme (uri), "https") == 0
         || (address && g_inet_address_get_is_loopback (address));
}

ClrWebCall *
clr_web_client_send (ClrWebClient *client, const ClrWebRequest *request,
                     void (*done) (const ClrWebReply *reply, void *data), void *data)
{
  ClrWebCall *call = g_new0 (ClrWebCall, 1);

  call->client = client;
  call->message = soup_message_new (request->method, request->url);
  call->cancellable = g_cancellable_new ();
  call->body = g_byte_array_new ();
  call->size_most = request->size_most;
  call->timeout_s = request->timeout_s;
  call->done = done;
  call->data = data;
  g_ptr_array_add (client->calls, call);
  if (call->message == NULL || !is_allowed (call->message))
    {
      call->timer = g_idle_add (on_refused, call);
      return call;
    }
  soup_message_add_flags (call->message, SOUP_MESSAGE_NO_REDIRECT);
  for (unsigned i = 0; request->fields && request->fields[i]; i += 2)
    soup_message_headers_replace (soup_message_get_request_headers (call->message), request->fields[i],
                                  request->fields[i + 1]);
  if (request->body)
    soup_message_set_request_body_from_bytes (call->message, request->type, request->body);
  call->is_open = TRUE;
  call->timer = g_timeout_add_seconds (request->timeout_s, on_late, call);
  soup_session_send_async (client->session, call->message, G_PRIORITY_DEFAULT, call->cancellable, on_sent,
                           call);
  return call;
}

void
clr_web_call_cancel (ClrWebCall *call)
{
  g_ptr_array_remove_fast (call->client->calls, call);
  call->client = NULL;
  if (call->timer)
    g_source_remove (call->timer);
  call->timer = 0;
  if (call->is_open)
    g_cancellable_cancel (call->cancellable);
  else
    call_free (call);
}

ClrWebClient *
clr_web_client_new (ClrWebResolver *resolver, const char *ca_file, const char *proxy, GError **error)
{
  g_autoptr (GTlsDatabase) database = NULL;
  g_autoptr (GProxyResolver) proxies = proxy ? g_simple_proxy_resolver_new (proxy, NULL) : NULL;
  ClrWebClient *client;

  if (ca_file && !(database = g_tls_file_database_new (ca_file, error)))
    {
      g_prefix_error (error, "%s: ", ca_file);
      return NULL;
    }
  client = g_new0 (ClrWebClient, 1);
  /* GIO has one resolver for the process; nothing else here asks it. */
  g_resolver_set_default (G_RESOLVER (resolver));
  client->session
      = soup_session_new_with_options ("max-conns", CONNECTIONS_MOST, "proxy-resolver", proxies,
                                       "idle-timeout", 10, "timeout", 0, "user-agent", "clrelay", NULL);
  if (database)
    soup_session_set_tls_database (client->session, database);
  client->calls = g_ptr_array_new ();
  return client;
}

void
clr_web_client_free (ClrWebClient *client)
{
  while (client->calls->len > 0)
    clr_web_call_cancel (g_ptr_array_index (client->calls, 0));
  soup_session_abort (client->session);
  g_object_unref (client->session);
  g_ptr_array_unref (client->calls);
  g_free (client);
}

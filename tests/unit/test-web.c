/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The HTTPS client against a server in the same program, over plain HTTP on a loopback address. TLS is a
 * matter of the integration suite.
 */
#include "web/clr-web-client.h"

#include <libsoup/soup.h>
#include <string.h>

typedef struct
{
  SoupServer *server;
  ClrWebResolver *resolver;
  ClrWebClient *client;
  char *base; /* "http://127.0.0.1:port" */
  GMainLoop *loop;
  ClrWebReply reply; /* of the last call; its texts are copies */
  unsigned told, asked;
} Rig;

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, void *data)
{
  static const char large[5000];

  ((Rig *)data)->asked++;
  if (g_str_equal (path, "/redirect"))
    soup_server_message_set_redirect (message, 302, "/text");
  else if (g_str_equal (path, "/large"))
    {
      soup_server_message_set_status (message, 200, NULL);
      soup_server_message_set_response (message, "text/plain", SOUP_MEMORY_STATIC, large, sizeof large);
    }
  else if (g_str_equal (path, "/silent"))
    soup_server_message_pause (message);
  else
    {
      SoupMessageBody *body = soup_server_message_get_request_body (message);
      const char *field
          = soup_message_headers_get_one (soup_server_message_get_request_headers (message), "X-Test");
      g_autofree char *text
          = g_strdup_printf ("%s %.*s %s", soup_server_message_get_method (message), (int)body->length,
                             body->data ? body->data : "", field ? field : "-");

      soup_server_message_set_status (message, 404, NULL);
      soup_server_message_set_response (message, "text/plain; charset=utf-8", SOUP_MEMORY_COPY, text,
                                        strlen (text));
    }
}

static void
find (const char *name, int family, ClrDnsAddresses *answer, void *data)
{
  answer->status = CLR_DNS_NO_NAME;
  answer->problem = "nobody knows it";
}

static void
rig_init (Rig *rig)
{
  g_autoptr (GError) error = NULL;
  GSList *uris;

  *rig = (Rig){ .server = soup_server_new (NULL, NULL), .loop = g_main_loop_new (NULL, FALSE) };
  soup_server_add_handler (rig->server, NULL, on_request, rig, NULL);
  soup_server_listen_local (rig->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (rig->server);
  rig->base = g_strdup_printf ("http://127.0.0.1:%d", g_uri_get_port (uris->data));
  g_slist_free_full (uris, (GDestroyNotify)g_uri_unref);
  rig->resolver = clr_web_resolver_new_waiting (find, NULL);
  rig->client = clr_web_client_new (rig->resolver, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
forget (Rig *rig)
{
  g_free ((char *)rig->reply.type);
  g_free ((char *)rig->reply.body);
  g_free ((char *)rig->reply.why);
  rig->reply = (ClrWebReply){ 0 };
}

static void
rig_clear (Rig *rig)
{
  forget (rig);
  clr_web_client_free (rig->client);
  g_object_unref (rig->server);
  g_object_unref (rig->resolver);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_main_loop_unref (rig->loop);
  g_free (rig->base);
}

static void
on_done (const ClrWebReply *reply, void *data)
{
  Rig *rig = data;

  forget (rig);
  rig->reply = *reply;
  rig->reply.type = g_strdup (reply->type);
  rig->reply.body = g_strdup (reply->body);
  rig->reply.why = g_strdup (reply->why);
  rig->told++;
  g_main_loop_quit (rig->loop);
}

static ClrWebOutcome
call (Rig *rig, const char *method, const char *url, const char *body)
{
  static const char *const fields[] = { "X-Test", "yes", NULL };
  g_autofree char *full = *url == '/' ? g_strconcat (rig->base, url, NULL) : g_strdup (url);
  g_autoptr (GBytes) bytes = body ? g_bytes_new (body, strlen (body)) : NULL;
  ClrWebRequest request = { .method = method,
                            .url = full,
                            .type = "text/x-test",
                            .body = bytes,
                            .fields = fields,
                            .size_most = 4096,
                            .timeout_s = 1 };
  unsigned before = rig->told;

  clr_web_client_send (rig->client, &request, on_done, rig);
  g_assert_cmpuint (rig->told, ==, before);
  g_main_loop_run (rig->loop);
  g_assert_cmpuint (rig->told, ==, before + 1);
  return rig->reply.outcome;
}

static void
test_calls (void)
{
  Rig rig;

  rig_init (&rig);
  g_assert_cmpint (call (&rig, "GET", "/text", NULL), ==, CLR_WEB_ANSWERED);
  g_assert_cmpuint (rig.reply.status, ==, 404);
  g_assert_cmpstr (rig.reply.type, ==, "text/plain; charset=utf-8");
  g_assert_cmpstr (rig.reply.body, ==, "GET  yes");
  g_assert_cmpint (call (&rig, "POST", "/text", "a=b"), ==, CLR_WEB_ANSWERED);
  g_assert_cmpstr (rig.reply.body, ==, "POST a=b yes");

  rig.asked = 0;
  g_assert_cmpint (call (&rig, "GET", "/redirect", NULL), ==, CLR_WEB_ANSWERED);
  g_assert_cmpuint (rig.reply.status, ==, 302);
  g_assert_cmpuint (rig.asked, ==, 1);
  g_assert_cmpint (call (&rig, "GET", "/large", NULL), ==, CLR_WEB_TOO_LARGE);
  g_assert_cmpint (call (&rig, "GET", "/silent", NULL), ==, CLR_WEB_TOO_LATE);
  g_assert_cmpint (call (&rig, "GET", "http://127.0.0.1:1/", NULL), ==, CLR_WEB_UNREACHABLE);
  rig_clear (&rig);
}

static void
test_refused (void)
{
  Rig rig;

  rig_init (&rig);
  g_assert_cmpint (call (&rig, "GET", "http://example.test/", NULL), ==, CLR_WEB_UNREACHABLE);
  g_assert_nonnull (strstr (rig.reply.why, "https"));
  g_assert_cmpint (call (&rig, "GET", "no url", NULL), ==, CLR_WEB_UNREACHABLE);
  g_assert_cmpint (call (&rig, "GET", "https://example.test/", NULL), ==, CLR_WEB_UNREACHABLE);
  g_assert_nonnull (strstr (rig.reply.why, "nobody knows it"));
  rig_clear (&rig);
}

static gboolean
on_quit (void *data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

static void
test_cancel (void)
{
  Rig rig;
  ClrWebRequest request = { .method = "GET", .size_most = 10, .timeout_s = 5 };

  rig_init (&rig);
  g_autofree char *url = g_strconcat (rig.base, "/silent", NULL);
  request.url = url;
  clr_web_call_cancel (clr_web_client_send (rig.client, &request, on_done, &rig));
  request.url = "no url";
  clr_web_call_cancel (clr_web_client_send (rig.client, &request, on_done, &rig));
  g_timeout_add (100, on_quit, rig.loop);
  g_main_loop_run (rig.loop);
  g_assert_cmpuint (rig.told, ==, 0);
  request.url = url;
  clr_web_client_send (rig.client, &request, on_done, &rig);
  rig_clear (&rig);
  g_assert_cmpuint (rig.told, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/web/calls", test_calls);
  g_test_add_func ("/web/refused", test_refused);
  g_test_add_func ("/web/cancel", test_cancel);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/clr-oauth-login.h"

#include "base/clr-error.h"
#include "base/clr-log.h"
#include "oauth/clr-assertion.h"

#include <glib/gi18n-lib.h>
#include <gnutls/crypto.h>
#include <libsoup/soup.h>
#include <string.h>

#define VERIFIER_OCTETS 32 /* RFC 7636 section 4.1 */
#define STATE_OCTETS    18
#define VALUE_MOST      4096u /* octets of what comes back */

struct ClrOauthLogin
{
  ClrTokenSource *source;
  const ClrOauthAccount *account;
  ClrOauthLoginState state;
  char *url;
  char *user_code;
  char *why;
  guint deadline;
  ClrWebCall *call;

  SoupServer *server; /* of the authorization code */
  char *redirect_uri, *verifier, *wanted_state;

  char *device_code;
  unsigned interval_s;
  guint poll;
};

static void
stop_waiting (ClrOauthLogin *login)
{
  if (login->deadline)
    g_source_remove (login->deadline);
  if (login->poll)
    g_source_remove (login->poll);
  login->deadline = login->poll = 0;
  if (login->call)
    clr_web_call_cancel (g_steal_pointer (&login->call));
}

static void
fail (ClrOauthLogin *login, const char *error, const char *advice)
{
  if (login->state == CLR_LOGIN_DONE || login->state == CLR_LOGIN_FAILED)
    return;
  stop_waiting (login);
  login->state = CLR_LOGIN_FAILED;
  login->why = advice ? g_strdup_printf ("%s; %s", error, _ (advice)) : g_strdup (error);
  clr_log_event (CLR_EVENT_OAUTH_LOGIN, login->account->name, login->why);
  clr_log_flush ();
}

static gboolean
on_deadline (void *data)
{
  ((ClrOauthLogin *)data)->deadline = 0;
  fail (data, _ ("nobody logged in in time"), NULL);
  return G_SOURCE_REMOVE;
}

static void
take (ClrOauthLogin *login, const ClrTokenAnswer *answer)
{
  if (answer->refresh_token == NULL)
    {
      fail (login, _ ("the provider gave no refresh token"),
            N_ ("add offline_access (Microsoft) to scope, or access_type=offline (Google) to "
                "authorization-url"));
      return;
    }
  stop_waiting (login);
  login->state = CLR_LOGIN_DONE;
  clr_log_event (CLR_EVENT_OAUTH_LOGIN, login->account->name, "a person has logged in");
  clr_token_source_take (login->source, answer);
  clr_log_flush ();
}

static void
read_reply (ClrTokenAnswer *answer, const ClrWebReply *reply)
{
  if (reply->outcome == CLR_WEB_ANSWERED)
    clr_token_answer_read (answer, reply->status, reply->body, reply->size);
  else
    clr_token_answer_fail (answer, reply->why);
}

/* Takes @body. */
static void
ask (ClrOauthLogin *login, const char *url, GBytes *body, void (*done) (const ClrWebReply *reply, void *data))
{
  ClrWebRequest request = { .method = "POST",
                            .url = url,
                            .type = "application/x-www-form-urlencoded",
                            .body = body,
                            .fields = (const char *const[]){ "Accept", "application/json", NULL },
                            .size_most = CLR_TOKEN_ANSWER_MOST,
                            .timeout_s = login->account->timeout_s };

  login->call = clr_web_client_send (clr_token_source_get_web (login->source), &request, done, login);
  g_bytes_unref (body);
}

/* -- authorization code */

static char *
make_random (size_t octets)
{
  uint8_t bytes[64];

  g_assert (octets <= sizeof bytes);
  if (gnutls_rnd (GNUTLS_RND_KEY, bytes, octets) != 0)
    g_error ("no random numbers");
  return clr_base64url (bytes, octets);
}

static char *
make_challenge (const char *verifier)
{
  g_autoptr (GChecksum) sha256 = g_checksum_new (G_CHECKSUM_SHA256);
  uint8_t digest[32];
  gsize size = sizeof digest;

  g_checksum_update (sha256, (const guchar *)verifier, strlen (verifier));
  g_checksum_get_digest (sha256, digest, &size);
  return clr_base64url (digest, size);
}

static void
on_code_answer (const ClrWebReply *reply, void *data)
{
  ClrOauthLogin *login = data;
  ClrTokenAnswer answer;

  login->call = NULL;
  read_reply (&answer, reply);
  if (answer.verdict == CLR_OAUTH_GOOD)
    take (login, &answer);
  else
    fail (login, answer.error, answer.advice);
  clr_token_answer_clear (&answer);
}

static gboolean
is_wanted_state (const ClrOauthLogin *login, const char *state)
{
  return state && strlen (state) == strlen (login->wanted_state)
         && gnutls_memcmp (state, login->wanted_state, strlen (state)) == 0;
}

/* RFC 6749 section 4.1.2. What does not bear our state is nobody's business here (RFC 9700 section 4.7): it
 * neither ends the login nor is believed. */
static gboolean
take_query (ClrOauthLogin *login, GHashTable *query)
{
  const char *code = query ? g_hash_table_lookup (query, "code") : NULL;
  const char *error = query ? g_hash_table_lookup (query, "error") : NULL;
  const char *advice = NULL;

  if (login->state != CLR_LOGIN_WAITING || login->wanted_state == NULL || login->call || query == NULL
      || !is_wanted_state (login, g_hash_table_lookup (query, "state")))
    return FALSE;
  if (error)
    {
      const char *description = g_hash_table_lookup (query, "error_description");
      g_autofree char *text = g_strdup_printf ("%.100s%s%.400s", error, description ? ": " : "",
                                               description ? description : "");

      clr_oauth_judge (error, description, &advice);
      fail (login, text, advice);
      return TRUE;
    }
  if (code == NULL || strlen (code) > VALUE_MOST)
    return FALSE;
  ask (login, login->account->token_url,
       clr_oauth_account_ask_by_code (login->account, code, login->verifier, login->redirect_uri),
       on_code_answer);
  return TRUE;
}

static void
on_redirect (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, void *data)
{
  ClrOauthLogin *login = data;
  gboolean good = g_str_equal (soup_server_message_get_method (message), "GET") && g_str_equal (path, "/")
                  && take_query (login, query);
  const char *text = good ? _ ("The relay has the answer. This page can be closed; clrelay tells the rest.")
                          : _ ("This is not the answer the relay waits for.");
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);

  /* The code must not travel on in a Referer, nor the page be kept. */
  soup_message_headers_replace (headers, "Referrer-Policy", "no-referrer");
  soup_message_headers_replace (headers, "Cache-Control", "no-store");
  soup_server_message_set_response (message, "text/plain; charset=utf-8", SOUP_MEMORY_COPY, text,
                                    strlen (text));
  soup_server_message_set_status (message, good ? SOUP_STATUS_OK : SOUP_STATUS_BAD_REQUEST, NULL);
}

static gboolean
begin_code (ClrOauthLogin *login, GError **error)
{
  g_autofree char *challenge = NULL;

  login->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (login->server, NULL, on_redirect, login, NULL);
  if (!soup_server_listen_local (login->server, login->account->redirect_port, SOUP_SERVER_LISTEN_IPV4_ONLY,
                                 error))
    {
      g_prefix_error (error, _ ("redirect-port %u: "), login->account->redirect_port);
      return FALSE;
    }
  GSList *uris = soup_server_get_uris (login->server);
  login->redirect_uri = g_strdup_printf ("http://localhost:%d/", g_uri_get_port (uris->data));
  g_slist_free_full (uris, (GDestroyNotify)g_uri_unref);
  login->verifier = make_random (VERIFIER_OCTETS);
  login->wanted_state = make_random (STATE_OCTETS);
  challenge = make_challenge (login->verifier);
  login->url = clr_oauth_account_make_login_url (login->account, login->redirect_uri, login->wanted_state,
                                                 challenge);
  login->state = CLR_LOGIN_WAITING;
  return TRUE;
}

gboolean
clr_oauth_login_paste (ClrOauthLogin *login, const char *url)
{
  const char *question = strchr (url, '?');
  g_autofree char *part = question ? g_strndup (question + 1, strcspn (question + 1, "#")) : NULL;
  g_autoptr (GHashTable) query = part && strlen (part) <= 2 * VALUE_MOST ? soup_form_decode (part) : NULL;

  return take_query (login, query);
}

/* -- device code */

static gboolean on_poll (void *data);

static void
poll_later (ClrOauthLogin *login)
{
  login->poll = g_timeout_add_seconds (login->interval_s, on_poll, login);
}

static void
on_poll_answer (const ClrWebReply *reply, void *data)
{
  ClrOauthLogin *login = data;
  ClrTokenAnswer answer;

  login->call = NULL;
  read_reply (&answer, reply);
  switch (answer.verdict)
    {
    case CLR_OAUTH_GOOD:
      take (login, &answer);
      break;
    case CLR_OAUTH_SLOW_DOWN:
      login->interval_s += 5; /* RFC 8628 section 3.5 */
      poll_later (login);
      break;
    case CLR_OAUTH_PENDING:
    case CLR_OAUTH_TEMPORARY:
      poll_later (login);
      break;
    default:
      fail (login, answer.error, answer.advice);
    }
  clr_token_answer_clear (&answer);
}

static gboolean
on_poll (void *data)
{
  ClrOauthLogin *login = data;

  login->poll = 0;
  ask (login, login->account->token_url, clr_oauth_account_ask_by_device (login->account, login->device_code),
       on_poll_answer);
  return G_SOURCE_REMOVE;
}

static void
on_device_answer (const ClrWebReply *reply, void *data)
{
  ClrOauthLogin *login = data;
  ClrDeviceAnswer device = { 0 };
  ClrTokenAnswer answer = { 0 };

  login->call = NULL;
  if (reply->outcome != CLR_WEB_ANSWERED)
    clr_token_answer_fail (&answer, reply->why);
  else if (clr_device_answer_read (&device, &answer, reply->status, reply->body, reply->size))
    {
      login->device_code = g_strdup (device.device_code);
      login->user_code = g_strdup (device.user_code);
      login->url = g_strdup (device.url);
      login->interval_s = device.interval_s;
      login->state = CLR_LOGIN_WAITING;
      g_source_remove (login->deadline);
      login->deadline = g_timeout_add_seconds (MIN (device.expires_s, login->account->login_timeout_s),
                                               on_deadline, login);
      poll_later (login);
    }
  if (login->state != CLR_LOGIN_WAITING)
    fail (login, answer.error, answer.advice);
  clr_device_answer_clear (&device);
  clr_token_answer_clear (&answer);
}

/* -- for the owner */

ClrOauthLogin *
clr_oauth_login_new (ClrTokenSource *source, GError **error)
{
  ClrOauthLogin *login = g_new0 (ClrOauthLogin, 1);
  const ClrOauthAccount *account = clr_token_source_get_account (source);
  gboolean ok = clr_oauth_account_is_delegated (account) && clr_token_source_get_web (source);

  login->source = source;
  login->account = account;
  if (!ok)
    g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID,
                 clr_oauth_account_is_delegated (account)
                     ? _ ("[oauth %s]: its proxy or ca-file cannot be used")
                     : _ ("[oauth %s]: nobody logs in for this grant; the relay does so itself"),
                 account->name);
  else if (account->grant == CLR_GRANT_AUTHORIZATION_CODE)
    ok = begin_code (login, error);
  else
    ask (login, account->device_url, clr_oauth_account_ask_device_code (account), on_device_answer);
  if (!ok)
    {
      clr_oauth_login_free (login);
      return NULL;
    }
  login->deadline = g_timeout_add_seconds (account->login_timeout_s, on_deadline, login);
  return login;
}

static void
wipe (char *secret)
{
  if (secret)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

void
clr_oauth_login_free (ClrOauthLogin *login)
{
  stop_waiting (login);
  g_clear_object (&login->server);
  wipe (login->verifier);
  wipe (login->wanted_state);
  wipe (login->device_code);
  g_free (login->redirect_uri);
  g_free (login->url);
  g_free (login->user_code);
  g_free (login->why);
  g_free (login);
}

ClrOauthLoginState
clr_oauth_login_get_state (const ClrOauthLogin *login)
{
  return login->state;
}

const char *
clr_oauth_login_get_url (const ClrOauthLogin *login)
{
  return login->url;
}

const char *
clr_oauth_login_get_code (const ClrOauthLogin *login)
{
  return login->user_code;
}

const char *
clr_oauth_login_get_why (const ClrOauthLogin *login)
{
  return login->why;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-tokens.h"

#include "base/clr-clock.h"

#include <glib/gi18n-lib.h>

struct ClrTokens
{
  ClrWorker **workers;
  ClrDelivery **deliveries;
  unsigned n_workers;
  ClrQueue *queue;
  ClrSettings *settings;
  ClrOauth *oauth;
  GHashTable *dead; /* names of accounts whose mail has gone back to the queue */
};

static void
on_woken (ClrLetter *letter, void *owner)
{
  clr_queue_request_free ((ClrQueueRequest *)letter);
}

/* What waits for a smarthost is tried now. */
static void
wake (ClrTokens *tokens, const char *smarthost)
{
  g_autofree char *words = g_strdup_printf ("via:smarthost:%s state:waiting", smarthost);
  ClrFilter *filter = clr_filter_new (words, clr_clock_wall (), NULL);
  ClrQueueRequest *request;

  if (filter == NULL)
    return;
  request = g_new0 (ClrQueueRequest, 1);
  request->kind = CLR_REQUEST_ACT;
  request->act = CLR_ACT_RETRY;
  request->filter = filter;
  request->who = g_strdup ("oauth");
  request->reply_to = tokens->workers[0]->mailbox;
  request->open = on_woken;
  clr_queue_post_request (tokens->queue, request);
}

static void
wake_all_of (ClrTokens *tokens, const char *account)
{
  GPtrArray *smarthosts = clr_settings_get_sections (tokens->settings, "smarthost");

  for (unsigned i = 0; i < smarthosts->len; i++)
    {
      ClrSection *smarthost = g_ptr_array_index (smarthosts, i);
      const char *name = clr_section_get_name (smarthost), *used = clr_section_get_text (smarthost, "oauth");

      if (g_str_equal (clr_section_get_text (smarthost, "auth"), "oauth")
          && g_str_equal (used ? used : name, account))
        wake (tokens, name);
    }
}

static void
publish (ClrToken *token, void *data)
{
  ClrTokens *tokens = data;

  for (unsigned i = 0; i < tokens->n_workers; i++)
    clr_delivery_post_token (tokens->deliveries[i], token);
  if (token->state == CLR_TOKEN_DEAD)
    g_hash_table_add (tokens->dead, g_strdup (token->account));
  else if (token->state == CLR_TOKEN_GOOD && g_hash_table_remove (tokens->dead, token->account))
    wake_all_of (tokens, token->account);
}

/* Worker threads. They end before what is used here does. */
static void
on_refused (const ClrToken *token, const char *reply, void *data)
{
  clr_oauth_post_refused (((ClrTokens *)data)->oauth, token->account, token->generation, reply);
}

ClrTokens *
clr_tokens_new (ClrWorker **workers, ClrDelivery **deliveries, unsigned n_workers)
{
  ClrTokens *tokens = g_new0 (ClrTokens, 1);
  g_autoptr (ClrWebResolver) resolver = clr_web_resolver_new (workers[0]);
  ClrOauthHost host = { .resolver = resolver, .publish = publish, .data = tokens };

  tokens->workers = workers;
  tokens->deliveries = deliveries;
  tokens->n_workers = n_workers;
  tokens->dead = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  tokens->oauth = clr_oauth_new (&host);
  for (unsigned i = 0; i < n_workers; i++)
    clr_delivery_set_others (deliveries[i], deliveries, on_refused, tokens);
  return tokens;
}

void
clr_tokens_start (ClrTokens *tokens, ClrQueue *queue, ClrSettings *settings)
{
  tokens->queue = queue;
  clr_tokens_apply (tokens, settings);
}

void
clr_tokens_apply (ClrTokens *tokens, ClrSettings *settings)
{
  g_set_object (&tokens->settings, settings);
  clr_oauth_apply (tokens->oauth, settings);
}

void
clr_tokens_stop (ClrTokens *tokens)
{
  clr_oauth_stop (tokens->oauth);
}

void
clr_tokens_free (ClrTokens *tokens)
{
  clr_oauth_free (tokens->oauth);
  g_clear_object (&tokens->settings);
  g_hash_table_unref (tokens->dead);
  g_free (tokens);
}

/* -- what is told */

char **
clr_tokens_list_warnings (ClrTokens *tokens)
{
  GPtrArray *sources = clr_oauth_get_sources (tokens->oauth);
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();

  for (unsigned i = 0; i < sources->len; i++)
    {
      ClrTokenSource *source = g_ptr_array_index (sources, i);
      const char *problem = clr_token_source_get_problem (source);

      if (problem)
        g_ptr_array_add (lines,
                         g_strdup_printf (clr_token_source_get_token (source)->state == CLR_TOKEN_DEAD
                                              ? _ ("oauth %s: mail waits: %s")
                                              : _ ("oauth %s: no new token, the last one is still good: %s"),
                                          clr_token_source_get_account (source)->name, problem));
    }
  g_ptr_array_add (lines, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&lines), FALSE);
}

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  if (text)
    json_object_set_string_member (object, name, text);
}

static JsonObject *
describe (ClrTokenSource *source)
{
  static const char *const states[] = { "asking", "good", "waiting" };
  const ClrToken *token = clr_token_source_get_token (source);
  JsonObject *object = json_object_new ();
  int64_t left = (token->expires_us - g_get_monotonic_time ()) / G_USEC_PER_SEC;

  set_text (object, "account", token->account);
  set_text (object, "state", states[token->state]);
  if (token->state == CLR_TOKEN_GOOD)
    json_object_set_int_member (object, "expires-in", MAX (left, 0));
  json_object_set_int_member (object, "next-request-in", clr_token_source_get_wait (source));
  set_text (object, "problem", clr_token_source_get_problem (source));
  return object;
}

static JsonObject *
describe_login (const ClrOauthLogin *login)
{
  static const char *const states[] = { "starting", "waiting", "done", "failed" };
  JsonObject *object = json_object_new ();

  set_text (object, "state", states[clr_oauth_login_get_state (login)]);
  if (clr_oauth_login_get_state (login) == CLR_LOGIN_WAITING)
    {
      set_text (object, "url", clr_oauth_login_get_url (login));
      set_text (object, "code", clr_oauth_login_get_code (login));
    }
  set_text (object, "why", clr_oauth_login_get_why (login));
  return object;
}

static JsonObject *
list (ClrTokens *tokens)
{
  GPtrArray *sources = clr_oauth_get_sources (tokens->oauth);
  JsonObject *object = json_object_new ();
  JsonArray *accounts = json_array_new ();

  for (unsigned i = 0; i < sources->len; i++)
    json_array_add_object_element (accounts, describe (g_ptr_array_index (sources, i)));
  json_object_set_array_member (object, "accounts", accounts);
  return object;
}

static JsonObject *
answer (ClrTokens *tokens, ClrControlOauth what, const char *account, const char *text, GError **error)
{
  ClrTokenSource *source = account ? clr_oauth_find (tokens->oauth, account) : NULL;
  ClrOauthLogin *login = account ? clr_oauth_find_login (tokens->oauth, account) : NULL;

  if (what == CLR_CONTROL_OAUTH_LIST)
    return list (tokens);
  if (source == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("there is no [oauth %s]"),
                   account ? account : "");
      return NULL;
    }
  if (what == CLR_CONTROL_OAUTH_RENEW)
    {
      clr_token_source_ask (source);
      return describe (source);
    }
  if (what == CLR_CONTROL_OAUTH_LOGIN)
    login = clr_oauth_begin_login (tokens->oauth, source, error);
  else if (login == NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("nobody is logging in for [oauth %s]"), account);
  else if (what == CLR_CONTROL_OAUTH_PASTE && !clr_oauth_login_paste (login, text))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("this is not the answer to the login that is under way"));
      return NULL;
    }
  return login ? describe_login (login) : NULL;
}

JsonNode *
clr_tokens_ask (ClrTokens *tokens, ClrControlOauth what, const char *account, const char *text,
                GError **error)
{
  JsonObject *object = answer (tokens, what, account, text, error);
  JsonNode *node;

  if (object == NULL)
    return NULL;
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, object);
  return node;
}

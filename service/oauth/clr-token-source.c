/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/clr-token-source.h"

#include "base/clr-log.h"
#include "settings/clr-secret.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define AHEAD_MOST_S    300u /* before its end a token is renewed */
#define RETRY_FIRST_S   5u
#define RETRY_LONGEST_S 300u
#define FRESH_US        (120 * G_USEC_PER_SEC)
#define RETRY_DEAD_S    600u /* somebody may have put it right at the provider */

struct ClrTokenSource
{
  const ClrTokenPlace *place;
  ClrOauthAccount *account;
  ClrWebClient *web;
  ClrWebCall *call; /* one at a time */
  guint timer;
  int64_t due_us; /* of the timer, monotonic */
  ClrToken *token;
  char *refresh_token;
  char *problem;
  unsigned failures;      /* in a row */
  gboolean for_refusal;   /* the request under way follows a refusal */
  gboolean after_refusal; /* the token in force was had after a refusal */
  int64_t taken_us;       /* when it was had, monotonic */
  gboolean is_told;       /* the problem has been logged */
};

static void ask (ClrTokenSource *source);

static void
publish (ClrTokenSource *source, ClrTokenState state, const char *text, int64_t expires_us, const char *why)
{
  uint64_t generation = source->token->generation + (state == CLR_TOKEN_GOOD);
  ClrToken *token = clr_token_new (source->account->name, state, generation, text, expires_us, why);

  clr_token_unref (source->token);
  source->token = token;
  source->place->publish (token, source->place->data);
}

static gboolean
on_timer (void *data)
{
  ClrTokenSource *source = data;

  source->timer = 0;
  ask (source);
  return G_SOURCE_REMOVE;
}

static void
ask_in (ClrTokenSource *source, unsigned seconds)
{
  if (source->timer)
    g_source_remove (source->timer);
  source->timer = g_timeout_add_seconds (seconds, on_timer, source);
  source->due_us = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
}

/* -- what went wrong */

static char *
explain (const ClrTokenSource *source, const char *error, const char *advice)
{
  g_auto (GStrv) parts = advice ? g_strsplit (_ (advice), "NAME", -1) : NULL;
  g_autofree char *named = parts ? g_strjoinv (source->account->name, parts) : NULL;

  return named ? g_strdup_printf ("%s; %s", error, named) : g_strdup (error);
}

/* Told once for each reason. Takes @problem. */
static void
set_problem (ClrTokenSource *source, char *problem)
{
  if (g_strcmp0 (source->problem, problem) != 0 || !source->is_told)
    {
      clr_log_event (CLR_EVENT_OAUTH_FAILED, source->account->name, problem);
      clr_log_flush ();
    }
  g_free (source->problem);
  source->problem = problem;
  source->is_told = TRUE;
}

static gboolean
is_still_good (const ClrTokenSource *source)
{
  return source->token->state == CLR_TOKEN_GOOD && source->token->expires_us > g_get_monotonic_time ();
}

/* The last token serves until its end; then mail waits. */
static void
fail (ClrTokenSource *source, ClrOauthVerdict verdict, char *problem)
{
  unsigned wait = MIN (RETRY_FIRST_S << MIN (source->failures, 10), RETRY_LONGEST_S);
  gboolean good = is_still_good (source);

  source->failures++;
  if (verdict != CLR_OAUTH_TEMPORARY)
    wait = RETRY_DEAD_S;
  if (good)
    wait = MIN (wait, 1 + (source->token->expires_us - g_get_monotonic_time ()) / G_USEC_PER_SEC);
  set_problem (source, problem);
  if (!good)
    publish (source, CLR_TOKEN_DEAD, NULL, 0, problem);
  ask_in (source, wait);
}

static void
fail_with (ClrTokenSource *source, const ClrTokenAnswer *answer)
{
  fail (source, answer->verdict, explain (source, answer->error, answer->advice));
}

/* -- what came */

/* RFC 6749 section 6: a new refresh token replaces the one that was used. */
static void
keep_refresh_token (ClrTokenSource *source, const char *refresh_token)
{
  g_autofree char *name = clr_oauth_account_dup_refresh_name (source->account);
  g_autoptr (GError) error = NULL;

  if (refresh_token == NULL || g_strcmp0 (refresh_token, source->refresh_token) == 0)
    return;
  if (source->refresh_token)
    explicit_bzero (source->refresh_token, strlen (source->refresh_token));
  g_free (source->refresh_token);
  source->refresh_token = g_strdup (refresh_token);
  if (!clr_secret_store (source->place->state_directory, name, refresh_token, strlen (refresh_token), &error))
    clr_log_event (CLR_EVENT_OAUTH_FAILED, source->account->name, error->message);
}

void
clr_token_source_take (ClrTokenSource *source, const ClrTokenAnswer *answer)
{
  unsigned ahead = MIN (answer->expires_s / 4, AHEAD_MOST_S);

  if (clr_oauth_account_is_delegated (source->account))
    keep_refresh_token (source, answer->refresh_token);
  source->after_refusal = source->for_refusal;
  source->for_refusal = FALSE;
  source->taken_us = g_get_monotonic_time ();
  source->failures = 0;
  /* One that follows a refusal has still to show that it is better. */
  if (source->problem && !source->after_refusal)
    {
      clr_log_event (CLR_EVENT_OAUTH_BACK, source->account->name);
      clr_log_flush ();
      g_clear_pointer (&source->problem, g_free);
      source->is_told = FALSE;
    }
  publish (source, CLR_TOKEN_GOOD, answer->access_token,
           g_get_monotonic_time () + answer->expires_s * G_USEC_PER_SEC, NULL);
  ask_in (source, MAX (answer->expires_s - ahead, 1));
}

static void
on_answer (const ClrWebReply *reply, void *data)
{
  ClrTokenSource *source = data;
  ClrTokenAnswer answer;

  source->call = NULL;
  if (reply->outcome == CLR_WEB_ANSWERED)
    clr_token_answer_read (&answer, reply->status, reply->body, reply->size);
  else
    clr_token_answer_fail (&answer, reply->why);
  if (answer.verdict == CLR_OAUTH_GOOD)
    clr_token_source_take (source, &answer);
  else
    fail_with (source, &answer);
  clr_token_answer_clear (&answer);
}

/* -- asking */

/* (transfer full) (nullable) */
static GBytes *
make_body (ClrTokenSource *source, GError **error)
{
  if (!clr_oauth_account_is_delegated (source->account))
    return clr_oauth_account_ask_as_client (source->account, error);
  return source->refresh_token ? clr_oauth_account_ask_by_refresh (source->account, source->refresh_token)
                               : NULL;
}

ClrWebClient *
clr_token_source_get_web (ClrTokenSource *source)
{
  g_autoptr (GError) error = NULL;

  if (source->web == NULL)
    source->web = clr_web_client_new (source->place->resolver, source->account->ca_file,
                                      source->account->proxy, &error);
  if (source->web == NULL)
    set_problem (source, g_strdup (error->message));
  return source->web;
}

static void
ask (ClrTokenSource *source)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;

  if (source->call)
    return;
  if (source->timer)
    g_source_remove (source->timer);
  source->timer = 0;
  body = make_body (source, &error);
  if (body == NULL)
    {
      fail (source, CLR_OAUTH_SETTINGS,
            error ? g_strdup (error->message)
                  : g_strdup_printf (_ ("nobody has logged in: clrelay oauth login %s"),
                                     source->account->name));
      return;
    }
  if (clr_token_source_get_web (source) == NULL)
    {
      fail (source, CLR_OAUTH_SETTINGS, g_strdup (source->problem));
      return;
    }
  ClrWebRequest request = { .method = "POST",
                            .url = source->account->token_url,
                            .type = "application/x-www-form-urlencoded",
                            .body = body,
                            .fields = (const char *const[]){ "Accept", "application/json", NULL },
                            .size_most = CLR_TOKEN_ANSWER_MOST,
                            .timeout_s = source->account->timeout_s };
  source->call = clr_web_client_send (source->web, &request, on_answer, source);
}

void
clr_token_source_ask (ClrTokenSource *source)
{
  if (source->token->state == CLR_TOKEN_DEAD)
    publish (source, CLR_TOKEN_AWAITED, NULL, 0, NULL);
  ask (source);
}

void
clr_token_source_refused (ClrTokenSource *source, uint64_t generation, const char *reply)
{
  /* Several connections may say so, and the answer to the first be there. */
  if (generation != source->token->generation || source->token->state != CLR_TOKEN_GOOD)
    {
      source->place->publish (source->token, source->place->data);
      return;
    }
  /* One that has served for a while was good: it is worth a new one again. */
  if (source->after_refusal && g_get_monotonic_time () < source->taken_us + FRESH_US)
    {
      g_autofree char *error = g_strdup_printf (_ ("the mail server refuses a fresh token: %s"), reply);
      char *problem = explain (source, error, clr_oauth_judge_refusal (reply));

      set_problem (source, problem);
      publish (source, CLR_TOKEN_DEAD, NULL, 0, problem);
      source->for_refusal = TRUE; /* the next one, too */
      ask_in (source, RETRY_LONGEST_S);
      return;
    }
  source->for_refusal = TRUE;
  publish (source, CLR_TOKEN_AWAITED, NULL, 0, NULL);
  ask (source);
}

/* -- beginning and end */

const ClrOauthAccount *
clr_token_source_get_account (const ClrTokenSource *source)
{
  return source->account;
}

const ClrToken *
clr_token_source_get_token (const ClrTokenSource *source)
{
  return source->token;
}

const char *
clr_token_source_get_problem (const ClrTokenSource *source)
{
  return source->problem;
}

unsigned
clr_token_source_get_wait (const ClrTokenSource *source)
{
  int64_t left = source->timer ? source->due_us - g_get_monotonic_time () : 0;

  return left > 0 ? left / G_USEC_PER_SEC + 1 : 0;
}

ClrTokenSource *
clr_token_source_new (const ClrTokenPlace *place, ClrOauthAccount *account, const ClrTokenSource *former)
{
  ClrTokenSource *source = g_new0 (ClrTokenSource, 1);
  g_autofree char *name = clr_oauth_account_dup_refresh_name (account);

  source->place = place;
  source->account = account;
  source->problem = former ? g_strdup (former->problem) : NULL;
  if (clr_oauth_account_is_delegated (account))
    source->refresh_token = clr_secret_load (place->state_directory, name, NULL);
  source->token = clr_token_new (account->name, CLR_TOKEN_AWAITED, 0, NULL, 0, NULL);
  place->publish (source->token, place->data);
  ask (source);
  return source;
}

void
clr_token_source_free (ClrTokenSource *source)
{
  if (source->call)
    clr_web_call_cancel (source->call);
  if (source->timer)
    g_source_remove (source->timer);
  g_clear_pointer (&source->web, clr_web_client_free);
  if (source->refresh_token)
    explicit_bzero (source->refresh_token, strlen (source->refresh_token));
  g_free (source->refresh_token);
  g_free (source->problem);
  clr_token_unref (source->token);
  clr_oauth_account_free (source->account);
  g_free (source);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/clr-evaluation.h"

#include "auth/clr-authres.h"
#include "auth/clr-dkim-verifier.h"
#include "auth/clr-spf.h"
#include "base/clr-clock.h"
#include "evaluation/clr-question.h"

#include <string.h>

#define TOO_LATE "there was no time to find out"

typedef struct
{
  ClrEvaluation *evaluation;
  unsigned index; /* of the verifier's queries */
  ClrQuestion question;
} KeyQuestion;

struct ClrEvaluation
{
  ClrWorker *worker;
  char *sender, *helo, *hostname;
  int64_t timeout_us;
  ClrTimer timer; /* the time-out, then the call of done */

  ClrSpf *spf; /* NULL: the client has no address that SPF knows */
  ClrQuestion spf_question;

  char *header_text;
  ClrHeaderBlock header;
  gboolean has_header;
  ClrDkimVerifier *verifier;
  KeyQuestion keys[CLR_DKIM_SIGNATURES_MOST];
  unsigned n_keys, n_keys_open;

  ClrDmarc *dmarc; /* NULL: its turn has not come */
  ClrQuestion dmarc_question;

  gboolean finishing, over;
  void (*done) (void *data);
  void *data;
};

static void go_on (ClrEvaluation *evaluation);

static void
on_spf_answer (const ClrAuthAnswer *answer, void *data)
{
  ClrEvaluation *evaluation = data;

  clr_spf_feed (evaluation->spf, answer);
  go_on (evaluation);
}

static void
on_dmarc_answer (const ClrAuthAnswer *answer, void *data)
{
  ClrEvaluation *evaluation = data;

  clr_dmarc_feed (evaluation->dmarc, answer);
  go_on (evaluation);
}

static void
on_key_answer (const ClrAuthAnswer *answer, void *data)
{
  KeyQuestion *key = data;
  ClrEvaluation *evaluation = key->evaluation;

  evaluation->n_keys_open--;
  clr_dkim_verifier_feed_key (evaluation->verifier, key->index,
                              answer->status == CLR_AUTH_FOUND       ? CLR_DKIM_KEY_FOUND
                              : answer->status == CLR_AUTH_TEMPORARY ? CLR_DKIM_KEY_TEMPORARY
                                                                     : CLR_DKIM_KEY_NONE,
                              answer->records, answer->n_records);
  go_on (evaluation);
}

static void
ask_keys (ClrEvaluation *evaluation)
{
  evaluation->n_keys = evaluation->n_keys_open = clr_dkim_verifier_get_n_queries (evaluation->verifier);
  for (unsigned i = 0; i < evaluation->n_keys; i++)
    {
      KeyQuestion *key = &evaluation->keys[i];
      ClrAuthQuestion question = { CLR_AUTH_TXT, clr_dkim_verifier_get_query (evaluation->verifier, i) };

      key->evaluation = evaluation;
      key->index = i;
      clr_question_ask (&key->question, evaluation->worker->resolver, &question, on_key_answer, key);
    }
}

/* All signatures have their verdict, and so has SPF. */
static void
begin_dmarc (ClrEvaluation *evaluation)
{
  const char *spf[2] = { NULL }, *dkim[CLR_DKIM_SIGNATURES_MOST + 2] = { NULL }, *problem;
  const ClrSpfResult *result = evaluation->spf ? clr_spf_get_result (evaluation->spf) : NULL;
  const ClrDkimResult *results;
  unsigned n, n_pass = 0;
  g_autofree char *author = clr_dmarc_find_author (&evaluation->header, &problem);

  clr_dkim_verifier_end (evaluation->verifier);
  results = clr_dkim_verifier_get_results (evaluation->verifier, &n);
  for (unsigned i = 0; i < n; i++)
    if (results[i].verdict == CLR_DKIM_PASS)
      dkim[n_pass++] = results[i].domain;
  if (result && result->verdict == CLR_SPF_PASS)
    spf[0] = result->domain;
  evaluation->dmarc = clr_dmarc_new (
      &(ClrDmarcRequest){ .author_domain = author, .spf_domains = spf, .dkim_domains = dkim });
}

static void
go_on (ClrEvaluation *evaluation)
{
  const ClrAuthQuestion *question;

  if (evaluation->spf && (question = clr_spf_get_question (evaluation->spf)) != NULL
      && evaluation->spf_question.lookup == NULL)
    clr_question_ask (&evaluation->spf_question, evaluation->worker->resolver, question, on_spf_answer,
                      evaluation);
  if (!evaluation->finishing || evaluation->over || evaluation->n_keys_open > 0
      || (evaluation->spf && clr_spf_get_result (evaluation->spf) == NULL))
    return;
  if (evaluation->dmarc == NULL)
    begin_dmarc (evaluation);
  if ((question = clr_dmarc_get_question (evaluation->dmarc)) != NULL)
    {
      if (evaluation->dmarc_question.lookup == NULL)
        clr_question_ask (&evaluation->dmarc_question, evaluation->worker->resolver, question,
                          on_dmarc_answer, evaluation);
      return;
    }
  evaluation->over = TRUE;
  clr_timers_set (evaluation->worker->timers, &evaluation->timer, evaluation->worker->now);
}

static void
cancel_questions (ClrEvaluation *evaluation)
{
  clr_question_cancel (&evaluation->spf_question);
  clr_question_cancel (&evaluation->dmarc_question);
  for (unsigned i = 0; i < evaluation->n_keys; i++)
    clr_question_cancel (&evaluation->keys[i].question);
}

/* What is not known now is a temporary error. */
static void
give_up (ClrEvaluation *evaluation)
{
  for (unsigned i = 0; i < evaluation->n_keys; i++)
    if (evaluation->keys[i].question.lookup)
      clr_dkim_verifier_feed_key (evaluation->verifier, i, CLR_DKIM_KEY_TEMPORARY, NULL, 0);
  cancel_questions (evaluation);
  evaluation->n_keys_open = 0;
  if (evaluation->spf)
    clr_spf_give_up (evaluation->spf, TOO_LATE);
  if (evaluation->dmarc == NULL)
    begin_dmarc (evaluation);
  clr_dmarc_give_up (evaluation->dmarc, TOO_LATE);
  evaluation->over = TRUE;
}

static void
on_timer (ClrTimer *timer, void *data)
{
  ClrEvaluation *evaluation = data;

  if (!evaluation->over)
    give_up (evaluation);
  evaluation->done (evaluation->data);
}

ClrEvaluation *
clr_evaluation_new (ClrWorker *worker, const ClrEvaluationFacts *facts)
{
  ClrEvaluation *evaluation = g_new0 (ClrEvaluation, 1);
  ClrSpfRequest request = {
    .mail_from = facts->sender,
    .helo = facts->helo,
    .receiver = facts->hostname,
    .now = clr_clock_wall () / G_USEC_PER_SEC,
    .limits = facts->spf,
  };

  evaluation->worker = worker;
  evaluation->sender = g_strdup (facts->sender);
  evaluation->helo = g_strdup (facts->helo);
  evaluation->hostname = g_strdup (facts->hostname);
  evaluation->timeout_us = facts->timeout_us;
  clr_timer_init (&evaluation->timer, on_timer, evaluation);
  if (clr_spf_address_parse (&request.address, facts->client))
    evaluation->spf = clr_spf_new (&request);
  go_on (evaluation);
  return evaluation;
}

void
clr_evaluation_free (ClrEvaluation *evaluation)
{
  cancel_questions (evaluation);
  clr_timers_clear (evaluation->worker->timers, &evaluation->timer);
  g_clear_pointer (&evaluation->spf, clr_spf_free);
  g_clear_pointer (&evaluation->verifier, clr_dkim_verifier_free);
  g_clear_pointer (&evaluation->dmarc, clr_dmarc_free);
  if (evaluation->has_header)
    clr_header_block_clear (&evaluation->header);
  g_free (evaluation->header_text);
  g_free (evaluation->sender);
  g_free (evaluation->helo);
  g_free (evaluation->hostname);
  g_free (evaluation);
}

void
clr_evaluation_take_header (ClrEvaluation *evaluation, const char *bytes, size_t size)
{
  ClrDkimRules rules = { .now = clr_clock_wall () / G_USEC_PER_SEC };

  g_assert (!evaluation->has_header);
  evaluation->header_text = g_memdup2 (bytes, size);
  evaluation->has_header = TRUE;
  clr_header_block_parse (&evaluation->header, evaluation->header_text, size);
  evaluation->verifier = clr_dkim_verifier_new (&evaluation->header, &rules);
  ask_keys (evaluation);
}

void
clr_evaluation_feed_body (ClrEvaluation *evaluation, const uint8_t *bytes, size_t size)
{
  clr_dkim_verifier_feed_body (evaluation->verifier, bytes, size);
}

void
clr_evaluation_finish (ClrEvaluation *evaluation, void (*done) (void *data), void *data)
{
  g_assert (evaluation->has_header && !evaluation->finishing);
  evaluation->finishing = TRUE;
  evaluation->done = done;
  evaluation->data = data;
  clr_timers_set (evaluation->worker->timers, &evaluation->timer,
                  evaluation->worker->now + evaluation->timeout_us);
  go_on (evaluation);
}

const ClrDmarcResult *
clr_evaluation_get_dmarc (const ClrEvaluation *evaluation)
{
  return clr_dmarc_get_result (evaluation->dmarc);
}

gboolean
clr_evaluation_is_suspect (const ClrEvaluation *evaluation)
{
  const ClrDmarcResult *dmarc = clr_evaluation_get_dmarc (evaluation);

  return dmarc->verdict == CLR_DMARC_PERMERROR
         || (dmarc->verdict == CLR_DMARC_FAIL && dmarc->policy != CLR_DMARC_ASKS_NONE);
}

static void
write_spf (const ClrEvaluation *evaluation, GString *into)
{
  const ClrSpfResult *spf = evaluation->spf ? clr_spf_get_result (evaluation->spf) : NULL;

  if (spf == NULL)
    return;
  clr_authres_add_result (into, "spf", clr_spf_verdict_get_name (spf->verdict), spf->reason);
  if (spf->is_helo)
    clr_authres_add_property (into, "smtp", "helo", evaluation->helo);
  else
    clr_authres_add_property (into, "smtp", "mailfrom", evaluation->sender);
}

static void
write_dkim (const ClrEvaluation *evaluation, GString *into)
{
  unsigned n;
  const ClrDkimResult *results = clr_dkim_verifier_get_results (evaluation->verifier, &n);

  if (n == 0)
    clr_authres_add_result (into, "dkim", "none", NULL);
  for (unsigned i = 0; i < n; i++)
    {
      const ClrDkimResult *one = &results[i];

      clr_authres_add_result (into, "dkim", clr_dkim_verdict_get_name (one->verdict),
                              one->verdict == CLR_DKIM_PASS ? NULL : one->reason);
      clr_authres_add_property (into, "header", "d", one->domain);
      clr_authres_add_property (into, "header", "s", one->selector);
      clr_authres_add_property (into, "header", "a", one->algorithm);
      clr_authres_add_property (into, "header", "b", one->start); /* RFC 6008 */
    }
}

void
clr_evaluation_write_field (const ClrEvaluation *evaluation, GString *into)
{
  const ClrDmarcResult *dmarc = clr_evaluation_get_dmarc (evaluation);
  g_autoptr (GString) field = g_string_new (NULL);

  clr_authres_begin (field, evaluation->hostname);
  write_spf (evaluation, field);
  write_dkim (evaluation, field);
  clr_authres_add_result (field, "dmarc", clr_dmarc_verdict_get_name (dmarc->verdict), dmarc->reason);
  clr_authres_add_property (field, "header", "from", dmarc->author_domain);
  clr_authres_end (field);
  g_string_append_len (into, field->str, field->len);
}

char **
clr_evaluation_dup_words (const ClrEvaluation *evaluation)
{
  const ClrSpfResult *spf = evaluation->spf ? clr_spf_get_result (evaluation->spf) : NULL;
  const ClrDkimResult *dkim = clr_dkim_verifier_get_nearest (evaluation->verifier);
  const ClrDmarcResult *dmarc = clr_evaluation_get_dmarc (evaluation);
  GPtrArray *words = g_ptr_array_new ();

  if (spf)
    g_ptr_array_add (words, g_strdup_printf ("spf=%s", clr_spf_verdict_get_name (spf->verdict)));
  g_ptr_array_add (
      words, g_strdup_printf ("dkim=%s", clr_dkim_verdict_get_name (dkim ? dkim->verdict : CLR_DKIM_NONE)));
  g_ptr_array_add (words, dmarc->verdict == CLR_DMARC_FAIL
                              ? g_strdup_printf ("dmarc=fail (%s)", clr_dmarc_policy_get_name (dmarc->policy))
                              : g_strdup_printf ("dmarc=%s", clr_dmarc_verdict_get_name (dmarc->verdict)));
  g_ptr_array_add (words, NULL);
  return (char **)g_ptr_array_free (words, FALSE);
}

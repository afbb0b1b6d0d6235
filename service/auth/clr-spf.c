/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-spf.h"

#include "auth/clr-spf-private.h"
#include "base/clr-domain.h"

#include <string.h>

#define NAME_MOST  253u
#define LABEL_MOST 63u

static const char *const verdicts[]
    = { "none", "neutral", "pass", "fail", "softfail", "temperror", "permerror" };

const char *
clr_spf_verdict_get_name (ClrSpfVerdict verdict)
{
  return verdicts[verdict];
}

gboolean
clr_spf_verdict_from_name (const char *name, ClrSpfVerdict *verdict)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (verdicts); i++)
    if (g_ascii_strcasecmp (verdicts[i], name) == 0)
      {
        *verdict = i;
        return TRUE;
      }
  return FALSE;
}

ClrSpfFrame *
clr_spf_top (ClrSpf *spf)
{
  return &spf->frames[spf->n_frames - 1];
}

/* What a name in the DNS can be; other octets than letters may occur in it. */
static gboolean
is_askable (const char *name)
{
  size_t label = 0, size = strlen (name);

  for (const char *p = name; *p; p++)
    {
      if (*p == '.' && label == 0)
        return FALSE;
      label = *p == '.' ? 0 : label + 1;
      if (label > LABEL_MOST)
        return FALSE;
    }
  return label > 0 && size <= NAME_MOST;
}

/* @name: (transfer full). A name that cannot be is not asked for, and does not exist (section 4.8). */
void
clr_spf_ask (ClrSpf *spf, ClrSpfPurpose purpose, ClrAuthType type, char *name)
{
  g_assert (spf->name == NULL);
  spf->purpose = purpose;
  spf->name = name;
  spf->question = (ClrAuthQuestion){ type, name };
  spf->unaskable = !is_askable (name);
  spf->result.n_questions += !spf->unaskable;
}

ClrAuthType
clr_spf_address_type (const ClrSpf *spf)
{
  return spf->request.address.is_v6 ? CLR_AUTH_AAAA : CLR_AUTH_A;
}

void
clr_spf_end (ClrSpf *spf, ClrSpfVerdict verdict, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  spf->result.reason = g_strdup_vprintf (format, args);
  va_end (args);
  spf->result.verdict = verdict;
  spf->decided = spf->ended = TRUE;
}

/* Returns: FALSE when it was one term too many, and all has ended (section 4.6.4). */
static gboolean
count_term (ClrSpf *spf)
{
  if (clr_spf_top (spf)->counted)
    return TRUE;
  clr_spf_top (spf)->counted = TRUE;
  if (++spf->result.n_terms <= spf->request.limits.terms)
    return TRUE;
  clr_spf_end (spf, CLR_SPF_PERMERROR, "the record needs more than %u look-ups", spf->request.limits.terms);
  return FALSE;
}

gboolean
clr_spf_count_void (ClrSpf *spf)
{
  if (spf->decided || ++spf->result.n_voids <= spf->request.limits.voids)
    return TRUE;
  clr_spf_end (spf, CLR_SPF_PERMERROR, "more than %u names of the record do not exist",
               spf->request.limits.voids);
  return FALSE;
}

static ClrSpfFacts
get_facts (ClrSpf *spf)
{
  return (ClrSpfFacts){
    .local = spf->local,
    .sender_domain = spf->sender_domain,
    .domain = clr_spf_top (spf)->domain,
    .helo = spf->helo,
    .receiver = spf->receiver,
    .validated = clr_spf_choose_validated (spf),
    .address = &spf->request.address,
    .now = spf->request.now,
  };
}

/* The name a term is about. */
char *
clr_spf_expand_target (ClrSpf *spf, const char *target)
{
  ClrSpfFacts facts = get_facts (spf);

  return target ? clr_spf_macro_expand_domain (target, &facts) : g_strdup (facts.domain);
}

static gboolean
wants_names (ClrSpf *spf, uint32_t wants)
{
  return spf->validated == NULL && CLR_SPF_MACRO_WANTS (wants, 'p');
}

/* RFC 8616 section 4: a local part beyond ASCII can be no part of a name; what names it matches nothing. */
static gboolean
cannot_match (ClrSpf *spf, uint32_t wants)
{
  return !spf->local_is_ascii && (CLR_SPF_MACRO_WANTS (wants, 'l') || CLR_SPF_MACRO_WANTS (wants, 's'));
}

/* @domain: (transfer full). Section 4.4. */
static void
enter_domain (ClrSpf *spf, char *domain, gboolean redirected)
{
  if (redirected)
    {
      g_free (clr_spf_top (spf)->domain);
      clr_spf_record_free (clr_spf_top (spf)->record);
    }
  else
    spf->n_frames++;
  *clr_spf_top (spf) = (ClrSpfFrame){ .domain = domain, .redirected = redirected };
  clr_spf_ask (spf, CLR_SPF_ASKS_RECORD, CLR_AUTH_TXT, g_strdup (domain));
}

static void
leave_domain (ClrSpf *spf)
{
  g_free (clr_spf_top (spf)->domain);
  if (clr_spf_top (spf)->record)
    clr_spf_record_free (clr_spf_top (spf)->record);
  spf->n_frames--;
}

const ClrSpfTerm *
clr_spf_current_term (ClrSpf *spf)
{
  ClrSpfFrame *frame = clr_spf_top (spf);

  return frame->at < frame->record->terms->len ? &g_array_index (frame->record->terms, ClrSpfTerm, frame->at)
                                               : NULL;
}

void
clr_spf_next_term (ClrSpf *spf)
{
  clr_spf_top (spf)->at++;
  clr_spf_top (spf)->counted = FALSE;
}

/* Section 6.2. Called again with each answer that it waits for; whatever is wrong means: no explanation. */
static void
explain (ClrSpf *spf)
{
  ClrSpfRecord *record = clr_spf_top (spf)->record;
  uint32_t wants = record->explanation_wants;
  ClrSpfFacts facts;

  spf->ended = TRUE;
  if (record->explanation == NULL || (spf->explanation == NULL && cannot_match (spf, wants)))
    return;
  if (spf->explanation && !clr_spf_macro_check (spf->explanation, CLR_SPF_MACRO_EXPLANATION, &wants))
    return;
  spf->ended = FALSE;
  if (wants_names (spf, wants))
    {
      clr_spf_ask_pointers (spf);
      return;
    }
  if (spf->explanation == NULL)
    {
      clr_spf_ask (spf, CLR_SPF_ASKS_EXPLANATION, CLR_AUTH_TXT,
                   clr_spf_expand_target (spf, record->explanation));
      return;
    }
  facts = get_facts (spf);
  spf->result.explanation = clr_spf_macro_expand (spf->explanation, &facts);
  spf->ended = TRUE;
}

static void
conclude (ClrSpf *spf, ClrSpfVerdict verdict, const ClrSpfTerm *term)
{
  static const char *const says[] = {
    [CLR_SPF_NEUTRAL] = "says nothing about",
    [CLR_SPF_PASS] = "allows",
    [CLR_SPF_FAIL] = "does not allow",
    [CLR_SPF_SOFTFAIL] = "probably does not allow",
  };
  char address[CLR_SPF_ADDRESS_TEXT];

  clr_spf_address_to_text (&spf->request.address, address);
  clr_spf_end (spf, verdict, "%s %s %s%s%s", spf->result.domain, says[verdict], address,
               term ? " by " : ": no term matches", term ? term->text : "");
  spf->result.term = term ? g_strdup (term->text) : NULL;
  spf->result.term_domain = g_strdup (clr_spf_top (spf)->domain);
  if (verdict == CLR_SPF_FAIL)
    explain (spf);
}

/* The current term matches; an include's result is the matching of the term below it (section 5.2). */
void
clr_spf_match (ClrSpf *spf)
{
  const ClrSpfTerm *term = clr_spf_current_term (spf);

  while (spf->n_frames > 1 && term->qualifier == '+')
    {
      leave_domain (spf);
      term = clr_spf_current_term (spf);
    }
  if (spf->n_frames == 1)
    conclude (spf,
              term->qualifier == '+'   ? CLR_SPF_PASS
              : term->qualifier == '-' ? CLR_SPF_FAIL
              : term->qualifier == '~' ? CLR_SPF_SOFTFAIL
                                       : CLR_SPF_NEUTRAL,
              term);
  else
    {
      leave_domain (spf);
      clr_spf_next_term (spf);
    }
}

/* All terms of a record are through: section 4.7 and 6.1. */
static void
finish_record (ClrSpf *spf)
{
  ClrSpfFrame *frame = clr_spf_top (spf);
  ClrSpfRecord *record = frame->record;

  if (record->redirect && wants_names (spf, record->redirect_wants))
    clr_spf_ask_pointers (spf);
  else if (record->redirect)
    {
      if (!count_term (spf))
        return;
      if (cannot_match (spf, record->redirect_wants))
        clr_spf_end (spf, CLR_SPF_PERMERROR, "redirect=%s names no domain for this sender", record->redirect);
      else
        enter_domain (spf, clr_spf_expand_target (spf, record->redirect), TRUE);
    }
  else if (spf->n_frames == 1)
    conclude (spf, CLR_SPF_NEUTRAL, NULL);
  else
    {
      leave_domain (spf);
      clr_spf_next_term (spf);
    }
}

static void
start_term (ClrSpf *spf, const ClrSpfTerm *term)
{
  switch (term->mechanism)
    {
    case CLR_SPF_ALL:
      clr_spf_match (spf);
      return;
    case CLR_SPF_IP4:
    case CLR_SPF_IP6:
      if (clr_spf_address_is_within (&spf->request.address, &term->network,
                                     term->mechanism == CLR_SPF_IP4 ? term->bits4 : term->bits6))
        clr_spf_match (spf);
      else
        clr_spf_next_term (spf);
      return;
    default:
      break;
    }
  if (!count_term (spf))
    return;
  if (cannot_match (spf, term->wants))
    clr_spf_next_term (spf);
  else if (wants_names (spf, term->wants) || (term->mechanism == CLR_SPF_PTR && spf->validated == NULL))
    clr_spf_ask_pointers (spf);
  else if (term->mechanism == CLR_SPF_PTR)
    clr_spf_match_pointers (spf, term);
  else if (term->mechanism == CLR_SPF_INCLUDE)
    enter_domain (spf, clr_spf_expand_target (spf, term->target), FALSE);
  else if (term->mechanism == CLR_SPF_MX)
    clr_spf_ask (spf, CLR_SPF_ASKS_EXCHANGERS, CLR_AUTH_MX, clr_spf_expand_target (spf, term->target));
  else if (term->mechanism == CLR_SPF_EXISTS) /* section 5.7: always an A record */
    clr_spf_ask (spf, CLR_SPF_ASKS_EXISTS, CLR_AUTH_A, clr_spf_expand_target (spf, term->target));
  else
    clr_spf_ask (spf, CLR_SPF_ASKS_ADDRESSES, clr_spf_address_type (spf),
                 clr_spf_expand_target (spf, term->target));
}

/* Goes on until there is a question or an end. */
static void
run (ClrSpf *spf)
{
  while (!spf->ended && spf->name == NULL)
    {
      const ClrSpfTerm *term = spf->decided ? NULL : clr_spf_current_term (spf);

      if (spf->decided)
        explain (spf);
      else if (term)
        start_term (spf, term);
      else
        finish_record (spf);
    }
}

/* Section 4.5. Without a record: none for the domain itself, an error where another record names it. */
static void
on_record (ClrSpf *spf, const ClrAuthAnswer *answer)
{
  const char *domain = clr_spf_top (spf)->domain, *text = NULL;
  g_autofree char *problem = NULL;
  gboolean is_own = spf->n_frames == 1 && !clr_spf_top (spf)->redirected;
  unsigned n = 0;

  if (answer->status == CLR_AUTH_TEMPORARY)
    {
      clr_spf_end (spf, CLR_SPF_TEMPERROR, "the record of %s cannot be had now", domain);
      return;
    }
  for (unsigned i = 0; i < answer->n_records; i++)
    if (clr_spf_record_is_one (answer->records[i]))
      {
        text = answer->records[i];
        n++;
      }
  if (n == 0 && is_own)
    clr_spf_end (spf, CLR_SPF_NONE, "%s has no SPF record", domain);
  else if (n == 0)
    clr_spf_end (spf, CLR_SPF_PERMERROR, "%s is named by a record and has none", domain);
  else if (n > 1)
    clr_spf_end (spf, CLR_SPF_PERMERROR, "%s has %u SPF records", domain, n);
  else
    {
      if (is_own)
        spf->result.record = g_strdup (text);
      clr_spf_top (spf)->record = clr_spf_record_parse (text, &problem);
      if (clr_spf_top (spf)->record == NULL)
        clr_spf_end (spf, CLR_SPF_PERMERROR, "the record of %s is not valid: %s", domain, problem);
    }
}

static void
on_explanation (ClrSpf *spf, const ClrAuthAnswer *answer)
{
  if (answer->status == CLR_AUTH_FOUND && answer->n_records == 1)
    spf->explanation = g_strdup (answer->records[0]);
  else
    spf->ended = TRUE;
}

static void
take (ClrSpf *spf, const ClrAuthAnswer *answer)
{
  static void (*const handlers[]) (ClrSpf *, const ClrAuthAnswer *) = {
    [CLR_SPF_ASKS_RECORD] = on_record,
    [CLR_SPF_ASKS_ADDRESSES] = clr_spf_on_addresses,
    [CLR_SPF_ASKS_EXCHANGERS] = clr_spf_on_exchangers,
    [CLR_SPF_ASKS_EXCHANGER] = clr_spf_on_exchanger,
    [CLR_SPF_ASKS_EXISTS] = clr_spf_on_addresses,
    [CLR_SPF_ASKS_POINTERS] = clr_spf_on_pointers,
    [CLR_SPF_ASKS_POINTER] = clr_spf_on_pointer,
    [CLR_SPF_ASKS_EXPLANATION] = on_explanation,
  };
  char *name = g_steal_pointer (&spf->name); /* stays until the answer has been taken */

  handlers[spf->purpose](spf, answer);
  g_free (name);
  run (spf);
}

static void
take_unaskable (ClrSpf *spf)
{
  static const ClrAuthAnswer nothing = { .status = CLR_AUTH_NO_NAME };

  while (spf->name && spf->unaskable)
    take (spf, &nothing);
}

/* Section 4.3. Deviation: a domain of one label is looked up too; networks have such names, and the public
 * ones have no records. */
static char *
dup_domain (const char *text)
{
  g_autofree char *domain = NULL;
  size_t size = strlen (text);

  if (size > 0 && text[size - 1] == '.')
    size--;
  domain = g_strndup (text, size);
  for (const char *p = domain; *p; p++)
    if ((unsigned char)*p >= 0x80)
      return g_utf8_validate (domain, -1, NULL) ? clr_domain_to_ascii (domain) : NULL;
    else if (*p <= ' ' || *p == '[' || *p == 127)
      return NULL;
  return is_askable (domain) ? g_steal_pointer (&domain) : NULL;
}

static void
read_identity (ClrSpf *spf, const char *sender)
{
  const char *at = strrchr (sender, '@');

  spf->local = at && at > sender ? g_strndup (sender, at - sender) : g_strdup ("postmaster");
  spf->local_is_ascii = TRUE;
  for (const char *p = spf->local; *p; p++)
    if ((unsigned char)*p >= 0x80)
      spf->local_is_ascii = FALSE;
  spf->result.domain = dup_domain (at ? at + 1 : sender);
  spf->sender_domain = g_strdup (spf->result.domain ? spf->result.domain : "");
}

ClrSpf *
clr_spf_new (const ClrSpfRequest *request)
{
  ClrSpf *spf = g_new0 (ClrSpf, 1);
  gboolean has_sender = request->mail_from && *request->mail_from;

  spf->request = *request;
  spf->hosts = g_ptr_array_new_with_free_func (g_free);
  spf->helo = g_strdup (request->helo ? request->helo : "");
  spf->receiver = g_strdup (request->receiver ? request->receiver : "unknown");
  spf->result.is_helo = !has_sender;
  read_identity (spf, has_sender ? request->mail_from : spf->helo);
  if (spf->result.domain)
    enter_domain (spf, g_strdup (spf->result.domain), FALSE);
  else
    clr_spf_end (spf, CLR_SPF_NONE, "there is no domain that could have a record");
  take_unaskable (spf);
  return spf;
}

void
clr_spf_free (ClrSpf *spf)
{
  while (spf->n_frames > 0)
    leave_domain (spf);
  g_ptr_array_unref (spf->hosts);
  g_clear_pointer (&spf->validated, g_ptr_array_unref);
  g_free (spf->explanation);
  g_free (spf->name);
  g_free (spf->local);
  g_free (spf->sender_domain);
  g_free (spf->helo);
  g_free (spf->receiver);
  g_free (spf->result.reason);
  g_free (spf->result.explanation);
  g_free (spf->result.domain);
  g_free (spf->result.record);
  g_free (spf->result.term);
  g_free (spf->result.term_domain);
  g_free (spf);
}

const ClrAuthQuestion *
clr_spf_get_question (const ClrSpf *spf)
{
  return spf->name ? &spf->question : NULL;
}

void
clr_spf_feed (ClrSpf *spf, const ClrAuthAnswer *answer)
{
  g_assert (spf->name && !spf->ended);
  take (spf, answer);
  take_unaskable (spf);
}

void
clr_spf_give_up (ClrSpf *spf, const char *reason)
{
  g_clear_pointer (&spf->name, g_free);
  if (!spf->decided)
    clr_spf_end (spf, CLR_SPF_TEMPERROR, "%s", reason);
  spf->ended = TRUE;
}

const ClrSpfResult *
clr_spf_get_result (const ClrSpf *spf)
{
  return spf->ended ? &spf->result : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check.h"

#include "auth/clr-spf-macro.h"
#include "auth/clr-spf.h"
#include "base/clr-domain.h"
#include "check/clr-check-question.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What a text with macros becomes for this sender. */
static JsonNode *
expand (const char *macro, const ClrSpfRequest *request, const char *domain)
{
  const char *at = request->mail_from ? strrchr (request->mail_from, '@') : NULL;
  g_autofree char *local = at ? g_strndup (request->mail_from, at - request->mail_from) : NULL, *text = NULL;
  const char *sender_domain = at ? at + 1 : request->helo ? request->helo : "";
  ClrSpfFacts facts = {
    .local = local && *local ? local : "postmaster",
    .sender_domain = sender_domain,
    .domain = domain ? domain : sender_domain,
    .helo = request->helo ? request->helo : "",
    .receiver = request->receiver ? request->receiver : "unknown",
    .address = &request->address,
    .now = request->now,
  };
  JsonObject *details;

  if (!clr_spf_macro_check (macro, CLR_SPF_MACRO_EXPLANATION, NULL))
    return clr_check_answer ("invalid", _ ("the syntax of a macro is wrong (RFC 7208 section 7.1)"), NULL);
  text = clr_spf_macro_expand (macro, &facts);
  details = json_object_new ();
  clr_check_set_text (details, "expansion", text);
  return clr_check_answer ("ok", _ ("the macros expand; %{p} is not looked up here"), details);
}

static JsonNode *
tell (const ClrSpfResult *result, const char *default_explanation)
{
  JsonObject *details = json_object_new ();
  const char *explanation = result->explanation               ? result->explanation
                            : result->verdict == CLR_SPF_FAIL ? default_explanation
                                                              : NULL;
  g_autofree char *reason = g_utf8_make_valid (result->reason, -1);

  clr_check_set_text (details, "identity", result->is_helo ? "helo" : "mailfrom");
  clr_check_set_text (details, "domain", result->domain);
  clr_check_set_text (details, "record", result->record);
  clr_check_set_text (details, "term", result->term);
  clr_check_set_text (details, "term-domain", result->term_domain);
  clr_check_set_text (details, "explanation", explanation);
  json_object_set_int_member (details, "terms", result->n_terms);
  json_object_set_int_member (details, "voids", result->n_voids);
  json_object_set_int_member (details, "questions", result->n_questions);
  return clr_check_answer (clr_spf_verdict_get_name (result->verdict), reason, details);
}

JsonNode *
clr_check_spf (JsonObject *in, ClrZone *zone)
{
  ClrSpfRequest request = {
    .mail_from = clr_check_get_text (in, "mail-from"),
    .helo = clr_check_get_text (in, "helo"),
    .receiver = clr_check_get_text (in, "receiver"),
    .now = clr_check_get_number (in, "now", g_get_real_time () / G_USEC_PER_SEC),
    .limits = CLR_SPF_LIMITS,
  };
  const char *ip = clr_check_get_text (in, "ip"), *macro = clr_check_get_text (in, "macro");

  if (!clr_spf_address_parse (&request.address, ip ? ip : macro ? "127.0.0.1" : ""))
    return clr_check_answer ("error", _ ("ip: the address of the client is needed"), NULL);
  if ((request.mail_from == NULL || *request.mail_from == 0) && (request.helo == NULL || *request.helo == 0))
    return clr_check_answer ("error", _ ("mail-from or helo is needed"), NULL);
  if (macro)
    return expand (macro, &request, clr_check_get_text (in, "domain"));
  g_autoptr (ClrSpf) spf = clr_check_run_spf (&request, zone);
  return tell (clr_spf_get_result (spf), clr_check_get_text (in, "default-explanation"));
}

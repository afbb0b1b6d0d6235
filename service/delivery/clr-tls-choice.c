/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-tls-choice.h"

static const char *const result_names[] = {
  [CLR_TLS_GOOD] = "success",
  [CLR_TLS_NOT_SUPPORTED] = "starttls-not-supported",
  [CLR_TLS_HOST_MISMATCH] = "certificate-host-mismatch",
  [CLR_TLS_EXPIRED] = "certificate-expired",
  [CLR_TLS_NOT_TRUSTED] = "certificate-not-trusted",
  [CLR_TLS_VALIDATION_FAILURE] = "validation-failure",
  [CLR_TLS_TLSA_INVALID] = "tlsa-invalid",
  [CLR_TLS_DNSSEC_INVALID] = "dnssec-invalid",
  [CLR_TLS_DANE_REQUIRED] = "dane-required",
  [CLR_TLS_STS_FETCH_ERROR] = "sts-policy-fetch-error",
  [CLR_TLS_STS_INVALID] = "sts-policy-invalid",
  [CLR_TLS_STS_WEBPKI_INVALID] = "sts-webpki-invalid",
};

const char *
clr_tls_result_get_name (ClrTlsResult result)
{
  return result_names[result];
}

static gboolean
is_required_by_route (const ClrNextHop *hop)
{
  return hop->tls != CLR_NEXT_HOP_TLS_NONE && hop->tls != CLR_NEXT_HOP_TLS_MAY
         && hop->tls != CLR_NEXT_HOP_TLS_DANE;
}

static const char *
name_route_policy (const ClrNextHop *hop)
{
  static const char *const names[] = {
    [CLR_NEXT_HOP_TLS_NONE] = "none",       [CLR_NEXT_HOP_TLS_MAY] = "may",
    [CLR_NEXT_HOP_TLS_DANE] = "may",        [CLR_NEXT_HOP_TLS_ENCRYPT] = "encrypt",
    [CLR_NEXT_HOP_TLS_DANE_ONLY] = "dane",  [CLR_NEXT_HOP_TLS_VERIFY] = "verify",
    [CLR_NEXT_HOP_TLS_IMPLICIT] = "verify",
  };

  return names[hop->tls];
}

/* RFC 8461 section 2: an MTA-STS policy never overrides DANE that fails; where DANE proves who the host is,
 * nothing else has to. */
static void
apply_policies (ClrTlsChoice *choice, const ClrHost *host)
{
  if (choice->dane)
    {
      choice->wanted = CLR_CLIENT_TLS_REQUIRED;
      choice->kind = CLR_TLS_POLICY_DANE;
      choice->policy = "dane";
      if (clr_dane_is_usable (choice->dane))
        {
          choice->proof = CLR_TLS_PROOF_DANE;
          return;
        }
      /* RFC 7672 section 2.2: encrypted, whoever it is. */
      choice->policy = "dane-unusable";
    }
  if (host->sts == CLR_STS_MODE_NONE)
    return;
  choice->proof = CLR_TLS_PROOF_NAME;
  choice->is_test = host->sts == CLR_STS_MODE_TESTING;
  if (choice->dane == NULL)
    {
      choice->kind = CLR_TLS_POLICY_STS;
      choice->policy = choice->is_test ? "mta-sts-testing" : "mta-sts";
    }
  if (!choice->is_test)
    choice->wanted = CLR_CLIENT_TLS_REQUIRED;
}

ClrTlsChoice
clr_tls_choice_make (const ClrNextHop *hop, const ClrHost *host, const ClrDane *dane, gboolean is_clear)
{
  ClrTlsChoice choice = {
    .wanted = is_required_by_route (hop) ? CLR_CLIENT_TLS_REQUIRED
              : is_clear                 ? CLR_CLIENT_TLS_NONE
                                         : CLR_CLIENT_TLS_MAY,
    .implicit = hop->tls == CLR_NEXT_HOP_TLS_IMPLICIT,
    .context = hop->tls_context,
    .name = host->name,
    .dane = dane,
    .policy = name_route_policy (hop),
  };

  if (hop->tls == CLR_NEXT_HOP_TLS_NONE)
    choice.wanted = CLR_CLIENT_TLS_NONE;
  else if (hop->tls == CLR_NEXT_HOP_TLS_DANE_ONLY && dane == NULL)
    choice.proof = CLR_TLS_PROOF_DANE;
  else
    apply_policies (&choice, host);
  return choice;
}

static void
judge_name (const ClrTlsChoice *choice, ClrTls *tls, ClrTlsVerdict *verdict)
{
  static const ClrTlsResult results[] = {
    [CLR_TLS_FLAWLESS] = CLR_TLS_GOOD,
    [CLR_TLS_FLAW_NAME] = CLR_TLS_HOST_MISMATCH,
    [CLR_TLS_FLAW_EXPIRED] = CLR_TLS_EXPIRED,
    [CLR_TLS_FLAW_UNTRUSTED] = CLR_TLS_NOT_TRUSTED,
  };
  g_autofree char *why = NULL;

  verdict->result = results[clr_tls_check_name (tls, choice->name, &why)];
  verdict->ok = verdict->result == CLR_TLS_GOOD || choice->is_test;
  verdict->text = g_strdup_printf ("%s: %s", choice->policy, why ? why : "verified");
}

static void
judge_dane (const ClrTlsChoice *choice, ClrTls *tls, int64_t now_s, ClrTlsVerdict *verdict)
{
  const char *const names[] = { choice->name, NULL };
  ClrDaneResult result = { .verdict = CLR_DANE_FAIL, .problem = "the host has no TLSA records that count" };
  unsigned n;
  const gnutls_datum_t *chain = clr_tls_get_chain (tls, &n);

  if (choice->dane)
    clr_dane_judge (choice->dane, chain, n, names, now_s, &result);
  verdict->ok = result.verdict == CLR_DANE_MATCH;
  verdict->result = verdict->ok            ? CLR_TLS_GOOD
                    : choice->dane == NULL ? CLR_TLS_DANE_REQUIRED
                    : result.is_name       ? CLR_TLS_HOST_MISMATCH
                    : result.is_expired    ? CLR_TLS_EXPIRED
                                           : CLR_TLS_VALIDATION_FAILURE;
  verdict->text
      = g_strdup_printf ("%s: %s", choice->policy, result.problem ? result.problem : "certificate matches");
}

void
clr_tls_choice_judge (const ClrTlsChoice *choice, ClrTls *tls, int64_t now_s, ClrTlsVerdict *verdict)
{
  *verdict = (ClrTlsVerdict){ .ok = TRUE };
  switch (choice->proof)
    {
    case CLR_TLS_PROOF_NOTHING:
      verdict->text = g_strdup (choice->policy);
      break;
    case CLR_TLS_PROOF_NAME:
      judge_name (choice, tls, verdict);
      break;
    case CLR_TLS_PROOF_DANE:
      judge_dane (choice, tls, now_s, verdict);
      break;
    }
}

void
clr_tls_verdict_clear (ClrTlsVerdict *verdict)
{
  g_clear_pointer (&verdict->text, g_free);
}

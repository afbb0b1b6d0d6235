/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check.h"

#include "auth/clr-dkim-verifier.h"
#include "auth/clr-dmarc.h"
#include "auth/clr-spf.h"
#include "check/clr-check-message.h"
#include "check/clr-check-question.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#ifdef HAVE_PSL
#include <libpsl.h>
#endif

static JsonObject *
record_to_json (const ClrDmarcRecord *record)
{
  static const char *const psds[] = { "u", "y", "n" };
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "p", clr_dmarc_policy_get_name (record->policy));
  if (record->has_subdomain_policy)
    json_object_set_string_member (object, "sp", clr_dmarc_policy_get_name (record->subdomain_policy));
  if (record->has_absent_policy)
    json_object_set_string_member (object, "np", clr_dmarc_policy_get_name (record->absent_policy));
  json_object_set_string_member (object, "adkim", record->dkim_strict ? "s" : "r");
  json_object_set_string_member (object, "aspf", record->spf_strict ? "s" : "r");
  json_object_set_string_member (object, "t", record->testing ? "y" : "n");
  json_object_set_string_member (object, "psd", psds[record->psd]);
  clr_check_set_texts (object, "rua", record->rua);
  clr_check_set_texts (object, "ruf", record->ruf);
  clr_check_set_text (object, "ignored-tags", record->ignored);
  json_object_set_boolean_member (object, "applies", record->applies);
  return object;
}

static JsonNode *
check_record (const char *text)
{
  const char *problem = NULL;
  g_autoptr (ClrDmarcRecord) record = clr_dmarc_record_parse (text, &problem);

  if (record == NULL)
    return clr_check_answer ("invalid", problem, NULL);
  return clr_check_answer (
      "valid",
      !record->applies
          ? _ ("a DMARC record, but it does not apply: a policy is none, quarantine or reject, and "
               "there is no valid rua to tell of it")
      : record->ignored ? _ ("a DMARC record; some of its tags are not valid and count as missing")
                        : _ ("a DMARC record"),
      record_to_json (record));
}

/* What passes, with what it is about. */
typedef struct
{
  GPtrArray *spf, *dkim; /* domains */
  char *author;
  const char *problem; /* why there is no author */
} Identifiers;

static void
clear_identifiers (Identifiers *identifiers)
{
  g_ptr_array_unref (identifiers->spf);
  g_ptr_array_unref (identifiers->dkim);
  g_free (identifiers->author);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Identifiers, clear_identifiers)

/* "example.com", or "example.com=fail" of one that does not pass. */
static void
add_given (GPtrArray *into, JsonObject *in, const char *name)
{
  g_autoptr (JsonArray) list = clr_check_get_list (in, name);

  for (unsigned i = 0; list && i < json_array_get_length (list); i++)
    {
      g_auto (GStrv) parts = g_strsplit (json_array_get_string_element (list, i), "=", 2);

      if (parts[0] && (parts[1] == NULL || g_ascii_strcasecmp (parts[1], "pass") == 0))
        g_ptr_array_add (into, g_strdup (parts[0]));
    }
}

static void
verify_dkim (const ClrCheckMessage *message, const ClrHeaderBlock *header, gint64 now, ClrZone *zone,
             GPtrArray *into)
{
  ClrDkimRules rules = { .now = now };
  ClrDkimVerifier *verifier = clr_dkim_verifier_new (header, &rules);
  unsigned n;

  clr_check_feed_keys (verifier, zone);
  clr_dkim_verifier_feed_body (verifier, (const uint8_t *)message->bytes + message->header,
                               message->size - message->header);
  clr_dkim_verifier_end (verifier);
  const ClrDkimResult *results = clr_dkim_verifier_get_results (verifier, &n);
  for (unsigned i = 0; i < n; i++)
    if (results[i].verdict == CLR_DKIM_PASS)
      g_ptr_array_add (into, g_strdup (results[i].domain));
  clr_dkim_verifier_free (verifier);
}

/* Returns: NULL, or what is wrong. (transfer full) */
static char *
read_message (JsonObject *in, ClrZone *zone, Identifiers *identifiers)
{
  ClrCheckMessage message;
  ClrHeaderBlock header;
  char *problem = clr_check_message_open (&message, in);

  if (problem)
    return problem;
  clr_header_block_parse (&header, message.bytes, message.header);
  identifiers->author = clr_dmarc_find_author (&header, &identifiers->problem);
  verify_dkim (&message, &header, clr_check_get_number (in, "now", g_get_real_time () / G_USEC_PER_SEC), zone,
               identifiers->dkim);
  clr_header_block_clear (&header);
  clr_check_message_close (&message);
  return NULL;
}

/* Returns: NULL, or what is wrong. (transfer full) */
static char *
check_client (JsonObject *in, ClrZone *zone, Identifiers *identifiers)
{
  ClrSpfRequest request = {
    .mail_from = clr_check_get_text (in, "mail-from"),
    .helo = clr_check_get_text (in, "helo"),
    .now = clr_check_get_number (in, "now", g_get_real_time () / G_USEC_PER_SEC),
    .limits = CLR_SPF_LIMITS,
  };

  if (clr_check_get_text (in, "ip") == NULL)
    return NULL;
  if (!clr_spf_address_parse (&request.address, clr_check_get_text (in, "ip")))
    return g_strdup (_ ("ip: it is no IP address"));
  g_autoptr (ClrSpf) spf = clr_check_run_spf (&request, zone);
  const ClrSpfResult *result = clr_spf_get_result (spf);
  if (result->verdict == CLR_SPF_PASS)
    g_ptr_array_add (identifiers->spf, g_strdup (result->domain));
  return NULL;
}

/* What author and identifier have in common: the organizational domain, or all when the record is strict. */
static void
set_aligned (JsonObject *details, const char *name, const ClrDmarcResult *result, const char *domain,
             gboolean strict)
{
  if (domain == NULL)
    json_object_set_boolean_member (details, name, FALSE);
  else
    json_object_set_string_member (
        details, name,
        strict || result->organizational_domain == NULL ? domain : result->organizational_domain);
}

/* Whoever still goes by RFC 7489 takes the organizational domain from the list of public suffixes; it is
 * shown beside ours, and decides nothing. */
static void
set_registrable (JsonObject *details, const char *domain)
{
#ifdef HAVE_PSL
  const psl_ctx_t *list = psl_builtin ();
  char *lower = NULL;
  const char *found = NULL;

  if (list && domain && *domain != '.' && psl_str_to_utf8lower (domain, "utf-8", NULL, &lower) == PSL_SUCCESS)
    found = psl_registrable_domain (list, lower);
  clr_check_set_text (details, "registrable-domain", found);
  psl_free_string (lower);
#endif
}

static JsonNode *
tell (const ClrDmarcResult *result, const char *author, const char *problem)
{
  JsonObject *details = json_object_new ();
  gboolean has_policy = result->record && result->parsed->applies;

  clr_check_set_text (details, "author-domain", result->author_domain);
  clr_check_set_text (details, "organizational-domain", result->organizational_domain);
  set_registrable (details, author);
  clr_check_set_text (details, "record-domain", result->record_domain);
  clr_check_set_text (details, "record", result->record);
  if (has_policy)
    {
      json_object_set_string_member (details, "policy", clr_dmarc_policy_get_name (result->policy));
      json_object_set_string_member (details, "published-policy",
                                     clr_dmarc_policy_get_name (result->published));
    }
  if (result->parsed)
    json_object_set_object_member (details, "tags", record_to_json (result->parsed));
  json_object_set_boolean_member (details, "domain-absent", result->absent);
  clr_check_set_text (details, "spf-domain", result->spf_aligned);
  clr_check_set_text (details, "dkim-domain", result->dkim_aligned);
  set_aligned (details, "spf-aligned", result, result->spf_aligned,
               result->parsed && result->parsed->spf_strict);
  set_aligned (details, "dkim-aligned", result, result->dkim_aligned,
               result->parsed && result->parsed->dkim_strict);
  clr_check_set_texts (details, "queries", result->questions);
  return clr_check_answer (clr_dmarc_verdict_get_name (result->verdict),
                           result->author_domain || problem == NULL ? result->reason : problem, details);
}

JsonNode *
clr_check_dmarc (JsonObject *in, ClrZone *zone)
{
  g_auto (Identifiers) identifiers
      = { g_ptr_array_new_with_free_func (g_free), g_ptr_array_new_with_free_func (g_free), NULL, NULL };
  const char *from = clr_check_get_text (in, "from"), *record = clr_check_get_text (in, "record");
  const char *spf_result = clr_check_get_text (in, "spf-result");
  g_autofree char *problem = NULL;
  const ClrAuthQuestion *question;

  if (record)
    return check_record (record);
  add_given (identifiers.dkim, in, "dkim");
  if (spf_result == NULL || g_ascii_strcasecmp (spf_result, "pass") == 0)
    add_given (identifiers.spf, in, "spf-domain");
  if (from)
    identifiers.author = g_strdup (strrchr (from, '@') ? strrchr (from, '@') + 1 : from);
  else if ((problem = read_message (in, zone, &identifiers)) != NULL)
    return clr_check_answer ("error", problem, NULL);
  if ((problem = check_client (in, zone, &identifiers)) != NULL)
    return clr_check_answer ("error", problem, NULL);
  g_ptr_array_add (identifiers.spf, NULL);
  g_ptr_array_add (identifiers.dkim, NULL);
  ClrDmarcRequest request = {
    .author_domain = identifiers.author,
    .spf_domains = (const char *const *)identifiers.spf->pdata,
    .dkim_domains = (const char *const *)identifiers.dkim->pdata,
  };
  g_autoptr (ClrDmarc) dmarc = clr_dmarc_new (&request);
  while ((question = clr_dmarc_get_question (dmarc)) != NULL)
    {
      g_autoptr (GPtrArray) records = NULL;
      ClrAuthAnswer answer;

      clr_check_answer_question (question, zone, &answer, &records);
      clr_dmarc_feed (dmarc, &answer);
    }
  return tell (clr_dmarc_get_result (dmarc), identifiers.author, identifiers.problem);
}

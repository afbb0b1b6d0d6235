/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check.h"

#include "check/clr-check-message.h"
#include "check/clr-check-question.h"
#include "mail/clr-feedback.h"

#include <glib/gi18n-lib.h>

static JsonObject *
to_json (const ClrFeedback *feedback)
{
  JsonObject *details = json_object_new ();

  clr_check_set_text (details, "feedback-type", feedback->type);
  clr_check_set_text (details, "user-agent", feedback->user_agent);
  clr_check_set_text (details, "original-envelope-id", feedback->envelope_id);
  clr_check_set_text (details, "original-mail-from", feedback->mail_from);
  clr_check_set_text (details, "arrival-date", feedback->arrival);
  clr_check_set_text (details, "source-ip", feedback->source_ip);
  clr_check_set_text (details, "reporting-mta", feedback->reporter);
  clr_check_set_text (details, "auth-failure", feedback->auth_failure);
  clr_check_set_texts (details, "original-rcpt-to", feedback->recipients);
  clr_check_set_texts (details, "reported-domain", feedback->domains);
  clr_check_set_texts (details, "reported-uri", feedback->uris);
  clr_check_set_texts (details, "authentication-results", feedback->results);
  json_object_set_boolean_member (details, "fields", feedback->has_fields);
  return details;
}

JsonNode *
clr_check_arf (JsonObject *in, ClrZone *zone)
{
  ClrCheckMessage message;
  g_autofree char *problem = clr_check_message_open (&message, in), *reason = NULL;
  ClrFeedback feedback;
  JsonNode *answer;

  if (problem)
    return clr_check_answer ("error", problem, NULL);
  if (clr_feedback_parse (&feedback, message.bytes, message.size))
    {
      reason = g_strdup_printf (_ ("a feedback report: %s"), feedback.type);
      answer = clr_check_answer ("ok", reason, to_json (&feedback));
    }
  else
    answer = clr_check_answer ("none", _ ("it is no feedback report"), NULL);
  clr_feedback_clear (&feedback);
  clr_check_message_close (&message);
  return answer;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks that take seconds: they run as errands in threads of their own, never in the main thread or a
 * worker.
 */
#include "clr-service-private.h"

#include "base/clr-clock.h"
#include "base/clr-errands.h"
#include "check/clr-check.h"
#include "dns/clr-resolver.h"
#include "dns/clr-sts-policy.h"

#define THREADS       2
#define ERRANDS_MOST  8
#define QUESTION_US   (4 * G_USEC_PER_SEC)  /* one question to the DNS */
#define CHECK_US      (20 * G_USEC_PER_SEC) /* all of a check */
#define POLICY_WAIT_S 10

typedef struct
{
  ClrErrand errand; /* first */
  ClrService *service;
  ClrControlCheck what;
  JsonObject *question;
  JsonNode *answer;
  char **servers; /* of the DNS */
  char *trust_anchor;
  void (*done) (JsonNode *answer, void *data);
  void *data;
} Check;

static void
check_free (Check *check)
{
  json_object_unref (check->question);
  if (check->answer)
    json_node_unref (check->answer);
  g_strfreev (check->servers);
  g_free (check->trust_anchor);
  g_free (check);
}

/* -- in a thread of the errands */

static gboolean
is_over (void *data)
{
  return clr_errands_are_ending (data);
}

static JsonNode *
check_domain (Check *check, const ClrErrands *errands)
{
  ClrResolverOptions options = { .servers = (const char *const *)check->servers,
                                 .trust_anchor = check->trust_anchor,
                                 .timeout_us = QUESTION_US };
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrZone) zone = clr_zone_new_from_options (&options, &error);

  if (zone == NULL)
    return clr_check_answer ("error", error->message, NULL);
  clr_zone_set_end (zone, clr_clock_monotonic () + CHECK_US, is_over, (void *)errands);
  return clr_check_domain (check->question, zone);
}

static void
run_check (ClrErrand *errand, const ClrErrands *errands)
{
  Check *check = (Check *)errand;

  switch (check->what)
    {
    case CLR_CONTROL_CHECK_KEY:
      check->answer = clr_check_dkim_key (check->question, NULL);
      break;
    case CLR_CONTROL_CHECK_DOMAIN:
      check->answer = check_domain (check, errands);
      break;
    }
}

/* -- in the main thread */

static void
on_checked (ClrLetter *letter, void *owner)
{
  Check *check = (Check *)letter;

  if (check->answer == NULL)
    check->answer = clr_check_answer ("error", "the relay is stopping", NULL);
  check->done (check->answer, check->data);
  check_free (check);
}

static void
give_up (Check *check, const char *why)
{
  check->answer = clr_check_answer ("error", why, NULL);
  on_checked (&check->errand.letter, NULL);
}

static void
post (Check *check)
{
  if (check->service->errands == NULL || !clr_errands_post (check->service->errands, &check->errand))
    give_up (check, "too many checks run already; try again in a minute");
}

/* The policy of the domain's own, for the check that comes behind. */
static void
on_policy (const ClrWebReply *reply, void *data)
{
  Check *check = data;

  if (reply->outcome == CLR_WEB_ANSWERED && reply->status == 200 && clr_sts_policy_is_type (reply->type)
      && g_utf8_validate (reply->body, reply->size, NULL))
    {
      /* With a line end it is never taken for the name of a file. */
      g_autofree char *text = g_strdup_printf ("%.*s\n", (int)reply->size, reply->body);
      json_object_set_string_member (check->question, "sts-policy", text);
    }
  post (check);
}

static void
begin_domain (Check *check)
{
  ClrService *service = check->service;
  g_autofree char *url = NULL;
  ClrWebRequest request
      = { .method = "GET", .size_most = CLR_STS_POLICY_SIZE_MOST, .timeout_s = POLICY_WAIT_S };

  url = g_strdup_printf (
      "https://mta-sts.%s:%d/.well-known/mta-sts.txt",
      json_object_get_string_member (check->question, "domain"),
      (int)clr_section_get_number (clr_settings_get_section (service->settings, "mta-sts"), "port"));
  request.url = url;
  clr_web_client_send (service->web_client, &request, on_policy, check);
}

void
clr_service_check (ClrControlCheck what, JsonObject *question, ClrMailbox *reply_to,
                   void (*done) (JsonNode *answer, void *data), void *call, void *data)
{
  ClrService *service = data;
  ClrSection *dns = clr_settings_get_section (service->settings, "dns");
  Check *check = g_new0 (Check, 1);

  check->errand = (ClrErrand){ .run = run_check, .reply_to = reply_to, .open = on_checked };
  check->service = service;
  check->what = what;
  check->question = question;
  check->servers = g_strdupv ((char **)clr_section_get_list (dns, "servers"));
  check->trust_anchor = g_strdup (clr_section_get_text (dns, "trust-anchor"));
  check->done = done;
  check->data = call;
  if (what == CLR_CONTROL_CHECK_DOMAIN)
    {
      json_object_set_string_member (question, "config", clr_settings_get_file (service->settings));
      begin_domain (check);
    }
  else
    post (check);
}

void
clr_service_start_checks (ClrService *service)
{
  service->errands = clr_errands_new (THREADS, ERRANDS_MOST);
}

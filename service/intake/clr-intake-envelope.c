/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/clr-intake-private.h"

const ClrObjection *
clr_intake_set_sender (ClrIntake *intake, const char *sender, unsigned ret, const char *envid)
{
  const char *used = sender;
  const ClrObjection *why = clr_acceptance_judge_sender (intake->is, &used, intake->time_us);

  if (why)
    return why;
  if (used != sender)
    intake->repairs |= CLR_REPAIR_SENDER;
  intake->sender = g_strdup (used);
  intake->ret = ret;
  intake->envid = *envid ? g_strdup (envid) : NULL;
  if (intake->outside)
    intake->evaluation = clr_evaluation_new (
        intake->place.worker,
        &(ClrEvaluationFacts){ .client = intake->client,
                               .helo = intake->helo,
                               .sender = used,
                               .hostname = clr_policy_get_hostname (intake->policy),
                               .spf = clr_policy_get_outside (intake->policy)->spf,
                               .timeout_us = clr_policy_get_outside (intake->policy)->timeout_us });
  return NULL;
}

/* Takes @lane. */
static void
add_row (ClrIntake *intake, const char *recipient, unsigned notify, const char *orcpt, char *lane)
{
  ClrRecipient row = {
    .number = intake->recipients->len,
    .address = g_strdup (recipient),
    .notify = notify,
    .orcpt = *orcpt ? g_strdup (orcpt) : NULL,
    .lane = lane,
  };
  g_array_append_val (intake->recipients, row);
}

const ClrObjection *
clr_intake_add_recipient (ClrIntake *intake, const char *recipient, unsigned notify, const char *orcpt)
{
  char *lane = NULL;
  const ClrObjection *why = clr_acceptance_judge_recipient (intake->policy, intake->is, intake->sender,
                                                            &recipient, intake->recipients->len, &lane);

  if (why == NULL)
    add_row (intake, recipient, notify, orcpt, lane);
  return why;
}

void
clr_intake_add_journal (ClrIntake *intake)
{
  const char *journal = intake->is->journal;

  for (unsigned i = 0; journal && i < intake->recipients->len; i++)
    if (g_ascii_strcasecmp (g_array_index (intake->recipients, ClrRecipient, i).address, journal) == 0)
      return;
  if (journal == NULL)
    return;
  ClrRouteCase what = { intake->sender, intake->device, journal, intake->is->route };
  char *lane = clr_policy_find_lane (intake->policy, &what);
  if (lane)
    add_row (intake, journal, CLR_TELL_NEVER, "", lane);
}

/* A client that only says the word asks nothing of the next hop. One that does not say it, and has octets
 * above 127 in its header section all the same, as many a device has, gets them carried as 8-bit content,
 * octet by octet. */
gboolean
clr_intake_needs_smtputf8 (const ClrIntake *intake)
{
  if ((intake->utf8_header && intake->says_smtputf8) || !g_str_is_ascii (intake->sender))
    return TRUE;
  for (unsigned i = 0; i < intake->recipients->len; i++)
    if (!g_str_is_ascii (g_array_index (intake->recipients, ClrRecipient, i).address))
      return TRUE;
  return FALSE;
}

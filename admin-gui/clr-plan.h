/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the assistant's answers mean for the settings file, and for the DNS. Pure.
 */
#pragma once

#include "clr-draft.h"

G_BEGIN_DECLS

#define CLR_PLAN_SMARTHOST "out" /* the one that the assistant makes */
#define CLR_PLAN_SECRET    "out" /* what it logs in with */

typedef enum
{
  CLR_PLAN_DIRECT,
  CLR_PLAN_MICROSOFT,
  CLR_PLAN_GOOGLE,
  CLR_PLAN_OTHER,
} ClrPlanWay;

/* Texts: "" for nothing. */
typedef struct
{
  ClrPlanWay way;
  const char *host;               /* of CLR_PLAN_OTHER */
  const char *tls;                /* of CLR_PLAN_OTHER: a word of the setting */
  const char *user;               /* the mailbox, or login */
  const char *tenant, *client_id; /* of CLR_PLAN_MICROSOFT */
} ClrPlanAnswers;

/* NULL, or what is missing, for a person. (transfer none) */
const char *clr_plan_find_missing (const ClrPlanAnswers *answers, gboolean has_secret);
/* Settings for the way out; what a former run of the assistant has left goes. (transfer full) */
ClrDraft *clr_plan_make_way (ClrGroups *groups, const ClrPlanAnswers *answers);
/* What the file says now; the texts are the file's. */
ClrPlanAnswers clr_plan_read_way (ClrGroups *groups);
/* One of the DNS records that a domain needs: a line for a zone file. (transfer full) */
char *clr_plan_make_spf (const char *domain, const char *hostname, const ClrPlanAnswers *answers);
char *clr_plan_make_dmarc (const char *domain, const char *postmaster);

G_END_DECLS

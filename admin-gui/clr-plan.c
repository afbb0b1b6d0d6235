/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-plan.h"

#include <glib/gi18n.h>
#include <string.h>

const char *
clr_plan_find_missing (const ClrPlanAnswers *answers, gboolean has_secret)
{
  switch (answers->way)
    {
    case CLR_PLAN_MICROSOFT:
      if (*answers->user == '\0' || *answers->tenant == '\0' || *answers->client_id == '\0' || !has_secret)
        return _ ("The mailbox, the tenant, and the id and secret of the app registration are needed.");
      break;
    case CLR_PLAN_GOOGLE:
      if (*answers->user == '\0' || !has_secret)
        return _ ("The mailbox and its app password are needed.");
      break;
    case CLR_PLAN_OTHER:
      if (*answers->host == '\0')
        return _ ("The name of the provider’s server is needed.");
      if ((*answers->user == '\0') == has_secret)
        return _ ("User and password go together.");
      break;
    case CLR_PLAN_DIRECT:
      break;
    }
  return NULL;
}

/* @value: NULL for none. Nothing is taken out that is not there. */
static void
put (ClrDraft *draft, ClrGroups *groups, const char *group, const char *name, const char *key,
     const char *value)
{
  const char *former = clr_groups_get (groups, group, name, key);

  if (g_strcmp0 (former, value && *value ? value : NULL) != 0)
    clr_draft_set (draft, group, name, key, value && *value ? value : NULL);
}

static void
put_smarthost (ClrDraft *draft, ClrGroups *groups, const ClrPlanAnswers *answers)
{
  const char *name = CLR_PLAN_SMARTHOST;
  gboolean microsoft = answers->way == CLR_PLAN_MICROSOFT, google = answers->way == CLR_PLAN_GOOGLE;
  gboolean known = microsoft || google, password = !microsoft && *answers->user;

  put (draft, groups, "smarthost", name, "preset", microsoft ? "microsoft365" : google ? "google" : NULL);
  put (draft, groups, "smarthost", name, "hosts", known ? NULL : answers->host);
  put (draft, groups, "smarthost", name, "tls", known ? NULL : answers->tls);
  put (draft, groups, "smarthost", name, "auth", google ? "password" : NULL);
  put (draft, groups, "smarthost", name, "oauth", NULL);
  put (draft, groups, "smarthost", name, "user", answers->user);
  put (draft, groups, "smarthost", name, "password", password ? CLR_PLAN_SECRET : NULL);
  if (!microsoft)
    return;
  put (draft, groups, "oauth", name, "preset", "microsoft365");
  put (draft, groups, "oauth", name, "grant", "client-secret");
  put (draft, groups, "oauth", name, "tenant", answers->tenant);
  put (draft, groups, "oauth", name, "client-id", answers->client_id);
  put (draft, groups, "oauth", name, "client-secret", CLR_PLAN_SECRET);
}

ClrDraft *
clr_plan_make_way (ClrGroups *groups, const ClrPlanAnswers *answers)
{
  static const char *const only_mx[] = { "port", "tls", "mta-sts", "directory", "reply" };
  ClrDraft *draft = clr_draft_new ();

  if (answers->way == CLR_PLAN_DIRECT)
    {
      put (draft, groups, "route", "default", "via", "mx");
      return draft;
    }
  put_smarthost (draft, groups, answers);
  for (guint i = 0; i < G_N_ELEMENTS (only_mx); i++)
    put (draft, groups, "route", "default", only_mx[i], NULL);
  put (draft, groups, "route", "default", "via", "smarthost:" CLR_PLAN_SMARTHOST);
  return draft;
}

ClrPlanAnswers
clr_plan_read_way (ClrGroups *groups)
{
  const char *via = clr_groups_get (groups, "route", "default", "via");
  const char *name = via && g_str_has_prefix (via, "smarthost:") ? via + strlen ("smarthost:") : NULL;
  const char *preset = name ? clr_groups_get (groups, "smarthost", name, "preset") : NULL;
  ClrPlanAnswers answers = {
    .way = name == NULL                              ? CLR_PLAN_DIRECT
           : g_strcmp0 (preset, "microsoft365") == 0 ? CLR_PLAN_MICROSOFT
           : g_strcmp0 (preset, "google") == 0       ? CLR_PLAN_GOOGLE
                                                     : CLR_PLAN_OTHER,
    .host = "",
    .tls = "",
    .user = "",
    .tenant = "",
    .client_id = "",
  };

  return answers;
}

char *
clr_plan_make_spf (const char *domain, const char *hostname, const ClrPlanAnswers *answers)
{
  switch (answers->way)
    {
    case CLR_PLAN_MICROSOFT:
      return g_strdup_printf ("%s. TXT \"v=spf1 include:spf.protection.outlook.com -all\"", domain);
    case CLR_PLAN_GOOGLE:
      return g_strdup_printf ("%s. TXT \"v=spf1 include:_spf.google.com ~all\"", domain);
    case CLR_PLAN_OTHER:
      /* What includes its customers publish, the provider says. */
      return g_strdup_printf (_ ("%s. TXT \"v=spf1 include:(as your provider says) ~all\""), domain);
    case CLR_PLAN_DIRECT:
      break;
    }
  return g_strdup_printf ("%s. TXT \"v=spf1 a:%s ~all\"", domain, hostname);
}

char *
clr_plan_make_dmarc (const char *domain, const char *postmaster)
{
  return g_strdup_printf ("_dmarc.%s. TXT \"v=DMARC1; p=none%s%s\"", domain,
                          postmaster && *postmaster ? "; rua=mailto:" : "", postmaster ? postmaster : "");
}

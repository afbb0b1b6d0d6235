/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sessions/clr-session-facts.h"

void
clr_session_facts_clear (ClrSessionFacts *facts)
{
  g_free (facts->peer);
  g_free (facts->name);
  g_free (facts->place);
  g_free (facts->device);
  g_free (facts->login);
  g_free (facts->tls);
  g_free (facts->state);
  *facts = (ClrSessionFacts){ .worker = facts->worker, .number = facts->number };
}

char *
clr_session_facts_dup_id (const ClrSessionFacts *facts)
{
  return g_strdup_printf ("%u-%" G_GUINT64_FORMAT, facts->worker + 1, facts->number);
}

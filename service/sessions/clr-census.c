/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sessions/clr-census.h"

static void
clear_facts (void *data)
{
  clr_session_facts_clear (data);
}

ClrCensus *
clr_census_new (unsigned most, ClrMailbox *reply_to, void (*open) (ClrLetter *letter, void *owner),
                void *data)
{
  ClrCensus *roll = g_new0 (ClrCensus, 1);

  roll->most = MIN (most, CLR_CENSUS_MOST);
  roll->sessions = g_array_new (FALSE, TRUE, sizeof (ClrSessionFacts));
  g_array_set_clear_func (roll->sessions, clear_facts);
  roll->reply_to = reply_to;
  roll->open = open;
  roll->data = data;
  return roll;
}

void
clr_census_free (ClrCensus *roll)
{
  g_array_unref (roll->sessions);
  g_free (roll);
}

gboolean
clr_census_has_room (const ClrCensus *roll)
{
  return roll->sessions->len < roll->most;
}

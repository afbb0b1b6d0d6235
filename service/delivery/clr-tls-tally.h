/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrTlsTally: what came of TLS on the way out, counted per domain and day (UTC) as RFC 8460 wants it. Lives
 * in the main thread; workers post sessions. The counts outlive a restart.
 */
#pragma once

#include "delivery/clr-sts-keeper.h"
#include "delivery/clr-tls-session.h"

#define CLR_TLS_ROWS_MOST 20000u /* domains times days */
#define CLR_TLS_KEEP_DAYS 8

typedef struct ClrTlsTally ClrTlsTally;

/* Main thread. @keeper: tells the policies; both must outlive it. @state: (nullable) */
ClrTlsTally *clr_tls_tally_new (ClrStsKeeper *keeper, ClrState *state, GError **error);
/* After the workers have ended. */
void clr_tls_tally_free (ClrTlsTally *tally);

/* Any thread. Takes @session. */
void clr_tls_tally_post (ClrTlsTally *tally, ClrTlsSession *session);

/* Main thread. All rows, newest day first: {"days": [{"date", "domain", "reported", "policies"}]}. (transfer
 * full) */
JsonNode *clr_tls_tally_describe (ClrTlsTally *tally);
/* Calls @visitor for each row that has not been reported, of days before @date, or of all. @policies: valid
 * during the call. */
void clr_tls_tally_visit (ClrTlsTally *tally, const char *before,
                          void (*visitor) (const char *date, const char *domain, JsonArray *policies,
                                           void *data),
                          void *data);
void clr_tls_tally_set_reported (ClrTlsTally *tally, const char *date, const char *domain);
/* "2026-11-24" of now, UTC. (transfer full) */
char *clr_tls_tally_dup_today (void);

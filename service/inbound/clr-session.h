/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSession: one inbound SMTP session: a stream, the SMTP server machine and an intake, put together.
 * Belongs to one worker; keeps the policy it began with.
 */
#pragma once

#include "inbound/clr-inbound.h"

typedef struct ClrSession ClrSession;

/* Takes @fd and the client's @slot. @ended: the session is over and must be freed, but not inside the call.
 */
ClrSession *clr_session_new (const ClrIntakePlace *place, ClrLogins *logins, ClrSightings *sightings, int fd,
                             const ClrEndpoint *peer, unsigned slot, ClrReception *reception,
                             void (*ended) (ClrSession *session, void *data), void *data);
void clr_session_free (ClrSession *session);
/* Says goodbye: between messages, or @now. */
void clr_session_stop (ClrSession *session, gboolean now);

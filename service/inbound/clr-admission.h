/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrAdmission: how the client of one session logs in: it gives the SASL machine what it must know, has
 * claims judged, and says what the client is told. Belongs to the session.
 */
#pragma once

#include "net/clr-stream.h"
#include "smtp/clr-server.h"
#include "users/clr-logins.h"

typedef struct ClrAdmission ClrAdmission;

/* @told: behind each answer to the client; @good: it is logged in now. */
ClrAdmission *clr_admission_new (ClrLogins *logins, void (*told) (gboolean good, void *data), void *data);
void clr_admission_free (ClrAdmission *login);

/* For the SASL machine. What @verifier points to is @login's. */
void clr_admission_find_verifier (ClrAdmission *login, const char *name, ClrSaslVerifier *verifier);

/* @client: address as text, for the log. Answers @server now or later. */
void clr_admission_judge (ClrAdmission *login, ClrSmtpServer *server, const ClrSaslClaim *claim,
                          const uint8_t address[16], const char *client);
/* Who the client is; NULL before it has logged in. */
const char *clr_admission_get_name (ClrAdmission *login);
/* Nobody waits for an answer any more. */
void clr_admission_abandon (ClrAdmission *login);
/* What was proved in clear counts no more (RFC 3207 section 4.2). */
void clr_admission_forget (ClrAdmission *login);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrTlsSession: what came of TLS with one host, as RFC 8460 counts it, and the counts themselves: a JSON
 * array in the form of a report's "policies" (RFC 8460 section 4.4). Pure.
 */
#pragma once

#include "base/clr-mailbox.h"
#include "delivery/clr-tls-choice.h"

#include <json-glib/json-glib.h>

#define CLR_TLS_POLICIES_MOST 8u  /* of one domain and day; a policy seldom changes */
#define CLR_TLS_FAILURES_MOST 50u /* kinds of failures of one policy; beyond, only the sum grows */

typedef struct
{
  ClrLetter letter; /* to the tally */
  char *domain;     /* whose mail it was about */
  ClrTlsPolicyKind kind;
  char **policy;   /* lines of the policy, TLSA records; NULL: none */
  char **patterns; /* "mx-host" of an MTA-STS policy; NULL: none */
  char *host;      /* "" when it never came to one */
  char *address;   /* of the host; NULL: not known */
  char *own;       /* our address; NULL: not known */
  ClrTlsResult result;
  char *detail; /* in words, or NULL */
} ClrTlsSession;

void clr_tls_session_free (ClrTlsSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrTlsSession, clr_tls_session_free)

/* Adds one session to @policies. */
void clr_tls_session_count (const ClrTlsSession *session, JsonArray *policies);

typedef struct
{
  const char *organization;
  const char *contact;
  const char *id;   /* unique: "2026-11-24.example.net@relay.example.com" */
  const char *date; /* "2026-11-24", UTC */
} ClrTlsReportHead;

/* The report of one domain and day. Returns: (transfer full) */
char *clr_tls_report_write (const ClrTlsReportHead *head, JsonArray *policies);
/* The mail that carries it (RFC 8460 section 5.3), CRLF lines. @json is compressed. @submitter: our domain.
 * @boundary: stands nowhere else. Returns: (transfer full) */
char *clr_tls_report_write_mail (const ClrTlsReportHead *head, const char *from, const char *to,
                                 const char *domain, const char *submitter, const char *date,
                                 const GBytes *json);
/* Returns: (transfer full): gzip (RFC 1952). */
GBytes *clr_tls_report_compress (const char *json);

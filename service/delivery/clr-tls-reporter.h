/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrTlsReporter: after the end of a day, tells each domain what came of TLS with its servers, where its
 * TLSRPT record says that it wants to hear of it: by mail or by HTTPS (RFC 8460). Lives in the main thread; a
 * worker's resolver is asked for the record.
 */
#pragma once

#include "delivery/clr-tls-tally.h"

typedef struct ClrTlsReporter ClrTlsReporter;

typedef struct
{
  ClrTlsTally *tally;
  ClrWebClient *client;
  ClrWorker *worker; /* whose resolver is asked */
  gboolean send;     /* every day, by itself */
  const char *from;
  const char *organization;
  const char *contact;
  const char *hostname;
  /* Takes a message in. */
  void (*submit) (const char *sender, const char *recipient, GBytes *content, void *data);
  void *data;
} ClrTlsReporterOptions;

/* Main thread; strings are copied, all else must outlive it. */
ClrTlsReporter *clr_tls_reporter_new (const ClrTlsReporterOptions *options);
/* After the workers have ended, and the client. */
void clr_tls_reporter_free (ClrTlsReporter *reporter);

/* Main thread: reports what has not been reported, of today too. Returns: how many domains are asked where.
 */
unsigned clr_tls_reporter_send_now (ClrTlsReporter *reporter);

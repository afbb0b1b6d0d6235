/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrCertificates: the certificates that a set of listeners shows: read, watched for change, and warned about
 * before they expire. Main thread; part of clr-service.
 */
#pragma once

#include "net/clr-tls.h"
#include "settings/clr-settings.h"

#include <json-glib/json-glib.h>

typedef struct ClrCertificates ClrCertificates;

ClrCertificates *clr_certificates_new (ClrSettings *settings, const char *hostname,
                                       const char *state_directory);
void clr_certificates_free (ClrCertificates *certificates);

/* A context with all the certificates of @listener; the self-signed one when it has none. Returns: (transfer
 * full) (nullable) */
ClrTlsContext *clr_certificates_make_context (ClrCertificates *certificates, ClrSection *listener,
                                              ClrTlsAge age, GError **error);

/* @expires: seconds since 1970. */
typedef void (*ClrCertificateVisitor) (const char *file, const char *names, gint64 expires, void *data);
/* Each that is in use. */
void clr_certificates_visit (ClrCertificates *certificates, ClrCertificateVisitor visitor, void *data);

/* What is known of each, see the model Certificate of the API. @now: seconds since 1970. (transfer full) */
JsonArray *clr_certificates_describe (ClrCertificates *certificates, gint64 now);

/* Whether a file is another than when it was read, or last asked about. */
gboolean clr_certificates_have_changed (ClrCertificates *certificates);
/* Events: which are in use. */
void clr_certificates_tell (ClrCertificates *certificates);
/* Events: which come close to their end, each once at each stage. @now: seconds since 1970 */
void clr_certificates_warn (ClrCertificates *certificates, gint64 now);
/* Appends a sentence about each that comes close to its end. @lines: of char* (transfer full) */
void clr_certificates_add_warnings (ClrCertificates *certificates, gint64 now, GPtrArray *lines);

/* How near the end is: 0: not within 30 days, 1: 30 days, 2: 14, 3: 3, 4: it is over. */
unsigned clr_certificates_get_stage (gint64 expires, gint64 now);

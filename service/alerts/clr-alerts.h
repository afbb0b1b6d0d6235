/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrAlerts: looks at the relay every few seconds, keeps the book of alerts, and tells of them: in the log,
 * by mail, by a web hook. What is active outlives a restart. Main thread.
 */
#pragma once

#include "alerts/clr-alert-book.h"
#include "queue/clr-queue.h"
#include "queue/clr-state.h"
#include "web/clr-web-client.h"

typedef struct ClrAlerts ClrAlerts;

/* A certificate in use; @expires: seconds since 1970. */
typedef void (*ClrAlertCertificate) (const char *file, const char *names, gint64 expires, void *data);

/* What the engine needs of the service. */
typedef struct
{
  ClrQueue *queue;
  ClrState *state;       /* NULL: nothing is kept over a restart */
  const char *directory; /* on the disk that is looked at */
  ClrWebClient *web;     /* for web hooks; taken */
  void (*visit_certificates) (ClrAlertCertificate visitor, void *visitor_data, void *data);
  char **(*list_oauth_problems) (void *data); /* (transfer full): a line for each account */
  /* @route: NULL: any */
  void (*send_mail) (const char *to, const char *route, GBytes *content, void *data);
  void *data;
} ClrAlertsOptions;

/* Strings of @options are copied. Begins to look at once when the main loop runs. */
ClrAlerts *clr_alerts_new (const ClrAlertsOptions *options, ClrSettings *settings, GError **error);
/* Other rules. Fails when one makes no sense; the former stay then. */
gboolean clr_alerts_check (ClrSettings *settings, GError **error);
void clr_alerts_apply (ClrAlerts *alerts, ClrSettings *settings);
/* Nothing is looked at, and nobody told, any more. */
void clr_alerts_stop (ClrAlerts *alerts);
/* After the queue has ended. */
void clr_alerts_free (ClrAlerts *alerts);

/* See clr_alert_book_list(). */
GPtrArray *clr_alerts_list (ClrAlerts *alerts);
gboolean clr_alerts_acknowledge (ClrAlerts *alerts, const char *name, const char *subject, const char *who);
/* Tells those of the rule @name that this is a test. Returns: FALSE when there is no such rule. */
gboolean clr_alerts_test (ClrAlerts *alerts, const char *name);
/* A line for each that is active and acknowledged by nobody. */
void clr_alerts_add_warnings (ClrAlerts *alerts, GPtrArray *lines);

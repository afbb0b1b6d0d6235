/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of ClrService share: its parts. clr-service.c owns them all and ends them; the others start
 * some. Main thread.
 */
#pragma once

#include "clr-service.h"

#include "alerts/clr-alerts.h"
#include "base/clr-errands.h"
#include "clr-gate.h"
#include "clr-listeners.h"
#include "clr-tokens.h"
#include "control/clr-control.h"
#include "devices/clr-ledger.h"
#include "delivery/clr-delivery.h"
#include "delivery/clr-tls-reporter.h"
#include "inbound/clr-inbound.h"
#include "intake/clr-reporter.h"
#include "pickup/clr-pickup.h"
#include "sessions/clr-sessions.h"
#include "web/clr-web-client.h"

struct ClrService
{
  char *file;
  ClrSettings *settings;
  int lock_fd; /* a second service on the same state is refused */
  ClrState *state;
  ClrInventory *inventory;
  ClrLedger *ledger;
  ClrDisk *disk;
  ClrQueue *queue;
  ClrWorker **workers;
  ClrInbound **inbounds;
  ClrDelivery **deliveries;
  ClrReporter **reporters;
  ClrSessions *sessions;
  ClrTokens *tokens;
  ClrPolicy *policy;      /* the one in force */
  unsigned next_injector; /* the worker that takes the next message of the API */
  unsigned n_workers;
  ClrListeners *listeners;
  ClrGate *gate;
  ClrControl *control;
  ClrPickup *pickup;
  ClrWebResolver *web_resolver;
  ClrWebClient *web_client; /* for policies */
  ClrStsKeeper *sts;
  ClrTlsTally *tls_tally;
  ClrWebClient *report_client;
  ClrTlsReporter *tls_reporter;
  ClrAlerts *alerts;
  ClrErrands *errands; /* checks that take seconds */

  void (*stopped) (void *data);
  void *stopped_data;
  int64_t drain_until_us;
  guint drain_source;
  guint certificate_source;
  gboolean force; /* an open relay is accepted, whatever the settings say */
  char *opening;  /* by which strangers can relay, though accepted; NULL: none */
  char *restored; /* what the audit is told of a restore, NULL: nothing */
  gboolean cut;
};

/* clr-service-restored.c: a second service on the same state is refused. */
gboolean clr_service_lock_state (ClrService *service, const char *directory, GError **error);
/* A restore that was interrupted is finished; @did: then the settings are others. */
gboolean clr_service_finish_restore (ClrService *service, gboolean *did, GError **error);
/* The first start after a restore: before the queue's file is opened. */
gboolean clr_service_take_restored (ClrService *service, const char *directory, GError **error);
/* clr-service-control.c: the control API, when the queue and the workers stand. */
gboolean clr_service_start_control (ClrService *service, GError **error);
/* clr-service-tls.c: policies of TLS on the way out, what came of it, and reports of that; when the workers
 * stand. */
gboolean clr_service_start_tls (ClrService *service, GError **error);
/* clr-service-checks.c: the threads for checks; a check of ClrControlHost. */
void clr_service_start_checks (ClrService *service);
void clr_service_check (ClrControlCheck what, JsonObject *question, ClrMailbox *reply_to,
                        void (*done) (JsonNode *answer, void *data), void *call, void *data);
/* clr-service-alerts.c: when the queue stands. */
gboolean clr_service_start_alerts (ClrService *service, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrControl: the JSON control API on a Unix-domain socket, and over TCP for those who show a token. We
 * accept ourselves, look at who it is and how many there are, and hand the connection to libsoup's server.
 * Main thread.
 */
#pragma once

#include "alerts/clr-alerts.h"
#include "devices/clr-inventory.h"
#include "devices/clr-ledger.h"
#include "policy/clr-policy.h"
#include "queue/clr-queue.h"
#include "queue/clr-state.h"
#include "sessions/clr-sessions.h"
#include "settings/clr-settings.h"
#include "users/clr-guard.h"

#include <json-glib/json-glib.h>

typedef struct ClrControl ClrControl;

/* A message to be taken in, and what becomes of it. */
typedef struct
{
  const char *who; /* for the trace */
  const char *sender;
  char **recipients;
  GBytes *content;
  ClrMailbox *reply_to; /* whose owner calls @done */
  /* @reply: "250 2.0.0 queued as ID"; @id: "" when it is not stored. */
  void (*done) (const char *reply, const char *id, void *data);
  void *data;
} ClrControlSubmission;

typedef enum
{
  CLR_CONTROL_OAUTH_LIST,
  CLR_CONTROL_OAUTH_RENEW,
  CLR_CONTROL_OAUTH_LOGIN, /* begin one */
  CLR_CONTROL_OAUTH_WATCH, /* how far the one under way is */
  CLR_CONTROL_OAUTH_PASTE, /* the address to which a browser was led */
} ClrControlOauth;

/* Checks that take seconds. */
typedef enum
{
  CLR_CONTROL_CHECK_KEY,    /* see clr_check_dkim_key (): makes one */
  CLR_CONTROL_CHECK_DOMAIN, /* {"domain": in A-labels}: see clr_check_domain () */
} ClrControlCheck;

/* What the API needs of the service; the functions are called in the main thread. */
typedef struct
{
  ClrQueue *queue;
  ClrDisk *disk;   /* where large contents are */
  ClrState *state; /* NULL: nothing is kept over a restart */
  int64_t start_us;
  ClrSettings *(*get_settings) (void *data);   /* (transfer none) */
  const ClrPolicy *(*get_policy) (void *data); /* the one in force */
  char **(*list_listeners) (void *data);       /* (transfer full) */
  unsigned (*send_tls_reports) (void *data);   /* how many domains are asked where they want theirs */
  JsonNode *(*describe_tls) (void *data);      /* (transfer full): what came of TLS, by domain and day */
  gboolean (*reload) (void *data, GError **error);
  /* Ends with clr_methods_tell_probe() of @call, opened by @reply_to. */
  void (*probe) (const char *smarthost, const char *from, const char *to, ClrMailbox *reply_to, void *call,
                 void *data);
  /* Which way mail would take; @question: its members are texts. (transfer full) */
  JsonNode *(*check_route) (JsonObject *question, void *data);
  /* What strangers are told, see clr_check_relay (). (transfer full) */
  JsonNode *(*check_relay) (void *data);
  /* The rule by which @text, as the settings file, would open the relay to strangers without saying that it
   * is accepted; NULL: none, or it is not valid. (transfer full) */
  char *(*find_opening) (const char *text, void *data);
  /* A DKIM key and its record; see clr_check_dkim_key (). (transfer full) */
  JsonNode *(*check_key) (JsonObject *question, void *data);
  /* @question: taken. @done: in the main thread, at once or later; @answer is valid during it. */
  void (*check) (ClrControlCheck what, JsonObject *question, ClrMailbox *reply_to,
                 void (*done) (JsonNode *answer, void *call), void *call, void *data);
  char **(*list_warnings) (void *data);         /* (transfer full) */
  JsonArray *(*list_certificates) (void *data); /* of listeners (transfer full) */
  /* (transfer full) (nullable) */
  JsonNode *(*ask_oauth) (ClrControlOauth what, const char *account, const char *text, GError **error,
                          void *data);
  ClrLedger *ledger;                                    /* what devices have sent */
  ClrInventory *inventory;                              /* who tried */
  ClrAlerts *alerts;                                    /* what is wrong */
  ClrSessions *sessions;                                /* of now */
  ClrGuard *guard;                                      /* who is banned */
  gboolean (*apply_users) (void *data, GError **error); /* the users file has changed */
  /* Strings are copied. FALSE: the service stops. */
  gboolean (*submit) (const ClrControlSubmission *submission, void *data);
  void *data;
} ClrControlHost;

/* For whoever opens the letter with what a probe showed. @data: what the probe was given as its call. */
void clr_methods_tell_probe (JsonNode *answer, void *data);

/* Where the API is reached. */
typedef struct
{
  const char *socket;           /* a path; not on Windows */
  const char *const *addresses; /* over TCP, see clr-door.h; NULL or none: not */
  const char *hostname;         /* the relay's */
  const char
      *certificate_file; /* PEM, for TLS; NULL: clr_door_needs_certificate() says that none is needed */
  const char *key_file;
  const char *pass_file;
} ClrControlPlaces;

ClrControl *clr_control_new (const ClrControlHost *host, const ClrControlPlaces *places, GError **error);
void clr_control_free (ClrControl *control);
/* An entry of the audit, for what did not come through the API. */
void clr_control_note (ClrControl *control, const char *who, const char *what);

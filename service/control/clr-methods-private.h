/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of the API's methods share. A method is a function `clr_method_…` declared here and one row
 * of the table in clr-methods.c. It answers at once, or waits for another thread: then a ClrPendingCall keeps
 * the request until the letter with the answer is opened. Main thread.
 */
#pragma once

#include "control/clr-json.h"
#include "control/clr-methods.h"
#include "queue/clr-queue.h"

/* In a row's path: one part of any name. */
#define CLR_METHODS_NAME "{name}"

typedef struct ClrCall ClrCall;

/* A method, declared once: the service obeys it, and the OpenAPI document is made from it. */
typedef struct
{
  const char *method;
  const char *path; /* with a final slash: something must follow; {name} stands for one part */
  unsigned roles;   /* ClrRole: all that may call it */
  void (*handle) (ClrCall *call);
  const char *summary;
  /* See clr-openapi.h. @query: any other parameter is refused. @body: of a request; any other member is
   * refused; NULL: none. */
  const char *query, *body, *answer;
} ClrMethodRow;

/* One request, while its method runs. */
struct ClrCall
{
  const ClrMethodRow *row;
  ClrMethodPlace *place;
  SoupServerMessage *message;
  const char *rest; /* the path behind the row's, or what stands for {name} */
  GHashTable *query;
  ClrRole role;
  const char *who;
};

/* What a request leaves behind when it has to wait for another thread. */
typedef struct
{
  ClrMethodPlace *place;
  SoupServerMessage *message;
  char *chosen; /* NULL, or what an order is about, for the audit */
} ClrPendingCall;

/* clr-methods.c */
const char *clr_call_get_parameter (ClrCall *call, const char *name); /* of the query, NULL: not said */
/* The body as a JSON object, NULL when it is none. (transfer full) */
JsonNode *clr_call_read_object (ClrCall *call);
ClrPendingCall *clr_call_wait (ClrCall *call);
/* The id behind the path. Returns: FALSE when a refusal has been answered. */
gboolean clr_call_read_id (ClrCall *call, uint64_t *id);
/* A question to the queue, to be filled and posted; @open gets it back, the ClrPendingCall in its data.
 * (transfer full) */
ClrQueueRequest *clr_call_ask_queue (ClrCall *call, ClrRequestKind kind,
                                     void (*open) (ClrLetter *letter, void *owner));
/* Something was changed, or read that is nobody else's: an event, and an entry of the audit. @detail:
 * (nullable): not for the log. */
void clr_methods_note (ClrMethodPlace *place, const char *who, const char *what, const char *detail);
void clr_pending_call_go_on (ClrPendingCall *pending);                 /* frees it; the answer has been set */
void clr_methods_answer_text (SoupServerMessage *message, char *text); /* JSON; takes @text */
void clr_methods_answer_json (SoupServerMessage *message, JsonNode *node);
void clr_methods_answer_object (SoupServerMessage *message, GObject *object);
void clr_methods_answer_number (SoupServerMessage *message, const char *name, gint64 number);

/* The head has promised more than will come: the asker must not take it for the whole. */
void clr_methods_cut_off (SoupServerMessage *message);

/* clr-methods-queue.c: what the queue and the history know */
void clr_method_get_status (ClrCall *call);
void clr_method_get_queue (ClrCall *call);
void clr_method_get_message (ClrCall *call);
void clr_method_count_queue (ClrCall *call);
void clr_method_hold_queue (ClrCall *call);
void clr_method_release_queue (ClrCall *call);
void clr_method_retry_queue (ClrCall *call);
void clr_method_delete_queue (ClrCall *call);
void clr_method_expire_queue (ClrCall *call);
void clr_method_priority_queue (ClrCall *call);
/* Releases what a filter of these words chooses of the queue, and answers how many recipients that were. */
void clr_call_release (ClrCall *call, const char *words);
void clr_method_reroute_queue (ClrCall *call);
void clr_method_change_recipient (ClrCall *call);

/* clr-methods-content.c */
void clr_method_get_content (ClrCall *call);

/* clr-methods-backup.c */
void clr_method_backup (ClrCall *call);
/* clr-methods-alerts.c */
void clr_method_list_alerts (ClrCall *call);
void clr_method_acknowledge_alert (ClrCall *call);
void clr_method_test_alert (ClrCall *call);

/* clr-methods-audit.c */
void clr_method_list_audit (ClrCall *call);

/* clr-methods-rows.c: what waits, by position */
void clr_method_list_rows (ClrCall *call);

/* clr-methods-trace.c: mail that waits or is finished, newest first */
void clr_method_trace (ClrCall *call);
/* The cursor and the number of messages asked for. Returns: FALSE when a refusal has been answered. */
gboolean clr_call_read_page (ClrCall *call, uint64_t *after, unsigned *n);
/* The filter among the query's parameters or the order's members; `state` is a short form of a word of it.
 * NULL when there is none. Returns: FALSE when a refusal has been answered. */
gboolean clr_call_read_filter (ClrCall *call, const char *text, const char *state, ClrFilter **filter);

/* clr-methods-settings.c: the settings file, changed and had back */
void clr_method_get_settings (ClrCall *call);
void clr_method_patch_settings (ClrCall *call);
void clr_method_diff_settings (ClrCall *call);
void clr_method_list_settings_history (ClrCall *call);
void clr_method_undo_settings (ClrCall *call);

/* clr-methods-probe.c */
void clr_method_probe_smarthost (ClrCall *call);
void clr_method_check_route (ClrCall *call);
void clr_method_check_relay (ClrCall *call);

/* clr-methods-domains.c */
void clr_method_check_domain (ClrCall *call);
void clr_method_list_certificates (ClrCall *call);

/* clr-methods-keys.c: DKIM keys and their records */
void clr_method_list_keys (ClrCall *call);
void clr_method_make_key (ClrCall *call);

/* clr-methods-oauth.c: OAuth accounts and logins */
void clr_method_list_oauth (ClrCall *call);
void clr_method_renew_oauth (ClrCall *call);
void clr_method_login_oauth (ClrCall *call);
void clr_method_watch_oauth (ClrCall *call);
void clr_method_paste_oauth (ClrCall *call);

/* clr-methods-users.c: who may log in, and who may not try */
void clr_method_list_users (ClrCall *call);
void clr_method_put_user (ClrCall *call);
void clr_method_delete_user (ClrCall *call);
void clr_method_list_bans (ClrCall *call);
void clr_method_lift_ban (ClrCall *call);

/* clr-methods-devices.c: devices, and every client that tried */
void clr_method_list_clients (ClrCall *call);
void clr_method_list_devices (ClrCall *call);
void clr_method_get_device (ClrCall *call);
void clr_method_freeze_device (ClrCall *call);
void clr_method_thaw_device (ClrCall *call);

/* clr-methods-sessions.c: sessions of now, and records of some */
void clr_method_list_sessions (ClrCall *call);
void clr_method_record_sessions (ClrCall *call);
void clr_method_list_records (ClrCall *call);
void clr_method_get_record (ClrCall *call);
void clr_method_drop_record (ClrCall *call);

/* clr-methods-metrics.c */
void clr_method_get_metrics (ClrCall *call);
void clr_method_get_series (ClrCall *call);

/* clr-methods-tls.c */
void clr_method_get_tls_results (ClrCall *call);
void clr_method_send_tls_reports (ClrCall *call);

/* clr-methods-submission.c */
void clr_method_submit (ClrCall *call);

/* clr-methods-log.c */
void clr_method_get_log (ClrCall *call);

/* clr-methods-tokens.c */
void clr_method_list_tokens (ClrCall *call);
void clr_method_add_token (ClrCall *call);
void clr_method_remove_token (ClrCall *call);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrAlertBook: which alerts there are. It is told what was measured, and tells when an alert is raised, goes
 * on for long, or is over: each once. What swings around its threshold is one alert, and what could not be
 * measured is neither raised nor over. Time is a parameter. Pure.
 */
#pragma once

#include "alerts/clr-alert-rule.h"

typedef struct ClrAlertBook ClrAlertBook;

#define CLR_ALERTS_MOST 500u /* at the same time; more are not raised */
#define CLR_ALERTS_OVER 50u  /* that are over, and still shown */

typedef enum
{
  CLR_ALERT_RAISED,
  CLR_ALERT_REMINDED,
  CLR_ALERT_CLEARED,
} ClrAlertChange;

typedef struct
{
  char *name; /* of its rule */
  ClrAlertKind kind;
  char *subject; /* "" where there is only one: else a file, a device, an account */
  char *text;    /* as it was last measured, for people */
  int64_t value;
  int64_t beyond_us;       /* since when the threshold is passed; all times since 1970 */
  int64_t raised_us;       /* 0: not yet */
  int64_t told_us;         /* last */
  int64_t cleared_us;      /* 0: it is active */
  int64_t acknowledged_us; /* 0: by nobody */
  char *acknowledged_by;
  gboolean is_seen; /* in this round */
} ClrAlert;

/* @rule: NULL when there is none any more. */
typedef void (*ClrAlertTell) (ClrAlertChange change, const ClrAlert *alert, const ClrAlertRule *rule,
                              void *data);

ClrAlertBook *clr_alert_book_new (ClrAlertTell tell, void *data);
void clr_alert_book_free (ClrAlertBook *book);

/* A round: begin, note what was measured, end. @rules: those in force, of ClrAlertRule. */
void clr_alert_book_begin (ClrAlertBook *book);
void clr_alert_book_note (ClrAlertBook *book, const ClrAlertRule *rule, const char *subject, int64_t value,
                          const char *text, int64_t now_us);
/* It could not be measured: what is known of the rule stays as it is. */
void clr_alert_book_keep (ClrAlertBook *book, const ClrAlertRule *rule);
void clr_alert_book_end (ClrAlertBook *book, const GPtrArray *rules, int64_t now_us);

/* Returns: FALSE when no such alert is active. */
gboolean clr_alert_book_acknowledge (ClrAlertBook *book, const char *name, const char *subject,
                                     const char *who, int64_t now_us);
/* What was active in an earlier life of the process: it is not told again. Takes nothing. */
void clr_alert_book_restore (ClrAlertBook *book, const ClrAlert *alert);
/* Of ClrAlert, those that are raised first, the newest first; then those that are over, likewise.
 * (transfer container) */
GPtrArray *clr_alert_book_list (ClrAlertBook *book);
unsigned clr_alert_book_count (ClrAlertBook *book);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrAlertRule: an [alert] of the settings, frozen: what is measured, beyond what it is an alert, and who is
 * told. Pure.
 */
#pragma once

#include "settings/clr-settings.h"

typedef enum
{
  CLR_ALERT_QUEUE_AGE,      /* microseconds the oldest waiting message has been there */
  CLR_ALERT_QUEUE_LENGTH,   /* messages */
  CLR_ALERT_FAILURE_RATE,   /* percent */
  CLR_ALERT_CERTIFICATE,    /* microseconds that are left */
  CLR_ALERT_OAUTH,          /* 1: an account has no token */
  CLR_ALERT_DISK,           /* octets that are free */
  CLR_ALERT_DEVICE_SILENT,  /* microseconds since its last message */
  CLR_ALERT_UNUSUAL_VOLUME, /* percent of what is usual, or recipients in this hour */
} ClrAlertKind;

typedef struct
{
  char *name;
  ClrAlertKind kind;
  int64_t threshold;
  int64_t hold_us;   /* how long it must be beyond the threshold */
  int64_t period_us; /* over which results are counted */
  int64_t repeat_us; /* 0: it is told once */
  gboolean learned;  /* the threshold of unusual volume is what the device's past says */
  char **devices;    /* empty: all */
  char *mail_to;     /* NULL: nobody gets mail */
  char *route;       /* by which the mail leaves, NULL: as any other */
  char *webhook;     /* NULL: none */
} ClrAlertRule;

/* "queue-age"; the words of the setting. */
const char *clr_alert_kind_get_name (ClrAlertKind kind);

/* Of ClrAlertRule, in the settings' order. Returns: NULL when one of them makes no sense. */
GPtrArray *clr_alert_rules_new (ClrSettings *settings, GError **error);

/* Whether it is an alert now; @is_active: it is one already, and must be well again, not just at the edge. */
gboolean clr_alert_rule_holds (const ClrAlertRule *rule, int64_t value, gboolean is_active);
/* Whether @device is among those it is about. */
gboolean clr_alert_rule_watches (const ClrAlertRule *rule, const char *device);

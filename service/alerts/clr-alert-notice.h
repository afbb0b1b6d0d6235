/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is said of an alert, by mail and to a web hook. Pure.
 */
#pragma once

#include "alerts/clr-alert-book.h"

typedef struct
{
  const char *change; /* "raised", "reminded", "cleared" or "test" */
  const char *hostname;
  const char *from; /* author of the mail */
  const char *to;
  int64_t now_us;
} ClrAlertNotice;

const char *clr_alert_change_get_name (ClrAlertChange change);
/* A message with CRLF lines. (transfer full) */
GBytes *clr_alert_notice_write_mail (const ClrAlertNotice *notice, const ClrAlert *alert);
/* (transfer full) */
GBytes *clr_alert_notice_write_json (const ClrAlertNotice *notice, const ClrAlert *alert);
/* "3 h 20 min" (transfer full) */
char *clr_alert_time_to_text (int64_t time_us);

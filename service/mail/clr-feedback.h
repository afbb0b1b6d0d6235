/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrFeedback: what a feedback report says: complaints (ARF, RFC 5965), failures of authentication (RFC 6591,
 * RFC 9991), and what some large mailbox providers send instead. It is never a bounce. Reads what strangers
 * wrote: bounded. Pure.
 */
#pragma once

#include <glib.h>

#define CLR_FEEDBACK_VALUES_MOST 100u /* of one list */

typedef struct
{
  gboolean has_fields; /* of RFC 5965; else it was made out from its text */
  char *type;          /* "abuse", "auth-failure", "opt-out", ... in small letters */
  char *user_agent, *envelope_id, *mail_from, *arrival, *source_ip, *reporter,
      *auth_failure;     /* NULL: not said */
  GPtrArray *recipients; /* of char*: whose mail it was about */
  GPtrArray *domains;    /* that are reported */
  GPtrArray *uris;
  GPtrArray *results; /* Authentication-Results */
} ClrFeedback;

/* @bytes: a whole message, lines ended by CRLF. Returns: whether it is feedback; @feedback is to be cleared
 * either way. */
gboolean clr_feedback_parse (ClrFeedback *feedback, const char *bytes, size_t size);
void clr_feedback_clear (ClrFeedback *feedback);

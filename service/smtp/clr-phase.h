/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrPhase: how far the client's side of a connection has come, and how long a server may take there. Pure.
 */
#pragma once

#include <glib.h>

typedef enum
{
  CLR_PHASE_CONNECT,
  CLR_PHASE_GREETING,
  CLR_PHASE_EHLO,
  CLR_PHASE_TLS,
  CLR_PHASE_AUTH,
  CLR_PHASE_IDLE, /* ready for a transaction */
  CLR_PHASE_MAIL,
  CLR_PHASE_RCPT,
  CLR_PHASE_DATA,
  CLR_PHASE_CONTENT, /* content is being sent */
  CLR_PHASE_DOT,     /* the answer to the content is awaited */
  CLR_PHASE_QUIT,
  CLR_PHASE_OVER,
} ClrPhase;

/* Which of its times a next hop has in this phase, RFC 5321 section 4.5.3.2. */
typedef enum
{
  CLR_WAIT_COMMAND, /* for the answer to one command */
  CLR_WAIT_DATA,    /* until a piece of content is taken */
  CLR_WAIT_FINAL,   /* for the answer to the content */
  CLR_WAIT_QUIT,    /* nothing hangs on it any more */
  CLR_N_WAITS
} ClrWait;

ClrWait clr_phase_get_wait (ClrPhase phase);
const char *clr_phase_get_name (ClrPhase phase);

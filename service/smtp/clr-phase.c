/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-phase.h"

static const struct
{
  const char *name;
  ClrWait wait;
} phases[] = {
  [CLR_PHASE_CONNECT] = { "connect", CLR_WAIT_COMMAND },
  [CLR_PHASE_GREETING] = { "greeting", CLR_WAIT_COMMAND },
  [CLR_PHASE_EHLO] = { "EHLO", CLR_WAIT_COMMAND },
  [CLR_PHASE_TLS] = { "STARTTLS", CLR_WAIT_COMMAND },
  [CLR_PHASE_AUTH] = { "AUTH", CLR_WAIT_COMMAND },
  [CLR_PHASE_IDLE] = { "idle", CLR_WAIT_COMMAND },
  [CLR_PHASE_MAIL] = { "MAIL", CLR_WAIT_COMMAND },
  [CLR_PHASE_RCPT] = { "RCPT", CLR_WAIT_COMMAND },
  [CLR_PHASE_DATA] = { "DATA", CLR_WAIT_COMMAND },
  [CLR_PHASE_CONTENT] = { "content", CLR_WAIT_DATA },
  [CLR_PHASE_DOT] = { "end of data", CLR_WAIT_FINAL },
  [CLR_PHASE_QUIT] = { "QUIT", CLR_WAIT_QUIT },
  [CLR_PHASE_OVER] = { "over", CLR_WAIT_QUIT },
};

const char *
clr_phase_get_name (ClrPhase phase)
{
  return phases[phase].name;
}

ClrWait
clr_phase_get_wait (ClrPhase phase)
{
  return phases[phase].wait;
}

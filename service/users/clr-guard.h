/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrGuard: counts failed logins for all workers, tells all of them who has to wait, and has bans kept over a
 * restart. Main thread; workers post to it.
 */
#pragma once

#include "users/clr-guesses.h"
#include "users/clr-logins.h"

/* How bans are kept; both may be NULL. */
typedef struct
{
  void (*keep) (const char *subject, unsigned bans, int64_t until_us, void *data);
  void (*drop) (const char *subject, void *data);
  void *data;
} ClrGuardMemory;

ClrGuard *clr_guard_new (const ClrGuessRule *rule, const ClrGuardMemory *memory);
/* After the workers and the crypto threads have ended. */
void clr_guard_free (ClrGuard *guard);

/* Before the workers start: one of those that are told. */
void clr_guard_add_logins (ClrGuard *guard, ClrLogins *logins);
void clr_guard_set_rule (ClrGuard *guard, const ClrGuessRule *rule);
/* A ban of an earlier life of the process. */
void clr_guard_restore (ClrGuard *guard, const char *subject, unsigned bans, int64_t until_us);

/* Any thread. @subject: of the address. @tag: see clr_guesses_note(). */
void clr_guard_post_failure (ClrGuard *guard, const char *subject, const char *login, uint64_t tag);
void clr_guard_post_success (ClrGuard *guard, const char *subject, const char *login);

/* Of const ClrGuess, valid until the main loop turns. (transfer container) */
GPtrArray *clr_guard_list (ClrGuard *guard);
/* @subject: as listed, or only the address or login. @who: for the log. Returns: how many bans were lifted.
 */
unsigned clr_guard_lift (ClrGuard *guard, const char *subject, const char *who);

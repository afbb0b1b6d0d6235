/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrWaker: what a thread sleeps on and another wakes it with: an eventfd, or an event of Windows. Only
 * clr_waker_wake() is for other threads.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct ClrWaker ClrWaker;

ClrWaker *clr_waker_new (void);
void clr_waker_free (ClrWaker *waker);

/* Any thread. */
void clr_waker_wake (ClrWaker *waker);
/* Forgets what woke it. */
void clr_waker_empty (ClrWaker *waker);
/* Sleeps until woken, or for @timeout_us microseconds (-1: for ever), and empties it. */
void clr_waker_wait (ClrWaker *waker, int64_t timeout_us);

/* For pollers and main loops: the descriptor, readable when woken; on Windows the HANDLE, which is reset by
 * the wait that it ends. */
intptr_t clr_waker_get_handle (ClrWaker *waker);

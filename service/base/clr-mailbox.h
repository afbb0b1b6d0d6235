/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrMailbox: the only way from one thread to another. Any thread posts letters, one thread owns the box and
 * opens them in the order in which they were posted. A letter is embedded in whatever it carries (first
 * member), so that a post allocates nothing; from the post on it belongs to the receiver.
 *
 * The box is a lock-free list (C11 atomics). The owner's waker is used only when the owner has said
 * that it is about to sleep, so under load a post is one atomic exchange.
 */
#pragma once

#include "base/clr-waker.h"

typedef struct ClrLetter ClrLetter;
typedef struct ClrMailbox ClrMailbox;

struct ClrLetter
{
  ClrLetter *next;
  void (*open) (ClrLetter *letter, void *owner); /* runs in the owner's thread; @owner is the box's */
};

ClrMailbox *clr_mailbox_new (void *owner);
void clr_mailbox_free (ClrMailbox *mailbox);

/* Any thread. */
void clr_mailbox_post (ClrMailbox *mailbox, ClrLetter *letter);

/* Owner only. Opens all that is there. Returns: how many letters were opened. */
unsigned clr_mailbox_open_all (ClrMailbox *mailbox);

/* Owner only. Announces sleep. Returns: FALSE when there is something to open instead. */
gboolean clr_mailbox_may_sleep (ClrMailbox *mailbox);

/* Owner only. Ends the announced sleep. The waker stays as it is. */
void clr_mailbox_wake_up (ClrMailbox *mailbox);

/* Owner only. Sleeps until a letter is there or @timeout_us microseconds have passed (-1: for ever). For
 * threads that wait for nothing but letters. */
void clr_mailbox_wait (ClrMailbox *mailbox, int64_t timeout_us);

/* For an owner that waits for other things too: woken when a letter comes while it sleeps. */
ClrWaker *clr_mailbox_get_waker (ClrMailbox *mailbox);

/* For the owner that runs GLib's default main loop: letters are opened there.
 * Returns: the source, to be removed before the box is freed. */
unsigned clr_mailbox_attach (ClrMailbox *mailbox);

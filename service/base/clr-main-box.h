/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrMainBox: the mailbox of what lives in the main thread and its GMainContext: letters that any thread
 * posts are opened there, one after the other. For seldom things: it is a source and a queue with a lock.
 */
#pragma once

#include "base/clr-mailbox.h"

typedef struct ClrMainBox ClrMainBox;

/* Main thread. @owner: given to the letters. */
ClrMainBox *clr_main_box_new (void *owner);
/* Main thread, when nobody posts any more: opens what is still there. */
void clr_main_box_free (ClrMainBox *box);

/* Any thread. */
void clr_main_box_post (ClrMainBox *box, ClrLetter *letter);

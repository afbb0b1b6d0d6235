/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a thread may ask of the system for itself.
 */
#pragma once

/* Others go first: for work that harms nobody when it takes longer. */
void clr_thread_step_back (void);

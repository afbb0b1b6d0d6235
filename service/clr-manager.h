/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The service control manager of Windows: it starts the relay, tells it to stop, and wants to hear within
 * bounded times how far that is. The relay's main loop runs in the thread that the manager's dispatcher makes
 * for it. While something takes time, a thread of its own reports; a stop that is not done within its time is
 * ended by force, which loses nothing: what was taken is on disk.
 */
#pragma once

#include <glib.h>

typedef struct
{
  /* Runs the relay until it has stopped. Returns: the program's exit status. */
  int (*run) (void *data);
  /* In the main loop. @reason: who says so. */
  void (*stop) (const char *reason, void *data);
  void (*reload) (void *data);
  void *data;
} ClrManagerTasks;

/* Returns: the program's exit status, when the service has stopped; -1 with @error when it is not the manager
 * who started this program. */
int clr_manager_run (const ClrManagerTasks *tasks, GError **error);
/* The relay takes mail. */
void clr_manager_tell_running (void);
/* It stops, which takes @most_s seconds at most. */
void clr_manager_tell_stopping (unsigned most_s);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrService: builds the relay from its settings, starts, reloads, drains and stops it. The only file that
 * knows everybody. Main thread.
 */
#pragma once

#include "base/clr-mailbox.h"

#include <glib.h>
#include <stdint.h>

typedef struct ClrService ClrService;

/* @settings_file: read, checked and applied. @force: work as an open relay, too, if the settings say so. */
ClrService *clr_service_new (const char *settings_file, gboolean force, GError **error);
/* Reads the settings file again. Returns: FALSE when it is not applied; the former settings stay in force. */
gboolean clr_service_reload (ClrService *service, GError **error);
/* Accepts nothing new, lets sessions and deliveries end, for at most the drain time; then calls @stopped
 * once. */
void clr_service_stop (ClrService *service, const char *reason, void (*stopped) (void *data), void *data);
/* Seconds that a stop takes at most, if all threads answer. */
unsigned clr_service_get_longest_stop (ClrService *service);
void clr_service_free (ClrService *service);

/* The threads that carry mail: the workers and the queue. Until clr_service_free() each of them opens what is
 * posted to it, and frees nothing of it. */
unsigned clr_service_count_threads (ClrService *service);
void clr_service_post_to_thread (ClrService *service, unsigned index, ClrLetter *letter);

/* "office 127.0.0.1:25" for each bound address. (transfer full) */
char **clr_service_list_listeners (ClrService *service);
const char *clr_service_get_settings_file (ClrService *service);

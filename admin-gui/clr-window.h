/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrWindow: the list of pages at the left, the page at the right, a bar when the relay cannot be reached.
 */
#pragma once

#include "clr-incident.h"
#include "clr-relay.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define CLR_TYPE_WINDOW (clr_window_get_type ())
G_DECLARE_FINAL_TYPE (ClrWindow, clr_window, CLR, WINDOW, AdwApplicationWindow)

/* @place: of the relay that is looked at first, as of clr_client_new (). */
GtkWidget *clr_window_new (GtkApplication *application, const char *place);
/* @name: of the table in clr-window.c, such as "queue". Returns: whether there is such a page. */
gboolean clr_window_show_page (ClrWindow *self, const char *name);
/* Shows one message; a button leads back to the page that was in sight. */
void clr_window_show_message (ClrWindow *self, const char *id);
/* The first steps. */
void clr_window_show_assistant (ClrWindow *self);
/* All it sent, and whether it is frozen. */
void clr_window_show_incident (ClrWindow *self, ClrCulprit kind, const char *who);
/* Shows the trace of @filter. */
void clr_window_show_trace (ClrWindow *self, const char *filter);
/* The page in sight. */
GtkWidget *clr_window_get_page (ClrWindow *self);
/* NULL-terminated, in order. */
const char *const *clr_window_list_pages (void);
/* A short word that goes away by itself. */
void clr_window_tell (ClrWindow *self, const char *text);

G_END_DECLS

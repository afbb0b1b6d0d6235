/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the app keeps for the person who sits before it, in the folder of his settings: searches by name, and
 * the relays that he looks after. Main thread.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Names, in alphabetical order. (transfer full) */
GStrv clr_notebook_list_searches (void);
/* (transfer full) (nullable) */
char *clr_notebook_get_search (const char *name);
/* @filter: NULL forgets it. */
gboolean clr_notebook_set_search (const char *name, const char *filter, GError **error);

/* Names of relays, in alphabetical order. (transfer full) */
GStrv clr_notebook_list_relays (void);
/* Where it is reached: a socket or a pass file, as of clr_client_new (). (transfer full) (nullable) */
char *clr_notebook_get_relay (const char *name);
/* A pass file is written for it, that nobody else can read. @fingerprint: NULL: an authority vouches. */
gboolean clr_notebook_add_relay (const char *name, const char *url, const char *token,
                                 const char *fingerprint, GError **error);
/* One with a socket of this machine. */
gboolean clr_notebook_add_socket (const char *name, const char *socket, GError **error);
gboolean clr_notebook_forget_relay (const char *name, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrRelayDialog: another relay to look after: its name here, where it is, and what lets one in. It is asked
 * before it is kept.
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define CLR_TYPE_RELAY_DIALOG (clr_relay_dialog_get_type ())
G_DECLARE_FINAL_TYPE (ClrRelayDialog, clr_relay_dialog, CLR, RELAY_DIALOG, AdwWindow)

/* Signal: "added" (name): it is in the notebook; the window closes. */

GtkWidget *clr_relay_dialog_new (GtkWindow *parent);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSourceDialog: a message that waits as it is stored: its header section, all of it, or as a file. Who may
 * not read mail is told so.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_SOURCE_DIALOG (clr_source_dialog_get_type ())
G_DECLARE_FINAL_TYPE (ClrSourceDialog, clr_source_dialog, CLR, SOURCE_DIALOG, AdwWindow)

/* Asks for the message at once. */
GtkWidget *clr_source_dialog_new (ClrPage *page, const char *id);
/* All octets, as they are. */
void clr_source_dialog_save (ClrSourceDialog *self, GFile *file);

G_END_DECLS

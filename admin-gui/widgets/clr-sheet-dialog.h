/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSheetDialog: a text on a sheet of paper: read, copied, printed, saved.
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define CLR_TYPE_SHEET_DIALOG (clr_sheet_dialog_get_type ())
G_DECLARE_FINAL_TYPE (ClrSheetDialog, clr_sheet_dialog, CLR, SHEET_DIALOG, AdwWindow)

/* @file: the name that is offered when it is saved. */
GtkWidget *clr_sheet_dialog_new (GtkWindow *parent, const char *title, const char *text, const char *file);

G_END_DECLS

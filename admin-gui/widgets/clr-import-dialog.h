/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrImportDialog: another relay's configuration file is read, what it becomes is shown, what is not possible
 * is said, and only then is it applied.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_IMPORT_DIALOG (clr_import_dialog_get_type ())
G_DECLARE_FINAL_TYPE (ClrImportDialog, clr_import_dialog, CLR, IMPORT_DIALOG, AdwWindow)

/* @page: through which it asks. */
GtkWidget *clr_import_dialog_new (ClrPage *page);
/* As if @file had been chosen, of the product that is chosen. */
void clr_import_dialog_read (ClrImportDialog *self, GFile *file);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSectionDialog: one group of the settings file in a window of its own: what matters first, the rest
 * behind "more". It is changed all at once, and what the service says against it stands in the window.
 */
#pragma once

#include "clr-draft.h"
#include "pages/clr-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_SECTION_DIALOG (clr_section_dialog_get_type ())
G_DECLARE_FINAL_TYPE (ClrSectionDialog, clr_section_dialog, CLR, SECTION_DIALOG, AdwWindow)

/* Signal: "saved" (ClrSectionDialog *): the change counts; the window closes. */

/* @name: NULL for a new one. @keys: those that matter, ends with NULL. @groups: the file as it was. */
GtkWidget *clr_section_dialog_new (ClrPage *page, ClrGroups *groups, const char *group, const char *name,
                                   const char *const *keys);
/* Fills in what is likely. */
void clr_section_dialog_suggest (ClrSectionDialog *self, const char *name, const char *key,
                                 const char *value);
/* The group's class of the declarations; it stays. NULL: there is no such group. */
gpointer clr_section_dialog_find_class (const char *group);

G_END_DECLS

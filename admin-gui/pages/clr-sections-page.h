/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSectionsPage: a page about some groups of the settings file, that are listed, added, changed and
 * removed. It asks for the file each time it comes in sight, and after each change.
 */
#pragma once

#include "clr-draft.h"
#include "pages/clr-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_SECTIONS_PAGE (clr_sections_page_get_type ())
G_DECLARE_DERIVABLE_TYPE (ClrSectionsPage, clr_sections_page, CLR, SECTIONS_PAGE, ClrPage)

struct _ClrSectionsPageClass
{
  ClrPageClass parent_class;

  /* The file has come. @groups: NULL when it could not be had, for the reason of @error. */
  void (*show) (ClrSectionsPage *self, ClrGroups *groups, const GError *error);
};

void clr_sections_page_reload (ClrSectionsPage *self);
/* NULL before the first answer. */
ClrGroups *clr_sections_page_get_groups (ClrSectionsPage *self);
/* Sends the changes, tells what came of it, and reloads. */
void clr_sections_page_apply (ClrSectionsPage *self, ClrDraft *draft);
/* Opens the window of one group; @name: NULL for a new one. @keys: those that matter. Returns NULL while the
 * file has not come. (transfer none) */
GtkWidget *clr_sections_page_edit (ClrSectionsPage *self, const char *group, const char *name,
                                   const char *const *keys);
/* Asks first. @body: what becomes of it. */
void clr_sections_page_remove (ClrSectionsPage *self, const char *group, const char *name, const char *body);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first steps, one after the other: how mail leaves, with a test; the own domain; who may send; where
 * devices connect; a test message that is followed to its result. What is said at a step counts as soon as
 * the next one is seen.
 */
#pragma once

#include "pages/clr-sections-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_ASSISTANT_PAGE (clr_assistant_page_get_type ())
G_DECLARE_FINAL_TYPE (ClrAssistantPage, clr_assistant_page, CLR, ASSISTANT_PAGE, ClrSectionsPage)

G_END_DECLS

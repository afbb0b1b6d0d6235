/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A new DKIM key: made by the service, then named in the settings, so that it signs, or will.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

/* @record: the line for the zone; NULL when it failed, for the reason of @error. */
typedef void (*ClrKeyMade) (ClrPage *page, const char *record, const GError *error);

/* @state: of the setting; NULL: it signs at once. @page: through which it is asked. The settings' ETag is not
 * looked at: nothing that stands there changes.
 */
void clr_key_maker_make (ClrPage *page, const char *domain, const char *selector, const char *kind,
                         const char *state, ClrKeyMade made);

G_END_DECLS

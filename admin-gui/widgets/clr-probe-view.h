/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrProbeView: a smarthost is tried, and each step is shown: name, connection, greeting, TLS, login, sender,
 * recipient; with what the server said and what to do about it. Nothing is sent.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_PROBE_VIEW (clr_probe_view_get_type ())
G_DECLARE_FINAL_TYPE (ClrProbeView, clr_probe_view, CLR, PROBE_VIEW, AdwBin)

/* Signal: "finished" (ClrProbeView *, gboolean works). */

/* @page: through which it is asked. @from, @to: addresses for a sender and a recipient that are offered to
 * the server, "" for none. */
void clr_probe_view_start (ClrProbeView *self, ClrPage *page, const char *smarthost, const char *from,
                           const char *to);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrPage: what is shown beside the list of pages. It has a title, looks at one relay, and knows whether it
 * is in sight: a page out of sight asks for nothing.
 */
#pragma once

#include "clr-relay.h"

#include <adwaita.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define CLR_TYPE_PAGE (clr_page_get_type ())
G_DECLARE_DERIVABLE_TYPE (ClrPage, clr_page, CLR, PAGE, AdwBin)

struct _ClrPageClass
{
  AdwBinClass parent_class;

  /* Once, when the relay is known. */
  void (*attach) (ClrPage *self, ClrRelay *relay);
  /* The page comes in sight, or goes. */
  void (*set_visible) (ClrPage *self, gboolean visible);
};

void clr_page_attach (ClrPage *self, ClrRelay *relay);
void clr_page_set_in_sight (ClrPage *self, gboolean in_sight);
gboolean clr_page_is_in_sight (ClrPage *self);
/* NULL before it is attached. */
ClrRelay *clr_page_get_relay (ClrPage *self);
/* A short word to the person, that goes away by itself. */
void clr_page_tell (ClrPage *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* What went wrong, in a window: it is not overlooked. */
void clr_page_fail (ClrPage *self, const char *heading, const char *text);
/* Asks before it is done; @on_go is called when the person says so. @label: of the button that does it.
 * @data: freed by @free, in any case. */
void clr_page_confirm (ClrPage *self, const char *heading, const char *body, const char *label,
                       void (*on_go) (ClrPage *self, gpointer data), gpointer data, GDestroyNotify free);
/* Whether the service does not know what it was asked for: it is older than the app. Then pages say so, and
 * show what they can. */
gboolean clr_page_is_unknown (const GError *error);

/* What to do with an answer. @answer: NULL when it failed; then the person has been told, unless there is
 * @error to do it otherwise. */
typedef void (*ClrPageAnswer) (ClrPage *self, JsonObject *answer, const GError *error, gpointer data);

/* Asks the service. An answer that comes when the page has gone is dropped. @on_answer: may be NULL. */
void clr_page_ask (ClrPage *self, const char *method, const char *path, JsonObject *body,
                   ClrPageAnswer on_answer, gpointer data);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-sections-page.h"

#include "control/clr-api.h"
#include "widgets/clr-section-dialog.h"

#include <glib/gi18n.h>

typedef struct
{
  ClrGroups *groups;
} ClrSectionsPagePrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (ClrSectionsPage, clr_sections_page, CLR_TYPE_PAGE)

static void
on_settings (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrSectionsPage *self = CLR_SECTIONS_PAGE (page);
  ClrSectionsPagePrivate *priv = clr_sections_page_get_instance_private (self);

  g_clear_pointer (&priv->groups, clr_groups_free);
  priv->groups = clr_groups_new (answer);
  CLR_SECTIONS_PAGE_GET_CLASS (self)->show (self, priv->groups, error);
}

void
clr_sections_page_reload (ClrSectionsPage *self)
{
  clr_page_ask (CLR_PAGE (self), "GET", CLR_API_SETTINGS, NULL, on_settings, NULL);
}

ClrGroups *
clr_sections_page_get_groups (ClrSectionsPage *self)
{
  ClrSectionsPagePrivate *priv = clr_sections_page_get_instance_private (self);

  return priv->groups;
}

static void
on_applied (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  if (answer)
    clr_page_tell (page, "%s", _ ("Applied; it counts from now on"));
  else
    clr_page_fail (page, _ ("Nothing Was Changed"), error->message);
  clr_sections_page_reload (CLR_SECTIONS_PAGE (page));
}

void
clr_sections_page_apply (ClrSectionsPage *self, ClrDraft *draft)
{
  ClrSectionsPagePrivate *priv = clr_sections_page_get_instance_private (self);
  JsonObject *body = clr_draft_to_body (draft, priv->groups ? clr_groups_get_etag (priv->groups) : NULL);

  clr_page_ask (CLR_PAGE (self), "PATCH", CLR_API_SETTINGS, body, on_applied, NULL);
  json_object_unref (body);
}

static void
on_saved (ClrSectionDialog *dialog, ClrSectionsPage *self)
{
  clr_sections_page_reload (self);
}

GtkWidget *
clr_sections_page_edit (ClrSectionsPage *self, const char *group, const char *name, const char *const *keys)
{
  ClrSectionsPagePrivate *priv = clr_sections_page_get_instance_private (self);
  GtkWidget *dialog;

  if (priv->groups == NULL)
    return NULL;
  dialog = clr_section_dialog_new (CLR_PAGE (self), priv->groups, group, name, keys);
  g_signal_connect_object (dialog, "saved", G_CALLBACK (on_saved), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
  return dialog;
}

static void
on_remove (ClrPage *page, gpointer data)
{
  g_autoptr (ClrDraft) draft = clr_draft_new ();
  const char *const *place = data;

  clr_draft_remove (draft, place[0], place[1]);
  clr_sections_page_apply (CLR_SECTIONS_PAGE (page), draft);
}

void
clr_sections_page_remove (ClrSectionsPage *self, const char *group, const char *name, const char *body)
{
  g_autofree char *heading = g_strdup_printf (_ ("Remove “%s”?"), name);
  const char *place[] = { group, name, NULL };

  clr_page_confirm (CLR_PAGE (self), heading, body, _ ("_Remove"), on_remove, g_strdupv ((char **)place),
                    (GDestroyNotify)g_strfreev);
}

static void
clr_sections_page_set_visible (ClrPage *page, gboolean visible)
{
  if (visible)
    clr_sections_page_reload (CLR_SECTIONS_PAGE (page));
}

static void
clr_sections_page_finalize (GObject *object)
{
  ClrSectionsPagePrivate *priv = clr_sections_page_get_instance_private (CLR_SECTIONS_PAGE (object));

  g_clear_pointer (&priv->groups, clr_groups_free);
  G_OBJECT_CLASS (clr_sections_page_parent_class)->finalize (object);
}

static void
clr_sections_page_class_init (ClrSectionsPageClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = clr_sections_page_finalize;
  CLR_PAGE_CLASS (klass)->set_visible = clr_sections_page_set_visible;
}

static void
clr_sections_page_init (ClrSectionsPage *self)
{
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-listeners-page.h"

#include "clr-settings-words.h"
#include "clr-words.h"
#include "control/clr-api.h"
#include "control/clr-json.h"
#include "widgets/clr-rows.h"

#include <glib/gi18n.h>

struct _ClrListenersPage
{
  ClrSectionsPage parent_instance;
  ClrRows listeners, certificates;

  AdwPreferencesGroup *listeners_group, *certificates_group;
};

G_DEFINE_FINAL_TYPE (ClrListenersPage, clr_listeners_page, CLR_TYPE_SECTIONS_PAGE)

static const char *const listener_keys[]
    = { "address", "tls", "auth", "role", "certificate-file", "key-file", NULL };

static void
on_add (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_edit (self, "listener", NULL, listener_keys);
}

static void
on_edit (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_edit (self, "listener", clr_row_get_data (button), listener_keys);
}

static void
on_remove (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_remove (self, "listener", clr_row_get_data (button),
                            _ ("Devices that connect there find nobody any more."));
}

static void
on_reloaded (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  if (answer)
    clr_page_tell (page, "%s", _ ("The files are read again"));
  else
    clr_page_fail (page, _ ("The Files Could Not Be Read"), error->message);
}

static void
on_reload (GtkButton *button, ClrPage *self)
{
  clr_page_ask (self, "POST", CLR_API_RELOAD, NULL, on_reloaded, NULL);
}

static void
add_listener (ClrListenersPage *self, ClrGroups *groups, const char *name)
{
  JsonObject *values = clr_groups_find (groups, "listener", name);
  const char *file = clr_json_get_text (values, "certificate-file");
  g_autofree char *words = clr_words_listener (values);
  GtkWidget *row = clr_rows_add (&self->listeners, name, words), *certificate;

  clr_row_add_button (row, "edit", "document-edit-symbolic", _ ("Change…"), G_CALLBACK (on_edit), self, name);
  clr_row_add_button (row, "remove", "user-trash-symbolic", _ ("Remove…"), G_CALLBACK (on_remove), self,
                      name);
  if (g_strcmp0 (clr_json_get_text (values, "tls"), "none") == 0)
    return;
  certificate = clr_rows_add (&self->certificates, name,
                              file ? file
                                   : _ ("Made by the relay itself: encrypted, but devices that check "
                                        "certificates do not trust it"));
  if (file)
    clr_row_add_button (certificate, "reload", NULL, _ ("_Read Again"), G_CALLBACK (on_reload), self, name);
  else
    clr_row_add_button (certificate, "edit", NULL, _ ("_Choose One…"), G_CALLBACK (on_edit), self, name);
}

/* Until when each is good, once that is known. */
static void
on_certificates (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrListenersPage *self = CLR_LISTENERS_PAGE (page);
  JsonNode *node = answer ? json_object_get_member (answer, "certificates") : NULL;
  JsonArray *list = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  for (guint i = 0; list && i < json_array_get_length (list); i++)
    {
      JsonNode *item = json_array_get_element (list, i);
      JsonObject *one = JSON_NODE_HOLDS_OBJECT (item) ? json_node_get_object (item) : NULL;
      const char *file = one ? clr_json_get_text (one, "file") : NULL,
                 *problem = one ? clr_json_get_text (one, "problem") : NULL;
      g_autofree char *until = one ? clr_words_time (clr_json_get_text (one, "expires"), TRUE) : NULL;
      int days = one ? (int)json_object_get_int_member_with_default (one, "days", 0) : 0;
      g_autofree char *words = NULL;
      GtkWidget *row;

      if (file == NULL || until == NULL)
        continue;
      words = g_strdup_printf (
          ngettext ("Good until %s, for %d day%s%s", "Good until %s, for %d days%s%s", (gulong)MAX (days, 0)),
          until, days, problem ? "\n" : "", problem ? problem : "");
      row = clr_rows_add (&self->certificates, file, words);
      clr_row_add_icon (row, days < 30 ? "dialog-warning-symbolic" : "emblem-ok-symbolic",
                        days < 3    ? "error"
                        : days < 30 ? "warning"
                                    : "success");
    }
}

static void
clr_listeners_page_show (ClrSectionsPage *page, ClrGroups *groups, const GError *error)
{
  ClrListenersPage *self = CLR_LISTENERS_PAGE (page);
  g_autoptr (GPtrArray) names = groups ? clr_groups_list (groups, "listener") : g_ptr_array_new ();

  clr_rows_clear (&self->listeners);
  clr_rows_clear (&self->certificates);
  for (guint i = 0; i < names->len; i++)
    add_listener (self, groups, g_ptr_array_index (names, i));
  if (names->len == 0)
    clr_rows_add_empty (&self->listeners,
                        error ? error->message : _ ("None: no mail comes in over the network"));
  gtk_widget_set_visible (GTK_WIDGET (self->certificates_group), self->certificates.rows->len > 0);
  if (self->certificates.rows->len > 0)
    clr_page_ask (CLR_PAGE (self), "GET", CLR_API_CERTIFICATES, NULL, on_certificates, NULL);
}

static void
clr_listeners_page_dispose (GObject *object)
{
  ClrListenersPage *self = CLR_LISTENERS_PAGE (object);

  clr_rows_finish (&self->listeners);
  clr_rows_finish (&self->certificates);
  G_OBJECT_CLASS (clr_listeners_page_parent_class)->dispose (object);
}

static void
clr_listeners_page_class_init (ClrListenersPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_listeners_page_dispose;
  CLR_SECTIONS_PAGE_CLASS (klass)->show = clr_listeners_page_show;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/clrelay/admin/pages/clr-listeners-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrListenersPage, listeners_group);
  gtk_widget_class_bind_template_child (widget_class, ClrListenersPage, certificates_group);
  gtk_widget_class_bind_template_callback (widget_class, on_add);
}

static void
clr_listeners_page_init (ClrListenersPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  clr_rows_init (&self->listeners, self->listeners_group);
  clr_rows_init (&self->certificates, self->certificates_group);
}

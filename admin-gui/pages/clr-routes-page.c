/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-routes-page.h"

#include "clr-settings-words.h"
#include "control/clr-api.h"
#include "widgets/clr-probe-view.h"
#include "widgets/clr-rows.h"
#include "widgets/clr-section-dialog.h"

#include <glib/gi18n.h>

struct _ClrRoutesPage
{
  ClrSectionsPage parent_instance;
  ClrRows routes, smarthosts;

  AdwPreferencesGroup *routes_group, *smarthosts_group;
  GtkWidget *probe_group;
  ClrProbeView *probe;
  GtkEditable *from_row, *to_row;
  AdwComboRow *device_row;
  AdwActionRow *way_row;
};

G_DEFINE_FINAL_TYPE (ClrRoutesPage, clr_routes_page, CLR_TYPE_SECTIONS_PAGE)

static const char *const route_keys[] = { "recipients", "senders", "devices", "via", NULL };
static const char *const smarthost_keys[] = { "preset", "hosts", "tls", "auth", "user", "password", NULL };

static void
on_edit_route (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_edit (self, "route", clr_row_get_data (button), route_keys);
}

static void
on_remove_route (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_remove (self, "route", clr_row_get_data (button),
                            _ ("Its mail takes the next route that fits, from now on."));
}

static void
on_edit_smarthost (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_edit (self, "smarthost", clr_row_get_data (button), smarthost_keys);
}

static void
on_remove_smarthost (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_remove (self, "smarthost", clr_row_get_data (button),
                            _ ("No route may lead to it any more."));
}

/* Where the named route stands among them that are no default. */
static void
move (ClrSectionsPage *self, const char *name, int by)
{
  g_autoptr (GPtrArray) names = clr_groups_list (clr_sections_page_get_groups (self), "route");
  g_autoptr (ClrDraft) draft = clr_draft_new ();
  guint at;

  if (!g_ptr_array_find_with_equal_func (names, name, g_str_equal, &at) || (by < 0 && at == 0)
      || (by > 0 && at + 1 >= names->len))
    return;
  if (by < 0)
    clr_draft_move (draft, "route", name, g_ptr_array_index (names, at - 1));
  else
    clr_draft_move (draft, "route", g_ptr_array_index (names, at + 1), name);
  clr_sections_page_apply (self, draft);
}

static void
on_up (GtkButton *button, ClrSectionsPage *self)
{
  move (self, clr_row_get_data (button), -1);
}

static void
on_down (GtkButton *button, ClrSectionsPage *self)
{
  move (self, clr_row_get_data (button), 1);
}

static void
on_test (GtkButton *button, ClrRoutesPage *self)
{
  gtk_widget_set_visible (self->probe_group, TRUE);
  clr_probe_view_start (self->probe, CLR_PAGE (self), clr_row_get_data (button),
                        gtk_editable_get_text (self->from_row), gtk_editable_get_text (self->to_row));
}

static void
on_add_route (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_edit (self, "route", NULL, route_keys);
}

static void
on_add_smarthost (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_edit (self, "smarthost", NULL, smarthost_keys);
}

static void
on_way (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrRoutesPage *self = CLR_ROUTES_PAGE (page);
  g_autofree char *words = answer                        ? clr_words_way (answer)
                           : clr_page_is_unknown (error) ? g_strdup (_ ("This relay is older than the app, "
                                                                        "and cannot tell"))
                                                         : g_strdup (error->message);

  adw_action_row_set_subtitle (self->way_row, words);
}

static void
find_way (ClrRoutesPage *self)
{
  JsonObject *body = json_object_new ();
  const char *from = gtk_editable_get_text (self->from_row);
  GtkStringObject *device = adw_combo_row_get_selected_item (self->device_row);

  json_object_set_string_member (body, "to", gtk_editable_get_text (self->to_row));
  if (*from)
    json_object_set_string_member (body, "from", from);
  if (device && adw_combo_row_get_selected (self->device_row) > 0)
    json_object_set_string_member (body, "device", gtk_string_object_get_string (device));
  clr_page_ask (CLR_PAGE (self), "POST", CLR_API_CHECK_ROUTE, body, on_way, NULL);
  json_object_unref (body);
}

static void
on_find_way (GtkButton *button, ClrRoutesPage *self)
{
  find_way (self);
}

static void
on_entry (AdwEntryRow *row, ClrRoutesPage *self)
{
  find_way (self);
}

static void
show_routes (ClrRoutesPage *self, ClrGroups *groups)
{
  g_autoptr (GPtrArray) names = clr_groups_list (groups, "route");
  guint n = 0, n_movable = 0;

  for (guint i = 0; i < names->len; i++)
    n_movable += !g_str_equal (g_ptr_array_index (names, i), "default");
  clr_rows_clear (&self->routes);
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *words = clr_words_route (name, clr_groups_find (groups, "route", name));
      GtkWidget *row = clr_rows_add (&self->routes, name, words), *up, *down;

      if (!g_str_equal (name, "default"))
        {
          up = clr_row_add_button (row, "up", "go-up-symbolic", _ ("Earlier"), G_CALLBACK (on_up), self,
                                   name);
          down = clr_row_add_button (row, "down", "go-down-symbolic", _ ("Later"), G_CALLBACK (on_down), self,
                                     name);
          gtk_widget_set_sensitive (up, n > 0);
          gtk_widget_set_sensitive (down, ++n < n_movable);
        }
      clr_row_add_button (row, "edit", "document-edit-symbolic", _ ("Change…"), G_CALLBACK (on_edit_route),
                          self, name);
      clr_row_add_button (row, "remove", "user-trash-symbolic", _ ("Remove…"), G_CALLBACK (on_remove_route),
                          self, name);
    }
  if (names->len == 0)
    clr_rows_add_empty (&self->routes, _ ("No mail can leave: there is no route yet"));
}

static void
show_smarthosts (ClrRoutesPage *self, ClrGroups *groups)
{
  g_autoptr (GPtrArray) names = clr_groups_list (groups, "smarthost");

  clr_rows_clear (&self->smarthosts);
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *words = clr_words_smarthost (clr_groups_find (groups, "smarthost", name));
      GtkWidget *row = clr_rows_add (&self->smarthosts, name, words);

      clr_row_add_button (row, "test", NULL, _ ("_Test"), G_CALLBACK (on_test), self, name);
      clr_row_add_button (row, "edit", "document-edit-symbolic", _ ("Change…"),
                          G_CALLBACK (on_edit_smarthost), self, name);
      clr_row_add_button (row, "remove", "user-trash-symbolic", _ ("Remove…"),
                          G_CALLBACK (on_remove_smarthost), self, name);
    }
  if (names->len == 0)
    clr_rows_add_empty (&self->smarthosts, _ ("None: mail goes straight to the recipients’ own servers"));
}

static void
show_devices (ClrRoutesPage *self, ClrGroups *groups)
{
  g_autoptr (GPtrArray) names = clr_groups_list (groups, "device");
  g_autoptr (GtkStringList) model = gtk_string_list_new (NULL);

  gtk_string_list_append (model, _ ("The relay itself"));
  for (guint i = 0; i < names->len; i++)
    gtk_string_list_append (model, g_ptr_array_index (names, i));
  adw_combo_row_set_model (self->device_row, G_LIST_MODEL (model));
}

static void
clr_routes_page_show (ClrSectionsPage *page, ClrGroups *groups, const GError *error)
{
  ClrRoutesPage *self = CLR_ROUTES_PAGE (page);

  if (groups)
    {
      show_routes (self, groups);
      show_smarthosts (self, groups);
      show_devices (self, groups);
      return;
    }
  clr_rows_clear (&self->routes);
  clr_rows_add_empty (&self->routes, error ? error->message : "");
}

static void
clr_routes_page_dispose (GObject *object)
{
  ClrRoutesPage *self = CLR_ROUTES_PAGE (object);

  clr_rows_finish (&self->routes);
  clr_rows_finish (&self->smarthosts);
  G_OBJECT_CLASS (clr_routes_page_parent_class)->dispose (object);
}

static void
clr_routes_page_class_init (ClrRoutesPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (CLR_TYPE_PROBE_VIEW);
  G_OBJECT_CLASS (klass)->dispose = clr_routes_page_dispose;
  CLR_SECTIONS_PAGE_CLASS (klass)->show = clr_routes_page_show;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/clrelay/admin/pages/clr-routes-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrRoutesPage, routes_group);
  gtk_widget_class_bind_template_child (widget_class, ClrRoutesPage, smarthosts_group);
  gtk_widget_class_bind_template_child (widget_class, ClrRoutesPage, probe);
  gtk_widget_class_bind_template_child (widget_class, ClrRoutesPage, probe_group);
  gtk_widget_class_bind_template_child (widget_class, ClrRoutesPage, from_row);
  gtk_widget_class_bind_template_child (widget_class, ClrRoutesPage, to_row);
  gtk_widget_class_bind_template_child (widget_class, ClrRoutesPage, device_row);
  gtk_widget_class_bind_template_child (widget_class, ClrRoutesPage, way_row);
  gtk_widget_class_bind_template_callback (widget_class, on_add_route);
  gtk_widget_class_bind_template_callback (widget_class, on_add_smarthost);
  gtk_widget_class_bind_template_callback (widget_class, on_find_way);
  gtk_widget_class_bind_template_callback (widget_class, on_entry);
}

static void
clr_routes_page_init (ClrRoutesPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  clr_rows_init (&self->routes, self->routes_group);
  clr_rows_init (&self->smarthosts, self->smarthosts_group);
}

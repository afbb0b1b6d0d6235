/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-settings-page.h"

#include "control/clr-api.h"
#include "control/clr-json.h"
#include "settings/clr-sections.h"
#include "widgets/clr-setting-row.h"

#include <glib/gi18n.h>
#include <string.h>

/* One group of the file, or one that shall be there. */
typedef struct
{
  GType type;
  char *name;      /* NULL: the group has none */
  gboolean is_new; /* not in the file yet */
  gboolean is_removed;
  GPtrArray *rows; /* ClrSettingRow, of the page */
  GtkWidget *list_row;
} Section;

struct _ClrSettingsPage
{
  ClrPage parent_instance;
  char *etag;
  GPtrArray *sections; /* Section, in the order of the list */
  gboolean is_filling;

  GtkStack *stack, *section_stack;
  AdwStatusPage *status;
  GtkListBox *section_list;
  GtkMenuButton *add_button;
  GtkLabel *changes_label;
};

G_DEFINE_FINAL_TYPE (ClrSettingsPage, clr_settings_page, CLR_TYPE_PAGE)

static void ask (ClrSettingsPage *self);

static void
section_free (void *data)
{
  Section *section = data;

  g_free (section->name);
  g_ptr_array_unref (section->rows);
  g_free (section);
}

static ClrSectionClass *
get_class (GType type)
{
  return g_type_class_peek (type);
}

/* "listener office" (transfer full) */
static char *
get_title (const Section *section)
{
  const char *group = get_class (section->type)->group;

  return section->name ? g_strdup_printf ("%s %s", group, section->name) : g_strdup (group);
}

static guint
count_changes (ClrSettingsPage *self, gboolean *has_problem)
{
  guint n = 0;

  *has_problem = FALSE;
  for (guint i = 0; i < self->sections->len; i++)
    {
      Section *section = g_ptr_array_index (self->sections, i);

      if (section->is_removed)
        {
          n++;
          continue;
        }
      for (guint k = 0; k < section->rows->len; k++)
        {
          ClrSettingRow *row = g_ptr_array_index (section->rows, k);

          n += clr_setting_row_is_changed (row);
          *has_problem
              |= clr_setting_row_get_problem (row) && (clr_setting_row_is_changed (row) || section->is_new);
        }
    }
  return n;
}

static void
show_changes (ClrSettingsPage *self)
{
  gboolean has_problem;
  guint n = self->is_filling ? 0 : count_changes (self, &has_problem);
  g_autofree char *text = NULL;

  if (n > 0)
    text = g_strdup_printf (ngettext ("%u change", "%u changes", n), n);
  gtk_label_set_label (self->changes_label, text ? text : "");
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "settings.apply", n > 0 && !has_problem);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "settings.discard", n > 0);
}

static void
on_changed (ClrSettingRow *row, ClrSettingsPage *self)
{
  if (!self->is_filling)
    show_changes (self);
}

static void
on_remove (GtkButton *button, ClrSettingsPage *self)
{
  Section *section = g_object_get_data (G_OBJECT (button), "clr-section");

  section->is_removed = !section->is_removed;
  gtk_button_set_label (button, section->is_removed ? _ ("Keep It") : _ ("Remove This Section"));
  for (guint i = 0; i < section->rows->len; i++)
    gtk_widget_set_sensitive (g_ptr_array_index (section->rows, i), !section->is_removed);
  if (section->is_removed)
    gtk_widget_add_css_class (section->list_row, "removed");
  else
    gtk_widget_remove_css_class (section->list_row, "removed");
  show_changes (self);
}

static GtkWidget *
make_section_page (ClrSettingsPage *self, Section *section, JsonObject *values)
{
  GtkWidget *page = adw_preferences_page_new (), *group = adw_preferences_group_new ();
  GObjectClass *object_class = G_OBJECT_CLASS (get_class (section->type));
  g_autofree char *title = get_title (section);
  guint n;
  g_autofree GParamSpec **pspecs = g_object_class_list_properties (object_class, &n);

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), title);
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (group), _ (get_class (section->type)->help));
  for (guint i = 0; i < n; i++)
    {
      const char *text = values ? clr_json_get_text (values, pspecs[i]->name) : NULL;
      GtkWidget *row;

      if (g_type_is_a (CLR_TYPE_SECTION, pspecs[i]->owner_type))
        continue; /* of the section itself, no setting */
      row = clr_setting_row_new (pspecs[i], text);

      g_signal_connect (row, "changed", G_CALLBACK (on_changed), self);
      adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), row);
      g_ptr_array_add (section->rows, row);
    }
  if (section->name)
    {
      GtkWidget *button = gtk_button_new_with_label (_ ("Remove This Section"));

      g_object_set_data (G_OBJECT (button), "clr-section", section);
      g_signal_connect (button, "clicked", G_CALLBACK (on_remove), self);
      adw_preferences_group_set_header_suffix (ADW_PREFERENCES_GROUP (group), button);
    }
  adw_preferences_page_add (ADW_PREFERENCES_PAGE (page), ADW_PREFERENCES_GROUP (group));
  return page;
}

static Section *
add_section (ClrSettingsPage *self, GType type, const char *name, JsonObject *values)
{
  Section *section = g_new0 (Section, 1);
  g_autofree char *title = NULL;
  GtkWidget *label;

  section->type = type;
  section->name = g_strdup (name);
  section->rows = g_ptr_array_new ();
  title = get_title (section);
  gtk_stack_add_named (self->section_stack, make_section_page (self, section, values), title);
  label = gtk_label_new (title);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  section->list_row = gtk_list_box_row_new ();
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (section->list_row), label);
  g_object_set_data (G_OBJECT (section->list_row), "clr-section", section);
  gtk_list_box_append (self->section_list, section->list_row);
  g_ptr_array_add (self->sections, section);
  return section;
}

static void
on_section (GtkListBox *list, GtkListBoxRow *row, ClrSettingsPage *self)
{
  if (row == NULL || self->is_filling)
    return;
  g_autofree char *title = get_title (g_object_get_data (G_OBJECT (row), "clr-section"));
  gtk_stack_set_visible_child_name (self->section_stack, title);
}

static void
clear (ClrSettingsPage *self)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->section_stack))))
    gtk_stack_remove (self->section_stack, child);
  while ((child = GTK_WIDGET (gtk_list_box_get_row_at_index (self->section_list, 0))))
    gtk_list_box_remove (self->section_list, child);
  g_ptr_array_set_size (self->sections, 0);
}

/* The sections of one type in file order; one without a name is shown even when the file does not have it. */
static void
fill_type (ClrSettingsPage *self, GType type, JsonArray *groups)
{
  gboolean found = FALSE;

  for (guint i = 0; i < json_array_get_length (groups); i++)
    {
      JsonNode *node = json_array_get_element (groups, i), *values;
      JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

      if (object == NULL || g_strcmp0 (clr_json_get_text (object, "group"), get_class (type)->group) != 0)
        continue;
      values = json_object_get_member (object, "settings");
      add_section (self, type, get_class (type)->is_named ? clr_json_get_text (object, "name") : NULL,
                   values && JSON_NODE_HOLDS_OBJECT (values) ? json_node_get_object (values) : NULL);
      found = TRUE;
    }
  if (!found && !get_class (type)->is_named)
    add_section (self, type, NULL, NULL);
}

static void
on_settings (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrSettingsPage *self = CLR_SETTINGS_PAGE (page);
  JsonNode *groups = answer ? json_object_get_member (answer, "groups") : NULL;
  GtkListBoxRow *former = gtk_list_box_get_selected_row (self->section_list);
  int index = former ? gtk_list_box_row_get_index (former) : 0;
  const GType *types;
  unsigned n;

  if (groups == NULL || !JSON_NODE_HOLDS_ARRAY (groups))
    {
      if (self->sections->len == 0)
        {
          g_autofree char *escaped = g_markup_escape_text (error ? error->message : "", -1);

          adw_status_page_set_description (self->status, escaped);
          gtk_stack_set_visible_child_name (self->stack, "none");
        }
      return;
    }
  self->is_filling = TRUE;
  clear (self);
  g_free (self->etag);
  self->etag = g_strdup (clr_json_get_text (answer, "etag"));
  types = clr_sections_get_types (&n);
  for (unsigned i = 0; i < n; i++)
    fill_type (self, types[i], json_node_get_array (groups));
  self->is_filling = FALSE;
  former = gtk_list_box_get_row_at_index (self->section_list, index);
  gtk_list_box_select_row (self->section_list,
                           former ? former : gtk_list_box_get_row_at_index (self->section_list, 0));
  gtk_stack_set_visible_child_name (self->stack, "settings");
  show_changes (self);
}

static void
ask (ClrSettingsPage *self)
{
  clr_page_ask (CLR_PAGE (self), "GET", CLR_API_SETTINGS, NULL, on_settings, NULL);
}

static void
add_change (JsonArray *changes, const Section *section, const char *key, const char *value)
{
  JsonObject *change = json_object_new ();

  json_object_set_string_member (change, "group", get_class (section->type)->group);
  if (section->name)
    json_object_set_string_member (change, "name", section->name);
  if (key)
    json_object_set_string_member (change, "key", key);
  if (value)
    json_object_set_string_member (change, "value", value);
  else
    json_object_set_null_member (change, "value");
  json_array_add_object_element (changes, change);
}

/* The changes as the service wants them, and as a person reads them. (transfer full) */
static JsonArray *
collect (ClrSettingsPage *self, GString *told)
{
  JsonArray *changes = json_array_new ();

  for (guint i = 0; i < self->sections->len; i++)
    {
      Section *section = g_ptr_array_index (self->sections, i);
      g_autofree char *title = get_title (section);

      if (section->is_removed)
        {
          if (!section->is_new)
            add_change (changes, section, NULL, NULL);
          g_string_append_printf (told, _ ("[%s] is removed\n"), title);
          continue;
        }
      for (guint k = 0; k < section->rows->len; k++)
        {
          ClrSettingRow *row = g_ptr_array_index (section->rows, k);
          g_autofree char *text = clr_setting_row_dup_text (row);
          const char *former = clr_setting_row_get_former (row);

          if (!clr_setting_row_is_changed (row))
            continue;
          add_change (changes, section, clr_setting_row_get_key (row), text);
          g_string_append_printf (told, "[%s] %s: %s → %s\n", title, clr_setting_row_get_key (row),
                                  former ? former : _ ("not set"), text ? text : _ ("not set"));
        }
    }
  return changes;
}

static void
on_applied (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrSettingsPage *self = CLR_SETTINGS_PAGE (page);
  JsonNode *restart = answer ? json_object_get_member (answer, "restart") : NULL;

  if (answer == NULL)
    {
      clr_page_fail (page, _ ("Nothing Was Changed"), error->message);
      return;
    }
  if (restart && JSON_NODE_HOLDS_ARRAY (restart) && json_array_get_length (json_node_get_array (restart)) > 0)
    clr_page_tell (page, "%s", _ ("Applied; a part of it counts when the service starts again"));
  else
    clr_page_tell (page, "%s", _ ("Applied; it counts from now on"));
  ask (self);
}

static void
on_response (AdwMessageDialog *dialog, const char *response, ClrSettingsPage *self)
{
  g_autoptr (GString) told = g_string_new (NULL);
  JsonObject *body;

  if (!g_str_equal (response, "apply"))
    return;
  body = json_object_new ();
  json_object_set_array_member (body, "set", collect (self, told));
  if (self->etag)
    json_object_set_string_member (body, "etag", self->etag);
  clr_page_ask (CLR_PAGE (self), "PATCH", CLR_API_SETTINGS, body, on_applied, NULL);
  json_object_unref (body);
}

static void
on_apply (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ClrSettingsPage *self = CLR_SETTINGS_PAGE (widget);
  g_autoptr (GString) told = g_string_new (NULL);
  JsonArray *changes = collect (self, told);
  GtkWidget *dialog
      = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (widget)), _ ("Apply These Changes?"), NULL);
  GtkWidget *label = gtk_label_new (told->str), *scroll = gtk_scrolled_window_new ();

  json_array_unref (changes);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_add_css_class (label, "monospace");
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroll), label);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scroll), TRUE);
  gtk_scrolled_window_set_max_content_height (GTK_SCROLLED_WINDOW (scroll), 320);
  gtk_widget_set_size_request (scroll, 440, -1);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), scroll);
  adw_message_dialog_set_body (ADW_MESSAGE_DIALOG (dialog),
                               _ ("They count at once, without a restart, and can be undone."));
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "apply",
                                    _ ("_Apply"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "apply", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_response), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_discard (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ask (CLR_SETTINGS_PAGE (widget));
}

static void
on_undone (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  if (answer == NULL)
    {
      clr_page_fail (page, _ ("Nothing Was Undone"), error->message);
      return;
    }
  clr_page_tell (page, "%s", _ ("The last change is undone"));
  ask (CLR_SETTINGS_PAGE (page));
}

static void
on_undo (GtkWidget *widget, const char *name, GVariant *parameter)
{
  clr_page_ask (CLR_PAGE (widget), "POST", CLR_API_SETTINGS_UNDO, NULL, on_undone, NULL);
}

static void
on_named (AdwMessageDialog *dialog, const char *response, ClrSettingsPage *self)
{
  GtkEditable *entry = g_object_get_data (G_OBJECT (dialog), "clr-entry");
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (entry)));
  GType type = GPOINTER_TO_SIZE (g_object_get_data (G_OBJECT (dialog), "clr-type"));
  Section *section;

  if (!g_str_equal (response, "add") || *name == '\0')
    return;
  for (guint i = 0; i < self->sections->len; i++)
    {
      section = g_ptr_array_index (self->sections, i);
      if (section->type == type && g_strcmp0 (section->name, name) == 0)
        {
          gtk_list_box_select_row (self->section_list, GTK_LIST_BOX_ROW (section->list_row));
          return;
        }
    }
  section = add_section (self, type, name, NULL);
  section->is_new = TRUE;
  gtk_list_box_select_row (self->section_list, GTK_LIST_BOX_ROW (section->list_row));
  show_changes (self);
}

static void
on_add (GtkWidget *widget, const char *action, GVariant *parameter)
{
  ClrSettingsPage *self = CLR_SETTINGS_PAGE (widget);
  const char *group = g_variant_get_string (parameter, NULL);
  GtkWidget *dialog, *entry = gtk_entry_new ();
  g_autofree char *heading = g_strdup_printf (_ ("New Section: %s"), group);
  const GType *types;
  unsigned n;

  dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (widget)), heading,
                                   _ ("A short name of its own, such as \"office\"."));
  types = clr_sections_get_types (&n);
  for (unsigned i = 0; i < n; i++)
    if (g_str_equal (get_class (types[i])->group, group))
      g_object_set_data (G_OBJECT (dialog), "clr-type", GSIZE_TO_POINTER (types[i]));
  gtk_entry_set_activates_default (GTK_ENTRY (entry), TRUE);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), entry);
  g_object_set_data (G_OBJECT (dialog), "clr-entry", entry);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "add", _ ("_Add"),
                                    NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "add", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "add");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_named), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
make_add_menu (ClrSettingsPage *self)
{
  g_autoptr (GMenu) menu = g_menu_new ();
  const GType *types;
  unsigned n;

  types = clr_sections_get_types (&n);
  for (unsigned i = 0; i < n; i++)
    if (get_class (types[i])->is_named)
      {
        g_autoptr (GMenuItem) item = g_menu_item_new (get_class (types[i])->group, NULL);

        g_menu_item_set_action_and_target (item, "settings.add", "s", get_class (types[i])->group);
        g_menu_append_item (menu, item);
      }
  gtk_menu_button_set_menu_model (self->add_button, G_MENU_MODEL (menu));
}

static void
clr_settings_page_set_visible (ClrPage *page, gboolean visible)
{
  ClrSettingsPage *self = CLR_SETTINGS_PAGE (page);
  gboolean has_problem;

  /* What has been typed is not lost by looking elsewhere. */
  if (visible && count_changes (self, &has_problem) == 0)
    ask (self);
}

static void
clr_settings_page_dispose (GObject *object)
{
  ClrSettingsPage *self = CLR_SETTINGS_PAGE (object);

  g_clear_pointer (&self->etag, g_free);
  g_clear_pointer (&self->sections, g_ptr_array_unref);
  G_OBJECT_CLASS (clr_settings_page_parent_class)->dispose (object);
}

static void
clr_settings_page_class_init (ClrSettingsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_settings_page_dispose;
  CLR_PAGE_CLASS (klass)->set_visible = clr_settings_page_set_visible;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/clrelay/admin/pages/clr-settings-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrSettingsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, ClrSettingsPage, section_stack);
  gtk_widget_class_bind_template_child (widget_class, ClrSettingsPage, status);
  gtk_widget_class_bind_template_child (widget_class, ClrSettingsPage, section_list);
  gtk_widget_class_bind_template_child (widget_class, ClrSettingsPage, add_button);
  gtk_widget_class_bind_template_child (widget_class, ClrSettingsPage, changes_label);
  gtk_widget_class_bind_template_callback (widget_class, on_section);
  gtk_widget_class_install_action (widget_class, "settings.apply", NULL, on_apply);
  gtk_widget_class_install_action (widget_class, "settings.discard", NULL, on_discard);
  gtk_widget_class_install_action (widget_class, "settings.undo", NULL, on_undo);
  gtk_widget_class_install_action (widget_class, "settings.add", "s", on_add);
}

static void
clr_settings_page_init (ClrSettingsPage *self)
{
  const GType *types;
  unsigned n;

  self->sections = g_ptr_array_new_with_free_func (section_free);
  types = clr_sections_get_types (&n);
  for (unsigned i = 0; i < n; i++)
    g_type_class_ref (types[i]); /* for as long as the app runs: the declarations live in them */
  gtk_widget_init_template (GTK_WIDGET (self));
  make_add_menu (self);
  show_changes (self);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "widgets/clr-section-dialog.h"

#include "control/clr-api.h"
#include "control/clr-json.h"
#include "settings/clr-sections.h"
#include "widgets/clr-setting-row.h"

#include <glib/gi18n.h>

struct _ClrSectionDialog
{
  AdwWindow parent_instance;
  ClrPage *page; /* of the window that this one belongs to */
  char *group, *name, *etag;
  GStrv taken; /* names that are there already */
  GPtrArray *rows;
  GPtrArray *secrets;  /* rows for what is kept outside the file; the setting's name is their data */
  GtkWidget *name_row; /* NULL: it has its name */

  AdwWindowTitle *heading;
  GtkWidget *save_button, *cancel_button, *rest_group;
  GtkRevealer *problem_revealer;
  GtkLabel *problem_label;
  AdwPreferencesGroup *first;
  AdwExpanderRow *rest;
};

enum
{
  SAVED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ClrSectionDialog, clr_section_dialog, ADW_TYPE_WINDOW)

gpointer
clr_section_dialog_find_class (const char *group)
{
  unsigned n;
  const GType *types = clr_sections_get_types (&n);

  for (unsigned i = 0; i < n; i++)
    {
      ClrSectionClass *klass = g_type_class_peek (types[i]);

      if (klass == NULL)
        klass = g_type_class_ref (types[i]); /* for as long as the app runs: declarations live in it */
      if (g_str_equal (klass->group, group))
        return klass;
    }
  return NULL;
}

static void
tell_problem (ClrSectionDialog *self, const char *text)
{
  gtk_label_set_label (self->problem_label, text ? text : "");
  gtk_revealer_set_reveal_child (self->problem_revealer, text != NULL);
}

/* (transfer full) (nullable) */
static char *
dup_name (ClrSectionDialog *self)
{
  if (self->name_row == NULL)
    return g_strdup (self->name);
  return g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name_row))));
}

static gboolean
is_name (const char *name)
{
  for (const char *p = name; *p; p++)
    if (!g_ascii_isalnum (*p) && !strchr ("-_.", *p))
      return FALSE;
  return *name != '\0';
}

/* What must be set may come from a preset. */
static gboolean
has_preset (ClrSectionDialog *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    {
      g_autofree char *text = clr_setting_row_dup_text (g_ptr_array_index (self->rows, i));

      if (text && g_str_equal (clr_setting_row_get_key (g_ptr_array_index (self->rows, i)), "preset"))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_good (ClrSectionDialog *self, ClrSettingRow *row)
{
  g_autofree char *text = clr_setting_row_dup_text (row);

  return clr_setting_row_get_problem (row) == NULL || (text == NULL && has_preset (self));
}

static void
check (ClrSectionDialog *self)
{
  g_autofree char *name = dup_name (self);
  gboolean good = TRUE,
           named = self->name_row == NULL
                   || (is_name (name) && !g_strv_contains ((const char *const *)self->taken, name));

  if (self->name_row && !named && *name)
    gtk_widget_add_css_class (self->name_row, "error");
  else if (self->name_row)
    gtk_widget_remove_css_class (self->name_row, "error");
  for (guint i = 0; i < self->rows->len; i++)
    good = good && is_good (self, g_ptr_array_index (self->rows, i));
  gtk_widget_set_sensitive (self->save_button, good && named);
}

static void
on_row_changed (void *row, ClrSectionDialog *self)
{
  check (self);
}

static void
on_saved (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  g_autoptr (ClrSectionDialog) self = data;

  gtk_widget_set_sensitive (self->save_button, TRUE);
  if (answer == NULL)
    {
      tell_problem (self, error->message);
      return;
    }
  clr_page_tell (page, "%s", _ ("Applied; it counts from now on"));
  g_signal_emit (self, signals[SAVED], 0);
  gtk_window_destroy (GTK_WINDOW (self));
}

static void save (ClrSectionDialog *self);

/* The setting that names the secret of @row. */
static ClrSettingRow *
find_name_row (ClrSectionDialog *self, GtkWidget *row)
{
  const char *key = g_object_get_data (G_OBJECT (row), "clr-key");

  for (guint i = 0; i < self->rows->len; i++)
    if (g_str_equal (clr_setting_row_get_key (g_ptr_array_index (self->rows, i)), key))
      return g_ptr_array_index (self->rows, i);
  g_assert_not_reached ();
}

static void
on_secret_set (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  g_autoptr (ClrSectionDialog) self = data;

  if (answer)
    {
      save (self);
      return;
    }
  gtk_widget_set_sensitive (self->save_button, TRUE);
  tell_problem (self, error->message);
}

/* Before the settings that name them, one after the other; what is stored leaves the window.
 * Returns: whether there was one. */
static gboolean
store_secret (ClrSectionDialog *self)
{
  for (guint i = 0; i < self->secrets->len; i++)
    {
      GtkWidget *row = g_ptr_array_index (self->secrets, i);
      ClrSettingRow *named = find_name_row (self, row);
      g_autofree char *secret = g_strdup (gtk_editable_get_text (GTK_EDITABLE (row))),
                      *word = clr_setting_row_dup_text (named), *name = dup_name (self);
      g_autofree char *made = word ? g_strdup (word) : g_strdup_printf ("%s-%s", self->group, name),
                      *path = g_strconcat (CLR_API_SECRETS, made, NULL);
      JsonObject *body;

      if (*secret == '\0')
        continue;
      body = json_object_new ();
      json_object_set_string_member (body, "secret", secret);
      clr_setting_row_set_text (named, made);
      gtk_editable_set_text (GTK_EDITABLE (row), "");
      gtk_widget_set_sensitive (self->save_button, FALSE);
      clr_page_ask (self->page, "PUT", path, body, on_secret_set, g_object_ref (self));
      json_object_unref (body);
      return TRUE;
    }
  return FALSE;
}

static void
on_save (GtkButton *button, ClrSectionDialog *self)
{
  tell_problem (self, NULL);
  save (self);
}

static void
save (ClrSectionDialog *self)
{
  g_autoptr (ClrDraft) draft = clr_draft_new ();
  g_autofree char *name = dup_name (self);
  JsonObject *body;

  if (store_secret (self))
    return;
  for (guint i = 0; i < self->rows->len; i++)
    {
      ClrSettingRow *row = g_ptr_array_index (self->rows, i);
      g_autofree char *text = clr_setting_row_dup_text (row);

      if (clr_setting_row_is_changed (row))
        clr_draft_set (draft, self->group, name, clr_setting_row_get_key (row), text);
    }
  if (clr_draft_get_n (draft) == 0)
    {
      gtk_window_destroy (GTK_WINDOW (self));
      return;
    }
  gtk_widget_set_sensitive (self->save_button, FALSE);
  body = clr_draft_to_body (draft, self->etag);
  clr_page_ask (self->page, "PATCH", CLR_API_SETTINGS, body, on_saved, g_object_ref (self));
  json_object_unref (body);
}

static void
on_cancel (GtkButton *button, ClrSectionDialog *self)
{
  gtk_window_destroy (GTK_WINDOW (self));
}

static void
add_row (ClrSectionDialog *self, GParamSpec *pspec, JsonObject *values, gboolean is_first)
{
  GtkWidget *row = clr_setting_row_new (pspec, values ? clr_json_get_text (values, pspec->name) : NULL);

  g_signal_connect (row, "changed", G_CALLBACK (on_row_changed), self);
  g_ptr_array_add (self->rows, row);
  if (is_first)
    adw_preferences_group_add (self->first, row);
  else
    adw_expander_row_add_row (self->rest, row);
}

/* What the setting only names: typed here, stored by the service, and never shown again. */
static void
add_secret_row (ClrSectionDialog *self, GParamSpec *pspec, JsonObject *values)
{
  GtkWidget *row = adw_password_entry_row_new ();
  gboolean is_set = values && clr_json_get_text (values, pspec->name);
  g_autofree char *id = g_strconcat ("secret_", pspec->name, NULL);
  g_autofree char *title = is_set ? g_strdup_printf (_ ("%s: is set; type another to change it"),
                                                     _ (g_param_spec_get_nick (pspec)))
                                  : g_strdup (_ (g_param_spec_get_nick (pspec)));

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  gtk_widget_set_name (row, id);
  g_object_set_data (G_OBJECT (row), "clr-key", (void *)pspec->name);
  g_ptr_array_add (self->secrets, row);
  adw_preferences_group_add (self->first, row);
}

static void
add_rows (ClrSectionDialog *self, ClrSectionClass *klass, JsonObject *values, const char *const *keys)
{
  guint n, n_rest = 0;
  g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_CLASS (klass), &n);

  for (const char *const *key = keys; *key; key++)
    {
      GParamSpec *pspec = g_object_class_find_property (G_OBJECT_CLASS (klass), *key);

      if (pspec && clr_value_get_kind (pspec) == CLR_VALUE_SECRET)
        add_secret_row (self, pspec, values);
      else if (pspec)
        add_row (self, pspec, values, TRUE);
    }
  for (guint i = 0; i < n; i++)
    if (!g_type_is_a (CLR_TYPE_SECTION, pspecs[i]->owner_type)
        && (clr_value_get_kind (pspecs[i]) == CLR_VALUE_SECRET || !g_strv_contains (keys, pspecs[i]->name)))
      {
        add_row (self, pspecs[i], values, FALSE);
        n_rest++;
      }
  gtk_widget_set_visible (self->rest_group, n_rest > 0);
}

static void
add_name_row (ClrSectionDialog *self)
{
  self->name_row = adw_entry_row_new ();
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->name_row),
                                 _ ("Name, of letters, digits and hyphens"));
  gtk_widget_set_name (self->name_row, "section_name");
  g_signal_connect (self->name_row, "changed", G_CALLBACK (on_row_changed), self);
  adw_preferences_group_add (self->first, self->name_row);
}

GtkWidget *
clr_section_dialog_new (ClrPage *page, ClrGroups *groups, const char *group, const char *name,
                        const char *const *keys)
{
  ClrSectionDialog *self = g_object_new (CLR_TYPE_SECTION_DIALOG, "transient-for",
                                         gtk_widget_get_root (GTK_WIDGET (page)), NULL);
  ClrSectionClass *klass = clr_section_dialog_find_class (group);
  g_autoptr (GPtrArray) names = clr_groups_list (groups, group);
  g_autofree char *title = name              ? g_strdup_printf ("%s %s", group, name)
                           : klass->is_named ? g_strdup_printf (_ ("New Section: %s"), group)
                                             : g_strdup (group);

  self->page = page;
  self->group = g_strdup (group);
  self->name = g_strdup (name);
  self->etag = g_strdup (clr_groups_get_etag (groups));
  g_ptr_array_add (names, NULL);
  self->taken = g_strdupv ((char **)names->pdata);
  adw_window_title_set_title (self->heading, title);
  gtk_window_set_title (GTK_WINDOW (self), title);
  adw_preferences_group_set_description (self->first, _ (klass->help));
  if (name == NULL && klass->is_named)
    add_name_row (self);
  add_rows (self, klass, name || !klass->is_named ? clr_groups_find (groups, group, name) : NULL, keys);
  check (self);
  return GTK_WIDGET (self);
}

void
clr_section_dialog_suggest (ClrSectionDialog *self, const char *name, const char *key, const char *value)
{
  if (name && self->name_row)
    gtk_editable_set_text (GTK_EDITABLE (self->name_row), name);
  for (guint i = 0; key && i < self->rows->len; i++)
    {
      ClrSettingRow *row = g_ptr_array_index (self->rows, i);

      if (g_str_equal (clr_setting_row_get_key (row), key))
        clr_setting_row_set_text (row, value);
    }
}

static void
clr_section_dialog_finalize (GObject *object)
{
  ClrSectionDialog *self = CLR_SECTION_DIALOG (object);

  g_free (self->group);
  g_free (self->name);
  g_free (self->etag);
  g_strfreev (self->taken);
  g_ptr_array_unref (self->rows);
  g_ptr_array_unref (self->secrets);
  G_OBJECT_CLASS (clr_section_dialog_parent_class)->finalize (object);
}

static void
clr_section_dialog_class_init (ClrSectionDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = clr_section_dialog_finalize;
  signals[SAVED] = g_signal_new ("saved", CLR_TYPE_SECTION_DIALOG, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/clrelay/admin/widgets/clr-section-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrSectionDialog, heading);
  gtk_widget_class_bind_template_child (widget_class, ClrSectionDialog, save_button);
  gtk_widget_class_bind_template_child (widget_class, ClrSectionDialog, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, ClrSectionDialog, rest_group);
  gtk_widget_class_bind_template_child (widget_class, ClrSectionDialog, problem_revealer);
  gtk_widget_class_bind_template_child (widget_class, ClrSectionDialog, problem_label);
  gtk_widget_class_bind_template_child (widget_class, ClrSectionDialog, first);
  gtk_widget_class_bind_template_child (widget_class, ClrSectionDialog, rest);
  gtk_widget_class_bind_template_callback (widget_class, on_save);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
clr_section_dialog_init (ClrSectionDialog *self)
{
  self->rows = g_ptr_array_new ();
  self->secrets = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

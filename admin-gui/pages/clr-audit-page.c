/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-audit-page.h"

#include "clr-words.h"
#include "control/clr-api.h"
#include "control/clr-json.h"
#include "widgets/clr-rows.h"

#include <glib/gi18n.h>

struct _ClrAuditPage
{
  ClrPage parent_instance;
  ClrRows entries;
  gint64 next; /* cursor of what is older; 0: that was all */

  GtkEditable *text_entry;
  AdwPreferencesGroup *entries_group;
  GtkWidget *more_group;
};

G_DEFINE_FINAL_TYPE (ClrAuditPage, clr_audit_page, CLR_TYPE_PAGE)

static void
add_entry (ClrAuditPage *self, JsonObject *entry)
{
  const char *who = clr_json_get_text (entry, "who"), *what = clr_json_get_text (entry, "what"),
             *detail = clr_json_get_text (entry, "detail");
  g_autofree char *clock = clr_words_time (clr_json_get_text (entry, "time"), TRUE);
  g_autofree char *words = g_strdup_printf ("%s · %s%s%s", clock ? clock : "", who ? who : "",
                                            detail ? "\n" : "", detail ? detail : "");

  clr_rows_add (&self->entries, what ? what : "", words);
}

static void
on_entries (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrAuditPage *self = CLR_AUDIT_PAGE (page);
  JsonNode *node = answer ? json_object_get_member (answer, "entries") : NULL;
  JsonArray *entries = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  gboolean is_more = GPOINTER_TO_INT (data);

  if (!is_more)
    clr_rows_clear (&self->entries);
  for (guint i = 0; entries && i < json_array_get_length (entries); i++)
    if (JSON_NODE_HOLDS_OBJECT (json_array_get_element (entries, i)))
      add_entry (self, json_array_get_object_element (entries, i));
  self->next = answer ? json_object_get_int_member_with_default (answer, "next", 0) : 0;
  gtk_widget_set_visible (self->more_group, self->next > 0);
  if (self->entries.rows->len == 0)
    clr_rows_add_empty (&self->entries, error && clr_page_is_unknown (error)
                                            ? _ ("This relay is older than the app, and keeps no audit")
                                        : error ? error->message
                                        : *gtk_editable_get_text (self->text_entry)
                                            ? _ ("Nothing of this kind was done")
                                            : _ ("Nothing has been changed yet"));
}

static void
ask (ClrAuditPage *self, gboolean is_more)
{
  const char *text = gtk_editable_get_text (self->text_entry);
  g_autoptr (GString) path = g_string_new (CLR_API_AUDIT "?limit=100");

  if (is_more)
    g_string_append_printf (path, "&before=%" G_GINT64_FORMAT, self->next);
  if (*text)
    {
      g_string_append (path, "&text=");
      g_string_append_uri_escaped (path, text, NULL, FALSE);
    }
  clr_page_ask (CLR_PAGE (self), "GET", path->str, NULL, on_entries, GINT_TO_POINTER (is_more));
}

static void
on_text (GtkSearchEntry *entry, ClrAuditPage *self)
{
  if (clr_page_is_in_sight (CLR_PAGE (self)))
    ask (self, FALSE);
}

static void
on_more (GtkButton *button, ClrAuditPage *self)
{
  ask (self, TRUE);
}

static void
clr_audit_page_set_visible (ClrPage *page, gboolean visible)
{
  if (visible)
    ask (CLR_AUDIT_PAGE (page), FALSE);
}

static void
clr_audit_page_dispose (GObject *object)
{
  clr_rows_finish (&CLR_AUDIT_PAGE (object)->entries);
  G_OBJECT_CLASS (clr_audit_page_parent_class)->dispose (object);
}

static void
clr_audit_page_class_init (ClrAuditPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_audit_page_dispose;
  CLR_PAGE_CLASS (klass)->set_visible = clr_audit_page_set_visible;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/clrelay/admin/pages/clr-audit-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrAuditPage, text_entry);
  gtk_widget_class_bind_template_child (widget_class, ClrAuditPage, entries_group);
  gtk_widget_class_bind_template_child (widget_class, ClrAuditPage, more_group);
  gtk_widget_class_bind_template_callback (widget_class, on_text);
  gtk_widget_class_bind_template_callback (widget_class, on_more);
}

static void
clr_audit_page_init (ClrAuditPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  clr_rows_init (&self->entries, self->entries_group);
}

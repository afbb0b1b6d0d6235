/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-domains-page.h"

#include "clr-key-maker.h"
#include "clr-plan.h"
#include "control/clr-api.h"
#include "control/clr-json.h"
#include "widgets/clr-rows.h"

#include <glib/gi18n.h>
#include <string.h>

struct _ClrDomainsPage
{
  ClrSectionsPage parent_instance;
  ClrRows keys, records;

  GtkEditable *key_domain_row, *selector_row;
  AdwComboRow *kind_row;
  GtkWidget *make_button;
  AdwPreferencesGroup *keys_group, *records_group;
};

G_DEFINE_FINAL_TYPE (ClrDomainsPage, clr_domains_page, CLR_TYPE_SECTIONS_PAGE)

static const char *const kinds[] = { "rsa", "ed25519" };

static void
on_copy (GtkButton *button, ClrPage *self)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), clr_row_get_data (button));
  clr_page_tell (self, "%s", _ ("Copied"));
}

static void
add_record (ClrDomainsPage *self, const char *title, const char *record)
{
  GtkWidget *row = clr_rows_add (&self->records, title, record);

  clr_row_add_button (row, "copy", "edit-copy-symbolic", _ ("Copy"), G_CALLBACK (on_copy), self, record);
}

static void
on_remove (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_remove (self, "key", clr_row_get_data (button),
                            _ ("Mail of its domain is not signed with it any more; its file stays. Leave its "
                               "record in the DNS for a week, for mail that is under way."));
}

static void
add_key (ClrDomainsPage *self, JsonObject *key)
{
  const char *name = clr_json_get_text (key, "key"), *domain = clr_json_get_text (key, "domain"),
             *selector = clr_json_get_text (key, "selector"), *reason = clr_json_get_text (key, "reason");
  JsonNode *node = json_object_get_member (key, "details");
  JsonObject *details = node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *record = details ? clr_json_get_text (details, "zone") : NULL,
             *algorithm = details ? clr_json_get_text (details, "algorithm") : NULL;
  g_autofree char *title = g_strdup_printf ("%s — %s", domain ? domain : "", selector ? selector : "");
  GtkWidget *row;

  if (name == NULL)
    return;
  row = clr_rows_add (&self->keys, title, record ? algorithm : reason);
  if (record == NULL)
    clr_row_add_icon (row, "dialog-error-symbolic", "error");
  clr_row_add_button (row, "remove", "user-trash-symbolic", _ ("Remove…"), G_CALLBACK (on_remove), self,
                      name);
  if (record)
    {
      g_autofree char *words = g_strdup_printf (_ ("%s: DKIM, the key %s"), domain, selector);
      g_autofree char *line = g_strchomp (g_strdup (record));

      add_record (self, words, line);
    }
}

/* The domains of the keys, and that of the postmaster. (element-type utf8) (transfer container) */
static GPtrArray *
list_domains (ClrGroups *groups, JsonArray *keys)
{
  GPtrArray *domains = g_ptr_array_new ();
  const char *postmaster = clr_groups_get (groups, "server", NULL, "postmaster"),
             *at = postmaster ? strrchr (postmaster, '@') : NULL;

  if (at)
    g_ptr_array_add (domains, (char *)at + 1);
  for (guint i = 0; keys && i < json_array_get_length (keys); i++)
    {
      const char *domain = clr_json_get_text (json_array_get_object_element (keys, i), "domain");

      if (domain && !g_ptr_array_find_with_equal_func (domains, domain, g_str_equal, NULL))
        g_ptr_array_add (domains, (char *)domain);
    }
  return domains;
}

static void
add_domain_records (ClrDomainsPage *self, ClrGroups *groups, const char *domain)
{
  ClrPlanAnswers answers = clr_plan_read_way (groups);
  const char *hostname = clr_groups_get (groups, "server", NULL, "hostname"),
             *postmaster = clr_groups_get (groups, "server", NULL, "postmaster");
  g_autofree char *spf = clr_plan_make_spf (domain, hostname ? hostname : "", &answers),
                  *dmarc = clr_plan_make_dmarc (domain, postmaster),
                  *spf_title = g_strdup_printf (_ ("%s: SPF, who may send for it"), domain),
                  *dmarc_title
                  = g_strdup_printf (_ ("%s: DMARC, what becomes of mail that is not yours"), domain);

  add_record (self, spf_title, spf);
  add_record (self, dmarc_title, dmarc);
}

static void
on_keys (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrDomainsPage *self = CLR_DOMAINS_PAGE (page);
  ClrGroups *groups = clr_sections_page_get_groups (CLR_SECTIONS_PAGE (page));
  JsonNode *node = answer ? json_object_get_member (answer, "keys") : NULL;
  JsonArray *keys = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  g_autoptr (GPtrArray) domains = NULL;

  for (guint i = 0; keys && i < json_array_get_length (keys); i++)
    if (!JSON_NODE_HOLDS_OBJECT (json_array_get_element (keys, i)))
      keys = NULL;
  clr_rows_clear (&self->records);
  clr_rows_clear (&self->keys);
  domains = groups ? list_domains (groups, keys) : g_ptr_array_new ();
  for (guint i = 0; i < domains->len; i++)
    add_domain_records (self, groups, g_ptr_array_index (domains, i));
  for (guint i = 0; keys && i < json_array_get_length (keys); i++)
    add_key (self, json_array_get_object_element (keys, i));
  if (self->keys.rows->len == 0)
    clr_rows_add_empty (&self->keys, error && clr_page_is_unknown (error)
                                         ? _ ("This relay is older than the app, and cannot tell")
                                     : error ? error->message
                                             : _ ("None: mail is not signed"));
}

static void
clr_domains_page_show (ClrSectionsPage *page, ClrGroups *groups, const GError *error)
{
  clr_page_ask (CLR_PAGE (page), "GET", CLR_API_KEYS, NULL, on_keys, NULL);
}

static void
on_made (ClrPage *page, const char *record, const GError *error)
{
  gtk_widget_set_sensitive (CLR_DOMAINS_PAGE (page)->make_button, TRUE);
  if (record)
    clr_page_tell (page, "%s", _ ("It signs from now on; publish its record"));
  else
    clr_page_fail (page, _ ("No Key Was Made"), error ? error->message : "");
  clr_sections_page_reload (CLR_SECTIONS_PAGE (page));
}

static void
on_make (GtkButton *button, ClrDomainsPage *self)
{
  guint kind = MIN (adw_combo_row_get_selected (self->kind_row), G_N_ELEMENTS (kinds) - 1);

  gtk_widget_set_sensitive (self->make_button, FALSE);
  clr_key_maker_make (CLR_PAGE (self), gtk_editable_get_text (self->key_domain_row),
                      gtk_editable_get_text (self->selector_row), kinds[kind], on_made);
}

static void
clr_domains_page_dispose (GObject *object)
{
  ClrDomainsPage *self = CLR_DOMAINS_PAGE (object);

  clr_rows_finish (&self->keys);
  clr_rows_finish (&self->records);
  G_OBJECT_CLASS (clr_domains_page_parent_class)->dispose (object);
}

static void
clr_domains_page_class_init (ClrDomainsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_domains_page_dispose;
  CLR_SECTIONS_PAGE_CLASS (klass)->show = clr_domains_page_show;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/clrelay/admin/pages/clr-domains-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrDomainsPage, key_domain_row);
  gtk_widget_class_bind_template_child (widget_class, ClrDomainsPage, selector_row);
  gtk_widget_class_bind_template_child (widget_class, ClrDomainsPage, kind_row);
  gtk_widget_class_bind_template_child (widget_class, ClrDomainsPage, make_button);
  gtk_widget_class_bind_template_child (widget_class, ClrDomainsPage, keys_group);
  gtk_widget_class_bind_template_child (widget_class, ClrDomainsPage, records_group);
  gtk_widget_class_bind_template_callback (widget_class, on_make);
}

static void
clr_domains_page_init (ClrDomainsPage *self)
{
  g_autoptr (GtkStringList) model = gtk_string_list_new (NULL);

  gtk_widget_init_template (GTK_WIDGET (self));
  clr_rows_init (&self->keys, self->keys_group);
  clr_rows_init (&self->records, self->records_group);
  gtk_string_list_append (model, _ ("RSA, understood by everybody"));
  gtk_string_list_append (model, _ ("Ed25519, short and modern"));
  adw_combo_row_set_model (self->kind_row, G_LIST_MODEL (model));
  gtk_editable_set_text (self->selector_row, "clr1");
}

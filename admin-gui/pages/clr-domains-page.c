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
  ClrRows keys, records, verdicts;
  JsonArray *known; /* keys of the last answer; NULL: none has come */

  GtkEditable *key_domain_row, *selector_row;
  AdwComboRow *kind_row;
  GtkWidget *make_button;
  GtkEditable *check_row;
  AdwPreferencesGroup *keys_group, *records_group, *verdicts_group;
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

static const char *
get_algorithm (JsonObject *key)
{
  JsonNode *node = json_object_get_member (key, "details");

  return node && JSON_NODE_HOLDS_OBJECT (node) ? clr_json_get_text (json_node_get_object (node), "algorithm")
                                               : NULL;
}

/* Of a relay that does not know states all sign. */
static const char *
get_state (JsonObject *key)
{
  const char *state = clr_json_get_text (key, "state");

  return state ? state : "active";
}

/* One that signs for @domain; @algorithm: NULL for any. */
static JsonObject *
find_active (ClrDomainsPage *self, const char *domain, const char *algorithm)
{
  for (guint i = 0; self->known && i < json_array_get_length (self->known); i++)
    {
      JsonObject *key = json_array_get_object_element (self->known, i);

      if (g_strcmp0 (clr_json_get_text (key, "domain"), domain) == 0
          && g_str_equal (get_state (key), "active")
          && (algorithm == NULL || g_strcmp0 (get_algorithm (key), algorithm) == 0))
        return key;
    }
  return NULL;
}

/* It signs from now on, in place of those of its kind: other kinds sign beside it. */
static void
go_activate (ClrPage *page, void *data)
{
  ClrDomainsPage *self = CLR_DOMAINS_PAGE (page);
  g_autoptr (ClrDraft) draft = clr_draft_new ();
  JsonObject *chosen = NULL;

  for (guint i = 0; self->known && i < json_array_get_length (self->known); i++)
    if (g_strcmp0 (clr_json_get_text (json_array_get_object_element (self->known, i), "key"), data) == 0)
      chosen = json_array_get_object_element (self->known, i);
  if (chosen == NULL)
    return;
  clr_draft_set (draft, "key", data, "state", NULL);
  for (guint i = 0; i < json_array_get_length (self->known); i++)
    {
      JsonObject *key = json_array_get_object_element (self->known, i);

      if (key != chosen && g_str_equal (get_state (key), "active")
          && g_strcmp0 (clr_json_get_text (key, "domain"), clr_json_get_text (chosen, "domain")) == 0
          && g_strcmp0 (get_algorithm (key), get_algorithm (chosen)) == 0)
        clr_draft_set (draft, "key", clr_json_get_text (key, "key"), "state", "retired");
    }
  clr_sections_page_apply (CLR_SECTIONS_PAGE (self), draft);
}

static void
on_activate (GtkButton *button, ClrPage *self)
{
  clr_page_confirm (self, _ ("Sign With This Key?"),
                    _ ("Its record must be in the DNS already: mail that is signed before fails at those who "
                       "check. The key before it retires; leave its record for a week."),
                    _ ("_Sign With It"), go_activate, g_strdup (clr_row_get_data (button)), g_free);
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
  const char *state = get_state (key);
  g_autofree char *told = record ? g_strdup_printf ("%s · %s", algorithm ? algorithm : "",
                                                    g_str_equal (state, "next")
                                                        ? _ ("next: publish its record, then sign with it")
                                                    : g_str_equal (state, "retired")
                                                        ? _ ("retired: remove it and its record after a week")
                                                        : _ ("signs"))
                                 : NULL;
  GtkWidget *row;

  if (name == NULL)
    return;
  row = clr_rows_add (&self->keys, title, record ? told : reason);
  clr_row_add_icon (row,
                    record == NULL                   ? "dialog-error-symbolic"
                    : g_str_equal (state, "next")    ? "document-open-recent-symbolic"
                    : g_str_equal (state, "retired") ? "media-playback-stop-symbolic"
                                                     : "emblem-ok-symbolic",
                    record == NULL                  ? "error"
                    : g_str_equal (state, "active") ? "success"
                                                    : NULL);
  if (record && g_str_equal (state, "next"))
    clr_row_add_button (row, "activate", NULL, _ ("_Sign With It…"), G_CALLBACK (on_activate), self, name);
  clr_row_add_button (row, "remove", "user-trash-symbolic", _ ("Remove…"), G_CALLBACK (on_remove), self,
                      name);
  if (record)
    {
      g_autofree char *heading = g_strdup_printf (_ ("%s: DKIM, the key %s"), domain, selector);
      g_autofree char *line = g_strchomp (g_strdup (record));

      add_record (self, heading, line);
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
  g_clear_pointer (&self->known, json_array_unref);
  self->known = keys ? json_array_ref (keys) : NULL;
  clr_rows_clear (&self->records);
  clr_rows_clear (&self->keys);
  domains = groups ? list_domains (groups, keys) : g_ptr_array_new ();
  if (domains->len > 0 && *gtk_editable_get_text (self->check_row) == '\0')
    gtk_editable_set_text (self->check_row, g_ptr_array_index (domains, 0));
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

/* -- what stands in the DNS now */

static void
add_verdict (ClrDomainsPage *self, JsonObject *item)
{
  const char *what = clr_json_get_text (item, "what"), *verdict = clr_json_get_text (item, "verdict"),
             *text = clr_json_get_text (item, "text"), *name = clr_json_get_text (item, "name"),
             *needed = clr_json_get_text (item, "needed");
  gint64 lookups = json_object_get_int_member_with_default (item, "lookups", -1);
  gboolean good = g_strcmp0 (verdict, "ok") == 0, none = g_strcmp0 (verdict, "none") == 0;
  JsonNode *found = json_object_get_member (item, "found");
  g_autofree char *title = NULL;
  g_autoptr (GString) words = g_string_new (text ? text : "");
  GtkWidget *row;

  if (what == NULL)
    return;
  title = g_ascii_strup (what, -1);
  if (lookups >= 0)
    g_string_append_printf (words, _ ("\nLook-ups that it costs: %d of 10"), (int)lookups);
  for (guint i = 0;
       found && JSON_NODE_HOLDS_ARRAY (found) && i < json_array_get_length (json_node_get_array (found)); i++)
    {
      JsonNode *value = json_array_get_element (json_node_get_array (found), i);

      if (JSON_NODE_HOLDS_VALUE (value) && json_node_get_string (value))
        g_string_append_printf (words, _ ("\nFound: %s"), json_node_get_string (value));
    }
  if (needed && !good)
    g_string_append_printf (words, _ ("\nPublish at %s: %s"), name ? name : "", needed);
  row = clr_rows_add (&self->verdicts, title, words->str);
  clr_row_add_icon (row,
                    good   ? "emblem-ok-symbolic"
                    : none ? "list-remove-symbolic"
                           : "dialog-warning-symbolic",
                    good   ? "success"
                    : none ? NULL
                           : "warning");
  if (needed && !good)
    clr_row_add_button (row, "copy", "edit-copy-symbolic", _ ("Copy"), G_CALLBACK (on_copy), self, needed);
}

static void
on_verdicts (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrDomainsPage *self = CLR_DOMAINS_PAGE (page);
  JsonNode *node = answer ? json_object_get_member (answer, "items") : NULL;
  JsonArray *items = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  clr_rows_clear (&self->verdicts);
  for (guint i = 0; items && i < json_array_get_length (items); i++)
    if (JSON_NODE_HOLDS_OBJECT (json_array_get_element (items, i)))
      add_verdict (self, json_array_get_object_element (items, i));
  if (self->verdicts.rows->len == 0)
    clr_rows_add_empty (&self->verdicts, error && clr_page_is_unknown (error)
                                             ? _ ("This relay is older than the app, and cannot tell")
                                         : error ? error->message
                                                 : _ ("Nothing was found"));
}

static void
on_check (GtkWidget *widget, ClrDomainsPage *self)
{
  g_autofree char *domain = g_uri_escape_string (gtk_editable_get_text (self->check_row), NULL, FALSE),
                  *path = g_strconcat (CLR_API_DOMAINS, domain, "/dns", NULL);

  if (*domain == '\0')
    return;
  clr_rows_clear (&self->verdicts);
  clr_rows_add_empty (&self->verdicts, _ ("Asking the DNS…"));
  clr_page_ask (CLR_PAGE (self), "GET", path, NULL, on_verdicts, NULL);
}

static void
on_made (ClrPage *page, const char *record, const GError *error)
{
  gtk_widget_set_sensitive (CLR_DOMAINS_PAGE (page)->make_button, TRUE);
  if (record)
    clr_page_tell (page, "%s", _ ("Publish its record"));
  else
    clr_page_fail (page, _ ("No Key Was Made"), error ? error->message : "");
  clr_sections_page_reload (CLR_SECTIONS_PAGE (page));
}

static void
on_make (GtkButton *button, ClrDomainsPage *self)
{
  guint kind = MIN (adw_combo_row_get_selected (self->kind_row), G_N_ELEMENTS (kinds) - 1);
  /* Where mail is signed already there is no hurry. */
  const char *state = find_active (self, gtk_editable_get_text (self->key_domain_row), NULL) ? "next" : NULL;

  gtk_widget_set_sensitive (self->make_button, FALSE);
  clr_key_maker_make (CLR_PAGE (self), gtk_editable_get_text (self->key_domain_row),
                      gtk_editable_get_text (self->selector_row), kinds[kind], state, on_made);
}

static void
clr_domains_page_dispose (GObject *object)
{
  ClrDomainsPage *self = CLR_DOMAINS_PAGE (object);

  g_clear_pointer (&self->known, json_array_unref);
  clr_rows_finish (&self->keys);
  clr_rows_finish (&self->records);
  clr_rows_finish (&self->verdicts);
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
  gtk_widget_class_bind_template_child (widget_class, ClrDomainsPage, check_row);
  gtk_widget_class_bind_template_child (widget_class, ClrDomainsPage, verdicts_group);
  gtk_widget_class_bind_template_callback (widget_class, on_make);
  gtk_widget_class_bind_template_callback (widget_class, on_check);
}

static void
clr_domains_page_init (ClrDomainsPage *self)
{
  g_autoptr (GtkStringList) model = gtk_string_list_new (NULL);

  gtk_widget_init_template (GTK_WIDGET (self));
  clr_rows_init (&self->keys, self->keys_group);
  clr_rows_init (&self->records, self->records_group);
  clr_rows_init (&self->verdicts, self->verdicts_group);
  gtk_string_list_append (model, _ ("RSA, understood by everybody"));
  gtk_string_list_append (model, _ ("Ed25519, short and modern"));
  adw_combo_row_set_model (self->kind_row, G_LIST_MODEL (model));
  gtk_editable_set_text (self->selector_row, "clr1");
}

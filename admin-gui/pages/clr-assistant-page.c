/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-assistant-page.h"

#include "clr-key-maker.h"
#include "clr-plan.h"
#include "clr-settings-words.h"
#include "clr-window.h"
#include "clr-words.h"
#include "control/clr-api.h"
#include "control/clr-json.h"
#include "widgets/clr-probe-view.h"
#include "widgets/clr-rows.h"
#include "widgets/clr-test-message.h"

#include <glib/gi18n.h>
#include <string.h>

typedef enum
{
  STEP_WAY,
  STEP_TRY,
  STEP_DOMAIN,
  STEP_SENDERS,
  STEP_LISTEN,
  STEP_MESSAGE,
  N_STEPS
} Step;

struct _ClrAssistantPage
{
  ClrSectionsPage parent_instance;
  Step step;
  gboolean is_filled; /* what the file says is in the fields */
  ClrRows records;

  GtkRevealer *problem_revealer;
  GtkLabel *problem_label, *step_label;
  GtkStack *steps;
  GtkCheckButton *direct_check, *microsoft_check, *google_check, *other_check;
  GtkWidget *fields_group, *direct_group, *former_button, *next_button, *skip_button, *key_button;
  GtkEditable *host_row, *user_row, *tenant_row, *client_row, *secret_row, *domain_row, *network_row,
      *address_row;
  AdwComboRow *tls_row, *preset_row, *listener_tls_row;
  AdwPreferencesGroup *records_group;
  ClrProbeView *probe;
  ClrTestMessage *test;
};

G_DEFINE_FINAL_TYPE (ClrAssistantPage, clr_assistant_page, CLR_TYPE_SECTIONS_PAGE)

static const char *const step_names[N_STEPS] = { "way", "try", "domain", "senders", "listen", "message" };

/* Words of settings, and how a person chooses them. */
typedef struct
{
  const char *wire, *title;
} Choice;

static const Choice tls_choices[] = {
  { "verify", N_ ("STARTTLS, and the certificate must be good") },
  { "implicit", N_ ("TLS from the start (port 465)") },
  { "may", N_ ("If the server offers it") },
  { "none", N_ ("None") },
};

static const Choice listener_choices[] = {
  { "may", N_ ("For those who can (recommended)") },
  { "require", N_ ("Required") },
  { "none", N_ ("Never, for very old devices") },
};

static const char *const presets[] = { "generic-printer", "old-printer", "ups-or-camera", "application" };

static const char *
get_text (GtkEditable *row)
{
  return gtk_editable_get_text (row);
}

static ClrPlanAnswers
get_answers (ClrAssistantPage *self)
{
  ClrPlanAnswers answers = {
    .way = gtk_check_button_get_active (self->microsoft_check) ? CLR_PLAN_MICROSOFT
           : gtk_check_button_get_active (self->google_check)  ? CLR_PLAN_GOOGLE
           : gtk_check_button_get_active (self->other_check)   ? CLR_PLAN_OTHER
                                                               : CLR_PLAN_DIRECT,
    .host = get_text (self->host_row),
    .tls = tls_choices[MIN (adw_combo_row_get_selected (self->tls_row), G_N_ELEMENTS (tls_choices) - 1)].wire,
    .user = get_text (self->user_row),
    .tenant = get_text (self->tenant_row),
    .client_id = get_text (self->client_row),
  };

  return answers;
}

static void
tell_problem (ClrAssistantPage *self, const char *text)
{
  gtk_label_set_label (self->problem_label, text ? text : "");
  gtk_revealer_set_reveal_child (self->problem_revealer, text != NULL);
}

static void
show_fields (ClrAssistantPage *self)
{
  ClrPlanWay way = get_answers (self).way;

  gtk_widget_set_visible (self->fields_group, way != CLR_PLAN_DIRECT);
  gtk_widget_set_visible (GTK_WIDGET (self->host_row), way == CLR_PLAN_OTHER);
  gtk_widget_set_visible (GTK_WIDGET (self->tls_row), way == CLR_PLAN_OTHER);
  gtk_widget_set_visible (GTK_WIDGET (self->tenant_row), way == CLR_PLAN_MICROSOFT);
  gtk_widget_set_visible (GTK_WIDGET (self->client_row), way == CLR_PLAN_MICROSOFT);
}

static void
on_way (GtkCheckButton *button, ClrAssistantPage *self)
{
  show_fields (self);
}

static void
on_copy_record (GtkButton *button, ClrAssistantPage *self)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), clr_row_get_data (button));
  clr_page_tell (CLR_PAGE (self), "%s", _ ("Copied"));
}

static void
add_record (ClrAssistantPage *self, const char *title, const char *record)
{
  GtkWidget *row = clr_rows_add (&self->records, title, record);

  clr_row_add_button (row, "copy", "edit-copy-symbolic", _ ("Copy"), G_CALLBACK (on_copy_record), self,
                      record);
}

static void
show_records (ClrAssistantPage *self)
{
  ClrGroups *groups = clr_sections_page_get_groups (CLR_SECTIONS_PAGE (self));
  const char *domain = get_text (self->domain_row);
  const char *hostname = groups ? clr_groups_get (groups, "server", NULL, "hostname") : NULL;
  const char *postmaster = groups ? clr_groups_get (groups, "server", NULL, "postmaster") : NULL;
  ClrPlanAnswers answers = get_answers (self);
  g_autofree char *spf = NULL, *dmarc = NULL;

  clr_rows_clear (&self->records);
  gtk_widget_set_sensitive (self->key_button, TRUE);
  gtk_widget_set_visible (GTK_WIDGET (self->records_group), strchr (domain, '.') != NULL);
  if (strchr (domain, '.') == NULL)
    return;
  spf = clr_plan_make_spf (domain, hostname ? hostname : "", &answers);
  dmarc = clr_plan_make_dmarc (domain, postmaster);
  add_record (self, _ ("SPF: who may send for the domain"), spf);
  add_record (self, _ ("DMARC: what becomes of mail that is not yours"), dmarc);
}

static void
on_key_made (ClrPage *page, const char *record, const GError *error)
{
  ClrAssistantPage *self = CLR_ASSISTANT_PAGE (page);
  g_autofree char *line = record ? g_strchomp (g_strdup (record)) : NULL;

  if (line)
    add_record (self, _ ("DKIM: the key that signs from now on"), line);
  else
    tell_problem (self, error && clr_page_is_unknown (error)
                            ? _ ("This relay is older than the app, and cannot tell")
                            : (error ? error->message : NULL));
  gtk_widget_set_sensitive (self->key_button, line == NULL);
  clr_sections_page_reload (CLR_SECTIONS_PAGE (page));
}

static void
on_make_key (GtkButton *button, ClrAssistantPage *self)
{
  tell_problem (self, NULL);
  gtk_widget_set_sensitive (self->key_button, FALSE);
  clr_key_maker_make (CLR_PAGE (self), get_text (self->domain_row), "clr1", "rsa", NULL, on_key_made);
}

static void
on_domain (GtkEditable *row, ClrAssistantPage *self)
{
  show_records (self);
}

static void
enter_step (ClrAssistantPage *self, Step step)
{
  g_autofree char *words = g_strdup_printf (_ ("Step %d of %d"), (int)step + 1, (int)N_STEPS);
  gboolean direct = get_answers (self).way == CLR_PLAN_DIRECT;

  self->step = step;
  tell_problem (self, NULL);
  gtk_stack_set_visible_child_name (self->steps, step_names[step]);
  gtk_label_set_label (self->step_label, words);
  gtk_widget_set_sensitive (self->former_button, step > STEP_WAY);
  gtk_widget_set_visible (self->skip_button, step < STEP_MESSAGE && step != STEP_TRY && step != STEP_DOMAIN);
  gtk_button_set_label (GTK_BUTTON (self->next_button), step == STEP_MESSAGE ? _ ("_Done") : _ ("_Next"));
  gtk_widget_set_sensitive (self->next_button, TRUE);
  if (step == STEP_TRY)
    {
      gtk_widget_set_visible (self->direct_group, direct);
      gtk_widget_set_visible (gtk_widget_get_ancestor (GTK_WIDGET (self->probe), ADW_TYPE_PREFERENCES_GROUP),
                              !direct);
      if (!direct)
        clr_probe_view_start (self->probe, CLR_PAGE (self), CLR_PLAN_SMARTHOST, "", "");
    }
  if (step == STEP_DOMAIN)
    show_records (self);
}

static void
on_applied (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrAssistantPage *self = CLR_ASSISTANT_PAGE (page);

  gtk_widget_set_sensitive (self->next_button, TRUE);
  if (answer == NULL)
    {
      tell_problem (self, error->message);
      return;
    }
  enter_step (self, self->step + 1);
  clr_sections_page_reload (CLR_SECTIONS_PAGE (page));
}

/* The next step comes when the changes count. */
static void
apply (ClrAssistantPage *self, ClrDraft *draft)
{
  ClrGroups *groups = clr_sections_page_get_groups (CLR_SECTIONS_PAGE (self));
  JsonObject *body;

  if (clr_draft_get_n (draft) == 0)
    {
      enter_step (self, self->step + 1);
      return;
    }
  body = clr_draft_to_body (draft, clr_groups_get_etag (groups));
  gtk_widget_set_sensitive (self->next_button, FALSE);
  clr_page_ask (CLR_PAGE (self), "PATCH", CLR_API_SETTINGS, body, on_applied, NULL);
  json_object_unref (body);
}

static void
apply_way (ClrAssistantPage *self)
{
  ClrPlanAnswers answers = get_answers (self);
  g_autoptr (ClrDraft) draft
      = clr_plan_make_way (clr_sections_page_get_groups (CLR_SECTIONS_PAGE (self)), &answers);

  apply (self, draft);
}

static void
on_secret (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrAssistantPage *self = CLR_ASSISTANT_PAGE (page);

  if (answer)
    {
      gtk_editable_set_text (self->secret_row, "");
      apply_way (self);
      return;
    }
  gtk_widget_set_sensitive (self->next_button, TRUE);
  tell_problem (self, error->message);
}

/* A secret stands before the settings that name it. */
static void
finish_way (ClrAssistantPage *self)
{
  ClrPlanAnswers answers = get_answers (self);
  ClrGroups *groups = clr_sections_page_get_groups (CLR_SECTIONS_PAGE (self));
  const char *secret = get_text (self->secret_row), *missing;
  gboolean kept
      = g_strcmp0 (clr_groups_get (groups, "smarthost", CLR_PLAN_SMARTHOST, "user"), answers.user) == 0
        && *answers.user;
  JsonObject *body;

  missing = clr_plan_find_missing (&answers, *secret || kept);
  if (missing || answers.way == CLR_PLAN_DIRECT || *secret == '\0')
    {
      tell_problem (self, missing);
      if (missing == NULL)
        apply_way (self);
      return;
    }
  body = json_object_new ();
  json_object_set_string_member (body, "secret", secret);
  gtk_widget_set_sensitive (self->next_button, FALSE);
  clr_page_ask (CLR_PAGE (self), "PUT", CLR_API_SECRETS CLR_PLAN_SECRET, body, on_secret, NULL);
  json_object_unref (body);
}

static void
finish_senders (ClrAssistantPage *self)
{
  g_autoptr (ClrDraft) draft = clr_draft_new ();
  const char *networks = get_text (self->network_row);
  guint preset = MIN (adw_combo_row_get_selected (self->preset_row), G_N_ELEMENTS (presets) - 1);

  if (*networks == '\0')
    {
      tell_problem (self, _ ("Networks are needed, or skip this step."));
      return;
    }
  clr_draft_set (draft, "device", "office", "networks", networks);
  clr_draft_set (draft, "device", "office", "preset", presets[preset]);
  apply (self, draft);
}

/* The first listener of the file, or a new one. */
static const char *
get_listener (ClrAssistantPage *self)
{
  ClrGroups *groups = clr_sections_page_get_groups (CLR_SECTIONS_PAGE (self));
  g_autoptr (GPtrArray) names = groups ? clr_groups_list (groups, "listener") : NULL;

  return names && names->len > 0 ? g_ptr_array_index (names, 0) : "office";
}

static void
finish_listen (ClrAssistantPage *self)
{
  ClrGroups *groups = clr_sections_page_get_groups (CLR_SECTIONS_PAGE (self));
  g_autoptr (ClrDraft) draft = clr_draft_new ();
  const char *name = get_listener (self), *address = get_text (self->address_row);
  guint tls = MIN (adw_combo_row_get_selected (self->listener_tls_row), G_N_ELEMENTS (listener_choices) - 1);
  const char *former = clr_groups_get (groups, "listener", name, "tls");

  if (*address == '\0')
    {
      tell_problem (self, _ ("An address is needed, or skip this step."));
      return;
    }
  if (g_strcmp0 (clr_groups_get (groups, "listener", name, "address"), address) != 0)
    clr_draft_set (draft, "listener", name, "address", address);
  if (g_strcmp0 (former ? former : "may", listener_choices[tls].wire) != 0)
    clr_draft_set (draft, "listener", name, "tls", listener_choices[tls].wire);
  apply (self, draft);
}

static void
on_next (GtkButton *button, ClrAssistantPage *self)
{
  if (clr_sections_page_get_groups (CLR_SECTIONS_PAGE (self)) == NULL)
    tell_problem (self, _ ("The relay’s settings have not come; is it reached?"));
  else if (self->step == STEP_WAY)
    finish_way (self);
  else if (self->step == STEP_SENDERS)
    finish_senders (self);
  else if (self->step == STEP_LISTEN)
    finish_listen (self);
  else if (self->step == STEP_MESSAGE)
    clr_window_show_page (CLR_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), "overview");
  else
    enter_step (self, self->step + 1);
}

static void
on_skip (GtkButton *button, ClrAssistantPage *self)
{
  enter_step (self, self->step + 1);
}

static void
on_former (GtkButton *button, ClrAssistantPage *self)
{
  if (self->step > STEP_WAY)
    enter_step (self, self->step - 1);
}

/* -- what the file says already */

static void
set_choice (AdwComboRow *row, const Choice *choices, guint n, const char *wire)
{
  for (guint i = 0; i < n; i++)
    if (g_strcmp0 (choices[i].wire, wire) == 0)
      adw_combo_row_set_selected (row, i);
}

static void
fill_way (ClrAssistantPage *self, ClrGroups *groups)
{
  const char *via = clr_groups_get (groups, "route", "default", "via");
  JsonObject *out = clr_groups_find (groups, "smarthost", CLR_PLAN_SMARTHOST);
  const char *preset = out ? clr_json_get_text (out, "preset") : NULL, *text;

  if (out == NULL || g_strcmp0 (via, "smarthost:" CLR_PLAN_SMARTHOST) != 0)
    return;
  gtk_check_button_set_active (g_strcmp0 (preset, "microsoft365") == 0 ? self->microsoft_check
                               : g_strcmp0 (preset, "google") == 0     ? self->google_check
                                                                       : self->other_check,
                               TRUE);
  gtk_editable_set_text (self->host_row, (text = clr_json_get_text (out, "hosts")) ? text : "");
  gtk_editable_set_text (self->user_row, (text = clr_json_get_text (out, "user")) ? text : "");
  set_choice (self->tls_row, tls_choices, G_N_ELEMENTS (tls_choices), clr_json_get_text (out, "tls"));
  text = clr_groups_get (groups, "oauth", CLR_PLAN_SMARTHOST, "tenant");
  gtk_editable_set_text (self->tenant_row, text ? text : "");
  text = clr_groups_get (groups, "oauth", CLR_PLAN_SMARTHOST, "client-id");
  gtk_editable_set_text (self->client_row, text ? text : "");
}

static void
clr_assistant_page_show (ClrSectionsPage *page, ClrGroups *groups, const GError *error)
{
  ClrAssistantPage *self = CLR_ASSISTANT_PAGE (page);
  const char *address, *networks, *postmaster, *hostname;

  if (groups == NULL)
    {
      tell_problem (self, error ? error->message : NULL);
      return;
    }
  if (self->is_filled)
    return;
  self->is_filled = TRUE;
  fill_way (self, groups);
  address = clr_groups_get (groups, "listener", get_listener (self), "address");
  gtk_editable_set_text (self->address_row, address ? address : "0.0.0.0:25");
  set_choice (self->listener_tls_row, listener_choices, G_N_ELEMENTS (listener_choices),
              clr_groups_get (groups, "listener", get_listener (self), "tls"));
  networks = clr_groups_get (groups, "device", "office", "networks");
  gtk_editable_set_text (self->network_row, networks ? networks : "");
  postmaster = clr_groups_get (groups, "server", NULL, "postmaster");
  clr_test_message_set_from (self->test, postmaster ? postmaster : "");
  hostname = clr_groups_get (groups, "server", NULL, "hostname");
  if (postmaster && strchr (postmaster, '@'))
    gtk_editable_set_text (self->domain_row, strchr (postmaster, '@') + 1);
  else if (hostname && strchr (hostname, '.'))
    gtk_editable_set_text (self->domain_row, strchr (hostname, '.') + 1);
  enter_step (self, STEP_WAY);
  show_fields (self);
}

static void
clr_assistant_page_set_visible (ClrPage *page, gboolean visible)
{
  ClrAssistantPage *self = CLR_ASSISTANT_PAGE (page);

  if (!visible)
    {
      clr_test_message_stop (self->test);
      return;
    }
  self->is_filled = FALSE;
  CLR_PAGE_CLASS (clr_assistant_page_parent_class)->set_visible (page, visible);
}

static void
fill_combo (AdwComboRow *row, const Choice *choices, guint n)
{
  g_autoptr (GtkStringList) model = gtk_string_list_new (NULL);

  for (guint i = 0; i < n; i++)
    gtk_string_list_append (model, _ (choices[i].title));
  adw_combo_row_set_model (row, G_LIST_MODEL (model));
}

static void
clr_assistant_page_dispose (GObject *object)
{
  ClrAssistantPage *self = CLR_ASSISTANT_PAGE (object);

  clr_rows_finish (&self->records);
  G_OBJECT_CLASS (clr_assistant_page_parent_class)->dispose (object);
}

static void
clr_assistant_page_class_init (ClrAssistantPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (CLR_TYPE_PROBE_VIEW);
  g_type_ensure (CLR_TYPE_TEST_MESSAGE);
  G_OBJECT_CLASS (klass)->dispose = clr_assistant_page_dispose;
  CLR_PAGE_CLASS (klass)->set_visible = clr_assistant_page_set_visible;
  CLR_SECTIONS_PAGE_CLASS (klass)->show = clr_assistant_page_show;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/clrelay/admin/pages/clr-assistant-page.ui");
#define BIND(child) gtk_widget_class_bind_template_child (widget_class, ClrAssistantPage, child)
  BIND (problem_revealer);
  BIND (problem_label);
  BIND (step_label);
  BIND (steps);
  BIND (direct_check);
  BIND (microsoft_check);
  BIND (google_check);
  BIND (other_check);
  BIND (fields_group);
  BIND (direct_group);
  BIND (former_button);
  BIND (next_button);
  BIND (skip_button);
  BIND (key_button);
  BIND (host_row);
  BIND (user_row);
  BIND (tenant_row);
  BIND (client_row);
  BIND (secret_row);
  BIND (domain_row);
  BIND (network_row);
  BIND (address_row);
  BIND (tls_row);
  BIND (preset_row);
  BIND (listener_tls_row);
  BIND (records_group);
  BIND (probe);
  BIND (test);
#undef BIND
  gtk_widget_class_bind_template_callback (widget_class, on_way);
  gtk_widget_class_bind_template_callback (widget_class, on_domain);
  gtk_widget_class_bind_template_callback (widget_class, on_make_key);
  gtk_widget_class_bind_template_callback (widget_class, on_next);
  gtk_widget_class_bind_template_callback (widget_class, on_skip);
  gtk_widget_class_bind_template_callback (widget_class, on_former);
}

static void
clr_assistant_page_init (ClrAssistantPage *self)
{
  g_autoptr (GtkStringList) model = gtk_string_list_new (NULL);

  gtk_widget_init_template (GTK_WIDGET (self));
  clr_rows_init (&self->records, self->records_group);
  clr_test_message_set_page (self->test, CLR_PAGE (self));
  fill_combo (self->tls_row, tls_choices, G_N_ELEMENTS (tls_choices));
  fill_combo (self->listener_tls_row, listener_choices, G_N_ELEMENTS (listener_choices));
  for (guint i = 0; i < G_N_ELEMENTS (presets); i++)
    gtk_string_list_append (model, clr_words_preset (presets[i]));
  adw_combo_row_set_model (self->preset_row, G_LIST_MODEL (model));
  enter_step (self, STEP_WAY);
  show_fields (self);
}

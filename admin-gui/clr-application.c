/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-application.h"

#include "clr-version.h"
#include "clr-window.h"

#include <glib/gi18n.h>

struct _ClrApplication
{
  AdwApplication parent_instance;
  char *socket; /* NULL: the usual one */
  char *page;   /* NULL: the first */
};

G_DEFINE_FINAL_TYPE (ClrApplication, clr_application, ADW_TYPE_APPLICATION)

static void
clr_application_finalize (GObject *object)
{
  ClrApplication *self = CLR_APPLICATION (object);

  g_free (self->socket);
  g_free (self->page);
  G_OBJECT_CLASS (clr_application_parent_class)->finalize (object);
}

static void
clr_application_activate (GApplication *application)
{
  ClrApplication *self = CLR_APPLICATION (application);
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (application));

  if (window == NULL)
    window = GTK_WINDOW (clr_window_new (GTK_APPLICATION (application), self->socket));
  if (self->page)
    clr_window_show_page (CLR_WINDOW (window), self->page);
  gtk_window_present (window);
}

static int
clr_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  ClrApplication *self = CLR_APPLICATION (application);

  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("clrelay-admin %s\n", CLR_VERSION);
      return 0;
    }
  g_variant_dict_lookup (options, "socket", "^ay", &self->socket);
  g_variant_dict_lookup (options, "page", "s", &self->page);
  return -1;
}

static void
on_about (GSimpleAction *action, GVariant *parameter, void *data)
{
  adw_show_about_window (gtk_application_get_active_window (data), "application-name", _ ("Cl Mail Relay"),
                         "application-icon", "clrelay-admin", "version", CLR_VERSION, "license-type",
                         GTK_LICENSE_LGPL_2_1, "comments",
                         _ ("The mail relay for the devices and applications of an office."), NULL);
}

static void
on_quit (GSimpleAction *action, GVariant *parameter, void *data)
{
  g_application_quit (data);
}

static void
clr_application_startup (GApplication *application)
{
  static const GActionEntry actions[] = { { "about", on_about }, { "quit", on_quit } };
  static const char *const quit_keys[] = { "<Control>q", NULL };
  g_autoptr (GtkCssProvider) provider = gtk_css_provider_new ();

  G_APPLICATION_CLASS (clr_application_parent_class)->startup (application);
  gtk_window_set_default_icon_name ("clrelay-admin");
  gtk_css_provider_load_from_resource (provider, "/org/clrelay/admin/style.css");
  gtk_style_context_add_provider_for_display (gdk_display_get_default (), GTK_STYLE_PROVIDER (provider),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
  gtk_icon_theme_add_resource_path (gtk_icon_theme_get_for_display (gdk_display_get_default ()),
                                    "/org/clrelay/admin/icons");
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions), application);
  gtk_application_set_accels_for_action (GTK_APPLICATION (application), "app.quit", quit_keys);
}

static void
clr_application_class_init (ClrApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = clr_application_finalize;
  application_class->activate = clr_application_activate;
  application_class->startup = clr_application_startup;
  application_class->handle_local_options = clr_application_handle_local_options;
}

static void
clr_application_init (ClrApplication *self)
{
  static const GOptionEntry options[] = {
    { "socket", 0, 0, G_OPTION_ARG_FILENAME, NULL, N_ ("Control socket of the service"), N_ ("PATH") },
    { "page", 0, 0, G_OPTION_ARG_STRING, NULL, N_ ("Page to show first, such as \"queue\""), N_ ("NAME") },
    { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Tells the version"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_application_add_main_option_entries (G_APPLICATION (self), options);
}

ClrApplication *
clr_application_new (void)
{
  return g_object_new (CLR_TYPE_APPLICATION, "application-id", "org.clrelay.Admin", "flags",
                       G_APPLICATION_NON_UNIQUE, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Shows every page of the app beside a relay that runs, waits until it has been filled, and leaves a picture
 * of it. A warning or a critical of GTK ends it. Usage: test-pages SOCKET FOLDER SUFFIX [MESSAGE-ID]
 */
#include "clr-application.h"
#include "clr-window.h"

#include <locale.h>

#define SETTLE_MS  1500
#define TRIES_MOST 8

typedef struct
{
  GtkWidget *window;
  const char *folder, *suffix, *id;
  guint step, tries;
  unsigned failures;
} Tour;

static gboolean
save (Tour *tour, const char *name)
{
  int width = gtk_widget_get_width (tour->window), height = gtk_widget_get_height (tour->window);
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (tour->window);
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GdkTexture) texture = NULL;
  g_autofree char *file = g_strdup_printf ("%s/%s%s.png", tour->folder, name, tour->suffix);

  gdk_paintable_snapshot (paintable, snapshot, width, height);
  node = gtk_snapshot_free_to_node (snapshot);
  if (node == NULL)
    return FALSE;
  texture = gsk_renderer_render_texture (gtk_native_get_renderer (GTK_NATIVE (tour->window)), node, NULL);
  return gdk_texture_save_to_png (texture, file);
}

static void
tell (Tour *tour, gboolean good, const char *name)
{
  tour->failures += !good;
  g_print ("%sok - page %s%s\n", good ? "" : "not ", name, tour->suffix);
}

static gboolean
on_step (void *data)
{
  Tour *tour = data;
  const char *const *names = clr_window_list_pages ();
  guint n = g_strv_length ((char **)names);

  if (tour->step > 0)
    {
      const char *name = tour->step <= n ? names[tour->step - 1] : "message";
      gboolean good = save (tour, name);

      /* A machine that is busy has not drawn it yet. */
      if (!good && ++tour->tries < TRIES_MOST)
        return G_SOURCE_CONTINUE;
      tour->tries = 0;
      tell (tour, good, name);
    }
  tour->step++;
  if (tour->step <= n)
    clr_window_show_page (CLR_WINDOW (tour->window), names[tour->step - 1]);
  else if (tour->step == n + 1 && tour->id)
    clr_window_show_message (CLR_WINDOW (tour->window), tour->id);
  else
    {
      gtk_window_destroy (GTK_WINDOW (tour->window));
      return G_SOURCE_REMOVE;
    }
  return G_SOURCE_CONTINUE;
}

static void
on_activate (GtkApplication *application, Tour *tour)
{
  g_autoptr (ClrClient) client = clr_client_new (g_object_get_data (G_OBJECT (application), "clr-socket"));
  g_autoptr (ClrRelay) relay = clr_relay_new (client);

  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, NULL);
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (), strstr (tour->suffix, "-dark")
                                                                            ? ADW_COLOR_SCHEME_FORCE_DARK
                                                                            : ADW_COLOR_SCHEME_FORCE_LIGHT);
  tour->window = clr_window_new (application, relay);
  gtk_window_present (GTK_WINDOW (tour->window));
  g_timeout_add (SETTLE_MS, on_step, tour);
}

int
main (int argc, char **argv)
{
  g_autoptr (ClrApplication) application = NULL;
  Tour tour = { NULL };

  if (argc < 4)
    {
      g_printerr ("Usage: test-pages SOCKET FOLDER SUFFIX [MESSAGE-ID]\n");
      return 2;
    }
  setlocale (LC_ALL, "");
  tour.folder = argv[2];
  tour.suffix = argv[3];
  tour.id = argc > 4 ? argv[4] : NULL;
  application = clr_application_new ();
  g_object_set_data (G_OBJECT (application), "clr-socket", argv[1]);
  g_signal_connect (application, "activate", G_CALLBACK (on_activate), &tour);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  g_application_run (G_APPLICATION (application), 1, argv);
  return tour.failures > 0;
}

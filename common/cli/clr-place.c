/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-place.h"

#include "control/clr-api.h"
#include "settings/clr-settings-text.h"
#include "settings/clr-settings.h"
#include "system/clr-data.h"

#include <gio/gio.h>

const char *
clr_place_get_file (ClrVerbOptions *options)
{
  return options->config ? options->config : clr_data_get_settings_file ();
}

char *
clr_place_dup_socket (ClrVerbOptions *options)
{
  g_autoptr (ClrSettingsFile) file = NULL;
  g_autoptr (ClrSettingChange) setting = NULL;
  char *found;

  if (options->socket)
    return g_strdup (options->socket);
  file = clr_settings_file_read (clr_place_get_file (options), NULL);
#ifdef _WIN32
  setting = clr_setting_change_new_from_place ("server.state-directory", NULL);
  found = file ? clr_settings_text_get (file->text, setting) : NULL;
  if (found == NULL)
    found = g_strdup (clr_data_get_state_directory ());
  g_autofree char *directory = found;
  return g_build_filename (directory, CLR_API_LOCAL_PASS, NULL);
#else
  setting = clr_setting_change_new_from_place ("server.control-socket", NULL);
  found = file ? clr_settings_text_get (file->text, setting) : NULL;
  return found ? found : g_strdup (CLR_API_SOCKET);
#endif
}

static gboolean
is_same_file (const char *a, const char *b)
{
  g_autofree char *x = g_canonicalize_filename (a, NULL), *y = g_canonicalize_filename (b, NULL);

  return g_str_equal (x, y);
}

JsonNode *
clr_place_request (ClrPlace *place, const char *method, const char *path, JsonNode *body, GError **error)
{
  g_autofree char *sent = body ? json_to_string (body, FALSE) : NULL;
  g_autofree char *text = clr_client_request_sync (place->client, method, path, sent, NULL, error);

  return text ? clr_verb_read_answer (text, error) : NULL;
}

gboolean
clr_place_open (ClrPlace *place, ClrVerbOptions *options, GError **error)
{
  g_autofree char *socket = clr_place_dup_socket (options);
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GError) problem = NULL;

  *place = (ClrPlace){ .client = clr_client_new (socket) };
  root = clr_place_request (place, "GET", CLR_API_SETTINGS, NULL, &problem);
  if (root)
    {
      JsonObject *object = json_node_get_object (root);
      const char *file = clr_verb_get (object, "file");

      if (!options->config || is_same_file (options->config, file))
        {
          place->file = g_strdup (file);
          place->now = g_new0 (ClrSettingsFile, 1);
          place->now->text = g_strdup (clr_verb_get (object, "text"));
          place->now->etag = g_strdup (clr_verb_get (object, "etag"));
          return TRUE;
        }
    }
  else if (options->socket || !g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED))
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      clr_place_clear (place);
      return FALSE;
    }
  /* No service, or one with another file. */
  g_clear_object (&place->client);
  place->file = g_strdup (clr_place_get_file (options));
  place->now = clr_settings_file_read (place->file, error);
  if (place->now)
    return TRUE;
  clr_place_clear (place);
  return FALSE;
}

void
clr_place_clear (ClrPlace *place)
{
  g_clear_pointer (&place->file, g_free);
  g_clear_object (&place->client);
  g_clear_pointer (&place->now, clr_settings_file_free);
}

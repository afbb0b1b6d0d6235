/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-verb.h"

#include "client/clr-client.h"
#include "control/clr-api.h"
#include "control/clr-json.h"
#include "settings/clr-settings.h"

#include <glib/gi18n.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define MESSAGE_MOST (1024u * 1024 * 1024)

gboolean
clr_verb_parse (ClrVerbOptions *options, const char *usage, const char *summary, const GOptionEntry *entries,
                int *argc, char ***argv, int *code)
{
  GOptionEntry common[] = {
    { "socket", 's', 0, G_OPTION_ARG_FILENAME, &options->socket, N_ ("Control socket (" CLR_API_SOCKET ")"),
      "PATH" },
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config, N_ ("Settings file (" CLR_SETTINGS_FILE ")"),
      "FILE" },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &options->json, N_ ("Print JSON"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (usage);
  g_autoptr (GError) error = NULL;

  g_option_context_set_summary (context, summary);
  if (entries)
    g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_main_entries (context, common, NULL);
  g_option_context_set_description (
      context, _ ("Exit codes: 0 done, 1 failed, 2 wrong command line, 3 not found, 4 not valid, "
                  "5 the service cannot be reached.\n"));
  if (g_option_context_parse (context, argc, argv, &error))
    return TRUE;
  *code = clr_verb_usage (error->message);
  return FALSE;
}

int
clr_verb_usage (const char *text)
{
  fprintf (stderr, _ ("clrelay: %s; see clrelay --help\n"), text);
  return CLR_EXIT_USAGE;
}

int
clr_verb_get_code (const GError *error)
{
  static const struct
  {
    GIOErrorEnum error;
    int code;
  } codes[] = {
    { G_IO_ERROR_NOT_CONNECTED, CLR_EXIT_NO_SERVICE },
    { G_IO_ERROR_NOT_FOUND, CLR_EXIT_NOT_FOUND },
    { G_IO_ERROR_INVALID_DATA, CLR_EXIT_INVALID },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (codes); i++)
    if (g_error_matches (error, G_IO_ERROR, codes[i].error))
      return codes[i].code;
  return CLR_EXIT_FAILED;
}

JsonNode *
clr_verb_request (ClrVerbOptions *options, const char *method, const char *path, const char *body, int *code)
{
  g_autoptr (ClrClient) client = clr_client_new (options->socket);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = clr_client_request_sync (client, method, path, body, NULL, &error);

  if (text)
    return clr_json_parse (text, NULL);
  fprintf (stderr, "clrelay: %s\n", error->message);
  *code = clr_verb_get_code (error);
  return NULL;
}

void
clr_verb_print_json (JsonNode *node)
{
  g_autofree char *text = json_to_string (node, TRUE);

  printf ("%s\n", text);
}

const char *
clr_verb_get (JsonObject *object, const char *name)
{
  return json_object_get_string_member_with_default (object, name, "");
}

char *
clr_verb_keep_input (GError **error)
{
  char *path = NULL;
  int fd = g_file_open_tmp ("clrelay-XXXXXX", &path, error);
  char piece[64 * 1024];
  size_t n, all = 0;
  gboolean ok = fd >= 0;

  while (ok && (n = fread (piece, 1, sizeof piece, stdin)) > 0)
    {
      all += n;
      ok = all <= MESSAGE_MOST && write (fd, piece, n) == (ssize_t)n;
    }
  if (fd >= 0)
    close (fd);
  if (!ok && path)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", path,
                   all > MESSAGE_MOST ? _ ("the message is too large") : g_strerror (errno));
      unlink (path);
      g_clear_pointer (&path, g_free);
    }
  return path;
}

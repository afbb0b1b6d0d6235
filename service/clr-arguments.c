/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-arguments.h"

#include "system/clr-data.h"

GOptionEntry *
clr_arguments_get_entries (ClrArguments *arguments)
{
  const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &arguments->config,
      "The settings file (" CLR_DATA_SETTINGS_FILE ")", "FILE" },
    { "force", 0, 0, G_OPTION_ARG_NONE, &arguments->force,
      "Work even when strangers can relay; the status warns of it", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &arguments->version, "Show the version", NULL },
#ifdef _WIN32
    { "install", 0, 0, G_OPTION_ARG_NONE, &arguments->install,
      "Make it a service of Windows, or bring that up to date", NULL },
    { "start", 0, 0, G_OPTION_ARG_NONE, &arguments->start,
      "Start the installed service, and wait until it takes mail", NULL },
    { "uninstall", 0, 0, G_OPTION_ARG_NONE, &arguments->uninstall,
      "Stop and remove the service; settings and mail stay", NULL },
    { "service", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &arguments->service, "For the service manager",
      NULL },
#endif
    G_OPTION_ENTRY_NULL,
  };

  return g_memdup2 (entries, sizeof entries);
}

gboolean
clr_arguments_parse (ClrArguments *arguments, int *argc, char ***argv, GError **error)
{
  g_autoptr (GOptionContext) context
      = g_option_context_new ("- the Cl Mail Relay service, in the foreground");
  g_autofree GOptionEntry *entries = clr_arguments_get_entries (arguments);

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_description (context,
#ifdef _WIN32
                                    "Ctrl-C stops after a bounded time.\n"
#else
                                    "SIGHUP applies changed settings, SIGTERM stops after a bounded time.\n"
#endif
  );
  /* A vector of our own: only that is taken for UTF-8 on Windows. */
  g_auto (GStrv) words = g_strdupv (*argv);
  if (!g_option_context_parse_strv (context, &words, error))
    return FALSE;
  *argc = g_strv_length (words);
  if (*argc > 1)
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "too many arguments");
      return FALSE;
    }
  return TRUE;
}

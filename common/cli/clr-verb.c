/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-place.h"

#include "control/clr-api.h"
#include "clr-version.h"
#include "control/clr-json.h"
#include "settings/clr-settings.h"
#include "system/clr-data.h"
#include "system/clr-file.h"
#include "system/clr-terminal.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_MOST (1024u * 1024 * 1024)

gboolean
clr_verb_parse (ClrVerbOptions *options, const char *usage, const char *summary, const GOptionEntry *entries,
                int *argc, char ***argv, int *code)
{
  GOptionEntry common[] = {
    { "socket", 's', 0, G_OPTION_ARG_FILENAME, &options->socket,
      N_ ("Control socket, or pass file of `token add`"), "PATH" },
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config,
      N_ ("Settings file (" CLR_DATA_SETTINGS_FILE ")"), "FILE" },
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
  /* A vector of our own: only that is taken for UTF-8 on Windows. */
  g_assert (options->words == NULL);
  options->words = g_strdupv (*argv);
  if (g_option_context_parse_strv (context, &options->words, &error))
    {
      *argc = (int)g_strv_length (options->words);
      *argv = options->words;
      return TRUE;
    }
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

/* What would make a terminal do something, or show a text as what it is not: control characters, also those
 * of C1, and marks that turn the direction of writing. */
static gboolean
is_dangerous (gunichar u)
{
  return u < 0x20 || (u >= 0x7f && u < 0xa0) || (u >= 0x202a && u <= 0x202e) || (u >= 0x2066 && u <= 0x2069)
         || u == (gunichar)-1 || u == (gunichar)-2;
}

/* @keep: characters that stay. (transfer full) */
static char *
make_printable (const char *text, const char *keep)
{
  GString *into = g_string_new (NULL);

  for (const char *p = text; *p;)
    {
      gunichar u = g_utf8_get_char_validated (p, -1);
      gboolean valid = u < 0x80000000u;
      size_t size = valid ? (size_t)(g_utf8_next_char (p) - p) : 1;

      if (!is_dangerous (u) || strchr (keep, *p))
        g_string_append_len (into, p, size);
      else if (*p == '\n')
        g_string_append_c (into, ' ');
      else
        g_string_append_printf (into, "\\u%04x", valid ? u : (guchar)*p);
      p += size;
    }
  return g_string_free (into, FALSE);
}

char *
clr_verb_dup_printable (const char *text)
{
  return make_printable (text, "\t");
}

static void
make_element_printable (JsonArray *array, guint index, JsonNode *node, void *data)
{
  clr_verb_make_printable (node);
}

static void
make_member_printable (JsonObject *object, const char *name, JsonNode *node, void *data)
{
  clr_verb_make_printable (node);
}

void
clr_verb_make_printable (JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    json_object_foreach_member (json_node_get_object (node), make_member_printable, NULL);
  else if (JSON_NODE_HOLDS_ARRAY (node))
    json_array_foreach_element (json_node_get_array (node), make_element_printable, NULL);
  else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    {
      g_autofree char *text = make_printable (json_node_get_string (node), "\t");
      json_node_set_string (node, text);
    }
}

void
clr_verb_complain (const char *text)
{
  g_autofree char *printable = make_printable (text, "\n\t");

  fprintf (stderr, "clrelay: %s\n", printable);
}

int
clr_verb_fail (const GError *error)
{
  clr_verb_complain (error->message);
  return clr_verb_get_code (error);
}

JsonNode *
clr_verb_read_answer (const char *text, GError **error)
{
  JsonNode *root = clr_json_parse (text, NULL);

  if (root && JSON_NODE_HOLDS_OBJECT (root))
    return root;
  g_clear_pointer (&root, json_node_unref);
  g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_FAILED,
      _ ("the answer of the service cannot be understood; is it clrelayd, and of this version (%s)?"),
      CLR_VERSION);
  return NULL;
}

ClrClient *
clr_verb_connect (ClrVerbOptions *options)
{
  g_autofree char *socket = clr_place_dup_socket (options);

  return clr_client_new (socket);
}

JsonNode *
clr_verb_request (ClrVerbOptions *options, const char *method, const char *path, const char *body, int *code)
{
  g_autoptr (ClrClient) client = clr_verb_connect (options);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = clr_client_request_sync (client, method, path, body, NULL, &error);
  JsonNode *root = text ? clr_verb_read_answer (text, &error) : NULL;

  if (root == NULL)
    *code = clr_verb_fail (error);
  else if (!options->json)
    clr_verb_make_printable (root);
  return root;
}

void
clr_verb_print_json (JsonNode *node)
{
  g_autofree char *text = clr_json_to_text (node, TRUE);

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

  clr_terminal_pass_octets (stdin);
  while (ok && (n = fread (piece, 1, sizeof piece, stdin)) > 0)
    {
      all += n;
      ok = all <= MESSAGE_MOST && clr_file_write_all (fd, piece, n);
    }
  if (fd >= 0)
    g_close (fd, NULL);
  if (!ok && path)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", path,
                   all > MESSAGE_MOST ? _ ("the message is too large") : g_strerror (errno));
      g_unlink (path);
      g_clear_pointer (&path, g_free);
    }
  return path;
}

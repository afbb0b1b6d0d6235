/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * clrelay audit: who changed what, and who read the content of messages.
 */
#include "clr-verb.h"

#include "control/clr-api.h"

#include <glib/gi18n.h>
#include <stdio.h>

static void
add (GString *path, const char *name, const char *value)
{
  g_autofree char *escaped = value ? g_uri_escape_string (value, NULL, FALSE) : NULL;

  if (escaped)
    g_string_append_printf (path, "&%s=%s", name, escaped);
}

static void
print (JsonObject *entry, gboolean with_detail)
{
  const char *detail = clr_verb_get (entry, "detail");

  printf ("%s  %-20s %s\n", clr_verb_get (entry, "time"), clr_verb_get (entry, "who"),
          clr_verb_get (entry, "what"));
  if (with_detail && *detail)
    {
      /* A diff has lines; what is between them has been made fit for a terminal. */
      g_auto (GStrv) lines = g_strsplit (detail, "\n", -1);

      for (unsigned i = 0; lines[i]; i++)
        if (*lines[i])
          {
            g_autofree char *line = clr_verb_dup_printable (lines[i]);
            printf ("    %s\n", line);
          }
    }
}

/* Never more than one page: who wants more says --before. */
static int
list (ClrVerbOptions *options, const char *path, gboolean with_detail)
{
  g_autoptr (ClrClient) client = clr_verb_connect (options);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = clr_client_request_sync (client, "GET", path, NULL, NULL, &error);
  g_autoptr (JsonNode) root = text ? clr_verb_read_answer (text, &error) : NULL;
  JsonArray *entries;

  if (root == NULL)
    return clr_verb_fail (error);
  if (options->json)
    {
      clr_verb_print_json (root);
      return CLR_EXIT_OK;
    }
  entries = json_object_get_array_member (json_node_get_object (root), "entries");
  for (guint i = 0; i < json_array_get_length (entries); i++)
    {
      JsonObject *entry = json_array_get_object_element (entries, i);

      for (const char *const *name = (const char *const[]){ "who", "what", NULL }; *name; name++)
        clr_verb_make_printable (json_object_get_member (entry, *name));
      print (entry, with_detail);
    }
  if (json_array_get_length (entries) == 0)
    printf (_ ("There is no such entry.\n"));
  if (json_object_has_member (json_node_get_object (root), "next"))
    printf (_ ("There are older ones: --before %lld\n"),
            (long long)json_object_get_int_member (json_node_get_object (root), "next"));
  return CLR_EXIT_OK;
}

int
clr_verb_audit (ClrVerbOptions *options, int argc, char **argv)
{
  g_autofree char *who = NULL, *text = NULL, *before = NULL;
  gboolean details = FALSE;
  int limit = CLR_API_PAGE, code;
  GOptionEntry entries[] = {
    { "who", 'w', 0, G_OPTION_ARG_STRING, &who, N_ ("Only what this one did"), N_ ("NAME") },
    { "text", 't', 0, G_OPTION_ARG_STRING, &text, N_ ("Only entries with this in them"), N_ ("TEXT") },
    { "limit", 'n', 0, G_OPTION_ARG_INT, &limit, N_ ("So many entries at most, up to 1000"), N_ ("N") },
    { "before", 0, 0, G_OPTION_ARG_STRING, &before, N_ ("Only entries with a lower number"), N_ ("NUMBER") },
    { "details", 'd', 0, G_OPTION_ARG_NONE, &details, N_ ("With what exactly was changed"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GString) path = g_string_new (CLR_API_AUDIT);

  if (!clr_verb_parse (
          options, "",
          _ ("Shows who changed what over the control API, and who read the content of messages; "
             "the newest first."),
          entries, &argc, &argv, &code))
    return code;
  if (argc > 1)
    return clr_verb_usage (_ ("audit: too many arguments"));
  g_string_append_printf (path, "?limit=%d", limit);
  add (path, "who", who);
  add (path, "text", text);
  add (path, "before", before);
  return list (options, path->str, details);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-verb.h"

#include "check/clr-check.h"
#include "control/clr-json.h"
#include "system/clr-file.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#define OPTIONS_MOST 24u
#define LINE_MOST    (16u * 1024 * 1024) /* octets of one line of --batch */

/* What stands on the command line for a check's option. */
typedef struct
{
  char *text;
  char **texts;
  gboolean flag;
} Given;

/* JSON strings end at a zero octet unseen, and records of a zone may hold one: there it stands as \u0001, as
 * forbidden in every record, so that what is behind it counts. Returns: whether there was one. */
static gboolean
replace_zeros (char *json)
{
  gboolean found = FALSE;

  for (char *p = json; *p; p++)
    if (*p == '\\' && p[1])
      {
        if (g_str_has_prefix (++p, "u0000"))
          {
            p[4] = '1';
            found = TRUE;
          }
      }
  return found;
}

/* Anywhere but in a zone, after replace_zeros(). */
static gboolean
holds_zero (JsonObject *in)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, in);
  while (json_object_iter_next (&iter, &name, &node))
    {
      g_autofree char *text = g_str_equal (name, "zone") ? NULL : clr_json_to_text (node, FALSE);

      if (strchr (name, 1) || (text && strstr (text, "\\u0001")))
        return TRUE;
    }
  return FALSE;
}

static ClrZone *
load_zone (const char *file, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (JsonNode) root = NULL;

  if (!g_file_get_contents (file, &text, NULL, error))
    return NULL;
  replace_zeros (text);
  root = clr_json_parse (text, error);
  if (root && JSON_NODE_HOLDS_OBJECT (root))
    return clr_zone_new_from_json (json_node_get_object (root));
  if (root || (error && *error == NULL))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("%s: an object of names is needed"), file);
  else
    g_prefix_error (error, "%s: ", file);
  return NULL;
}

static JsonNode *
error_answer (const char *text)
{
  return clr_check_answer ("error", text, NULL);
}

/* One line in, one line out, whatever it holds. */
static JsonNode *
answer_line (const ClrCheckRow *row, char *line, JsonObject *defaults, ClrZone *zone)
{
  g_autoptr (GError) error = NULL;
  gboolean has_zero = replace_zeros (line);
  g_autoptr (JsonNode) root = clr_json_parse (line, &error);
  JsonObject *in;
  JsonObjectIter iter;
  const char *name;
  JsonNode *node, *answer, *id;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return error_answer (error ? error->message : _ ("a JSON object is needed"));
  in = json_node_get_object (root);
  /* What stands on the command line counts for every line that does not say otherwise. */
  json_object_iter_init (&iter, defaults);
  while (json_object_iter_next (&iter, &name, &node))
    if (!json_object_has_member (in, name))
      json_object_set_member (in, name, json_node_copy (node));
  answer = has_zero && holds_zero (in) ? error_answer (_ ("a zero octet (\\u0000) stands in no text"))
           : g_strcmp0 (clr_check_get_text (in, "file"), "-") == 0
               ? error_answer (_ ("standard input is taken by the questions; name a file"))
               : clr_check_run (row, in, zone);
  id = json_object_get_member (in, "id");
  if (id)
    json_object_set_member (json_node_get_object (answer), "id", json_node_copy (id));
  return answer;
}

static void
print_line (JsonNode *answer)
{
  g_autofree char *text = clr_json_to_text (answer, FALSE);

  printf ("%s\n", text);
  fflush (stdout);
}

static int
run_batch (const ClrCheckRow *row, JsonObject *defaults, ClrZone *zone)
{
  g_autoptr (GString) line = g_string_new (NULL);
  gboolean too_long = FALSE;

  for (int c = 0; c != EOF;)
    {
      g_string_truncate (line, 0);
      too_long = FALSE;
      while ((c = getc_unlocked (stdin)) != EOF && c != '\n')
        if (line->len < LINE_MOST)
          g_string_append_c (line, (char)c);
        else
          too_long = TRUE;
      if (c == EOF && line->len == 0)
        break;
      g_autofree char *stripped = g_strstrip (g_strdup (line->str));
      if (*stripped == 0 && !too_long && memchr (line->str, 0, line->len) == NULL)
        continue;
      g_autoptr (JsonNode) answer
          = too_long ? error_answer (_ ("the line is too long"))
            : memchr (line->str, 0, line->len) || !g_utf8_validate (line->str, line->len, NULL)
                ? error_answer (_ ("the line is not text in UTF-8"))
                : answer_line (row, line->str, defaults, zone);
      print_line (answer);
    }
  return ferror (stdin) ? CLR_EXIT_FAILED : CLR_EXIT_OK;
}

static void
print_value (const char *name, JsonNode *node, int depth)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObjectIter iter;
      const char *member;
      JsonNode *value;

      if (name)
        printf ("%*s%s:\n", depth * 2, "", name);
      json_object_iter_init_ordered (&iter, json_node_get_object (node));
      while (json_object_iter_next_ordered (&iter, &member, &value))
        print_value (member, value, depth + 1);
    }
  else if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);
      gboolean is_dialogue = g_strcmp0 (name, "dialogue") == 0;

      for (guint i = 0; is_dialogue && i < json_array_get_length (array); i++)
        printf ("%*s%s\n", depth * 2, "", json_array_get_string_element (array, i));
      for (guint i = 0; !is_dialogue && i < json_array_get_length (array); i++)
        print_value (name, json_array_get_element (array, i), depth);
    }
  else
    {
      g_autofree char *text = json_node_get_value_type (node) == G_TYPE_STRING
                                  ? json_node_dup_string (node)
                                  : clr_json_to_text (node, FALSE);
      printf ("%*s%s: %s\n", depth * 2, "", name, text);
    }
}

static int
tell (ClrVerbOptions *options, JsonNode *answer)
{
  JsonObject *object = json_node_get_object (answer);
  const char *result = clr_verb_get (object, "result");

  if (options->json)
    clr_verb_print_json (answer);
  else if (g_str_equal (result, "error"))
    clr_verb_complain (clr_verb_get (object, "reason"));
  else
    {
      clr_verb_make_printable (answer);
      result = clr_verb_get (object, "result");
      printf ("%s: %s\n", result, clr_verb_get (object, "reason"));
      if (json_object_has_member (object, "details"))
        print_value (NULL, json_object_get_member (object, "details"), 0);
    }
  return clr_check_is_good (result)      ? CLR_EXIT_OK
         : g_str_equal (result, "error") ? CLR_EXIT_FAILED
                                         : CLR_EXIT_INVALID;
}

static char *
list_checks (void)
{
  GString *text = g_string_new (
      _ ("Checks one thing, without the service and without changing anything.\n\nThere are:"));
  unsigned n;
  const ClrCheckRow *rows = clr_check_get_table (&n);

  for (unsigned i = 0; i < n; i++)
    g_string_append_printf (text, "\n  %-8s %s", rows[i].name, _ (rows[i].help));
  return g_string_free (text, FALSE);
}

/* The members that the command line gives. */
static JsonObject *
collect (const ClrCheckRow *row, const Given *given, const char *first)
{
  JsonObject *in = json_object_new ();

  for (unsigned i = 0; row->options[i].name; i++)
    if (row->options[i].kind == CLR_CHECK_FLAG && given[i].flag)
      json_object_set_boolean_member (in, row->options[i].name, TRUE);
    else if (given[i].texts)
      {
        JsonArray *list = json_array_new ();

        for (char **text = given[i].texts; *text; text++)
          json_array_add_string_element (list, *text);
        json_object_set_array_member (in, row->options[i].name, list);
      }
    else if (given[i].text)
      json_object_set_string_member (in, row->options[i].name, given[i].text);
  if (first)
    json_object_set_string_member (in, row->options[0].name, first);
  return in;
}

static int
run_once (ClrVerbOptions *options, const ClrCheckRow *row, JsonObject *in, ClrZone *zone)
{
  g_autofree char *kept = NULL;
  g_autoptr (GError) error = NULL;
  int code;

  if (g_strcmp0 (clr_check_get_text (in, "file"), "-") == 0)
    {
      kept = clr_verb_keep_input (&error);
      if (kept == NULL)
        {
          clr_verb_complain (error->message);
          return CLR_EXIT_FAILED;
        }
      json_object_set_string_member (in, "file", kept);
    }
  g_autoptr (JsonNode) answer = clr_check_run (row, in, zone);
  code = tell (options, answer);
  if (kept)
    clr_file_unlink (kept);
  return code;
}

static gboolean
takes (const ClrCheckRow *row, const char *name)
{
  for (const ClrCheckOption *option = row->options; option->name; option++)
    if (g_str_equal (option->name, name))
      return TRUE;
  return FALSE;
}

int
clr_verb_check (ClrVerbOptions *options, int argc, char **argv)
{
  g_autofree char *zone_file = NULL, *resolver = NULL, *trust_anchor = NULL, *summary = list_checks ();
  gboolean batch = FALSE;
  Given given[OPTIONS_MOST] = { 0 };
  GOptionEntry entries[OPTIONS_MOST + 5] = {
    { "zone", 0, 0, G_OPTION_ARG_FILENAME, &zone_file, N_ ("DNS answers from this JSON file"), "FILE" },
    { "resolver", 0, 0, G_OPTION_ARG_STRING, &resolver, N_ ("DNS answers from this server (the system's)"),
      "HOST:PORT" },
    { "trust-anchor", 0, 0, G_OPTION_ARG_FILENAME, &trust_anchor,
      N_ ("DNS answers are validated from these DS or DNSKEY records on"), "FILE" },
    { "batch", 0, 0, G_OPTION_ARG_NONE, &batch,
      N_ ("One JSON object a line in, with these options' names and id; one out"), NULL },
  };
  static const GOptionArg kinds[] = {
    [CLR_CHECK_TEXT] = G_OPTION_ARG_STRING,       [CLR_CHECK_FILE] = G_OPTION_ARG_STRING,
    [CLR_CHECK_NUMBER] = G_OPTION_ARG_STRING,     [CLR_CHECK_FLAG] = G_OPTION_ARG_NONE,
    [CLR_CHECK_LIST] = G_OPTION_ARG_STRING_ARRAY,
  };
  const ClrCheckRow *row = argc > 1 && argv[1][0] != '-' ? clr_check_find (argv[1]) : NULL;
  g_autofree char *usage
      = g_strdup_printf ("%s [%s]", row ? row->name : "NAME", row ? row->options[0].argument : "...");
  g_autoptr (ClrZone) zone = NULL;
  g_autoptr (GError) error = NULL;
  int code;

  for (unsigned i = 0, n = 4; row && row->options[i].name; i++)
    {
      const ClrCheckOption *option = &row->options[i];

      if (g_str_equal (option->name, "config"))
        continue;

      g_assert (i < OPTIONS_MOST);
      void *target = option->kind == CLR_CHECK_FLAG   ? (void *)&given[i].flag
                     : option->kind == CLR_CHECK_LIST ? (void *)&given[i].texts
                                                      : (void *)&given[i].text;
      entries[n++]
          = (GOptionEntry){ option->name, 0, 0, kinds[option->kind], target, option->help, option->argument };
    }
  if (argc > 1 && g_str_equal (argv[1], "smarthost"))
    return clr_check_smarthost (options, argc, argv);
  if (!clr_verb_parse (options, usage, summary, entries, &argc, &argv, &code))
    return code;
  if (row == NULL || argc > 3 || (batch && argc > 2))
    {
      fprintf (stderr, "%s\n", summary);
      return clr_verb_usage (argc > 1 && row == NULL
                                 ? _ ("check: there is no such check")
                                 : _ ("check: the name of a check and one thing to check"));
    }
  if (zone_file && resolver)
    return clr_verb_usage (_ ("check: either --zone or --resolver"));
  if (zone_file && !(zone = load_zone (zone_file, &error)))
    {
      clr_verb_complain (error->message);
      return CLR_EXIT_FAILED;
    }
  /* Lines of a batch mostly bring their own answers. */
  if (zone == NULL && (zone = clr_zone_new_from_resolver (resolver, trust_anchor, &error)) == NULL)
    {
      fprintf (stderr, "clrelay: --resolver: %s\n", error->message);
      return CLR_EXIT_USAGE;
    }
  g_autoptr (JsonObject) in = collect (row, given, argc > 2 ? argv[2] : NULL);
  /* The settings file is common to all verbs. */
  if (options->config && takes (row, "config"))
    json_object_set_string_member (in, "config", options->config);
  code = batch ? run_batch (row, in, zone) : run_once (options, row, in, zone);
  for (unsigned i = 0; i < OPTIONS_MOST; i++)
    {
      g_free (given[i].text);
      g_strfreev (given[i].texts);
    }
  return code;
}

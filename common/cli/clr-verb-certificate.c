/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `clrelay certificate`: what listeners show, and until when.
 */
#include "clr-verb.h"

#include "control/clr-api.h"

#include <glib/gi18n.h>
#include <stdio.h>

/* "a, b" (transfer full) */
static char *
join (JsonObject *object, const char *member)
{
  JsonArray *array = json_object_get_array_member (object, member);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < json_array_get_length (array); i++)
    g_string_append_printf (text, "%s%s", i ? ", " : "", json_array_get_string_element (array, i));
  return g_string_free (text, FALSE);
}

static void
print_certificate (JsonObject *certificate)
{
  g_autofree char *names = join (certificate, "names"), *listeners = join (certificate, "listeners");
  const char *problem = clr_verb_get (certificate, "problem");

  printf ("%s\n", clr_verb_get (certificate, "file"));
  printf (_ ("    for %s; listeners %s\n"), names, listeners);
  printf (_ ("    subject %s\n"), clr_verb_get (certificate, "subject"));
  printf (_ ("    valid until %s, %d days\n"), clr_verb_get (certificate, "expires"),
          (int)json_object_get_int_member_with_default (certificate, "days", 0));
  if (*problem)
    printf ("    %s\n", problem);
}

static int
list (ClrVerbOptions *options)
{
  int code;
  g_autoptr (JsonNode) root = clr_verb_request (options, "GET", CLR_API_CERTIFICATES, NULL, &code);
  JsonArray *certificates;

  if (root == NULL)
    return code;
  if (options->json)
    {
      clr_verb_print_json (root);
      return CLR_EXIT_OK;
    }
  clr_verb_make_printable (root);
  certificates = json_object_get_array_member (json_node_get_object (root), "certificates");
  for (guint i = 0; i < json_array_get_length (certificates); i++)
    print_certificate (json_array_get_object_element (certificates, i));
  if (json_array_get_length (certificates) == 0)
    printf (_ ("No listener shows a certificate.\n"));
  return CLR_EXIT_OK;
}

int
clr_verb_certificate (ClrVerbOptions *options, int argc, char **argv)
{
  const GOptionEntry entries[] = { G_OPTION_ENTRY_NULL };
  int code;

  if (!clr_verb_parse (options, "list",
                       _ ("Lists the certificates that listeners show, and what is wrong with them."),
                       entries, &argc, &argv, &code))
    return code;
  if (argc == 1 || (argc == 2 && g_str_equal (argv[1], "list")))
    return list (options);
  return clr_verb_usage (_ ("certificate: list"));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads a public suite where it lies, and gives each of its cases to a check.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <string.h>

typedef void (*ClrVectorCheck) (JsonObject *one);

static inline const char *
clr_vector_get (JsonObject *one, const char *member)
{
  return json_object_has_member (one, member) ? json_object_get_string_member (one, member) : NULL;
}

/* Returns: NULL, loudly, where the suite is missing. (transfer full) */
static inline JsonNode *
clr_vectors_load (const char *file)
{
  g_autofree char *path = g_build_filename (VECTORS, file, NULL), *text = NULL;
  g_autoptr (GError) error = NULL;
  JsonNode *root;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_autofree char *why = g_strdup_printf ("PUBLIC SUITE MISSING: %s", path);
      g_test_skip (why);
      return NULL;
    }
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  /* A zero octet in a record: see the command line's --zone. */
  for (char *zero = text; (zero = strstr (zero, "\\u0000")) != NULL;)
    zero[5] = '1';
  root = json_from_string (text, &error);
  g_assert_no_error (error);
  return root;
}

static inline void
clr_vectors_run_array (const char *file, const char *member, ClrVectorCheck check)
{
  g_autoptr (JsonNode) root = clr_vectors_load (file);

  if (root == NULL)
    return;
  JsonArray *cases = json_object_get_array_member (json_node_get_object (root), member);
  g_assert_cmpuint (json_array_get_length (cases), >, 0);
  for (unsigned i = 0; i < json_array_get_length (cases); i++)
    {
      JsonNode *node = json_array_get_element (cases, i);
      g_autofree char *text = json_to_string (node, FALSE);
      g_test_message ("%s", text);
      check (json_node_get_object (node));
    }
}

static inline void
clr_vectors_run (const char *file, ClrVectorCheck check)
{
  clr_vectors_run_array (file, "cases", check);
}

/* Says which case is not met, without ending the program. */
#define clr_vector_expect(what, ...)                                                                         \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    if (!(what))                                                                                             \
      g_test_fail_printf (__VA_ARGS__);                                                                      \
  }                                                                                                          \
  G_STMT_END

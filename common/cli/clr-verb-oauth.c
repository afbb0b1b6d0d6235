/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `clrelay oauth`: how the accounts are, and a person's login for one of them. The service does it all; here
 * it is shown.
 */
#include "clr-verb.h"

#include "control/clr-api.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#define LOOK_US    (500 * 1000)
#define LOOKS_MOST 7300 /* an hour, which a login may take at the most */

/* (transfer full) */
static char *
make_order (const char *account, const char *url)
{
  g_autoptr (JsonNode) order = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "account", account);
  if (url)
    json_object_set_string_member (object, "url", url);
  json_node_take_object (order, object);
  return json_to_string (order, FALSE);
}

static void
print_account (JsonArray *array, guint index, JsonNode *node, void *data)
{
  JsonObject *account = json_node_get_object (node);
  const char *problem = clr_verb_get (account, "problem");

  printf ("%-24s %s", clr_verb_get (account, "account"), clr_verb_get (account, "state"));
  if (json_object_has_member (account, "expires-in"))
    printf (_ (", %lld s left"), (long long)json_object_get_int_member (account, "expires-in"));
  if (*problem)
    printf (": %s", problem);
  printf ("\n");
}

static int
list (ClrVerbOptions *options)
{
  int code;
  g_autoptr (JsonNode) root = clr_verb_request (options, "GET", CLR_API_OAUTH, NULL, &code);

  if (root == NULL)
    return code;
  if (options->json)
    clr_verb_print_json (root);
  else
    json_array_foreach_element (json_object_get_array_member (json_node_get_object (root), "accounts"),
                                print_account, NULL);
  return CLR_EXIT_OK;
}

static int
renew (ClrVerbOptions *options, const char *account)
{
  g_autofree char *body = make_order (account, NULL);
  int code;
  g_autoptr (JsonNode) root = clr_verb_request (options, "POST", CLR_API_OAUTH_RENEW, body, &code);

  if (root == NULL)
    return code;
  if (options->json)
    clr_verb_print_json (root);
  else
    printf (_ ("A new token is asked for.\n"));
  return CLR_EXIT_OK;
}

/* Returns: whether there is something to do for the person. */
static gboolean
show_login (ClrVerbOptions *options, JsonNode *root)
{
  JsonObject *login = json_node_get_object (root);
  const char *url = clr_verb_get (login, "url"), *code = clr_verb_get (login, "code");

  if (*url == 0)
    return FALSE;
  if (options->json)
    clr_verb_print_json (root);
  else if (*code)
    printf (_ ("Open %s and enter the code %s\n"), url, code);
  else
    printf (_ ("Open this address in a browser on this machine:\n\n%s\n\nWith a browser elsewhere: the page "
               "it ends "
               "at cannot be shown; give its address to\n\"clrelay oauth answer\" in a second terminal.\n"),
            url);
  fflush (stdout);
  return TRUE;
}

static int
end_login (ClrVerbOptions *options, JsonNode *root, const char *account)
{
  JsonObject *login = json_node_get_object (root);
  gboolean good = g_str_equal (clr_verb_get (login, "state"), "done");

  if (options->json)
    clr_verb_print_json (root);
  else if (good)
    printf (_ ("The relay can send with [oauth %s] now.\n"), account);
  else
    clr_verb_complain (clr_verb_get (login, "why"));
  return good ? CLR_EXIT_OK : CLR_EXIT_FAILED;
}

static gboolean
is_over (JsonNode *root)
{
  const char *state = clr_verb_get (json_node_get_object (root), "state");

  return g_str_equal (state, "done") || g_str_equal (state, "failed");
}

/* Until the person has logged in, or the service says that the time is over. */
static int
log_in (ClrVerbOptions *options, const char *account)
{
  g_autofree char *body = make_order (account, NULL);
  g_autofree char *escaped = g_uri_escape_string (account, NULL, FALSE);
  g_autofree char *path = g_strconcat (CLR_API_OAUTH_LOGIN, "?account=", escaped, NULL);
  int code;
  JsonNode *root = clr_verb_request (options, "POST", CLR_API_OAUTH_LOGIN, body, &code);
  gboolean shown = FALSE;

  for (unsigned i = 0; root && i < LOOKS_MOST; i++)
    {
      shown = shown || show_login (options, root);
      if (is_over (root))
        {
          code = end_login (options, root, account);
          json_node_unref (root);
          return code;
        }
      json_node_unref (root);
      g_usleep (LOOK_US);
      root = clr_verb_request (options, "GET", path, NULL, &code);
    }
  if (root == NULL)
    return code;
  json_node_unref (root);
  return CLR_EXIT_UNDER_WAY;
}

/* The address stands on standard input: on a command line every user of the machine could read it. */
static int
give_answer (ClrVerbOptions *options, const char *account)
{
  char url[8 * 1024];
  int code;

  fprintf (stderr, "%s", _ ("Address at which the browser ended: "));
  if (fgets (url, sizeof url, stdin) == NULL)
    return clr_verb_usage (_ ("oauth: nothing came on standard input"));
  url[strcspn (url, "\r\n")] = 0;
  g_autofree char *body = make_order (account, url);
  g_autoptr (JsonNode) root = clr_verb_request (options, "POST", CLR_API_OAUTH_ANSWER, body, &code);
  if (root == NULL)
    return code;
  if (options->json)
    clr_verb_print_json (root);
  return CLR_EXIT_OK;
}

int
clr_verb_oauth (ClrVerbOptions *options, int argc, char **argv)
{
  int code;

  if (!clr_verb_parse (options, "list | login NAME | answer NAME | renew NAME",
                       _ ("Accounts that give access tokens: how they are, and a person's login."), NULL,
                       &argc, &argv, &code))
    return code;
  if (argc == 2 && g_str_equal (argv[1], "list"))
    return list (options);
  if (argc == 3 && g_str_equal (argv[1], "login"))
    return log_in (options, argv[2]);
  if (argc == 3 && g_str_equal (argv[1], "answer"))
    return give_answer (options, argv[2]);
  if (argc == 3 && g_str_equal (argv[1], "renew"))
    return renew (options, argv[2]);
  return clr_verb_usage (_ ("oauth: list, login NAME, answer NAME or renew NAME"));
}

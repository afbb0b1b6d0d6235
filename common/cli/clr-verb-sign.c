/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-verb.h"

#include "check/clr-check.h"
#include "settings/clr-settings.h"
#include "system/clr-data.h"
#include "system/clr-file.h"
#include "system/clr-terminal.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The signature's lines end as the message's own do. */
static void
print_fields (const char *fields, gboolean unix_lines)
{
  for (; *fields; fields++)
    if (*fields != '\r' || !unix_lines)
      putchar (*fields);
}

static gboolean
print_signed (const char *path, const char *fields)
{
  int fd = clr_file_open (path, CLR_FILE_READ, 0);
  char piece[64 * 1024];
  ssize_t n;
  size_t end = 0;
  uint64_t done = 0;

  if (fd < 0)
    return FALSE;
  clr_terminal_pass_octets (stdout);
  for (; (n = clr_file_read_at (fd, piece, sizeof piece, done)) > 0; done += n)
    {
      if (done == 0)
        {
          while (end < (size_t)n && piece[end] != '\n')
            end++;
          print_fields (fields, end < (size_t)n && (end == 0 || piece[end - 1] != '\r'));
        }
      fwrite (piece, 1, n, stdout);
    }
  if (done == 0)
    print_fields (fields, FALSE);
  close (fd);
  return n == 0 && fflush (stdout) == 0 && !ferror (stdout);
}

static int
sign (ClrVerbOptions *options, JsonObject *in, const char *path)
{
  g_autoptr (JsonNode) answer = clr_check_sign (in);
  JsonObject *object = json_node_get_object (answer);
  const char *result = clr_verb_get (object, "result");

  if (g_str_equal (result, "ok") && options->json)
    clr_verb_print_json (answer);
  else if (!g_str_equal (result, "ok"))
    {
      clr_verb_complain (clr_verb_get (object, "reason"));
      return g_str_equal (result, "none") ? CLR_EXIT_NOT_FOUND : CLR_EXIT_FAILED;
    }
  else if (!print_signed (path, clr_verb_get (json_object_get_object_member (object, "details"), "fields")))
    {
      fprintf (stderr, _ ("clrelay: the signed message could not be written\n"));
      return CLR_EXIT_FAILED;
    }
  return CLR_EXIT_OK;
}

int
clr_verb_sign (ClrVerbOptions *options, int argc, char **argv)
{
  g_autofree char *key = NULL, *domain = NULL, *selector = NULL, *path = NULL;
  GOptionEntry entries[] = {
    { "key", 0, 0, G_OPTION_ARG_FILENAME, &key, N_ ("Private key, instead of those of the settings"),
      "FILE" },
    { "domain", 0, 0, G_OPTION_ARG_STRING, &domain, N_ ("With --key: the d= of the signature"), "DOMAIN" },
    { "selector", 0, 0, G_OPTION_ARG_STRING, &selector, N_ ("With --key: the s= of the signature"), "NAME" },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (JsonObject) in = json_object_new ();
  g_autoptr (GError) error = NULL;
  int code;

  if (!clr_verb_parse (
          options, "< MESSAGE > SIGNED",
          _ ("Signs a message with DKIM: from standard input to standard output, with the keys that "
             "the settings have for the domain of its From field. Lines that end with LF alone are "
             "signed as the CRLF they will be when sent, and printed as they came. With --json only "
             "the fields are printed."),
          entries, &argc, &argv, &code))
    return code;
  if (argc > 1)
    return clr_verb_usage (_ ("sign reads standard input"));
  if ((key != NULL) != (domain != NULL) || (key != NULL) != (selector != NULL))
    return clr_verb_usage (_ ("sign: --key, --domain and --selector go together"));
  path = clr_verb_keep_input (&error);
  if (path == NULL)
    {
      clr_verb_complain (error->message);
      return CLR_EXIT_FAILED;
    }
  json_object_set_string_member (in, "file", path);
  if (key)
    {
      json_object_set_string_member (in, "key", key);
      json_object_set_string_member (in, "domain", domain);
      json_object_set_string_member (in, "selector", selector);
    }
  if (options->config || !key)
    json_object_set_string_member (in, "config",
                                   options->config ? options->config : clr_data_get_settings_file ());
  code = sign (options, in, path);
  clr_file_unlink (path);
  return code;
}

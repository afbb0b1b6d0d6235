/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-verb.h"

#include "check/clr-check.h"

#include <glib/gi18n.h>
#include <stdio.h>

static int
tell (ClrVerbOptions *options, JsonNode *out, const char *file, const char *domain, const char *selector,
      gboolean made)
{
  JsonObject *answer = json_node_get_object (out);

  if (!g_str_equal (clr_verb_get (answer, "result"), "ok"))
    {
      clr_verb_complain (clr_verb_get (answer, "reason"));
      return CLR_EXIT_FAILED;
    }
  JsonObject *details = json_object_get_object_member (answer, "details");
  if (options->json)
    {
      clr_verb_print_json (out);
      return CLR_EXIT_OK;
    }
  if (made)
    printf (_ ("# A new %s key is in %s. Publish this record, then add to the settings:\n"
               "#   [key %s-%s]\n#   domain = %s\n#   selector = %s\n#   file = %s\n"),
            clr_verb_get (details, "algorithm"), file, domain, selector, domain, selector, file);
  printf ("%s", clr_verb_get (details, "zone"));
  return CLR_EXIT_OK;
}

int
clr_verb_dkim (ClrVerbOptions *options, int argc, char **argv)
{
  g_autofree char *selector = NULL, *file = NULL, *type = NULL, *domain = NULL;
  int bits = 2048, code;
  GOptionEntry entries[] = {
    { "selector", 0, 0, G_OPTION_ARG_STRING, &selector, N_ ("Name of the key below _domainkey (s1)"),
      "NAME" },
    { "type", 0, 0, G_OPTION_ARG_STRING, &type, N_ ("rsa (usual) or ed25519"), "TYPE" },
    { "bits", 0, 0, G_OPTION_ARG_INT, &bits, N_ ("Size of an RSA key, 2048 to 4096 (2048)"), "N" },
    { "file", 'f', 0, G_OPTION_ARG_FILENAME, &file,
      N_ ("With new: where the private key goes (SELECTOR.DOMAIN.pem)"), "FILE" },
    { "domain", 0, 0, G_OPTION_ARG_STRING, &domain, N_ ("With show: the domain it is for"), "DOMAIN" },
    G_OPTION_ENTRY_NULL,
  };

  if (!clr_verb_parse (options, "new DOMAIN | show FILE --domain DOMAIN",
                       _ ("Makes a DKIM key and prints the TXT record to publish; prints that of a key."),
                       entries, &argc, &argv, &code))
    return code;
  if (argc != 3 || (!g_str_equal (argv[1], "new") && !g_str_equal (argv[1], "show")))
    return clr_verb_usage (_ ("dkim: new DOMAIN, or show FILE --domain DOMAIN"));
  gboolean make = g_str_equal (argv[1], "new");
  if (!make && domain == NULL)
    return clr_verb_usage (_ ("dkim: show needs --domain"));
  if (type && !g_str_equal (type, "rsa") && !g_str_equal (type, "ed25519"))
    return clr_verb_usage (_ ("dkim: the type is rsa or ed25519"));
  if (bits < 2048 || bits > 4096)
    return clr_verb_usage (_ ("dkim: 2048 to 4096 bits"));
  if (selector == NULL)
    selector = g_strdup ("s1");
  if (make)
    {
      domain = g_ascii_strdown (argv[2], -1);
      if (file == NULL)
        file = g_strdup_printf ("%s.%s.pem", selector, domain);
    }
  else
    file = g_strdup (argv[2]);

  g_autoptr (JsonObject) in = json_object_new ();
  json_object_set_string_member (in, "file", file);
  json_object_set_string_member (in, "domain", domain);
  json_object_set_string_member (in, "selector", selector);
  if (make)
    {
      json_object_set_string_member (in, "make", type ? type : "rsa");
      json_object_set_int_member (in, "bits", bits);
    }
  g_autoptr (JsonNode) out = clr_check_dkim_key (in, NULL);
  return tell (options, out, file, domain, selector, make);
}

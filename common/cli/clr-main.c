/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * clrelay, the command line: finds the verb and runs it.
 */
#include "clr-verb.h"
#include "clr-version.h"
#include "system/clr-share.h"
#include "system/clr-terminal.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

static const ClrVerbRow table[] = {
  { "tls-results", N_ ("what came of TLS with other domains' servers"), clr_verb_tls_results },
  { "status", N_ ("what the relay does now"), clr_verb_status },
  { "queue", N_ ("list, count, show, export, hold, release, retry, expire, priority, delete: messages"),
    clr_verb_queue },
  { "trace", N_ ("what became of mail: by address, id, subject, reply, time"), clr_verb_trace },
  { "session", N_ ("list, record, records, show, drop: sessions of now, and what the next ones say"),
    clr_verb_session },
  { "config", N_ ("check, describe, get, set, unset, diff, history, undo: the settings"), clr_verb_config },
  { "import", N_ ("iis, postfix, emailrelay, hmailserver FILE: another relay's configuration"),
    clr_verb_import },
  { "check", N_ ("dkim, address, route: one thing, without the service"), clr_verb_check },
  { "send", N_ ("a message through the relay, followed to its result"), clr_verb_send },
  { "sign", N_ ("a message with DKIM, from standard input to standard output"), clr_verb_sign },
  { "log", N_ ("what the relay has done, and does"), clr_verb_log },
  { "backup", N_ ("FILE: the running relay as one file under a passphrase"), clr_verb_backup },
  { "restore", N_ ("FILE: has a backup back, the relay being stopped; --check only looks"),
    clr_verb_restore },
  { "support", N_ ("[FILE]: what somebody who helps needs to know, without content or addresses"),
    clr_verb_support },
  { "secret", N_ ("set NAME: a password, read from standard input"), clr_verb_secret },
  { "oauth", N_ ("list, login NAME, answer NAME, renew NAME: accounts that give access tokens"),
    clr_verb_oauth },
  { "user", N_ ("add, passwd, list, remove: who may log in"), clr_verb_user },
  { "alert", N_ ("list, acknowledge, test: what is wrong, of what the settings look at"), clr_verb_alert },
  { "audit", N_ ("who changed what, and who read messages"), clr_verb_audit },
  { "device", N_ ("list, show, allow, freeze, thaw: devices, and every client address that tried"),
    clr_verb_device },
  { "certificate", N_ ("list: certificates that listeners show, and until when"), clr_verb_certificate },
  { "ban", N_ ("list, lift: addresses and logins with too many failed logins"), clr_verb_ban },
  { "token", N_ ("add, list, remove: who may use the control API over TCP"), clr_verb_token },
  { "dkim", N_ ("new DOMAIN, show FILE: keys that sign mail"), clr_verb_dkim },
};

static void
help (FILE *to)
{
  fprintf (to, _ ("Usage: clrelay VERB [OPTIONS]\n\nThe command line of Cl Mail Relay.\n\n"));
  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    fprintf (to, "  %-8s %s\n", table[i].name, _ (table[i].help));
  fprintf (to, _ ("\nEach verb has --help, --json, --socket PATH and --config FILE.\n"
                  "Exit codes: 0 done, 1 failed, 2 wrong command line, 3 not found, 4 not valid, 5 the "
                  "service cannot be reached, 6 still under way.\n"));
}

int
main (int argc, char **argv)
{
  ClrVerbOptions options = { 0 };

  setlocale (LC_ALL, "");
  g_autofree char *locale = clr_share_dup_folder (CLR_LOCALE_DIR, "locale");
  bindtextdomain (GETTEXT_PACKAGE, locale);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_auto (GStrv) words = clr_terminal_dup_words (argv);
  argv = words;
  argc = (int)g_strv_length (words);
  if (argc < 2)
    {
      help (stderr);
      return CLR_EXIT_USAGE;
    }
  /* Common options may stand before the verb. */
  int first = 1;
  for (; first < argc && argv[first][0] == '-'; first++)
    {
      if (g_str_equal (argv[first], "--help") || g_str_equal (argv[first], "-h"))
        {
          help (stdout);
          return CLR_EXIT_OK;
        }
      if (g_str_equal (argv[first], "--version"))
        {
          printf ("clrelay %s\n", CLR_VERSION);
          return CLR_EXIT_OK;
        }
      if (g_str_equal (argv[first], "--json"))
        options.json = TRUE;
      else if (g_str_equal (argv[first], "--socket") && first + 1 < argc)
        options.socket = g_strdup (argv[++first]);
      else if (g_str_has_prefix (argv[first], "--socket="))
        options.socket = g_strdup (argv[first] + strlen ("--socket="));
      else if (g_str_equal (argv[first], "--config") && first + 1 < argc)
        options.config = g_strdup (argv[++first]);
      else if (g_str_has_prefix (argv[first], "--config="))
        options.config = g_strdup (argv[first] + strlen ("--config="));
      else
        {
          g_autofree char *text = g_strdup_printf (_ ("%s: no such option before the verb"), argv[first]);
          return clr_verb_usage (text);
        }
    }
  for (unsigned i = 0; first < argc && i < G_N_ELEMENTS (table); i++)
    if (g_str_equal (argv[first], table[i].name))
      {
        int code = table[i].run (&options, argc - first, argv + first);

        g_free (options.socket);
        g_free (options.config);
        g_strfreev (options.words);
        return code;
      }
  g_autofree char *text = g_strdup_printf (_ ("%s: there is no such verb"), first < argc ? argv[first] : "");
  return clr_verb_usage (text);
}

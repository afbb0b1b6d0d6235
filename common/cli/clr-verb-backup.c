/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `clrelay backup`: the running relay as one file under a passphrase. What has come is read once more, so
 * that a backup that says it is made can be had back.
 */
#include "clr-verb.h"

#include "backup/clr-backup-head.h"
#include "clr-verb-restore.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

/* Who types it types it twice: it is not seen. Returns: an exit code. */
static int
read_passphrase (char *into, size_t size)
{
  char again[CLR_BACKUP_PASSPHRASE_MOST + 2];
  g_autoptr (GError) error = NULL;
  gboolean same = TRUE;

  if (!clr_verb_read_secret (_ ("Passphrase for the backup: "), into, size))
    return clr_verb_usage (_ ("backup: a passphrase is read from standard input, and none came"));
  if (!clr_backup_passphrase_is_good (into, &error))
    {
      clr_verb_complain (error->message);
      return CLR_EXIT_USAGE;
    }
  if (clr_verb_is_typed ())
    {
      same = clr_verb_read_secret (_ ("Once more: "), again, sizeof again) && strcmp (into, again) == 0;
      explicit_bzero (again, sizeof again);
    }
  return same ? CLR_EXIT_OK : clr_verb_usage (_ ("backup: the two are not the same"));
}

static int
make (ClrVerbOptions *options, const char *file, const char *passphrase, gboolean with_history)
{
  g_autoptr (ClrClient) client = clr_verb_connect (options);
  g_autoptr (ClrRestoreReport) report = NULL;
  g_autoptr (GError) error = NULL;

  if (!clr_client_backup_sync (client, passphrase, with_history, file, NULL, &error))
    return clr_verb_fail (error);
  report = clr_restore_check (file, passphrase, &error);
  if (report == NULL)
    {
      g_prefix_error (&error, _ ("%s was written, but does not read back as it should; make another one: "),
                      file);
      clr_verb_complain (error->message);
      return CLR_EXIT_FAILED;
    }
  clr_restore_tell (options, file, report, "made");
  return CLR_EXIT_OK;
}

int
clr_verb_backup (ClrVerbOptions *options, int argc, char **argv)
{
  gboolean with_history = FALSE;
  const GOptionEntry entries[] = {
    { "history", 0, 0, G_OPTION_ARG_NONE, &with_history,
      N_ ("What has become of finished mail goes along (history.db)"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  char passphrase[CLR_BACKUP_PASSPHRASE_MOST + 2];
  int code;

  if (!clr_verb_parse (
          options, "FILE",
          _ ("Makes a backup of the running relay: settings with their former versions, secrets, "
             "users, tokens, keys, certificates, queue and what is known of clients, in one file, "
             "encrypted under a passphrase that is read from standard input. FILE must not be "
             "there yet."),
          entries, &argc, &argv, &code))
    return code;
  if (argc != 2)
    return clr_verb_usage (_ ("backup takes one file"));
  code = read_passphrase (passphrase, sizeof passphrase);
  if (code == CLR_EXIT_OK)
    code = make (options, argv[1], passphrase, with_history);
  explicit_bzero (passphrase, sizeof passphrase);
  return code;
}

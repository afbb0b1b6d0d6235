/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `clrelay restore`: a backup becomes a relay again, which must be stopped; or is only checked.
 */
#include "clr-verb-restore.h"

#include "clr-place.h"

#include "backup/clr-backup-head.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

static void
tell_json (const char *file, const ClrRestoreReport *report, const char *what)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonArray *notes = json_array_new ();

  json_object_set_string_member (object, "file", file);
  json_object_set_string_member (object, "result", what);
  json_object_set_string_member (object, "program", report->manifest->program);
  json_object_set_string_member (object, "time", report->manifest->time);
  json_object_set_string_member (object, "hostname", report->manifest->hostname);
  json_object_set_string_member (object, "system", report->manifest->is_windows ? "windows" : "unix");
  json_object_set_boolean_member (object, "history", report->manifest->history_format > 0);
  json_object_set_int_member (object, "messages", (gint64)report->end->n_messages);
  json_object_set_int_member (object, "recipients", (gint64)report->end->n_recipients);
  json_object_set_int_member (object, "octets", (gint64)report->end->octets);
  if (report->state_directory)
    json_object_set_string_member (object, "state-directory", report->state_directory);
  if (report->former)
    json_object_set_string_member (object, "former", report->former);
  for (unsigned i = 0; i < report->notes->len; i++)
    json_array_add_string_element (notes, g_ptr_array_index (report->notes, i));
  json_object_set_array_member (object, "notes", notes);
  json_node_take_object (node, object);
  clr_verb_print_json (node);
}

void
clr_restore_tell (ClrVerbOptions *options, const char *file, const ClrRestoreReport *report, const char *what)
{
  g_autofree char *size = g_format_size (report->end->octets);
  g_autofree char *hostname = clr_verb_dup_printable (report->manifest->hostname);
  g_autofree char *time = clr_verb_dup_printable (report->manifest->time);

  if (options->json)
    {
      tell_json (file, report, what);
      return;
    }
  printf (_ ("%s: a whole backup of %s of %s, %s; in the queue %" G_GUINT64_FORMAT
             " messages for %" G_GUINT64_FORMAT " recipients.\n"),
          file, hostname, time, size, (guint64)report->end->n_messages, (guint64)report->end->n_recipients);
  for (unsigned i = 0; i < report->notes->len; i++)
    {
      g_autofree char *note = clr_verb_dup_printable (g_ptr_array_index (report->notes, i));
      printf ("  %s\n", note);
    }
}

static int
check (ClrVerbOptions *options, const ClrRestoreOptions *wanted)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrRestoreReport) report = clr_restore_check (wanted->file, wanted->passphrase, &error);

  if (report == NULL)
    {
      clr_verb_fail (error);
      return CLR_EXIT_INVALID;
    }
  clr_restore_tell (options, wanted->file, report, "good");
  return CLR_EXIT_OK;
}

static void
tell_next (const ClrRestoreOptions *wanted, const ClrRestoreReport *report)
{
  printf (_ ("Restored: settings to %s, state to %s.\n"), wanted->settings_file, report->state_directory);
  if (report->former)
    printf (_ ("The former state is kept in %s/%s; the former settings beside the new ones.\n"),
            report->state_directory, report->former);
  if (wanted->only_settings)
    printf (_ ("Queue, history and what is known of clients are as they were.\n"));
  else if (wanted->has_moved)
    printf (_ ("What waits in the queue is delivered at the next start. The old relay must stay off.\n"));
  else
    printf (
        _ ("What waits in the queue is held at the next start, for the old relay may have delivered it "
           "since: release it with \"clrelay queue release\" when it has not, or delete it. Had the relay "
           "moved for good, --moved would have let it go.\n"));
}

static int
restore (ClrVerbOptions *options, const ClrRestoreOptions *wanted)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrRestoreReport) report = clr_restore (wanted, &error);

  if (report == NULL)
    return clr_verb_fail (error);
  clr_restore_tell (options, wanted->file, report, "restored");
  if (!options->json)
    tell_next (wanted, report);
  return CLR_EXIT_OK;
}

static int
finish (const ClrRestoreOptions *wanted)
{
  g_autoptr (GError) error = NULL;

  if (clr_restore_finish (wanted, &error))
    {
      printf (_ ("The restore that was interrupted is finished.\n"));
      return CLR_EXIT_OK;
    }
  if (error)
    return clr_verb_fail (error);
  clr_verb_complain (_ ("there is no restore that was interrupted"));
  return CLR_EXIT_NOT_FOUND;
}

int
clr_verb_restore (ClrVerbOptions *options, int argc, char **argv)
{
  ClrRestoreOptions wanted = { 0 };
  gboolean only_check = FALSE, only_finish = FALSE;
  g_autofree char *state_directory = NULL;
  const GOptionEntry entries[] = {
    { "check", 0, 0, G_OPTION_ARG_NONE, &only_check, N_ ("Read and prove the whole file, change nothing"),
      NULL },
    { "replace", 0, 0, G_OPTION_ARG_NONE, &wanted.may_replace,
      N_ ("A state that is there is moved aside, and kept"), NULL },
    { "moved", 0, 0, G_OPTION_ARG_NONE, &wanted.has_moved,
      N_ ("The old relay is off for good: what waits is delivered, not held"), NULL },
    { "settings-only", 0, 0, G_OPTION_ARG_NONE, &wanted.only_settings,
      N_ ("Settings, secrets, users and keys; queue, history and tokens stay"), NULL },
    { "state-directory", 0, 0, G_OPTION_ARG_FILENAME, &state_directory, N_ ("Where the state goes"), "DIR" },
    { "finish", 0, 0, G_OPTION_ARG_NONE, &only_finish, N_ ("Finish a restore that was interrupted"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  char passphrase[CLR_BACKUP_PASSPHRASE_MOST + 2];
  int code;

  if (!clr_verb_parse (options, "FILE",
                       _ ("Has a backup back, on this system or another one. The relay must be stopped. The "
                          "passphrase is read from standard input. Nothing changes before the whole file is "
                          "proven and the settings are valid here; what was there is kept."),
                       entries, &argc, &argv, &code))
    return code;
  wanted.settings_file = clr_place_get_file (options);
  wanted.state_directory = state_directory;
  if (only_finish && argc == 1)
    return finish (&wanted);
  if (argc != 2 || only_finish)
    return clr_verb_usage (_ ("restore takes one file, or --finish alone"));
  wanted.file = argv[1];
  if (!clr_verb_read_secret (_ ("Passphrase of the backup: "), passphrase, sizeof passphrase))
    return clr_verb_usage (_ ("restore: a passphrase is read from standard input, and none came"));
  wanted.passphrase = passphrase;
  code = only_check ? check (options, &wanted) : restore (options, &wanted);
  explicit_bzero (passphrase, sizeof passphrase);
  return code;
}

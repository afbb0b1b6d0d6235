/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backup/clr-restore-swap.h"

#include "control/clr-json.h"
#include "settings/clr-plain-file.h"
#include "settings/clr-settings.h"
#include "system/clr-folder.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define PLAN          "plan.json"
#define SETTINGS_DONE "settings.done"
#define ENTERING      "entering"
#define VERSIONS      "versions"
#define DEEPEST       8

static const char *const all_names[]
    = { "secrets",    "users",          "keys",           "tls",      "files",        "spool",
        "queue.db",   "queue.db-wal",   "queue.db-shm",   "state.db", "state.db-wal", "state.db-shm",
        "history.db", "history.db-wal", "history.db-shm", NULL };
static const char *const settings_names[] = { "secrets", "users", "keys", "tls", "files", NULL };

const char *const *
clr_restore_swap_list_names (gboolean only_settings)
{
  return only_settings ? settings_names : all_names;
}

char *
clr_restore_swap_dup_former (const char *stamp)
{
  return g_strconcat ("before-restore-", stamp, NULL);
}

static gboolean
fail (const char *what, GError **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", what, g_strerror (errno));
  return FALSE;
}

/* -- trees */

static gboolean
collect_name (const char *name, void *data)
{
  g_ptr_array_add (data, g_strdup (name));
  return TRUE;
}

static GPtrArray *
list_names (ClrFolder *folder)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  clr_folder_list (folder, collect_name, names);
  return names;
}

static void
remove_tree (const char *path, unsigned depth)
{
  g_autoptr (ClrFolder) folder = clr_folder_open_real (path);
  g_autoptr (GPtrArray) names = folder ? list_names (folder) : NULL;

  for (unsigned i = 0; names && i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      ClrFileFacts facts;

      if (clr_folder_look (folder, name, &facts) && facts.kind == CLR_FILE_FOLDER)
        {
          g_autofree char *inner = g_build_filename (path, name, NULL);

          if (depth < DEEPEST)
            remove_tree (inner, depth + 1);
        }
      else
        clr_folder_unlink (folder, name);
    }
  g_clear_pointer (&folder, clr_folder_close);
  g_rmdir (path);
}

void
clr_restore_remove_tree (const char *path)
{
  remove_tree (path, 0);
}

void
clr_restore_swap_clean (const char *state_directory)
{
  g_autofree char *part = g_build_filename (state_directory, CLR_RESTORE_PART, NULL);
  g_autofree char *done = g_build_filename (state_directory, CLR_RESTORE_DONE, NULL);

  clr_restore_remove_tree (part);
  clr_restore_remove_tree (done);
}

/* -- the plan */

static void
plan_clear (ClrRestorePlan *plan)
{
  g_free (plan->stamp);
  g_free (plan->settings_file);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ClrRestorePlan, plan_clear)

/* Whole or not at all, and on disk; with owner and mode of @like. */
static gboolean
write_file (ClrFolder *folder, const char *name, const char *bytes, size_t size, const ClrFileFacts *like)
{
  g_autofree char *temporary = g_strconcat (name, ".new", NULL);
  gboolean ok;
  int fd;

  clr_folder_unlink (folder, temporary); /* left from a crash */
  fd = clr_folder_open_file (folder, temporary, CLR_FILE_NEW, like->mode ? 0600 : 0640);
  if (fd < 0)
    return FALSE;
  clr_file_make_like (fd, like);
  ok = clr_file_write_all (fd, bytes, size) && clr_file_sync (fd);
  ok = close (fd) == 0 && ok && clr_folder_rename (folder, temporary, name) && clr_folder_sync (folder);
  return ok;
}

gboolean
clr_restore_plan_write (const ClrRestorePlan *plan, const char *state_directory, GError **error)
{
  g_autofree char *path = g_build_filename (state_directory, CLR_RESTORE_PART, NULL);
  g_autoptr (ClrFolder) folder = clr_folder_open_real (path);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  ClrFileFacts facts;

  json_object_set_string_member (object, "stamp", plan->stamp);
  json_object_set_string_member (object, "settings-file", plan->settings_file);
  json_object_set_boolean_member (object, "only-settings", plan->only_settings);
  json_node_take_object (node, object);
  g_autofree char *text = clr_json_to_text (node, TRUE);
  if (folder == NULL || !clr_folder_get_facts (folder, &facts))
    return fail (path, error);
  facts.mode = facts.mode ? 0600 : 0;
  return write_file (folder, PLAN, text, strlen (text), &facts) || fail (path, error);
}

static gboolean
read_plan (ClrRestorePlan *plan, const char *ready_path, GError **error)
{
  g_autofree char *path = g_build_filename (ready_path, PLAN, NULL);
  gsize size;
  g_autofree char *text = clr_plain_file_read (path, 64 * 1024, &size, error);
  g_autoptr (JsonNode) root = text ? clr_json_parse (text, NULL) : NULL;
  JsonObject *object = root && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;

  if (text == NULL)
    return FALSE;
  if (object)
    {
      plan->stamp = g_strdup (clr_json_get_text (object, "stamp"));
      plan->settings_file = g_strdup (clr_json_get_text (object, "settings-file"));
      plan->only_settings = clr_json_is_true (object, "only-settings");
    }
  if (plan->stamp && plan->settings_file && !strpbrk (plan->stamp, "/\\."))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
               _ ("%s does not say what was to be restored; move the folder %s aside and restore again"),
               path, ready_path);
  return FALSE;
}

/* -- settings */

/* Copies what stands there beside it, unless that was done before. */
static gboolean
keep_former (ClrFolder *folder, const char *path, const char *name, const char *former,
             const ClrFileFacts *facts)
{
  g_autofree char *text = NULL;
  gsize size;

  if (!clr_folder_has (folder, name) || clr_folder_has (folder, former))
    return TRUE;
  text = clr_plain_file_read (path, CLR_SETTINGS_MAX_SIZE, &size, NULL);
  return text && write_file (folder, former, text, size, facts);
}

static gboolean
put_versions (const char *from_path, const char *to_path, ClrFileFacts *folder_facts,
              const ClrFileFacts *like)
{
  g_autoptr (ClrFolder) from = clr_folder_open_real (from_path);
  g_autoptr (GPtrArray) names = from ? list_names (from) : NULL;
  g_autoptr (ClrFolder) to = NULL;

  if (names == NULL || names->len == 0)
    return TRUE;
  if (!clr_folder_make (to_path, 0750) || (to = clr_folder_open_real (to_path)) == NULL)
    return FALSE;
  clr_folder_make_like (to, folder_facts);
  for (unsigned i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *path = g_build_filename (from_path, name, NULL);
      gsize size;
      g_autofree char *text = clr_plain_file_read (path, CLR_SETTINGS_MAX_SIZE, &size, NULL);

      if (text == NULL || !write_file (to, name, text, size, like))
        return FALSE;
    }
  return TRUE;
}

static gboolean
put_settings (const ClrRestorePlan *plan, const char *ready_path, GError **error)
{
  g_autofree char *real = clr_file_dup_real_path (plan->settings_file); /* a link stays one */
  const char *path = real ? real : plan->settings_file;
  g_autofree char *above = g_path_get_dirname (path), *name = g_path_get_basename (path);
  g_autofree char *former = g_strdup_printf ("%s.before-restore-%s", name, plan->stamp);
  g_autofree char *versions = g_strconcat (name, ".versions", NULL);
  g_autofree char *versions_path = g_build_filename (above, versions, NULL);
  g_autofree char *former_versions = g_strdup_printf ("%s.before-restore-%s", versions, plan->stamp);
  g_autofree char *new_path = g_build_filename (ready_path, CLR_RESTORE_SETTINGS, CLR_RESTORE_CONF, NULL);
  g_autofree char *new_versions = g_build_filename (ready_path, CLR_RESTORE_SETTINGS, VERSIONS, NULL);
  g_autoptr (ClrFolder) folder = clr_folder_open (above);
  ClrFileFacts facts, folder_facts;
  gsize size;
  g_autofree char *text = clr_plain_file_read (new_path, CLR_SETTINGS_MAX_SIZE, &size, error);

  if (text == NULL)
    return FALSE;
  if (folder == NULL || !clr_folder_get_facts (folder, &folder_facts))
    return fail (above, error);
  if (!clr_folder_look (folder, name, &facts))
    {
      facts = folder_facts;
      facts.mode = folder_facts.mode ? 0640 : 0;
    }
  if (!keep_former (folder, path, name, former, &facts))
    return fail (former, error);
  if (clr_folder_has (folder, versions) && !clr_folder_has (folder, former_versions)
      && !clr_folder_rename (folder, versions, former_versions))
    return fail (versions, error);
  if (!put_versions (new_versions, versions_path, &folder_facts, &facts)
      || !write_file (folder, name, text, size, &facts))
    return fail (path, error);
  return TRUE;
}

/* -- the state */

/* A folder in the state directory; its owner is the state directory's. */
static ClrFolder *
make_folder (ClrFolder *state, const char *state_directory, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (state_directory, name, NULL);
  ClrFolder *folder = NULL;
  ClrFileFacts facts;

  if (clr_folder_make (path, 0750))
    folder = clr_folder_open_real (path);
  if (folder == NULL)
    fail (path, error);
  else if (clr_folder_get_facts (state, &facts))
    clr_folder_make_like (folder, &facts);
  return folder;
}

static gboolean
move_aside (const ClrRestorePlan *plan, ClrFolder *state, const char *state_directory, GError **error)
{
  g_autofree char *name = clr_restore_swap_dup_former (plan->stamp);
  g_autoptr (ClrFolder) former = make_folder (state, state_directory, name, error);

  if (former == NULL)
    return FALSE;
  for (const char *const *one = clr_restore_swap_list_names (plan->only_settings); *one; one++)
    if (clr_folder_has (state, *one) && !clr_folder_move (state, *one, former, *one))
      return fail (*one, error);
  return (clr_folder_sync (former) && clr_folder_sync (state)) || fail (name, error);
}

static gboolean
move_in (ClrFolder *state, const char *ready_path, GError **error)
{
  g_autofree char *path = g_build_filename (ready_path, ENTERING, NULL);
  g_autoptr (ClrFolder) entering = clr_folder_open_real (path);
  g_autoptr (GPtrArray) names = entering ? list_names (entering) : NULL;

  if (names == NULL)
    return fail (path, error);
  for (unsigned i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);

      if (!clr_folder_move (entering, name, state, name))
        return fail (name, error);
    }
  return (clr_folder_sync (state) && clr_folder_sync (entering)) || fail (path, error);
}

/* Renames in the folder that lies ready: a step is done, and is not done again. */
static gboolean
mark (ClrFolder *ready, const char *from, const char *to, GError **error)
{
  return (clr_folder_rename (ready, from, to) && clr_folder_sync (ready)) || fail (from, error);
}

gboolean
clr_restore_swap_is_pending (const char *state_directory)
{
  g_autofree char *path = g_build_filename (state_directory, CLR_RESTORE_READY, NULL);
  ClrFileFacts facts;

  return clr_file_look (path, &facts);
}

gboolean
clr_restore_swap_commit (const char *state_directory, GError **error)
{
  g_autoptr (ClrFolder) state = clr_folder_open (state_directory);

  return (state && clr_folder_sync (state) && clr_folder_rename (state, CLR_RESTORE_PART, CLR_RESTORE_READY)
          && clr_folder_sync (state))
         || fail (state_directory, error);
}

static gboolean
check_plan (const ClrRestorePlan *plan, const char *settings_file, GError **error)
{
  g_autofree char *wanted = g_canonicalize_filename (plan->settings_file, NULL);
  g_autofree char *given = g_canonicalize_filename (settings_file, NULL);

  if (g_str_equal (wanted, given))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
               _ ("a restore with the settings file %s was interrupted; finish it with \"clrelay --config %s "
                  "restore --finish\", or start the relay with that file"),
               plan->settings_file, plan->settings_file);
  return FALSE;
}

gboolean
clr_restore_swap_finish (const char *state_directory, const char *settings_file, GError **error)
{
  g_autofree char *path = g_build_filename (state_directory, CLR_RESTORE_READY, NULL);
  g_auto (ClrRestorePlan) plan = { 0 };
  g_autoptr (ClrFolder) state = NULL, ready = NULL;

  if (!clr_restore_swap_is_pending (state_directory))
    return TRUE;
  state = clr_folder_open (state_directory);
  ready = clr_folder_open_real (path);
  if (state == NULL || ready == NULL)
    return fail (path, error);
  if (!read_plan (&plan, path, error) || !check_plan (&plan, settings_file, error))
    return FALSE;
  if (clr_folder_has (ready, CLR_RESTORE_SETTINGS)
      && (!put_settings (&plan, path, error) || !mark (ready, CLR_RESTORE_SETTINGS, SETTINGS_DONE, error)))
    return FALSE;
  if (clr_folder_has (ready, CLR_RESTORE_INCOMING)
      && (!move_aside (&plan, state, state_directory, error)
          || !mark (ready, CLR_RESTORE_INCOMING, ENTERING, error)))
    return FALSE;
  if (clr_folder_has (ready, ENTERING) && !move_in (state, path, error))
    return FALSE;
  g_clear_pointer (&ready, clr_folder_close); /* else Windows does not rename it */
  if (!clr_folder_rename (state, CLR_RESTORE_READY, CLR_RESTORE_DONE) || !clr_folder_sync (state))
    return fail (path, error);
  clr_restore_swap_clean (state_directory);
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrService at its first start after a restore: what was interrupted is finished, and what waits in the
 * queue is held unless the old relay is known to be off. Main thread, before the queue's runs.
 */
#include "clr-service-private.h"

#include "archive/clr-backup-job.h"
#include "backup/clr-restore-swap.h"
#include "backup/clr-restore.h"
#include "base/clr-error.h"
#include "base/clr-log.h"
#include "queue/clr-snapshot.h"
#include "system/clr-file.h"

#include <errno.h>

gboolean
clr_service_lock_state (ClrService *service, const char *directory, GError **error)
{
  g_autofree char *path = g_build_filename (directory, CLR_RESTORE_LOCK, NULL);

  if (service->lock_fd >= 0)
    return TRUE;
  if (!clr_disk_make_folder (directory, 0750, error))
    return FALSE;
  if ((service->lock_fd = clr_file_open (path, CLR_FILE_LOCK, 0640)) < 0)
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_FAILED, "the state directory %s cannot be used: %s", directory,
                   g_strerror (errno));
      return FALSE;
    }
  if (!clr_file_try_lock (service->lock_fd))
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_IN_USE,
                   "another clrelayd works in %s; stop it, or give this one a state-directory of its own",
                   directory);
      return FALSE;
    }
  return TRUE;
}

gboolean
clr_service_finish_restore (ClrService *service, gboolean *did, GError **error)
{
  const char *directory
      = clr_section_get_text (clr_settings_get_section (service->settings, "server"), "state-directory");

  *did = clr_restore_swap_is_pending (directory);
  return !*did
         || (clr_service_lock_state (service, directory, error)
             && clr_restore_swap_finish (directory, service->file, error));
}

/* (transfer full) */
static char *
describe (const ClrRestored *restored)
{
  return g_strdup_printf ("the backup of %s of %s", restored->hostname ? restored->hostname : "a relay",
                          restored->time ? restored->time : "an unknown time");
}

gboolean
clr_service_take_restored (ClrService *service, const char *directory, GError **error)
{
  g_auto (ClrRestored) restored = { 0 };
  g_autoptr (GError) problem = NULL;
  uint64_t n = 0;

  clr_restore_swap_clean (directory);
  clr_backup_job_clean (directory);
  if (!clr_restored_read (directory, &restored, &problem))
    {
      if (problem == NULL)
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  g_autofree char *what = describe (&restored);
  if (restored.hold)
    {
      g_autofree char *file = g_build_filename (directory, "queue.db", NULL);
      g_autofree char *why
          = g_strdup_printf ("held, for it comes from %s, and the old relay may have delivered "
                             "it since; \"clrelay queue release\" lets it go",
                             what);

      if (!clr_snapshot_hold (file, why, &n, error))
        return FALSE;
    }
  g_autofree char *held = g_strdup_printf ("%" G_GUINT64_FORMAT, (guint64)n);
  clr_log_event (restored.hold ? CLR_EVENT_RESTORED_HELD : CLR_EVENT_RESTORED_MOVED, what, held);
  service->restored = g_strdup_printf (restored.hold ? "restored from %s, %s recipients held"
                                                     : "restored from %s as the same relay moved",
                                       what, held);
  return clr_restored_forget (directory, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pickup/clr-pickup-folder.h"

#include "base/clr-log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTES_MOST    10000   /* files watched at a time; the others wait their turn */
#define MARK          ".open" /* clrelay-sendmail looks for it */
#define DROP_MODE     03733
#define STALE_US      (INT64_C (24) * 3600 * G_USEC_PER_SEC)
#define OPEN_AGAIN_US (30 * G_USEC_PER_SEC)

ClrPickupFolder *
clr_pickup_folder_new (ClrSection *section, const char *state_directory)
{
  ClrPickupFolder *folder = g_new0 (ClrPickupFolder, 1);
  const char *bad = clr_section_get_text (section, "bad-directory");

  folder->name = g_strdup (clr_section_get_name (section));
  folder->directory = g_strdup (clr_section_get_text (section, "directory"));
  folder->bad = bad ? g_strdup (bad) : g_build_filename (state_directory, "badmail", NULL);
  folder->local_users = clr_section_get_boolean (section, "local-users");
  folder->repair_headers = clr_section_get_boolean (section, "repair-headers");
  folder->poll_us = clr_section_get_number (section, "poll-interval") * G_USEC_PER_SEC;
  folder->settle_us = clr_section_get_number (section, "settle-time") * G_USEC_PER_SEC;
  folder->fd = -1;
  folder->notes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return folder;
}

void
clr_pickup_folder_free (ClrPickupFolder *folder)
{
  if (folder->fd >= 0)
    close (folder->fd);
  g_hash_table_unref (folder->notes);
  g_free (folder->name);
  g_free (folder->directory);
  g_free (folder->bad);
  g_free (folder);
}

static gboolean
fail (ClrPickupFolder *folder, const char *why)
{
  if (!folder->told)
    clr_log_event (CLR_EVENT_PICKUP_FAILED, folder->name, folder->directory, why);
  folder->told = TRUE;
  if (folder->fd >= 0)
    close (folder->fd);
  folder->fd = -1;
  return FALSE;
}

/* Everybody may put files in, nobody but the service sees or removes them, and they belong to its group. */
static gboolean
open_to_users (ClrPickupFolder *folder)
{
  struct stat facts, mark;
  int fd;

  if (fstat (folder->fd, &facts) != 0)
    return fail (folder, g_strerror (errno));
  if ((facts.st_mode & 07777) != DROP_MODE && fchmod (folder->fd, DROP_MODE) != 0)
    return fail (folder, "with local-users its mode must be 3733 (systemd-tmpfiles --create makes it so)");
  if (fstatat (folder->fd, MARK, &mark, AT_SYMLINK_NOFOLLOW) == 0)
    {
      if (S_ISREG (mark.st_mode) && mark.st_uid == facts.st_uid)
        return TRUE;
      unlinkat (folder->fd, MARK, 0);
    }
  fd = openat (folder->fd, MARK, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd < 0)
    return fail (folder, g_strerror (errno));
  close (fd);
  return TRUE;
}

gboolean
clr_pickup_folder_open (ClrPickupFolder *folder)
{
  if (g_mkdir_with_parents (folder->directory, 0750) != 0)
    return fail (folder, g_strerror (errno));
  folder->fd = open (folder->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder->fd < 0)
    return fail (folder, g_strerror (errno));
  /* A file that cannot be removed would be sent again and again. */
  if (faccessat (folder->fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
    return fail (folder, "the service may not remove files from it");
  if (folder->local_users && !open_to_users (folder))
    return FALSE;
  folder->told = FALSE;
  return TRUE;
}

void
clr_pickup_folder_close_to_users (const char *directory)
{
  g_autofree char *mark = g_build_filename (directory, MARK, NULL);

  unlink (mark);
}

void
clr_pickup_folder_note (ClrPickupFolder *folder, const char *name, ClrPickupState state, int64_t until_us)
{
  ClrPickupNote *note = g_hash_table_lookup (folder->notes, name);

  if (note == NULL)
    g_hash_table_insert (folder->notes, g_strdup (name), note = g_new0 (ClrPickupNote, 1));
  note->state = state;
  note->until_us = until_us;
  note->round = folder->round;
}

void
clr_pickup_folder_forget (ClrPickupFolder *folder, const char *name)
{
  g_hash_table_remove (folder->notes, name);
}

/* A file is whole when size and time stayed what they were for the settle time. One that came by a rename, as
 * clrelay-sendmail does it, is whole at once: users' folders hold nothing else. */
static gboolean
is_whole (ClrPickupFolder *folder, const char *name, int64_t now)
{
  ClrPickupNote *note = g_hash_table_lookup (folder->notes, name);
  struct stat facts;
  int64_t modified_us;

  if (note && note->state != CLR_PICKUP_NEW)
    {
      note->round = folder->round;
      return note->state == CLR_PICKUP_RESTING && now >= note->until_us;
    }
  if (fstatat (folder->fd, name, &facts, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR (facts.st_mode))
    return FALSE;
  if (folder->local_users)
    return TRUE;
  modified_us = (int64_t)facts.st_mtim.tv_sec * G_USEC_PER_SEC + facts.st_mtim.tv_nsec / 1000;
  if (note && note->size == facts.st_size && note->modified_us == modified_us)
    {
      note->round = folder->round;
      return now >= note->until_us;
    }
  if (note == NULL && g_hash_table_size (folder->notes) >= NOTES_MOST)
    return FALSE;
  clr_pickup_folder_note (folder, name, CLR_PICKUP_NEW, now + folder->settle_us);
  note = g_hash_table_lookup (folder->notes, name);
  note->size = facts.st_size;
  note->modified_us = modified_us;
  return folder->settle_us == 0;
}

/* What a crash of clrelay-sendmail left. */
static void
sweep (ClrPickupFolder *folder, const char *name)
{
  struct stat facts;

  if (folder->local_users && g_str_has_suffix (name, ".tmp")
      && fstatat (folder->fd, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG (facts.st_mode)
      && g_get_real_time () - (int64_t)facts.st_mtim.tv_sec * G_USEC_PER_SEC > STALE_US)
    unlinkat (folder->fd, name, 0);
}

static gboolean
is_of_former_round (void *key, void *value, void *data)
{
  ClrPickupNote *note = value;

  return note->round != ((ClrPickupFolder *)data)->round && note->state != CLR_PICKUP_ON_WAY;
}

int64_t
clr_pickup_folder_look (ClrPickupFolder *folder, int64_t now,
                        gboolean (*take) (ClrPickupFolder *folder, const char *name, void *data), void *data)
{
  gboolean whole_round = TRUE;
  struct dirent *entry;
  DIR *directory = NULL;
  int fd;

  if (folder->fd < 0 && !clr_pickup_folder_open (folder))
    return now + OPEN_AGAIN_US;
  if (folder->dirty)
    {
      fsync (folder->fd);
      folder->dirty = FALSE;
    }
  fd = openat (folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0 && (directory = fdopendir (fd)) == NULL)
    close (fd);
  if (directory == NULL)
    {
      fail (folder, g_strerror (errno));
      return now + OPEN_AGAIN_US;
    }
  folder->round++;
  while ((entry = readdir (directory)))
    {
      if (entry->d_name[0] == '.')
        sweep (folder, entry->d_name);
      else if (is_whole (folder, entry->d_name, now) && !take (folder, entry->d_name, data))
        {
          whole_round = FALSE;
          break;
        }
    }
  closedir (directory);
  if (whole_round)
    g_hash_table_foreach_remove (folder->notes, is_of_former_round, folder);
  return now + folder->poll_us;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pickup/clr-pickup-folder.h"

#include "base/clr-log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define NOTES_MOST    10000   /* files watched at a time; the others wait their turn */
#define MARK          ".open" /* clrelay-sendmail looks for it */
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
  folder->notes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return folder;
}

void
clr_pickup_folder_free (ClrPickupFolder *folder)
{
  g_clear_pointer (&folder->place, clr_folder_close);
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
  g_clear_pointer (&folder->place, clr_folder_close);
  return FALSE;
}

/* Everybody may put files in, nobody but the service sees or removes them, and they belong to its group. */
static gboolean
open_to_users (ClrPickupFolder *folder)
{
  ClrFileFacts facts, mark;
  int fd;

  if (!clr_folder_let_all_put_in (folder->place))
    return fail (folder,
                 errno == ENOSYS
                     ? "local-users is for Unix"
                     : "with local-users its mode must be 3733 (systemd-tmpfiles --create makes it so)");
  if (!clr_folder_get_facts (folder->place, &facts))
    return fail (folder, g_strerror (errno));
  if (clr_folder_look (folder->place, MARK, &mark))
    {
      if (mark.kind == CLR_FILE_REGULAR && mark.owner == facts.owner)
        return TRUE;
      clr_folder_unlink (folder->place, MARK);
    }
  fd = clr_folder_open_file (folder->place, MARK, CLR_FILE_NEW, 0644);
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
  folder->place = clr_folder_open (folder->directory);
  if (folder->place == NULL)
    return fail (folder, g_strerror (errno));
  /* A file that cannot be removed would be sent again and again. */
  if (!clr_folder_may_write (folder->place))
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

  clr_file_unlink (mark);
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
  ClrFileFacts facts;

  if (note && note->state != CLR_PICKUP_NEW)
    {
      note->round = folder->round;
      return note->state == CLR_PICKUP_RESTING && now >= note->until_us;
    }
  if (!clr_folder_look (folder->place, name, &facts) || facts.kind == CLR_FILE_FOLDER)
    return FALSE;
  if (folder->local_users)
    return TRUE;
  if (note && note->size == facts.size && note->modified_us == facts.modified_us)
    {
      note->round = folder->round;
      return now >= note->until_us;
    }
  if (note == NULL && g_hash_table_size (folder->notes) >= NOTES_MOST)
    return FALSE;
  clr_pickup_folder_note (folder, name, CLR_PICKUP_NEW, now + folder->settle_us);
  note = g_hash_table_lookup (folder->notes, name);
  note->size = facts.size;
  note->modified_us = facts.modified_us;
  return folder->settle_us == 0;
}

/* What a crash of clrelay-sendmail left. */
static void
sweep (ClrPickupFolder *folder, const char *name)
{
  ClrFileFacts facts;

  if (folder->local_users && g_str_has_suffix (name, ".tmp") && clr_folder_look (folder->place, name, &facts)
      && facts.kind == CLR_FILE_REGULAR && g_get_real_time () - facts.modified_us > STALE_US)
    clr_folder_unlink (folder->place, name);
}

static gboolean
is_of_former_round (void *key, void *value, void *data)
{
  ClrPickupNote *note = value;

  return note->round != ((ClrPickupFolder *)data)->round && note->state != CLR_PICKUP_ON_WAY;
}

/* A look into the folder. */
typedef struct
{
  ClrPickupFolder *folder;
  int64_t now;
  gboolean (*take) (ClrPickupFolder *folder, const char *name, void *data);
  void *data;
  gboolean whole_round;
} Look;

static gboolean
see (const char *name, void *data)
{
  Look *look = data;

  if (*name == '.')
    sweep (look->folder, name);
  else if (is_whole (look->folder, name, look->now) && !look->take (look->folder, name, look->data))
    look->whole_round = FALSE;
  return look->whole_round;
}

int64_t
clr_pickup_folder_look (ClrPickupFolder *folder, int64_t now,
                        gboolean (*take) (ClrPickupFolder *folder, const char *name, void *data), void *data)
{
  Look look = { folder, now, take, data, TRUE };

  if (folder->place == NULL && !clr_pickup_folder_open (folder))
    return now + OPEN_AGAIN_US;
  if (folder->dirty)
    {
      clr_folder_sync (folder->place);
      folder->dirty = FALSE;
    }
  folder->round++;
  if (!clr_folder_list (folder->place, see, &look))
    {
      fail (folder, g_strerror (errno));
      return now + OPEN_AGAIN_US;
    }
  if (look.whole_round)
    g_hash_table_foreach_remove (folder->notes, is_of_former_round, folder);
  return now + folder->poll_us;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/clr-backup-job.h"

#include "backup/clr-backup-content.h"
#include "backup/clr-backup-name.h"
#include "backup/clr-formats.h"
#include "backup/clr-restore-swap.h"
#include "base/clr-clock.h"
#include "base/clr-id.h"
#include "clr-version.h"
#include "control/clr-json.h"
#include "queue/clr-snapshot.h"
#include "system/clr-folder.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define FOLDER     "backup.part" /* in the state directory: the copies */
#define PIECES     4             /* on their way at the most, a chunk of the file each */
#define SUFFIX     ".msg"
#define SPOOL_NAME (CLR_ID_TEXT + 8)

struct ClrBackupJob
{
  ClrBackupOrder order;
  GThread *thread;
  ClrMailbox *mailbox; /* the thread's */
  atomic_bool cancelled;
  unsigned on_their_way; /* the thread's count */

  /* The rest is the thread's, until the last letter. */
  char *folder;
  GPtrArray *notes;
  ClrBackupEnd *end;
  char *problem;
};

typedef struct
{
  ClrLetter letter;
  ClrBackupJob *job;
  GBytes *bytes; /* NULL: the last letter */
} Piece;

typedef struct
{
  ClrLetter letter;
} Word;

/* -- letters to the thread */

static void
open_go_on (ClrLetter *letter, void *owner)
{
  ((ClrBackupJob *)owner)->on_their_way--;
  g_free (letter);
}

static void
open_nothing (ClrLetter *letter, void *owner)
{
  g_free (letter);
}

static void
post_word (ClrBackupJob *job, void (*open) (ClrLetter *letter, void *owner))
{
  Word *word = g_new0 (Word, 1);

  word->letter.open = open;
  clr_mailbox_post (job->mailbox, &word->letter);
}

void
clr_backup_job_go_on (ClrBackupJob *job)
{
  post_word (job, open_go_on);
}

void
clr_backup_job_cancel (ClrBackupJob *job)
{
  atomic_store (&job->cancelled, TRUE);
  post_word (job, open_nothing);
}

/* -- letters from the thread */

static void
job_free (ClrBackupJob *job)
{
  g_thread_join (job->thread);
  clr_mailbox_free (job->mailbox);
  g_clear_pointer (&job->end, clr_backup_end_free);
  g_ptr_array_unref (job->notes);
  g_free ((char *)job->order.settings_file);
  g_free ((char *)job->order.state_directory);
  g_free ((char *)job->order.hostname);
  g_free (job->folder);
  g_free (job->problem);
  g_free (job);
}

static void
open_piece (ClrLetter *letter, void *owner)
{
  Piece *piece = (Piece *)letter;
  ClrBackupJob *job = piece->job;

  if (piece->bytes)
    {
      if (!atomic_load (&job->cancelled))
        job->order.piece (piece->bytes, job->order.data);
      g_bytes_unref (piece->bytes);
    }
  else
    {
      job->order.done (job->end, job->problem, job->order.data);
      job_free (job);
    }
  g_free (piece);
}

static void
post_piece (ClrBackupJob *job, GBytes *bytes)
{
  Piece *piece = g_new0 (Piece, 1);

  piece->letter.open = open_piece;
  piece->job = job;
  piece->bytes = bytes;
  clr_mailbox_post (job->order.reply_to, &piece->letter);
}

static gboolean
is_cancelled (void *data)
{
  return atomic_load (&((ClrBackupJob *)data)->cancelled);
}

static gboolean
fail_cancelled (GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the backup was ended before it was done");
  return FALSE;
}

static gboolean
on_sealed (const void *bytes, size_t size, void *data, GError **error)
{
  ClrBackupJob *job = data;

  clr_mailbox_open_all (job->mailbox);
  while (job->on_their_way >= PIECES && !is_cancelled (job))
    {
      clr_mailbox_wait (job->mailbox, -1);
      clr_mailbox_open_all (job->mailbox);
    }
  if (is_cancelled (job))
    return fail_cancelled (error);
  job->on_their_way++;
  post_piece (job, g_bytes_new (bytes, size));
  return TRUE;
}

/* -- the copies */

static char *
name_copy (ClrBackupJob *job, ClrBackupKind kind)
{
  return g_build_filename (job->folder, clr_backup_kind_get_info (kind)->name, NULL);
}

static char *
name_original (ClrBackupJob *job, ClrBackupKind kind)
{
  return g_build_filename (job->order.state_directory, clr_backup_kind_get_info (kind)->name, NULL);
}

static gboolean
check_room (ClrBackupJob *job, GError **error)
{
  static const ClrBackupKind kinds[] = { CLR_BACKUP_QUEUE, CLR_BACKUP_STATE, CLR_BACKUP_HISTORY };
  uint64_t wanted = job->order.min_free, octets;

  for (unsigned i = 0; i < (job->order.with_history ? 3 : 2); i++)
    {
      g_autofree char *path = name_original (job, kinds[i]);
      g_autofree char *log = g_strconcat (path, "-wal", NULL);
      ClrFileFacts facts;

      wanted += clr_file_look (path, &facts) ? facts.size : 0;
      wanted += clr_file_look (log, &facts) ? facts.size : 0;
    }
  if (!clr_file_get_free_space (job->order.state_directory, &octets) || octets >= wanted)
    return TRUE;
  g_autofree char *has = g_format_size (octets), *needs = g_format_size (wanted);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
               "the databases are copied before they are sent: %s must be free in %s for that (with "
               "min-free-space), there are %s",
               needs, job->order.state_directory, has);
  return FALSE;
}

static gboolean
make_folder (ClrBackupJob *job, GError **error)
{
  clr_backup_job_clean (job->order.state_directory);
  if (clr_folder_make (job->folder, 0700))
    return TRUE;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", job->folder, g_strerror (errno));
  return FALSE;
}

static gboolean
make_copy (ClrBackupJob *job, ClrBackupKind kind, GError **error)
{
  g_autofree char *from = name_original (job, kind), *to = name_copy (job, kind);

  if (clr_snapshot_make (from, to, is_cancelled, job, error))
    return TRUE;
  if (is_cancelled (job))
    {
      g_clear_error (error);
      fail_cancelled (error);
    }
  return FALSE;
}

/* The queue before the history: what is finished in between is then in both, and a start of the restored
 * relay finds it so; the other way round it would be in none. */
static gboolean
make_copies (ClrBackupJob *job, GError **error)
{
  clr_state_flush (job->order.state);
  return check_room (job, error) && make_folder (job, error) && make_copy (job, CLR_BACKUP_QUEUE, error)
         && make_copy (job, CLR_BACKUP_STATE, error)
         && (!job->order.with_history || make_copy (job, CLR_BACKUP_HISTORY, error));
}

/* -- the file */

static gboolean
add_database (ClrBackupJob *job, ClrBackupWriter *writer, ClrBackupKind kind, GError **error)
{
  g_autofree char *path = name_copy (job, kind);
  int fd = clr_file_open (path, CLR_FILE_READ, 0);
  ClrFileFacts facts;
  gboolean ok;

  if (fd < 0 || !clr_file_get_facts (fd, &facts))
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", path, g_strerror (errno));
      if (fd >= 0)
        close (fd);
      return FALSE;
    }
  ok = clr_backup_writer_add_file (writer, clr_backup_kind_get_info (kind)->name, fd, facts.size, error);
  close (fd);
  return ok;
}

/* Returns: FALSE with @error only when the backup cannot go on. @gone: the message is not to be in it. */
static gboolean
add_spool_file (ClrBackupJob *job, ClrBackupWriter *writer, ClrFolder *spool, const ClrSpooled *one,
                gboolean *gone, GError **error)
{
  char name[SPOOL_NAME];
  ClrFileFacts facts;
  gboolean ok = TRUE;
  int fd;

  clr_id_to_text (one->id, name);
  strcat (name, SUFFIX);
  fd = spool ? clr_folder_open_file (spool, name, CLR_FILE_READ, 0) : -1;
  *gone = fd < 0 || !clr_file_get_facts (fd, &facts) || facts.size < one->size;
  /* One that is not there any more belonged to mail that has been delivered since the copy was made. */
  if (*gone && (fd >= 0 || (spool && errno != ENOENT)))
    g_ptr_array_add (job->notes,
                     g_strdup_printf ("the message of the spool file %s is not in the backup: %s", name,
                                      fd >= 0 ? "the file is cut short" : g_strerror (errno)));
  if (!*gone)
    {
      g_autofree char *entry = g_strconcat (clr_backup_kind_get_info (CLR_BACKUP_SPOOL)->name, name, NULL);
      ok = clr_backup_writer_add_file (writer, entry, fd, one->size, error);
    }
  if (fd >= 0)
    close (fd);
  return ok;
}

/* Then the queue's copy knows only what is here. */
static gboolean
add_spool (ClrBackupJob *job, ClrBackupWriter *writer, GError **error)
{
  g_autofree char *copy = name_copy (job, CLR_BACKUP_QUEUE);
  g_autofree char *path = g_build_filename (job->order.state_directory, "spool", NULL);
  g_autoptr (GArray) spooled = clr_snapshot_list_spooled (copy, error);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (uint64_t));
  g_autoptr (ClrFolder) spool = clr_folder_open (path);

  if (spooled == NULL)
    return FALSE;
  for (unsigned i = 0; i < spooled->len; i++)
    {
      const ClrSpooled *one = &g_array_index (spooled, ClrSpooled, i);
      gboolean gone;

      if (!add_spool_file (job, writer, spool, one, &gone, error))
        return FALSE;
      if (gone)
        g_array_append_val (ids, one->id);
    }
  return clr_snapshot_drop (copy, ids, error)
         && clr_snapshot_count (copy, &job->end->n_messages, &job->end->n_recipients, error);
}

static ClrBackupManifest *
make_manifest (ClrBackupJob *job)
{
  ClrBackupManifest *manifest = clr_backup_manifest_new ();

  manifest->program = g_strdup (CLR_VERSION);
  manifest->time = clr_time_to_text (clr_clock_wall ());
  manifest->hostname = g_strdup (job->order.hostname);
  manifest->queue_format = CLR_FORMAT_QUEUE;
  manifest->state_format = CLR_FORMAT_STATE;
  manifest->history_format = job->order.with_history ? CLR_FORMAT_HISTORY : 0;
  return manifest;
}

static gboolean
write_all (ClrBackupJob *job, ClrBackupContent *content, const ClrBackupManifest *manifest,
           ClrBackupWriter *writer, GError **error)
{
  ClrBackupEnd *end = job->end = clr_backup_end_new ();

  if (!clr_backup_content_write (content, manifest, writer, error) || !add_spool (job, writer, error)
      || !add_database (job, writer, CLR_BACKUP_QUEUE, error)
      || !add_database (job, writer, CLR_BACKUP_STATE, error)
      || (job->order.with_history && !add_database (job, writer, CLR_BACKUP_HISTORY, error)))
    return FALSE;
  g_ptr_array_unref (end->notes);
  end->notes = g_ptr_array_ref (job->notes);
  return clr_backup_writer_finish (writer, end, error);
}

static gboolean
write_file (ClrBackupJob *job, const ClrBackupHead *head, GError **error)
{
  g_autoptr (ClrBackupManifest) manifest = make_manifest (job);
  ClrBackupContent *content = clr_backup_content_read (job->order.settings_file, job->order.state_directory,
                                                       manifest, job->notes, error);
  ClrBackupSealer *sealer = content ? clr_backup_sealer_new (head, on_sealed, job, error) : NULL;
  ClrBackupWriter *writer = sealer ? clr_backup_writer_new (sealer, error) : NULL;
  gboolean ok = writer && write_all (job, content, manifest, writer, error);

  if (writer)
    clr_backup_writer_free (writer);
  if (content)
    clr_backup_content_free (content);
  return ok;
}

static void *
run (void *data)
{
  ClrBackupJob *job = data;
  char *passphrase = (char *)job->order.passphrase;
  g_autoptr (GError) error = NULL;
  ClrBackupHead head;
  gboolean ok = clr_backup_head_make (&head, passphrase, CLR_BACKUP_ITERATIONS, &error);

  explicit_bzero (passphrase, strlen (passphrase));
  g_free (passphrase);
  job->order.passphrase = NULL;
  ok = ok && make_copies (job, &error) && write_file (job, &head, &error);
  clr_backup_head_clear (&head);
  clr_backup_job_clean (job->order.state_directory);
  if (!ok)
    {
      job->problem = g_strdup (error->message);
      g_clear_pointer (&job->end, clr_backup_end_free);
    }
  post_piece (job, NULL);
  return NULL;
}

ClrBackupJob *
clr_backup_job_start (const ClrBackupOrder *order)
{
  ClrBackupJob *job = g_new0 (ClrBackupJob, 1);

  job->order = *order;
  job->order.settings_file = g_strdup (order->settings_file);
  job->order.state_directory = g_strdup (order->state_directory);
  job->order.hostname = g_strdup (order->hostname);
  job->order.passphrase = g_strdup (order->passphrase);
  job->folder = g_build_filename (order->state_directory, FOLDER, NULL);
  job->notes = g_ptr_array_new_with_free_func (g_free);
  job->mailbox = clr_mailbox_new (job);
  job->thread = g_thread_new ("backup", run, job);
  return job;
}

void
clr_backup_job_clean (const char *state_directory)
{
  g_autofree char *folder = g_build_filename (state_directory, FOLDER, NULL);

  clr_restore_remove_tree (folder);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrClient and backups: the answer is a file of any size, which goes to the disk as it comes. Until it is
 * whole and on disk it has another name.
 */
#include "client/clr-client-private.h"

#include "control/clr-api.h"
#include "control/clr-json.h"
#include "system/clr-folder.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#define PIECE 65536
/* The service copies its databases before the first octet comes. */
#define TIMEOUT_S (30 * 60)
#define LARGEST   (64 * 1024) /* of an answer that is no backup */

typedef struct
{
  char *path, *part;
  int fd;
  SoupMessage *message;
  GInputStream *stream;
} Download;

static gboolean
fail (const char *path, GError **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", path, g_strerror (errno));
  return FALSE;
}

static void
download_free (void *data)
{
  Download *download = data;

  if (download->fd >= 0)
    {
      close (download->fd);
      clr_file_unlink (download->part);
    }
  g_clear_object (&download->stream);
  g_clear_object (&download->message);
  g_free (download->path);
  g_free (download->part);
  g_free (download);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Download, download_free)

/* (transfer full) */
static char *
make_order (const char *passphrase, gboolean with_history)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "passphrase", passphrase);
  json_object_set_boolean_member (object, "history", with_history);
  json_node_take_object (node, object);
  return clr_json_to_text (node, FALSE);
}

static Download *
begin (ClrClient *self, const char *passphrase, gboolean with_history, const char *file, GError **error)
{
  g_autoptr (Download) download = g_new0 (Download, 1);
  g_autofree char *order = make_order (passphrase, with_history);
  ClrFileFacts facts;

  download->fd = -1;
  download->path = g_canonicalize_filename (file, NULL);
  download->part = g_strconcat (download->path, ".part", NULL);
  if (clr_file_look (download->path, &facts))
    {
      errno = EEXIST;
      fail (download->path, error);
    }
  else if ((download->message = clr_client_make_request (self, "POST", CLR_API_BACKUP, order, error)))
    {
      clr_file_unlink (download->part); /* left from a crash */
      download->fd = clr_file_open (download->part, CLR_FILE_NEW, 0600);
      if (download->fd < 0)
        fail (download->part, error);
    }
  explicit_bzero (order, strlen (order));
  if (download->fd < 0)
    return NULL;
  soup_session_set_timeout (clr_client_get_session (self), TIMEOUT_S);
  return g_steal_pointer (&download);
}

static gboolean
is_good (Download *download)
{
  return SOUP_STATUS_IS_SUCCESSFUL (soup_message_get_status (download->message));
}

/* The service has said no. */
static gboolean
fail_with_answer (ClrClient *self, Download *download, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) answer = g_input_stream_read_bytes (download->stream, LARGEST, cancellable, &problem);

  return clr_client_fail (self, download->message, answer, problem, error);
}

static gboolean
put (Download *download, const void *bytes, gsize size, GError **error)
{
  return clr_file_write_all (download->fd, bytes, size) || fail (download->part, error);
}

/* All has come. */
static gboolean
finish (Download *download, GError **error)
{
  g_autofree char *above = g_path_get_dirname (download->path);
  g_autoptr (ClrFolder) folder = clr_folder_open (above);
  int fd = download->fd;
  gboolean ok = clr_file_sync (fd);

  download->fd = -1;
  ok = close (fd) == 0 && ok && clr_file_rename (download->part, download->path)
       && (folder == NULL || clr_folder_sync (folder));
  if (ok)
    return TRUE;
  fail (download->path, error);
  clr_file_unlink (download->part);
  return FALSE;
}

static void
end (ClrClient *self)
{
  soup_session_set_timeout (clr_client_get_session (self), CLR_CLIENT_TIMEOUT_S);
}

static gboolean
fetch (ClrClient *self, Download *download, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *piece = g_malloc (PIECE);
  gssize n;

  download->stream
      = soup_session_send (clr_client_get_session (self), download->message, cancellable, &problem);
  if (download->stream == NULL)
    return clr_client_fail (self, download->message, NULL, problem, error);
  if (!is_good (download))
    return fail_with_answer (self, download, cancellable, error);
  while ((n = g_input_stream_read (download->stream, piece, PIECE, cancellable, error)) > 0)
    if (!put (download, piece, n, error))
      return FALSE;
  return n == 0 && finish (download, error);
}

gboolean
clr_client_backup_sync (ClrClient *self, const char *passphrase, gboolean with_history, const char *file,
                        GCancellable *cancellable, GError **error)
{
  g_autoptr (Download) download = begin (self, passphrase, with_history, file, error);
  gboolean ok = download && fetch (self, download, cancellable, error);

  if (download)
    end (self);
  return ok;
}

/* -- without waiting */

static void read_on (GTask *task);

static void
end_task (GTask *task, GError *error)
{
  end (g_task_get_source_object (task));
  if (error)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
on_piece (GObject *stream, GAsyncResult *result, void *data)
{
  GTask *task = data;
  Download *download = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (stream), result, &error);
  gsize size = bytes ? g_bytes_get_size (bytes) : 0;

  if (bytes && size > 0 && put (download, g_bytes_get_data (bytes, NULL), size, &error))
    read_on (task);
  else if (bytes && size == 0 && finish (download, &error))
    end_task (task, NULL);
  else
    end_task (task, error);
}

static void
read_on (GTask *task)
{
  Download *download = g_task_get_task_data (task);

  g_input_stream_read_bytes_async (download->stream, PIECE, G_PRIORITY_DEFAULT, g_task_get_cancellable (task),
                                   on_piece, task);
}

static void
on_sent (GObject *session, GAsyncResult *result, void *data)
{
  GTask *task = data;
  Download *download = g_task_get_task_data (task);
  g_autoptr (GError) problem = NULL;
  GError *error = NULL;

  download->stream = soup_session_send_finish (SOUP_SESSION (session), result, &problem);
  if (download->stream && is_good (download))
    {
      read_on (task);
      return;
    }
  if (download->stream)
    fail_with_answer (g_task_get_source_object (task), download, g_task_get_cancellable (task), &error);
  else
    clr_client_fail (g_task_get_source_object (task), download->message, NULL, problem, &error);
  end_task (task, error);
}

void
clr_client_backup_async (ClrClient *self, const char *passphrase, gboolean with_history, const char *file,
                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;
  Download *download = begin (self, passphrase, with_history, file, &error);

  g_task_set_source_tag (task, clr_client_backup_async);
  if (download == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  g_task_set_task_data (task, download, download_free);
  soup_session_send_async (clr_client_get_session (self), download->message, G_PRIORITY_DEFAULT, cancellable,
                           on_sent, task);
}

gboolean
clr_client_backup_finish (ClrClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

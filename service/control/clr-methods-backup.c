/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * /v1/backup: the whole relay as one file under a passphrase, for administrators; one at a time, audited. The
 * backup's thread gives pieces as fast as the asker takes them. What can go wrong mostly goes wrong before
 * the first piece, and is told as usual; after it the connection is cut, and the file has no end.
 */
#include "control/clr-methods-private.h"

#include "backup/clr-backup-head.h"
#include "archive/clr-backup-job.h"
#include "control/clr-api.h"

#include <string.h>

/* Freed when the job is done. */
struct ClrMethodsBackup
{
  ClrMethodPlace *place;
  SoupServerMessage *message; /* NULL: the asker is gone */
  ClrBackupJob *job;
  char *who;
  gboolean has_begun; /* some of the file is on its way */
};

static void
leave (ClrMethodsBackup *backup)
{
  if (backup->message)
    g_signal_handlers_disconnect_by_data (backup->message, backup);
  g_clear_object (&backup->message);
}

static void
on_finished (SoupServerMessage *message, void *data)
{
  ClrMethodsBackup *backup = data;

  leave (backup);
  if (backup->job)
    clr_backup_job_cancel (backup->job);
}

static void
on_wrote_chunk (SoupServerMessage *message, void *data)
{
  ClrMethodsBackup *backup = data;

  if (backup->job)
    clr_backup_job_go_on (backup->job);
}

static void
begin (ClrMethodsBackup *backup)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (backup->message);

  backup->has_begun = TRUE;
  soup_server_message_set_status (backup->message, SOUP_STATUS_OK, NULL);
  soup_message_headers_set_content_type (headers, "application/octet-stream", NULL);
  soup_message_headers_set_encoding (headers, SOUP_ENCODING_CHUNKED);
  soup_message_headers_replace (headers, "X-Content-Type-Options", "nosniff");
  soup_message_headers_replace (headers, "Cache-Control", "no-store");
  soup_message_body_set_accumulate (soup_server_message_get_response_body (backup->message), FALSE);
}

static void
on_piece (GBytes *bytes, void *data)
{
  ClrMethodsBackup *backup = data;

  if (backup->message == NULL)
    return;
  if (!backup->has_begun)
    begin (backup);
  soup_message_body_append_bytes (soup_server_message_get_response_body (backup->message), bytes);
  soup_server_message_unpause (backup->message); /* may call on_finished() */
}

static void
tell_made (ClrMethodsBackup *backup, const ClrBackupEnd *end)
{
  g_autofree char *what = g_strdup_printf ("backup made: %" G_GUINT64_FORMAT " messages in the queue",
                                           (guint64)end->n_messages);
  g_autoptr (GString) notes = g_string_new (NULL);

  for (unsigned i = 0; i < end->notes->len; i++)
    g_string_append_printf (notes, "%s%s", i ? "\n" : "", (char *)g_ptr_array_index (end->notes, i));
  clr_methods_note (backup->place, backup->who, what, notes->len ? notes->str : NULL);
}

static void
on_done (const ClrBackupEnd *end, const char *problem, void *data)
{
  ClrMethodsBackup *backup = data;
  SoupServerMessage *message = backup->message;

  backup->job = NULL;
  if (end)
    tell_made (backup, end);
  else
    {
      g_autofree char *what = g_strdup_printf ("backup not made: %s", problem);
      clr_methods_note (backup->place, backup->who, what, NULL);
    }
  if (message)
    {
      g_object_ref (message);
      leave (backup);
      if (end)
        soup_message_body_complete (soup_server_message_get_response_body (message));
      else if (backup->has_begun)
        clr_methods_cut_off (message);
      else
        clr_methods_answer_error (message, SOUP_STATUS_INTERNAL_SERVER_ERROR, problem);
      soup_server_message_unpause (message);
      g_object_unref (message);
    }
  backup->place->n_waiting--;
  backup->place->backup = NULL;
  g_free (backup->who);
  g_free (backup);
}

static void
start (ClrCall *call, const char *passphrase, gboolean with_history)
{
  ClrControlHost *host = &call->place->host;
  ClrSettings *settings = host->get_settings (host->data);
  ClrSection *server = clr_settings_get_section (settings, "server");
  ClrMethodsBackup *backup = g_new0 (ClrMethodsBackup, 1);
  const ClrBackupOrder order = {
    .settings_file = clr_settings_get_file (settings),
    .state_directory = clr_section_get_text (server, "state-directory"),
    .hostname = clr_section_get_text (server, "hostname"),
    .passphrase = passphrase,
    .with_history = with_history,
    .min_free = clr_section_get_number (clr_settings_get_section (settings, "queue"), "min-free-space"),
    .state = host->state,
    .reply_to = call->place->mailbox,
    .piece = on_piece,
    .done = on_done,
    .data = backup,
  };

  backup->place = call->place;
  backup->message = g_object_ref (call->message);
  backup->who = g_strdup (call->who);
  call->place->backup = backup;
  call->place->n_waiting++;
  soup_server_message_pause (call->message);
  g_signal_connect (call->message, "finished", G_CALLBACK (on_finished), backup);
  g_signal_connect (call->message, "wrote-chunk", G_CALLBACK (on_wrote_chunk), backup);
  clr_methods_note (call->place, call->who,
                    with_history ? "backup begun, with history" : "backup begun, without history", NULL);
  backup->job = clr_backup_job_start (&order);
}

/* {"passphrase": "...", "history": true} */
void
clr_method_backup (ClrCall *call)
{
  g_autoptr (JsonNode) root = clr_call_read_object (call);
  JsonObject *object = root ? json_node_get_object (root) : NULL;
  const char *passphrase = object ? clr_json_get_text (object, "passphrase") : NULL;
  g_autoptr (GError) error = NULL;

  if (passphrase == NULL)
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                              "say {\"passphrase\": \"...\"}, and \"history\": true for the history too");
  else if (!clr_backup_passphrase_is_good (passphrase, &error))
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, error->message);
  else if (call->place->backup)
    clr_methods_answer_error (call->message, SOUP_STATUS_CONFLICT,
                              "a backup is being made already; try again when it is done");
  else
    start (call, passphrase, clr_json_is_true (object, "history"));
}

void
clr_methods_backup_stop (ClrMethodPlace *place)
{
  if (place->backup && place->backup->job)
    clr_backup_job_cancel (place->backup->job);
}

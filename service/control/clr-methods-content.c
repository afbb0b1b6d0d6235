/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * /v1/contents/ID: a message that waits, as it is stored, for those who have the right to read mail. Each
 * reading is audited. The queue gives what stands in its database, the disk thread what is spooled, piece by
 * piece, as fast as the asker takes it.
 */
#include "control/clr-methods-private.h"

#include "base/clr-id.h"
#include "control/clr-api.h"

#include <string.h>

#define PIECE (256u * 1024) /* octets of the spool read at once */

/* A message on its way out; freed when the asker has it all or is gone, and no answer is on its way. */
typedef struct
{
  ClrMethodPlace *place;
  SoupServerMessage *message; /* NULL: gone */
  ClrDisk *disk;
  uint64_t id, offset, size; /* of the spool file */
  gboolean is_reading;
} Export;

static void read_piece (Export *export);

static void
export_free (Export *export)
{
  if (export->message)
    g_signal_handlers_disconnect_by_data (export->message, export);
  g_clear_object (&export->message);
  g_free (export);
}

static void
on_finished (SoupServerMessage *message, void *data)
{
  Export *export = data;

  g_signal_handlers_disconnect_by_data (message, export);
  g_clear_object (&export->message);
  if (!export->is_reading)
    export_free (export);
}

static void
append (Export *export, const ClrRope *rope)
{
  SoupMessageBody *body = soup_server_message_get_response_body (export->message);
  g_autofree uint8_t *copy = NULL;
  const uint8_t *bytes = clr_rope_flatten (rope, &copy);

  if (rope->size > 0)
    soup_message_body_append (body, SOUP_MEMORY_COPY, bytes, rope->size);
  if (export->offset >= export->size)
    soup_message_body_complete (body);
}

static void
on_piece (ClrLetter *letter, void *owner)
{
  ClrDiskRequest *request = (ClrDiskRequest *)letter;
  Export *export = request->data;

  export->is_reading = FALSE;
  export->place->n_waiting--;
  export->offset += request->bytes.size;
  if (export->message == NULL)
    export_free (export);
  else
    {
      SoupServerMessage *message = export->message;

      if (request->problem || request->bytes.size == 0)
        clr_methods_cut_off (message);
      else
        append (export, &request->bytes);
      soup_server_message_unpause (message); /* may free @export */
    }
  clr_disk_request_free (request);
}

static void
read_piece (Export *export)
{
  ClrDiskRequest *request = g_new0 (ClrDiskRequest, 1);

  request->kind = CLR_DISK_READ;
  request->id = export->id;
  request->offset = export->offset;
  request->size = MIN (PIECE, export->size - export->offset);
  request->reply_to = export->place->mailbox;
  request->open = on_piece;
  request->data = export;
  export->is_reading = TRUE;
  export->place->n_waiting++;
  clr_disk_post (export->disk, request);
}

static void
on_wrote_chunk (SoupServerMessage *message, void *data)
{
  Export *export = data;

  if (export->offset < export->size && !export->is_reading)
    read_piece (export);
}

static void
begin (ClrPendingCall *pending, ClrQueueRequest *request)
{
  ClrMessage *stored = g_ptr_array_index (request->messages, 0);
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (pending->message);
  Export *export = g_new0 (Export, 1);
  char id[CLR_ID_TEXT];

  clr_id_to_text (stored->id, id);
  g_autofree char *what = g_strdup_printf ("content of message %s read", id);
  g_autofree char *name = g_strdup_printf ("attachment; filename=\"%s.eml\"", id);
  clr_methods_note (pending->place, request->who, what, NULL);
  export->place = pending->place;
  export->message = g_object_ref (pending->message);
  export->disk = pending->place->host.disk;
  export->id = stored->id;
  export->size = stored->spool_size;
  soup_server_message_set_status (pending->message, SOUP_STATUS_OK, NULL);
  soup_message_headers_set_content_type (headers, "message/rfc822", NULL);
  /* A browser does not show it, whatever it looks like. */
  soup_message_headers_replace (headers, "Content-Disposition", name);
  soup_message_headers_replace (headers, "X-Content-Type-Options", "nosniff");
  soup_message_headers_set_content_length (headers, stored->content.size + stored->spool_size);
  soup_message_body_set_accumulate (soup_server_message_get_response_body (pending->message), FALSE);
  g_signal_connect (pending->message, "finished", G_CALLBACK (on_finished), export);
  g_signal_connect (pending->message, "wrote-chunk", G_CALLBACK (on_wrote_chunk), export);
  append (export, &stored->content);
}

static void
on_content (ClrLetter *letter, void *owner)
{
  ClrQueueRequest *request = (ClrQueueRequest *)letter;
  ClrPendingCall *pending = request->data;

  if (request->problem)
    clr_methods_answer_error (pending->message, SOUP_STATUS_SERVICE_UNAVAILABLE, request->problem);
  else if (request->messages->len == 0)
    clr_methods_answer_error (pending->message, SOUP_STATUS_NOT_FOUND,
                              "no message with this id waits in the queue; the content of finished messages "
                              "is not kept");
  else
    begin (pending, request);
  clr_queue_request_free (request);
  clr_pending_call_go_on (pending);
}

void
clr_method_get_content (ClrCall *call)
{
  ClrQueueRequest *request;
  uint64_t id;

  if (!clr_call_read_id (call, &id))
    return;
  request = clr_call_ask_queue (call, CLR_REQUEST_CONTENT, on_content);
  request->id = id;
  clr_queue_post_request (call->place->host.queue, request);
}

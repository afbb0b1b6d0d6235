/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Capture: each message becomes ID.eml, octet by octet as it would be sent, and ID.json, its envelope. Files
 * are written under another name, synced and renamed, by the disk thread.
 */
#include "delivery/clr-transport.h"

#include "base/clr-clock.h"
#include "base/clr-id.h"
#include "control/clr-json.h"
#include "system/clr-folder.h"

#include <errno.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  ClrTransport parent;
  char *directory;
} Capture;

/* One job on its way through the disk thread. */
typedef struct
{
  const ClrDeliveryPlace *place;
  ClrJob *job;
  char *directory;
} Work;

static char *
make_envelope (const ClrJob *job)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  const ClrMessage *message = job->message;
  char id[CLR_ID_TEXT];

  clr_id_to_text (message->id, id);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "id");
  json_builder_add_string_value (builder, id);
  json_builder_set_member_name (builder, "sender");
  json_builder_add_string_value (builder, message->sender);
  json_builder_set_member_name (builder, "recipients");
  json_builder_begin_array (builder);
  for (unsigned i = 0; i < job->n_recipients; i++)
    json_builder_add_string_value (builder, message->recipients[job->recipients[i]].address);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "client");
  json_builder_add_string_value (builder, message->client ? message->client : "");
  json_builder_set_member_name (builder, "device");
  json_builder_add_string_value (builder, message->device ? message->device : "");
  json_builder_set_member_name (builder, "received");
  json_builder_add_int_value (builder, message->created_us / G_USEC_PER_SEC);
  json_builder_set_member_name (builder, "size");
  json_builder_add_int_value (builder, message->size);
  json_builder_end_object (builder);

  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  return clr_json_to_text (root, TRUE);
}

static gboolean
write_message (const Work *work, int fd)
{
  const ClrMessage *message = work->job->message;

  for (unsigned i = 0; i < message->content.n_slices; i++)
    if (!clr_file_write_all (fd, message->content.slices[i].data, message->content.slices[i].size))
      return FALSE;
  return message->spool_size == 0 || clr_disk_copy (work->place->disk, message->id, message->spool_size, fd);
}

static gboolean
write_envelope (const Work *work, int fd)
{
  g_autofree char *text = make_envelope (work->job);

  return clr_file_write_all (fd, text, strlen (text)) && clr_file_write_all (fd, "\n", 1);
}

/* Returns: FALSE with errno set. */
static gboolean
write_file (const Work *work, ClrFolder *folder, const char *name,
            gboolean (*fill) (const Work *work, int fd))
{
  g_autofree char *temporary = g_strdup_printf (".%s.new", name);
  int fd = clr_folder_open_file (folder, temporary, CLR_FILE_OVER, 0640);

  if (fd < 0)
    return FALSE;
  gboolean ok = fill (work, fd) && clr_file_sync (fd);
  int problem = errno;
  close (fd);
  if (ok && clr_folder_rename (folder, temporary, name))
    return TRUE;
  if (!ok)
    errno = problem;
  problem = errno;
  clr_folder_unlink (folder, temporary);
  errno = problem;
  return FALSE;
}

/* Other recipients of the message may have been captured before. */
static char *
choose_name (ClrFolder *folder, uint64_t id)
{
  char text[CLR_ID_TEXT];

  clr_id_to_text (id, text);
  for (unsigned n = 1;; n++)
    {
      char *stem = n == 1 ? g_strdup (text) : g_strdup_printf ("%s-%u", text, n);
      g_autofree char *name = g_strconcat (stem, ".eml", NULL);

      if (!clr_folder_has (folder, name))
        return stem;
      g_free (stem);
    }
}

static void
run (void *data)
{
  Work *work = data;
  int64_t started = clr_clock_wall ();
  g_autoptr (ClrFolder) folder
      = clr_folder_make (work->directory, 0750) ? clr_folder_open (work->directory) : NULL;
  gboolean ok = folder != NULL;
  g_autofree char *text = NULL;

  if (ok)
    {
      g_autofree char *stem = choose_name (folder, work->job->message->id);
      g_autofree char *message = g_strconcat (stem, ".eml", NULL);
      g_autofree char *envelope = g_strconcat (stem, ".json", NULL);

      ok = write_file (work, folder, envelope, write_envelope)
           && write_file (work, folder, message, write_message) && clr_folder_sync (folder);
      text = ok ? g_strdup_printf ("written to %s/%s", work->directory, message) : NULL;
    }
  if (!ok)
    text = g_strdup_printf ("cannot write to %s: %s", work->directory, g_strerror (errno));
  clr_observe_rest (work->job, ok ? CLR_OUTCOME_DELIVERED : CLR_OUTCOME_DEFERRED, "capture", ok ? 250 : 0,
                    ok ? "2.0.0" : NULL, text, "capture", NULL, started);
  clr_transport_give_back (work->place, work->job);
  g_free (work->directory);
  g_free (work);
}

static void
capture_deliver (ClrTransport *transport, ClrJob *job)
{
  Work *work = g_new0 (Work, 1);

  work->place = transport->place;
  work->job = job;
  work->directory = g_strdup (((Capture *)transport)->directory);
  clr_disk_post_work (transport->place->disk, run, work);
}

static void
capture_cancel (ClrTransport *transport, gboolean now)
{
}

static gboolean
capture_is_idle (ClrTransport *transport)
{
  return TRUE; /* what is on its way comes back without it */
}

static void
capture_free (ClrTransport *transport)
{
  g_free (((Capture *)transport)->directory);
  g_free (transport);
}

static const ClrTransportClass capture_class
    = { capture_deliver, capture_cancel, NULL, capture_is_idle, capture_free };

ClrTransport *
clr_transport_capture_new (const ClrDeliveryPlace *place, const char *directory)
{
  Capture *self = g_new0 (Capture, 1);

  self->parent = (ClrTransport){ &capture_class, place };
  self->directory = g_strdup (directory);
  return &self->parent;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-content-pump.h"

#define PIECE       (64u * 1024)  /* octets given at once */
#define SPOOL_PIECE (256u * 1024) /* octets read from the spool at once */

struct ClrContentPump
{
  const ClrDeliveryPlace *place;
  const ClrMessage *message;
  const ClrContentPumpEvents *events;
  void *data;
  unsigned slice;
  size_t slice_offset;
  uint64_t spool_read;
  ClrDiskRequest *reading; /* asked of the disk, or NULL */
};

ClrContentPump *
clr_content_pump_new (const ClrDeliveryPlace *place, const ClrMessage *message,
                      const ClrContentPumpEvents *events, void *data)
{
  ClrContentPump *pump = g_new0 (ClrContentPump, 1);

  pump->place = place;
  pump->message = message;
  pump->events = events;
  pump->data = data;
  return pump;
}

void
clr_content_pump_free (ClrContentPump *pump)
{
  if (pump->reading)
    pump->reading->data = NULL;
  g_free (pump);
}

static void
on_spool_read (ClrLetter *letter, void *owner)
{
  ClrDiskRequest *request = (ClrDiskRequest *)letter;
  ClrContentPump *pump = request->data;

  if (pump == NULL)
    {
      clr_disk_request_free (request); /* nobody wants it any more */
      return;
    }
  const ClrContentPumpEvents *events = pump->events;
  void *data = pump->data;

  pump->reading = NULL;
  if (request->problem)
    {
      events->failed (request->problem, data);
      clr_disk_request_free (request);
      return;
    }
  for (unsigned i = 0; i < request->bytes.n_slices; i++)
    events->piece (request->bytes.slices[i].data, request->bytes.slices[i].size, data);
  pump->spool_read += request->bytes.size;
  clr_disk_request_free (request);
  clr_content_pump_run (pump);
  if (events->went_on)
    events->went_on (data);
}

static void
read_spool (ClrContentPump *pump)
{
  ClrDiskRequest *request = g_new0 (ClrDiskRequest, 1);

  request->kind = CLR_DISK_READ;
  request->id = pump->message->id;
  request->offset = pump->spool_read;
  request->size = MIN (SPOOL_PIECE, pump->message->spool_size - pump->spool_read);
  request->reply_to = pump->place->worker->mailbox;
  request->open = on_spool_read;
  request->data = pump;
  pump->reading = request;
  clr_disk_post (pump->place->disk, request);
}

void
clr_content_pump_run (ClrContentPump *pump)
{
  const ClrRope *content = &pump->message->content;

  while (pump->slice < content->n_slices)
    {
      const ClrSlice *slice = &content->slices[pump->slice];
      size_t n = MIN (slice->size - pump->slice_offset, PIECE);

      if (!pump->events->has_room (pump->data))
        return;
      pump->events->piece (slice->data + pump->slice_offset, n, pump->data);
      pump->slice_offset += n;
      if (pump->slice_offset == slice->size)
        {
          pump->slice++;
          pump->slice_offset = 0;
        }
    }
  if (pump->spool_read == pump->message->spool_size)
    pump->events->ended (pump->data);
  else if (pump->reading == NULL && pump->events->has_room (pump->data))
    read_spool (pump);
}

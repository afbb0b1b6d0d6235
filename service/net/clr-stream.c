/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/clr-stream.h"

#include "net/clr-socket.h"

#include <errno.h>
#include <string.h>

#define READS_PER_TURN  8  /* then others have their turn */
#define FINISH_LINGER_S 10 /* how long a finished stream may take to get its last bytes out */

typedef enum
{
  STATE_CONNECTING,
  STATE_OPEN,
  STATE_HANDSHAKE,
  STATE_CLOSED,
} State;

struct ClrStream
{
  ClrWatch watch;
  ClrWorker *worker;
  const ClrStreamEvents *events;
  void *data;
  ClrEndpoint peer;
  State state;
  ClrTls *tls;
  ClrBuffer output; /* clear text */
  ClrBuffer unread; /* clear text that a paused owner has not eaten */
  ClrTimer again;   /* goes on reading in the next turn; closes a finished stream that hangs */
  ClrStreamTee tee;
  void *tee_data;
  uint64_t n_in, n_out; /* octets on the wire */

  gboolean readable : 1; /* the kernel may have more */
  gboolean writable : 1;
  gboolean hangup : 1;
  gboolean paused : 1;
  gboolean finishing : 1;
  gboolean wants_room : 1;
  unsigned inside; /* depth of event handling: flushes wait, and freeing is put off */
  gboolean freed;
  int connect_errno; /* why no socket could be made, told from the loop */
};

static void
destroy (ClrStream *stream)
{
  if (stream->tls)
    clr_tls_free (stream->tls);
  clr_buffer_clear (&stream->output);
  clr_buffer_clear (&stream->unread);
  g_free (stream);
}

static void
enter (ClrStream *stream)
{
  stream->inside++;
}

/* Returns: FALSE when the stream is gone. */
static gboolean
leave (ClrStream *stream)
{
  if (--stream->inside > 0 || !stream->freed)
    return TRUE;
  destroy (stream);
  return FALSE;
}

static void
shut (ClrStream *stream)
{
  if (stream->watch.fd < 0)
    return;
  clr_poller_forget (stream->worker->poller, &stream->watch);
  clr_socket_close (stream->watch.fd);
  stream->watch.fd = -1;
  clr_timers_clear (stream->worker->timers, &stream->again);
}

static void
closed (ClrStream *stream, gboolean orderly, const char *why)
{
  if (stream->state == STATE_CLOSED)
    return;
  stream->state = STATE_CLOSED;
  shut (stream);
  enter (stream);
  if (!stream->freed)
    stream->events->on_closed (stream, orderly, why, stream->data);
  leave (stream);
}

/* Returns: FALSE on an error, which has been told. */
static gboolean
send_buffer (ClrStream *stream, ClrBuffer *buffer)
{
  while (stream->writable && clr_buffer_size (buffer) > 0)
    {
      ssize_t n = clr_socket_send (stream->watch.fd, clr_buffer_peek (buffer), clr_buffer_size (buffer));

      if (n >= 0)
        {
          stream->n_out += n;
          if (stream->tee && buffer == &stream->output)
            stream->tee (TRUE, clr_buffer_peek (buffer), n, stream->tee_data);
          clr_buffer_drop (buffer, n);
        }
      else if (errno == EAGAIN)
        {
          stream->writable = FALSE;
          clr_poller_want_out (stream->worker->poller, &stream->watch);
        }
      else if (errno != EINTR)
        {
          closed (stream, FALSE, clr_socket_describe (errno));
          return FALSE;
        }
    }
  return TRUE;
}

static void
encrypt (ClrStream *stream)
{
  if (stream->tee && clr_buffer_size (&stream->output) > 0)
    stream->tee (TRUE, clr_buffer_peek (&stream->output), clr_buffer_size (&stream->output),
                 stream->tee_data);
  clr_tls_write (stream->tls, clr_buffer_peek (&stream->output), clr_buffer_size (&stream->output));
}

static void
send_output (ClrStream *stream)
{
  if (stream->tls)
    {
      if (stream->state == STATE_OPEN && clr_buffer_size (&stream->output) > 0)
        {
          encrypt (stream);
          clr_buffer_drop (&stream->output, clr_buffer_size (&stream->output));
        }
      send_buffer (stream, clr_tls_get_wire (stream->tls));
    }
  else
    send_buffer (stream, &stream->output);
}

/* Everything is out: close, but first take what the peer has sent meanwhile, for a close with unread bytes
 * becomes a reset that may overtake our last reply. */
static void
end_finished (ClrStream *stream)
{
  for (int reads = 0; reads < READS_PER_TURN; reads++)
    if (clr_socket_receive (stream->watch.fd, stream->worker->scratch, CLR_SCRATCH_SIZE) <= 0)
      break;
  closed (stream, TRUE, "finished");
}

void
clr_stream_flush (ClrStream *stream)
{
  gboolean more;

  if (stream->inside > 0 || stream->state == STATE_CLOSED || stream->state == STATE_CONNECTING)
    return;
  do
    {
      more = FALSE;
      enter (stream);
      send_output (stream);
      if (stream->state != STATE_CLOSED && stream->wants_room
          && clr_stream_get_pending (stream) < CLR_STREAM_LOW_WATER)
        {
          stream->wants_room = FALSE;
          more = TRUE;
          stream->events->on_room (stream, stream->data);
        }
      else if (stream->state != STATE_CLOSED && stream->finishing && clr_stream_get_pending (stream) == 0)
        end_finished (stream);
      if (!leave (stream))
        return;
    }
  while (more && stream->state == STATE_OPEN);
}

void
clr_stream_want_room (ClrStream *stream)
{
  stream->wants_room = TRUE;
}

size_t
clr_stream_get_pending (ClrStream *stream)
{
  return clr_buffer_size (&stream->output)
         + (stream->tls ? clr_buffer_size (clr_tls_get_wire (stream->tls)) : 0);
}

static void
give_to_owner (ClrStream *stream, const uint8_t *bytes, size_t size)
{
  size_t eaten;

  if (stream->tee)
    stream->tee (FALSE, bytes, size, stream->tee_data);
  eaten = stream->events->on_bytes (stream, bytes, size, stream->data);
  if (eaten < size && !stream->freed && stream->state != STATE_CLOSED)
    clr_buffer_append (&stream->unread, bytes + eaten, size - eaten);
}

static void
give_unread (ClrStream *stream)
{
  /* The owner may pause again and leave a rest: take the buffer away first. */
  ClrBuffer unread = stream->unread;
  size_t eaten;

  stream->unread = (ClrBuffer)CLR_BUFFER_INIT;
  eaten
      = stream->events->on_bytes (stream, clr_buffer_peek (&unread), clr_buffer_size (&unread), stream->data);
  if (!stream->freed && stream->state != STATE_CLOSED)
    {
      clr_buffer_drop (&unread, eaten);
      if (clr_buffer_size (&unread) > 0)
        {
          stream->unread = unread;
          return;
        }
    }
  clr_buffer_clear (&unread);
}

static gboolean
may_read (ClrStream *stream)
{
  return !stream->freed && !stream->paused && !stream->finishing
         && (stream->state == STATE_OPEN || stream->state == STATE_HANDSHAKE);
}

/* Turns what TLS holds into clear text. */
static void
read_secure (ClrStream *stream)
{
  ClrTlsStatus status;
  size_t got;

  if (stream->state == STATE_HANDSHAKE)
    {
      status = clr_tls_handshake (stream->tls);
      if (status == CLR_TLS_FAILED)
        {
          send_buffer (stream, clr_tls_get_wire (stream->tls));
          if (stream->state != STATE_CLOSED)
            {
              g_autofree char *why = g_strdup_printf ("TLS: %s", clr_tls_get_problem (stream->tls));
              closed (stream, FALSE, why);
            }
        }
      else if (status == CLR_TLS_CLOSED)
        closed (stream, FALSE, "TLS: the peer closed during the handshake");
      if (status != CLR_TLS_OK)
        return;
      stream->state = STATE_OPEN;
      stream->events->on_secure (stream, stream->data);
    }
  while (may_read (stream) && stream->state == STATE_OPEN)
    {
      status = clr_tls_read (stream->tls, stream->worker->scratch, CLR_SCRATCH_SIZE, &got);
      if (status == CLR_TLS_OK)
        give_to_owner (stream, stream->worker->scratch, got);
      else
        {
          if (status == CLR_TLS_CLOSED)
            closed (stream, TRUE, "closed by the peer");
          else if (status == CLR_TLS_FAILED)
            closed (stream, FALSE, clr_tls_get_problem (stream->tls));
          return;
        }
    }
}

static void
read_socket (ClrStream *stream)
{
  for (int reads = 0; stream->readable && may_read (stream) && clr_buffer_size (&stream->unread) == 0;
       reads++)
    {
      if (reads == READS_PER_TURN)
        {
          clr_timers_set (stream->worker->timers, &stream->again, stream->worker->now);
          return;
        }

      ssize_t n = clr_socket_receive (stream->watch.fd, stream->worker->scratch, CLR_SCRATCH_SIZE);
      if (n < 0)
        {
          if (errno == EINTR)
            continue;
          stream->readable = FALSE;
          if (errno != EAGAIN)
            closed (stream, FALSE, clr_socket_describe (errno));
          return;
        }
      stream->n_in += n;
      /* A short read has emptied the kernel's buffer; the next byte is a new edge. An end is not, once it was
       * told. */
      if (n < (ssize_t)CLR_SCRATCH_SIZE && !stream->hangup)
        stream->readable = FALSE;
      if (stream->tls)
        {
          clr_tls_give (stream->tls, stream->worker->scratch, n);
          read_secure (stream);
        }
      if (n == 0)
        {
          closed (stream, TRUE, "closed by the peer");
          return;
        }
      if (!stream->tls)
        give_to_owner (stream, stream->worker->scratch, n);
    }
}

static void
process (ClrStream *stream)
{
  enter (stream);
  if (stream->state == STATE_CONNECTING && (stream->writable || stream->hangup))
    {
      int problem = clr_socket_get_problem (stream->watch.fd);

      if (problem != 0)
        closed (stream, FALSE, clr_socket_describe (problem));
      else
        {
          stream->state = STATE_OPEN;
          stream->events->on_connected (stream, stream->data);
        }
    }
  while (may_read (stream) && clr_buffer_size (&stream->unread) > 0)
    give_unread (stream);
  if (may_read (stream) && stream->tls)
    read_secure (stream);
  if (may_read (stream))
    read_socket (stream);
  if (leave (stream))
    clr_stream_flush (stream);
}

static void
on_ready (ClrWatch *watch, ClrPollEvents events)
{
  ClrStream *stream = (ClrStream *)watch;

  if (events & (CLR_POLL_IN | CLR_POLL_HANGUP))
    stream->readable = TRUE;
  if (events & CLR_POLL_OUT)
    stream->writable = TRUE;
  if (events & CLR_POLL_HANGUP)
    stream->hangup = TRUE;
  process (stream);
}

static void
on_again (ClrTimer *timer, void *data)
{
  ClrStream *stream = data;

  if (stream->finishing)
    closed (stream, FALSE, "the peer does not read");
  else
    process (stream);
}

static ClrStream *
stream_new (ClrWorker *worker, int fd, const ClrEndpoint *peer, const ClrStreamEvents *events, void *data,
            State state)
{
  ClrStream *stream = g_new0 (ClrStream, 1);

  stream->watch = (ClrWatch){ .ready = on_ready, .fd = fd };
  stream->worker = worker;
  stream->events = events;
  stream->data = data;
  stream->peer = *peer;
  stream->state = state;
  clr_timer_init (&stream->again, on_again, stream);
  return stream;
}

ClrStream *
clr_stream_new (ClrWorker *worker, int fd, const ClrEndpoint *peer, const ClrStreamEvents *events, void *data)
{
  ClrStream *stream = stream_new (worker, fd, peer, events, data, STATE_OPEN);

  stream->writable = TRUE;
  if (!clr_poller_add (worker->poller, &stream->watch))
    g_warning ("a connection cannot be watched: %s", clr_socket_describe (errno));
  return stream;
}

static void
on_failed_connect (ClrTimer *timer, void *data)
{
  ClrStream *stream = data;

  closed (stream, FALSE, clr_socket_describe (stream->connect_errno));
}

ClrStream *
clr_stream_new_connect (ClrWorker *worker, const ClrEndpoint *peer, const ClrEndpoint *local,
                        const ClrStreamEvents *events, void *data)
{
  int fd = clr_socket_connect (peer, local), problem = errno;
  ClrStream *stream = stream_new (worker, fd, peer, events, data, STATE_CONNECTING);

  if (fd >= 0 && clr_poller_add (worker->poller, &stream->watch))
    return stream;
  stream->connect_errno = fd < 0 ? problem : errno;
  clr_timer_init (&stream->again, on_failed_connect, stream);
  clr_timers_set (worker->timers, &stream->again, worker->now);
  return stream;
}

void
clr_stream_free (ClrStream *stream)
{
  stream->state = STATE_CLOSED;
  stream->freed = TRUE;
  shut (stream);
  clr_timers_clear (stream->worker->timers, &stream->again);
  if (stream->inside == 0)
    destroy (stream);
}

void
clr_stream_set_owner (ClrStream *stream, const ClrStreamEvents *events, void *data)
{
  stream->events = events;
  stream->data = data;
}

ClrBuffer *
clr_stream_get_output (ClrStream *stream)
{
  return &stream->output;
}

void
clr_stream_pause (ClrStream *stream)
{
  stream->paused = TRUE;
}

void
clr_stream_resume (ClrStream *stream)
{
  if (!stream->paused)
    return;
  stream->paused = FALSE;
  if (stream->state != STATE_CLOSED)
    clr_timers_set (stream->worker->timers, &stream->again, stream->worker->now);
}

void
clr_stream_start_tls (ClrStream *stream, ClrTlsContext *context, const char *name)
{
  if (stream->state != STATE_OPEN)
    return;
  /* What was written in clear must be out before the first TLS byte. */
  send_buffer (stream, &stream->output);
  if (stream->state != STATE_OPEN)
    return;
  clr_buffer_clear (&stream->unread);
  stream->tls = clr_tls_new (context, name);
  stream->state = STATE_HANDSHAKE;
  if (clr_buffer_size (&stream->output) > 0)
    {
      ClrBuffer *wire = clr_tls_get_wire (stream->tls);

      if (stream->tee)
        stream->tee (TRUE, clr_buffer_peek (&stream->output), clr_buffer_size (&stream->output),
                     stream->tee_data);
      clr_buffer_append (wire, clr_buffer_peek (&stream->output), clr_buffer_size (&stream->output));
      clr_buffer_clear (&stream->output);
    }
  /* The handshake begins from the loop: it may end at once, and an owner does not want to be told inside its
   * call. */
  stream->readable = TRUE;
  clr_timers_set (stream->worker->timers, &stream->again, stream->worker->now);
}

gboolean
clr_stream_is_secure (ClrStream *stream)
{
  return stream->tls != NULL && stream->state == STATE_OPEN;
}

ClrTls *
clr_stream_get_tls (ClrStream *stream)
{
  return clr_stream_is_secure (stream) ? stream->tls : NULL;
}

const char *
clr_stream_get_tls_description (ClrStream *stream)
{
  return clr_stream_is_secure (stream) ? clr_tls_get_description (stream->tls) : NULL;
}

char *
clr_stream_dup_tls_binding (ClrStream *stream, gboolean exporter)
{
  return clr_stream_is_secure (stream) ? clr_tls_dup_binding (stream->tls, exporter) : NULL;
}

void
clr_stream_finish (ClrStream *stream)
{
  if (stream->finishing || stream->state == STATE_CLOSED)
    return;
  if (stream->tls && stream->state == STATE_OPEN)
    {
      encrypt (stream);
      clr_buffer_clear (&stream->output);
      clr_tls_say_bye (stream->tls);
    }
  stream->finishing = TRUE;
  clr_timers_set (stream->worker->timers, &stream->again,
                  stream->worker->now + FINISH_LINGER_S * G_USEC_PER_SEC);
  clr_stream_flush (stream);
}

void
clr_stream_set_tee (ClrStream *stream, ClrStreamTee tee, void *data)
{
  stream->tee = tee;
  stream->tee_data = data;
}

void
clr_stream_get_traffic (const ClrStream *stream, uint64_t *in, uint64_t *out)
{
  *in = stream->n_in;
  *out = stream->n_out;
}

gboolean
clr_stream_get_local (ClrStream *stream, ClrEndpoint *endpoint)
{
  socklen_t size = sizeof *endpoint;

  return stream->watch.fd >= 0 && getsockname (stream->watch.fd, &endpoint->any, &size) == 0;
}

const ClrEndpoint *
clr_stream_get_peer (ClrStream *stream)
{
  return &stream->peer;
}

ClrWorker *
clr_stream_get_worker (ClrStream *stream)
{
  return stream->worker;
}

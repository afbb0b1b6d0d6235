/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrStream: one TCP connection of a worker, plain or TLS, with few events. Writing only fills the output
 * buffer; it goes to the kernel at the end of the event that is being handled, so that pipelined replies
 * leave together. Freed by its owner, never by itself; freeing from inside an event is allowed.
 */
#pragma once

#include "base/clr-buffer.h"
#include "net/clr-endpoint.h"
#include "net/clr-tls.h"
#include "net/clr-worker.h"

/* An owner with much to send writes up to the high water mark and then asks for room. */
#define CLR_STREAM_HIGH_WATER (256u * 1024)
#define CLR_STREAM_LOW_WATER  (64u * 1024)

typedef struct ClrStream ClrStream;

typedef struct
{
  /* An outgoing connection stands. */
  void (*on_connected) (ClrStream *stream, void *data);
  /* Bytes came in. The owner eats them all, unless it pauses the stream: then it returns how many it ate. */
  size_t (*on_bytes) (ClrStream *stream, const uint8_t *bytes, size_t size, void *data);
  /* The room asked for with clr_stream_want_room() is there. */
  void (*on_room) (ClrStream *stream, void *data);
  /* The TLS handshake has ended well. */
  void (*on_secure) (ClrStream *stream, void *data);
  /* The connection is over; told once. @why is in words; @orderly: the peer closed without an error. */
  void (*on_closed) (ClrStream *stream, gboolean orderly, const char *why, void *data);
} ClrStreamEvents;

/* What passes in clear text, for the session recorder. @out: towards the peer. */
typedef void (*ClrStreamTee) (gboolean out, const uint8_t *bytes, size_t size, void *data);

/* Takes the accepted socket @fd. */
ClrStream *clr_stream_new (ClrWorker *worker, int fd, const ClrEndpoint *peer, const ClrStreamEvents *events,
                           void *data);
/* Starts to connect; the end is on_connected or on_closed. @local: the source address, or NULL. */
ClrStream *clr_stream_new_connect (ClrWorker *worker, const ClrEndpoint *peer, const ClrEndpoint *local,
                                   const ClrStreamEvents *events, void *data);
void clr_stream_free (ClrStream *stream);
/* From here on somebody else is told. Allowed inside an event. */
void clr_stream_set_owner (ClrStream *stream, const ClrStreamEvents *events, void *data);

/* The buffer that clr_stream_flush() sends; protocol machines write straight into it. */
ClrBuffer *clr_stream_get_output (ClrStream *stream);
/* Sends what can be sent now. Called by the stream itself after each of its events; to be called after
 * writing outside. */
void clr_stream_flush (ClrStream *stream);
/* One on_room as soon as less than the low water mark is waiting, which may be at the end of this event. */
void clr_stream_want_room (ClrStream *stream);
/* Bytes not yet taken by the kernel. */
size_t clr_stream_get_pending (ClrStream *stream);

/* No on_bytes until resumed; the kernel's buffer fills and the peer waits. */
void clr_stream_pause (ClrStream *stream);
void clr_stream_resume (ClrStream *stream);

/* Begins TLS with the next byte; what had been read in clear beyond this point is dropped (RFC 3207
 * section 4.2). */
void clr_stream_start_tls (ClrStream *stream, ClrTlsContext *context, const char *name);
gboolean clr_stream_is_secure (ClrStream *stream);
/* "TLS1.3 AES-256-GCM", or NULL in clear. */
const char *clr_stream_get_tls_description (ClrStream *stream);
/* See clr_tls_dup_binding(); NULL in clear. */
char *clr_stream_dup_tls_binding (ClrStream *stream, gboolean exporter);

/* The engine, or NULL in clear. */
ClrTls *clr_stream_get_tls (ClrStream *stream);

/* Ends the connection once the output has been sent; on_closed tells when. */
void clr_stream_finish (ClrStream *stream);

/* From here on; NULL ends it. Not inside the tee. */
void clr_stream_set_tee (ClrStream *stream, ClrStreamTee tee, void *data);
/* Octets on the wire so far, TLS and all. */
void clr_stream_get_traffic (const ClrStream *stream, uint64_t *in, uint64_t *out);
const ClrEndpoint *clr_stream_get_peer (ClrStream *stream);
/* Our end of it. Returns: FALSE when there is none any more. */
gboolean clr_stream_get_local (ClrStream *stream, ClrEndpoint *endpoint);
ClrWorker *clr_stream_get_worker (ClrStream *stream);

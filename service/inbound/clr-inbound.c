/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inbound/clr-inbound.h"

#include "base/clr-clock.h"
#include "base/clr-counter.h"
#include "base/clr-log.h"
#include "inbound/clr-session.h"
#include "net/clr-socket.h"

#include <string.h>

struct ClrInbound
{
  ClrIntakePlace place;
  ClrLogins *logins;
  ClrSightings *sightings;
  GPtrArray *sessions;
  GPtrArray *ended; /* freed from the loop, not under their feet */
  ClrTimer reap;
  gboolean stopping;
};

typedef struct
{
  ClrLetter letter;
  ClrInbound *inbound;
  gboolean now;
} StopLetter;

ClrReception *
clr_reception_new (const char *name, const ClrEntrance *entrance, ClrTlsContext *context, ClrPolicy *policy)
{
  ClrReception *reception = g_new0 (ClrReception, 1);

  reception->references = 1;
  reception->name = g_strdup (name);
  reception->entrance = *entrance;
  reception->context = context ? clr_tls_context_ref (context) : NULL;
  reception->policy = clr_policy_ref (policy);
  return reception;
}

ClrReception *
clr_reception_ref (ClrReception *reception)
{
  g_atomic_int_inc (&reception->references);
  return reception;
}

void
clr_reception_unref (ClrReception *reception)
{
  if (!g_atomic_int_dec_and_test (&reception->references))
    return;
  if (reception->context)
    clr_tls_context_unref (reception->context);
  if (reception->old_context)
    clr_tls_context_unref (reception->old_context);
  clr_policy_unref (reception->policy);
  g_free (reception->name);
  g_free (reception);
}

static void
on_reap (ClrTimer *timer, void *data)
{
  g_ptr_array_set_size (((ClrInbound *)data)->ended, 0);
}

static void
on_session_ended (ClrSession *session, void *data)
{
  ClrInbound *inbound = data;

  g_ptr_array_remove_fast (inbound->sessions, session);
  g_ptr_array_add (inbound->ended, session);
  clr_timers_set (inbound->place.worker->timers, &inbound->reap, inbound->place.worker->now);
}

#define TOO_MANY "421 4.7.0 too many connections, please try again later\r\n"
#define BANNED   "421 4.7.0 too many wrong passwords from your address, try again later\r\n"

/* Beyond a limit: one line, and no session. A client of implicit TLS would not understand it, and just sees
 * the end. */
static void
refuse (ClrInbound *inbound, int fd, const ClrEndpoint *peer, ClrReception *reception, const char *line,
        const char *why)
{
  char text[CLR_ENDPOINT_TEXT];
  uint8_t octets[16];

  if (reception->entrance.tls != CLR_LISTENER_TLS_IMPLICIT)
    {
      ssize_t sent = clr_socket_send (fd, line, strlen (line));
      (void)sent; /* it may be gone already */
    }
  clr_socket_close (fd);
  clr_counter_add (CLR_COUNTER_CONNECTIONS_REFUSED_TOTAL, 1);
  clr_endpoint_address_to_text (peer, text);
  clr_endpoint_get_bytes (peer, octets);
  if (!reception->entrance.is_inbound)
    clr_sightings_note (inbound->sightings,
                        &(ClrSightingNote){ .octets = octets, .address = text, .why = why },
                        clr_clock_wall ());
  clr_log_event (CLR_EVENT_CLIENT_REFUSED, text, reception->name, why);
}

void
clr_inbound_accept (ClrInbound *inbound, int fd, const ClrEndpoint *peer, ClrReception *reception)
{
  const ClrLimits *limits = clr_policy_get_limits (reception->policy);
  uint8_t address[16];
  unsigned slot;

  clr_endpoint_get_bytes (peer, address);
  slot = clr_client_slot (address);
  if (inbound->stopping)
    {
      clr_socket_close (fd);
      return;
    }
  if (clr_counter_get (CLR_COUNTER_CONNECTIONS_IN) >= limits->max_connections)
    {
      refuse (inbound, fd, peer, reception, TOO_MANY, "max-connections reached");
      return;
    }
  if (!reception->entrance.is_inbound && clr_logins_is_banned (inbound->logins, address)
      && !clr_policy_find_device (reception->policy, address, NULL))
    {
      refuse (inbound, fd, peer, reception, BANNED, "banned for failed logins");
      return;
    }
  if (!clr_client_enter (slot, limits->max_connections_per_client))
    {
      refuse (inbound, fd, peer, reception, TOO_MANY, "max-connections-per-client reached");
      return;
    }
  g_ptr_array_add (inbound->sessions, clr_session_new (&inbound->place, inbound->logins, inbound->sightings,
                                                       fd, peer, slot, reception, on_session_ended, inbound));
}

static void
open_stop (ClrLetter *letter, void *owner)
{
  StopLetter *stop = (StopLetter *)letter;
  ClrInbound *inbound = stop->inbound;

  inbound->stopping = TRUE;
  for (unsigned i = inbound->sessions->len; i-- > 0;)
    if (i < inbound->sessions->len)
      clr_session_stop (g_ptr_array_index (inbound->sessions, i), stop->now);
  g_free (stop);
}

void
clr_inbound_post_stop (ClrInbound *inbound, gboolean now)
{
  StopLetter *stop = g_new0 (StopLetter, 1);

  stop->letter.open = open_stop;
  stop->inbound = inbound;
  stop->now = now;
  clr_worker_post (inbound->place.worker, &stop->letter);
}

ClrInbound *
clr_inbound_new (ClrWorker *worker, ClrLogins *logins, ClrInventory *inventory)
{
  ClrInbound *inbound = g_new0 (ClrInbound, 1);

  inbound->place = (ClrIntakePlace){ .worker = worker };
  inbound->logins = logins;
  inbound->sightings = clr_sightings_new (worker->timers, inventory);
  inbound->sessions = g_ptr_array_new ();
  inbound->ended = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_session_free);
  clr_timer_init (&inbound->reap, on_reap, inbound);
  worker->inbound = inbound;
  return inbound;
}

void
clr_inbound_set_queue (ClrInbound *inbound, ClrQueue *queue, ClrDisk *disk)
{
  inbound->place.queue = queue;
  inbound->place.disk = disk;
}

void
clr_inbound_free (ClrInbound *inbound)
{
  clr_timers_clear (inbound->place.worker->timers, &inbound->reap);
  g_ptr_array_set_free_func (inbound->sessions, (GDestroyNotify)clr_session_free);
  g_ptr_array_unref (inbound->sessions);
  g_ptr_array_unref (inbound->ended);
  clr_sightings_free (inbound->sightings);
  g_free (inbound);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-listeners.h"

#include "base/clr-error.h"
#include "base/clr-log.h"
#include "policy/clr-device.h"

#include <string.h>

#define BACKLOG 1024

/* What the factory of a bound address holds. The reception is replaced by reloads while workers accept: the
 * pointer is read and written under a lock of its own, once a connection. */
typedef struct
{
  GMutex lock;
  ClrReception *reception;
} Door;

typedef struct
{
  char *name;
  ClrListener *listener;
  Door *door;
  ClrReception *next; /* of a new set, until it takes over */
  gboolean taken;     /* the socket belongs to the former set, too */
} Bound;

struct ClrListeners
{
  ClrCertificates *certificates;
  GArray *bound;     /* of Bound */
  GArray *endpoints; /* of ClrEndpoint */
};

/* A worker. */
static void
on_connection (ClrWorker *worker, int fd, const ClrEndpoint *peer, void *data)
{
  Door *door = data;
  ClrReception *reception;

  g_mutex_lock (&door->lock);
  reception = clr_reception_ref (door->reception);
  g_mutex_unlock (&door->lock);
  clr_inbound_accept (worker->inbound, fd, peer, reception);
  clr_reception_unref (reception);
}

static void
door_free (void *data)
{
  Door *door = data;

  clr_reception_unref (door->reception);
  g_mutex_clear (&door->lock);
  g_free (door);
}

static void
clear_bound (void *data)
{
  Bound *bound = data;

  g_free (bound->name);
  if (bound->next)
    clr_reception_unref (bound->next);
}

static gboolean
has_old_devices (ClrPolicy *policy)
{
  const GArray *devices = clr_policy_get_devices (policy);

  for (unsigned i = 0; i < devices->len; i++)
    if (g_array_index (devices, ClrDevice, i).quirks & CLR_QUIRK_LEGACY_TLS)
      return TRUE;
  return FALSE;
}

/* TLS of its own time, and for devices that were set so, TLS of theirs. */
static gboolean
make_contexts (ClrListeners *listeners, ClrReception *reception, ClrSection *section, GError **error)
{
  reception->context
      = clr_certificates_make_context (listeners->certificates, section, CLR_TLS_MODERN, error);
  if (reception->context && !reception->entrance.is_inbound && has_old_devices (reception->policy))
    {
      reception->old_context
          = clr_certificates_make_context (listeners->certificates, section, CLR_TLS_OLD, error);
      return reception->old_context != NULL;
    }
  return reception->context != NULL;
}

static Bound *
find_bound (ClrListeners *listeners, const ClrEndpoint *endpoint)
{
  for (unsigned i = 0; listeners && i < listeners->bound->len; i++)
    {
      Bound *bound = &g_array_index (listeners->bound, Bound, i);

      if (clr_endpoint_equal (clr_listener_get_endpoint (bound->listener), endpoint, FALSE))
        return bound;
    }
  return NULL;
}

static gboolean
bind_one (ClrListeners *listeners, ClrListeners *former, const char *text, ClrReception *reception,
          GError **error)
{
  Bound bound = { .name = g_strdup (reception->name) }, *old;
  ClrEndpoint endpoint;

  clr_endpoint_parse (&endpoint, text, 25);
  old = find_bound (former, &endpoint);
  if (old)
    {
      bound.listener = old->listener;
      bound.door = old->door;
      bound.next = clr_reception_ref (reception);
      bound.taken = TRUE;
    }
  else
    {
      bound.door = g_new0 (Door, 1);
      g_mutex_init (&bound.door->lock);
      bound.door->reception = clr_reception_ref (reception);
      bound.listener = clr_listener_new (&endpoint, BACKLOG, on_connection, bound.door, error);
      if (bound.listener == NULL)
        {
          g_prefix_error (error, "[listener %s] %s: ", reception->name, text);
          door_free (bound.door);
          g_free (bound.name);
          return FALSE;
        }
    }
  g_array_append_val (listeners->bound, bound);
  g_array_append_val (listeners->endpoints, *clr_listener_get_endpoint (bound.listener));
  return TRUE;
}

static gboolean
read_listener (ClrListeners *listeners, ClrListeners *former, ClrSection *section, ClrPolicy *policy,
               GError **error)
{
  ClrEntrance entrance;
  ClrReception *reception;
  gboolean ok = TRUE;

  clr_entrance_read (&entrance, section);
  reception = clr_reception_new (clr_section_get_name (section), &entrance, NULL, policy);
  if (entrance.tls != CLR_LISTENER_TLS_NONE && !make_contexts (listeners, reception, section, error))
    {
      g_prefix_error (error, "[listener %s]: ", clr_section_get_name (section));
      ok = FALSE;
    }
  for (const char *const *text = clr_section_get_list (section, "address"); ok && *text; text++)
    ok = bind_one (listeners, former, *text, reception, error);
  clr_reception_unref (reception);
  return ok;
}

ClrListeners *
clr_listeners_new (ClrSettings *settings, ClrPolicy *policy, const char *state_directory,
                   ClrListeners *former, GError **error)
{
  ClrListeners *listeners = g_new0 (ClrListeners, 1);
  GPtrArray *sections = clr_settings_get_sections (settings, "listener");

  listeners->certificates
      = clr_certificates_new (settings, clr_policy_get_hostname (policy), state_directory);
  listeners->bound = g_array_new (FALSE, TRUE, sizeof (Bound));
  g_array_set_clear_func (listeners->bound, clear_bound);
  listeners->endpoints = g_array_new (FALSE, FALSE, sizeof (ClrEndpoint));
  for (unsigned i = 0; i < sections->len; i++)
    if (!read_listener (listeners, former, g_ptr_array_index (sections, i), policy, error))
      {
        clr_listeners_cancel (listeners, former);
        return NULL;
      }
  return listeners;
}

void
clr_listeners_start (ClrListeners *listeners, ClrWorker **workers, unsigned n_workers)
{
  for (unsigned i = 0; i < listeners->bound->len; i++)
    clr_listener_start (g_array_index (listeners->bound, Bound, i).listener, workers, n_workers);
}

static void
listeners_free (ClrListeners *listeners)
{
  g_array_unref (listeners->bound);
  g_array_unref (listeners->endpoints);
  clr_certificates_free (listeners->certificates);
  g_free (listeners);
}

void
clr_listeners_replace (ClrListeners *former, ClrListeners *listeners, ClrWorker **workers, unsigned n_workers)
{
  for (unsigned i = 0; i < listeners->bound->len; i++)
    {
      Bound *bound = &g_array_index (listeners->bound, Bound, i);

      if (bound->taken)
        {
          ClrReception *old;

          g_mutex_lock (&bound->door->lock);
          old = bound->door->reception;
          bound->door->reception = g_steal_pointer (&bound->next);
          g_mutex_unlock (&bound->door->lock);
          clr_reception_unref (old);
          bound->taken = FALSE;
        }
      else
        clr_listener_start (bound->listener, workers, n_workers);
    }
  for (unsigned i = 0; i < former->bound->len; i++)
    {
      Bound *bound = &g_array_index (former->bound, Bound, i);

      if (!find_bound (listeners, clr_listener_get_endpoint (bound->listener)))
        clr_listener_stop (bound->listener, door_free);
    }
  listeners_free (former);
}

void
clr_listeners_cancel (ClrListeners *listeners, ClrListeners *former)
{
  for (unsigned i = 0; i < listeners->bound->len; i++)
    {
      Bound *bound = &g_array_index (listeners->bound, Bound, i);

      if (!bound->taken)
        clr_listener_stop (bound->listener, door_free);
    }
  listeners_free (listeners);
}

void
clr_listeners_stop (ClrListeners *listeners)
{
  clr_listeners_cancel (listeners, NULL);
}

const GArray *
clr_listeners_get_endpoints (ClrListeners *listeners)
{
  return listeners->endpoints;
}

ClrCertificates *
clr_listeners_get_certificates (ClrListeners *listeners)
{
  return listeners->certificates;
}

char **
clr_listeners_list (ClrListeners *listeners)
{
  GPtrArray *list = g_ptr_array_new ();

  for (unsigned i = 0; listeners && i < listeners->bound->len; i++)
    {
      Bound *bound = &g_array_index (listeners->bound, Bound, i);
      char text[CLR_ENDPOINT_TEXT];

      clr_endpoint_to_text (clr_listener_get_endpoint (bound->listener), text);
      g_ptr_array_add (list, g_strdup_printf ("%s %s", bound->name, text));
    }
  g_ptr_array_add (list, NULL);
  return (char **)g_ptr_array_free (list, FALSE);
}

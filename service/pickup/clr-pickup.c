/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pickup/clr-pickup.h"

#include "base/clr-clock.h"
#include "base/clr-log.h"
#include "mail/clr-header-block.h"
#include "pickup/clr-pickup-envelope.h"
#include "pickup/clr-pickup-folder.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define FLIGHTS_MOST 32
#define OCTETS_MOST  (32u * 1024 * 1024) /* on their way; one file may be larger */
#define RETRY_US     (30 * G_USEC_PER_SEC)

/* What is in force; the thread's. */
typedef struct
{
  ClrPolicy *policy;
  GPtrArray *folders; /* of ClrPickupFolder */
} Plan;

typedef struct
{
  ClrInjection *injection;
  ClrPickupFolder *folder;
  char *name;
  size_t size;
} Flight;

struct ClrPickup
{
  ClrIntakePlace *places;
  unsigned n_places;
  unsigned next_place;
  ClrMailbox *mailbox;
  GThread *thread;
  Plan *plan;
  Plan *next_plan; /* waits for what is on its way */
  GPtrArray *flights;
  size_t octets;
  atomic_uint busy; /* flights, for other threads */
  gboolean stopped;
  gboolean ended;
};

typedef struct
{
  ClrLetter letter;
  Plan *plan;
} PlanLetter;

static Plan *
plan_new (ClrSettings *settings, ClrPolicy *policy)
{
  GPtrArray *sections = clr_settings_get_sections (settings, "pickup");
  const char *state = clr_section_get_text (clr_settings_get_section (settings, "server"), "state-directory");
  Plan *plan = g_new0 (Plan, 1);

  plan->policy = clr_policy_ref (policy);
  plan->folders = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_pickup_folder_free);
  for (guint i = 0; i < sections->len; i++)
    g_ptr_array_add (plan->folders, clr_pickup_folder_new (g_ptr_array_index (sections, i), state));
  return plan;
}

static void
plan_free (Plan *plan)
{
  clr_policy_unref (plan->policy);
  g_ptr_array_unref (plan->folders);
  g_free (plan);
}

static void
flight_free (Flight *flight)
{
  clr_injection_free (flight->injection);
  g_free (flight->name);
  g_free (flight);
}

static void
put_aside (ClrPickup *pickup, ClrPickupFolder *folder, const char *name, const char *reason)
{
  g_autofree char *problem = NULL;

  clr_log_event (CLR_EVENT_PICKUP_BAD, folder->name, name, reason);
  if (clr_pickup_file_put_aside (folder->place, name, folder->bad, folder->name, reason, &problem))
    clr_pickup_folder_forget (folder, name);
  else
    {
      clr_pickup_folder_note (folder, name, CLR_PICKUP_STUCK, 0);
      clr_log_event (CLR_EVENT_PICKUP_BAD, folder->name, name, problem);
    }
}

static void
on_answer (ClrLetter *letter, void *owner)
{
  ClrInjection *injection = (ClrInjection *)letter;
  ClrPickup *pickup = owner;
  Flight *flight = injection->data;
  ClrPickupFolder *folder = flight->folder;

  if (injection->result == CLR_INTAKE_STORED)
    {
      if (clr_folder_unlink (folder->place, flight->name) || errno == ENOENT)
        {
          clr_pickup_folder_forget (folder, flight->name);
          folder->dirty = TRUE;
        }
      else
        {
          clr_log_event (CLR_EVENT_PICKUP_BAD, folder->name, flight->name, g_strerror (errno));
          clr_pickup_folder_note (folder, flight->name, CLR_PICKUP_STUCK, 0);
        }
    }
  else if (injection->result == CLR_INTAKE_REFUSED)
    put_aside (pickup, folder, flight->name, injection->reply);
  else
    clr_pickup_folder_note (folder, flight->name, CLR_PICKUP_RESTING, clr_clock_monotonic () + RETRY_US);
  folder->next_us = 0; /* there may be more that had to wait */
  pickup->octets -= flight->size;
  g_ptr_array_remove_fast (pickup->flights, flight);
  flight_free (flight);
  atomic_fetch_sub (&pickup->busy, 1);
}

/* Returns: NULL, or why the content is no message. (transfer full) */
static char *
read_envelope (ClrPickup *pickup, ClrPickupFile *file, ClrPickupEnvelope *envelope)
{
  const ClrPolicy *policy = pickup->plan->policy;
  const ClrLimits *limits = clr_policy_get_limits (policy);
  char *content = (char *)file->content->data;
  size_t size = file->content->len;
  size_t end = clr_header_block_find_end (content, MIN (size, limits->max_header_size));

  if (end == 0 && size > limits->max_header_size)
    {
      *envelope = (ClrPickupEnvelope){ 0 };
      return g_strdup ("its header section is larger than this relay accepts (max-header-size)");
    }
  return clr_pickup_envelope_read (envelope, content, end ? end : size, clr_policy_get_hostname (policy),
                                   clr_policy_get_postmaster (policy), limits->max_recipients);
}

/* @into: gets the parts of the envelope. */
static void
fill_recipients (ClrInjection *into, GArray *recipients)
{
  into->recipients = g_new0 (char *, recipients->len + 1);
  into->orcpt = g_new0 (char *, recipients->len + 1);
  into->notify = g_new0 (unsigned, recipients->len);
  for (guint i = 0; i < recipients->len; i++)
    {
      ClrPickupRecipient *recipient = &g_array_index (recipients, ClrPickupRecipient, i);

      into->recipients[i] = g_steal_pointer (&recipient->address);
      into->orcpt[i] = g_steal_pointer (&recipient->orcpt);
      into->notify[i] = recipient->notify;
    }
}

static void
launch (ClrPickup *pickup, ClrPickupFolder *folder, const char *name, ClrPickupFile *file,
        ClrPickupEnvelope *envelope)
{
  g_autoptr (GBytes) whole = g_byte_array_free_to_bytes (g_steal_pointer (&file->content));
  ClrInjection *injection = g_new0 (ClrInjection, 1);
  Flight *flight = g_new0 (Flight, 1);

  injection->origin = g_strdup ("pickup");
  injection->client
      = file->owner ? g_strdup_printf ("%s (%s)", folder->name, file->owner) : g_strdup (folder->name);
  injection->device = g_strdup (folder->name);
  injection->keep_header = !folder->repair_headers;
  injection->sender = g_steal_pointer (&envelope->sender);
  injection->ret = envelope->ret;
  injection->envid = g_steal_pointer (&envelope->envid);
  fill_recipients (injection, envelope->recipients);
  injection->content
      = g_bytes_new_from_bytes (whole, envelope->offset, g_bytes_get_size (whole) - envelope->offset);
  injection->lone = file->normalized;
  injection->reply_to = pickup->mailbox;
  injection->open = on_answer;
  injection->data = flight;

  flight->injection = injection;
  flight->folder = folder;
  flight->name = g_strdup (name);
  flight->size = g_bytes_get_size (whole);
  g_ptr_array_add (pickup->flights, flight);
  pickup->octets += flight->size;
  atomic_fetch_add (&pickup->busy, 1);
  clr_pickup_folder_note (folder, name, CLR_PICKUP_ON_WAY, 0);
  clr_injection_post (injection, &pickup->places[pickup->next_place++ % pickup->n_places],
                      pickup->plan->policy);
}

static gboolean
take (ClrPickupFolder *folder, const char *name, void *data)
{
  ClrPickup *pickup = data;
  ClrPickupEnvelope envelope = { 0 };
  ClrPickupFile file;

  if (pickup->flights->len >= FLIGHTS_MOST || pickup->octets >= OCTETS_MOST)
    return FALSE;
  switch (clr_pickup_file_read (folder->place, name,
                                clr_policy_get_limits (pickup->plan->policy)->max_message_size, &file))
    {
    case CLR_PICKUP_FILE_READ:
      {
        g_autofree char *problem = read_envelope (pickup, &file, &envelope);

        if (problem)
          put_aside (pickup, folder, name, problem);
        else
          launch (pickup, folder, name, &file, &envelope);
        break;
      }
    case CLR_PICKUP_FILE_BAD:
      put_aside (pickup, folder, name, file.problem);
      break;
    case CLR_PICKUP_FILE_LATER:
      clr_pickup_folder_note (folder, name, CLR_PICKUP_RESTING, clr_clock_monotonic () + RETRY_US);
      break;
    case CLR_PICKUP_FILE_GONE:
      break;
    }
  clr_pickup_envelope_clear (&envelope);
  if (file.content)
    g_byte_array_unref (file.content);
  g_free (file.owner);
  g_free (file.problem);
  return TRUE;
}

static gboolean
is_open_to_users (const Plan *plan, const char *directory)
{
  for (guint i = 0; i < plan->folders->len; i++)
    {
      const ClrPickupFolder *folder = g_ptr_array_index (plan->folders, i);

      if (folder->local_users && g_str_equal (folder->directory, directory))
        return TRUE;
    }
  return FALSE;
}

/* Users' messages would lie for ever in a folder that nobody looks into. */
static void
adopt (ClrPickup *pickup, Plan *plan)
{
  for (guint i = 0; pickup->plan && i < pickup->plan->folders->len; i++)
    {
      const ClrPickupFolder *folder = g_ptr_array_index (pickup->plan->folders, i);

      if (folder->local_users && !is_open_to_users (plan, folder->directory))
        clr_pickup_folder_close_to_users (folder->directory);
    }
  if (!is_open_to_users (plan, CLR_PICKUP_DROP))
    clr_pickup_folder_close_to_users (CLR_PICKUP_DROP);
  g_clear_pointer (&pickup->plan, plan_free);
  pickup->plan = plan;
}

static void
open_plan (ClrLetter *letter, void *owner)
{
  ClrPickup *pickup = owner;

  g_clear_pointer (&pickup->next_plan, plan_free);
  pickup->next_plan = ((PlanLetter *)letter)->plan;
  g_free (letter);
}

static void
open_stop (ClrLetter *letter, void *owner)
{
  ((ClrPickup *)owner)->stopped = TRUE;
  g_free (letter);
}

static void
open_end (ClrLetter *letter, void *owner)
{
  ((ClrPickup *)owner)->ended = TRUE;
  g_free (letter);
}

/* Returns: when there is something to do, monotonic microseconds; -1: when a letter comes. */
static int64_t
look (ClrPickup *pickup)
{
  int64_t now = clr_clock_monotonic (), next = INT64_MAX;

  if (pickup->next_plan && pickup->flights->len == 0)
    adopt (pickup, g_steal_pointer (&pickup->next_plan));
  if (pickup->stopped || pickup->next_plan)
    return -1;
  for (guint i = 0; i < pickup->plan->folders->len; i++)
    {
      ClrPickupFolder *folder = g_ptr_array_index (pickup->plan->folders, i);

      if (now >= folder->next_us)
        folder->next_us = clr_pickup_folder_look (folder, now, take, pickup);
      next = MIN (next, folder->next_us);
    }
  return next == INT64_MAX ? -1 : next;
}

static void *
run (void *data)
{
  ClrPickup *pickup = data;

  while (!pickup->ended)
    {
      int64_t next = look (pickup);

      clr_log_flush ();
      if (clr_mailbox_may_sleep (pickup->mailbox))
        clr_mailbox_wait (pickup->mailbox, next < 0 ? -1 : MAX (next - clr_clock_monotonic (), 0));
      clr_mailbox_open_all (pickup->mailbox);
    }
  return NULL;
}

ClrPickup *
clr_pickup_new (const ClrIntakePlace *places, unsigned n_places, ClrSettings *settings, ClrPolicy *policy)
{
  ClrPickup *pickup = g_new0 (ClrPickup, 1);

  pickup->places = g_memdup2 (places, n_places * sizeof *places);
  pickup->n_places = n_places;
  pickup->mailbox = clr_mailbox_new (pickup);
  pickup->flights = g_ptr_array_new ();
  pickup->next_plan = plan_new (settings, policy);
  pickup->thread = g_thread_new ("pickup", run, pickup);
  return pickup;
}

void
clr_pickup_post_settings (ClrPickup *pickup, ClrSettings *settings, ClrPolicy *policy)
{
  PlanLetter *letter = g_new0 (PlanLetter, 1);

  letter->letter.open = open_plan;
  letter->plan = plan_new (settings, policy);
  clr_mailbox_post (pickup->mailbox, &letter->letter);
}

static void
post (ClrPickup *pickup, void (*open) (ClrLetter *letter, void *owner))
{
  ClrLetter *letter = g_new0 (ClrLetter, 1);

  letter->open = open;
  clr_mailbox_post (pickup->mailbox, letter);
}

void
clr_pickup_post_stop (ClrPickup *pickup)
{
  post (pickup, open_stop);
}

gboolean
clr_pickup_is_busy (ClrPickup *pickup)
{
  return atomic_load (&pickup->busy) > 0;
}

void
clr_pickup_join (ClrPickup *pickup)
{
  post (pickup, open_end);
  g_thread_join (pickup->thread);
}

void
clr_pickup_abandon (ClrPickup *pickup)
{
  clr_mailbox_open_all (pickup->mailbox);
  /* A small message is with the queue, which still answers. One that goes to the disk may come to the queue
   * only when that is no more. */
  for (guint i = 0; i < pickup->flights->len; i++)
    {
      Flight *flight = g_ptr_array_index (pickup->flights, i);

      if (flight->size >= clr_policy_get_limits (flight->injection->policy)->spool_size)
        clr_injection_abandon (flight->injection);
    }
}

void
clr_pickup_free (ClrPickup *pickup)
{
  clr_mailbox_open_all (pickup->mailbox);
  while (pickup->flights->len > 0)
    flight_free (g_ptr_array_steal_index_fast (pickup->flights, 0));
  g_ptr_array_unref (pickup->flights);
  g_clear_pointer (&pickup->next_plan, plan_free);
  g_clear_pointer (&pickup->plan, plan_free);
  clr_mailbox_free (pickup->mailbox);
  g_free (pickup->places);
  g_free (pickup);
}

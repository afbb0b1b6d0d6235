/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devices/clr-sightings.h"

#include "base/clr-clock.h"

#define GATHER_US G_USEC_PER_SEC
#define MOST      2048u /* addresses a second and worker; more is an attack */

struct ClrSightings
{
  ClrTimers *timers;
  ClrInventory *inventory;
  GHashTable *table; /* octets -> ClrSighting */
  ClrTimer timer;
};

static GHashTable *
make_table (void)
{
  return g_hash_table_new_full (clr_sighting_hash, clr_sighting_equal, NULL,
                                (GDestroyNotify)clr_sighting_free);
}

static void
tell (ClrSightings *sightings)
{
  if (clr_inventory_post (sightings->inventory, sightings->table))
    sightings->table = make_table ();
}

static void
on_time (ClrTimer *timer, void *data)
{
  ClrSightings *sightings = data;

  tell (sightings);
  if (g_hash_table_size (sightings->table) > 0) /* not taken: again later */
    clr_timers_set (sightings->timers, timer, clr_clock_monotonic () + GATHER_US);
}

ClrSightings *
clr_sightings_new (ClrTimers *timers, ClrInventory *inventory)
{
  ClrSightings *sightings = g_new0 (ClrSightings, 1);

  sightings->timers = timers;
  sightings->inventory = inventory;
  sightings->table = make_table ();
  clr_timer_init (&sightings->timer, on_time, sightings);
  return sightings;
}

void
clr_sightings_free (ClrSightings *sightings)
{
  clr_timers_clear (sightings->timers, &sightings->timer);
  tell (sightings);
  g_hash_table_unref (sightings->table);
  g_free (sightings);
}

void
clr_sightings_note (ClrSightings *sightings, const ClrSightingNote *note, int64_t now_us)
{
  ClrSighting *sighting = g_hash_table_lookup (sightings->table, note->octets);

  if (sighting == NULL)
    {
      unsigned size = g_hash_table_size (sightings->table);

      if (size >= MOST)
        return;
      if (size == 0)
        clr_timers_set (sightings->timers, &sightings->timer, clr_clock_monotonic () + GATHER_US);
      sighting = clr_sighting_new (note->octets, note->address);
      g_hash_table_insert (sightings->table, sighting->octets, sighting);
    }
  clr_sighting_note (sighting, note, now_us);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devices/clr-inventory.h"

#include "base/clr-mailbox.h"

#include <stdatomic.h>

#define STORE_S     5  /* between two writes of what has changed */
#define MOST_POSTED 64 /* tables not yet opened, of all workers */

typedef struct
{
  GList link; /* in the order of the last sighting; its data is the entry */
  ClrSighting *sighting;
  gboolean changed;
} Entry;

struct ClrInventory
{
  ClrState *state;
  ClrMailbox *mailbox;
  guint mail_source, store_source;
  atomic_uint posted;
  unsigned most;
  GHashTable *entries; /* octets -> Entry */
  GQueue order;        /* the newest first: all that has changed stands before all that has not */
};

typedef struct
{
  ClrLetter letter;
  GHashTable *table;
} Batch;

static void
entry_free (void *data)
{
  Entry *entry = data;

  clr_sighting_free (entry->sighting);
  g_free (entry);
}

static void
forget (ClrInventory *inventory, Entry *entry)
{
  if (inventory->state)
    clr_state_drop_post (inventory->state, CLR_STATE_INVENTORY, entry->sighting->address);
  g_queue_unlink (&inventory->order, &entry->link);
  g_hash_table_remove (inventory->entries, entry->sighting->octets);
}

static void
trim (ClrInventory *inventory)
{
  while (inventory->order.length > inventory->most)
    forget (inventory, inventory->order.tail->data);
}

/* Puts it in front. @sighting: (transfer full) */
static Entry *
add (ClrInventory *inventory, ClrSighting *sighting)
{
  Entry *entry = g_hash_table_lookup (inventory->entries, sighting->octets);

  if (entry)
    {
      clr_sighting_merge (entry->sighting, sighting);
      clr_sighting_free (sighting);
      g_queue_unlink (&inventory->order, &entry->link);
    }
  else
    {
      entry = g_new0 (Entry, 1);
      entry->link.data = entry;
      entry->sighting = sighting;
      g_hash_table_insert (inventory->entries, sighting->octets, entry);
    }
  g_queue_push_head_link (&inventory->order, &entry->link);
  return entry;
}

static gboolean
on_store (void *data)
{
  ClrInventory *inventory = data;

  inventory->store_source = 0;
  clr_inventory_store (inventory);
  return G_SOURCE_REMOVE;
}

void
clr_inventory_take (ClrInventory *inventory, ClrSighting *sighting)
{
  if (inventory->most == 0)
    {
      clr_sighting_free (sighting);
      return;
    }
  add (inventory, sighting)->changed = TRUE;
  trim (inventory);
  if (inventory->store_source == 0)
    inventory->store_source = g_timeout_add_seconds (STORE_S, on_store, inventory);
}

void
clr_inventory_store (ClrInventory *inventory)
{
  for (GList *link = inventory->order.head; link; link = link->next)
    {
      Entry *entry = link->data;

      if (!entry->changed)
        break;
      entry->changed = FALSE;
      if (inventory->state)
        {
          g_autofree char *text = clr_sighting_to_text (entry->sighting);

          clr_state_put_post (inventory->state, CLR_STATE_INVENTORY, entry->sighting->address, text, 0);
        }
    }
}

static gboolean
take_one (void *octets, void *sighting, void *data)
{
  clr_inventory_take (data, sighting);
  return TRUE;
}

static void
open_batch (ClrLetter *letter, void *owner)
{
  ClrInventory *inventory = owner;
  Batch *batch = (Batch *)letter;

  atomic_fetch_sub_explicit (&inventory->posted, 1, memory_order_relaxed);
  g_hash_table_foreach_steal (batch->table, take_one, inventory);
  g_hash_table_unref (batch->table);
  g_free (batch);
}

gboolean
clr_inventory_post (ClrInventory *inventory, GHashTable *table)
{
  Batch *batch;

  if (g_hash_table_size (table) == 0)
    return FALSE;
  if (atomic_fetch_add_explicit (&inventory->posted, 1, memory_order_relaxed) >= MOST_POSTED)
    {
      atomic_fetch_sub_explicit (&inventory->posted, 1, memory_order_relaxed);
      return FALSE;
    }
  batch = g_new0 (Batch, 1);
  batch->letter.open = open_batch;
  batch->table = table;
  clr_mailbox_post (inventory->mailbox, &batch->letter);
  return TRUE;
}

static void
on_stored (const char *key, const char *value, int64_t expires_us, void *data)
{
  ClrSighting *sighting = clr_sighting_from_text (key, value);

  if (sighting)
    add (data, sighting);
}

ClrInventory *
clr_inventory_new (ClrState *state, unsigned most, GError **error)
{
  ClrInventory *inventory = g_new0 (ClrInventory, 1);

  inventory->state = state;
  inventory->most = most;
  inventory->entries = g_hash_table_new_full (clr_sighting_hash, clr_sighting_equal, NULL, entry_free);
  g_queue_init (&inventory->order);
  inventory->mailbox = clr_mailbox_new (inventory);
  inventory->mail_source = clr_mailbox_attach (inventory->mailbox);
  if (state && !clr_state_load (state, CLR_STATE_INVENTORY, on_stored, inventory, error))
    g_clear_pointer (&inventory, clr_inventory_free);
  else
    trim (inventory);
  return inventory;
}

void
clr_inventory_free (ClrInventory *inventory)
{
  g_source_remove (inventory->mail_source);
  clr_mailbox_wake_up (inventory->mailbox);
  clr_mailbox_open_all (inventory->mailbox);
  clr_mailbox_free (inventory->mailbox);
  if (inventory->store_source)
    g_source_remove (inventory->store_source);
  clr_inventory_store (inventory);
  g_hash_table_unref (inventory->entries);
  g_free (inventory);
}

void
clr_inventory_set_most (ClrInventory *inventory, unsigned most)
{
  inventory->most = most;
  trim (inventory);
}

void
clr_inventory_visit (ClrInventory *inventory, gboolean (*visitor) (const ClrSighting *sighting, void *data),
                     void *data)
{
  for (GList *link = inventory->order.head; link; link = link->next)
    if (!visitor (((Entry *)link->data)->sighting, data))
      return;
}

unsigned
clr_inventory_count (ClrInventory *inventory)
{
  return inventory->order.length;
}

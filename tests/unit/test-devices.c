/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is known of those who send: merged, bounded, kept; nothing a stranger says can break it.
 */
#include "base/clr-clock.h"
#include "clr-test.h"
#include "devices/clr-inventory.h"
#include "devices/clr-ledger.h"
#include "devices/clr-sightings.h"

#include <string.h>

typedef struct
{
  char *folder;
  ClrState *state;
} Rig;

static void
set_up (Rig *rig, const void *data)
{
  g_autoptr (GError) error = NULL;

  rig->folder = clr_test_make_folder ();
  rig->state = clr_state_open (rig->folder, &error);
  g_assert_no_error (error);
}

static void
tear_down (Rig *rig, const void *data)
{
  clr_state_free (rig->state);
  clr_test_remove_folder (rig->folder);
}

static ClrInventory *
open_inventory (ClrState *state, unsigned most)
{
  g_autoptr (GError) error = NULL;
  ClrInventory *inventory = clr_inventory_new (state, most, &error);

  g_assert_no_error (error);
  return inventory;
}

/* 192.0.2.@last was seen at @now_us. */
static ClrSighting *
see (unsigned last, int64_t now_us, const char *helo, const char *why)
{
  uint8_t octets[16] = { [10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = (uint8_t)last };
  g_autofree char *address = g_strdup_printf ("192.0.2.%u", last);
  ClrSighting *sighting = clr_sighting_new (octets, address);

  clr_sighting_note (sighting,
                     &(ClrSightingNote){ .octets = octets,
                                         .address = address,
                                         .helo = helo,
                                         .tls = "",
                                         .is_session = TRUE,
                                         .is_message = why == NULL,
                                         .why = why },
                     now_us);
  return sighting;
}

static gboolean
write_one (const ClrSighting *sighting, void *data)
{
  g_autofree char *text = clr_sighting_to_text (sighting);

  g_string_append_printf (data, "%s %s\n", sighting->address, text);
  return TRUE;
}

static char *
list (ClrInventory *inventory)
{
  GString *text = g_string_new (NULL);

  clr_inventory_visit (inventory, write_one, text);
  return g_string_free (text, FALSE);
}

static void
test_merge (void)
{
  ClrInventory *inventory = open_inventory (NULL, 10);

  clr_inventory_take (inventory, see (1, 100, "one", "550 no"));
  clr_inventory_take (inventory, see (2, 150, "two", NULL));
  clr_inventory_take (inventory, see (1, 200, NULL, NULL));
  g_autofree char *text = list (inventory);
  g_assert_cmpstr (text, ==,
                   "192.0.2.1 {\"helo\":\"one\",\"tls\":\"\",\"why\":\"550 no\",\"first\":100,\"last\":200,"
                   "\"success\":200,\"refusal\":100,\"sessions\":2,\"messages\":1,\"refusals\":1}\n"
                   "192.0.2.2 {\"helo\":\"two\",\"tls\":\"\",\"first\":150,\"last\":150,\"success\":150,"
                   "\"refusal\":0,\"sessions\":1,\"messages\":1,\"refusals\":0}\n");
  clr_inventory_free (inventory);
}

/* The one that was not seen for the longest time falls out, there and in the file. */
static void
test_bound (Rig *rig, const void *data)
{
  ClrInventory *inventory = open_inventory (rig->state, 3);

  for (unsigned i = 1; i <= 3; i++)
    clr_inventory_take (inventory, see (i, i, "x", NULL));
  clr_inventory_store (inventory);
  clr_inventory_take (inventory, see (1, 10, "x", NULL));
  clr_inventory_take (inventory, see (4, 11, "x", NULL)); /* 2 goes */
  g_autofree char *before = list (inventory);
  g_assert_nonnull (strstr (before, "192.0.2.1 "));
  g_assert_null (strstr (before, "192.0.2.2 "));
  clr_inventory_free (inventory);
  clr_state_flush (rig->state);

  inventory = open_inventory (rig->state, 3);
  g_assert_cmpuint (clr_inventory_count (inventory), ==, 3);
  g_autofree char *after = list (inventory);
  g_assert_nonnull (strstr (after, "192.0.2.1 {\"helo\":\"x\",\"tls\":\"\",\"first\":1,\"last\":10,"));
  g_assert_null (strstr (after, "192.0.2.2 "));
  clr_inventory_set_most (inventory, 1);
  g_assert_cmpuint (clr_inventory_count (inventory), ==, 1);
  clr_inventory_set_most (inventory, 0);
  clr_inventory_take (inventory, see (9, 20, "x", NULL));
  g_assert_cmpuint (clr_inventory_count (inventory), ==, 0);
  clr_inventory_free (inventory);
}

/* What stands in the file is not believed. */
static void
test_damaged (void)
{
  static const char *const bad[] = { "", "[]", "7", "{", "\"x\"" };

  for (unsigned i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_null (clr_sighting_from_text ("192.0.2.1", bad[i]));
  g_assert_null (clr_sighting_from_text ("nowhere", "{}"));
  ClrSighting *odd
      = clr_sighting_from_text ("2001:db8::1", "{\"helo\":7,\"first\":-5,\"last\":\"x\",\"more\":[]}");
  g_assert_nonnull (odd);
  g_assert_null (odd->helo);
  g_assert_cmpint (odd->first_us, ==, 0);
  clr_sighting_free (odd);
}

static void
test_bounded_texts (void)
{
  g_autofree char *endless = g_strnfill (5000, 'x');
  ClrSighting *sighting = see (1, 1, endless, "\xff\xfe not UTF-8");

  g_assert_cmpuint (strlen (sighting->helo), ==, CLR_SIGHTING_TEXT_MOST);
  g_assert_true (g_utf8_validate (sighting->why, -1, NULL));
  g_autofree char *text = clr_sighting_to_text (sighting);
  ClrSighting *again = clr_sighting_from_text (sighting->address, text);
  g_assert_true (clr_sighting_equal (again->octets, sighting->octets));
  g_assert_cmpstr (again->why, ==, sighting->why);
  clr_sighting_free (again);
  clr_sighting_free (sighting);
}

/* A worker's table: many notes of one address are one row; a flood of addresses stays bounded; the timer
 * sends it away. */
static void
test_worker (void)
{
  ClrInventory *inventory = open_inventory (NULL, 10000);
  ClrTimers *timers = clr_timers_new ();
  ClrSightings *sightings = clr_sightings_new (timers, inventory);
  uint8_t octets[16] = { 0x20, 1, 0xd, 0xb8 };

  for (unsigned i = 0; i < 1000; i++)
    clr_sightings_note (sightings,
                        &(ClrSightingNote){ .octets = octets, .address = "2001:db8::", .is_session = TRUE },
                        i + 1);
  for (unsigned i = 1; i < 5000; i++)
    {
      octets[14] = (uint8_t)(i >> 8);
      octets[15] = (uint8_t)i;
      g_autofree char *address = g_strdup_printf ("2001:db8::%x", i);
      clr_sightings_note (sightings, &(ClrSightingNote){ .octets = octets, .address = address }, 1);
    }
  g_assert_cmpint (clr_timers_run (timers, clr_clock_monotonic ()), >, 0); /* not yet */
  clr_timers_run (timers, clr_clock_monotonic () + 2 * G_USEC_PER_SEC);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (clr_inventory_count (inventory), ==, 2048);
  g_autofree char *text = list (inventory);
  g_assert_nonnull (
      strstr (text, "2001:db8:: {\"first\":1,\"last\":1000,\"success\":0,\"refusal\":0,\"sessions\":1000,"));
  clr_sightings_note (sightings, &(ClrSightingNote){ .octets = octets, .address = "x", .is_message = TRUE },
                      5);
  clr_sightings_free (sightings); /* tells what it still knows */
  clr_inventory_free (inventory);
  clr_timers_free (timers);
}

/* -- the ledger, with a clock of its own */

#define HOUR_US CLR_ACCOUNT_HOUR_US
#define START   (2000000 * HOUR_US) /* some hour */

typedef struct
{
  ClrDevice device;
  ClrLedger *ledger;
  ClrState *state;
  int64_t now_us;
} Sender;

static void
sender_begin (Sender *sender, const char *name, ClrState *state)
{
  g_autoptr (GError) error = NULL;

  *sender = (Sender){ .device = { .name = (char *)name, .account = clr_account_get (name) },
                      .state = state,
                      .now_us = START };
  sender->ledger = clr_ledger_new_by_hand (state, START, &error);
  g_assert_no_error (error);
}

/* The process ends and another begins: what is in memory is gone. */
static void
sender_restart (Sender *sender)
{
  g_autoptr (GError) error = NULL;

  clr_ledger_free (sender->ledger);
  clr_state_flush (sender->state);
  clr_account_restore (sender->device.account, &(ClrAccountFacts){ 0 });
  for (uint32_t hour = 0; hour < 2; hour++)
    clr_account_set_limit (sender->device.account, hour, 0);
  sender->ledger = clr_ledger_new_by_hand (sender->state, sender->now_us, &error);
  g_assert_no_error (error);
}

/* Goes to the hour with that number since the start. */
static void
sender_go (Sender *sender, unsigned hour)
{
  for (int64_t until = START + hour * HOUR_US; sender->now_us < until; sender->now_us += HOUR_US)
    clr_ledger_tick (sender->ledger, sender->now_us);
  clr_ledger_tick (sender->ledger, sender->now_us);
}

/* Returns: how many of @n messages were held. */
static unsigned
sender_send (Sender *sender, unsigned n)
{
  unsigned held = 0;

  for (unsigned i = 0; i < n; i++)
    held += clr_account_charge (&sender->device, 1, sender->now_us + i).held != NULL;
  clr_ledger_tick (sender->ledger, sender->now_us);
  return held;
}

#define WEEK_H 168

static void
test_unusual (void)
{
  Sender sender;

  sender_begin (&sender, "unusual", NULL);
  g_assert_cmpuint (sender_send (&sender, 5000), ==, 0); /* not known yet: nothing is unusual */
  sender_go (&sender, 1);
  g_assert_cmpuint (sender_send (&sender, 12), ==, 0);
  sender_go (&sender, WEEK_H); /* a week later 5000 in this hour are usual, and 25000 */
  g_assert_cmpuint (sender_send (&sender, 20000), ==, 0);
  sender_go (&sender, WEEK_H + 1); /* 12 in this hour: 60 are not more than five times as much */
  g_assert_cmpuint (sender_send (&sender, 60), ==, 0);
  g_assert_cmpuint (sender_send (&sender, 1), ==, 1);
  g_assert_cmpint (clr_account_get_frozen (sender.device.account), ==, CLR_FREEZE_UNUSUAL);
  g_assert_true (clr_account_thaw (sender.device.account, sender.now_us));
  g_assert_false (clr_account_thaw (sender.device.account, sender.now_us));
  g_assert_cmpuint (sender_send (&sender, 1000), ==, 0); /* this hour was looked at by somebody */
  sender_go (&sender, WEEK_H + 2);                       /* never anything in this hour: 50 are allowed */
  g_assert_cmpuint (sender_send (&sender, 50), ==, 0);
  g_assert_cmpuint (sender_send (&sender, 10), ==, 10);
  ClrAccountFacts facts;
  clr_account_read (sender.device.account, &facts);
  /* The message that froze it was counted, those behind it were not. */
  g_assert_cmpuint (facts.volumes[0].n + facts.volumes[1].n, >=, 51);
  g_assert_cmpint (facts.frozen_us, >=, sender.now_us);
  clr_ledger_free (sender.ledger);
}

/* Four weeks are looked at, and not the fifth. */
static void
test_four_weeks (void)
{
  Sender sender;

  sender_begin (&sender, "weeks", NULL);
  g_assert_cmpuint (sender_send (&sender, 4000), ==, 0);
  for (unsigned week = 1; week <= 4; week++)
    {
      sender_go (&sender, week * WEEK_H);
      g_assert_cmpuint (sender_send (&sender, 20), ==, 0);
    }
  sender_go (&sender, 5 * WEEK_H); /* the mean is 20 */
  g_assert_cmpuint (sender_send (&sender, 100), ==, 0);
  g_assert_cmpuint (sender_send (&sender, 1), ==, 1);
  clr_ledger_free (sender.ledger);
}

static void
test_unusual_is_told (void)
{
  Sender sender;
  unsigned told = 0;

  sender_begin (&sender, "told", NULL);
  sender.device.on_unusual = CLR_UNUSUAL_REPORT;
  sender_send (&sender, 1);
  sender_go (&sender, WEEK_H);
  for (unsigned i = 0; i < 200; i++)
    told += clr_account_charge (&sender.device, 1, sender.now_us).n_unusual > 0;
  g_assert_cmpuint (told, ==, 1);
  g_assert_cmpint (clr_account_get_frozen (sender.device.account), ==, CLR_FREEZE_NONE);
  sender.device.on_unusual = CLR_UNUSUAL_IGNORE;
  g_assert_cmpuint (sender_send (&sender, 200), ==, 0);
  clr_ledger_free (sender.ledger);
}

static void
test_excess (void)
{
  Sender sender;

  sender_begin (&sender, "excess", NULL);
  sender.device.rates.messages[CLR_PERIOD_HOUR] = 10;
  g_assert_cmpuint (sender_send (&sender, 12), ==, 2);
  g_assert_cmpint (clr_account_get_frozen (sender.device.account), ==, CLR_FREEZE_NONE);
  sender_go (&sender, 1); /* held only beyond the limit */
  g_assert_cmpuint (sender_send (&sender, 10), ==, 0);
  sender.device.on_excess = CLR_EXCESS_FREEZE;
  ClrCharge charge = clr_account_charge (&sender.device, 1, sender.now_us);
  g_assert_true (charge.froze);
  g_assert_cmpstr (charge.held, ==, "messages-per-hour is exceeded");
  sender_go (&sender, 48); /* until somebody thaws it */
  charge = clr_account_charge (&sender.device, 1, sender.now_us);
  g_assert_false (charge.froze);
  g_assert_cmpstr (charge.held, ==, "messages-per-hour is exceeded");
  g_assert_true (clr_account_thaw (sender.device.account, sender.now_us));
  g_assert_cmpuint (sender_send (&sender, 10), ==, 0);
  g_assert_cmpuint (sender_send (&sender, 1), ==, 1);
  clr_ledger_free (sender.ledger);
}

/* Sums, freezes and what is usual outlive the process. */
static void
test_restart (Rig *rig, const void *data)
{
  Sender sender;

  sender_begin (&sender, "kept", rig->state);
  sender.device.rates.messages[CLR_PERIOD_DAY] = 30;
  g_assert_cmpuint (sender_send (&sender, 25), ==, 0);
  clr_account_record (sender.device.account, CLR_QUIRK_BAD_HELO, CLR_REPAIR_DATE | CLR_REPAIR_SENDER);
  clr_ledger_tick (sender.ledger, sender.now_us);
  sender_restart (&sender);
  g_assert_cmpuint (sender_send (&sender, 6), ==, 1); /* the 31st */
  ClrAccountFacts facts;
  clr_account_read (sender.device.account, &facts);
  g_assert_cmpuint (facts.n_messages, ==, 31);
  g_assert_cmpuint (facts.quirks[CLR_QUIRK_NUMBER_BAD_HELO], ==, 1);
  g_assert_cmpuint (facts.repairs[0], ==, 1);
  sender.device.rates.messages[CLR_PERIOD_DAY] = 0;

  sender_go (&sender, 1);
  sender.now_us = START + WEEK_H * HOUR_US; /* it was off for a week */
  sender_restart (&sender);
  g_assert_cmpuint (sender_send (&sender, 155), ==, 0); /* 31 a week before */
  g_assert_cmpuint (sender_send (&sender, 1), ==, 1);
  sender_restart (&sender);
  g_assert_cmpint (clr_account_get_frozen (sender.device.account), ==, CLR_FREEZE_UNUSUAL);
  g_assert_cmpuint (sender_send (&sender, 1), ==, 1);
  clr_account_thaw (sender.device.account, sender.now_us);
  clr_ledger_tick (sender.ledger, sender.now_us);
  sender_restart (&sender); /* excused for this hour still */
  g_assert_cmpuint (sender_send (&sender, 100), ==, 0);
  clr_ledger_free (sender.ledger);
}

/* What stands in the file is not believed. */
static void
test_damaged_ledger (Rig *rig, const void *data)
{
  static const char *const bad[] = { "", "7", "{\"windows\":7,\"totals\":{},\"frozen\":\"x\",\"quirks\":[]}",
                                     "{\"first\":-1,\"hours\":[1,2,3,\"x\",99999999999,1]}" };
  Sender sender;

  clr_account_get ("damaged");
  for (unsigned i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      clr_state_put_post (rig->state, CLR_STATE_RATE, "damaged", bad[i], 0);
      clr_state_put_post (rig->state, CLR_STATE_VOLUME, "damaged", bad[i], 0);
      clr_state_flush (rig->state);
      sender_begin (&sender, "damaged", rig->state);
      g_assert_cmpuint (sender_send (&sender, 10), ==, 0);
      clr_ledger_free (sender.ledger);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/devices/inventory/merge", test_merge);
  g_test_add ("/devices/inventory/bound", Rig, NULL, set_up, test_bound, tear_down);
  g_test_add_func ("/devices/inventory/damaged", test_damaged);
  g_test_add_func ("/devices/inventory/texts", test_bounded_texts);
  g_test_add_func ("/devices/inventory/worker", test_worker);
  g_test_add_func ("/devices/ledger/unusual", test_unusual);
  g_test_add_func ("/devices/ledger/four-weeks", test_four_weeks);
  g_test_add_func ("/devices/ledger/told", test_unusual_is_told);
  g_test_add_func ("/devices/ledger/excess", test_excess);
  g_test_add ("/devices/ledger/restart", Rig, NULL, set_up, test_restart, tear_down);
  g_test_add ("/devices/ledger/damaged", Rig, NULL, set_up, test_damaged_ledger, tear_down);
  return g_test_run ();
}

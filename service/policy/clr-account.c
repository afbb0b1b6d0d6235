/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/clr-account.h"

#include <stdatomic.h>

/* The number of the period in the upper half, what was counted in it in the lower: both change at once. */
typedef _Atomic uint64_t Window;

struct ClrAccount
{
  Window messages[CLR_PERIODS], recipients[CLR_PERIODS];
  Window volumes[2], limits[2]; /* of this hour and the next or last, by its number's last bit */
  Window excused;
  atomic_int frozen; /* ClrFreeze */
  _Atomic int64_t frozen_us, last_us;
  _Atomic uint64_t n_messages, n_recipients;
  _Atomic uint64_t quirks[CLR_QUIRK_COUNT], repairs[CLR_REPAIR_COUNT];
  atomic_bool changed;
};

#define NAMES(X)                                                                                             \
  X ("messages-per-minute"), X ("messages-per-hour"), X ("messages-per-day"), X ("recipients-per-minute"),   \
      X ("recipients-per-hour"), X ("recipients-per-day")
#define NAME(text)     text
#define EXCEEDED(text) text " is exceeded"

static const char *const names[2 * CLR_PERIODS] = { NAMES (NAME) };
static const char *const exceeded_texts[2 * CLR_PERIODS] = { NAMES (EXCEEDED) };

static const int64_t lengths_us[CLR_PERIODS]
    = { 60 * (int64_t)G_USEC_PER_SEC, CLR_ACCOUNT_HOUR_US, 24 * CLR_ACCOUNT_HOUR_US };

static GHashTable *
get_table (void)
{
  static GHashTable *accounts;

  if (accounts == NULL)
    accounts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return accounts;
}

ClrAccount *
clr_account_get (const char *name)
{
  ClrAccount *account = g_hash_table_lookup (get_table (), name);

  if (account == NULL)
    {
      account = g_new0 (ClrAccount, 1);
      g_hash_table_insert (get_table (), g_strdup (name), account);
    }
  return account;
}

void
clr_account_visit (void (*visitor) (const char *name, ClrAccount *account, void *data), void *data)
{
  GHashTableIter iter;
  void *name, *account;

  g_hash_table_iter_init (&iter, get_table ());
  while (g_hash_table_iter_next (&iter, &name, &account))
    visitor (name, account, data);
}

const char *
clr_freeze_to_text (ClrFreeze why)
{
  return why == CLR_FREEZE_NONE      ? NULL
         : why == CLR_FREEZE_BY_HAND ? "an administrator froze it"
         : why == CLR_FREEZE_UNUSUAL ? "it sends more than 5 times as much as is usual at this hour"
                                     : exceeded_texts[why - CLR_FREEZE_EXCESS];
}

static uint64_t
join (ClrCount count)
{
  return (uint64_t)count.period << 32 | count.n;
}

static ClrCount
split (Window *window)
{
  uint64_t value = atomic_load_explicit (window, memory_order_relaxed);

  return (ClrCount){ (uint32_t)(value >> 32), (uint32_t)value };
}

/* Workers share the line that it stands on: what says so already is not written again. */
static void
note_change (ClrAccount *account)
{
  if (!atomic_load_explicit (&account->changed, memory_order_relaxed))
    atomic_store_explicit (&account->changed, TRUE, memory_order_release);
}

/* Returns: what is counted in this period, with @n more. */
static uint64_t
add (Window *window, uint64_t period, uint32_t n)
{
  uint64_t old = atomic_load_explicit (window, memory_order_relaxed), new;

  do
    new = (old >> 32) == period ? MIN ((old & G_MAXUINT32) + n, G_MAXUINT32) : n;
  while (n > 0
         && !atomic_compare_exchange_weak_explicit (window, &old, period << 32 | new, memory_order_relaxed,
                                                    memory_order_relaxed));
  return new;
}

/* Counts what has a limit. Returns: the number of the limit that is exceeded, -1: none. */
static int
look (ClrAccount *account, const ClrRates *rates, unsigned messages, unsigned n, unsigned more,
      int64_t now_us)
{
  int exceeded = -1;

  for (int i = 0; i < CLR_PERIODS; i++)
    {
      uint64_t period = now_us / lengths_us[i];

      if (rates->messages[i] && add (&account->messages[i], period, messages) + more > rates->messages[i])
        exceeded = i;
      if (rates->recipients[i] && add (&account->recipients[i], period, n) + more > rates->recipients[i])
        exceeded = CLR_PERIODS + i;
    }
  return exceeded;
}

/* Returns: how many recipients this hour has when it is unusual by now, 0 when it is not. @just: only with
 * the message that made it so. */
static unsigned
judge_volume (ClrAccount *account, unsigned n, int64_t now_us, gboolean just)
{
  uint64_t hour = now_us / CLR_ACCOUNT_HOUR_US;
  uint64_t so_far = add (&account->volumes[hour & 1], hour, n);
  ClrCount limit = split (&account->limits[hour & 1]);

  if (limit.period != hour || so_far <= limit.n || split (&account->excused).period == hour
      || (just && so_far - n > limit.n))
    return 0;
  return (unsigned)so_far;
}

static int64_t
get_frozen_time (ClrAccount *account)
{
  return atomic_load_explicit (&account->frozen_us, memory_order_relaxed);
}

static ClrCharge
freeze_by_message (ClrAccount *account, ClrFreeze why, int64_t now_us)
{
  gboolean froze = clr_account_freeze (account, why, now_us);

  return (ClrCharge){ .held = clr_freeze_to_text (clr_account_get_frozen (account)),
                      .frozen_us = get_frozen_time (account),
                      .froze = froze };
}

ClrCharge
clr_account_charge (const ClrDevice *device, unsigned n, int64_t now_us)
{
  ClrAccount *account = device->account;
  ClrFreeze frozen = clr_account_get_frozen (account);
  unsigned unusual;
  int exceeded;

  atomic_fetch_add_explicit (&account->n_messages, 1, memory_order_relaxed);
  atomic_fetch_add_explicit (&account->n_recipients, n, memory_order_relaxed);
  atomic_store_explicit (&account->last_us, now_us, memory_order_relaxed);
  note_change (account);
  if (frozen)
    return (ClrCharge){ .held = clr_freeze_to_text (frozen), .frozen_us = get_frozen_time (account) };
  exceeded = look (account, &device->rates, 1, n, 0, now_us);
  unusual = judge_volume (account, n, now_us, device->on_unusual == CLR_UNUSUAL_REPORT);
  if (exceeded >= 0 && device->on_excess == CLR_EXCESS_FREEZE)
    return freeze_by_message (account, CLR_FREEZE_EXCESS + exceeded, now_us);
  if (unusual && device->on_unusual == CLR_UNUSUAL_FREEZE)
    return freeze_by_message (account, CLR_FREEZE_UNUSUAL, now_us);
  return (ClrCharge){ .held = exceeded >= 0 ? exceeded_texts[exceeded] : NULL,
                      .n_unusual = device->on_unusual == CLR_UNUSUAL_REPORT ? unusual : 0 };
}

const char *
clr_account_peek (ClrAccount *account, const ClrRates *rates, unsigned n, int64_t now_us)
{
  int exceeded = look (account, rates, 0, 0, n, now_us);

  return exceeded < 0 ? NULL : names[exceeded];
}

void
clr_account_record (ClrAccount *account, ClrQuirks quirks, ClrRepair repairs)
{
  if (quirks == 0 && repairs == 0)
    return;
  for (unsigned i = 0; i < CLR_QUIRK_COUNT; i++)
    if (quirks & (1u << i))
      atomic_fetch_add_explicit (&account->quirks[i], 1, memory_order_relaxed);
  for (unsigned i = 0; i < CLR_REPAIR_COUNT; i++)
    if (repairs & (1u << i))
      atomic_fetch_add_explicit (&account->repairs[i], 1, memory_order_relaxed);
  note_change (account);
}

gboolean
clr_account_freeze (ClrAccount *account, ClrFreeze why, int64_t now_us)
{
  int none = CLR_FREEZE_NONE;

  if (!atomic_compare_exchange_strong_explicit (&account->frozen, &none, (int)why, memory_order_acq_rel,
                                                memory_order_acquire))
    return FALSE;
  atomic_store_explicit (&account->frozen_us, now_us, memory_order_relaxed);
  note_change (account);
  return TRUE;
}

gboolean
clr_account_thaw (ClrAccount *account, int64_t now_us)
{
  uint64_t hour = now_us / CLR_ACCOUNT_HOUR_US;

  if (clr_account_get_frozen (account) == CLR_FREEZE_NONE)
    return FALSE;
  for (unsigned i = 0; i < CLR_PERIODS; i++)
    {
      atomic_store_explicit (&account->messages[i], 0, memory_order_relaxed);
      atomic_store_explicit (&account->recipients[i], 0, memory_order_relaxed);
    }
  atomic_store_explicit (&account->excused, hour << 32 | 1, memory_order_relaxed);
  note_change (account);
  return atomic_exchange_explicit (&account->frozen, CLR_FREEZE_NONE, memory_order_acq_rel)
         != CLR_FREEZE_NONE;
}

ClrFreeze
clr_account_get_frozen (ClrAccount *account)
{
  return (ClrFreeze)atomic_load_explicit (&account->frozen, memory_order_acquire);
}

void
clr_account_set_limit (ClrAccount *account, uint32_t hour, uint32_t limit)
{
  atomic_store_explicit (&account->limits[hour & 1], join ((ClrCount){ hour, limit }), memory_order_relaxed);
}

void
clr_account_read (ClrAccount *account, ClrAccountFacts *facts)
{
  *facts = (ClrAccountFacts){
    .volumes = { split (&account->volumes[0]), split (&account->volumes[1]) },
    .limits = { split (&account->limits[0]), split (&account->limits[1]) },
    .excused = split (&account->excused),
    .frozen = clr_account_get_frozen (account),
    .frozen_us = atomic_load_explicit (&account->frozen_us, memory_order_relaxed),
    .last_us = atomic_load_explicit (&account->last_us, memory_order_relaxed),
    .n_messages = atomic_load_explicit (&account->n_messages, memory_order_relaxed),
    .n_recipients = atomic_load_explicit (&account->n_recipients, memory_order_relaxed),
  };
  for (unsigned i = 0; i < CLR_PERIODS; i++)
    {
      facts->messages[i] = split (&account->messages[i]);
      facts->recipients[i] = split (&account->recipients[i]);
    }
  for (unsigned i = 0; i < CLR_QUIRK_COUNT; i++)
    facts->quirks[i] = atomic_load_explicit (&account->quirks[i], memory_order_relaxed);
  for (unsigned i = 0; i < CLR_REPAIR_COUNT; i++)
    facts->repairs[i] = atomic_load_explicit (&account->repairs[i], memory_order_relaxed);
}

void
clr_account_restore (ClrAccount *account, const ClrAccountFacts *facts)
{
  for (unsigned i = 0; i < CLR_PERIODS; i++)
    {
      account->messages[i] = join (facts->messages[i]);
      account->recipients[i] = join (facts->recipients[i]);
    }
  account->volumes[0] = join (facts->volumes[0]);
  account->volumes[1] = join (facts->volumes[1]);
  account->excused = join (facts->excused);
  account->frozen = (int)facts->frozen;
  account->frozen_us = facts->frozen_us;
  account->last_us = facts->last_us;
  account->n_messages = facts->n_messages;
  account->n_recipients = facts->n_recipients;
  for (unsigned i = 0; i < CLR_QUIRK_COUNT; i++)
    account->quirks[i] = facts->quirks[i];
  for (unsigned i = 0; i < CLR_REPAIR_COUNT; i++)
    account->repairs[i] = facts->repairs[i];
  account->changed = FALSE;
}

gboolean
clr_account_take_changed (ClrAccount *account)
{
  return atomic_load_explicit (&account->changed, memory_order_relaxed)
         && atomic_exchange_explicit (&account->changed, FALSE, memory_order_acquire);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/clr-account.h"

#include <stdatomic.h>

/* The number of the period in the upper half, what was counted in it in the lower: both change at once. */
typedef _Atomic uint64_t Window;

struct ClrAccount
{
  Window messages[CLR_PERIODS], recipients[CLR_PERIODS];
};

static const int64_t lengths_us[CLR_PERIODS]
    = { 60 * (int64_t)G_USEC_PER_SEC, 3600 * (int64_t)G_USEC_PER_SEC, 86400 * (int64_t)G_USEC_PER_SEC };

ClrAccount *
clr_account_get (const char *name)
{
  static GHashTable *accounts;
  ClrAccount *account;

  if (accounts == NULL)
    accounts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  account = g_hash_table_lookup (accounts, name);
  if (account == NULL)
    {
      account = g_new0 (ClrAccount, 1);
      g_hash_table_insert (accounts, g_strdup (name), account);
    }
  return account;
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

static const char *
look (ClrAccount *account, const ClrRates *rates, unsigned messages, unsigned n, unsigned more,
      int64_t now_us)
{
  static const char *const names[2][CLR_PERIODS]
      = { { "messages-per-minute", "messages-per-hour", "messages-per-day" },
          { "recipients-per-minute", "recipients-per-hour", "recipients-per-day" } };
  const char *exceeded = NULL;

  for (unsigned i = 0; i < CLR_PERIODS; i++)
    {
      uint64_t period = now_us / lengths_us[i];

      if (rates->messages[i] && add (&account->messages[i], period, messages) + more > rates->messages[i])
        exceeded = names[0][i];
      if (rates->recipients[i] && add (&account->recipients[i], period, n) + more > rates->recipients[i])
        exceeded = names[1][i];
    }
  return exceeded;
}

const char *
clr_account_charge (ClrAccount *account, const ClrRates *rates, unsigned n, int64_t now_us)
{
  return look (account, rates, 1, n, 0, now_us);
}

const char *
clr_account_peek (ClrAccount *account, const ClrRates *rates, unsigned n, int64_t now_us)
{
  return look (account, rates, 0, 0, n, now_us);
}

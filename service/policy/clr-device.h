/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDevice: one [device] of the settings, frozen: what it may do, how much of it, and what is borne of it.
 * Part of a ClrPolicy and as immutable; only what its account counts changes.
 */
#pragma once

#include "mail/clr-repair.h"
#include "settings/clr-device.h"

typedef enum
{
  CLR_PERIOD_MINUTE,
  CLR_PERIOD_HOUR,
  CLR_PERIOD_DAY,
  CLR_PERIODS
} ClrPeriod;

/* What happens beyond a limit. */
typedef enum
{
  CLR_EXCESS_HOLD,
  CLR_EXCESS_DEFER,
  CLR_EXCESS_FREEZE
} ClrExcess;

/* What happens in an hour in which it sends far more than usual. */
typedef enum
{
  CLR_UNUSUAL_FREEZE,
  CLR_UNUSUAL_REPORT,
  CLR_UNUSUAL_IGNORE
} ClrUnusual;

/* How much at most; 0: no limit. */
typedef struct
{
  uint32_t messages[CLR_PERIODS];
  uint32_t recipients[CLR_PERIODS];
} ClrRates;

typedef struct
{
  char *name;
  char *label; /* what people call it; the name when not set */
  struct ClrNetwork *networks;
  unsigned n_networks;
  char **logins; /* in lower case; NULL: it needs none */
  ClrQuirks quirks;
  int64_t legacy_tls_until; /* seconds since 1970 */
  ClrRepair repairs;        /* what is mended of its header sections */

  char **senders; /* patterns; NULL: all, as of the next ones */
  char **from_domains;
  char **recipients;
  char **denied_recipients; /* NULL: none */
  char *rewrite_sender;     /* NULL: what is not allowed is refused */

  ClrRates rates;
  unsigned max_recipients;   /* of a message; 0: as for all */
  uint64_t max_message_size; /* octets; 0: as for all */
  ClrExcess on_excess;
  ClrUnusual on_unusual;

  char *journal; /* NULL: nobody gets a copy */
  char *route;   /* name of the route it must take; NULL: any */
  char *tag;
  int priority;

  struct ClrAccount *account; /* where it is counted */
} ClrDevice;

struct ClrNetwork
{
  uint8_t bytes[16]; /* IPv4 mapped */
  unsigned bits;
};

void clr_device_read (ClrDevice *device, ClrSection *section);
void clr_device_clear (ClrDevice *device);

gboolean clr_network_holds (const struct ClrNetwork *network, const uint8_t address[16]);

/* Whether it may use @sender in an envelope ("" for none), and name @domain in a From field. What is not
 * allowed is rewritten where there is a rewrite_sender. */
gboolean clr_device_allows_sender (const ClrDevice *device, const char *sender);
gboolean clr_device_allows_from (const ClrDevice *device, const char *domain);
gboolean clr_device_allows_recipient (const ClrDevice *device, const char *recipient);

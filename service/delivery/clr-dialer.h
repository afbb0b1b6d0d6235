/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDialer: the way to one host: its name and its TLSA records looked up, its addresses tried a little
 * apart, IPv6 and IPv4 in turn (RFC 8305); the first that answers is handed over, the others are closed.
 * Belongs to a connection, in its worker.
 */
#pragma once

#include "delivery/clr-delivery-plan.h"
#include "delivery/clr-place.h"
#include "dns/clr-dane.h"
#include "net/clr-stream.h"

#define CLR_DIALER_MOST 16 /* addresses of one host that are tried */

typedef struct ClrDialer ClrDialer;

typedef enum
{
  CLR_DIAL_UNREACHABLE, /* nobody answered now */
  CLR_DIAL_NO_ADDRESS,  /* proven that there is nobody */
  CLR_DIAL_OURSELVES,   /* mail would come back to us */
} ClrDialProblem;

typedef struct
{
  /* @stream stands, and is the owner's now; it ends with clr_dialer_hang_up(). */
  void (*reached) (ClrDialer *dialer, ClrStream *stream, void *data);
  /* No address is left. @why: in words. */
  void (*failed) (ClrDialer *dialer, ClrDialProblem problem, const char *why, void *data);
} ClrDialerEvents;

/* All but the strings of the events must outlive the dialer. */
ClrDialer *clr_dialer_new (const ClrDeliveryPlace *place, const ClrDeliveryPlan *plan, const ClrNextHop *hop,
                           const ClrHost *host, const ClrDialerEvents *events, void *data);
/* Allowed inside its events. */
void clr_dialer_free (ClrDialer *dialer);

/* Begins, or goes on with the addresses that have not been tried, when the host reached last was of no use.
 * One event will follow, never inside this call. */
void clr_dialer_dial (ClrDialer *dialer);
gboolean clr_dialer_has_more (const ClrDialer *dialer);
/* The address reached last shall be dialled once more, first of all. */
void clr_dialer_put_back (ClrDialer *dialer);

/* What its TLSA records say; NULL when it has none that count. Known once the host has been reached; valid as
 * long as the dialer. */
const ClrDane *clr_dialer_get_dane (const ClrDialer *dialer);

/* "name (address:port)" of the address reached or tried last; the name alone before. */
const char *clr_dialer_get_peer (const ClrDialer *dialer);

/* Closes a stream that was handed over. */
void clr_dialer_hang_up (ClrStream *stream);

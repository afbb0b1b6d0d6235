/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/clr-acceptance.h"

#include "policy/clr-account.h"

const ClrObjection *
clr_acceptance_judge_sender (const ClrDevice *device, const char **sender, int64_t now_us)
{
  static const ClrObjection denied
      = { 550, "5.7.1", "this device may not send with this sender; see senders of its [device] section" };
  static const ClrObjection busy
      = { 452, "4.7.1", "this device has sent more than it may in this time, please try again later" };

  if (device->account && device->on_excess == CLR_EXCESS_DEFER && !clr_account_get_frozen (device->account)
      && clr_account_peek (device->account, &device->rates, 1, now_us))
    return &busy;
  if (clr_device_allows_sender (device, *sender))
    return NULL;
  if (device->rewrite_sender == NULL)
    return &denied;
  *sender = device->rewrite_sender;
  return NULL;
}

const ClrObjection *
clr_acceptance_judge_recipient (const ClrPolicy *policy, const ClrDevice *device, const char *sender,
                                const char **recipient, unsigned n, char **lane)
{
  static const ClrObjection no_route = { 550, "5.4.4", "no route leads to this domain" };
  static const ClrObjection denied
      = { 550, "5.7.1", "this device may not send to this domain; see recipients of its [device] section" };
  static const ClrObjection many
      = { 452, "4.5.3", "too many recipients; see max-recipients of its [device] section" };
  ClrRouteCase what = { .sender = sender, .device = device->name, .route = device->route };

  /* RFC 5321 section 4.5.1: who has no domain is the one who answers for this relay. */
  if (g_ascii_strcasecmp (*recipient, "postmaster") == 0)
    *recipient = clr_policy_get_postmaster (policy);
  else if (!clr_device_allows_recipient (device, *recipient))
    return &denied;
  if (device->max_recipients && n >= device->max_recipients)
    return &many;
  what.recipient = *recipient;
  *lane = clr_policy_find_lane (policy, &what);
  return *lane ? NULL : &no_route;
}

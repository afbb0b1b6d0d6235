/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * [alert NAME]: when somebody is told that something is wrong.
 */
#include "settings/clr-sections-private.h"

DEFINE_SECTION (Alert, alert)
{
  SECTION (
      "alert", TRUE,
      N_ ("Somebody is told when this is so: once when it begins, and once when it is over. The log tells "
          "it too."));
  CHOICE (
      "queue-age|queue-length|failure-rate|certificate|oauth|disk|device-silent|unusual-volume", "kind",
      N_ ("Kind"),
      N_ ("queue-age: mail waits longer-than; queue-length: more-than messages in the queue; failure-rate: "
          "more-than percent of the results in period failed for good; certificate: one expires in "
          "less-time-than; oauth: an account has no token; disk: less-space-than is free; device-silent: "
          "nothing came from a device for longer-than; unusual-volume: a device sends far more than it "
          "used to at this hour, or to more-than recipients in an hour."),
      NULL, CLR_SETTING_REQUIRED);
  NUMBER (DURATION, "longer-than", N_ ("Longer than"),
          N_ ("For queue-age and device-silent; 0: an hour, or a day."), 0, 365 * DAY, 0, 0);
  NUMBER (NUMBER, "more-than", N_ ("More than"),
          N_ ("Messages, percent or recipients; 0: 1000 messages, 20 percent, or what is usual."), 0,
          1000000000, 0, 0);
  NUMBER (DURATION, "less-time-than", N_ ("Less time than"), N_ ("For certificate; 0: 14 days."), 0,
          365 * DAY, 0, 0);
  NUMBER (SIZE, "less-space-than", N_ ("Less space than"),
          N_ ("For disk: free octets where the queue is; 0: 1 GiB."), 0, 16 * 1024 * GIB, 0, 0);
  NUMBER (DURATION, "period", N_ ("Period"),
          N_ ("For failure-rate: the time over which results are counted."), MINUTE, 4 * HOUR, 15 * MINUTE,
          0);
  NUMBER (DURATION, "for", N_ ("For"), N_ ("It must have been so for this long before anybody is told."), 0,
          DAY, 0, 0);
  NUMBER (DURATION, "repeat", N_ ("Repeat"),
          N_ ("Told again after this time while it goes on and nobody has acknowledged it; 0: never."), 0,
          30 * DAY, 0, 0);
  LIST (NAMES, "devices", N_ ("Devices"),
        N_ ("For device-silent and unusual-volume: names of [device] sections; all when not set."), 0);
  TEXT (MAILBOX, "mail-to", N_ ("Mail to"), N_ ("Who gets mail of it; nobody when not set."), NULL, 0);
  TEXT (TEXT, "route", N_ ("Route"),
        N_ ("Name of the [route] by which that mail leaves; best not the one that may be broken."), NULL, 0);
  TEXT (TEXT, "webhook", N_ ("Web hook"),
        N_ ("Where JSON about it is posted: an address with https, or with http on this machine."), NULL, 0);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-date.h"

#include <time.h>

void
clr_date_to_text (int64_t time_us, char text[CLR_DATE_TEXT])
{
  static const char days[] = "SunMonTueWedThuFriSat";
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  time_t seconds = time_us / 1000000;
  struct tm tm;

  localtime_r (&seconds, &tm);
  long offset = tm.tm_gmtoff / 60;
  g_snprintf (text, CLR_DATE_TEXT, "%.3s, %02d %.3s %04d %02d:%02d:%02d %c%02ld%02ld", days + tm.tm_wday * 3,
              tm.tm_mday, months + tm.tm_mon * 3, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
              offset < 0 ? '-' : '+', ABS (offset) / 60, ABS (offset) % 60);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrTide: counters over the last hours, sampled by its owner: how much each has grown in a period. A clock
 * that goes back begins anew. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct ClrTide ClrTide;

#define CLR_TIDE_STEP_US   G_GINT64_CONSTANT (10000000)    /* samples are at least so far apart */
#define CLR_TIDE_PERIOD_US G_GINT64_CONSTANT (14400000000) /* the longest period */

typedef struct
{
  int64_t delivered, failed;
} ClrTideMark;

ClrTide *clr_tide_new (void);
void clr_tide_free (ClrTide *tide);
/* The counters as they are at @now_us. */
void clr_tide_sample (ClrTide *tide, const ClrTideMark *mark, int64_t now_us);
/* What has been added in the @period_us before the newest sample, or as far back as is known. */
void clr_tide_measure (const ClrTide *tide, int64_t period_us, ClrTideMark *growth);

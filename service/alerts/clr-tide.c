/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "alerts/clr-tide.h"

#define SAMPLES ((unsigned)(CLR_TIDE_PERIOD_US / CLR_TIDE_STEP_US) + 2)

typedef struct
{
  int64_t time_us;
  ClrTideMark mark;
} Sample;

struct ClrTide
{
  GArray *samples; /* of Sample, the oldest first */
  Sample newest;   /* also between two steps */
};

ClrTide *
clr_tide_new (void)
{
  ClrTide *tide = g_new0 (ClrTide, 1);

  tide->samples = g_array_new (FALSE, TRUE, sizeof (Sample));
  return tide;
}

void
clr_tide_free (ClrTide *tide)
{
  g_array_unref (tide->samples);
  g_free (tide);
}

void
clr_tide_sample (ClrTide *tide, const ClrTideMark *mark, int64_t now_us)
{
  Sample sample = { now_us, *mark };
  int64_t last
      = tide->samples->len ? g_array_index (tide->samples, Sample, tide->samples->len - 1).time_us : 0;

  if (now_us < last)
    g_array_set_size (tide->samples, 0);
  tide->newest = sample;
  if (tide->samples->len > 0 && now_us >= last && now_us - last < CLR_TIDE_STEP_US)
    return;
  if (tide->samples->len >= SAMPLES)
    g_array_remove_index (tide->samples, 0);
  g_array_append_val (tide->samples, sample);
}

void
clr_tide_measure (const ClrTide *tide, int64_t period_us, ClrTideMark *growth)
{
  const Sample *from = &tide->newest;

  /* The newest one that is old enough, else the oldest. */
  for (unsigned i = tide->samples->len; i-- > 0;)
    {
      from = &g_array_index (tide->samples, Sample, i);
      if (tide->newest.time_us - from->time_us >= period_us)
        break;
    }
  growth->delivered = tide->newest.mark.delivered - from->mark.delivered;
  growth->failed = tide->newest.mark.failed - from->mark.failed;
}

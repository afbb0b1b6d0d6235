/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-store.h"

static void
clear_claim (void *data)
{
  ClrClaim *claim = data;

  if (claim->messages)
    g_ptr_array_unref (claim->messages);
}

ClrBatch *
clr_batch_new (void)
{
  ClrBatch *batch = g_new0 (ClrBatch, 1);

  batch->inserts = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  batch->updates = g_array_new (FALSE, TRUE, sizeof (ClrRecipientUpdate));
  batch->made = g_array_new (FALSE, TRUE, sizeof (ClrReportMade));
  batch->lanes = g_array_new (FALSE, TRUE, sizeof (ClrLaneUpdate));
  batch->removes = g_array_new (FALSE, TRUE, sizeof (uint64_t));
  batch->claims = g_array_new (FALSE, TRUE, sizeof (ClrClaim));
  g_array_set_clear_func (batch->claims, clear_claim);
  batch->acts = g_ptr_array_new ();
  return batch;
}

gboolean
clr_batch_is_empty (const ClrBatch *batch)
{
  return batch->inserts->len + batch->updates->len + batch->made->len + batch->removes->len
             + batch->lanes->len + batch->claims->len + batch->acts->len
         == 0;
}

void
clr_batch_free (ClrBatch *batch)
{
  g_ptr_array_unref (batch->inserts);
  g_array_unref (batch->updates);
  g_array_unref (batch->made);
  g_array_unref (batch->lanes);
  g_array_unref (batch->removes);
  g_array_unref (batch->claims);
  g_ptr_array_unref (batch->acts);
  g_free (batch);
}

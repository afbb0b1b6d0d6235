/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-main-box.h"

typedef struct
{
  GSource source;
  ClrMainBox *box;
} Wake;

struct ClrMainBox
{
  void *owner;
  GAsyncQueue *letters;
  GSource *wake;
};

static void
open_all (ClrMainBox *box)
{
  ClrLetter *letter;

  while ((letter = g_async_queue_try_pop (box->letters)))
    letter->open (letter, box->owner);
}

static gboolean
wake_dispatch (GSource *source, GSourceFunc callback, void *data)
{
  g_source_set_ready_time (source, -1);
  open_all (((Wake *)source)->box);
  return G_SOURCE_CONTINUE;
}

void
clr_main_box_post (ClrMainBox *box, ClrLetter *letter)
{
  g_async_queue_push (box->letters, letter);
  g_source_set_ready_time (box->wake, 0);
}

ClrMainBox *
clr_main_box_new (void *owner)
{
  static GSourceFuncs wake_functions = { .dispatch = wake_dispatch };
  ClrMainBox *box = g_new0 (ClrMainBox, 1);

  box->owner = owner;
  box->letters = g_async_queue_new ();
  box->wake = g_source_new (&wake_functions, sizeof (Wake));
  ((Wake *)box->wake)->box = box;
  g_source_attach (box->wake, NULL);
  return box;
}

void
clr_main_box_free (ClrMainBox *box)
{
  open_all (box);
  g_source_destroy (box->wake);
  g_source_unref (box->wake);
  g_async_queue_unref (box->letters);
  g_free (box);
}

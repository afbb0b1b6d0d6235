/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-mailbox.h"

#include <stdatomic.h>

struct ClrMailbox
{
  _Atomic (ClrLetter *) newest;
  atomic_int asleep;
  atomic_int posters; /* inside a post */
  void *owner;
  ClrWaker *waker;
};

/* A source of a main loop: the poll record stands in it. */
typedef struct
{
  GSource source;
  ClrMailbox *mailbox;
  GPollFD poll;
} MailboxSource;

ClrMailbox *
clr_mailbox_new (void *owner)
{
  ClrMailbox *mailbox = g_new0 (ClrMailbox, 1);

  mailbox->owner = owner;
  mailbox->waker = clr_waker_new ();
  return mailbox;
}

void
clr_mailbox_free (ClrMailbox *mailbox)
{
  /* The last letter may be open already while its poster still looks whether somebody sleeps. */
  while (atomic_load (&mailbox->posters) > 0)
    g_thread_yield ();
  clr_waker_free (mailbox->waker);
  g_free (mailbox);
}

void
clr_mailbox_post (ClrMailbox *mailbox, ClrLetter *letter)
{
  ClrLetter *newest;

  atomic_fetch_add (&mailbox->posters, 1);
  newest = atomic_load_explicit (&mailbox->newest, memory_order_relaxed);
  do
    letter->next = newest;
  while (!atomic_compare_exchange_weak (&mailbox->newest, &newest, letter));

  if (atomic_load (&mailbox->asleep) && atomic_exchange (&mailbox->asleep, 0))
    clr_waker_wake (mailbox->waker);
  atomic_fetch_sub (&mailbox->posters, 1);
}

unsigned
clr_mailbox_open_all (ClrMailbox *mailbox)
{
  ClrLetter *letter = atomic_exchange (&mailbox->newest, NULL);
  ClrLetter *oldest = NULL;
  unsigned n = 0;

  while (letter)
    {
      ClrLetter *next = letter->next;
      letter->next = oldest;
      oldest = letter;
      letter = next;
    }
  while (oldest)
    {
      ClrLetter *next = oldest->next; /* opening may free the letter */
      oldest->open (oldest, mailbox->owner);
      oldest = next;
      n++;
    }
  return n;
}

gboolean
clr_mailbox_may_sleep (ClrMailbox *mailbox)
{
  atomic_store (&mailbox->asleep, 1);
  if (atomic_load (&mailbox->newest) == NULL)
    return TRUE;
  atomic_store (&mailbox->asleep, 0);
  return FALSE;
}

void
clr_mailbox_wake_up (ClrMailbox *mailbox)
{
  atomic_store (&mailbox->asleep, 0);
}

void
clr_mailbox_wait (ClrMailbox *mailbox, int64_t timeout_us)
{
  if (timeout_us == 0 || !clr_mailbox_may_sleep (mailbox))
    return;
  clr_waker_wait (mailbox->waker, timeout_us);
  clr_mailbox_wake_up (mailbox);
}

ClrWaker *
clr_mailbox_get_waker (ClrMailbox *mailbox)
{
  return mailbox->waker;
}

static gboolean
source_prepare (GSource *source, int *timeout_ms)
{
  *timeout_ms = -1;
  return !clr_mailbox_may_sleep (((MailboxSource *)source)->mailbox);
}

static gboolean
source_check (GSource *source)
{
  MailboxSource *self = (MailboxSource *)source;

  clr_mailbox_wake_up (self->mailbox);
  if (self->poll.revents)
    clr_waker_empty (self->mailbox->waker);
  return atomic_load (&self->mailbox->newest) != NULL;
}

static gboolean
source_dispatch (GSource *source, GSourceFunc callback, void *data)
{
  clr_mailbox_open_all (((MailboxSource *)source)->mailbox);
  return G_SOURCE_CONTINUE;
}

unsigned
clr_mailbox_attach (ClrMailbox *mailbox)
{
  static GSourceFuncs functions
      = { .prepare = source_prepare, .check = source_check, .dispatch = source_dispatch };
  GSource *source = g_source_new (&functions, sizeof (MailboxSource));
  MailboxSource *self = (MailboxSource *)source;
  unsigned id;

  self->mailbox = mailbox;
  self->poll.fd = clr_waker_get_handle (mailbox->waker);
  self->poll.events = G_IO_IN;
  g_source_add_poll (source, &self->poll);
  g_source_set_static_name (source, "mailbox");
  id = g_source_attach (source, NULL);
  g_source_unref (source);
  return id;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-mailbox.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <time.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct ClrMailbox
{
  _Atomic (ClrLetter *) newest;
  atomic_int asleep;
  atomic_int posters; /* inside a post */
  void *owner;
  int fd;
};

ClrMailbox *
clr_mailbox_new (void *owner)
{
  ClrMailbox *mailbox = g_new0 (ClrMailbox, 1);

  mailbox->owner = owner;
  mailbox->fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (mailbox->fd < 0)
    g_error ("eventfd: %s; the limit of open files is too low to start", g_strerror (errno));
  return mailbox;
}

void
clr_mailbox_free (ClrMailbox *mailbox)
{
  /* The last letter may be open already while its poster still looks whether somebody sleeps. */
  while (atomic_load (&mailbox->posters) > 0)
    g_thread_yield ();
  close (mailbox->fd);
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
    {
      uint64_t one = 1;
      ssize_t written = write (mailbox->fd, &one, sizeof one);
      (void)written; /* fails only when the counter is full, and then the owner is awake */
    }
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
clr_mailbox_empty (ClrMailbox *mailbox)
{
  uint64_t count;
  ssize_t got = read (mailbox->fd, &count, sizeof count);

  (void)got; /* EAGAIN: nobody has written */
}

void
clr_mailbox_wait (ClrMailbox *mailbox, int64_t timeout_us)
{
  struct pollfd pfd = { .fd = mailbox->fd, .events = POLLIN };
  struct timespec timeout = { timeout_us / 1000000, timeout_us % 1000000 * 1000 };

  if (timeout_us == 0 || !clr_mailbox_may_sleep (mailbox))
    return;
  if (ppoll (&pfd, 1, timeout_us < 0 ? NULL : &timeout, NULL) > 0)
    clr_mailbox_empty (mailbox);
  clr_mailbox_wake_up (mailbox);
}

int
clr_mailbox_get_fd (ClrMailbox *mailbox)
{
  return mailbox->fd;
}

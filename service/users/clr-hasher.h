/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrHasher: the crypto threads. They compute what a password is worth, which takes milliseconds on purpose,
 * so that no worker does. The work that may wait is bounded. Any thread posts; answers are letters.
 */
#pragma once

#include "base/clr-mailbox.h"
#include "settings/clr-verifier.h"

typedef struct ClrHasher ClrHasher;

/* Embedded in what asks. From the post until its letter is opened it belongs to the hasher. */
typedef struct
{
  ClrLetter letter;
  ClrMailbox *reply_to;
  void (*answered) (ClrLetter *letter, void *owner); /* opens the letter in the asker's thread */
  ClrVerifier verifier;
  char *password; /* wiped by the asker */
  gboolean good;
} ClrHashJob;

/* @most: jobs that may wait or be computed at the same time. */
ClrHasher *clr_hasher_new (unsigned n_threads, unsigned most);
/* Answers all that was posted, then ends. */
void clr_hasher_free (ClrHasher *hasher);

/* Returns: FALSE when there is too much to do; the job was not taken. */
gboolean clr_hasher_post (ClrHasher *hasher, ClrHashJob *job);

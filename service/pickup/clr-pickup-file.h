/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A file that somebody left in a pickup folder: opened without following anything, read with line ends made
 * CRLF, and put aside with a reason when it is no message. The one who left it may still hold it, change it,
 * or be hostile. Pickup thread.
 */
#pragma once

#include "system/clr-folder.h"

#include <glib.h>
#include <stdint.h>

typedef enum
{
  CLR_PICKUP_FILE_READ,
  CLR_PICKUP_FILE_BAD,  /* it will never be a message */
  CLR_PICKUP_FILE_GONE, /* somebody took it away */
  CLR_PICKUP_FILE_LATER /* the machine failed */
} ClrPickupFileResult;

typedef struct
{
  GByteArray *content; /* to be freed by the caller */
  unsigned normalized; /* lone CRs that were made CRLF */
  char *owner;         /* "user NAME", or NULL; to be freed */
  char *problem;       /* of BAD and LATER; to be freed */
} ClrPickupFile;

/* @most: octets. */
ClrPickupFileResult clr_pickup_file_read (ClrFolder *folder, const char *name, uint64_t most,
                                          ClrPickupFile *file);

/* Moves @name to the folder @bad, with a file beside it that says @reason; all of it is kept.
 * Returns: FALSE when it is still where it was; @problem says why. */
gboolean clr_pickup_file_put_aside (ClrFolder *folder, const char *name, const char *bad, const char *prefix,
                                    const char *reason, char **problem);

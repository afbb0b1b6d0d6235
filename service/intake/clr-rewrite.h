/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The author of a message that a device sends: whether it may name it, and what stands there else. Pure.
 */
#pragma once

#include "policy/clr-device.h"

typedef enum
{
  CLR_AUTHOR_ALLOWED,
  CLR_AUTHOR_REWRITTEN, /* the From field is the device's rewrite_sender, its former one a Reply-To */
  CLR_AUTHOR_REFUSED,
} ClrAuthor;

/* @header: a header section with its empty line, if it has one; changed when it is rewritten. */
ClrAuthor clr_rewrite_author (GString *header, const ClrDevice *device);

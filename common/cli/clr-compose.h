/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A simple message made from its parts: RFC 5322, with MIME where the parts need it. Date and Message-ID are
 * the relay's to add.
 */
#pragma once

#include <glib.h>

typedef struct
{
  const char *from;
  char **to;
  const char *subject; /* NULL for none */
  const char *body;    /* text in UTF-8 */
  char **attachments;  /* paths; NULL for none */
} ClrComposition;

/* (transfer full) */
GString *clr_compose (const ClrComposition *composition, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDkimFields: the fields of a header section by name, to find those that a signature covers. Pure.
 */
#pragma once

#include "auth/clr-dkim-canon.h"

typedef struct ClrDkimFields ClrDkimFields;

/* @header: kept by the caller. */
ClrDkimFields *clr_dkim_fields_new (const ClrHeaderBlock *header);
void clr_dkim_fields_free (ClrDkimFields *fields);

/* Appends the canonical forms of the fields that @names (h=) take (RFC 6376 section 5.4.2): of several of a
 * name, the last is taken first; @self, the signature, is none of them. */
void clr_dkim_fields_append (const ClrDkimFields *fields, char **names, const ClrField *self, ClrCanon canon,
                             GString *into);

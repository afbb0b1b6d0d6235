/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDkimQueries: the published keys that some signatures need, each name once, and what was found there (RFC
 * 6376 section 3.6.2). Pure: answers are fed in. Its owner bounds how many signatures ask.
 */
#pragma once

#include "auth/clr-dkim-signature.h"

#define CLR_DKIM_RECORDS_MOST 4 /* of one name that are tried, section 6.1.2 */

typedef enum
{
  CLR_DKIM_KEY_FOUND,
  CLR_DKIM_KEY_NONE,      /* no such name, or no TXT record there */
  CLR_DKIM_KEY_TEMPORARY, /* no answer */
} ClrDkimKeyStatus;

typedef struct ClrDkimQueries ClrDkimQueries;

ClrDkimQueries *clr_dkim_queries_new (void);
void clr_dkim_queries_free (ClrDkimQueries *queries);

/* Asks for the key of @says. Returns: the index of the query, perhaps one that others share. */
unsigned clr_dkim_queries_add (ClrDkimQueries *queries, const ClrDkimSignature *says);
/* How many names there are; indexes run from 0. */
unsigned clr_dkim_queries_get_size (const ClrDkimQueries *queries);
const char *clr_dkim_queries_get_name (const ClrDkimQueries *queries, unsigned index);

/* Once for each index. @records: the strings of each record joined; copied, at most #CLR_DKIM_RECORDS_MOST.
 */
void clr_dkim_queries_feed (ClrDkimQueries *queries, unsigned index, ClrDkimKeyStatus status,
                            const char *const *records, unsigned n_records);
/* @records: (out): NULL-terminated, belong to the queries; valid when the key was found. Returns: what was
 * fed; #CLR_DKIM_KEY_TEMPORARY if nothing was. */
ClrDkimKeyStatus clr_dkim_queries_get (const ClrDkimQueries *queries, unsigned index,
                                       const char *const **records);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrArc: the chain of ARC sets of a message, validated (RFC 8617 section 5.2). It is shown to people, and
 * nothing is decided by it; this relay never seals. Pure: keys and body are fed in, before the end.
 */
#pragma once

#include "auth/clr-dkim-verifier.h"

#define CLR_ARC_SETS_MOST 50 /* section 5.2, step 1 */

typedef enum
{
  CLR_ARC_NONE, /* no chain */
  CLR_ARC_PASS,
  CLR_ARC_FAIL,
  CLR_ARC_TEMPERROR, /* a key cannot be had now */
} ClrArcVerdict;

/* Strings belong to the chain; NULL when a field does not tell. */
typedef struct
{
  const char *seal_domain, *seal_selector;
  const char *signature_domain;
  char *chain_word; /* cv=, in lower case */
  char *results;    /* of ARC-Authentication-Results, on one line */
} ClrArcSet;

typedef struct ClrArc ClrArc;

/* @header: kept by the caller until the end. @now: seconds since 1970. */
ClrArc *clr_arc_new (const ClrHeaderBlock *header, int64_t now);
void clr_arc_free (ClrArc *arc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrArc, clr_arc_free)

/* The TXT records that are needed, each name once. */
unsigned clr_arc_get_n_queries (const ClrArc *arc);
const char *clr_arc_get_query (const ClrArc *arc, unsigned index);
/* @records: the strings of each record joined; copied. */
void clr_arc_feed_key (ClrArc *arc, unsigned index, ClrDkimKeyStatus status, const char *const *records,
                       unsigned n_records);
/* Lines end with CRLF; the pieces may be cut anywhere. */
void clr_arc_feed_body (ClrArc *arc, const uint8_t *bytes, size_t size);

/* @reason: (out): one sentence, belongs to the chain. */
ClrArcVerdict clr_arc_end (ClrArc *arc, const char **reason);
/* Oldest first. @n_sets: (out). */
const ClrArcSet *clr_arc_get_sets (const ClrArc *arc, unsigned *n_sets);

const char *clr_arc_verdict_get_name (ClrArcVerdict verdict);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * TXT and TLSA records of a zone in the form that the evaluators in dns/ take.
 */
#pragma once

#include "check/clr-zone.h"
#include "dns/clr-dns-answer.h"

/* @zone: (nullable). @answer: (out): cleared by the caller. */
void clr_check_text_find (ClrZone *zone, const char *name, ClrDnsAnswer *answer);
void clr_check_tlsa_find (ClrZone *zone, const char *name, ClrDnsAnswer *answer);

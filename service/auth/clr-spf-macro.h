/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SPF macros, RFC 7208 section 7: their syntax, and what they expand to. Pure.
 */
#pragma once

#include "auth/clr-spf-address.h"

typedef enum
{
  CLR_SPF_MACRO_DOMAIN,      /* domain-spec: with an end that a name can have; no c, r, t */
  CLR_SPF_MACRO_ANY,         /* macro-string of an unknown modifier */
  CLR_SPF_MACRO_EXPLANATION, /* explain-string: blanks too */
} ClrSpfMacroKind;

/* What the letters stand for. */
typedef struct
{
  const char *local;         /* l: of the sender */
  const char *sender_domain; /* o */
  const char *domain;        /* d: the one whose record is evaluated */
  const char *helo;          /* h */
  const char *receiver;      /* r */
  const char *validated;     /* p: NULL for "unknown" */
  const ClrSpfAddress *address;
  int64_t now;
} ClrSpfFacts;

/* @wants: (out) (optional): the letters that occur, in lower case, as bits from 'a'. */
gboolean clr_spf_macro_check (const char *text, ClrSpfMacroKind kind, uint32_t *wants);
#define CLR_SPF_MACRO_WANTS(wants, letter) (((wants)&1u << ((letter) - 'a')) != 0)

/* @text: checked. Returns: (transfer full) */
char *clr_spf_macro_expand (const char *text, const ClrSpfFacts *facts);
/* The same as a name to ask for: at most 253 octets, labels cut off from the left (section 7.3), no dot at
 * the end. (transfer full) */
char *clr_spf_macro_expand_domain (const char *text, const ClrSpfFacts *facts);

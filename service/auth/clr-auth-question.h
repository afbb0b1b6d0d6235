/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the evaluators of this room ask of the DNS, and how they are answered: in text, so that a zone written
 * down, a resolver on the command line and the one of a worker feed them alike. Pure.
 */
#pragma once

#include <glib.h>

typedef enum
{
  CLR_AUTH_A,
  CLR_AUTH_AAAA,
  CLR_AUTH_MX,
  CLR_AUTH_PTR,
  CLR_AUTH_TXT,
} ClrAuthType;

typedef struct
{
  ClrAuthType type;
  const char
      *name; /* belongs to the evaluator; without a dot at the end, labels of 1 to 63 octets, 253 in all */
} ClrAuthQuestion;

typedef enum
{
  CLR_AUTH_FOUND,
  CLR_AUTH_NO_DATA,   /* the name has no such record */
  CLR_AUTH_NO_NAME,   /* there is no such name */
  CLR_AUTH_TEMPORARY, /* no answer, SERVFAIL, or a wrong signature */
} ClrAuthStatus;

/* @records: one text a record: an address, "10 host" of an MX, a host of a PTR, a TXT's strings joined. An
 * octet 0 in a record stands as octet 1: it is forbidden all the same, and a text goes on behind it. */
typedef struct
{
  ClrAuthStatus status;
  const char *const *records;
  unsigned n_records;
} ClrAuthAnswer;

static inline const char *
clr_auth_type_get_name (ClrAuthType type)
{
  static const char *const names[] = { "A", "AAAA", "MX", "PTR", "TXT" };

  return names[type];
}

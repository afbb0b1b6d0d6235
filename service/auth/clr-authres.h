/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrAuthres: Authentication-Results fields, RFC 8601: read, recognized as forged, written. Pure.
 */
#pragma once

#include "mail/clr-header-block.h"

#define CLR_AUTHRES_RESULTS_MOST    100u /* of one field */
#define CLR_AUTHRES_PROPERTIES_MOST 50u  /* of one result */

typedef struct
{
  char *type, *property, *value; /* "smtp", "mailfrom", "a@example.com" */
} ClrAuthresProperty;

typedef struct
{
  char *method; /* "spf" */
  unsigned version;
  char *result;          /* "pass" */
  char *reason;          /* NULL: none is given */
  GPtrArray *properties; /* of ClrAuthresProperty */
} ClrAuthresResult;

typedef struct
{
  char *id; /* who says it */
  unsigned version;
  GPtrArray *results; /* of ClrAuthresResult; none for "none" */
} ClrAuthres;

/* @value: of the field, with folds. Comments are left out. @problem: (out): why not, static.
 * Returns: (transfer full) (nullable) */
ClrAuthres *clr_authres_parse (const char *value, size_t size, const char **problem);
void clr_authres_free (ClrAuthres *authres);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrAuthres, clr_authres_free)

/* Whether a field that came from outside could be taken for one of @id's own, and must go (section 5): an
 * Authentication-Results field with that id, or with none that can be read. */
gboolean clr_authres_is_forged (const ClrField *field, const char *id);

/* Writing: begin, then results, each with its properties behind it, then end. What others chose is made fit
 * for the field: quoted, without control characters, not longer than 512 octets. */
void clr_authres_begin (GString *into, const char *id);
/* @comment: (nullable): a few words for people. */
void clr_authres_add_result (GString *into, const char *method, const char *result, const char *comment);
/* @value: (nullable): then nothing is written. */
void clr_authres_add_property (GString *into, const char *type, const char *property, const char *value);
void clr_authres_end (GString *into);

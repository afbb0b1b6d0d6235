/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrStsPolicy: the MTA-STS policy of a domain (RFC 8461 section 3.2), and which hosts it lets take its mail.
 * Pure.
 */
#pragma once

#include <glib.h>

#define CLR_STS_POLICY_SIZE_MOST (64u * 1024) /* octets, RFC 8461 section 3.3 */
#define CLR_STS_MAX_AGE_MOST     31557600u    /* seconds, a year, RFC 8461 section 3.2 */

typedef enum
{
  CLR_STS_MODE_NONE,
  CLR_STS_MODE_TESTING, /* failures are reported, and stop nothing */
  CLR_STS_MODE_ENFORCE,
} ClrStsMode;

typedef struct
{
  ClrStsMode mode;
  unsigned max_age; /* seconds it may be kept, at most a year */
  char **patterns;  /* "mx.example.net" or "*.example.net", lower case; may be empty with mode none */
} ClrStsPolicy;

/* @text: need not end with a NUL. Blank lines at its end are let pass; else the grammar is kept to.
 * @problem: (out): why it is no policy, static. Returns: (transfer full) (nullable) */
ClrStsPolicy *clr_sts_policy_parse (const char *text, size_t size, const char **problem);
void clr_sts_policy_free (ClrStsPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrStsPolicy, clr_sts_policy_free)

/* RFC 8461 section 4.1: whether the exchanger may take the domain's mail. @host: A-labels. Returns: the
 * pattern that says so, or NULL. */
const char *clr_sts_policy_match (const ClrStsPolicy *policy, const char *host);

/* "enforce", "testing", "none". */
const char *clr_sts_mode_get_name (ClrStsMode mode);

/* RFC 8461 section 3.2: text/plain with whatever parameters. @content_type: (nullable): the HTTP field. */
gboolean clr_sts_policy_is_type (const char *content_type);

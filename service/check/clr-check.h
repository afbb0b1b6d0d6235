/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks: one function each, JSON in, JSON out. The service answers with them through the API, the command
 * line calls them in its own process; both get the same words. To add a check: one file, and one row in
 * clr-check.c.
 */
#pragma once

#include "check/clr-zone.h"
#include "settings/clr-settings.h"

typedef enum
{
  CLR_CHECK_TEXT,
  CLR_CHECK_FILE,   /* a path */
  CLR_CHECK_NUMBER, /* digits are taken as text too */
  CLR_CHECK_FLAG,
  CLR_CHECK_LIST, /* an array, or one text; on the command line an option that may stand several times */
} ClrCheckKind;

/* A member of the object that goes in; on the command line, a long option. */
typedef struct
{
  const char *name;
  ClrCheckKind kind;
  const char *argument; /* "FILE", for help */
  const char *help;
} ClrCheckOption;

/* @in: an object whose members are of the kinds that the row's options say. @zone: (nullable): DNS answers;
 * NULL: there are none to be had. Returns: (transfer full): an object with "result", "reason" and "details".
 * Never NULL, never an exit. */
typedef JsonNode *(*ClrCheck) (JsonObject *in, ClrZone *zone);

typedef struct
{
  const char *name;
  const char *help;
  const ClrCheckOption *options; /* the first is what stands on the command line without a name; ends with a
                                    row without a name */
  ClrCheck run;
} ClrCheckRow;

const ClrCheckRow *clr_check_get_table (unsigned *n_rows);
const ClrCheckRow *clr_check_find (const char *name);

/* Looks at the kinds of @in's members, then runs the check. A member "zone" is a zone of this question's own.
 * What is wrong with @in gives the result "error". Members that the check does not know are named in
 * "ignored". An underscore in a member's name is the same as a hyphen. */
JsonNode *clr_check_run (const ClrCheckRow *row, JsonObject *in, ClrZone *zone);

/* "pass", "ok", "valid", "match": what a script would go on with. */
gboolean clr_check_is_good (const char *result);

/* For checks. @details: (transfer full) (nullable). */
JsonNode *clr_check_answer (const char *result, const char *reason, JsonObject *details);
/* NULL when @in has no such member. */
const char *clr_check_get_text (JsonObject *in, const char *name);
gint64 clr_check_get_number (JsonObject *in, const char *name, gint64 fallback);
/* One text is a list of one. Returns: (transfer full) (nullable): NULL when @in has no such member. */
JsonArray *clr_check_get_list (JsonObject *in, const char *name);

/* The rows' functions. clr_check_dkim_key(): {"file", "domain", "selector"}: whether a key can sign; details:
 * algorithm, record, name, zone. With "make": "rsa" or "ed25519" (and "bits"), the key is made first; the
 * file must not exist. */
JsonNode *clr_check_dkim_key (JsonObject *in, ClrZone *zone);
JsonNode *clr_check_dkim (JsonObject *in, ClrZone *zone);
JsonNode *clr_check_spf (JsonObject *in, ClrZone *zone);
JsonNode *clr_check_dmarc (JsonObject *in, ClrZone *zone);
JsonNode *clr_check_dmarc_report (JsonObject *in, ClrZone *zone);
JsonNode *clr_check_authres (JsonObject *in, ClrZone *zone);
JsonNode *clr_check_arc (JsonObject *in, ClrZone *zone);
JsonNode *clr_check_arf (JsonObject *in, ClrZone *zone);
JsonNode *clr_check_address (JsonObject *in, ClrZone *zone);
JsonNode *clr_check_route (JsonObject *in, ClrZone *zone);
/* "open" when strangers could relay; details: see clr_stranger_describe (), and whether the settings accept
 * it. */
JsonNode *clr_check_relay (JsonObject *in, ClrZone *zone);
/* The same of a ClrPolicy and the settings it was made of. */
JsonNode *clr_check_relay_of (const void *policy, ClrSettings *settings);
JsonNode *clr_check_ports (JsonObject *in, ClrZone *zone);
JsonNode *clr_check_mta_sts (JsonObject *in, ClrZone *zone);
JsonNode *clr_check_dane (JsonObject *in, ClrZone *zone);
JsonNode *clr_check_tlsrpt (JsonObject *in, ClrZone *zone);
/* A report file, for clr_check_tlsrpt(): {"file" or "message"}. */
JsonNode *clr_check_tls_report (JsonObject *in);
/* "sts-policy": the domain's MTA-STS policy, which somebody has fetched. */
JsonNode *clr_check_domain (JsonObject *in, ClrZone *zone);

/* Not in the table: {"file", "config"} or {"file", "key", "domain", "selector"}: details.fields are the
 * DKIM-Signature fields that the relay would put in front of this message. Result: ok, none, error. */
JsonNode *clr_check_sign (JsonObject *in);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One SMTP command line, taken apart: verb, argument, and for MAIL and RCPT the path and its parameters
 * (RFC 5321 section 4.1, RFC 1870, 6152, 3461, 6531). Pure; parses the whole line or says what is wrong with
 * it.
 */
#pragma once

#include "smtp/clr-address.h"

#define CLR_ENVID_MAX 100 /* octets of xtext, RFC 3461 section 4.4 */
#define CLR_ORCPT_MAX 500 /* octets, RFC 3461 section 4.2 */

typedef enum
{
  CLR_VERB_HELO,
  CLR_VERB_EHLO,
  CLR_VERB_MAIL,
  CLR_VERB_RCPT,
  CLR_VERB_DATA,
  CLR_VERB_BDAT,
  CLR_VERB_RSET,
  CLR_VERB_NOOP,
  CLR_VERB_VRFY,
  CLR_VERB_HELP,
  CLR_VERB_QUIT,
  CLR_VERB_STARTTLS,
  CLR_VERB_AUTH,
  CLR_VERB_UNKNOWN,
} ClrVerb;

typedef enum
{
  CLR_DSN_RET_NONE,
  CLR_DSN_RET_FULL,
  CLR_DSN_RET_HEADERS,
} ClrDsnReturn;

typedef enum
{
  CLR_NOTIFY_SUCCESS = 1 << 0,
  CLR_NOTIFY_FAILURE = 1 << 1,
  CLR_NOTIFY_DELAY = 1 << 2,
  CLR_NOTIFY_NEVER = 1 << 3, /* 0: not said */
} ClrNotify;

typedef struct
{
  ClrVerb verb;
  const char *argument; /* into the line; without the spaces around it */
  size_t argument_size;
} ClrCommand;

typedef struct
{
  char address[CLR_PATH_MAX + 1]; /* "" for the null sender */
  uint64_t size;                  /* SIZE=, octets; 0: not said */
  gboolean eight_bit;             /* BODY=8BITMIME */
  gboolean smtputf8;              /* SMTPUTF8 of RFC 6531 */
  ClrDsnReturn ret;
  char envid[CLR_ENVID_MAX + 1];
  ClrAddressFlags leniency; /* what it needed of CLR_ADDRESS_LENIENT */
} ClrMailCommand;

typedef struct
{
  char address[CLR_PATH_MAX + 1];
  ClrNotify notify;
  char orcpt[CLR_ORCPT_MAX + 1];
  ClrAddressFlags leniency; /* as above */
} ClrRcptCommand;

/* Why a line is not taken; the reply that says so. */
typedef struct
{
  int code;
  const char *enhanced;
  const char *text;
} ClrComplaint;

/* @line: without its line end. */
void clr_command_parse (const char *line, size_t size, ClrCommand *command);
const char *clr_verb_get_name (ClrVerb verb);

/* Returns: NULL when @mail or @rcpt is filled, or the complaint (static). @flags: with CLR_ADDRESS_UTF8 for
 * RCPT when MAIL had the parameter SMTPUTF8; for MAIL the command itself tells. */
const ClrComplaint *clr_command_parse_mail (const ClrCommand *command, ClrAddressFlags flags,
                                            ClrMailCommand *mail);
const ClrComplaint *clr_command_parse_rcpt (const ClrCommand *command, ClrAddressFlags flags,
                                            ClrRcptCommand *rcpt);
/* RFC 6531 section 3.7.4.2: VRFY string [SMTPUTF8]. Returns: NULL when it is well-formed. */
const ClrComplaint *clr_command_parse_vrfy (const ClrCommand *command);

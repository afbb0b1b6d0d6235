/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The report about a message (DSN): facts in, a message out. multipart/report of RFC 6522 with a text for
 * people, the fields of RFC 3464 for programs, and what is returned of the message; international addresses
 * by RFC 6533. Whatever came from outside is checked, bounded and made harmless here. Pure.
 */
#pragma once

#include "mail/clr-report-words.h"

#define CLR_REPORT_HEADERS_MOST (64u * 1024) /* octets of a returned header section */

/* RFC 3464 section 2.3.3 */
typedef enum
{
  CLR_ACTION_FAILED,
  CLR_ACTION_DELAYED,
  CLR_ACTION_DELIVERED,
  CLR_ACTION_RELAYED,
  CLR_ACTION_EXPANDED,
  CLR_ACTION_LAST,
} ClrReportAction;

/* One recipient and its last attempt; what is not known is NULL or 0. */
typedef struct
{
  const char *address;
  const char *orcpt; /* "rfc822;joe+2Bx@example.org", as it came */
  ClrReportAction action;
  int code; /* 0: no reply, the text says what happened here */
  const char *enhanced;
  const char *text; /* lines joined by a line feed, without codes */
  const char *host; /* "mx.example.org (192.0.2.1:25)", as delivery names it */
  int64_t tried_us; /* microseconds since 1970 */
  int64_t until_us; /* delayed: given up then */

  /* Found by clr_report_write(): what the reply means, and whether the time ran out over it. */
  ClrReason reason;
  gboolean expired;
} ClrReportRecipient;

typedef struct
{
  ClrLanguage language;
  const char *hostname;   /* ours */
  const char *author;     /* address of the report's From */
  const char *postmaster; /* who answers questions */
  const char *to;         /* who is told */
  const char *id;         /* queue id of the report */
  int64_t time_us;        /* now */

  /* The message it is about. */
  const char *message_id; /* its queue id */
  const char *sender;     /* "" for the null sender: the report is for the postmaster */
  const char *envid;      /* xtext, or NULL */
  const char *client;     /* address it came from, or NULL */
  int64_t arrived_us;
  const char *content; /* what there is of it, at least its header section; NULL when it cannot be read */
  size_t content_size;
  gboolean is_whole;      /* content is all of it */
  gboolean returns_whole; /* and is to be returned */
  gboolean has_others;    /* the message has further recipients */

  const ClrReportRecipient *recipients;
  unsigned n_recipients;
} ClrReportFacts;

/* @header: the header section is appended, with the empty line behind it. @body: what follows.
 * @smtputf8: whether the report itself needs SMTPUTF8. Returns: whether there are octets above 127 in it. */
gboolean clr_report_write (const ClrReportFacts *facts, GString *header, GString *body, gboolean *smtputf8);

const char *clr_report_action_get_name (ClrReportAction action);

/* Inside the report: the text for people, in UTF-8, lines ended by CRLF. */
void clr_report_write_text (const ClrReportFacts *facts, GString *into);
/* The subject of the message it is about, decoded, at most @longest octets; NULL for none. (transfer full) */
char *clr_report_dup_subject (const ClrReportFacts *facts, size_t longest);

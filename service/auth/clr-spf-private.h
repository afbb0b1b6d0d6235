/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The inside of ClrSpf, for its two files: clr-spf.c evaluates records, clr-spf-hosts.c the terms that are
 * about hosts (a, mx, ptr, exists, and macro p).
 */
#pragma once

#include "auth/clr-spf-macro.h"
#include "auth/clr-spf-record.h"
#include "auth/clr-spf.h"

#define CLR_SPF_DEPTH_MOST 16u /* records in each other; the limit of terms ends it before */

/* What the question that is open is for. */
typedef enum
{
  CLR_SPF_ASKS_RECORD,
  CLR_SPF_ASKS_ADDRESSES,  /* of an a */
  CLR_SPF_ASKS_EXCHANGERS, /* of an mx */
  CLR_SPF_ASKS_EXCHANGER,  /* the addresses of one */
  CLR_SPF_ASKS_EXISTS,
  CLR_SPF_ASKS_POINTERS, /* names of the client, for ptr and macro p */
  CLR_SPF_ASKS_POINTER,  /* whether one of them is true */
  CLR_SPF_ASKS_EXPLANATION,
} ClrSpfPurpose;

/* One domain whose record is evaluated; an include stands on top of the one that includes it. */
typedef struct
{
  char *domain;
  ClrSpfRecord *record;
  unsigned at;         /* the term */
  gboolean counted;    /* that one, as a cause of look-ups */
  gboolean redirected; /* by another record: then none is an error */
} ClrSpfFrame;

struct ClrSpf
{
  ClrSpfRequest request;
  ClrSpfResult result;
  gboolean decided, ended; /* decided: only the explanation is missing */
  char *local, *sender_domain, *helo, *receiver;
  gboolean local_is_ascii;
  ClrSpfFrame frames[CLR_SPF_DEPTH_MOST];
  unsigned n_frames;

  ClrSpfPurpose purpose;
  ClrAuthQuestion question;
  char *name; /* of the question; NULL: none is open */
  gboolean unaskable;

  GPtrArray *hosts; /* of the mx or the client that is being looked at */
  unsigned host;
  gboolean more_hosts, found_host;
  GPtrArray *validated; /* names of the client that are true; NULL: not known yet */
  char *explanation;    /* before its macros are expanded */
};

/* clr-spf.c */
ClrSpfFrame *clr_spf_top (ClrSpf *spf);
/* @name: (transfer full). One that cannot be is not asked for, and does not exist (section 4.8). */
void clr_spf_ask (ClrSpf *spf, ClrSpfPurpose purpose, ClrAuthType type, char *name);
ClrAuthType clr_spf_address_type (const ClrSpf *spf);
void clr_spf_end (ClrSpf *spf, ClrSpfVerdict verdict, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* Returns: FALSE when it was one too many, and all has ended (section 4.6.4). */
gboolean clr_spf_count_void (ClrSpf *spf);
/* The name a term is about. (transfer full) */
char *clr_spf_expand_target (ClrSpf *spf, const char *target);
/* NULL when all are through. */
const ClrSpfTerm *clr_spf_current_term (ClrSpf *spf);
void clr_spf_next_term (ClrSpf *spf);
/* The current term matches; an include's result is the matching of the term below it (section 5.2). */
void clr_spf_match (ClrSpf *spf);

/* clr-spf-hosts.c */
/* Macro p, section 7.3: the domain itself before one below it before any. NULL: none. */
const char *clr_spf_choose_validated (ClrSpf *spf);
void clr_spf_ask_pointers (ClrSpf *spf);
void clr_spf_match_pointers (ClrSpf *spf, const ClrSpfTerm *term);
void clr_spf_on_addresses (ClrSpf *spf, const ClrAuthAnswer *answer);
void clr_spf_on_exchangers (ClrSpf *spf, const ClrAuthAnswer *answer);
void clr_spf_on_exchanger (ClrSpf *spf, const ClrAuthAnswer *answer);
void clr_spf_on_pointers (ClrSpf *spf, const ClrAuthAnswer *answer);
void clr_spf_on_pointer (ClrSpf *spf, const ClrAuthAnswer *answer);

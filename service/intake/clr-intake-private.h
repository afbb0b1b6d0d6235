/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of the intake share: clr-intake.c (beginning and end of a message), clr-intake-envelope.c
 * (who sends it to whom) and clr-intake-content.c (its octets, until they are where they belong).
 */
#pragma once

#include "evaluation/clr-evaluation.h"
#include "intake/clr-intake.h"
#include "intake/clr-stamp.h"
#include "mail/clr-repair.h"
#include "policy/clr-account.h"

struct ClrIntake
{
  ClrIntakePlace place;
  ClrPolicy *policy;
  ClrIntakeEvents events;
  void *data;

  uint64_t id;
  int64_t time_us;
  char *origin, *client, *helo, *protocol, *tls, *device, *sender, *envid;
  const ClrDevice *is; /* which device it comes from */
  gboolean eight_bit;
  gboolean says_smtputf8;
  gboolean utf8_header; /* the header section has octets above 127 */
  gboolean outside;
  ClrEvaluation *evaluation; /* of what comes from outside, NULL: none */
  gboolean evaluating;       /* its end is awaited */
  unsigned ret;
  GArray *recipients; /* of ClrRecipient */

  GString *header; /* the header section while it comes in, then as it will be sent */
  gboolean has_header;
  ClrRope body; /* what stands behind the header section and is not spooled */
  uint64_t size;
  uint64_t spooled;  /* octets given to the disk */
  uint64_t on_way;   /* of these, not yet answered */
  unsigned requests; /* to the disk, not yet answered */
  gboolean spooling;
  gboolean paused;
  gboolean finishing;
  gboolean submitted;
  gboolean abandoned;

  ClrRepair repairs;
  ClrQuirks quirks;   /* that were used */
  ClrCharge charge;   /* what the device's account says of it */
  gboolean is_frozen; /* its sender is */
  ClrStamp stamp;
  /* Why it will not be stored; the first reason counts. */
  const char *refusal, *refusal_enhanced;
  int refusal_code;
  char *disk_problem;
  gboolean disk_full;
  gboolean is_foreign; /* the spool file of our id is another message's */
};

/* clr-intake.c */
void clr_intake_free (ClrIntake *intake);
/* When the disk has it all, and what is to be known of the sender is known. */
void clr_intake_submit_when_ready (ClrIntake *intake);

/* clr-intake-envelope.c */
/* The copy for the journal, unless it has one already. Nobody is told of what becomes of it. */
void clr_intake_add_journal (ClrIntake *intake);
/* Whether SMTPUTF8 (RFC 6531) is needed to send it as it is. */
gboolean clr_intake_needs_smtputf8 (const ClrIntake *intake);

/* clr-intake-content.c */
/* The header section is complete (or the message was only that). */
void clr_intake_take_header (ClrIntake *intake);
/* All of the content has come: what of it belongs on the disk goes there, and is synced. */
void clr_intake_end_content (ClrIntake *intake);

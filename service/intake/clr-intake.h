/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrIntake: the one way a message comes in: begin(envelope, origin) -> write(bytes) -> finish -> stored. It
 * keeps the header section until it is complete, repairs it, hashes the body as it passes, signs, writes our
 * fields in front, and posts to the queue. Contents beyond the spool size stream to the disk thread; memory
 * stays bounded. Belongs to one worker. Its callers are SMTP sessions; later the pickup folder, the API and
 * our own reports.
 */
#pragma once

#include "net/clr-worker.h"
#include "policy/clr-acceptance.h"
#include "queue/clr-disk.h"
#include "queue/clr-queue.h"

typedef struct ClrIntake ClrIntake;

/* Where a message comes from. Strings are copied. */
typedef struct
{
  const char *origin;      /* "smtp" */
  const char *client;      /* address */
  const char *helo;        /* "" for none */
  const char *protocol;    /* for Received: "ESMTP", ... */
  const char *tls;         /* NULL in clear */
  gboolean smtputf8;       /* the client said SMTPUTF8 */
  gboolean outside;        /* a stranger brings it: it is evaluated, and not signed */
  const ClrDevice *device; /* of the policy; must live as long as the intake */
} ClrOrigin;

/* How it ended. */
typedef enum
{
  CLR_INTAKE_STORED,
  CLR_INTAKE_REFUSED,  /* for what it is: the reply's class is 5 */
  CLR_INTAKE_DEFERRED, /* for what we are: class 4 */
} ClrIntakeResult;

typedef struct
{
  ClrIntakeResult result;
  int code;
  const char *enhanced;
  const char *text; /* for the client; valid during the call */
} ClrIntakeAnswer;

typedef struct
{
  /* Too much is on its way to the disk: stop writing until resume. */
  void (*pause) (void *data);
  void (*resume) (void *data);
  /* The end of clr_intake_finish(). The intake is freed behind it. */
  void (*done) (const ClrIntakeAnswer *answer, void *data);
} ClrIntakeEvents;

/* The workers' shared places; all outlive the intake. */
typedef struct
{
  ClrWorker *worker;
  ClrQueue *queue;
  ClrDisk *disk;
} ClrIntakePlace;

ClrIntake *clr_intake_begin (const ClrIntakePlace *place, ClrPolicy *policy, const ClrOrigin *origin,
                             const ClrIntakeEvents *events, void *data);
/* Returns: NULL, or why the device may not send so, or not now. */
const ClrObjection *clr_intake_set_sender (ClrIntake *intake, const char *sender, unsigned ret,
                                           const char *envid);
/* Returns: NULL, or why it is not taken. */
const ClrObjection *clr_intake_add_recipient (ClrIntake *intake, const char *recipient, unsigned notify,
                                              const char *orcpt);
void clr_intake_write (ClrIntake *intake, const uint8_t *bytes, size_t size);
/* Before the end: what was borne of the client for it; recorded on the message. */
void clr_intake_set_quirks (ClrIntake *intake, ClrQuirks quirks);
/* @normalized: lone CRs or LFs that were made CRLF. */
void clr_intake_finish (ClrIntake *intake, unsigned normalized);
/* Gives up; no event comes any more. Also after finish: the message may then be stored all the same. */
void clr_intake_abandon (ClrIntake *intake);

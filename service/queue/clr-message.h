/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrMessage: a message as it travels inside: envelope, where it came from, content, and all or some of its
 * recipients. Built by one thread, frozen when it is handed on, then shared by reference. Only the fields
 * marked so belong to the queue thread.
 */
#pragma once

#include "base/clr-block.h"

typedef enum
{
  CLR_RECIPIENT_WAITING = 0, /* for its due time */
  CLR_RECIPIENT_ACTIVE = 1,  /* claimed for delivery */
  CLR_RECIPIENT_DELIVERED = 2,
  CLR_RECIPIENT_FAILED = 3, /* kept until an administrator retries or deletes it */
  CLR_RECIPIENT_HELD = 4,
  CLR_RECIPIENT_BOUNCING = 5, /* given up; somebody has still to be told */
  CLR_RECIPIENT_GIVEN_UP = 6, /* whoever was to be told has been */
  CLR_RECIPIENT_DELETED = 7,  /* by an administrator; only the history has it */
  CLR_RECIPIENT_STATES
} ClrRecipientState;

/* What the sender wants to be told (RFC 3461 §4.1); the bits are those of the protocol's ClrNotify. */
enum
{
  CLR_TELL_SUCCESS = 1 << 0,
  CLR_TELL_FAILURE = 1 << 1,
  CLR_TELL_DELAY = 1 << 2,
  CLR_TELL_NEVER = 1 << 3,
};

typedef struct
{
  unsigned number; /* within the message, from 0 */
  char *address;
  unsigned notify; /* CLR_TELL_…, 0: not said */
  char *orcpt;     /* NULL: none */
  char *lane;      /* the lane's key: which way it leaves */
  ClrRecipientState state;
  int64_t due_us;     /* next attempt, microseconds since 1970 */
  int64_t expires_us; /* then it has failed */
  int64_t notice_us;  /* if it still waits then, the sender is told; 0: never */
  unsigned report;    /* ClrReportKind: reports that are due */
  unsigned reported;  /* those that have been made */
  int priority;       /* -9 to 9; what is due goes highest first */
  unsigned attempts;
  /* The last attempt; NULL and 0 before it. */
  int code;
  char *enhanced;
  char *text;
  char *host;
  int64_t tried_us;
  char *who; /* who deleted it, NULL: nobody */
} ClrRecipient;

typedef struct ClrMessage ClrMessage;

struct ClrMessage
{
  uint64_t id;
  unsigned node;
  int64_t created_us;
  char *sender;       /* "" for the null sender */
  unsigned ret;       /* ClrDsnReturn */
  char *envid;        /* NULL: none */
  gboolean eight_bit; /* there are octets above 127 in it */
  gboolean smtputf8;  /* envelope or header section need it (RFC 6531) */
  uint64_t size;      /* octets of the content, with our fields */
  char *origin;       /* "smtp", later "pickup", "api", "dsn" */
  char *client;       /* address of the client */
  char *device;       /* name of the device that it matched */
  int priority;       /* of its recipients when it comes in */
  gboolean requiretls;
  char *stream, *campaign, *tag; /* NULL for now */
  char *attributes;              /* JSON object: repairs, signatures, subject, message-id */

  ClrRope content;     /* all of it, or only what stands in front of the spool file; empty when not loaded */
  gboolean is_loaded;  /* content holds what the store has */
  uint64_t spool_size; /* octets in the spool file, 0: none */

  unsigned n_all;        /* recipients of the message */
  unsigned n_recipients; /* of these, in the array */
  ClrRecipient *recipients;

  /* Queue thread only. */
  size_t charged; /* octets counted as held in memory */
};

ClrMessage *clr_message_new (unsigned n_recipients);
ClrMessage *clr_message_ref (ClrMessage *message);
void clr_message_unref (ClrMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrMessage, clr_message_unref)

/* The text of that name in the message's attributes, NULL when there is none. */
char *clr_message_dup_attribute (const ClrMessage *message, const char *name);

void clr_recipient_clear (ClrRecipient *recipient);
const char *clr_recipient_state_get_name (ClrRecipientState state);
/* Nothing more will happen: neither an attempt nor a report. */
gboolean clr_recipient_is_final (const ClrRecipient *recipient);

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
  CLR_RECIPIENT_BOUNCING = 5,
} ClrRecipientState;

typedef struct
{
  unsigned number; /* within the message, from 0 */
  char *address;
  unsigned notify; /* ClrNotify of RFC 3461, 0: not said */
  char *orcpt;     /* NULL: none */
  char *lane;      /* the lane's key: which way it leaves */
  ClrRecipientState state;
  int64_t due_us;     /* next attempt, microseconds since 1970 */
  int64_t expires_us; /* then it has failed */
  unsigned attempts;
  /* The last attempt; NULL and 0 before it. */
  int code;
  char *enhanced;
  char *text;
  char *host;
  int64_t tried_us;
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
  int priority;
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

void clr_recipient_clear (ClrRecipient *recipient);
const char *clr_recipient_state_get_name (ClrRecipientState state);
gboolean clr_recipient_state_is_final (ClrRecipientState state); /* nothing more will happen by itself */

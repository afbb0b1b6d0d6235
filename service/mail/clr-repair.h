/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Header repair for devices that are set to it: what the message lacks is written in front of it, Bcc is
 * taken out. Each repair is a bit, recorded on the message. Pure.
 */
#pragma once

#include "mail/clr-header-block.h"

typedef enum
{
  CLR_REPAIR_DATE = 1 << 0,
  CLR_REPAIR_MESSAGE_ID = 1 << 1,
  CLR_REPAIR_FROM = 1 << 2,
  CLR_REPAIR_BCC = 1 << 3,
  CLR_REPAIR_SEPARATOR = 1 << 4,
  CLR_REPAIR_SENDER = 1 << 6, /* envelope or From are the device's rewrite-sender; done by the intake */
  CLR_REPAIR_NEWLINES
  = 1 << 5, /* lone CR or LF made CRLF; done by the SMTP server, recorded with the others */
} ClrRepair;

#define CLR_REPAIR_COUNT 7

typedef struct
{
  const char *sender;     /* envelope sender, "" for the null sender */
  const char *postmaster; /* the author where the envelope names none */
  const char *hostname;   /* the right side of a Message-ID */
  const char *id;         /* queue id, the left side of a Message-ID */
  int64_t time_us;        /* microseconds since 1970 */
  ClrRepair wanted;       /* what may be done */
} ClrRepairFacts;

/* All that can be done to a header section. */
#define CLR_REPAIR_HEADER                                                                                    \
  (CLR_REPAIR_DATE | CLR_REPAIR_MESSAGE_ID | CLR_REPAIR_FROM | CLR_REPAIR_BCC | CLR_REPAIR_SEPARATOR)

/* @bytes: the start of a message up to the end of its header section (with the empty line, if it has one).
 * @into: the repaired header section is appended; what needs no repair is the same octet by octet.
 * Returns: what was done. */
ClrRepair clr_repair_header (const char *bytes, size_t size, const ClrRepairFacts *facts, GString *into);

/* The word of the repair 1 << @number. */
const char *clr_repair_get_word (unsigned number);
/* "date,message-id"; "" for none. (transfer full) */
char *clr_repair_to_text (ClrRepair repairs);

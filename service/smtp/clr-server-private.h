/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of ClrSmtpServer share: clr-server.c eats bytes and takes answers, clr-server-verbs.c holds
 * the table of verbs, clr-server-chunk.c what BDAT brings,
 * clr-server-auth.c what AUTH does. Nobody else includes this.
 */
#pragma once

#include "smtp/clr-server.h"

typedef enum
{
  STATE_CONNECTED = 1 << 0,
  STATE_GREETED = 1 << 1,
  STATE_MAIL = 1 << 2,   /* a sender is known */
  STATE_RCPT = 1 << 3,   /* and a recipient */
  STATE_DATA = 1 << 4,   /* content is coming in by DATA */
  STATE_CHUNKS = 1 << 5, /* a first BDAT was said; the next may come */
  STATE_AUTH = 1 << 7,   /* lines are responses of an AUTH exchange */
  STATE_OVER = 1 << 6,   /* nothing is eaten any more */
} State;

#define STATE_TRANSACTION (STATE_MAIL | STATE_RCPT | STATE_DATA | STATE_CHUNKS)
#define STATE_ANY         (STATE_CONNECTED | STATE_GREETED | STATE_MAIL | STATE_RCPT | STATE_CHUNKS)

struct ClrSmtpServer
{
  const ClrSmtpServerConfig *config;
  const ClrSmtpServerHandler *handler;
  void *data;
  ClrBuffer *output;
  State state;
  ClrVerb asked; /* the verb that awaits its answer */
  gboolean waiting;
  gboolean secure;
  gboolean esmtp;
  gboolean authenticated;
  gboolean line_too_long;
  gboolean helo_bad;
  ClrAddressFlags leniency; /* that this transaction needed */
  gboolean smtputf8;        /* MAIL said so */
  unsigned errors;
  unsigned refusals; /* replies of 4xx and 5xx but 421 */
  unsigned failed_logins;
  unsigned messages;
  unsigned recipients;
  ClrContent content;
  ClrSaslServer *sasl; /* the exchange that is under way */
  struct
  {
    gboolean coming; /* its octets are eaten now */
    gboolean last;
    uint64_t left; /* octets */
    /* Its octets are eaten for nothing, then this is said; code 0: they are content. */
    int code;
    char enhanced[CLR_ENHANCED_MAX];
    char *text;
  } chunk;
  ClrBuffer line; /* the beginning of a line whose end has not come yet */
  char helo[CLR_DOMAIN_MAX + 1];
  char refusal[CLR_REFUSAL_MAX + 1]; /* the last of them */
};

/* RFC 2034 section 4: no enhanced code in the greeting, in the reply to HELO and EHLO, and in 354. */
void clr_smtp_server_reply (ClrSmtpServer *server, int code, const char *enhanced, const char *text);
/* Replies, and counts it as the client's error: too many end the session. */
void clr_smtp_server_complain (ClrSmtpServer *server, int code, const char *enhanced, const char *text);
void clr_smtp_server_enter_state (ClrSmtpServer *server, State state);
void clr_smtp_server_finish (ClrSmtpServer *server);
/* The handler is asked on behalf of @verb. */
void clr_smtp_server_ask (ClrSmtpServer *server, ClrVerb verb);

/* -- verbs */

/* Whether the command may come now and here. Returns: a complaint with code 0 when it may. */
ClrComplaint clr_smtp_server_check_order (ClrSmtpServer *server, const ClrCommand *command);
/* Only what may come. */
void clr_smtp_server_proceed (ClrSmtpServer *server, const ClrCommand *command);

/* -- chunks, RFC 3030 section 2 */

/* Reads what BDAT says of its chunk. Where no chunk can be told from commands, the session has to end.
 * Returns: FALSE then. */
gboolean clr_smtp_server_measure_chunk (ClrSmtpServer *server, const ClrCommand *command);
/* @code: 0, or why the chunk is eaten for nothing. */
void clr_smtp_server_begin_chunk (ClrSmtpServer *server, int code, const char *enhanced, const char *text);
/* Returns: the octets that were the chunk's. */
size_t clr_smtp_server_feed_chunk (ClrSmtpServer *server, const uint8_t *bytes, size_t size);

/* -- AUTH, RFC 4954 */

gboolean clr_smtp_server_offers_auth (ClrSmtpServer *server);
/* What stands behind the verb's name. */
void clr_smtp_server_begin_auth (ClrSmtpServer *server, const char *argument, size_t size);
/* A line in STATE_AUTH, without its end. */
void clr_smtp_server_feed_auth (ClrSmtpServer *server, const char *line, size_t size);
/* The exchange is over: 235, or why not. */
void clr_smtp_server_end_auth (ClrSmtpServer *server, int code, const char *enhanced, const char *text);

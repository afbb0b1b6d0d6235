/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSmtpServer: the server's side of one SMTP session as a state machine that eats bytes and writes replies
 * into a buffer. Pure: no socket, no clock, no thread. What only others can know (may this client relay? is
 * the message stored?) it asks its handler, which answers at once or later.
 */
#pragma once

#include "smtp/clr-content.h"
#include "smtp/clr-reply.h"
#include "smtp/clr-sasl-server.h"

#define CLR_REFUSAL_MAX 200 /* octets */

typedef struct ClrSmtpServer ClrSmtpServer;

typedef struct
{
  const char *hostname; /* our name in greeting and EHLO */
  size_t max_line;      /* octets of a command line with its end; RFC 5321 section 4.5.3.1.4 asks for 512 */
  uint64_t max_message_size; /* octets; advertised by SIZE */
  unsigned max_recipients;   /* of one message */
  unsigned max_errors;       /* then 421 */
  unsigned max_messages;     /* of one connection, then 421 */
  gboolean offer_tls;
  gboolean require_tls;       /* before MAIL */
  ClrSaslOffers mechanisms;   /* offered by AUTH; 0: there is no AUTH */
  gboolean auth_in_clear;     /* AUTH without TLS */
  gboolean auth_equals;       /* "AUTH=" is told too, for clients older than RFC 2554 */
  gboolean require_auth;      /* before MAIL */
  unsigned max_failed_logins; /* then 421 */
  gboolean normalize;         /* lone CR or LF become CRLF, NULs are left out, instead of a refusal */
  ClrAddressFlags leniency;   /* what of CLR_ADDRESS_LENIENT is borne of MAIL and RCPT */
  gboolean lenient_helo;      /* HELO and EHLO without a name */
} ClrSmtpServerConfig;

/* What the handler is asked. Each ask_ function must be answered once with clr_smtp_server_answer(), inside
 * or later. */
typedef struct
{
  void (*ask_mail) (ClrSmtpServer *server, const ClrMailCommand *mail, void *data);
  void (*ask_rcpt) (ClrSmtpServer *server, const ClrRcptCommand *rcpt, void *data);
  void (*ask_data) (ClrSmtpServer *server, void *data); /* may the content come, by DATA or BDAT? */
  void (*content) (ClrSmtpServer *server, const uint8_t *bytes, size_t size, void *data);
  void (*ask_accept) (ClrSmtpServer *server, void *data); /* the content is complete */
  void (*abandon) (ClrSmtpServer *server, void *data);    /* the transaction is over without a message */
  void (*start_tls) (ClrSmtpServer *server, void *data);  /* the 220 stands in the output */
  void (*finish) (ClrSmtpServer *server, void *data);     /* close once the output is out */
  void (*ask_login) (ClrSmtpServer *server, const ClrSaslClaim *claim, void *data); /* 235 lets it in */
  ClrSaslSource sasl; /* its functions get the server's data, too */
} ClrSmtpServerHandler;

/* @config stays the caller's and must outlive the server. */
ClrSmtpServer *clr_smtp_server_new (const ClrSmtpServerConfig *config, const ClrSmtpServerHandler *handler,
                                    ClrBuffer *output, void *data);
void clr_smtp_server_free (ClrSmtpServer *server);

void clr_smtp_server_greet (ClrSmtpServer *server);

/* Eats until the bytes are at an end or an answer is awaited. Returns: the octets eaten. */
size_t clr_smtp_server_feed (ClrSmtpServer *server, const uint8_t *bytes, size_t size);

/* The answer to what was asked. A code of 4xx or 5xx refuses. */
void clr_smtp_server_answer (ClrSmtpServer *server, int code, const char *enhanced, const char *text);
gboolean clr_smtp_server_is_waiting (ClrSmtpServer *server);

/* STARTTLS has succeeded: the session begins anew (RFC 3207 section 4.2). */
void clr_smtp_server_secured (ClrSmtpServer *server);

/* Ends the session from our side, for example on a time-out. */
void clr_smtp_server_goodbye (ClrSmtpServer *server, const char *enhanced, const char *text);

gboolean clr_smtp_server_is_receiving (ClrSmtpServer *server); /* inside DATA or a chunk */
/* Lone CRs and LFs of the content that were made CRLF, and NULs that were left out. */
unsigned clr_smtp_server_get_bare_newlines (ClrSmtpServer *server);
const char *clr_smtp_server_get_helo (ClrSmtpServer *server); /* "" before HELO */
/* Where in its dialogue the session is, in a few words (static); and messages taken so far. */
const char *clr_smtp_server_describe (ClrSmtpServer *server);
unsigned clr_smtp_server_count_messages (ClrSmtpServer *server);
gboolean clr_smtp_server_is_esmtp (ClrSmtpServer *server);
gboolean clr_smtp_server_is_authenticated (ClrSmtpServer *server);
/* Replies by which the client was refused something (4xx and 5xx, without 421), and the last of them as it
 * was told, cut to CLR_REFUSAL_MAX; "" before the first. */
unsigned clr_smtp_server_count_refusals (ClrSmtpServer *server);
const char *clr_smtp_server_get_refusal (ClrSmtpServer *server);
/* What was borne of the client for this message: of CLR_ADDRESS_LENIENT; and of its HELO, where that is
 * borne: that it gave no name, or one that is none. */
ClrAddressFlags clr_smtp_server_get_leniency (ClrSmtpServer *server);
gboolean clr_smtp_server_is_helo_bad (ClrSmtpServer *server);

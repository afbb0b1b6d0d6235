/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSmtpClient: the client's side of one SMTP connection as a state machine over bytes: greeting, EHLO
 * (HELO), TLS, AUTH, then any number of transactions. A transaction is a plan of commands with a cursor for
 * sending and one for receiving; with PIPELINING (RFC 2920) the whole plan goes out at once. Pure: no socket,
 * clock or thread.
 *
 * The content goes by DATA, or as one chunk (BDAT, RFC 3030) where the peer offers CHUNKING and the size is
 * known; a small one then leaves in the same flight as its envelope.
 */
#pragma once

#include "smtp/clr-data.h"
#include "smtp/clr-envelope.h"
#include "smtp/clr-login.h"
#include "smtp/clr-phase.h"
#include "smtp/clr-reply.h"

typedef struct ClrSmtpClient ClrSmtpClient;

typedef enum
{
  CLR_CLIENT_TLS_NONE,
  CLR_CLIENT_TLS_MAY,
  CLR_CLIENT_TLS_REQUIRED,
} ClrClientTls;

typedef struct
{
  const char *helo;
  ClrClientTls tls;
  ClrCredentials login;
} ClrSmtpClientConfig;

typedef struct
{
  void (*start_tls) (ClrSmtpClient *client, void *data); /* start TLS, then clr_smtp_client_secured() */
  void (*ready) (ClrSmtpClient *client, void *data); /* idle: begin a transaction, or leave it so, or quit */
  /* What one recipient got: the refusal at MAIL, RCPT or DATA, or the answer to the content. Once for each.
   */
  void (*result) (ClrSmtpClient *client, unsigned recipient, ClrPhase phase, const ClrSmtpReply *reply,
                  void *data);
  /* Send content with clr_smtp_client_send_content() until clr_smtp_client_end_content(). May come inside
   * clr_smtp_client_begin(). */
  void (*want_content) (ClrSmtpClient *client, void *data);
  /* The connection is of no use any more; recipients without a result have not been delivered. */
  void (*failed) (ClrSmtpClient *client, ClrPhase phase, const ClrSmtpReply *reply, void *data);
} ClrSmtpClientHandler;

/* @config and its strings must outlive the client. */
ClrSmtpClient *clr_smtp_client_new (const ClrSmtpClientConfig *config, const ClrSmtpClientHandler *handler,
                                    ClrBuffer *output, void *data);
void clr_smtp_client_free (ClrSmtpClient *client);

void clr_smtp_client_feed (ClrSmtpClient *client, const uint8_t *bytes, size_t size);
/* STARTTLS has ended well: EHLO again. */
void clr_smtp_client_secured (ClrSmtpClient *client);
/* TLS was there before the greeting (RFC 8314 section 3). */
void clr_smtp_client_set_secure (ClrSmtpClient *client);

/* Only when idle. @transaction is copied; its strings must live until ready or failed. */
void clr_smtp_client_begin (ClrSmtpClient *client, const ClrSmtpTransaction *transaction);
void clr_smtp_client_send_content (ClrSmtpClient *client, const uint8_t *bytes, size_t size);
void clr_smtp_client_end_content (ClrSmtpClient *client);
void clr_smtp_client_quit (ClrSmtpClient *client);

ClrPhase clr_smtp_client_get_phase (ClrSmtpClient *client);
/* Answers read so far: each gives the peer its time anew. */
uint64_t clr_smtp_client_get_replies (ClrSmtpClient *client);

/* What EHLO told; valid from the first ready on. */
const ClrOffers *clr_smtp_client_get_offers (ClrSmtpClient *client);

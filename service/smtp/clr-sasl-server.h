/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSaslServer: the server's side of one AUTH exchange (RFC 4954, RFC 4422): PLAIN (RFC 4616), LOGIN in
 * every variant devices speak, SCRAM-SHA-256 with and without channel binding (RFC 7677), CRAM-MD5 (RFC
 * 2195). It eats lines of base64 and gives challenges in base64; at its end stands a claim, which others
 * judge. Pure: what it must know of users and of the TLS connection it asks its source, which answers at
 * once.
 */
#pragma once

#include "base/clr-buffer.h"

#include <glib.h>
#include <stdint.h>

#define CLR_SASL_LINE_MAX 12288 /* octets with CR LF, RFC 4954 section 4 */
#define CLR_SASL_KEY_SIZE 32

typedef enum
{
  CLR_SASL_OFFER_SCRAM_PLUS = 1 << 0,
  CLR_SASL_OFFER_SCRAM = 1 << 1,
  CLR_SASL_OFFER_PLAIN = 1 << 2,
  CLR_SASL_OFFER_LOGIN = 1 << 3,
  CLR_SASL_OFFER_CRAM_MD5 = 1 << 4,
} ClrSaslOffers;

typedef enum
{
  CLR_SASL_PROOF_PASSWORD, /* a password in clear came, to be checked */
  CLR_SASL_PROOF_GOOD,     /* the exchange has proved that the client knows the password */
  CLR_SASL_PROOF_BAD,
} ClrSaslProof;

typedef struct
{
  const char *mechanism;
  const char *login;    /* may be anything, "" too */
  const char *password; /* with CLR_SASL_PROOF_PASSWORD */
  ClrSaslProof proof;
} ClrSaslClaim;

typedef struct
{
  unsigned iterations;
  const uint8_t *salt;
  size_t salt_size;
  const uint8_t *stored_key; /* CLR_SASL_KEY_SIZE octets each */
  const uint8_t *server_key;
} ClrSaslVerifier;

typedef struct
{
  /* For a login that does not exist it gives one that nothing fits. What @verifier points to must live as
   * long as the exchange. */
  void (*find_verifier) (const char *login, ClrSaslVerifier *verifier, void *data);
  /* The password itself, for CRAM-MD5; NULL when there is none. (transfer full) */
  char *(*dup_secret) (const char *login, void *data);
  /* Channel binding of this connection in base64, tls-exporter (RFC 9266) or tls-unique (RFC 5929 section 3);
   * NULL when there is none. (transfer full) */
  char *(*dup_binding) (gboolean exporter, void *data);
} ClrSaslSource;

typedef enum
{
  CLR_SASL_CHALLENGE, /* say 334 and the challenge */
  CLR_SASL_CLAIMED,   /* the exchange is over */
  CLR_SASL_MALFORMED,
  CLR_SASL_CANCELLED, /* the client said "*" */
} ClrSaslStep;

typedef struct ClrSaslServer ClrSaslServer;

/* The mechanism of that name in any case; 0: we do not know it. */
ClrSaslOffers clr_sasl_offers_find (const char *name, size_t size);
/* The names, a space before each. */
void clr_sasl_offers_write (ClrSaslOffers offers, ClrBuffer *into);

ClrSaslServer *clr_sasl_server_new (ClrSaslOffers mechanism, const ClrSaslSource *source, void *data);
/* Wipes what it has seen. */
void clr_sasl_server_free (ClrSaslServer *sasl);

/* What stood behind the mechanism's name: NULL for nothing, "=" for an initial response without octets. */
ClrSaslStep clr_sasl_server_begin (ClrSaslServer *sasl, const char *initial, size_t size);
/* A line of the client, without its end. */
ClrSaslStep clr_sasl_server_feed (ClrSaslServer *sasl, const char *line, size_t size);

/* In base64, "" for none; valid until the next call. */
const char *clr_sasl_server_get_challenge (ClrSaslServer *sasl);
/* Valid as long as @sasl. */
const ClrSaslClaim *clr_sasl_server_get_claim (ClrSaslServer *sasl);

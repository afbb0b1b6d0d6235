/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of ClrSaslServer share: clr-sasl-server.c frames the exchange and speaks PLAIN and LOGIN,
 * clr-sasl-proof.c the mechanisms that prove the password without saying it. Nobody else includes this.
 */
#pragma once

#include "smtp/clr-sasl-server.h"

typedef struct ClrSaslProver ClrSaslProver;

struct ClrSaslServer
{
  ClrSaslOffers mechanism;
  const ClrSaslSource *source;
  void *data;
  unsigned step;
  char *challenge;
  ClrSaslClaim claim;
  char *login;
  char *password;
  ClrSaslProver *prover;
};

/* @octets: what the client said, decoded; NULL: it has said nothing yet. The login, the proof and the
 * challenge are left in @sasl. */
ClrSaslStep clr_sasl_prover_step (ClrSaslServer *sasl, const uint8_t *octets, size_t size);
void clr_sasl_prover_free (ClrSaslProver *prover);

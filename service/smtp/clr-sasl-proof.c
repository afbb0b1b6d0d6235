/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SCRAM-SHA-256, SCRAM-SHA-256-PLUS and CRAM-MD5 by GNU SASL, which is given what it asks for and says no
 * more than whether the proof was good.
 */
#include "smtp/clr-sasl-server-private.h"

#include <gsasl.h>
#include <string.h>

struct ClrSaslProver
{
  Gsasl *library; /* one an exchange: nothing is shared between threads */
  Gsasl_session *session;
  gboolean is_over; /* the last challenge is out; the client has nothing more to say */
};

static int
give_verifier (ClrSaslServer *sasl, Gsasl_session *session)
{
  const char *login = gsasl_property_fast (session, GSASL_AUTHID);
  ClrSaslVerifier verifier = { 0 };
  char iterations[16];

  if (login == NULL)
    return GSASL_NO_CALLBACK;
  sasl->source->find_verifier (login, &verifier, sasl->data);
  g_autofree char *salt = g_base64_encode (verifier.salt, verifier.salt_size);
  g_autofree char *stored_key = g_base64_encode (verifier.stored_key, CLR_SASL_KEY_SIZE);
  g_autofree char *server_key = g_base64_encode (verifier.server_key, CLR_SASL_KEY_SIZE);
  g_snprintf (iterations, sizeof iterations, "%u", verifier.iterations);
  gsasl_property_set (session, GSASL_SCRAM_ITER, iterations);
  gsasl_property_set (session, GSASL_SCRAM_SALT, salt);
  gsasl_property_set (session, GSASL_SCRAM_STOREDKEY, stored_key);
  gsasl_property_set (session, GSASL_SCRAM_SERVERKEY, server_key);
  return GSASL_OK;
}

static int
give_binding (ClrSaslServer *sasl, Gsasl_session *session, Gsasl_property property)
{
  g_autofree char *binding = sasl->source->dup_binding (property == GSASL_CB_TLS_EXPORTER, sasl->data);

  if (binding == NULL)
    return GSASL_NO_CALLBACK;
  gsasl_property_set (session, property, binding);
  return GSASL_OK;
}

static int
give_secret (ClrSaslServer *sasl, Gsasl_session *session)
{
  const char *login = gsasl_property_fast (session, GSASL_AUTHID);
  /* SCRAM never asks for it: it has the keys. */
  char *secret = login && sasl->mechanism == CLR_SASL_OFFER_CRAM_MD5
                     ? sasl->source->dup_secret (login, sasl->data)
                     : NULL;

  if (secret == NULL)
    return GSASL_NO_CALLBACK;
  gsasl_property_set (session, GSASL_PASSWORD, secret);
  explicit_bzero (secret, strlen (secret));
  g_free (secret);
  return GSASL_OK;
}

static int
on_question (Gsasl *library, Gsasl_session *session, Gsasl_property property)
{
  ClrSaslServer *sasl = gsasl_session_hook_get (session);

  switch (property)
    {
    case GSASL_SCRAM_ITER:
    case GSASL_SCRAM_SALT:
    case GSASL_SCRAM_STOREDKEY:
    case GSASL_SCRAM_SERVERKEY:
      return give_verifier (sasl, session);
    case GSASL_CB_TLS_EXPORTER:
    case GSASL_CB_TLS_UNIQUE:
      return give_binding (sasl, session, property);
    case GSASL_PASSWORD:
      return give_secret (sasl, session);
    default:
      return GSASL_NO_CALLBACK;
    }
}

static gboolean
start (ClrSaslServer *sasl)
{
  ClrSaslProver *prover = sasl->prover = g_new0 (ClrSaslProver, 1);

  if (gsasl_init (&prover->library) != GSASL_OK)
    return FALSE;
  gsasl_callback_set (prover->library, on_question);
  if (gsasl_server_start (prover->library, sasl->claim.mechanism, &prover->session) != GSASL_OK)
    return FALSE;
  gsasl_session_hook_set (prover->session, sasl);
  return TRUE;
}

static ClrSaslStep
judge (ClrSaslServer *sasl, ClrSaslProof proof)
{
  Gsasl_session *session = sasl->prover->session;
  const char *login = session ? gsasl_property_fast (session, GSASL_AUTHID) : NULL;
  const char *authorize = session ? gsasl_property_fast (session, GSASL_AUTHZID) : NULL;

  g_free (sasl->login);
  sasl->login = g_strdup (login ? login : "");
  /* Nobody may act for somebody else. */
  if (authorize && *authorize && g_ascii_strcasecmp (authorize, sasl->login) != 0)
    proof = CLR_SASL_PROOF_BAD;
  sasl->claim.proof = proof;
  sasl->claim.login = sasl->login;
  return CLR_SASL_CLAIMED;
}

ClrSaslStep
clr_sasl_prover_step (ClrSaslServer *sasl, const uint8_t *octets, size_t size)
{
  char *output = NULL;
  size_t output_size = 0;
  int code;

  if (sasl->prover == NULL && !start (sasl))
    return judge (sasl, CLR_SASL_PROOF_BAD);
  if (sasl->prover->is_over)
    /* RFC 4954 section 4: success is not said together with data, so the client has answered the last
     * challenge. */
    return size == 0 ? judge (sasl, CLR_SASL_PROOF_GOOD) : CLR_SASL_MALFORMED;
  /* In SCRAM the client speaks first, in CRAM-MD5 never (RFC 4954 section 4: then 501); none of their
   * responses is without octets. */
  gboolean server_first = sasl->mechanism == CLR_SASL_OFFER_CRAM_MD5;
  if (octets == NULL && !server_first)
    return CLR_SASL_CHALLENGE;
  if (octets && (size == 0 || (server_first && sasl->step == 0)))
    return CLR_SASL_MALFORMED;
  code = gsasl_step (sasl->prover->session, (const char *)octets, size, &output, &output_size);
  if (code == GSASL_NEEDS_MORE || (code == GSASL_OK && output_size > 0))
    sasl->challenge = output_size ? g_base64_encode ((const guchar *)output, output_size) : NULL;
  gsasl_free (output);
  if (code == GSASL_NEEDS_MORE)
    return CLR_SASL_CHALLENGE;
  if (code == GSASL_OK && output_size > 0)
    {
      sasl->prover->is_over = TRUE;
      return CLR_SASL_CHALLENGE;
    }
  return code == GSASL_MECHANISM_PARSE_ERROR
             ? CLR_SASL_MALFORMED
             : judge (sasl, code == GSASL_OK ? CLR_SASL_PROOF_GOOD : CLR_SASL_PROOF_BAD);
}

void
clr_sasl_prover_free (ClrSaslProver *prover)
{
  if (prover->session)
    gsasl_finish (prover->session);
  if (prover->library)
    gsasl_done (prover->library);
  g_free (prover);
}

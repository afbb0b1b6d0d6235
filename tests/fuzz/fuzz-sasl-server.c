/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One AUTH exchange with a client that says anything, a line each. It ends, what is said to the client is
 * base64, and a claim is whole; nobody is proved who does not know the password.
 */
#include "fuzz.h"
#include "smtp/clr-sasl-server.h"

/* Nothing fits it: the keys are no hashes of anything that is known. */
static void
find_verifier (const char *login, ClrSaslVerifier *verifier, void *data)
{
  static const uint8_t key[CLR_SASL_KEY_SIZE] = { 1, 2, 3 };

  fuzz_check (login != NULL);
  *verifier = (ClrSaslVerifier){
    .iterations = 4096, .salt = key, .salt_size = 12, .stored_key = key, .server_key = key
  };
}

static char *
dup_secret (const char *login, void *data)
{
  return g_str_equal (login, "camera") ? g_strdup ("secret") : NULL;
}

static char *
dup_binding (gboolean exporter, void *data)
{
  return exporter ? g_strdup ("YmluZGluZw==") : NULL;
}

static void
check_claim (const ClrSaslClaim *claim, ClrSaslOffers mechanism)
{
  gboolean in_clear = (mechanism & (CLR_SASL_OFFER_PLAIN | CLR_SASL_OFFER_LOGIN)) != 0;

  fuzz_check (claim->mechanism && claim->login);
  fuzz_check (claim->proof != CLR_SASL_PROOF_GOOD);
  fuzz_check (claim->proof != CLR_SASL_PROOF_PASSWORD || (in_clear && claim->password));
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  static const ClrSaslSource source = { find_verifier, dup_secret, dup_binding };
  unsigned variant = fuzz_take (&bytes, &size);
  ClrSaslOffers mechanism = 1u << variant % 5;
  ClrSaslServer *sasl = clr_sasl_server_new (mechanism, &source, NULL);
  gboolean has_initial = (variant & 128) != 0;
  ClrSaslStep step = has_initial ? CLR_SASL_CHALLENGE : clr_sasl_server_begin (sasl, NULL, 0);

  for (unsigned lines = 0; step == CLR_SASL_CHALLENGE && size > 0; lines++)
    {
      const uint8_t *end = memchr (bytes, '\n', size);
      size_t n = end ? (size_t)(end - bytes) : size;
      char *copy = g_memdup2 (bytes, n);

      fuzz_check (lines < 4); /* no mechanism goes on for ever */
      if (lines == 0 && has_initial)
        step = clr_sasl_server_begin (sasl, copy ? copy : "", n);
      else
        step = clr_sasl_server_feed (sasl, copy ? copy : "", n);
      g_free (copy);
      fuzz_check (fuzz_is_line (clr_sasl_server_get_challenge (sasl)));
      bytes += n + (end != NULL);
      size -= n + (end != NULL);
    }
  if (step == CLR_SASL_CLAIMED)
    check_claim (clr_sasl_server_get_claim (sasl), mechanism);
  clr_sasl_server_free (sasl);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-sasl-server-private.h"

#include <string.h>

/* Devices read the prompts of LOGIN, and some leave at any other spelling: these are what everybody sends. */
#define ASK_USER     "VXNlcm5hbWU6" /* "Username:" */
#define ASK_PASSWORD "UGFzc3dvcmQ6" /* "Password:" */

static const struct
{
  ClrSaslOffers mechanism;
  const char *name;
} names[] = {
  { CLR_SASL_OFFER_SCRAM_PLUS, "SCRAM-SHA-256-PLUS" },
  { CLR_SASL_OFFER_SCRAM, "SCRAM-SHA-256" },
  { CLR_SASL_OFFER_PLAIN, "PLAIN" },
  { CLR_SASL_OFFER_LOGIN, "LOGIN" },
  { CLR_SASL_OFFER_CRAM_MD5, "CRAM-MD5" },
};

ClrSaslOffers
clr_sasl_offers_find (const char *name, size_t size)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (names); i++)
    if (strlen (names[i].name) == size && g_ascii_strncasecmp (names[i].name, name, size) == 0)
      return names[i].mechanism;
  return 0;
}

void
clr_sasl_offers_write (ClrSaslOffers offers, ClrBuffer *into)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (names); i++)
    if (offers & names[i].mechanism)
      clr_buffer_printf (into, " %s", names[i].name);
}

static void
wipe (char *secret)
{
  if (secret)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

ClrSaslServer *
clr_sasl_server_new (ClrSaslOffers mechanism, const ClrSaslSource *source, void *data)
{
  ClrSaslServer *sasl = g_new0 (ClrSaslServer, 1);

  sasl->mechanism = mechanism;
  sasl->source = source;
  sasl->data = data;
  for (unsigned i = 0; i < G_N_ELEMENTS (names); i++)
    if (names[i].mechanism == mechanism)
      sasl->claim.mechanism = names[i].name;
  return sasl;
}

void
clr_sasl_server_free (ClrSaslServer *sasl)
{
  g_clear_pointer (&sasl->prover, clr_sasl_prover_free);
  wipe (sasl->password);
  g_free (sasl->login);
  g_free (sasl->challenge);
  g_free (sasl);
}

static ClrSaslStep
ask (ClrSaslServer *sasl, const char *challenge)
{
  g_free (sasl->challenge);
  sasl->challenge = g_strdup (challenge);
  return CLR_SASL_CHALLENGE;
}

/* Texts hold no NUL, but some devices count the one that ends theirs. Returns: NULL when it is no text. */
static char *
dup_text (const uint8_t *octets, size_t size)
{
  while (size > 0 && octets[size - 1] == 0)
    size--;
  return memchr (octets, 0, size) ? NULL : g_strndup ((const char *)octets, size);
}

static ClrSaslStep
claim_password (ClrSaslServer *sasl)
{
  sasl->claim.proof = CLR_SASL_PROOF_PASSWORD;
  sasl->claim.login = sasl->login;
  sasl->claim.password = sasl->password;
  return CLR_SASL_CLAIMED;
}

/* RFC 4616 section 2: [authzid] NUL authcid NUL passwd. */
static ClrSaslStep
step_plain (ClrSaslServer *sasl, const uint8_t *octets, size_t size)
{
  const uint8_t *end, *login, *password;
  g_autofree char *authorize = NULL;

  if (octets == NULL)
    return ask (sasl, "");
  end = octets + size;
  login = memchr (octets, 0, size);
  password = login ? memchr (login + 1, 0, end - login - 1) : NULL;
  if (password == NULL)
    return CLR_SASL_MALFORMED;
  authorize = g_strndup ((const char *)octets, login - octets);
  sasl->login = g_strndup ((const char *)login + 1, password - login - 1);
  sasl->password = dup_text (password + 1, end - password - 1);
  if (sasl->password == NULL)
    return CLR_SASL_MALFORMED;
  claim_password (sasl);
  /* Nobody may act for somebody else. */
  if (*authorize && g_ascii_strcasecmp (authorize, sasl->login) != 0)
    sasl->claim.proof = CLR_SASL_PROOF_BAD;
  return CLR_SASL_CLAIMED;
}

static ClrSaslStep
step_login (ClrSaslServer *sasl, const uint8_t *octets, size_t size)
{
  /* "=" and nothing are the same here: some devices send it and wait to be asked. */
  if (octets == NULL || (sasl->step == 0 && size == 0))
    return ask (sasl, ASK_USER);
  if (sasl->login == NULL)
    {
      sasl->login = dup_text (octets, size);
      return sasl->login ? ask (sasl, ASK_PASSWORD) : CLR_SASL_MALFORMED;
    }
  sasl->password = dup_text (octets, size);
  return sasl->password ? claim_password (sasl) : CLR_SASL_MALFORMED;
}

static ClrSaslStep
go_on (ClrSaslServer *sasl, const uint8_t *octets, size_t size)
{
  ClrSaslStep step;

  g_clear_pointer (&sasl->challenge, g_free);
  if (sasl->mechanism == CLR_SASL_OFFER_PLAIN)
    step = step_plain (sasl, octets, size);
  else if (sasl->mechanism == CLR_SASL_OFFER_LOGIN)
    step = step_login (sasl, octets, size);
  else
    step = clr_sasl_prover_step (sasl, octets, size);
  sasl->step++;
  return step;
}

/* RFC 4648 section 4, with nothing left to guess: whole groups, padding at the end only. */
static gboolean
is_base64 (const char *text, size_t size)
{
  size_t digits = size;

  while (digits > 0 && size - digits < 2 && text[digits - 1] == '=')
    digits--;
  for (size_t i = 0; i < digits; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return FALSE;
  return size % 4 == 0;
}

ClrSaslStep
clr_sasl_server_feed (ClrSaslServer *sasl, const char *line, size_t size)
{
  g_autofree char *copy = NULL;
  uint8_t *octets;
  gsize n = 0;
  ClrSaslStep step;

  if (size == 1 && *line == '*')
    return CLR_SASL_CANCELLED;
  if (!is_base64 (line, size))
    return CLR_SASL_MALFORMED;
  copy = g_strndup (line, size);
  octets = size ? g_base64_decode (copy, &n) : g_malloc0 (1);
  explicit_bzero (copy, size);
  step = go_on (sasl, octets, n);
  explicit_bzero (octets, n);
  g_free (octets);
  return step;
}

ClrSaslStep
clr_sasl_server_begin (ClrSaslServer *sasl, const char *initial, size_t size)
{
  if (initial == NULL)
    return go_on (sasl, NULL, 0);
  /* RFC 4954 section 4: "=" is a response without octets. */
  if (size == 1 && *initial == '=')
    return go_on (sasl, (const uint8_t *)"", 0);
  return clr_sasl_server_feed (sasl, initial, size);
}

const char *
clr_sasl_server_get_challenge (ClrSaslServer *sasl)
{
  return sasl->challenge ? sasl->challenge : "";
}

const ClrSaslClaim *
clr_sasl_server_get_claim (ClrSaslServer *sasl)
{
  return &sasl->claim;
}

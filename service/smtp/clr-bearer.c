/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-bearer.h"

#include <string.h>

ClrSaslMechanism
clr_bearer_choose (const char *offered)
{
  g_auto (GStrv) words = g_strsplit (offered, " ", 50);
  ClrSaslMechanism found = CLR_SASL_NONE;

  for (char **word = words; *word; word++)
    if (g_ascii_strcasecmp (*word, "OAUTHBEARER") == 0)
      return CLR_SASL_OAUTHBEARER;
    else if (g_ascii_strcasecmp (*word, "XOAUTH2") == 0)
      found = CLR_SASL_XOAUTH2;
  return found;
}

/* RFC 5801 section 4: "=" and "," of a saslname. */
static void
append_name (GString *into, const char *name)
{
  for (; *name; name++)
    if (*name == ',')
      g_string_append (into, "=2C");
    else if (*name == '=')
      g_string_append (into, "=3D");
    else
      g_string_append_c (into, *name);
}

static char *
encode (GString *message)
{
  char *text = g_base64_encode ((const guchar *)message->str, message->len);

  explicit_bzero (message->str, message->len);
  g_string_free (message, TRUE);
  return text;
}

/* Room for all at once: a string that grows would leave parts of the token behind. */
static GString *
message_new (const ClrCredentials *credentials)
{
  return g_string_sized_new (3 * strlen (credentials->user) + strlen (credentials->token)
                             + (credentials->host ? strlen (credentials->host) : 0) + 100);
}

/* RFC 7628 section 3.1: the GS2 header, then key-value pairs, each ended by a ^A. */
static char *
say_oauthbearer (const ClrCredentials *credentials)
{
  GString *message = message_new (credentials);

  g_string_append (message, "n,a=");
  append_name (message, credentials->user);
  g_string_append_c (message, ',');
  if (credentials->host)
    g_string_append_printf (message, "\001host=%s\001port=%u", credentials->host, credentials->port);
  g_string_append_printf (message, "\001auth=Bearer %s\001\001", credentials->token);
  return encode (message);
}

static char *
say_xoauth2 (const ClrCredentials *credentials)
{
  GString *message = message_new (credentials);

  g_string_append_printf (message, "user=%s\001auth=Bearer %s\001\001", credentials->user,
                          credentials->token);
  return encode (message);
}

char *
clr_bearer_respond (ClrSaslMechanism mechanism, unsigned step, const ClrCredentials *credentials)
{
  if (step == 0)
    return mechanism == CLR_SASL_OAUTHBEARER ? say_oauthbearer (credentials) : say_xoauth2 (credentials);
  if (step == 1)
    /* A ^A in base64; XOAUTH2 wants an empty line. */
    return g_strdup (mechanism == CLR_SASL_OAUTHBEARER ? "AQ==" : "");
  return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-sasl.h"

#include <string.h>

ClrSaslMechanism
clr_sasl_choose (const char *offered)
{
  g_auto (GStrv) words = g_strsplit (offered, " ", 50);
  ClrSaslMechanism found = CLR_SASL_NONE;

  for (char **word = words; *word; word++)
    if (g_ascii_strcasecmp (*word, "PLAIN") == 0)
      return CLR_SASL_PLAIN;
    else if (g_ascii_strcasecmp (*word, "LOGIN") == 0)
      found = CLR_SASL_LOGIN;
  return found;
}

const char *
clr_sasl_get_name (ClrSaslMechanism mechanism)
{
  static const char *const names[] = {
    [CLR_SASL_NONE] = "",
    [CLR_SASL_PLAIN] = "PLAIN",
    [CLR_SASL_LOGIN] = "LOGIN",
    [CLR_SASL_XOAUTH2] = "XOAUTH2",
    [CLR_SASL_OAUTHBEARER] = "OAUTHBEARER",
  };

  return names[mechanism];
}

char *
clr_sasl_respond (ClrSaslMechanism mechanism, unsigned step, const char *user, const char *password)
{
  if (mechanism == CLR_SASL_PLAIN && step == 0)
    {
      size_t user_size = strlen (user), password_size = strlen (password),
             size = user_size + password_size + 2;
      g_autofree char *message = g_malloc0 (size + 1);

      memcpy (message + 1, user, user_size);
      memcpy (message + 2 + user_size, password, password_size);
      char *text = g_base64_encode ((const guchar *)message, size);
      explicit_bzero (message, size);
      return text;
    }
  if (mechanism == CLR_SASL_LOGIN && (step == 1 || step == 2))
    {
      const char *word = step == 1 ? user : password;
      return g_base64_encode ((const guchar *)word, strlen (word));
    }
  return NULL;
}

void
clr_sasl_wipe (char *secret)
{
  if (secret)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/clr-pass.h"

#include "control/clr-json.h"

#include <glib/gi18n-lib.h>

#define LARGEST 4096

static char *
dup_member (JsonObject *object, const char *name)
{
  const char *text = clr_json_get_text (object, name);

  return text && *text ? g_strdup (text) : NULL;
}

ClrPass *
clr_pass_read (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  gsize size;
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (ClrPass) pass = g_new0 (ClrPass, 1);

  if (!g_file_get_contents (path, &text, &size, error))
    return NULL;
  root = size <= LARGEST ? clr_json_parse (text, NULL) : NULL;
  if (root && JSON_NODE_HOLDS_OBJECT (root))
    {
      JsonObject *object = json_node_get_object (root);

      pass->url = dup_member (object, "url");
      pass->token = dup_member (object, "token");
      pass->fingerprint = dup_member (object, "fingerprint");
    }
  if (pass->url && pass->token)
    return g_steal_pointer (&pass);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
               _ ("%s is no pass file: it needs \"url\" and \"token\"; `clrelay token add --out` makes one"),
               path);
  return NULL;
}

static void
add (JsonBuilder *builder, const char *name, const char *value)
{
  if (value == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

gboolean
clr_pass_write (const ClrPass *pass, const char *path, GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add (builder, "url", pass->url);
  add (builder, "token", pass->token);
  add (builder, "fingerprint", pass->fingerprint);
  json_builder_end_object (builder);
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = json_to_string (root, TRUE);

  return g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

void
clr_pass_free (ClrPass *pass)
{
  g_free (pass->url);
  g_free (pass->token);
  g_free (pass->fingerprint);
  g_free (pass);
}

gboolean
clr_pass_check_url (const char *url, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  const char *scheme = uri ? g_uri_get_scheme (uri) : NULL, *host = uri ? g_uri_get_host (uri) : NULL;
  g_autoptr (GInetAddress) address = host ? g_inet_address_new_from_string (host) : NULL;

  if (host == NULL || *host == 0 || (!g_str_equal (scheme, "http") && !g_str_equal (scheme, "https")))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("%s is not where a service can be reached; say https://HOST:PORT"), url);
      return FALSE;
    }
  if (g_str_equal (scheme, "http") && !g_str_equal (host, "localhost")
      && !(address && g_inet_address_get_is_loopback (address)))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("%s: over plain HTTP a token goes to this machine only; say https"), url);
      return FALSE;
    }
  return TRUE;
}

char *
clr_pass_make_fingerprint (GTlsCertificate *certificate)
{
  g_autoptr (GByteArray) der = NULL;

  g_object_get (certificate, "certificate", &der, NULL);
  if (der == NULL)
    return NULL;
  g_autofree char *sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, der->data, der->len);
  return g_strconcat ("sha256:", sum, NULL);
}

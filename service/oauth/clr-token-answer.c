/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/clr-token-answer.h"

#include "control/clr-json.h"

#include <string.h>

#define TEXT_MOST   600u /* octets of a provider's words */
#define LONGEST_S   (30u * 86400)
#define USUAL_S     3600u /* RFC 6749 section 5.1 only recommends to say it */
#define CODE_MOST   2048u
#define INTERVAL_S  5u /* RFC 8628 section 3.5 */
#define INTERVALS_S 300u

/* Words of a provider, for a log line: one line, no controls, not endless. */
static char *
make_fit (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, strnlen (text, TEXT_MOST));

  for (char *p = valid; *p; p++)
    if ((unsigned char)*p < 0x20 || *p == 0x7f)
      *p = ' ';
  return g_strdup (g_strstrip (valid));
}

void
clr_token_answer_fail (ClrTokenAnswer *answer, const char *why)
{
  *answer = (ClrTokenAnswer){ .verdict = CLR_OAUTH_TEMPORARY, .error = make_fit (why) };
}

/* RFC 6750 section 2.1, and what providers make of it: printable, no blank. Anything else could end a line or
 * a field of what it is put into. */
static gboolean
is_token (const char *text, size_t most)
{
  size_t size = text ? strlen (text) : 0;

  for (size_t i = 0; i < size; i++)
    if (text[i] <= 0x20 || text[i] >= 0x7f)
      return FALSE;
  return size > 0 && size <= most;
}

static gboolean
is_number (JsonNode *node)
{
  GType type = node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;

  return type == G_TYPE_INT64 || type == G_TYPE_DOUBLE;
}

/* A number, or a text that is one. */
static unsigned
get_seconds (JsonObject *object, const char *name, unsigned usual, unsigned most)
{
  JsonNode *node = json_object_get_member (object, name);
  const char *text = clr_json_get_text (object, name);
  double value = is_number (node) ? json_node_get_double (node) : text ? g_ascii_strtod (text, NULL) : usual;

  return value >= most ? most : value >= 1 ? (unsigned)value : 1;
}

/* (transfer full) (nullable): the answer's object; NULL: there is none */
static JsonNode *
parse (const char *body, size_t size)
{
  g_autofree char *text = NULL;
  JsonNode *root;

  if (size > CLR_TOKEN_ANSWER_MOST || memchr (body, 0, size) || !g_utf8_validate (body, size, NULL))
    return NULL;
  text = g_strndup (body, size);
  /* A string would end at a zero octet unseen. */
  root = strstr (text, "\\u0000") ? NULL : clr_json_parse (text, NULL);
  explicit_bzero (text, size);
  if (root && !JSON_NODE_HOLDS_OBJECT (root))
    g_clear_pointer (&root, json_node_unref);
  return root;
}

/* What is no answer of a token endpoint: a proxy's page, an overloaded server, a wrong address. */
static void
read_stranger (ClrTokenAnswer *answer, unsigned status)
{
  g_autofree char *why
      = g_strdup_printf ("HTTP status %u, and no answer in JSON as RFC 6749 wants it", status);

  clr_token_answer_fail (answer, why);
}

static void
read_error (ClrTokenAnswer *answer, unsigned status, JsonObject *object, const char *error)
{
  const char *description = clr_json_get_text (object, "error_description");
  g_autofree char *all
      = g_strdup_printf ("%s%s%s", error, description ? ": " : "", description ? description : "");

  answer->verdict = clr_oauth_judge (error, description, &answer->advice);
  if ((status >= 500 || status == 429) && answer->verdict >= CLR_OAUTH_LOGIN)
    {
      answer->verdict = CLR_OAUTH_TEMPORARY;
      answer->advice = NULL;
    }
  answer->error = make_fit (all);
}

static void
read_token (ClrTokenAnswer *answer, JsonObject *object)
{
  const char *type = clr_json_get_text (object, "token_type");
  const char *access = clr_json_get_text (object, "access_token");
  const char *refresh = clr_json_get_text (object, "refresh_token");

  if (type && g_ascii_strcasecmp (type, "bearer") != 0)
    clr_token_answer_fail (answer, "the provider gave a token of another type than Bearer");
  else if (!is_token (access, CLR_TOKEN_MOST) || (refresh && !is_token (refresh, CLR_TOKEN_MOST)))
    clr_token_answer_fail (answer, "the provider gave a token that is empty, too long or no token at all");
  else
    *answer = (ClrTokenAnswer){ .verdict = CLR_OAUTH_GOOD,
                                .access_token = g_strdup (access),
                                .refresh_token = g_strdup (refresh),
                                .expires_s = get_seconds (object, "expires_in", USUAL_S, LONGEST_S) };
}

void
clr_token_answer_read (ClrTokenAnswer *answer, unsigned status, const char *body, size_t size)
{
  g_autoptr (JsonNode) root = parse (body, size);
  JsonObject *object = root ? json_node_get_object (root) : NULL;
  const char *error = object ? clr_json_get_text (object, "error") : NULL;

  *answer = (ClrTokenAnswer){ 0 };
  if (error)
    read_error (answer, status, object, error);
  else if (object == NULL || status / 100 != 2)
    read_stranger (answer, status);
  else
    read_token (answer, object);
}

static void
wipe (char *secret)
{
  if (secret)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

void
clr_token_answer_clear (ClrTokenAnswer *answer)
{
  wipe (answer->access_token);
  wipe (answer->refresh_token);
  g_free (answer->error);
  *answer = (ClrTokenAnswer){ 0 };
}

gboolean
clr_device_answer_read (ClrDeviceAnswer *device, ClrTokenAnswer *answer, unsigned status, const char *body,
                        size_t size)
{
  g_autoptr (JsonNode) root = parse (body, size);
  JsonObject *object = root ? json_node_get_object (root) : NULL;
  const char *code = object ? clr_json_get_text (object, "device_code") : NULL;
  const char *user_code = object ? clr_json_get_text (object, "user_code") : NULL;
  const char *url = object ? clr_json_get_text (object, "verification_uri") : NULL;

  *answer = (ClrTokenAnswer){ 0 };
  *device = (ClrDeviceAnswer){ 0 };
  if (object && url == NULL)
    url = clr_json_get_text (object, "verification_url"); /* Google's name for it */
  if (status / 100 != 2 || object == NULL || code == NULL)
    {
      clr_token_answer_read (answer, status, body, size);
      if (answer->verdict == CLR_OAUTH_GOOD)
        {
          clr_token_answer_clear (answer);
          clr_token_answer_fail (answer, "the provider gave no device code");
        }
      return FALSE;
    }
  if (!is_token (code, CODE_MOST) || user_code == NULL || strlen (user_code) > 100
      || !is_token (url, CODE_MOST))
    {
      clr_token_answer_fail (answer, "the provider's device code, user code or address cannot be used");
      return FALSE;
    }
  device->device_code = g_strdup (code);
  device->user_code = make_fit (user_code);
  device->url = g_strdup (url);
  device->expires_s = get_seconds (object, "expires_in", 900, 3600);
  device->interval_s = get_seconds (object, "interval", INTERVAL_S, INTERVALS_S);
  return TRUE;
}

void
clr_device_answer_clear (ClrDeviceAnswer *device)
{
  wipe (device->device_code);
  g_free (device->user_code);
  g_free (device->url);
  *device = (ClrDeviceAnswer){ 0 };
}

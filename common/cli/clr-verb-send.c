/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-compose.h"
#include "clr-verb.h"

#include "control/clr-api.h"
#include "system/clr-terminal.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_MOST (1024u * 1024 * 1024)

/* Standard input to its end. (transfer full) */
static char *
read_input (gsize *size, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char piece[64 * 1024];
  size_t n;

  clr_terminal_pass_octets (stdin);
  while ((n = fread (piece, 1, sizeof piece, stdin)) > 0)
    {
      g_string_append_len (text, piece, n);
      if (text->len > MESSAGE_MOST)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("the message is too large"));
          return NULL;
        }
    }
  *size = text->len;
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static GBytes *
make_message (const ClrComposition *composition, gboolean raw, GError **error)
{
  ClrComposition parts = *composition;
  g_autofree char *input = NULL;
  GString *message;
  gsize size = 0;

  if (raw || g_strcmp0 (parts.body, "-") == 0)
    {
      input = read_input (&size, error);
      if (input == NULL)
        return NULL;
      if (!raw && memchr (input, 0, size))
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("body: not text in UTF-8"));
          return NULL;
        }
    }
  if (raw)
    return g_bytes_new_take (g_steal_pointer (&input), size);
  parts.body = input ? input : parts.body ? parts.body : "";
  message = clr_compose (&parts, error);
  return message ? g_string_free_to_bytes (message) : NULL;
}

static gboolean
is_final (const char *state)
{
  static const char *const open[] = { "waiting", "active", "held", "bouncing" };

  for (unsigned i = 0; i < G_N_ELEMENTS (open); i++)
    if (g_str_equal (state, open[i]))
      return FALSE;
  return TRUE;
}

/* What has changed since the last look. Returns: how many are not final. */
static unsigned
tell_changes (ClrVerbOptions *options, JsonArray *recipients, GHashTable *told, gboolean *failed)
{
  unsigned open = 0;

  for (guint i = 0; i < json_array_get_length (recipients); i++)
    {
      JsonObject *recipient = json_array_get_object_element (recipients, i);
      const char *address = clr_verb_get (recipient, "address"), *state = clr_verb_get (recipient, "state");
      g_autofree char *line = g_strdup_printf (
          "%s%s%s", state, *clr_verb_get (recipient, "reply") ? ": " : "", clr_verb_get (recipient, "reply"));

      open += !is_final (state);
      *failed = *failed || (is_final (state) && !g_str_equal (state, "delivered"));
      if (g_strcmp0 (g_hash_table_lookup (told, address), line) == 0)
        continue;
      if (!options->json)
        printf ("<%s> %s\n", address, line);
      g_hash_table_insert (told, g_strdup (address), g_steal_pointer (&line));
    }
  fflush (stdout);
  return open;
}

/* Until each recipient's end is known. */
static int
follow (ClrVerbOptions *options, const char *id, int timeout)
{
  g_autoptr (GHashTable) told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autofree char *path = g_strconcat (CLR_API_MESSAGES, id, NULL);
  gint64 end = g_get_monotonic_time () + timeout * G_TIME_SPAN_SECOND;
  gboolean failed = FALSE;
  int code;

  for (unsigned wait_ms = 50;; wait_ms = MIN (wait_ms * 2, 1000))
    {
      g_autoptr (JsonNode) root = clr_verb_request (options, "GET", path, NULL, &code);
      unsigned open;

      if (root == NULL)
        return code;
      open = tell_changes (options, json_object_get_array_member (json_node_get_object (root), "recipients"),
                           told, &failed);
      if (open > 0 && g_get_monotonic_time () < end)
        {
          g_usleep (wait_ms * 1000);
          continue;
        }
      if (options->json)
        clr_verb_print_json (root);
      else if (open > 0)
        fprintf (stderr,
                 _ ("clrelay: %u recipients are not done after %d s; the relay goes on; see \"clrelay "
                    "queue show %s\"\n"),
                 open, timeout, id);
      return open > 0 ? CLR_EXIT_UNDER_WAY : failed ? CLR_EXIT_FAILED : CLR_EXIT_OK;
    }
}

static int
submit (ClrVerbOptions *options, const char *sender, char **recipients, GBytes *content, gboolean wait,
        int timeout)
{
  g_autoptr (ClrClient) client = clr_verb_connect (options);
  g_autoptr (GError) error = NULL;
  g_autofree char *text
      = clr_client_submit_sync (client, sender, (const char *const *)recipients, content, NULL, &error);
  g_autoptr (JsonNode) root = text ? clr_verb_read_answer (text, &error) : NULL;

  if (root == NULL)
    return clr_verb_fail (error);
  const char *id = clr_verb_get (json_node_get_object (root), "id");
  if (wait)
    {
      if (!options->json)
        printf (_ ("Accepted as %s.\n"), id);
      return follow (options, id, timeout);
    }
  if (options->json)
    clr_verb_print_json (root);
  else
    printf ("%s\n", id);
  return CLR_EXIT_OK;
}

int
clr_verb_send (ClrVerbOptions *options, int argc, char **argv)
{
  g_autofree char *from = NULL, *subject = NULL, *body = NULL;
  g_auto (GStrv) to = NULL, attachments = NULL;
  gboolean no_wait = FALSE;
  int timeout = 60, code;
  GOptionEntry entries[] = {
    { "from", 'f', 0, G_OPTION_ARG_STRING, &from, N_ ("Sender"), "ADDRESS" },
    { "to", 't', 0, G_OPTION_ARG_STRING_ARRAY, &to, N_ ("Recipient; may stand often"), "ADDRESS" },
    { "subject", 0, 0, G_OPTION_ARG_STRING, &subject, N_ ("Subject of a message that is made here"), "TEXT" },
    { "body", 0, 0, G_OPTION_ARG_STRING, &body, N_ ("Its text; - is standard input"), "TEXT" },
    { "attach", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &attachments, N_ ("A file to go with it; may stand often"),
      "FILE" },
    { "no-wait", 0, 0, G_OPTION_ARG_NONE, &no_wait, N_ ("Print the queue id and do not wait for the result"),
      NULL },
    { "timeout", 0, 0, G_OPTION_ARG_INT, &timeout, N_ ("How long to wait for the result, in seconds (60)"),
      "N" },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GError) error = NULL;

  if (!clr_verb_parse (options, "--from ADDRESS --to ADDRESS [< MESSAGE]",
                       _ ("Sends a message through the running relay and shows what becomes of it. Without "
                          "--subject, --body and --attach the whole message is read from standard input.\n"
                          "Exit code 6: not all recipients are done when the time is over."),
                       entries, &argc, &argv, &code))
    return code;
  if (argc > 1)
    return clr_verb_usage (_ ("send takes options only; recipients are given with --to"));
  if (from == NULL || to == NULL)
    return clr_verb_usage (_ ("send: --from and --to are needed"));
  if (timeout < 0 || timeout > 86400)
    return clr_verb_usage (_ ("send: --timeout takes 0 to 86400 seconds"));
  for (char **one = to; *one; one++)
    if (!g_utf8_validate (*one, -1, NULL))
      return clr_verb_usage (_ ("send: an address is ASCII or UTF-8"));
  if (!g_utf8_validate (from, -1, NULL))
    return clr_verb_usage (_ ("send: an address is ASCII or UTF-8"));

  ClrComposition composition = { from, to, subject, body, attachments };
  g_autoptr (GBytes) content = make_message (&composition, !subject && !body && !attachments, &error);
  if (content == NULL)
    {
      clr_verb_complain (error->message);
      return CLR_EXIT_FAILED;
    }
  return submit (options, from, to, content, !no_wait, timeout);
}

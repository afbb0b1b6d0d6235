/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * clrelay trace: what became of a message, in words.
 */
#include "clr-verb.h"

#include "control/clr-api.h"
#include "system/clr-terminal.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#define LIMIT 20

/* Times are shown where the reader is: "2026-01-31 08:30:00 +0100". */
static char *
local_time (const char *text)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_iso8601 (text, NULL);
  g_autoptr (GDateTime) here = utc ? g_date_time_to_local (utc) : NULL;

  return here ? g_date_time_format (here, "%Y-%m-%d %H:%M:%S %z") : g_strdup (text);
}

static char *
reply_of (JsonObject *object)
{
  gint64 code = json_object_get_int_member_with_default (object, "code", 0);
  g_autofree char *number = code ? g_strdup_printf ("%d ", (int)code) : g_strdup ("");

  return g_strconcat (number, clr_verb_get (object, "enhanced"),
                      *clr_verb_get (object, "enhanced") ? " " : "", clr_verb_get (object, "reply"), NULL);
}

static void
print_attempt (JsonObject *attempt)
{
  static const struct
  {
    const char *outcome, *words;
  } outcomes[] = {
    { "delivered", N_ ("delivered <%s> to %s%s%s: %s\n") },
    { "deferred", N_ ("tried <%s> at %s%s%s, will try again: %s\n") },
    { "failed", N_ ("tried <%s> at %s%s%s, refused: %s\n") },
  };
  g_autofree char *when = local_time (clr_verb_get (attempt, "ended")), *reply = reply_of (attempt);
  const char *host = clr_verb_get (attempt, "host"), *tls = clr_verb_get (attempt, "tls");

  for (unsigned i = 0; i < G_N_ELEMENTS (outcomes); i++)
    if (g_str_equal (clr_verb_get (attempt, "outcome"), outcomes[i].outcome))
      {
        printf ("  %s  ", when);
        printf (_ (outcomes[i].words), clr_verb_get (attempt, "recipient"), *host ? host : _ ("no host"),
                *tls ? " " : "", tls, reply);
      }
}

static void
print_state (JsonObject *recipient)
{
  const char *address = clr_verb_get (recipient, "address"), *state = clr_verb_get (recipient, "state");
  g_autofree char *next = local_time (clr_verb_get (recipient, "next-attempt"));
  g_autofree char *reply = reply_of (recipient);

  printf ("  ");
  if (g_str_equal (state, "delivered"))
    printf (_ ("now: <%s> has it\n"), address);
  else if (g_str_equal (state, "deleted"))
    printf (_ ("now: <%s> was deleted by %s\n"), address, clr_verb_get (recipient, "deleted-by"));
  else if (g_str_equal (state, "failed"))
    printf (_ ("now: given up for <%s>: %s\n"), address, reply);
  else if (g_str_equal (state, "waiting"))
    printf (_ ("now: <%s> waits, next attempt %s: %s\n"), address, next,
            *reply ? reply : _ ("not tried yet"));
  else if (g_str_equal (state, "held"))
    printf (_ ("now: <%s> is held by an administrator\n"), address);
  else if (g_str_equal (state, "bouncing"))
    printf (_ ("now: given up for <%s>, the sender is about to be told: %s\n"), address, reply);
  else
    printf (_ ("now: <%s> is being delivered\n"), address);
}

static void
print_message (JsonObject *message)
{
  JsonArray *recipients = json_object_get_array_member (message, "recipients");
  JsonArray *attempts = json_object_has_member (message, "attempts")
                            ? json_object_get_array_member (message, "attempts")
                            : NULL;
  g_autofree char *when = local_time (clr_verb_get (message, "received"));
  const char *subject = clr_verb_get (message, "subject"), *name = clr_verb_get (message, "message-id");

  printf ("%s  <%s>", clr_verb_get (message, "id"), clr_verb_get (message, "sender"));
  printf (*subject ? "  %s\n" : "\n", subject);
  if (*name)
    printf ("  Message-ID: %s\n", name);
  printf ("  %s  ", when);
  printf (_ ("accepted from %s (%s), %lld octets, %u recipients\n"),
          *clr_verb_get (message, "client") ? clr_verb_get (message, "client")
                                            : clr_verb_get (message, "origin"),
          *clr_verb_get (message, "device") ? clr_verb_get (message, "device") : "-",
          (long long)json_object_get_int_member (message, "size"), json_array_get_length (recipients));
  for (guint i = 0; attempts && i < json_array_get_length (attempts); i++)
    print_attempt (json_array_get_object_element (attempts, i));
  for (guint i = 0; i < json_array_get_length (recipients); i++)
    print_state (json_array_get_object_element (recipients, i));
  putchar ('\n');
}

/* A date and time of here as a word of the filter, which knows UTC; "4h" and the like stay. */
static gboolean
add_time (GString *filter, const char *word, const char *text)
{
  g_autoptr (GTimeZone) here = g_time_zone_new_local ();
  g_autofree char *full = strlen (text) == 10   ? g_strconcat (text, "T00:00:00", NULL)
                          : strlen (text) == 16 ? g_strconcat (text, ":00", NULL)
                                                : g_strdup (text);
  g_autoptr (GDateTime) date = NULL;

  if (strlen (full) > 10 && full[10] == ' ')
    full[10] = 'T';
  date = g_date_time_new_from_iso8601 (full, here);
  g_autoptr (GDateTime) utc = date ? g_date_time_to_utc (date) : NULL;
  g_autofree char *stamp = utc ? g_date_time_format (utc, "%Y-%m-%dT%H:%M:%S") : g_strdup (text);
  if (strpbrk (stamp, " \"\t\n"))
    return FALSE;
  g_string_append_printf (filter, "%s%s:%s", filter->len ? " " : "", word, stamp);
  return TRUE;
}

typedef struct
{
  ClrVerbOptions *options;
  const char *filter; /* escaped */
  int left;           /* messages still wanted */
  unsigned n;
  JsonArray *all; /* of --json */
} Trace;

/* One page. Returns: an exit code; *@next is the cursor of the page that follows, NULL at the end. */
static int
page (Trace *trace, char **next)
{
  g_autofree char *path
      = g_strdup_printf ("%s?limit=%d&filter=%s%s%s", CLR_API_TRACE, MIN (trace->left, CLR_API_PAGE),
                         trace->filter, *next ? "&after=" : "", *next ? *next : "");
  int code;
  g_autoptr (JsonNode) root = clr_verb_request (trace->options, "GET", path, NULL, &code);

  if (root == NULL)
    return code;
  if (!trace->options->json)
    clr_verb_make_printable (root);
  JsonObject *object = json_node_get_object (root);
  JsonArray *messages = json_object_get_array_member (object, "messages");
  for (guint i = 0; i < json_array_get_length (messages); i++, trace->n++, trace->left--)
    if (trace->options->json)
      json_array_add_element (trace->all, json_node_copy (json_array_get_element (messages, i)));
    else
      print_message (json_array_get_object_element (messages, i));
  g_free (*next);
  *next = g_strdup (json_object_get_string_member_with_default (object, "next", NULL));
  if (*next && clr_terminal_is (stderr))
    {
      g_autofree char *reached = local_time (clr_verb_get (object, "reached"));

      fflush (stdout);
      fprintf (stderr, _ ("… looked back to %s\r"), reached);
    }
  return CLR_EXIT_OK;
}

static int
run (Trace *trace)
{
  g_autofree char *next = NULL;
  int code;

  do
    code = page (trace, &next);
  while (code == CLR_EXIT_OK && next && trace->left > 0);
  if (code != CLR_EXIT_OK)
    return code;
  if (trace->options->json)
    {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);

      json_node_set_array (node, trace->all);
      clr_verb_print_json (node);
    }
  else if (trace->n == 0)
    printf (_ ("No such mail, neither in the queue nor in the history.\n"));
  else if (next)
    printf (_ ("There may be older mail: see --limit and --until.\n"));
  return trace->n ? CLR_EXIT_OK : CLR_EXIT_NOT_FOUND;
}

int
clr_verb_trace (ClrVerbOptions *options, int argc, char **argv)
{
  g_autofree char *since = NULL, *until = NULL;
  g_autoptr (GString) filter = g_string_new (NULL);
  g_autoptr (JsonArray) all = json_array_new ();
  Trace trace = { .options = options, .left = LIMIT, .all = all };
  GOptionEntry entries[] = {
    { "since", 0, 0, G_OPTION_ARG_STRING, &since, N_ ("Only mail that came in since (4h, 2026-01-31)"),
      N_ ("TIME") },
    { "until", 0, 0, G_OPTION_ARG_STRING, &until, N_ ("Only mail that came in before"), N_ ("TIME") },
    { "limit", 'n', 0, G_OPTION_ARG_INT, &trace.left, N_ ("The newest so many messages (20)"), N_ ("N") },
    G_OPTION_ENTRY_NULL,
  };
  int code;

  if (!clr_verb_parse (
          options, "WORDS…",
          _ ("Shows what became of mail, newest first, whether it waits or is finished.\n\n"
             "Words: an address, @domain, queue id or Message-ID; a part of an address or subject; or from: "
             "to: "
             "address: device: client: route: state: reply: subject: message-id: older:4h newer:2d larger:1M "
             "held: id:; -word means all others; quotes keep blanks. All words must fit. Times are local."),
          entries, &argc, &argv, &code))
    return code;
  if (trace.left < 1)
    return clr_verb_usage (_ ("trace: --limit takes a number from 1 on"));
  for (int i = 1; i < argc; i++)
    {
      const char *colon = strchr (argv[i], ':');
      gboolean blank = strpbrk (argv[i], " \t") != NULL && strchr (argv[i], '"') == NULL;

      /* What the shell has taken for one word is one: its quotes are given back. */
      if (filter->len)
        g_string_append_c (filter, ' ');
      if (blank && colon && strpbrk (argv[i], " \t") > colon)
        g_string_append_printf (filter, "%.*s\"%s\"", (int)(colon + 1 - argv[i]), argv[i], colon + 1);
      else
        g_string_append_printf (filter, blank ? "\"%s\"" : "%s", argv[i]);
    }
  if ((since && !add_time (filter, "newer", since)) || (until && !add_time (filter, "older", until)))
    return clr_verb_usage (_ ("trace: a time is 4h, 2d, 2026-01-31 or 2026-01-31T08:30"));
  g_autofree char *escaped = g_uri_escape_string (filter->str, NULL, FALSE);
  trace.filter = escaped;
  return run (&trace);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-words.h"

#include <gio/gio.h>
#include <glib/gi18n.h>

static GDateTime *
parse (const char *wire)
{
  return wire && *wire ? g_date_time_new_from_iso8601 (wire, NULL) : NULL;
}

char *
clr_words_time (const char *wire, gboolean full)
{
  g_autoptr (GDateTime) utc = parse (wire);
  g_autoptr (GDateTime) local = utc ? g_date_time_to_local (utc) : NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();

  if (local == NULL)
    return NULL;
  if (full)
    return g_date_time_format (local, _ ("%a %-d %b %Y, %H:%M:%S %Z"));
  if (g_date_time_get_year (local) == g_date_time_get_year (now)
      && g_date_time_get_day_of_year (local) == g_date_time_get_day_of_year (now))
    return g_date_time_format (local, "%H:%M:%S");
  return g_date_time_format (local, _ ("%-d %b %H:%M"));
}

static char *
format_span (gint64 seconds)
{
  if (seconds < 60)
    return g_strdup_printf (ngettext ("%d second", "%d seconds", (gulong)seconds), (int)seconds);
  if (seconds < 60 * 60)
    return g_strdup_printf (ngettext ("%d minute", "%d minutes", (gulong)(seconds / 60)),
                            (int)(seconds / 60));
  if (seconds < 48 * 60 * 60)
    return g_strdup_printf (ngettext ("%d hour", "%d hours", (gulong)(seconds / 3600)),
                            (int)(seconds / 3600));
  return g_strdup_printf (ngettext ("%d day", "%d days", (gulong)(seconds / 86400)), (int)(seconds / 86400));
}

char *
clr_words_when (const char *wire, gint64 now_us)
{
  g_autoptr (GDateTime) time = parse (wire);
  g_autofree char *span = NULL;
  gint64 seconds;

  if (time == NULL)
    return NULL;
  seconds = g_date_time_to_unix (time) - now_us / G_USEC_PER_SEC;
  span = format_span (ABS (seconds));
  if (ABS (seconds) < 2)
    return g_strdup (_ ("now"));
  /* Translators: a span of time, such as "4 minutes" */
  return seconds > 0 ? g_strdup_printf (_ ("in %s"), span) : g_strdup_printf (_ ("%s ago"), span);
}

static GListModel *
get_list (void *object, const char *name)
{
  GListModel *list = NULL;

  g_object_get (object, name, &list, NULL);
  return list;
}

char *
clr_words_recipients (ClrMessageInfo *message)
{
  g_autoptr (GListModel) recipients = get_list (message, "recipients");
  guint n = recipients ? g_list_model_get_n_items (recipients) : 0;
  g_autoptr (GObject) first = n > 0 ? g_list_model_get_item (recipients, 0) : NULL;
  g_autofree char *address = NULL;

  if (first == NULL)
    return g_strdup ("");
  g_object_get (first, "address", &address, NULL);
  if (n == 1)
    return g_steal_pointer (&address);
  /* Translators: an address, and how many there are beside it */
  return g_strdup_printf (ngettext ("%s and %u more", "%s and %u more", n - 1), address, n - 1);
}

/* Worst last: the state of a message is that of the recipient which needs a person most. */
static const struct
{
  const char *wire, *word;
} states[] = {
  { "delivered", N_ ("Delivered") }, { "deleted", N_ ("Deleted") }, { "active", N_ ("Being delivered") },
  { "waiting", N_ ("Waiting") },     { "held", N_ ("Held") },       { "bouncing", N_ ("Given up") },
  { "failed", N_ ("Failed") },
};

static int
get_rank (const char *state)
{
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    if (g_strcmp0 (state, states[i].wire) == 0)
      return (int)i;
  return -1;
}

const char *
clr_words_state_name (const char *state)
{
  int rank = get_rank (state);

  return rank >= 0 ? _ (states[rank].word) : state;
}

/* (transfer full) */
static GObject *
find_worst (GListModel *recipients, int *worst, guint *n_delivered)
{
  GObject *found = NULL;

  *worst = -2;
  *n_delivered = 0;
  for (guint i = 0; i < g_list_model_get_n_items (recipients); i++)
    {
      g_autoptr (GObject) recipient = g_list_model_get_item (recipients, i);
      g_autofree char *state = NULL;
      int rank;

      g_object_get (recipient, "state", &state, NULL);
      rank = get_rank (state);
      *n_delivered += rank == 0;
      if (rank > *worst)
        {
          *worst = rank;
          g_set_object (&found, recipient);
        }
    }
  return found;
}

char *
clr_words_state (ClrMessageInfo *message)
{
  g_autoptr (GListModel) recipients = get_list (message, "recipients");
  g_autoptr (GObject) recipient = NULL;
  g_autofree char *state = NULL;
  guint n_delivered;
  int worst;

  if (recipients == NULL || g_list_model_get_n_items (recipients) == 0)
    return g_strdup ("");
  recipient = find_worst (recipients, &worst, &n_delivered);
  g_object_get (recipient, "state", &state, NULL);
  if (n_delivered > 0 && worst > 0)
    return g_strdup_printf (_ ("%s, %u of %u delivered"), clr_words_state_name (state), n_delivered,
                            g_list_model_get_n_items (recipients));
  return g_strdup (clr_words_state_name (state));
}

/* "mailbox full (452 4.2.2)", "connection refused". NULL when nothing was said. (transfer full) */
static char *
get_saying (void *object)
{
  g_autofree char *enhanced = NULL, *reply = NULL;
  gint64 code;

  g_object_get (object, "code", &code, "enhanced", &enhanced, "reply", &reply, NULL);
  if (code > 0 && enhanced && *enhanced)
    return g_strdup_printf ("%s (%d %s)", reply ? reply : "", (int)code, enhanced);
  if (code > 0)
    return g_strdup_printf ("%s (%d)", reply ? reply : "", (int)code);
  return reply && *reply ? g_steal_pointer (&reply) : NULL;
}

/* What was said, and by whom: a text of our own is nobody's saying. */
static char *
get_heard (void *object)
{
  g_autofree char *saying = get_saying (object), *host = NULL;
  gint64 code;

  g_object_get (object, "code", &code, "host", &host, NULL);
  if (saying && code > 0 && host && *host)
    return g_strdup_printf (_ ("%s says: %s"), host, saying);
  if (saying && host && *host)
    return g_strdup_printf ("%s: %s", host, saying);
  return g_steal_pointer (&saying);
}

char *
clr_words_last_reply (ClrMessageInfo *message)
{
  g_autoptr (GListModel) recipients = get_list (message, "recipients");
  g_autoptr (GObject) recipient = NULL;
  guint n_delivered;
  int worst;
  char *heard;

  if (recipients == NULL || g_list_model_get_n_items (recipients) == 0)
    return g_strdup ("");
  recipient = find_worst (recipients, &worst, &n_delivered);
  heard = get_heard (recipient);
  return heard ? heard : g_strdup ("");
}

char *
clr_words_next_attempt (ClrMessageInfo *message)
{
  g_autoptr (GListModel) recipients = get_list (message, "recipients");
  char *first = NULL;

  for (guint i = 0; recipients && i < g_list_model_get_n_items (recipients); i++)
    {
      g_autoptr (GObject) recipient = g_list_model_get_item (recipients, i);
      g_autofree char *next = NULL;

      g_object_get (recipient, "next-attempt", &next, NULL);
      if (next && (first == NULL || g_strcmp0 (next, first) < 0))
        {
          g_free (first);
          first = g_steal_pointer (&next);
        }
    }
  return first;
}

static char *
describe_waiting (void *recipient, gint64 now_us)
{
  g_autofree char *heard = get_heard (recipient), *next = NULL, *when = NULL, *clock = NULL;
  gint64 attempts;

  g_object_get (recipient, "next-attempt", &next, "attempts", &attempts, NULL);
  when = clr_words_when (next, now_us);
  clock = clr_words_time (next, FALSE);
  if (when == NULL)
    return g_strdup (heard ? heard : _ ("Waiting"));
  if (attempts == 0 || heard == NULL)
    return g_strdup_printf (_ ("Waiting for its first try, %s (%s)"), when, clock);
  return g_strdup_printf (_ ("Waiting: %s. Next try %s (%s)"), heard, when, clock);
}

char *
clr_words_recipient (ClrRecipientInfo *recipient, gint64 now_us)
{
  g_autofree char *state = NULL, *last = NULL, *who = NULL, *heard = get_heard (recipient), *clock = NULL;

  g_object_get (recipient, "state", &state, "last-attempt", &last, "deleted-by", &who, NULL);
  clock = clr_words_time (last, FALSE);
  switch (get_rank (state))
    {
    case 0:
      if (heard && clock)
        return g_strdup_printf (_ ("Delivered at %s: %s"), clock, heard);
      return g_strdup (_ ("Delivered"));
    case 1:
      return who ? g_strdup_printf (_ ("Deleted by %s"), who) : g_strdup (_ ("Deleted"));
    case 2:
      return g_strdup (_ ("Being delivered now"));
    case 3:
      return describe_waiting (recipient, now_us);
    case 4:
      return heard ? g_strdup_printf (_ ("Held back by an administrator. Before that: %s"), heard)
                   : g_strdup (_ ("Held back by an administrator"));
    case 5:
      return heard ? g_strdup_printf (_ ("Given up: %s. Its sender is about to be told"), heard)
                   : g_strdup (_ ("Given up; its sender is about to be told"));
    case 6:
      return heard ? g_strdup_printf (_ ("Failed: %s"), heard) : g_strdup (_ ("Failed"));
    default:
      return g_strdup (state ? state : "");
    }
}

/* Phases of the wire, as the end of a sentence. */
static const char *
get_phase (const char *phase)
{
  static const struct
  {
    const char *wire, *words;
  } phases[] = {
    { "DNS", N_ ("when its name was looked up") },      { "connect", N_ ("when it was called") },
    { "greeting", N_ ("when it should have greeted") }, { "EHLO", N_ ("when we gave our name") },
    { "STARTTLS", N_ ("when encryption began") },       { "AUTH", N_ ("when we logged in") },
    { "MAIL", N_ ("to the sender's address") },         { "RCPT", N_ ("to the recipient's address") },
    { "DATA", N_ ("when the message was offered") },    { "content", N_ ("while the message was sent") },
    { "end of data", N_ ("to the message") },
  };

  for (guint i = 0; phase && i < G_N_ELEMENTS (phases); i++)
    if (g_str_equal (phase, phases[i].wire))
      return _ (phases[i].words);
  return NULL;
}

char *
clr_words_attempt (ClrAttemptInfo *attempt)
{
  g_autofree char *phase = NULL, *outcome = NULL, *host = NULL, *saying = get_saying (attempt);
  const char *result;

  g_object_get (attempt, "phase", &phase, "outcome", &outcome, "host", &host, NULL);
  result = g_strcmp0 (outcome, "delivered") == 0  ? _ ("Delivered")
           : g_strcmp0 (outcome, "deferred") == 0 ? _ ("Put off")
                                                  : _ ("Refused");
  if (host == NULL || *host == '\0')
    return g_strdup_printf ("%s: %s", result, saying ? saying : "");
  if (get_phase (phase) && g_strcmp0 (outcome, "delivered") != 0)
    /* Translators: the outcome, a host, "when it was called", what it said */
    return g_strdup_printf (_ ("%s by %s %s: %s"), result, host, get_phase (phase), saying ? saying : "");
  return g_strdup_printf (_ ("%s by %s: %s"), result, host, saying ? saying : "");
}

char *
clr_words_for_help_desk (ClrMessageInfo *message, gint64 now_us)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GListModel) recipients = get_list (message, "recipients");
  g_autoptr (GListModel) attempts = get_list (message, "attempts");
  g_autofree char *id = NULL, *sender = NULL, *subject = NULL, *message_id = NULL, *received = NULL,
                  *client = NULL, *clock = NULL;

  g_object_get (message, "id", &id, "sender", &sender, "subject", &subject, "message-id", &message_id,
                "received", &received, "client", &client, NULL);
  clock = clr_words_time (received, TRUE);
  g_string_append_printf (text,
                          _ ("Message %s\nFrom: %s\nSubject: %s\nMessage-ID: %s\nAccepted: %s from %s\n"), id,
                          sender && *sender ? sender : "<>", subject ? subject : "",
                          message_id ? message_id : "", clock ? clock : "", client ? client : "");
  for (guint i = 0; recipients && i < g_list_model_get_n_items (recipients); i++)
    {
      g_autoptr (GObject) recipient = g_list_model_get_item (recipients, i);
      g_autofree char *address = NULL, *words = clr_words_recipient (CLR_RECIPIENT_INFO (recipient), now_us);

      g_object_get (recipient, "address", &address, NULL);
      g_string_append_printf (text, _ ("To: %s\n  %s\n"), address, words);
    }
  for (guint i = 0; attempts && i < g_list_model_get_n_items (attempts); i++)
    {
      g_autoptr (GObject) attempt = g_list_model_get_item (attempts, i);
      g_autofree char *started = NULL, *when = NULL, *words = clr_words_attempt (CLR_ATTEMPT_INFO (attempt));

      g_object_get (attempt, "started", &started, NULL);
      when = clr_words_time (started, TRUE);
      g_string_append_printf (text, "%s  %s\n", when ? when : "", words);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

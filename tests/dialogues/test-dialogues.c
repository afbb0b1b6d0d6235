/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Plays every *.dialogue of its folder against the server machine, in four ways: line by line, octet by
 * octet, all that can be sent at once in one piece, and with answers of the handler that come late. The
 * README tells the form.
 */
#include "clr-test.h"
#include "smtp/clr-server.h"

typedef enum
{
  STEP_CLIENT,  /* octets to send */
  STEP_REPLY,   /* the next reply begins so */
  STEP_MESSAGE, /* the next message that was accepted */
  STEP_SECURED, /* TLS is on */
  STEP_CLOSED,  /* the server has ended the session */
} StepKind;

typedef struct
{
  StepKind kind;
  unsigned line;
  char *text;
} Step;

typedef enum
{
  WAY_LINES,
  WAY_OCTETS,
  WAY_AT_ONCE,
  WAY_LATE,
  N_WAYS
} Way;

static const char *const way_names[] = { "line by line", "octet by octet", "at once", "late answers" };

typedef struct
{
  const char *file;
  Way way;
  ClrSmtpServerConfig config;
  ClrSmtpServer *server;
  ClrBuffer output;
  GArray *steps;       /* of Step */
  GHashTable *answers; /* "rcpt a@b", "mail a@b", "data", "content" -> code */
  GString *content;
  GQueue messages; /* of char*, accepted and not yet looked at */
  int pending;     /* the answer that comes late, 0: none */
  gboolean wants_tls;
  gboolean closed;
} Play;

static void
give (Play *play, int code, const char *key, const char *address)
{
  g_autofree char *full = address ? g_strdup_printf ("%s %s", key, address) : g_strdup (key);
  void *refusal = g_hash_table_lookup (play->answers, full);

  if (refusal)
    code = GPOINTER_TO_INT (refusal);
  if (strcmp (key, "content") == 0 && code < 400)
    g_queue_push_tail (&play->messages, g_strdup (play->content->str));
  if (strcmp (key, "content") == 0)
    g_string_truncate (play->content, 0);
  if (play->way == WAY_LATE)
    play->pending = code;
  else
    clr_smtp_server_answer (play->server, code, NULL, "as the dialogue says");
}

static void
on_mail (ClrSmtpServer *server, const ClrMailCommand *mail, void *data)
{
  give (data, 250, "mail", mail->address);
}

static void
on_rcpt (ClrSmtpServer *server, const ClrRcptCommand *rcpt, void *data)
{
  give (data, 250, "rcpt", rcpt->address);
}

static void
on_data (ClrSmtpServer *server, void *data)
{
  give (data, 354, "data", NULL);
}

static void
on_content (ClrSmtpServer *server, const uint8_t *bytes, size_t size, void *data)
{
  g_string_append_len (((Play *)data)->content, (const char *)bytes, size);
}

static void
on_accept (ClrSmtpServer *server, void *data)
{
  give (data, 250, "content", NULL);
}

static void
on_abandon (ClrSmtpServer *server, void *data)
{
  g_string_truncate (((Play *)data)->content, 0);
}

static void
on_start_tls (ClrSmtpServer *server, void *data)
{
  ((Play *)data)->wants_tls = TRUE;
}

static void
on_finish (ClrSmtpServer *server, void *data)
{
  ((Play *)data)->closed = TRUE;
}

/* There is one user. */
static void
on_login (ClrSmtpServer *server, const ClrSaslClaim *claim, void *data)
{
  gboolean good = claim->proof == CLR_SASL_PROOF_PASSWORD && g_str_equal (claim->login, "office")
                  && g_str_equal (claim->password, "secret");

  give (data, good ? 235 : 535, "login", claim->login);
}

static const ClrSmtpServerHandler handler = { .ask_mail = on_mail,
                                              .ask_rcpt = on_rcpt,
                                              .ask_data = on_data,
                                              .content = on_content,
                                              .ask_accept = on_accept,
                                              .abandon = on_abandon,
                                              .start_tls = on_start_tls,
                                              .finish = on_finish,
                                              .ask_login = on_login };

static void
send_octets (Play *play, const char *text, size_t size)
{
  /* What comes after STARTTLS is for the TLS engine; what was read with it the machine must have dropped. */
  while (size > 0 && !play->wants_tls)
    {
      size_t piece = play->way == WAY_OCTETS ? 1 : size;
      g_autofree uint8_t *copy = g_memdup2 (text, piece);
      size_t eaten = clr_smtp_server_feed (play->server, copy, piece);

      text += eaten;
      size -= eaten;
      gboolean awaited = play->pending != 0;

      while (play->pending)
        {
          int code = play->pending;
          play->pending = 0;
          clr_smtp_server_answer (play->server, code, NULL, "as the dialogue says");
        }
      if (!awaited && eaten == 0)
        g_error ("%s: the machine eats nothing and awaits nothing", play->file);
    }
}

static gboolean
fail (Play *play, const Step *step, const char *got)
{
  g_printerr ("%s:%u: (%s) expected %s, got %s\n", play->file, step->line, way_names[play->way], step->text,
              got);
  return FALSE;
}

/* "250 2.1.0" of the next reply. */
static char *
next_reply (Play *play)
{
  ClrReplyReader reader;
  size_t eaten;

  clr_reply_reader_init (&reader);
  if (clr_buffer_size (&play->output) == 0
      || clr_reply_reader_feed (&reader, clr_buffer_peek (&play->output), clr_buffer_size (&play->output),
                                &eaten)
             != CLR_REPLY_DONE)
    return g_strdup ("nothing");
  clr_buffer_drop (&play->output, eaten);
  return clr_smtp_reply_to_text (&reader.reply);
}

static gboolean
check_step (Play *play, const Step *step)
{
  g_autofree char *got = NULL;

  switch (step->kind)
    {
    case STEP_REPLY:
      got = next_reply (play);
      return g_str_has_prefix (got, step->text) || fail (play, step, got);
    case STEP_MESSAGE:
      got = g_queue_pop_head (&play->messages);
      if (g_strcmp0 (got, step->text) == 0)
        return TRUE;
      return fail (play, step, got ? got : "no message");
    case STEP_SECURED:
      if (!play->wants_tls)
        return fail (play, step, "no wish for TLS");
      play->wants_tls = FALSE;
      clr_smtp_server_secured (play->server);
      return TRUE;
    case STEP_CLOSED:
      return play->closed || fail (play, step, "an open session");
    case STEP_CLIENT:
      break;
    }
  g_assert_not_reached ();
}

/* Sends what may be sent before the next look, then looks. Line by line that is until the first reply; else
 * until TLS. Returns: the first step not done, or 0 when one failed. */
static unsigned
play_segment (Play *play, unsigned at)
{
  g_autoptr (GString) octets = g_string_new (NULL);
  gboolean looked = FALSE;
  unsigned end = at;

  if (g_array_index (play->steps, Step, at).kind == STEP_SECURED)
    return check_step (play, &g_array_index (play->steps, Step, at)) ? at + 1 : 0;
  for (; end < play->steps->len; end++)
    {
      Step *step = &g_array_index (play->steps, Step, end);

      if (step->kind == STEP_SECURED || (step->kind == STEP_CLIENT && looked && play->way == WAY_LINES))
        break;
      if (step->kind != STEP_CLIENT)
        looked = TRUE;
      else if (play->way == WAY_LINES)
        send_octets (play, step->text, strlen (step->text));
      else
        g_string_append (octets, step->text);
    }
  send_octets (play, octets->str, octets->len);
  for (unsigned i = at; i < end; i++)
    if (g_array_index (play->steps, Step, i).kind != STEP_CLIENT
        && !check_step (play, &g_array_index (play->steps, Step, i)))
      return 0;
  return end;
}

static gboolean
play_all (Play *play)
{
  gboolean ok = TRUE;

  play->server = clr_smtp_server_new (&play->config, &handler, &play->output, play);
  play->content = g_string_new (NULL);
  play->wants_tls = play->closed = FALSE;
  play->pending = 0;
  clr_smtp_server_greet (play->server);
  for (unsigned at = 0; at < play->steps->len && ok;)
    {
      at = play_segment (play, at);
      ok = at > 0;
    }
  if (ok && (clr_buffer_size (&play->output) > 0 || play->messages.length > 0))
    {
      g_autofree char *more = next_reply (play);
      g_printerr ("%s: (%s) more than expected: reply %s, %u messages\n", play->file, way_names[play->way],
                  more, play->messages.length);
      ok = FALSE;
    }
  g_queue_clear_full (&play->messages, g_free);
  g_string_free (play->content, TRUE);
  clr_smtp_server_free (play->server);
  clr_buffer_clear (&play->output);
  return ok;
}

static void
set_rule (Play *play, const char *rule)
{
  g_auto (GStrv) words = g_strsplit (rule, " ", 3);
  ClrSmtpServerConfig *config = &play->config;
  const char *what = words[0], *value = words[1] ? words[1] : "";
  uint64_t number = g_ascii_strtoull (value, NULL, 10);
  gboolean refuse = g_str_has_prefix (what, "refuse-"), defer = g_str_has_prefix (what, "defer-");

  if (refuse || defer)
    {
      const char *key = strchr (what, '-') + 1;
      g_hash_table_insert (play->answers, *value ? g_strdup_printf ("%s %s", key, value) : g_strdup (key),
                           GINT_TO_POINTER (refuse ? 550 : 451));
    }
  else if (strcmp (what, "offer-tls") == 0)
    config->offer_tls = TRUE;
  else if (strcmp (what, "require-tls") == 0)
    config->offer_tls = config->require_tls = TRUE;
  else if (strcmp (what, "offer-auth") == 0)
    config->mechanisms = CLR_SASL_OFFER_PLAIN | CLR_SASL_OFFER_LOGIN;
  else if (strcmp (what, "auth-in-clear") == 0)
    config->auth_in_clear = TRUE;
  else if (strcmp (what, "auth-equals") == 0)
    config->auth_equals = TRUE;
  else if (strcmp (what, "require-auth") == 0)
    config->require_auth = TRUE;
  else if (strcmp (what, "max-failed-logins") == 0)
    config->max_failed_logins = number;
  else if (strcmp (what, "normalize") == 0)
    config->normalize = TRUE;
  else if (strcmp (what, "lenient") == 0)
    {
      config->leniency = CLR_ADDRESS_LENIENT;
      config->lenient_helo = TRUE;
    }
  else if (strcmp (what, "missing-brackets") == 0)
    config->leniency |= CLR_ADDRESS_NO_BRACKETS;
  else if (strcmp (what, "space-after-colon") == 0)
    config->leniency |= CLR_ADDRESS_SPACES;
  else if (strcmp (what, "bad-helo") == 0)
    config->lenient_helo = TRUE;
  else if (strcmp (what, "max-size") == 0)
    config->max_message_size = number;
  else if (strcmp (what, "max-line") == 0)
    config->max_line = number;
  else if (strcmp (what, "max-recipients") == 0)
    config->max_recipients = number;
  else if (strcmp (what, "max-errors") == 0)
    config->max_errors = number;
  else if (strcmp (what, "max-messages") == 0)
    config->max_messages = number;
  else
    g_error ("%s: there is no rule %s", play->file, rule);
}

static void
clear_step (void *step)
{
  g_free (((Step *)step)->text);
}

static void
add_step (Play *play, StepKind kind, unsigned line, char *text)
{
  Step step = { kind, line, text };

  g_array_append_val (play->steps, step);
}

static void
read_dialogue (Play *play, const char *path)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (unsigned i = 0; lines[i]; i++)
    {
      const char *line = lines[i], *rest = strlen (line) > 3 ? line + 3 : "";

      if (*line == 0 || *line == '#')
        continue;
      if (strcmp (line, "@ secured") == 0)
        add_step (play, STEP_SECURED, i + 1, g_strdup ("TLS"));
      else if (strcmp (line, "@ closed") == 0)
        add_step (play, STEP_CLOSED, i + 1, g_strdup ("the end"));
      else if (g_str_has_prefix (line, "@ "))
        set_rule (play, line + 2);
      else if (g_str_has_prefix (line, "C:"))
        add_step (play, STEP_CLIENT, i + 1, g_strconcat (rest, "\r\n", NULL));
      else if (g_str_has_prefix (line, "C~"))
        add_step (play, STEP_CLIENT, i + 1, g_strcompress (rest));
      else if (g_str_has_prefix (line, "S:"))
        add_step (play, STEP_REPLY, i + 1, g_strdup (rest));
      else if (g_str_has_prefix (line, "M:"))
        add_step (play, STEP_MESSAGE, i + 1, g_strcompress (rest));
      else
        g_error ("%s:%u: what is this? %s", play->file, i + 1, line);
    }
}

static int
compare_names (const void *a, const void *b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

int
main (void)
{
  GDir *dir = g_dir_open (DIALOGUES, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;
  unsigned n = 0;
  gboolean ok = TRUE;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)))
    if (g_str_has_suffix (name, ".dialogue"))
      g_ptr_array_add (names, g_strdup (name));
  g_dir_close (dir);
  g_ptr_array_sort (names, compare_names);

  for (unsigned i = 0; i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (DIALOGUES, names->pdata[i], NULL);
      Play play = { .file = names->pdata[i],
                    .config = { .hostname = "relay.example.com",
                                .max_line = 512,
                                .max_message_size = 1000000,
                                .max_recipients = 100,
                                .max_errors = 50,
                                .max_messages = 100,
                                .max_failed_logins = 20 } };

      play.steps = g_array_new (FALSE, FALSE, sizeof (Step));
      g_array_set_clear_func (play.steps, clear_step);
      play.answers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      read_dialogue (&play, path);
      for (play.way = 0; play.way < N_WAYS; play.way++)
        {
          gboolean good = play_all (&play);

          g_print ("%sok %u %s, %s\n", good ? "" : "not ", ++n, play.file, way_names[play.way]);
          ok = ok && good;
        }
      g_hash_table_unref (play.answers);
      g_array_unref (play.steps);
    }
  return ok && n > 0 ? 0 : 1;
}

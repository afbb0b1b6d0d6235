/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-encoding.h"
#include "mail/clr-header-block.h"
#include "mail/clr-report.h"

#include <string.h>

#define WIDTH          72
#define ADDRESSES_MOST 50u   /* named in the text; the others stand in the report's second part */
#define REPLY_MOST     2000u /* octets of a reply */

static const char *
get_words (const ClrReportFacts *facts, ClrWords words)
{
  return clr_words_get (facts->language, words);
}

/* Puts the texts in for each "%s" of @template. (transfer full) */
static char *
fill (const char *template, const char *first, const char *second, const char *third)
{
  const char *const texts[] = { first, second, third };
  GString *filled = g_string_new (NULL);
  unsigned n = 0;

  for (const char *at = template; *at; at++)
    if (at[0] == '%' && at[1] == 's' && n < G_N_ELEMENTS (texts))
      {
        g_string_append (filled, texts[n++]);
        at++;
      }
    else
      g_string_append_c (filled, *at);
  return g_string_free (filled, FALSE);
}

/* Appends @text, broken into lines that begin with @indent blanks. */
static void
write_wrapped (GString *into, const char *text, unsigned indent)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  unsigned column = 0;

  for (char **word = words; *word; word++)
    {
      unsigned width = g_utf8_strlen (*word, -1);

      if (column > 0 && column + 1 + width > WIDTH)
        {
          g_string_append (into, "\r\n");
          column = 0;
        }
      g_string_append_printf (into, "%*s%s", column > 0 ? 1 : (int)indent, "", *word);
      column += (column > 0 ? 1 : indent) + width;
    }
  g_string_append (into, "\r\n");
}

char *
clr_report_dup_subject (const ClrReportFacts *facts, size_t longest)
{
  ClrHeaderBlock block;
  const ClrField *field;
  char *subject = NULL;
  size_t size;

  if (facts->content == NULL)
    return NULL;
  clr_header_block_parse (&block, facts->content, facts->content_size);
  field = clr_header_block_find (&block, "Subject");
  if (field)
    {
      const char *value = clr_field_get_value (field, &size);

      subject = clr_words_read (value, size, longest);
      if (*subject == 0)
        g_clear_pointer (&subject, g_free);
    }
  clr_header_block_clear (&block);
  return subject;
}

/* A stranger's text on lines of its own: valid UTF-8, nothing that steers a terminal. */
static void
write_foreign (GString *into, const char *prefix, const char *text, unsigned indent)
{
  g_autofree char *valid = g_utf8_make_valid (text, strnlen (text, REPLY_MOST));
  g_auto (GStrv) lines = g_strsplit (valid, "\n", -1);

  for (char **line = lines; *line; line++)
    {
      g_autofree char *clean = clr_words_read (*line, strlen (*line), REPLY_MOST);
      g_autofree char *whole = g_strconcat (prefix, clean, NULL);

      if (*clean)
        write_wrapped (into, whole, indent);
    }
}

static void
write_address (GString *into, const char *address, unsigned indent)
{
  g_autofree char *clean = clr_words_read (address, strlen (address), 400);

  g_string_append_printf (into, "%*s%s\r\n", (int)indent, "", clean);
}

/* What became of the recipients with @action. Returns: how many there are. */
static unsigned
write_action (const ClrReportFacts *facts, ClrReportAction action, GString *into)
{
  static const ClrWords one[] = { CLR_WORDS_FAILED_ONE, CLR_WORDS_DELAYED_ONE, CLR_WORDS_DELIVERED_ONE,
                                  CLR_WORDS_RELAYED_ONE, CLR_WORDS_EXPANDED_ONE };
  ClrReason last = CLR_REASON_LAST;
  unsigned n = 0, told = 0;

  for (unsigned i = 0; i < facts->n_recipients; i++)
    n += facts->recipients[i].action == action;
  if (n == 0)
    return 0;
  write_wrapped (into, get_words (facts, one[action] + (n > 1)), 0);
  g_string_append (into, "\r\n");
  for (unsigned i = 0; i < facts->n_recipients && told < ADDRESSES_MOST; i++)
    {
      const ClrReportRecipient *recipient = &facts->recipients[i];
      ClrReason reason = recipient->reason;

      if (recipient->action != action)
        continue;
      told++;
      write_address (into, recipient->address, 4);
      if (action != CLR_ACTION_FAILED && action != CLR_ACTION_DELAYED)
        continue;
      /* The same for several in a row is said once, behind the last of them. */
      const ClrReportRecipient *next
          = recipient + 1 < facts->recipients + facts->n_recipients && told < ADDRESSES_MOST ? recipient + 1
                                                                                             : NULL;
      if (next && next->action == action && next->reason == reason && next->expired == recipient->expired)
        continue;
      write_wrapped (into, clr_words_get_reason (facts->language, reason), 6);
      if (action == CLR_ACTION_FAILED)
        write_wrapped (into, clr_words_get_advice (facts->language, reason), 6);
      g_string_append (into, "\r\n");
      last = reason;
    }
  if (told < n)
    {
      GString *more = g_string_new (get_words (facts, CLR_WORDS_AND_MORE));
      char number[16];

      g_snprintf (number, sizeof number, "%u", n - told);
      g_string_replace (more, "%u", number, 1);
      write_wrapped (into, more->str, 4);
      g_string_free (more, TRUE);
    }
  if (last == CLR_REASON_LAST || told < n)
    g_string_append (into, "\r\n");
  return n;
}

/* Whether it goes on, and how long. */
static void
write_outlook (const ClrReportFacts *facts, GString *into)
{
  gboolean has[CLR_ACTION_LAST] = { FALSE }, any_expired = FALSE, all_expired = TRUE;
  int64_t until = 0;

  for (unsigned i = 0; i < facts->n_recipients; i++)
    {
      const ClrReportRecipient *recipient = &facts->recipients[i];

      has[recipient->action] = TRUE;
      any_expired = any_expired || recipient->expired;
      if (recipient->action == CLR_ACTION_FAILED)
        all_expired = all_expired && recipient->expired;
      if (recipient->action == CLR_ACTION_DELAYED && recipient->until_us > until)
        until = recipient->until_us;
    }
  if (has[CLR_ACTION_FAILED])
    {
      g_autofree char *time = clr_words_dup_duration (facts->language, facts->time_us - facts->arrived_us);
      g_autofree char *text = any_expired && all_expired
                                  ? fill (get_words (facts, CLR_WORDS_TRIED_FOR), time, "", "")
                                  : g_strdup (get_words (facts, CLR_WORDS_NO_MORE));

      write_wrapped (into, text, 0);
    }
  if (has[CLR_ACTION_DELAYED])
    {
      g_autofree char *date = clr_words_dup_date (facts->language, until);
      g_autofree char *text = until ? fill (get_words (facts, CLR_WORDS_RETRIED_UNTIL), date, "", "")
                                    : g_strdup (get_words (facts, CLR_WORDS_RETRIED));

      write_wrapped (into, text, 0);
    }
  if (has[CLR_ACTION_RELAYED])
    write_wrapped (into, get_words (facts, CLR_WORDS_RELAYED_NOTE), 0);
  else if (has[CLR_ACTION_DELIVERED] || has[CLR_ACTION_EXPANDED])
    write_wrapped (into, get_words (facts, CLR_WORDS_DELIVERED_NOTE), 0);
  if (facts->has_others)
    write_wrapped (into, get_words (facts, CLR_WORDS_OTHERS), 0);
}

static void
write_message (const ClrReportFacts *facts, GString *into)
{
  g_autofree char *subject = clr_report_dup_subject (facts, 200);
  g_autofree char *date = clr_words_dup_date (facts->language, facts->arrived_us);

  g_string_append_printf (into, "\r\n%s\r\n\r\n", get_words (facts, CLR_WORDS_YOUR_MESSAGE));
  if (subject)
    {
      g_autofree char *line = g_strconcat (get_words (facts, CLR_WORDS_SUBJECT), subject, NULL);
      write_wrapped (into, line, 4);
    }
  g_string_append_printf (into, "    %s%s\r\n", get_words (facts, CLR_WORDS_ACCEPTED), date);
  if (facts->content)
    g_string_append_printf (into, "    %s\r\n",
                            get_words (facts, facts->returns_whole && facts->is_whole
                                                  ? CLR_WORDS_RETURNED_ALL
                                                  : CLR_WORDS_RETURNED_HEADERS));
}

static void
write_technical (const ClrReportFacts *facts, GString *into)
{
  g_string_append_printf (into, "\r\n---- %s ----\r\n", get_words (facts, CLR_WORDS_TECHNICAL));
  for (unsigned i = 0; i < facts->n_recipients && i < ADDRESSES_MOST; i++)
    {
      const ClrReportRecipient *recipient = &facts->recipients[i];
      g_autofree char *date = clr_words_dup_date (facts->language, recipient->tried_us);
      g_autofree char *host = clr_words_read (recipient->host ? recipient->host : "",
                                              recipient->host ? strlen (recipient->host) : 0, 300);
      g_autofree char *intro = recipient->code && *host
                                   ? fill (get_words (facts, CLR_WORDS_ANSWER_OF), host, date, "")
                                   : fill (get_words (facts, CLR_WORDS_HAPPENED), date, "", "");
      g_autofree char *enhanced = clr_words_read (recipient->enhanced ? recipient->enhanced : "",
                                                  recipient->enhanced ? strlen (recipient->enhanced) : 0, 16);
      g_autofree char *prefix = g_strdup_printf ("%s%s", enhanced, *enhanced ? " " : "");
      g_autofree char *coded = recipient->code ? g_strdup_printf ("%d %s", recipient->code, prefix) : NULL;

      g_string_append (into, "\r\n");
      write_address (into, recipient->address, 0);
      if (recipient->tried_us == 0 && recipient->text == NULL)
        continue;
      write_wrapped (into, intro, 2);
      write_foreign (into, coded ? coded : "", recipient->text && *recipient->text ? recipient->text : "-",
                     4);
    }
}

void
clr_report_write_text (const ClrReportFacts *facts, GString *into)
{
  g_autofree char *signature
      = fill (get_words (facts, CLR_WORDS_SIGNED), facts->hostname, facts->postmaster, facts->message_id);

  if (*facts->sender == 0)
    {
      write_wrapped (into, get_words (facts, CLR_WORDS_NULL_SENDER), 0);
      g_string_append (into, "\r\n");
    }
  for (int action = 0; action < CLR_ACTION_LAST; action++)
    write_action (facts, action, into);
  write_outlook (facts, into);
  write_message (facts, into);
  g_string_append (into, "\r\n");
  write_wrapped (into, signature, 0);
  write_technical (facts, into);
}

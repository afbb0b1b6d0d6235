/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-reply.h"

#include <string.h>

void
clr_reply_reader_init (ClrReplyReader *reader)
{
  reader->reply.code = 0;
  reader->reply.enhanced[0] = 0;
  reader->reply.text[0] = 0;
  reader->reply.is_own = FALSE;
  reader->line_size = 0;
  reader->lines = 0;
  reader->in_lines = FALSE;
  reader->watch = NULL;
}

void
clr_reply_reader_watch (ClrReplyReader *reader, ClrReplyWatch watch, void *data)
{
  reader->watch = watch;
  reader->watch_data = data;
}

/* RFC 3463 section 2: class "." subject "." detail, the class being the first digit of the code. */
static size_t
scan_enhanced (const char *text, size_t size, int class)
{
  size_t i = 1;

  if (size < 5 || text[0] != '0' + class || (class != 2 && class != 4 && class != 5))
    return 0;
  for (int part = 0; part < 2; part++)
    {
      size_t digits = 0;

      if (i >= size || text[i++] != '.')
        return 0;
      for (; i < size && g_ascii_isdigit (text[i]); i++)
        digits++;
      if (digits < 1 || digits > 3)
        return 0;
    }
  return i == size || text[i] == ' ' ? i : 0;
}

static ClrReplyStatus
take_line (ClrReplyReader *reader)
{
  const char *line = reader->line;
  size_t size = reader->line_size;
  ClrSmtpReply *reply = &reader->reply;
  size_t used = strlen (reply->text), enhanced, n;

  if (size < 3 || line[0] < '2' || line[0] > '5' || !g_ascii_isdigit (line[1]) || !g_ascii_isdigit (line[2])
      || (size > 3 && line[3] != ' ' && line[3] != '-'))
    return CLR_REPLY_GARBAGE;

  int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0';
  gboolean last = size == 3 || line[3] == ' ';

  if (++reader->lines > CLR_REPLY_LINES_MAX)
    return CLR_REPLY_GARBAGE;
  /* RFC 5321 section 4.2.1: all lines have the same code; should they not, the last one counts. */
  reply->code = code;
  line += MIN (size, 4);
  size -= MIN (size, 4);
  enhanced = scan_enhanced (line, size, code / 100);
  if (enhanced > 0 && enhanced < CLR_ENHANCED_MAX)
    {
      memcpy (reply->enhanced, line, enhanced);
      reply->enhanced[enhanced] = 0;
      line += MIN (enhanced + 1, size);
      size -= MIN (enhanced + 1, size);
    }
  if (reader->watch)
    reader->watch (code, reader->lines - 1, line, size, reader->watch_data);
  if (reader->in_lines && used < CLR_REPLY_TEXT_MAX)
    reply->text[used++] = '\n';
  n = MIN (size, CLR_REPLY_TEXT_MAX - used);
  for (size_t i = 0; i < n; i++)
    /* A stranger's control characters, a lone CR above all, must not get into reports or onto a terminal. */
    reply->text[used + i] = g_ascii_iscntrl (line[i]) ? ' ' : line[i];
  reply->text[used + n] = 0;
  reader->in_lines = TRUE;
  return last ? CLR_REPLY_DONE : CLR_REPLY_MORE;
}

ClrReplyStatus
clr_reply_reader_feed (ClrReplyReader *reader, const void *bytes, size_t size, size_t *eaten)
{
  const char *from = bytes;
  size_t done = 0;

  *eaten = 0;
  while (done < size)
    {
      const char *end = memchr (from + done, '\n', size - done);
      size_t n = end ? (size_t)(end - (from + done)) + 1 : size - done;
      size_t room = sizeof reader->line - reader->line_size;

      memcpy (reader->line + reader->line_size, from + done, MIN (n, room));
      reader->line_size += MIN (n, room);
      done += n;
      *eaten = done;
      if (end == NULL)
        continue;
      while (reader->line_size > 0
             && (reader->line[reader->line_size - 1] == '\n' || reader->line[reader->line_size - 1] == '\r'))
        reader->line_size--;
      ClrReplyStatus status = take_line (reader);
      reader->line_size = 0;
      if (status != CLR_REPLY_MORE)
        return status;
    }
  return CLR_REPLY_MORE;
}

void
clr_reply_write (ClrBuffer *into, int code, const char *enhanced, const char *text)
{
  gboolean has_enhanced = enhanced && *enhanced;

  for (;;)
    {
      size_t n = strcspn (text, "\n");
      gboolean last = text[n] == 0;
      char head[32];
      int head_size = g_snprintf (head, sizeof head, "%03d%c%s%s", code, last ? ' ' : '-',
                                  has_enhanced ? enhanced : "", has_enhanced ? " " : "");

      clr_buffer_append (into, head, head_size);
      clr_buffer_append (into, text, n);
      clr_buffer_append (into, "\r\n", 2);
      if (last)
        return;
      text += n + 1;
    }
}

char *
clr_smtp_reply_to_text (const ClrSmtpReply *reply)
{
  GString *text = g_string_new (NULL);

  if (clr_smtp_reply_get_said (reply))
    g_string_append_printf (text, "%d ", clr_smtp_reply_get_said (reply));
  if (reply->enhanced[0])
    g_string_append_printf (text, "%s ", reply->enhanced);
  g_string_append (text, reply->text);
  for (char *p = text->str; *p; p++)
    if (*p == '\n' || *p == '\r')
      *p = ' ';
  return g_string_free (text, FALSE);
}

void
clr_smtp_reply_set (ClrSmtpReply *reply, int code, const char *enhanced, const char *text)
{
  reply->code = code;
  g_strlcpy (reply->enhanced, enhanced ? enhanced : "", sizeof reply->enhanced);
  g_strlcpy (reply->text, text, sizeof reply->text);
  reply->is_own = TRUE;
}

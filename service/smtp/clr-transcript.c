/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-transcript.h"

#include <string.h>

#define HELD_MOST      (64u * 1024) /* octets of a client that does not wait for its answer */
#define WORD_MOST      12u          /* letters of a word that may be an unknown command */
#define MECHANISM_MOST 20u          /* RFC 4422 section 3.1 */

typedef enum
{
  MODE_COMMAND,
  MODE_HELD,    /* the reply to @held_for says what comes next */
  MODE_ANSWER,  /* a line of an AUTH exchange */
  MODE_CONTENT, /* up to CRLF.CRLF */
  MODE_CHUNK,   /* @chunk_left octets, RFC 3030 */
  MODE_LOST,    /* nobody knows any more what its octets are */
} Mode;

typedef enum
{
  HELD_FOR_TLS,
  HELD_FOR_AUTH,
  HELD_FOR_DATA,
} HeldFor;

/* A line that is still coming. */
typedef struct
{
  char text[CLR_TRANSCRIPT_LINE];
  size_t size; /* octets of it that are kept */
  uint64_t seen;
} Line;

struct ClrTranscript
{
  gboolean with_content;
  gboolean is_ours;
  ClrTranscriptTell tell;
  void *data;

  Mode mode;
  HeldFor held_for;
  GByteArray *held;
  uint64_t dropped;     /* octets that would have been held, but were too many */
  unsigned outstanding; /* commands that have no reply yet */
  gboolean is_strict;   /* what is no command may be a password, or content */
  uint64_t chunk_left;
  uint64_t content; /* octets of the message or chunk so far */
  uint8_t last[4];  /* its last octets, the newest last */
  Line client, server, body;
};

const char *
clr_speaker_get_name (ClrSpeaker speaker)
{
  static const char *const names[] = { [CLR_SPEAKER_CLIENT] = "client",
                                       [CLR_SPEAKER_SERVER] = "server",
                                       [CLR_SPEAKER_CONTENT] = "content",
                                       [CLR_SPEAKER_NOTE] = "note" };

  return names[speaker];
}

ClrTranscript *
clr_transcript_new (gboolean with_content, gboolean is_ours, ClrTranscriptTell tell, void *data)
{
  ClrTranscript *self = g_new0 (ClrTranscript, 1);

  self->with_content = with_content;
  self->is_ours = is_ours;
  self->tell = tell;
  self->data = data;
  self->held = g_byte_array_new ();
  return self;
}

void
clr_transcript_free (ClrTranscript *self)
{
  g_byte_array_unref (self->held);
  g_free (self);
}

/* (transfer full) */
static char *
make_printable (const char *text, size_t size)
{
  GString *line = g_string_sized_new (size + 1);
  const char *end = text + size;

  while (text < end)
    {
      gunichar u = g_utf8_get_char_validated (text, end - text);

      if (u == (gunichar)-1 || u == (gunichar)-2 || !g_unichar_isprint (u))
        g_string_append_printf (line, "\\x%02x", (unsigned char)*text++);
      else
        {
          g_string_append_unichar (line, u);
          text = g_utf8_next_char (text);
        }
    }
  return g_string_free (line, FALSE);
}

static void
tell (ClrTranscript *self, ClrSpeaker speaker, const char *text, size_t size, uint64_t more)
{
  g_autofree char *shown = make_printable (text, size);
  g_autofree char *cut
      = more ? g_strdup_printf ("%s [and %" G_GUINT64_FORMAT " octets more]", shown, more) : NULL;

  self->tell (speaker, cut ? cut : shown, self->data);
}

static void
tell_octets (ClrTranscript *self, ClrSpeaker speaker, const char *before, const char *what, uint64_t octets)
{
  g_autofree char *line
      = g_strdup_printf ("%s[%s%" G_GUINT64_FORMAT " octets, not recorded]", before, what, octets);

  self->tell (speaker, line, self->data);
}

static void
add (Line *line, uint8_t octet)
{
  line->seen++;
  if (line->size < sizeof line->text)
    line->text[line->size++] = (char)octet;
}

/* The line is complete: without its end, which is not counted. */
static void
strip (Line *line)
{
  if (line->size == line->seen && line->size > 0 && line->text[line->size - 1] == '\n')
    line->size--;
  if (line->size > 0 && line->text[line->size - 1] == '\r')
    line->size--;
}

static void
clear (Line *line)
{
  /* It may have held a secret. */
  explicit_bzero (line->text, line->size);
  line->size = 0;
  line->seen = 0;
}

/* Octets of a line that are not kept. */
static uint64_t
count_cut (const Line *line)
{
  return line->seen > sizeof line->text ? line->seen - sizeof line->text : 0;
}

/* -- content */

static void
begin_content (ClrTranscript *self)
{
  self->content = 0;
  /* The beginning of a content is the beginning of a line. */
  memcpy (self->last, "\0\0\r\n", sizeof self->last);
}

static void
end_content (ClrTranscript *self)
{
  if (!self->with_content)
    tell_octets (self, CLR_SPEAKER_NOTE, "", "content: ", self->content);
  else if (self->body.seen > 0)
    tell (self, CLR_SPEAKER_CONTENT, self->body.text, self->body.size, count_cut (&self->body));
  clear (&self->body);
  self->mode = MODE_COMMAND;
}

static void
add_content (ClrTranscript *self, uint8_t octet)
{
  self->content++;
  if (!self->with_content)
    return;
  add (&self->body, octet);
  if (octet == '\n')
    {
      strip (&self->body);
      tell (self, CLR_SPEAKER_CONTENT, self->body.text, self->body.size, count_cut (&self->body));
      clear (&self->body);
    }
}

/* Whether this octet ends the content: CRLF "." CRLF and nothing else (RFC 5321 section 4.1.1.4). */
static gboolean
take_content (ClrTranscript *self, uint8_t octet)
{
  add_content (self, octet);
  if (octet == '\n' && memcmp (self->last, "\r\n.\r", sizeof self->last) == 0)
    return TRUE;
  memmove (self->last, self->last + 1, sizeof self->last - 1);
  self->last[sizeof self->last - 1] = octet;
  return FALSE;
}

/* -- what the client says */

static void
hold (ClrTranscript *self, HeldFor what)
{
  self->mode = MODE_HELD;
  self->held_for = what;
}

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

/* AUTH MECHANISM INITIAL-RESPONSE, RFC 4954 section 4 */
static void
tell_auth (ClrTranscript *self, const char *text, size_t size, uint64_t seen)
{
  size_t start = 0, end;
  g_autofree char *before = NULL;

  while (start < size && is_blank (text[start]))
    start++;
  for (end = start; end < size && (g_ascii_isalnum (text[end]) || text[end] == '-' || text[end] == '_');)
    end++;
  if (end - start > MECHANISM_MOST || (end < size && !is_blank (text[end])))
    end = start;
  before = g_strdup_printf ("AUTH %.*s ", (int)(end - start), text + start);
  while (end < size && is_blank (text[end]))
    end++;
  if (end == size && seen == size)
    tell (self, CLR_SPEAKER_CLIENT, before, strlen (g_strchomp (before)), 0);
  else
    tell_octets (self, CLR_SPEAKER_CLIENT, before, "", seen - end);
}

/* No command at all, or one without a use for what stands behind it: where a login went wrong this may be a
 * password. */
static void
tell_unknown (ClrTranscript *self, const Line *line, size_t word, gboolean is_known)
{
  gboolean shows = is_known || (!self->is_strict && word > 0 && word <= WORD_MOST);
  g_autofree char *before = NULL;

  for (size_t i = 0; i < word && shows; i++)
    shows = g_ascii_isalpha (line->text[i]);
  if (!shows)
    word = 0;
  before = g_strdup_printf ("%.*s%s", (int)word, line->text, word ? " " : "");
  if (word > 0 && word == line->size)
    tell (self, CLR_SPEAKER_CLIENT, line->text, word, 0);
  else
    tell_octets (self, CLR_SPEAKER_CLIENT, before,
                 word ? "" : "no command that is known: ", line->size + count_cut (line) - word);
}

static gboolean
is_word (const char *text, size_t size, const char *word)
{
  return strlen (word) == size && g_ascii_strncasecmp (text, word, size) == 0;
}

static gboolean
begins_with (const Line *line, const char *words)
{
  size_t size = strlen (words);

  return line->size >= size && g_ascii_strncasecmp (line->text, words, size) == 0;
}

/* @argument: behind the verb. */
static void
begin_chunk (ClrTranscript *self, const char *argument, size_t size)
{
  g_autofree char *text = g_strndup (argument, size);
  guint64 octets = 0;

  /* What cannot be read is no chunk to the server either: it ends the session. */
  g_strstrip (text);
  text[strcspn (text, " \t")] = 0;
  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &octets, NULL) || octets == 0)
    return;
  begin_content (self);
  self->chunk_left = octets;
  self->mode = MODE_CHUNK;
}

static void
take_command (ClrTranscript *self, const Line *line)
{
  static const char *const open[]
      = { "HELO", "EHLO", "LHLO", "MAIL FROM:", "RCPT TO:", "BDAT", "VRFY", "EXPN" };
  static const char *const closed[] = { "DATA", "RSET", "NOOP", "HELP", "QUIT", "STARTTLS", "ETRN" };
  Line bare = { .size = 0 };
  size_t skip = 0, word;

  while (skip < line->size && is_blank (line->text[skip]))
    skip++;
  memcpy (bare.text, line->text + skip, line->size - skip);
  bare.size = line->size - skip;
  bare.seen = line->seen;
  for (word = 0; word < bare.size && !is_blank (bare.text[word]);)
    word++;
  self->outstanding++;
  if (is_word (bare.text, word, "AUTH"))
    {
      self->is_strict = TRUE;
      tell_auth (self, bare.text + word, bare.size - word, bare.size - word + count_cut (line));
      hold (self, HELD_FOR_AUTH);
      clear (&bare);
      return;
    }
  for (unsigned i = 0; i < G_N_ELEMENTS (open); i++)
    if (strchr (open[i], ' ') ? begins_with (&bare, open[i]) : is_word (bare.text, word, open[i]))
      {
        tell (self, CLR_SPEAKER_CLIENT, bare.text, bare.size, count_cut (line));
        if (g_str_equal (open[i], "BDAT"))
          begin_chunk (self, bare.text + word, bare.size - word);
        return;
      }
  for (unsigned i = 0; i < G_N_ELEMENTS (closed); i++)
    if (is_word (bare.text, word, closed[i]))
      {
        tell_unknown (self, &bare, word, TRUE);
        if (g_str_equal (closed[i], "DATA"))
          hold (self, HELD_FOR_DATA);
        else if (g_str_equal (closed[i], "STARTTLS"))
          hold (self, HELD_FOR_TLS);
        return;
      }
  tell_unknown (self, &bare, word, FALSE);
  clear (&bare);
}

static void
take_client_line (ClrTranscript *self)
{
  Line *line = &self->client;

  strip (line);
  if (self->mode == MODE_ANSWER)
    {
      self->outstanding++;
      if (line->size == 1 && *line->text == '*')
        tell (self, CLR_SPEAKER_CLIENT, "*", 1, 0);
      else
        tell_octets (self, CLR_SPEAKER_CLIENT, "", "answer of AUTH: ", line->size + count_cut (line));
      hold (self, HELD_FOR_AUTH);
    }
  else
    take_command (self, line);
  clear (line);
}

static void
keep_held (ClrTranscript *self, const uint8_t *bytes, size_t size)
{
  size_t room = HELD_MOST - self->held->len, kept = MIN (size, room);

  if (self->dropped > 0)
    kept = 0;
  g_byte_array_append (self->held, bytes, kept);
  self->dropped += size - kept;
}

void
clr_transcript_feed_client (ClrTranscript *self, const uint8_t *bytes, size_t size)
{
  for (size_t i = 0; i < size; i++)
    switch (self->mode)
      {
      case MODE_LOST:
        return;
      case MODE_HELD:
        keep_held (self, bytes + i, size - i);
        return;
      case MODE_CONTENT:
        if (take_content (self, bytes[i]))
          {
            end_content (self);
            self->outstanding++;
          }
        break;
      case MODE_CHUNK:
        add_content (self, bytes[i]);
        if (--self->chunk_left == 0)
          end_content (self);
        break;
      case MODE_COMMAND:
      case MODE_ANSWER:
        add (&self->client, bytes[i]);
        if (bytes[i] == '\n')
          take_client_line (self);
        break;
      }
}

/* -- what the server says */

static void
let_go (ClrTranscript *self, int code)
{
  GByteArray *held = self->held;
  uint64_t dropped = self->dropped;

  self->held = g_byte_array_new ();
  self->dropped = 0;
  self->mode = MODE_COMMAND;
  if (self->held_for == HELD_FOR_AUTH && code == 334)
    self->mode = MODE_ANSWER;
  else if (self->held_for == HELD_FOR_DATA && code == 354)
    {
      begin_content (self);
      self->mode = MODE_CONTENT;
    }
  if (dropped > 0)
    {
      tell_octets (self, CLR_SPEAKER_NOTE, "",
                   "sent without waiting for the reply, as all that follows: ", held->len + dropped);
      self->mode = MODE_LOST;
    }
  else
    {
      self->is_strict = self->is_strict || held->len > 0;
      clr_transcript_feed_client (self, held->data, held->len);
    }
  if (held->len > 0)
    explicit_bzero (held->data, held->len);
  g_byte_array_unref (held);
}

static int
read_code (const Line *line)
{
  int code = 0;

  if (line->size < 3)
    return 0;
  for (unsigned i = 0; i < 3; i++)
    {
      if (!g_ascii_isdigit (line->text[i]))
        return 0;
      code = code * 10 + g_ascii_digit_value (line->text[i]);
    }
  return code;
}

static void
take_server_line (ClrTranscript *self)
{
  Line *line = &self->server;
  int code;
  gboolean is_last;

  strip (line);
  code = read_code (line);
  is_last = code > 0 && (line->size == 3 || line->text[3] != '-');
  if (code > 0 && self->mode == MODE_CONTENT && self->is_ours)
    end_content (self);
  /* The challenge of some mechanisms is made of what the server keeps of the password. */
  if (code == 334)
    tell_octets (self, CLR_SPEAKER_SERVER, "334 ",
                 "challenge: ", line->size + count_cut (line) - MIN (line->size, 4u));
  else
    tell (self, CLR_SPEAKER_SERVER, line->text, line->size, count_cut (line));
  clear (line);
  if (!is_last)
    return;
  if (self->outstanding > 0)
    self->outstanding--;
  if (self->mode == MODE_HELD && self->outstanding == 0)
    let_go (self, code);
}

void
clr_transcript_feed_server (ClrTranscript *self, const uint8_t *bytes, size_t size)
{
  for (size_t i = 0; i < size; i++)
    {
      add (&self->server, bytes[i]);
      if (bytes[i] == '\n')
        take_server_line (self);
    }
}

void
clr_transcript_end (ClrTranscript *self)
{
  if (self->mode == MODE_CONTENT || self->mode == MODE_CHUNK)
    end_content (self);
  if (self->held->len > 0)
    tell_octets (self, CLR_SPEAKER_NOTE, "",
                 "sent without waiting for the reply: ", self->held->len + self->dropped);
  if (self->client.seen > 0)
    tell_octets (self, CLR_SPEAKER_CLIENT, "", "a line without an end: ", self->client.seen);
  if (self->server.seen > 0)
    take_server_line (self);
}

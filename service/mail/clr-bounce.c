/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-bounce.h"

#include "mail/clr-encoding.h"
#include "mail/clr-mime.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MOST  (64u * 1024) /* octets read of a part */
#define REPLY_MOST 1000u        /* octets kept of a reply */

/* What the parts of the message are gathered into. */
typedef struct
{
  ClrBounce *bounce;
  GString *text;  /* for people */
  char *returned; /* header section of the message that came back */
  gboolean is_feedback;
} Gathered;

/* Lines behind which the returned message stands in the text. */
static const char *const ends_of_text[] = {
  "\nReceived: ",
  "\nReturn-Path: ",
  "\n--- Below this line is",
  "\n--- Below the next line",
  "\n--- The message cannot be delivered",
  "\n--- Enclosed is a copy",
  "\n------ This is a copy of",
  "\n--- Undelivered message follows",
  "\n----- Original message",
  "\n-----Original Message",
  "\n----- Unsent message follows",
  "\n   ----- Unsent message follows",
  "\n   ----- Original message follows",
  "\n----- Message header follows",
  "\n----- Message headers follow",
  "\n----- The unsent message follows",
  "\nOriginal message follows",
  "\n---- Message to be delivered",
  "\nThe original message follows",
  "\nMessage-ID: ",
  "\nMessage-Id: ",
  "\nMIME-Version: ",
};

static void
clear_recipient (void *data)
{
  ClrBounceRecipient *recipient = data;

  g_free (recipient->address);
  g_free (recipient->original);
  g_free (recipient->text);
}

void
clr_bounce_clear (ClrBounce *bounce)
{
  g_free (bounce->reporter);
  g_free (bounce->envelope_id);
  if (bounce->recipients)
    g_array_unref (bounce->recipients);
  *bounce = (ClrBounce){ 0 };
}

/* -- replies within text */

/* "5.1.1" at @text, where a class of 2, 4 or 5 begins. Returns: its octets, 0 for none. */
static size_t
scan_status (const char *text)
{
  size_t n = 0;

  if (!strchr ("245", text[0]) || text[0] == 0 || text[1] != '.')
    return 0;
  for (unsigned dots = 1, digits = 0; dots <= 2;)
    {
      n = dots == 1 && digits == 0 ? 2 : n;
      for (digits = 0; g_ascii_isdigit (text[n]) && digits < 4; digits++)
        n++;
      if (digits == 0 || digits > 3)
        return 0;
      if (dots++ == 2)
        break;
      if (text[n++] != '.')
        return 0;
    }
  /* More of it would be an address or a version. */
  return g_ascii_isdigit (text[n]) || (text[n] == '.' && g_ascii_isdigit (text[n + 1])) ? 0 : n;
}

/* The first enhanced code that says something, else the first. @status: "" when there is none. */
static void
find_status (const char *text, char status[12])
{
  *status = 0;
  for (const char *at = text; *at; at++)
    {
      size_t n = at == text || strchr (" \t\n(#<'\"=:;-[", at[-1]) ? scan_status (at) : 0;

      if (n == 0 || n > 11 || *at == '2')
        continue;
      if (*status == 0 || g_str_has_suffix (status, ".0.0"))
        g_strlcpy (status, at, n + 1);
      if (!g_str_has_suffix (status, ".0.0"))
        return;
    }
}

/* The first reply code: three digits of class 4 or 5 that stand alone. Returns: 0 for none. */
static int
find_code (const char *text)
{
  for (const char *at = text; *at; at++)
    if ((*at == '4' || *at == '5') && at[1] >= '0' && at[1] <= '5' && g_ascii_isdigit (at[2])
        && (at == text || strchr (" \t\n(:<'\"[;#", at[-1]))
        && (at[3] == 0 || strchr (" -\n\r\t'\";:,)]", at[3])))
      return atoi (at);
  return 0;
}

/* -- fields of RFC 3464 */

/* The value of a field, on one line, without the type and ";" in front. (transfer full) */
static char *
dup_typed (const ClrHeaderBlock *block, const char *name)
{
  const ClrField *field = clr_header_block_find (block, name);
  size_t size;
  const char *value = field ? clr_field_get_value (field, &size) : NULL;
  g_autofree char *text = NULL;
  char *rest;

  if (value == NULL)
    return NULL;
  text = clr_words_read (value, size, REPLY_MOST);
  rest = strchr (text, ';');
  if (rest == NULL || rest - text > 40 || memchr (text, ' ', rest - text))
    rest = text - 1;
  return g_strstrip (g_strdup (rest + 1));
}

/* An address as people and servers write it, bare. (transfer full) */
static char *
dup_bare (const char *text)
{
  const char *open = strchr (text, '<'), *close = open ? strchr (open, '>') : NULL;
  g_autofree char *bare = close ? g_strndup (open + 1, close - open - 1) : g_strdup (text);

  g_strstrip (bare);
  if (g_str_has_prefix (bare, "\\x") || strstr (bare, "\\x{"))
    return clr_address_read_utf8 (bare);
  return *bare ? g_steal_pointer (&bare) : NULL;
}

static void
judge (ClrBounceRecipient *recipient, const char *text)
{
  recipient->reason = clr_reason_find (recipient->code, recipient->status, recipient->text);
  if (recipient->reason == CLR_REASON_UNKNOWN && text)
    recipient->reason = clr_reason_find (0, NULL, text);
  recipient->class = clr_reason_get_class (recipient->reason);
  if (*recipient->action && g_ascii_strcasecmp (recipient->action, "failed") != 0)
    recipient->class = g_ascii_strcasecmp (recipient->action, "delayed") == 0 ? CLR_BOUNCE_SOFT
                                                                              : CLR_BOUNCE_UNKNOWN;
  if (recipient->class == CLR_BOUNCE_UNKNOWN && recipient->status[0] == '4')
    recipient->class = CLR_BOUNCE_SOFT;
  /* What is said to be temporary may work another time, whatever the words. */
  recipient->is_hard = recipient->class == CLR_BOUNCE_HARD && recipient->status[0] != '4';
}

static void
take_group (ClrBounce *bounce, const ClrHeaderBlock *block)
{
  g_autofree char *final = dup_typed (block, "Final-Recipient");
  g_autofree char *original = dup_typed (block, "Original-Recipient");
  g_autofree char *action = dup_typed (block, "Action");
  g_autofree char *status = dup_typed (block, "Status");
  ClrBounceRecipient recipient = { 0 };

  if (bounce->reporter == NULL)
    bounce->reporter = dup_typed (block, "Reporting-MTA");
  if (bounce->envelope_id == NULL)
    bounce->envelope_id = dup_typed (block, "Original-Envelope-Id");
  if ((final == NULL && original == NULL) || bounce->recipients->len >= CLR_BOUNCE_RECIPIENTS_MOST)
    return;
  recipient.original = original ? dup_bare (original) : NULL;
  recipient.address = dup_bare (final ? final : original);
  recipient.text = dup_typed (block, "Diagnostic-Code");
  if (action)
    g_strlcpy (recipient.action, action, MIN (sizeof recipient.action, strcspn (action, " (") + 1));
  if (status)
    find_status (status, recipient.status);
  if (status && *recipient.status == 0 && scan_status (status))
    g_strlcpy (recipient.status, status, MIN (sizeof recipient.status, scan_status (status) + 1));
  if (recipient.text)
    {
      char said[12];

      recipient.code = find_code (recipient.text);
      find_status (recipient.text, said);
      /* Many relays write something vague in front of what the peer said clearly. */
      if (*said && (*recipient.status == 0 || g_str_has_suffix (recipient.status, ".0")))
        g_strlcpy (recipient.status, said, sizeof recipient.status);
    }
  g_array_append_val (bounce->recipients, recipient);
}

/* @text: lines ended by CRLF. */
static void
read_fields (ClrBounce *bounce, const char *text)
{
  const char *at = text, *end = text + strlen (text);

  while (at < end)
    {
      ClrHeaderBlock block;

      clr_header_block_parse (&block, at, end - at);
      take_group (bounce, &block);
      at += block.size + 2;
      clr_header_block_clear (&block);
    }
}

/* -- text */

/* @text on one line. (transfer full) */
static char *
dup_line (const char *text)
{
  g_autofree char *line = g_strndup (text, strnlen (text, 4 * REPLY_MOST));

  return clr_words_read (g_strdelimit (line, "\n", ' '), strlen (line), REPLY_MOST);
}

static gboolean
is_part_of_address (unsigned char c)
{
  return c > 32 && c != 127 && !strchr ("<>()[]{}\"',;:|=", c);
}

/* "a@b" around the "@" at @at, or NULL. (transfer full) */
static char *
dup_address_around (const char *text, const char *at)
{
  const char *start = at, *end = at + 1;

  while (start > text && is_part_of_address (start[-1]) && at - start < 65)
    start--;
  while (is_part_of_address (*end) && end - at < 256)
    end++;
  while (end > at + 1 && strchr (".!?*", end[-1]))
    end--;
  if (start == at || end < at + 4 || !memchr (at, '.', end - at))
    return NULL;
  return g_utf8_make_valid (start, end - start);
}

/* Whether @address can be the recipient a bounce is about: not the reporter's own, nor that of its reader. */
static gboolean
is_candidate (const char *address, const char *reader)
{
  static const char *const others[]
      = { "postmaster@", "mailer-daemon@", "mailerdaemon@", "abuse@", "support@", "root@" };

  for (unsigned i = 0; i < G_N_ELEMENTS (others); i++)
    if (g_ascii_strncasecmp (address, others[i], strlen (others[i])) == 0)
      return FALSE;
  return reader == NULL || g_ascii_strcasecmp (address, reader) != 0;
}

static char *
find_address (const char *text, const char *reader)
{
  for (const char *at = text; (at = strchr (at, '@')); at++)
    {
      g_autofree char *address = dup_address_around (text, at);

      if (address && is_candidate (address, reader))
        return g_steal_pointer (&address);
    }
  return NULL;
}

/* The first address in a field, or NULL. (transfer full) */
static char *
dup_field_address (const ClrHeaderBlock *block, const char *name)
{
  const ClrField *field = clr_header_block_find (block, name);
  size_t size;
  const char *value = field ? clr_field_get_value (field, &size) : NULL;
  g_autofree char *text = value ? g_strndup (value, MIN (size, 2000u)) : NULL;

  return text ? find_address (text, NULL) : NULL;
}

static gboolean
is_automatic (const ClrHeaderBlock *block)
{
  static const char *const authors[] = { "mailer-daemon", "postmaster",  "mail delivery",
                                         "mailerdaemon",  "mail system", "delivery subsystem" };
  static const char *const subjects[]
      = { "undeliver",    "failure",           "delivery",      "returned mail", "failed",     "bounce",
          "unzustellbar", "could not be sent", "not delivered", "rejected",      "nondeliver", "non delivery",
          "error" };
  const ClrField *from = clr_header_block_find (block, "From"),
                 *subject = clr_header_block_find (block, "Subject");
  const ClrField *auto_submitted = clr_header_block_find (block, "Auto-Submitted");
  g_autofree char *author = from ? clr_field_dup_text (from, 300) : g_strdup ("");
  g_autofree char *title = NULL, *small_author = g_ascii_strdown (author, -1), *small_title = NULL;
  size_t size = 0;
  const char *value = subject ? clr_field_get_value (subject, &size) : "";
  gboolean by_author = FALSE, by_subject = FALSE;

  title = clr_words_read (value, size, 300);
  small_title = g_ascii_strdown (title, -1);
  for (unsigned i = 0; i < G_N_ELEMENTS (authors); i++)
    by_author = by_author || strstr (small_author, authors[i]);
  for (unsigned i = 0; i < G_N_ELEMENTS (subjects); i++)
    by_subject = by_subject || strstr (small_title, subjects[i]);
  if (clr_header_block_find (block, "X-Failed-Recipients"))
    return TRUE;
  /* RFC 3834: an answer by the recipient's mailbox (holidays) and not by a server. */
  if (auto_submitted && !by_author)
    return FALSE;
  return by_author || by_subject;
}

static void
read_text (Gathered *gathered, const ClrHeaderBlock *header)
{
  ClrBounce *bounce = gathered->bounce;
  ClrBounceRecipient recipient = { 0 };
  g_autofree char *reader = dup_field_address (header, "To");
  char *text = gathered->text->str;

  if (!is_automatic (header))
    return;
  for (unsigned i = 0; i < G_N_ELEMENTS (ends_of_text); i++)
    {
      char *end = strstr (text, ends_of_text[i]);
      if (end && end > text)
        *end = 0;
    }
  recipient.address = dup_field_address (header, "X-Failed-Recipients");
  if (recipient.address == NULL)
    recipient.address = find_address (text, reader);
  if (recipient.address == NULL && gathered->returned)
    {
      ClrHeaderBlock block;

      clr_header_block_parse (&block, gathered->returned, strlen (gathered->returned));
      recipient.address = dup_field_address (&block, "To");
      clr_header_block_clear (&block);
    }
  g_strlcpy (recipient.action, "failed", sizeof recipient.action);
  recipient.code = find_code (text);
  find_status (text, recipient.status);
  /* The reply begins a saying; what stands around it is the server's manner of speaking. */
  recipient.text = dup_line (text);
  judge (&recipient, NULL);
  g_array_append_val (bounce->recipients, recipient);
  bounce->source = CLR_BOUNCE_TEXT;
}

/* -- the whole */

/* Some write the fields where people read, and no part of their own. */
static void
read_inline_fields (Gathered *gathered)
{
  const char *start = NULL;
  g_autoptr (GString) lines = NULL;

  for (const char *at = strchr (gathered->text->str, '\n'); at && start == NULL; at = strchr (at + 1, '\n'))
    if (g_ascii_strncasecmp (at, "\nFinal-Recipient:", 17) == 0
        || g_ascii_strncasecmp (at, "\nReporting-MTA:", 15) == 0
        || g_ascii_strncasecmp (at, "\nAction:", 8) == 0)
      start = at + 1;
  if (start == NULL || !strstr (start, "Final-Recipient:"))
    return;
  lines = g_string_new (start);
  g_string_replace (lines, "\n", "\r\n", 0);
  read_fields (gathered->bounce, lines->str);
}

/* What a recipient's fields leave open may stand in the text; with several, nobody knows whose it is. */
static void
judge_by_fields (Gathered *gathered)
{
  GArray *recipients = gathered->bounce->recipients;

  for (unsigned i = 0; i < recipients->len; i++)
    {
      ClrBounceRecipient *recipient = &g_array_index (recipients, ClrBounceRecipient, i);
      char said[12] = "";

      if (recipients->len == 1 && recipient->code == 0)
        recipient->code = find_code (gathered->text->str);
      if (recipients->len == 1 && (*recipient->status == 0 || g_str_has_suffix (recipient->status, ".0.0")))
        find_status (gathered->text->str, said);
      if (*said)
        g_strlcpy (recipient->status, said, sizeof recipient->status);
      judge (recipient, recipients->len == 1 ? gathered->text->str : NULL);
    }
}

static gboolean
on_part (const ClrMimePart *part, void *data)
{
  Gathered *gathered = data;
  ClrBounce *bounce = gathered->bounce;

  if (g_str_has_suffix (part->type, "/delivery-status")
      || g_str_equal (part->type, "message/global-delivery-status"))
    {
      g_autofree char *text = clr_mime_part_dup_text (part, 16 * TEXT_MOST);

      read_fields (bounce, text);
    }
  else if (g_str_equal (part->type, "message/feedback-report"))
    gathered->is_feedback = TRUE;
  else if (g_str_has_suffix (part->type, "rfc822-headers") || g_str_has_prefix (part->type, "message/"))
    {
      if (gathered->returned == NULL)
        gathered->returned = clr_mime_part_dup_text (part, TEXT_MOST);
    }
  else if (g_str_has_prefix (part->type, "text/") && gathered->text->len < TEXT_MOST)
    {
      g_autofree char *text = clr_mime_part_dup_text (part, TEXT_MOST);
      g_auto (GStrv) lines = g_strsplit (text, "\r\n", -1);

      for (char **line = lines; *line; line++)
        g_string_append_printf (gathered->text, "\n%s", *line);
    }
  return TRUE;
}

gboolean
clr_bounce_parse (ClrBounce *bounce, const char *bytes, size_t size)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Gathered gathered = { .bounce = bounce, .text = text };
  ClrHeaderBlock header;

  *bounce = (ClrBounce){ .recipients = g_array_new (FALSE, TRUE, sizeof (ClrBounceRecipient)) };
  g_array_set_clear_func (bounce->recipients, clear_recipient);
  clr_mime_walk (bytes, size, on_part, &gathered);
  if (bounce->recipients->len == 0 && !gathered.is_feedback)
    read_inline_fields (&gathered);
  clr_header_block_parse (&header, bytes, size);
  if (bounce->recipients->len > 0)
    {
      bounce->source = CLR_BOUNCE_FIELDS;
      judge_by_fields (&gathered);
    }
  else if (!gathered.is_feedback)
    read_text (&gathered, &header);
  clr_header_block_clear (&header);
  g_free (gathered.returned);
  return bounce->source != CLR_BOUNCE_NONE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-report.h"

#include "mail/clr-date.h"
#include "mail/clr-encoding.h"
#include "mail/clr-header-block.h"

#include <string.h>

#define LINE_MOST       998u /* RFC 5322 section 2.1.1 */
#define FOLD_AT         900u /* a line of a field that has no line end of its own */
#define MESSAGE_ID_MOST 500u

static const char *const action_names[CLR_ACTION_LAST]
    = { "failed", "delayed", "delivered", "relayed", "expanded" };

const char *
clr_report_action_get_name (ClrReportAction action)
{
  return action_names[action];
}

static gboolean
is_ascii (const char *text)
{
  return clr_is_ascii (text, strlen (text));
}

/* -- the second part: fields for programs */

/* Writes "Name: value". A line feed in @value is a fold; whatever else could end the line or the field is
 * made harmless; what is not ASCII is kept only where @utf8. */
static void
write_field (GString *into, const char *name, const char *value, gboolean utf8)
{
  size_t column = strlen (name) + 2;
  gboolean keep = utf8 && g_utf8_validate (value, -1, NULL);
  gboolean blank = TRUE; /* nothing visible on this line: RFC 5322 forbids folds made of blanks alone */

  g_string_append_printf (into, "%s: ", name);
  for (; *value; value++)
    {
      unsigned char c = *value;

      if (c == '\n' || column >= FOLD_AT + (c >= 0x80 && c < 0xc0 ? 6 : 0))
        {
          if (!blank)
            g_string_append (into, "\r\n  ");
          column = 2;
          blank = column > 0;
          if (c == '\n')
            continue;
        }
      if (c < 32 || c == 127)
        c = ' ';
      else if (c >= 0x80 && !keep)
        c = '?';
      blank = blank && c == ' ';
      g_string_append_c (into, c);
      column++;
    }
  /* No blanks at the end: a fold followed by nothing would be an empty line. */
  while (into->len > 0 && strchr (" \r\n", into->str[into->len - 1]))
    g_string_truncate (into, into->len - 1);
  g_string_append (into, "\r\n");
}

static void
write_date_field (GString *into, const char *name, int64_t time_us)
{
  char date[CLR_DATE_TEXT];

  if (time_us == 0)
    return;
  clr_date_to_text (time_us, date);
  write_field (into, name, date, FALSE);
}

/* "rfc822; a@b", or by RFC 6533 section 3 "utf-8; ...". */
static void
write_address_field (GString *into, const char *name, const char *address, gboolean utf8)
{
  g_autoptr (GString) value = g_string_new ("rfc822; ");

  if (is_ascii (address))
    g_string_append (value, address);
  else
    {
      g_string_assign (value, "utf-8; ");
      clr_address_write_utf8 (address, utf8, value);
    }
  write_field (into, name, value->str, utf8);
}

/* RFC 3461 section 4.2: "type;xtext". What does not follow it is left out: a wrong original address is worse
 * than none. */
static void
write_original_recipient (GString *into, const char *orcpt, gboolean utf8)
{
  const char *semicolon = orcpt ? strchr (orcpt, ';') : NULL;
  g_autofree char *type = semicolon ? g_strndup (orcpt, semicolon - orcpt) : NULL;
  g_autofree char *address = semicolon ? clr_xtext_decode (semicolon + 1) : NULL;

  if (address == NULL || *address == 0 || *type == 0)
    return;
  for (const char *c = type; *c; c++)
    if (!g_ascii_isalnum (*c) && *c != '-')
      return;
  if (g_ascii_strcasecmp (type, "rfc822") == 0 || g_ascii_strcasecmp (type, "utf-8") == 0)
    {
      g_autofree char *read
          = g_ascii_strcasecmp (type, "utf-8") == 0 ? clr_address_read_utf8 (address) : g_strdup (address);

      if (read)
        write_address_field (into, "Original-Recipient", read, utf8);
      return;
    }
  g_autofree char *value = g_strdup_printf ("%s; %s", type, address);
  write_field (into, "Original-Recipient", value, utf8);
}

/* "mx.example.org (192.0.2.1:25)", "192.0.2.1:25" or "[2001:db8::1]:25" as an MTA name of RFC 3464. */
static char *
make_mta (const char *host)
{
  const char *end = host + strcspn (host, " (");
  const char *colon = memrchr (host, ':', end - host);

  if (host[0] == '[')
    {
      const char *bracket = memchr (host, ']', end - host);
      g_autofree char *address = bracket ? g_strndup (host + 1, bracket - host - 1) : g_strdup (host + 1);

      return g_strdup_printf ("[%s%s]", strchr (address, ':') ? "IPv6:" : "", address);
    }
  if (colon)
    end = colon;
  g_autofree char *name = g_strndup (host, end - host);
  return strspn (name, "0123456789.") == strlen (name) ? g_strdup_printf ("[%s]", name)
                                                       : g_steal_pointer (&name);
}

static gboolean
is_enhanced (const char *text)
{
  unsigned dots = 0;

  if (text == NULL || *text == 0 || !strchr ("245", text[0]) || text[1] != '.')
    return FALSE;
  for (const char *c = text; *c; c++)
    if (*c == '.' ? c[1] == '.' || c[1] == 0 : !g_ascii_isdigit (*c))
      return FALSE;
    else
      dots += *c == '.';
  return dots == 2 && strlen (text) <= 9;
}

/* RFC 3463. The class is that of the action: what waited until its time was over has failed for good,
 * whatever the last reply's class. */
static char *
make_status (const ClrReportRecipient *recipient)
{
  static const char classes[] = { '5', '4', '2', '2', '2' };
  const char *detail = clr_reason_get_detail (recipient->reason);

  if (classes[recipient->action] == '2')
    detail = "0.0";
  if (is_enhanced (recipient->enhanced))
    detail = recipient->enhanced + 2;
  /* Delivery time expired, unless the peer was clear about the recipient. */
  if (recipient->expired && (detail[0] == '4' || detail[0] == '0' || detail[0] == '3' || detail[0] == '7'))
    detail = "4.7";
  return g_strdup_printf ("%c.%s", classes[recipient->action], detail);
}

/* The reply as it stood on the wire, a line a line. */
static void
write_diagnostic (GString *into, const ClrReportRecipient *recipient, gboolean utf8)
{
  g_autoptr (GString) value = g_string_new (NULL);
  const char *enhanced = is_enhanced (recipient->enhanced) ? recipient->enhanced : "";
  g_auto (GStrv) lines = NULL;

  if (recipient->code == 0)
    {
      /* Nobody answered: what was met here, for the administrator who reads it. */
      if (recipient->text && *recipient->text)
        {
          g_string_printf (value, "X-Clrelay; %s", recipient->text);
          write_field (into, "Diagnostic-Code", value->str, utf8);
        }
      return;
    }
  lines = g_strsplit (recipient->text ? recipient->text : "", "\n", -1);
  g_string_append (value, "smtp; ");
  for (unsigned i = 0; lines[0] == NULL || lines[i]; i++)
    {
      gboolean last = lines[0] == NULL || lines[i + 1] == NULL;

      g_string_append_printf (value, "%s%03d%c%s%s%s", i ? "\n" : "", recipient->code, last ? ' ' : '-',
                              enhanced, *enhanced ? " " : "", lines[0] ? lines[i] : "");
      if (lines[0] == NULL)
        break;
    }
  write_field (into, "Diagnostic-Code", value->str, utf8);
}

static void
write_recipient (GString *into, const ClrReportRecipient *recipient, gboolean utf8)
{
  g_autofree char *status = make_status (recipient);

  g_string_append (into, "\r\n");
  write_original_recipient (into, recipient->orcpt, utf8);
  write_address_field (into, "Final-Recipient", recipient->address, utf8);
  write_field (into, "Action", action_names[recipient->action], FALSE);
  write_field (into, "Status", status, FALSE);
  if (recipient->code && recipient->host && *recipient->host)
    {
      g_autofree char *mta = make_mta (recipient->host);
      g_autofree char *value = g_strdup_printf ("dns; %s", mta);

      write_field (into, "Remote-MTA", value, utf8);
    }
  write_diagnostic (into, recipient, utf8);
  write_date_field (into, "Last-Attempt-Date", recipient->tried_us);
  if (recipient->action == CLR_ACTION_DELAYED)
    write_date_field (into, "Will-Retry-Until", recipient->until_us);
}

static void
write_status (const ClrReportFacts *facts, gboolean utf8, GString *into)
{
  g_autofree char *envid = facts->envid ? clr_xtext_decode (facts->envid) : NULL;
  g_autofree char *reporter = g_strdup_printf ("dns; %s", facts->hostname);

  if (envid && *envid)
    write_field (into, "Original-Envelope-Id", envid, utf8);
  write_field (into, "Reporting-MTA", reporter, utf8);
  /* Mail of the API and of folders comes from a person, not from an MTA. */
  if (facts->client && g_hostname_is_ip_address (facts->client))
    {
      g_autofree char *client
          = g_strdup_printf ("dns; [%s%s]", strchr (facts->client, ':') ? "IPv6:" : "", facts->client);

      write_field (into, "Received-From-MTA", client, FALSE);
    }
  write_date_field (into, "Arrival-Date", facts->arrived_us);
  for (unsigned i = 0; i < facts->n_recipients; i++)
    write_recipient (into, &facts->recipients[i], utf8);
}

/* -- the third part: what is returned */

/* Octets of the header section in front of the empty line, cut at a line's end where it is too much. */
static size_t
measure_headers (const ClrReportFacts *facts)
{
  size_t size = clr_header_block_find_end (facts->content, facts->content_size);

  size = size ? size - 2 : facts->content_size;
  if (size > CLR_REPORT_HEADERS_MOST)
    {
      const char *end = memrchr (facts->content, '\n', CLR_REPORT_HEADERS_MOST);

      size = end ? (size_t)(end - facts->content) + 1 : CLR_REPORT_HEADERS_MOST;
    }
  return size;
}

/* Whether lines are as RFC 5322 wants them, so that no encoding is needed for their sake. */
static gboolean
has_good_lines (const char *text, size_t size)
{
  size_t line = 0;

  for (size_t i = 0; i < size; i++)
    if (text[i] == '\r' && i + 1 < size && text[i + 1] == '\n')
      {
        line = 0;
        i++;
      }
    else if (text[i] == 0 || text[i] == '\r' || text[i] == '\n' || ++line > LINE_MOST)
      return FALSE;
  return TRUE;
}

static void
write_returned (const ClrReportFacts *facts, gboolean utf8, GString *into)
{
  gboolean whole = facts->is_whole && facts->returns_whole;
  size_t header_size = measure_headers (facts), size = whole ? facts->content_size : header_size;
  gboolean ascii = clr_is_ascii (facts->content, size);
  gboolean good = has_good_lines (facts->content, size);
  /* RFC 6532 section 3.7, RFC 6533 section 6.3: with UTF-8 in its fields it is a message/global. */
  gboolean global = !clr_is_ascii (facts->content, header_size)
                    && g_utf8_validate_len (facts->content, header_size, NULL) && (utf8 || whole);
  const char *type = whole ? (global ? "message/global" : "message/rfc822")
                           : (global ? "message/global-headers" : "text/rfc822-headers");
  /* RFC 2046 section 5.2.1: message/rfc822 may not be encoded; the others may. */
  gboolean encoded = !whole && (!good || (!ascii && !utf8));

  g_string_append_printf (into, "Content-Type: %s\r\n", type);
  if (encoded)
    g_string_append (into, "Content-Transfer-Encoding: quoted-printable\r\n");
  else if (!ascii)
    g_string_append (into, "Content-Transfer-Encoding: 8bit\r\n");
  g_string_append_printf (into, "Content-Description: %s\r\n\r\n",
                          whole ? "Reported message" : "Header section of the reported message");
  if (encoded)
    clr_quoted_printable_write (facts->content, size, into);
  else
    g_string_append_len (into, facts->content, size);
  if (size == 0 || facts->content[size - 1] != '\n')
    g_string_append (into, "\r\n");
}

/* -- the whole */

static void
write_subject (const ClrReportFacts *facts, GString *into)
{
  static const ClrWords words[]
      = { CLR_WORDS_SUBJECT_FAILED, CLR_WORDS_SUBJECT_DELAYED, CLR_WORDS_SUBJECT_DELIVERED,
          CLR_WORDS_SUBJECT_RELAYED, CLR_WORDS_SUBJECT_DELIVERED };
  g_autofree char *subject = clr_report_dup_subject (facts, 120);
  ClrReportAction action = CLR_ACTION_LAST - 1;

  /* The worst of what happened names it. */
  for (unsigned i = 0; i < facts->n_recipients; i++)
    action = MIN (action, facts->recipients[i].action);
  const char *prefix = clr_words_get (facts->language, words[action]);
  const char *what = subject ? subject : clr_words_get (facts->language, CLR_WORDS_NO_SUBJECT);
  g_autofree char *whole = g_strconcat (prefix, what, NULL);
  gboolean plain = is_ascii (prefix); /* then it is left legible, whatever follows */

  g_string_append_printf (into, "Subject: %s", plain ? prefix : "");
  clr_words_write (plain ? what : whole, 9 + (plain ? strlen (prefix) : 0), into);
  g_string_append (into, "\r\n");
}

/* RFC 5322 section 3.6.4. A Message-ID that is none is not quoted. */
static void
write_references (const ClrReportFacts *facts, GString *into)
{
  ClrHeaderBlock block;
  const ClrField *field;
  size_t size = 0;
  const char *value = NULL;

  if (facts->content == NULL)
    return;
  clr_header_block_parse (&block, facts->content, facts->content_size);
  field = clr_header_block_find (&block, "Message-ID");
  if (field)
    value = clr_field_get_value (field, &size);
  while (size > 0 && g_ascii_isspace (*value))
    value++, size--;
  while (size > 0 && g_ascii_isspace (value[size - 1]))
    size--;
  gboolean good = size > 4 && size <= MESSAGE_ID_MOST && value[0] == '<' && value[size - 1] == '>';
  for (size_t i = 1; good && i + 1 < size; i++)
    good = value[i] > 32 && value[i] < 127 && value[i] != '<' && value[i] != '>';
  if (good)
    g_string_append_printf (into, "In-Reply-To: %.*s\r\nReferences: %.*s\r\n", (int)size, value, (int)size,
                            value);
  clr_header_block_clear (&block);
}

/* A boundary that stands nowhere in what is returned. (transfer full) */
static char *
make_boundary (const ClrReportFacts *facts)
{
  for (unsigned i = 0;; i++)
    {
      g_autofree char *boundary = g_strdup_printf ("=_%s_%u", facts->id, i);

      if (facts->content == NULL
          || !memmem (facts->content, facts->content_size, boundary, strlen (boundary)))
        return g_steal_pointer (&boundary);
    }
}

static void
write_header (const ClrReportFacts *facts, const char *boundary, GString *into)
{
  char date[CLR_DATE_TEXT];

  clr_date_to_text (facts->time_us, date);
  g_string_append_printf (into, "Date: %s\r\nMessage-ID: <%s@%s>\r\n", date, facts->id, facts->hostname);
  g_string_append_printf (into, "From: Mail Delivery System <%s>\r\nTo: <%s>\r\n", facts->author, facts->to);
  write_subject (facts, into);
  write_references (facts, into);
  /* RFC 3834 section 5 */
  g_string_append (into, "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n");
  g_string_append_printf (into,
                          "Content-Type: multipart/report; report-type=delivery-status;\r\n"
                          "\tboundary=\"%s\"\r\n\r\n",
                          boundary);
}

/* What the replies mean. The same one many times, which is what a refused message brings, is looked up once.
 */
static void
judge (ClrReportRecipient *recipients, unsigned n)
{
  for (unsigned i = 0; i < n; i++)
    {
      ClrReportRecipient *recipient = &recipients[i], *before = i > 0 ? recipient - 1 : NULL;
      gboolean permanent = recipient->code >= 500 || (recipient->enhanced && recipient->enhanced[0] == '5');

      recipient->expired = recipient->action == CLR_ACTION_FAILED && !permanent;
      if (before && before->code == recipient->code && g_strcmp0 (before->text, recipient->text) == 0
          && g_strcmp0 (before->enhanced, recipient->enhanced) == 0)
        recipient->reason = before->reason;
      else
        recipient->reason = clr_reason_find (recipient->code, recipient->enhanced, recipient->text);
      if (recipient->reason == CLR_REASON_UNKNOWN && recipient->code == 0 && !permanent)
        recipient->reason = CLR_REASON_UNREACHABLE;
    }
}

static gboolean
write_judged (const ClrReportFacts *facts, GString *header, GString *body, gboolean *smtputf8)
{
  g_autofree char *boundary = make_boundary (facts);
  g_autoptr (GString) text = g_string_sized_new (2048);
  /* RFC 6533 section 5: whoever has an international address gets international parts; all others a report
   * that goes through everywhere. */
  gboolean utf8 = !is_ascii (facts->to);

  *smtputf8 = utf8 || !is_ascii (facts->author);
  write_header (facts, boundary, header);

  clr_report_write_text (facts, text);
  gboolean plain = clr_is_ascii (text->str, text->len) && has_good_lines (text->str, text->len);
  g_string_append_printf (body,
                          "--%s\r\nContent-Type: text/plain; charset=%s\r\nContent-Language: %s\r\n"
                          "%sContent-Description: Notification\r\n\r\n",
                          boundary, plain ? "us-ascii" : "utf-8", clr_language_get_tag (facts->language),
                          plain ? "" : "Content-Transfer-Encoding: quoted-printable\r\n");
  if (plain)
    g_string_append_len (body, text->str, text->len);
  else
    clr_quoted_printable_write (text->str, text->len, body);

  g_string_append_printf (body,
                          "\r\n--%s\r\nContent-Type: message/%sdelivery-status\r\n%s"
                          "Content-Description: Delivery report\r\n\r\n",
                          boundary, utf8 ? "global-" : "", utf8 ? "Content-Transfer-Encoding: 8bit\r\n" : "");
  write_status (facts, utf8, body);
  if (facts->content)
    {
      g_string_append_printf (body, "\r\n--%s\r\n", boundary);
      write_returned (facts, utf8, body);
    }
  g_string_append_printf (body, "\r\n--%s--\r\n", boundary);
  return !clr_is_ascii (header->str, header->len) || !clr_is_ascii (body->str, body->len);
}

gboolean
clr_report_write (const ClrReportFacts *facts, GString *header, GString *body, gboolean *smtputf8)
{
  g_autofree ClrReportRecipient *recipients
      = g_memdup2 (facts->recipients, facts->n_recipients * sizeof *recipients);
  ClrReportFacts judged = *facts;

  judge (recipients, facts->n_recipients);
  judged.recipients = recipients;
  return write_judged (&judged, header, body, smtputf8);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-feedback.h"

#include "mail/clr-mime.h"

#include <string.h>

#define PART_MOST  (64u * 1024) /* octets of a report's fields or text that are read */
#define VALUE_MOST 1000u        /* octets of one value */

/* What was met on the way through the parts. */
typedef struct
{
  ClrFeedback *feedback;
  char *text;     /* of the first text part */
  char *original; /* the header section of the message it is about */
} Gathered;

void
clr_feedback_clear (ClrFeedback *feedback)
{
  g_free (feedback->type);
  g_free (feedback->user_agent);
  g_free (feedback->envelope_id);
  g_free (feedback->mail_from);
  g_free (feedback->arrival);
  g_free (feedback->source_ip);
  g_free (feedback->reporter);
  g_free (feedback->auth_failure);
  g_ptr_array_unref (feedback->recipients);
  g_ptr_array_unref (feedback->domains);
  g_ptr_array_unref (feedback->uris);
  g_ptr_array_unref (feedback->results);
  memset (feedback, 0, sizeof *feedback);
}

/* (transfer full) (nullable): NULL when nothing stands there. */
static char *
dup_value (const ClrField *field)
{
  g_autofree char *text = clr_field_dup_text (field, VALUE_MOST);

  g_strstrip (text);
  return *text ? g_steal_pointer (&text) : NULL;
}

/* "<a@example.com>" and "dns; mail.example.com" without what stands around. */
static char *
bare (char *text)
{
  char *semicolon = text ? strchr (text, ';') : NULL;
  size_t size = text ? strlen (text) : 0;

  if (size > 1 && text[0] == '<' && text[size - 1] == '>')
    {
      memmove (text, text + 1, size - 2);
      text[size - 2] = 0;
    }
  else if (semicolon && g_ascii_strncasecmp (text, "dns", 3) == 0)
    memmove (text, semicolon + 1, strlen (semicolon));
  return text ? g_strstrip (text) : NULL;
}

/* RFC 5965 section 3.1 and 3.2; RFC 6591 section 3.1. */
static void
take_field (ClrFeedback *feedback, const ClrField *field)
{
  const struct
  {
    const char *name;
    char **place;
    GPtrArray *list;
  } known[] = {
    { "Feedback-Type", &feedback->type, NULL },
    { "User-Agent", &feedback->user_agent, NULL },
    { "Original-Envelope-Id", &feedback->envelope_id, NULL },
    { "Original-Mail-From", &feedback->mail_from, NULL },
    { "Arrival-Date", &feedback->arrival, NULL },
    { "Received-Date", &feedback->arrival, NULL },
    { "Source-IP", &feedback->source_ip, NULL },
    { "Reporting-MTA", &feedback->reporter, NULL },
    { "Auth-Failure", &feedback->auth_failure, NULL },
    { "Original-Rcpt-To", NULL, feedback->recipients },
    { "Removal-Recipient", NULL, feedback->recipients },
    { "Reported-Domain", NULL, feedback->domains },
    { "Reported-URI", NULL, feedback->uris },
    { "Authentication-Results", NULL, feedback->results },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (known); i++)
    if (clr_field_is (field, known[i].name))
      {
        g_autofree char *value = dup_value (field);

        if (known[i].list != feedback->results)
          bare (value);
        if (value && known[i].place == &feedback->source_ip)
          value[strcspn (value, " \t(")] = 0; /* a comment stands behind */
        if (value && known[i].list && known[i].list->len < CLR_FEEDBACK_VALUES_MOST)
          g_ptr_array_add (known[i].list, g_steal_pointer (&value));
        else if (value && known[i].place && *known[i].place == NULL)
          *known[i].place = g_steal_pointer (&value);
        return;
      }
}

static void
take_fields (ClrFeedback *feedback, const ClrMimePart *part)
{
  g_autofree char *text = clr_mime_part_dup_text (part, PART_MOST);
  ClrHeaderBlock block;

  feedback->has_fields = TRUE;
  clr_header_block_parse (&block, text, strlen (text));
  for (unsigned i = 0; i < block.n_fields; i++)
    take_field (feedback, &block.fields[i]);
  clr_header_block_clear (&block);
}

static gboolean
on_part (const ClrMimePart *part, void *data)
{
  Gathered *gathered = data;

  if (g_str_equal (part->type, "message/feedback-report") && !gathered->feedback->has_fields)
    take_fields (gathered->feedback, part);
  else if (g_str_equal (part->type, "text/plain") && gathered->text == NULL)
    gathered->text = clr_mime_part_dup_text (part, PART_MOST);
  else if (g_str_equal (part->type, "message/rfc822") && gathered->original == NULL)
    gathered->original = g_strndup (part->bytes, MIN (part->size, PART_MOST));
  return TRUE;
}

/* The rest of the line behind @label. (transfer full) (nullable) */
static char *
find_line (const char *text, const char *label)
{
  const char *found = text ? strstr (text, label) : NULL;

  if (found == NULL)
    return NULL;
  found += strlen (label);
  return g_strstrip (g_strndup (found, MIN (strcspn (found, "\r\n"), VALUE_MOST)));
}

static void
add (GPtrArray *list, char *value)
{
  if (value)
    g_ptr_array_add (list, value);
}

/* Hotmail (JMRP): a message with a complaint as its subject, and the mail itself. */
static gboolean
read_complaint (ClrFeedback *feedback, const char *subject, const char *original)
{
  static const char words[] = "complaint about message from ";
  const char *found = subject ? strstr (subject, words) : NULL;
  ClrHeaderBlock block;
  const ClrField *field;

  if (found == NULL || original == NULL)
    return FALSE;
  feedback->type = g_strdup ("abuse");
  feedback->source_ip = g_strstrip (g_strdup (found + strlen (words)));
  clr_header_block_parse (&block, original, strlen (original));
  if ((field = clr_header_block_find (&block, "X-HmXmrOriginalRecipient")) != NULL)
    add (feedback->recipients, bare (dup_value (field)));
  if ((field = clr_header_block_find (&block, "From")) != NULL)
    add (feedback->domains, clr_field_dup_address_domain (field));
  clr_header_block_clear (&block);
  return TRUE;
}

/* Exim writes failures of DMARC as text. */
static gboolean
read_failure (ClrFeedback *feedback, const char *text)
{
  if (text == NULL || strstr (text, "failed the published DMARC policy") == NULL)
    return FALSE;
  feedback->type = g_strdup ("auth-failure");
  feedback->auth_failure = g_strdup ("dmarc");
  add (feedback->domains, find_line (text, "Sender Domain:"));
  feedback->source_ip = find_line (text, "Sender IP Address:");
  feedback->arrival = find_line (text, "Received date:");
  return TRUE;
}

/* Apple: mail in answer to List-Unsubscribe. */
static gboolean
read_unsubscription (ClrFeedback *feedback, const ClrHeaderBlock *header)
{
  const ClrField *mark = clr_header_block_find (header, "X-Apple-Unsubscribe");
  const ClrField *from = clr_header_block_find (header, "From");
  g_autofree char *word = mark ? dup_value (mark) : NULL;

  if (word == NULL || g_ascii_strcasecmp (word, "true") != 0)
    return FALSE;
  feedback->type = g_strdup ("opt-out");
  if (from)
    add (feedback->recipients, bare (dup_value (from)));
  return TRUE;
}

gboolean
clr_feedback_parse (ClrFeedback *feedback, const char *bytes, size_t size)
{
  Gathered gathered = { .feedback = feedback };
  g_autofree char *subject = NULL;
  ClrHeaderBlock header;
  size_t end = clr_header_block_find_end (bytes, size);
  const ClrField *field;
  gboolean found;

  memset (feedback, 0, sizeof *feedback);
  feedback->recipients = g_ptr_array_new_with_free_func (g_free);
  feedback->domains = g_ptr_array_new_with_free_func (g_free);
  feedback->uris = g_ptr_array_new_with_free_func (g_free);
  feedback->results = g_ptr_array_new_with_free_func (g_free);
  clr_header_block_parse (&header, bytes, end ? end : size);
  if ((field = clr_header_block_find (&header, "Subject")) != NULL)
    subject = dup_value (field);
  clr_mime_walk (bytes, size, on_part, &gathered);
  found = feedback->has_fields || read_complaint (feedback, subject, gathered.original)
          || read_failure (feedback, gathered.text) || read_unsubscription (feedback, &header);
  if (found)
    {
      g_autofree char *type = g_ascii_strdown (feedback->type ? feedback->type : "other", -1);

      g_free (feedback->type);
      feedback->type = g_steal_pointer (&type);
    }
  clr_header_block_clear (&header);
  g_free (gathered.text);
  g_free (gathered.original);
  return found;
}

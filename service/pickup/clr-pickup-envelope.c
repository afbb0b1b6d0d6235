/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pickup/clr-pickup-envelope.h"

#include "mail/clr-address-list.h"
#include "mail/clr-header-block.h"
#include "smtp/clr-command.h"

#include <string.h>

/* The last line of an envelope that clrelay-sendmail writes: whether the message's own fields name recipients
 * too. */
#define READ_RECIPIENTS "X-Clrelay-Read-Recipients"

typedef struct
{
  ClrPickupEnvelope *envelope;
  GHashTable *seen; /* addresses */
  const char *domain;
  unsigned most;
  char *problem;
} Reader;

static void
clear_recipient (void *data)
{
  ClrPickupRecipient *recipient = data;

  g_free (recipient->address);
  g_free (recipient->orcpt);
}

static char *
complain (const ClrComplaint *complaint, const char *text)
{
  return g_strdup_printf ("%s: %s", text, complaint->text);
}

/* An address of a field, with brackets and with a domain. */
static char *
complete (const char *address, const char *domain)
{
  return strchr (address, '@') ? g_strdup_printf ("<%s>", address)
                               : g_strdup_printf ("<%s@%s>", address, domain);
}

/* @path: "<a@b> RET=HDRS" or "a@b". */
static void
set_sender (Reader *reader, const char *path)
{
  g_autofree char *line = g_strdup_printf ("MAIL FROM:%s%s", path, g_str_is_ascii (path) ? "" : " SMTPUTF8");
  ClrPickupEnvelope *envelope = reader->envelope;
  const ClrComplaint *complaint;
  ClrMailCommand mail;
  ClrCommand command;

  clr_command_parse (line, strlen (line), &command);
  complaint = clr_command_parse_mail (&command, CLR_ADDRESS_LENIENT, &mail);
  if (complaint)
    {
      reader->problem = complain (complaint, path);
      return;
    }
  g_free (envelope->sender);
  g_free (envelope->envid);
  envelope->sender = g_strdup (mail.address);
  envelope->ret = mail.ret;
  envelope->envid = g_strdup (mail.envid);
}

static void
add_recipient (Reader *reader, const char *path)
{
  g_autofree char *line = g_strdup_printf ("RCPT TO:%s", path);
  const ClrComplaint *complaint;
  ClrRcptCommand rcpt;
  ClrCommand command;

  clr_command_parse (line, strlen (line), &command);
  complaint = clr_command_parse_rcpt (&command, CLR_ADDRESS_LENIENT | CLR_ADDRESS_UTF8, &rcpt);
  if (complaint)
    reader->problem = complain (complaint, path);
  else if (!g_hash_table_contains (reader->seen, rcpt.address))
    {
      ClrPickupRecipient recipient = { g_strdup (rcpt.address), rcpt.notify, g_strdup (rcpt.orcpt) };

      if (reader->envelope->recipients->len >= reader->most)
        reader->problem = g_strdup_printf ("more than %u recipients", reader->most);
      g_hash_table_add (reader->seen, g_strdup (rcpt.address));
      g_array_append_val (reader->envelope->recipients, recipient);
    }
}

static char *
dup_value (const ClrField *field)
{
  size_t size;
  const char *value = clr_field_get_value (field, &size);
  char *text = g_strndup (value, size);

  for (char *c = text; *c; c++)
    if (*c == '\r' || *c == '\n')
      *c = ' ';
  return g_strstrip (text);
}

/* The lines in front of the message. @parameters: of recipients that the fields name.
 * Returns: whether the fields are to be asked for recipients. */
static gboolean
read_front (Reader *reader, const ClrHeaderBlock *block, const char *content, char **parameters)
{
  ClrPickupEnvelope *envelope = reader->envelope;
  gboolean any = FALSE, from_fields = FALSE, ended = FALSE;

  for (unsigned i = 0; i < block->n_fields && !ended && reader->problem == NULL; i++)
    {
      const ClrField *field = &block->fields[i];
      g_autofree char *value = dup_value (field);

      if (clr_field_is (field, "X-Sender"))
        set_sender (reader, value);
      else if (clr_field_is (field, "X-Receiver"))
        {
          add_recipient (reader, value);
          any = TRUE;
        }
      else if (clr_field_is (field, READ_RECIPIENTS))
        {
          any = ended = TRUE;
          from_fields = g_str_has_prefix (value, "yes");
          *parameters = g_strdup (value + strcspn (value, " "));
        }
      else
        break;
      envelope->offset = field->start + field->size - content;
    }
  return !any || from_fields;
}

static void
read_fields (Reader *reader, const ClrHeaderBlock *block, const char *content, const char *parameters)
{
  static const char *const names[] = { "To", "Cc", "Bcc" };

  for (unsigned i = 0; i < block->n_fields; i++)
    for (unsigned k = 0; k < G_N_ELEMENTS (names); k++)
      {
        const ClrField *field = &block->fields[i];

        if (!clr_field_is (field, names[k]) || (size_t)(field->start - content) < reader->envelope->offset)
          continue;
        g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (g_free);
        g_autofree char *value = dup_value (field);
        if (!clr_address_list_parse (value, strlen (value), reader->most, addresses))
          {
            reader->problem
                = g_strdup_printf ("the field %s is no list of addresses, or of too many", names[k]);
            return;
          }
        for (guint n = 0; n < addresses->len && reader->problem == NULL; n++)
          {
            g_autofree char *path = complete (g_ptr_array_index (addresses, n), reader->domain);
            g_autofree char *text = g_strconcat (path, parameters, NULL);

            add_recipient (reader, text);
          }
        if (reader->problem)
          return;
      }
}

/* RFC 5322 section 3.6.2: Sender is the one who sent it, From who wrote it. */
static void
read_author (Reader *reader, const ClrHeaderBlock *block, const char *fallback)
{
  const ClrField *field = clr_header_block_find (block, "Sender");
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (g_free);

  if (field == NULL)
    field = clr_header_block_find (block, "From");
  if (field)
    {
      g_autofree char *value = dup_value (field);

      if (!clr_address_list_parse (value, strlen (value), reader->most, addresses))
        g_ptr_array_set_size (addresses, 0);
    }
  g_autofree char *path
      = complete (addresses->len ? g_ptr_array_index (addresses, 0) : fallback, reader->domain);
  set_sender (reader, path);
}

/* What remains of the header section moves up to the body. */
static void
take_bcc_out (ClrPickupEnvelope *envelope, const ClrHeaderBlock *block, char *content)
{
  char *end = content + block->size;

  for (unsigned i = block->n_fields; i-- > 0;)
    {
      const ClrField *field = &block->fields[i];

      if ((size_t)(field->start - content) < envelope->offset)
        break;
      if (clr_field_is (field, "Bcc") || clr_field_is (field, "Resent-Bcc"))
        continue;
      end -= field->size;
      memmove (end, field->start, field->size);
    }
  envelope->offset = end - content;
}

char *
clr_pickup_envelope_read (ClrPickupEnvelope *envelope, char *content, size_t size, const char *domain,
                          const char *fallback, unsigned most)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Reader reader = { envelope, seen, domain, most, NULL };
  g_autofree char *parameters = NULL;
  ClrHeaderBlock block;

  *envelope = (ClrPickupEnvelope){ .recipients = g_array_new (FALSE, FALSE, sizeof (ClrPickupRecipient)) };
  g_array_set_clear_func (envelope->recipients, clear_recipient);
  clr_header_block_parse (&block, content, size);
  gboolean from_fields = read_front (&reader, &block, content, &parameters);
  if (reader.problem == NULL && from_fields)
    read_fields (&reader, &block, content, parameters ? parameters : "");
  if (reader.problem == NULL && envelope->sender == NULL)
    read_author (&reader, &block, fallback);
  if (reader.problem == NULL && envelope->recipients->len == 0)
    reader.problem
        = g_strdup ("no recipient: neither X-Receiver in front of the message nor To, Cc or Bcc in it");
  if (reader.problem == NULL)
    take_bcc_out (envelope, &block, content);
  clr_header_block_clear (&block);
  return reader.problem;
}

void
clr_pickup_envelope_clear (ClrPickupEnvelope *envelope)
{
  g_free (envelope->sender);
  g_free (envelope->envid);
  if (envelope->recipients)
    g_array_unref (envelope->recipients);
}

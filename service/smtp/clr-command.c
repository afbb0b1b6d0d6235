/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-command.h"

#include "smtp/clr-xtext.h"

#include <string.h>

static const char *const verbs[] = {
  [CLR_VERB_HELO] = "HELO", [CLR_VERB_EHLO] = "EHLO", [CLR_VERB_MAIL] = "MAIL",
  [CLR_VERB_RCPT] = "RCPT", [CLR_VERB_DATA] = "DATA", [CLR_VERB_BDAT] = "BDAT",
  [CLR_VERB_RSET] = "RSET", [CLR_VERB_NOOP] = "NOOP", [CLR_VERB_VRFY] = "VRFY",
  [CLR_VERB_HELP] = "HELP", [CLR_VERB_QUIT] = "QUIT", [CLR_VERB_STARTTLS] = "STARTTLS",
  [CLR_VERB_AUTH] = "AUTH", [CLR_VERB_UNKNOWN] = "",
};

const char *
clr_verb_get_name (ClrVerb verb)
{
  return verbs[verb];
}

static gboolean
is_space (char c)
{
  return c == ' ' || c == '\t';
}

void
clr_command_parse (const char *line, size_t size, ClrCommand *command)
{
  size_t verb = 0;

  while (verb < size && !is_space (line[verb]))
    verb++;
  command->verb = CLR_VERB_UNKNOWN;
  for (int i = 0; i < CLR_VERB_UNKNOWN; i++)
    if (strlen (verbs[i]) == verb && g_ascii_strncasecmp (line, verbs[i], verb) == 0)
      command->verb = i;

  while (verb < size && is_space (line[verb]))
    verb++;
  while (size > verb && is_space (line[size - 1]))
    size--;
  command->argument = line + verb;
  command->argument_size = size - verb;
}

/* A reader of the argument: keyword "FROM:" or "TO:", the path, then parameters. */
typedef struct
{
  const char *at;
  const char *end;
  const char *name;
  size_t name_size;
  const char *value; /* NULL without "=" */
  size_t value_size;
  ClrAddressFlags leniency;
} Parameters;

static const ClrComplaint syntax_mail = { 501, "5.5.4", "the form is MAIL FROM:<address> [parameters]" };
static const ClrComplaint syntax_rcpt = { 501, "5.5.4", "the form is RCPT TO:<address> [parameters]" };
static const ClrComplaint bad_sender = { 501, "5.1.7", "the sender address is not valid" };
static const ClrComplaint bad_recipient = { 501, "5.1.3", "the recipient address is not valid" };
static const ClrComplaint no_recipient = { 501, "5.1.3", "the null address is no recipient" };
static const ClrComplaint unknown_parameter = { 555, "5.5.4", "a parameter is not known here" };
static const ClrComplaint bad_parameter = { 501, "5.5.4", "a parameter has a value that is not valid" };
static const ClrComplaint repeated_parameter = { 501, "5.5.4", "a parameter is given twice" };

static const ClrComplaint not_utf8 = { 501, "5.5.2", "the command is not valid UTF-8" };
/* RFC 6531 section 3.5 says 550 for MAIL and 553 for RCPT. */
static const ClrComplaint utf8_sender = { 550, "5.6.7", "this sender address needs the parameter SMTPUTF8" };
static const ClrComplaint utf8_recipient
    = { 553, "5.6.7", "this recipient address needs the parameter SMTPUTF8 at MAIL" };
static const ClrComplaint utf8_recipient_of_vrfy
    = { 553, "5.6.7", "this address needs the parameter SMTPUTF8" };
static const ClrComplaint syntax_vrfy = { 501, "5.5.4", "the form is VRFY name-or-address" };

static gboolean
is_ascii (const char *text, size_t size)
{
  for (size_t i = 0; i < size; i++)
    if ((unsigned char)text[i] >= 0x80)
      return FALSE;
  return TRUE;
}

static gboolean
is_utf8 (const ClrCommand *command)
{
  return g_utf8_validate_len (command->argument, command->argument_size, NULL);
}

/* Whether its address may have UTF-8 is known only behind the parameters: it is read as if. */
static const ClrComplaint *
begin (const ClrCommand *command, const char *keyword, ClrAddressFlags flags, Parameters *parameters,
       char address[CLR_PATH_MAX + 1], const ClrComplaint *syntax, const ClrComplaint *bad_address)
{
  size_t keyword_size = strlen (keyword), path;

  parameters->at = command->argument;
  parameters->end = command->argument + command->argument_size;
  if (!is_utf8 (command))
    return &not_utf8;
  if (command->argument_size < keyword_size
      || g_ascii_strncasecmp (command->argument, keyword, keyword_size) != 0)
    return syntax;
  parameters->at += keyword_size;
  path = clr_path_parse (parameters->at, parameters->end - parameters->at, flags | CLR_ADDRESS_UTF8, address);
  /* Something in brackets is a bad address, anything else is bad syntax. */
  if (path == 0)
    return parameters->at < parameters->end && *parameters->at == '<' ? bad_address : syntax;
  parameters->leniency = clr_path_get_leniency (parameters->at, path);
  parameters->at += path;
  return parameters->at == parameters->end || is_space (*parameters->at) ? NULL : syntax;
}

static gboolean
next (Parameters *parameters)
{
  const char *p = parameters->at, *end = parameters->end;

  while (p < end && is_space (*p))
    p++;
  parameters->name = p;
  while (p < end && !is_space (*p) && *p != '=')
    p++;
  parameters->name_size = p - parameters->name;
  parameters->value = NULL;
  parameters->value_size = 0;
  if (p < end && *p == '=')
    {
      parameters->value = ++p;
      while (p < end && !is_space (*p))
        p++;
      parameters->value_size = p - parameters->value;
    }
  parameters->at = p;
  return parameters->name_size > 0 || parameters->value;
}

static gboolean
equals (const char *text, size_t size, const char *word)
{
  return text && strlen (word) == size && g_ascii_strncasecmp (text, word, size) == 0;
}

static gboolean
is_name (const Parameters *parameters, const char *word)
{
  return equals (parameters->name, parameters->name_size, word);
}

static gboolean
is_value (const Parameters *parameters, const char *word)
{
  return equals (parameters->value, parameters->value_size, word);
}

/* RFC 1870 section 3: 1*20DIGIT */
static gboolean
read_size (const Parameters *parameters, uint64_t *size)
{
  uint64_t value = 0;

  if (parameters->value_size < 1 || parameters->value_size > 20)
    return FALSE;
  for (size_t i = 0; i < parameters->value_size; i++)
    {
      if (!g_ascii_isdigit (parameters->value[i]))
        return FALSE;
      uint64_t digit = parameters->value[i] - '0';
      value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
    }
  *size = value;
  return TRUE;
}

const ClrComplaint *
clr_command_parse_mail (const ClrCommand *command, ClrAddressFlags flags, ClrMailCommand *mail)
{
  enum
  {
    SIZE = 1,
    BODY = 2,
    RET = 4,
    ENVID = 8,
    SMTPUTF8 = 16
  };
  Parameters parameters;
  unsigned seen = 0, which;
  gboolean ok;

  memset (mail, 0, sizeof *mail);
  const ClrComplaint *complaint
      = begin (command, "FROM:", flags, &parameters, mail->address, &syntax_mail, &bad_sender);
  if (complaint)
    return complaint;
  mail->leniency = parameters.leniency;
  while (next (&parameters))
    {
      if (is_name (&parameters, "SIZE"))
        {
          which = SIZE;
          ok = read_size (&parameters, &mail->size);
        }
      else if (is_name (&parameters, "BODY"))
        {
          which = BODY;
          mail->eight_bit = is_value (&parameters, "8BITMIME");
          ok = mail->eight_bit || is_value (&parameters, "7BIT");
        }
      else if (is_name (&parameters, "RET"))
        {
          which = RET;
          mail->ret = is_value (&parameters, "FULL")   ? CLR_DSN_RET_FULL
                      : is_value (&parameters, "HDRS") ? CLR_DSN_RET_HEADERS
                                                       : CLR_DSN_RET_NONE;
          ok = mail->ret != CLR_DSN_RET_NONE;
        }
      else if (is_name (&parameters, "ENVID"))
        {
          which = ENVID;
          ok = parameters.value_size <= CLR_ENVID_MAX
               && clr_xtext_is_valid (parameters.value, parameters.value_size, FALSE);
          if (ok)
            memcpy (mail->envid, parameters.value, parameters.value_size);
        }
      else if (is_name (&parameters, "SMTPUTF8"))
        {
          which = SMTPUTF8;
          mail->smtputf8 = ok = parameters.value == NULL;
        }
      else
        return &unknown_parameter;
      if (seen & which)
        return &repeated_parameter;
      seen |= which;
      if (!ok)
        return &bad_parameter;
    }
  return mail->smtputf8 || clr_address_is_ascii (mail->address) ? NULL : &utf8_sender;
}

/* RFC 3461 section 4.1: NEVER alone, or a list of the others. */
static gboolean
read_notify (const Parameters *parameters, ClrNotify *notify)
{
  const char *p = parameters->value, *end = p ? p + parameters->value_size : NULL;

  while (p < end)
    {
      const char *comma = memchr (p, ',', end - p);
      size_t n = (comma ? comma : end) - p;

      if (equals (p, n, "NEVER"))
        *notify |= CLR_NOTIFY_NEVER;
      else if (equals (p, n, "SUCCESS"))
        *notify |= CLR_NOTIFY_SUCCESS;
      else if (equals (p, n, "FAILURE"))
        *notify |= CLR_NOTIFY_FAILURE;
      else if (equals (p, n, "DELAY"))
        *notify |= CLR_NOTIFY_DELAY;
      else
        return FALSE;
      p += n + 1;
      if (comma && p == end)
        return FALSE;
    }
  return *notify == CLR_NOTIFY_NEVER || (*notify && !(*notify & CLR_NOTIFY_NEVER));
}

/* RFC 3461 section 4.2: addr-type ";" xtext. With SMTPUTF8 the address may be UTF-8 as it is (RFC 6533
 * section 3). */
static gboolean
read_orcpt (const Parameters *parameters, ClrAddressFlags flags, char orcpt[CLR_ORCPT_MAX + 1])
{
  const char *semicolon = parameters->value ? memchr (parameters->value, ';', parameters->value_size) : NULL;
  size_t type;

  if (semicolon == NULL || parameters->value_size > CLR_ORCPT_MAX)
    return FALSE;
  type = semicolon - parameters->value;
  for (size_t i = 0; i < type; i++)
    if (!g_ascii_isalnum (parameters->value[i]) && parameters->value[i] != '-')
      return FALSE;
  if (type == 0
      || !clr_xtext_is_valid (semicolon + 1, parameters->value_size - type - 1,
                              (flags & CLR_ADDRESS_UTF8) && equals (parameters->value, type, "utf-8")))
    return FALSE;
  memcpy (orcpt, parameters->value, parameters->value_size);
  return TRUE;
}

const ClrComplaint *
clr_command_parse_rcpt (const ClrCommand *command, ClrAddressFlags flags, ClrRcptCommand *rcpt)
{
  enum
  {
    NOTIFY = 1,
    ORCPT = 2
  };
  Parameters parameters;
  unsigned seen = 0, which;
  gboolean ok;

  memset (rcpt, 0, sizeof *rcpt);
  const ClrComplaint *complaint
      = begin (command, "TO:", flags, &parameters, rcpt->address, &syntax_rcpt, &bad_recipient);
  if (complaint)
    return complaint;
  rcpt->leniency = parameters.leniency;
  if (rcpt->address[0] == 0)
    return &no_recipient;
  while (next (&parameters))
    {
      if (is_name (&parameters, "NOTIFY"))
        {
          which = NOTIFY;
          ok = read_notify (&parameters, &rcpt->notify);
        }
      else if (is_name (&parameters, "ORCPT"))
        {
          which = ORCPT;
          ok = read_orcpt (&parameters, flags, rcpt->orcpt);
        }
      else
        return &unknown_parameter;
      if (seen & which)
        return &repeated_parameter;
      seen |= which;
      if (!ok)
        return &bad_parameter;
    }
  return flags & CLR_ADDRESS_UTF8 || clr_address_is_ascii (rcpt->address) ? NULL : &utf8_recipient;
}

const ClrComplaint *
clr_command_parse_vrfy (const ClrCommand *command)
{
  static const char parameter[] = "SMTPUTF8";
  const char *text = command->argument;
  size_t size = command->argument_size, n = strlen (parameter);
  gboolean smtputf8;

  if (!is_utf8 (command))
    return &not_utf8;
  smtputf8 = size > n + 1 && is_space (text[size - n - 1])
             && g_ascii_strncasecmp (text + size - n, parameter, n) == 0;
  if (smtputf8)
    for (size -= n; size > 0 && is_space (text[size - 1]);)
      size--;
  if (size == 0 || size > CLR_PATH_MAX)
    return &syntax_vrfy;
  for (size_t i = 0; i < size; i++)
    if ((unsigned char)text[i] < 32 || text[i] == 127)
      return &syntax_vrfy;
  return smtputf8 || is_ascii (text, size) ? NULL : &utf8_recipient_of_vrfy;
}

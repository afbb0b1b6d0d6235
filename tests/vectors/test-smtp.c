/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Framing, commands and addresses: our own vectors, and the public suites.
 */
#include "clr-test.h"
#include "smtp/clr-command.h"
#include "smtp/clr-data.h"
#include "vectors.h"

typedef struct
{
  GString *content;
  unsigned bare;
  gboolean ended;
  size_t eaten;
} Decoded;

static void
gather (const uint8_t *bytes, size_t size, void *data)
{
  g_string_append_len (data, (const char *)bytes, size);
}

static Decoded
decode (const uint8_t *wire, size_t size, size_t step)
{
  Decoded decoded = { .content = g_string_new (NULL) };
  ClrDataDecoder decoder = CLR_DATA_DECODER_INIT;

  while (decoded.eaten < size && !decoded.ended)
    {
      size_t eaten;
      decoded.ended = clr_data_decode (&decoder, wire + decoded.eaten, MIN (step, size - decoded.eaten),
                                       &eaten, gather, decoded.content);
      decoded.eaten += eaten;
    }
  decoded.bare = decoder.bare;
  return decoded;
}

/* -- our own */

static void
test_own_framing (void)
{
  static const struct
  {
    const char *wire;
    const char *content; /* NULL: must be refused by a strict listener */
  } cases[] = {
    { ".\r\n", "" },
    { "\r\n.\r\n", "\r\n" },
    { "one\r\n.\r\n", "one\r\n" },
    { "one\r\n\r\ntwo\r\n.\r\n", "one\r\n\r\ntwo\r\n" },
    { "..\r\n.\r\n", ".\r\n" },
    { "....\r\n.\r\n", "...\r\n" },
    { ". \r\n.\r\n", " \r\n" },
    { ".x\r\n.\r\n", "x\r\n" },
    { " .\r\n.\r\n", " .\r\n" },
    { "\t.\r\n.\r\n", "\t.\r\n" },
    { "x.\r\n.\r\n", "x.\r\n" },
    { "\x80\xff\r\n.\r\n", "\x80\xff\r\n" },
    { "a\n\r\n.\r\n", NULL },
    { "a\r\r\n.\r\n", NULL },
    { "\n.\n\r\n.\r\n", NULL },
    { "\r.\r\r\n.\r\n", NULL },
    { "a\n\n.\n\r\n.\r\n", NULL },
    { "a\r\n.\n\r\n.\r\n", NULL },
    { "a\r\n.\r.\r\n\r\n.\r\n", NULL },
    { "a\n.\r\nb\r\n.\r\n", NULL },
    { "a\r.\r\nb\r\n.\r\n", NULL },
    { "a\r\n.\r\r\n.\r\n", NULL },
    { "\n\r.\r\n\r\n.\r\n", NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    for (size_t step = 1; step <= strlen (cases[i].wire); step++)
      {
        Decoded decoded = decode ((const uint8_t *)cases[i].wire, strlen (cases[i].wire), step);

        clr_vector_expect (decoded.ended && decoded.eaten == strlen (cases[i].wire), "case %u: wrong end", i);
        clr_vector_expect ((decoded.bare == 0) == (cases[i].content != NULL), "case %u: %u bare", i,
                           decoded.bare);
        if (cases[i].content)
          g_assert_cmpstr (decoded.content->str, ==, cases[i].content);
        g_string_free (decoded.content, TRUE);
      }
}

static int
code_of (const char *line, ClrAddressFlags flags, char address[CLR_PATH_MAX + 1])
{
  ClrCommand command;
  ClrMailCommand mail;
  ClrRcptCommand rcpt;
  const ClrComplaint *complaint;

  clr_command_parse (line, strlen (line), &command);
  if (command.verb == CLR_VERB_MAIL)
    complaint = clr_command_parse_mail (&command, flags, &mail);
  else if (command.verb == CLR_VERB_RCPT)
    complaint = clr_command_parse_rcpt (&command, flags, &rcpt);
  else
    return 500;
  strcpy (address, complaint ? "" : command.verb == CLR_VERB_MAIL ? mail.address : rcpt.address);
  return complaint ? complaint->code : 250;
}

static void
test_own_commands (void)
{
  static const struct
  {
    const char *line;
    int strict, lenient;
  } cases[] = {
    { "MAIL FROM:<>", 250, 250 },
    { "MAIL FROM:<joe@one.example>", 250, 250 },
    { "mail from:<joe@one.example> size=0", 250, 250 },
    { "MAIL  FROM:<joe@one.example>", 250, 250 },
    { "MAIL FROM:<joe@one.example>   SIZE=5  BODY=7BIT ", 250, 250 },
    { "MAIL FROM:<@a.example,@b.example:joe@one.example>", 250, 250 },
    { "MAIL FROM:<\"joe\\ \\\"x\\\"\"@one.example>", 250, 250 },
    { "MAIL FROM:<joe@[192.0.2.44]> RET=FULL", 250, 250 },
    { "MAIL FROM: <joe@one.example>", 501, 250 },
    { "MAIL FROM:joe@one.example", 501, 250 },
    { "MAIL FROM:<joe>", 501, 250 },
    { "MAIL FROM:< joe@one.example >", 501, 250 },
    { "MAIL FROM:<joe@one.example", 501, 501 },
    { "MAIL FROM:joe@one.example>", 501, 501 },
    { "MAIL FROM <joe@one.example>", 501, 501 },
    { "MAIL:<joe@one.example>", 500, 500 },
    { "MAIL FROM:<joe@one.example><x@y>", 501, 501 },
    { "MAIL FROM:<joe@one.example>SIZE=5", 501, 501 },
    { "MAIL FROM:<joe@one.example> SIZE=5x", 501, 501 },
    { "MAIL FROM:<joe@one.example> SIZE=5 SIZE=5", 501, 501 },
    { "MAIL FROM:<joe@one.example> AUTH=<>", 555, 555 },
    { "MAIL FROM:<joe@one.example> SMTPUTF8", 250, 250 },
    { "MAIL FROM:<grüße@one.example>", 550, 550 },
    { "RCPT TO:<grüße@one.example>", 553, 553 },
    { "RCPT TO:<Postmaster>", 250, 250 },
    { "RCPT TO:<postmaster@one.example> NOTIFY=FAILURE,DELAY", 250, 250 },
    { "RCPT TO:<>", 501, 501 },
    { "RCPT TO:", 501, 501 },
    { "RCPT TO:<a@b> NOTIFY=FAILURE,,DELAY", 501, 501 },
    { "RCPT TO:<a@b> ORCPT=rfc822;Bob+40ivory.example", 250, 250 },
    { "RCPT TO:<a@b> ORCPT=rfc822;Bob+4", 501, 501 },
    { "RCPT TO:<a\t@b>", 501, 501 },
  };
  char address[CLR_PATH_MAX + 1];

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      int strict = code_of (cases[i].line, 0, address),
          lenient = code_of (cases[i].line, CLR_ADDRESS_LENIENT, address);
      clr_vector_expect (strict == cases[i].strict, "%s: strict %d", cases[i].line, strict);
      clr_vector_expect (lenient == cases[i].lenient, "%s: lenient %d", cases[i].line, lenient);
    }
}

/* -- public */

/* One message at most, and at a strict listener none; what a normalising one passes on holds one message
 * only. */
static void
check_end_of_data (JsonObject *one)
{
  g_autoptr (GByteArray) sequence = clr_test_unhex (clr_vector_get (one, "hex"));
  g_autoptr (GByteArray) wire = g_byte_array_new ();

  g_byte_array_append (wire, (const uint8_t *)"text", 4);
  g_byte_array_append (wire, sequence->data, sequence->len);
  g_byte_array_append (wire, (const uint8_t *)"MAIL FROM:<x@y>\r\nDATA\r\n.\r\n", 26);
  for (size_t step = 1; step <= wire->len; step++)
    {
      Decoded decoded = decode (wire->data, wire->len, step);
      ClrDataEncoder encoder = CLR_DATA_ENCODER_INIT;
      ClrBuffer out = CLR_BUFFER_INIT;

      clr_vector_expect (decoded.ended && decoded.eaten == wire->len, "%s ends the data",
                         clr_vector_get (one, "id"));
      /* A NUL between CR LF and the dot is content, and no line end: there is nothing to refuse. */
      clr_vector_expect (decoded.bare > 0 || memchr (sequence->data, 0, sequence->len), "%s is not seen",
                         clr_vector_get (one, "id"));
      clr_data_encode (&encoder, (const uint8_t *)decoded.content->str, decoded.content->len, &out);
      clr_data_encode (&encoder, sequence->data, sequence->len, &out);
      clr_data_encode_end (&encoder, &out);
      Decoded again = decode (clr_buffer_peek (&out), clr_buffer_size (&out), clr_buffer_size (&out));
      clr_vector_expect (again.ended && again.bare == 0 && again.eaten == clr_buffer_size (&out),
                         "%s leaves us", clr_vector_get (one, "id"));
      g_string_free (again.content, TRUE);
      g_string_free (decoded.content, TRUE);
      clr_buffer_clear (&out);
    }
}

static void
check_framing (JsonObject *one)
{
  const char *hex = clr_vector_get (one, "wire_hex"), *content_hex = clr_vector_get (one, "content_hex");
  g_autoptr (GByteArray) wire = clr_test_unhex (hex ? hex : ""),
                         content = clr_test_unhex (content_hex ? content_hex : "");

  if (g_str_equal (clr_vector_get (one, "direction"), "send"))
    {
      ClrDataEncoder encoder = CLR_DATA_ENCODER_INIT;
      ClrBuffer out = CLR_BUFFER_INIT;

      clr_data_encode (&encoder, content->data, content->len, &out);
      clr_data_encode_end (&encoder, &out);
      if (hex)
        g_assert_cmpmem (clr_buffer_peek (&out), clr_buffer_size (&out), wire->data, wire->len);
      Decoded decoded = decode (clr_buffer_peek (&out), clr_buffer_size (&out), clr_buffer_size (&out));
      clr_vector_expect (decoded.ended && decoded.bare == 0 && decoded.eaten == clr_buffer_size (&out),
                         "%s leaves us", content_hex);
      g_string_free (decoded.content, TRUE);
      clr_buffer_clear (&out);
      return;
    }
  for (size_t step = 1; step <= wire->len; step++)
    {
      Decoded decoded = decode (wire->data, wire->len, step);
      /* A lone LF in the content is upstream's policy; we refuse it. */
      gboolean refused = !decoded.ended || decoded.bare > 0, bare = FALSE;

      for (unsigned i = 0; i < content->len; i++)
        bare = bare || (content->data[i] == '\n' && (i == 0 || content->data[i - 1] != '\r'));
      clr_vector_expect (refused == (bare || clr_vector_get (one, "error") != NULL), "%s", hex);
      if (!refused)
        g_assert_cmpmem (decoded.content->str, decoded.content->len, content->data, content->len);
      g_string_free (decoded.content, TRUE);
    }
}

/* Path and parameters must be found. A parameter that we do not offer is told 555 (RFC 5321
 * section 4.1.1.11), also on a device's listener: taking it would promise what we do not do. */
static void
check_line (JsonObject *one)
{
  const char *line = clr_vector_get (one, "line");
  JsonArray *parsed = json_object_get_array_member (one, "parsed");
  const char *path = json_array_get_string_element (parsed, 0);
  g_autofree char *bare = g_strdup (*path == '<' ? path + 1 : path);
  char address[CLR_PATH_MAX + 1];
  int code = code_of (line, CLR_ADDRESS_LENIENT, address);
  gboolean known = json_array_get_length (parsed) == 1
                   || g_ascii_strncasecmp (json_array_get_string_element (parsed, 1), "size=", 5) == 0
                   || g_str_equal (json_array_get_string_element (parsed, 1), "SMTPUTF8");

  if (g_str_has_suffix (bare, ">"))
    bare[strlen (bare) - 1] = 0;
  clr_vector_expect (code == (known ? 250 : 555), "%s: %d", line, code);
  if (known)
    clr_vector_expect (g_str_equal (address, bare), "%s: %s", line, address);
  if (*path != '<')
    clr_vector_expect (code_of (line, 0, address) == 501, "%s: accepted by a strict listener", line);
}

static void
check_address (JsonObject *one)
{
  JsonNode *node = json_object_get_member (one, "address");
  const char *address = json_node_get_string (node);
  gboolean valid = clr_mailbox_is_valid (address, strlen (address), 0),
           expected = json_object_get_boolean_member (one, "valid");
  const char *why = clr_vector_get (one, "diagnosis");

  /* RFC 5321 section 4.5.3.1 names what everybody must be able to take at least, and asks for no limit: we
   * take longer addresses than 254 octets, up to the 64 and 255 of their parts. */
  if (why
      && (g_str_equal (why, "ISEMAIL_RFC5322_TOOLONG")
          || g_str_equal (why, "ISEMAIL_RFC5322_DOMAIN_TOOLONG")))
    return;
  clr_vector_expect (valid == expected, "%s should be %s (%s)", address, expected ? "valid" : "refused",
                     why ? why : "");
}

static void
check_path (JsonObject *one)
{
  const char *path = clr_vector_get (one, "path"), *wanted = clr_vector_get (one, "address"),
             *local = clr_vector_get (one, "local"), *domain = clr_vector_get (one, "domain");
  gboolean lenient = *path != '<', valid = json_object_get_boolean_member (one, "valid");
  ClrAddressFlags flags = CLR_ADDRESS_UTF8 | (lenient ? CLR_ADDRESS_LENIENT : 0);
  char address[CLR_PATH_MAX + 1];
  size_t read = clr_path_parse (path, strlen (path), flags, address);

  clr_vector_expect ((read > 0) == valid, "\"%s\" should be %s", path, valid ? "valid" : "refused");
  if (!valid || read == 0)
    return;
  if (wanted)
    clr_vector_expect (g_str_equal (address, wanted)
                           && g_str_equal (path + read, clr_vector_get (one, "rest")),
                       "%s: %s", path, address);
  else if (*local && !strstr (domain, "xn--")) /* they turn A-labels into UTF-8; we keep what was said */
    {
      g_autofree char *both = g_strdup_printf ("%s@%s", local, domain);
      clr_vector_expect (g_str_equal (address, both), "%s: %s", path, address);
    }
  if (lenient)
    clr_vector_expect (clr_path_parse (path, strlen (path), 0, address) == 0,
                       "%s: accepted by a strict listener", path);
}

#define PUBLIC(name, file, check)                                                                            \
  static void test_##name (void)                                                                             \
  {                                                                                                          \
    clr_vectors_run (file, check);                                                                           \
  }
PUBLIC (end_of_data, "smtp/end-of-data.json", check_end_of_data)
PUBLIC (framing, "smtp/data-framing.json", check_framing)
PUBLIC (lines, "smtp/mail-rcpt-lines.json", check_line)
PUBLIC (addresses, "address/addresses.json", check_address)
PUBLIC (paths, "address/paths.json", check_path)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vectors/own/framing", test_own_framing);
  g_test_add_func ("/vectors/own/commands", test_own_commands);
  g_test_add_func ("/vectors/smtp/end-of-data", test_end_of_data);
  g_test_add_func ("/vectors/smtp/data-framing", test_framing);
  g_test_add_func ("/vectors/smtp/mail-rcpt-lines", test_lines);
  g_test_add_func ("/vectors/address/addresses", test_addresses);
  g_test_add_func ("/vectors/address/paths", test_paths);
  return g_test_run ();
}

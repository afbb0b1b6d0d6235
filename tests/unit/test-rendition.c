/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Renditions for 7-bit peers: what goes in, and what must come out, in pieces of every size.
 */
#include "clr-test.h"
#include "mail/clr-rendition.h"

static void
gather (const uint8_t *bytes, size_t size, void *data)
{
  g_string_append_len (data, (const char *)bytes, size);
}

/* (transfer full) NULL with @verdict when there is none. */
static char *
render (const char *content, unsigned signatures, size_t step, ClrRenditionVerdict *verdict)
{
  ClrRendition *rendition = clr_rendition_new (signatures);
  size_t size = strlen (content);
  GString *whole = g_string_new (NULL);

  for (size_t i = 0; i < size; i += step)
    clr_rendition_look (rendition, (const uint8_t *)content + i, MIN (step, size - i));
  *verdict = clr_rendition_end_look (rendition);
  /* Twice: it must be the same each time. */
  for (int time = 0; time < 2; time++)
    {
      g_autofree char *before = g_strdup (whole->str);

      g_string_assign (whole, clr_rendition_get_header (rendition)->str);
      clr_rendition_begin (rendition, gather, whole);
      for (size_t i = 0; i < size; i += step)
        clr_rendition_feed (rendition, (const uint8_t *)content + i, MIN (step, size - i));
      clr_rendition_end (rendition);
      if (time)
        g_assert_cmpstr (whole->str, ==, before);
    }
  clr_rendition_free (rendition);
  return g_string_free (whole, FALSE);
}

static void
test_bodies (void)
{
  static const struct
  {
    const char *content, *wanted;
  } cases[] = {
    /* nothing to do */
    { "S: x\r\n\r\nplain\r\n", "S: x\r\n\r\nplain\r\n" },
    { "S: x\r\n", "S: x\r\n\r\n" },
    { "", "\r\n" },
    /* missing MIME fields */
    { "S: x\r\n\r\nGr\xc3\xbc\xc3\x9f"
      "e \r\n.\r\n=\r\n",
      "S: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
      "quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe=20\r\n=2E\r\n=3D\r\n" },
    { "S: x\r\n\r\nGr\xfc\xdf"
      "e an alle\r\n",
      "S: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe an alle\r\n" },
    /* a charset that is there stays; one that is not is added; an old encoding goes */
    { "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=\"iso-8859-1\"\r\nContent-Transfer-Encoding: "
      "8bit\r\n\r\nGr\xfc\xdf"
      "e an alle\r\n",
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=\"iso-8859-1\"\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe an alle\r\n" },
    { "MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\nGr\xc3\xbc\xc3\x9f"
      "e an alle\r\n",
      "MIME-Version: 1.0\r\nContent-Type: text/html;\r\n\tcharset=utf-8\r\nContent-Transfer-Encoding: "
      "quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe an alle\r\n" },
    /* mostly not ASCII, or no text: base64 */
    { "S: x\r\n\r\n\xe4\xbd\xa0\xe5\xa5\xbd\r\n",
      "S: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
      "base64\r\n\r\n5L2g5aW9DQo=\r\n" },
    { "MIME-Version: 1.0\r\nContent-Type: image/x-test\r\nContent-Transfer-Encoding: binary\r\n\r\na\xff\r\n",
      "MIME-Version: 1.0\r\nContent-Type: image/x-test\r\nContent-Transfer-Encoding: "
      "base64\r\n\r\nYf8NCg==\r\n" },
    /* only the part that needs it; preamble, epilogue and boundaries stay */
    { "Content-Type: multipart/mixed; boundary=\"b\"\r\nContent-Transfer-Encoding: "
      "8bit\r\n\r\npre\xc3\xbc\r\n--b\r\n\r\n"
      "plain\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nno \xc3\xbc "
      "here\r\n--bc\r\n--b--\r\nepi\xc3\xbc\r\n",
      "Content-Type: multipart/mixed; boundary=\"b\"\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: "
      "7bit\r\n\r\npre??\r\n--b\r\n\r\nplain\r\n--b\r\nContent-Type: text/plain; "
      "charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nno =C3=BC "
      "here\r\n--bc\r\n--b--\r\nepi??\r\n" },
    /* multiparts inside each other; an outer boundary ends the inner one */
    { "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/alternative; "
      "boundary=i\r\n\r\n--i\r\n\r\n\xc3\xbc and more\r\n--o\r\nContent-Type: "
      "image/x\r\n\r\n\xff\r\n--o--\r\n",
      "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/alternative; "
      "boundary=i\r\n\r\n--i\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
      "quoted-printable\r\n\r\n=C3=BC and more\r\n--o\r\nContent-Type: image/x\r\nContent-Transfer-Encoding: "
      "base64\r\n\r\n/w==\r\n--o--\r\n" },
    /* a message inside is not coded itself */
    { "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: "
      "\xc3\xbc\r\n\r\n\xc3\xbc is in here\r\n",
      "Content-Type: message/rfc822\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: 7bit\r\n\r\nSubject: "
      "=?UTF-8?B?w7w=?=\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
      "quoted-printable\r\n\r\n=C3=BC is in here\r\n" },
    /* what is coded stays */
    { "Content-Transfer-Encoding: base64\r\n\r\nYWJj\r\n",
      "Content-Transfer-Encoding: base64\r\n\r\nYWJj\r\n" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    for (size_t step = 1; step < 400; step = step < 8 ? step + 1 : step * 3)
      {
        ClrRenditionVerdict verdict;
        g_autofree char *got = render (cases[i].content, 0, step, &verdict);

        g_assert_cmpint (verdict, ==, CLR_RENDITION_GOOD);
        if (g_ascii_strcasecmp (got, cases[i].wanted) != 0 || strlen (got) != strlen (cases[i].wanted))
          g_assert_cmpstr (got, ==, cases[i].wanted);
      }
}

static void
test_fields (void)
{
  static const struct
  {
    const char *field, *wanted; /* NULL: none */
  } cases[] = {
    { "Subject: Gr\xc3\xbc\xc3\x9f"
      "e",
      "Subject: =?UTF-8?B?R3LDvMOfZQ==?=" },
    { "Subject: Gr\xfc\xdf"
      "e",
      "Subject: =?unknown-8bit?B?R3L832U=?=" },
    { "From: J\xc3\xb6rg M <joerg@example.com>", "From: =?UTF-8?B?SsO2cmcgTQ==?= <joerg@example.com>" },
    { "From: \"J\xc3\xb6rg, M\" <joerg@example.com>", "From: =?UTF-8?B?SsO2cmcsIE0=?= <joerg@example.com>" },
    { "To: a@b (J\xc3\xb6rg), \"x\" <c@d>", "To: a@b (=?UTF-8?B?SsO2cmc=?=), \"x\" <c@d>" },
    { "To: <a@b\xc3\xbc"
      "cher.example>",
      "To: <a@xn--bcher-kva.example>" },
    { "To: a@b\xc3\xbc"
      "cher.example, c@d",
      "To: a@xn--bcher-kva.example, c@d" },
    { "To: J <j\xc3\xb6rg@example.com>", NULL },
    { "Cc: j\xc3\xb6rg@example.com", NULL },
    { "Content-Disposition: attachment; filename=\"\xc3\xbc 1.pdf\"; size=3",
      "Content-Disposition: attachment;\r\n\tfilename*=utf-8''%C3%BC%201.pdf;\r\n\tsize=3" },
    { "Message-ID: <\xc3\xbc@x>", "Message-ID: <\\x{FC}@x>" },
    { "Message-ID: <a@b\xc3\xbc"
      "cher.test>",
      "Message-ID: <a@xn--bcher-kva.test>" },
    { "Received: from \xc3\xbc by x", "Received: from \\x{FC} by x" },
    { "Received: from b\xc3\xbc"
      "cher.test (b\xc3\xbc"
      "cher.test [192.0.2.1]) by x for <a@b\xc3\xbc"
      "cher.test>; d",
      "Received: from xn--bcher-kva.test (xn--bcher-kva.test [192.0.2.1]) by x for "
      "<a@xn--bcher-kva.test>;\r\n d" },
    { "Received: from x (B\xfcro) by x (\xe2\x82\xac 5)", "Received: from x (B?ro) by x (\\x{20AC} 5)" },
    { "Authentication-Results: x; spf=pass smtp.mailfrom=b\xc3\xbc"
      "cher.test",
      "Authentication-Results: x; spf=pass smtp.mailfrom=xn--bcher-kva.test" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ClrRenditionVerdict verdict;
      g_autofree char *content = g_strconcat (cases[i].field, "\r\n\r\nx\r\n", NULL);
      g_autofree char *got = render (content, 0, 1000, &verdict);

      g_assert_cmpint (verdict, ==, cases[i].wanted ? CLR_RENDITION_GOOD : CLR_RENDITION_ADDRESS);
      if (cases[i].wanted)
        {
          g_autofree char *wanted = g_strconcat (cases[i].wanted, "\r\n\r\nx\r\n", NULL);
          if (g_ascii_strcasecmp (got, wanted) != 0)
            g_assert_cmpstr (got, ==, wanted);
        }
    }
}

/* Never a line too long, never an octet above 127, whatever came. */
static void
check_plain (const char *text)
{
  size_t line = 0;

  for (; *text; text++)
    {
      g_assert_cmpint ((unsigned char)*text, <, 0x80);
      line = *text == '\n' ? 0 : line + 1;
      g_assert_cmpuint (line, <=, 999);
    }
}

static void
test_long_lines (void)
{
  g_autoptr (GString) content = g_string_new ("Subject: ");
  ClrRenditionVerdict verdict;

  for (int i = 0; i < 2000; i++)
    g_string_append (content, i % 9 ? "x" : " \xc3\xbc");
  g_string_append (content, "\r\nX-Long: ");
  for (int i = 0; i < 5000; i++)
    g_string_append (content, "y");
  g_string_append (content, "\r\nContent-Disposition: attachment; filename=\"");
  for (int i = 0; i < 600; i++)
    g_string_append (content, "\xc3\xbc");
  g_string_append (content, "\"\r\n\r\n");
  for (int i = 0; i < 50000; i++)
    g_string_append (content, i % 77 ? "z" : " ");
  g_string_append (content, "\r\n");
  for (size_t step = 1; step < 10000; step = step * 3 + 1)
    {
      g_autofree char *got = render (content->str, 0, step, &verdict);
      g_assert_cmpint (verdict, ==, CLR_RENDITION_GOOD);
      check_plain (got);
      g_assert_nonnull (strstr (got, "Content-Transfer-Encoding: quoted-printable\r\n"));
    }
}

/* Where nothing can be coded, lines are cut. */
static void
test_cut_lines (void)
{
  static const char *const places[] = {
    "Message-ID: <%s@x>\r\n\r\n\xc3\xbc\r\n",
    "Received: from x %s y\r\n\r\n\xc3\xbc\r\n",
    "To: \xc3\xbc <%s@x>\r\n\r\n\xc3\xbc\r\n",
    "S: x\r\n%s \xc3\xbc\r\n\r\n\xc3\xbc\r\n",
    "Content-Type: multipart/x; boundary=b\r\n\r\n%s\r\n--b\r\n\r\nx\r\n--b--\r\n%s\r\n",
  };
  g_autofree char *octets = g_strnfill (4000, 'y');

  for (unsigned i = 0; i < G_N_ELEMENTS (places); i++)
    for (size_t step = 1; step < 10000; step = step * 5 + 1)
      {
        g_auto (GStrv) parts = g_strsplit (places[i], "%s", -1);
        g_autofree char *content = g_strjoinv (octets, parts);
        ClrRenditionVerdict verdict;
        g_autofree char *got = render (content, 0, step, &verdict);

        g_assert_cmpint (verdict, ==, CLR_RENDITION_GOOD);
        check_plain (got);
      }
}

static void
test_signatures (void)
{
  const char *content
      = "DKIM-Signature: ours\r\nDKIM-Signature: ours too\r\nSubject: x\r\n\r\n\xc3\xbc and more\r\n";
  ClrRenditionVerdict verdict;
  g_autofree char *ours = render (content, 2, 7, &verdict);

  g_assert_cmpint (verdict, ==, CLR_RENDITION_GOOD);
  g_assert_null (strstr (ours, "DKIM"));
  g_free (render (content, 1, 7, &verdict));
  g_assert_cmpint (verdict, ==, CLR_RENDITION_SIGNED);
  /* Nothing changes, nothing breaks. */
  g_free (render ("DKIM-Signature: theirs\r\n\r\nx\r\n", 0, 7, &verdict));
  g_assert_cmpint (verdict, ==, CLR_RENDITION_GOOD);
  g_free (render ("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xc3\xbc\r\n--b--\r\n", 0, 7,
                  &verdict));
  g_assert_cmpint (verdict, ==, CLR_RENDITION_SIGNED);
  /* What nobody reads is signed, too. */
  g_free (render ("DKIM-Signature: theirs\r\nContent-Type: multipart/x; "
                  "boundary=b\r\n\r\n\xc3\xbc\r\n--b\r\n\r\nx\r\n--b--\r\n",
                  0, 7, &verdict));
  g_assert_cmpint (verdict, ==, CLR_RENDITION_SIGNED);
}

/* Depth and number are bounded. */
static void
test_bounds (void)
{
  g_autoptr (GString) deep = g_string_new (NULL),
                      many = g_string_new ("Content-Type: multipart/x; boundary=b\r\n\r\n");
  ClrRenditionVerdict verdict;

  /* Delimiters that could not be sent. */
  g_free (render ("Content-Type: multipart/x; boundary=\"\xc3\xbc\"\r\n\r\n--\xc3\xbc\r\n\r\nx\r\n", 0, 7,
                  &verdict));
  g_assert_cmpint (verdict, ==, CLR_RENDITION_TOO_COMPLEX);

  for (int i = 0; i < 40; i++)
    g_string_append_printf (deep, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i);
  g_string_append (deep, "\r\n\xc3\xbc\r\n");
  g_free (render (deep->str, 0, 1000, &verdict));
  g_assert_cmpint (verdict, ==, CLR_RENDITION_TOO_COMPLEX);
  for (int i = 0; i < 10001; i++)
    g_string_append (many, "--b\r\n\r\n");
  g_free (render (many->str, 0, 1000, &verdict));
  g_assert_cmpint (verdict, ==, CLR_RENDITION_TOO_COMPLEX);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rendition/bodies", test_bodies);
  g_test_add_func ("/rendition/fields", test_fields);
  g_test_add_func ("/rendition/long-lines", test_long_lines);
  g_test_add_func ("/rendition/cut-lines", test_cut_lines);
  g_test_add_func ("/rendition/signatures", test_signatures);
  g_test_add_func ("/rendition/bounds", test_bounds);
  return g_test_run ();
}

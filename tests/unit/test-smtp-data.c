/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The framing of DATA: dots, the end, lone CR and LF, however the octets are cut.
 */
#include "clr-test.h"
#include "smtp/clr-data.h"

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

/* @cut1 and @cut2: where the octets are cut in pieces; @step > 0: into pieces of that size instead. */
static Decoded
decode (const char *wire, size_t size, size_t cut1, size_t cut2, size_t step)
{
  Decoded decoded = { .content = g_string_new (NULL) };
  ClrDataDecoder decoder = CLR_DATA_DECODER_INIT;
  size_t at = 0;

  while (at < size && !decoded.ended)
    {
      size_t to = step ? at + step : at < cut1 ? cut1 : at < cut2 ? cut2 : size, eaten;
      /* A copy of its own, so that a read beyond the piece is seen. */
      g_autofree uint8_t *piece = g_memdup2 (wire + at, MIN (to, size) - at);

      decoded.ended = clr_data_decode (&decoder, piece, MIN (to, size) - at, &eaten, gather, decoded.content);
      at += eaten;
    }
  decoded.eaten = at;
  decoded.bare = decoder.bare;
  return decoded;
}

static const struct
{
  const char *wire;
  const char *content;
  unsigned bare;
  gboolean ended;
  unsigned rest; /* octets behind the end */
} framings[] = {
  { ".\r\n", "", 0, TRUE, 0 },
  { "a\r\n.\r\n", "a\r\n", 0, TRUE, 0 },
  { "a\r\n.\r\nQUIT\r\n", "a\r\n", 0, TRUE, 6 },
  { "..\r\n.\r\n", ".\r\n", 0, TRUE, 0 },
  { ".a\r\n.\r\n", "a\r\n", 0, TRUE, 0 },
  { "...\r\n.\r\n", "..\r\n", 0, TRUE, 0 },
  { "a.\r\n.b.\r\n..\r\n.\r\n", "a.\r\nb.\r\n.\r\n", 0, TRUE, 0 },
  { "\r\n\r\n.\r\n", "\r\n\r\n", 0, TRUE, 0 },
  { "a\r\n", "a\r\n", 0, FALSE, 0 },
  { "a", "a", 0, FALSE, 0 },
  { "a\n.\nb\r\n.\r\n", "a\r\n.\r\nb\r\n", 2, TRUE, 0 },
  { "a\n.\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n", 1, TRUE, 0 },
  { "a\r\n.\nb\r\n.\r\n", "a\r\n\r\nb\r\n", 1, TRUE, 0 },
  { "a\r.\rb\r\n.\r\n", "a\r\n.\r\nb\r\n", 2, TRUE, 0 },
  { "a\r.\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n", 1, TRUE, 0 },
  { "a\r\n.\rb\r\n.\r\n", "a\r\n\r\nb\r\n", 1, TRUE, 0 },
  { "a\r\r\n.\r\n", "a\r\n\r\n", 1, TRUE, 0 },
  { "a\n\n.\r\n\r\n.\r\n", "a\r\n\r\n.\r\n\r\n", 2, TRUE, 0 },
  { "\n.\r\n", "\r\n.\r\n", 1, FALSE, 0 },
};

/* However the octets are cut, the result is the same. */
static void
test_data_decode (void)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (framings); i++)
    {
      size_t size = strlen (framings[i].wire);

      for (size_t cut1 = 0; cut1 <= size; cut1++)
        for (size_t cut2 = cut1; cut2 <= size + 1; cut2++)
          {
            Decoded decoded = decode (framings[i].wire, size, cut1, cut2, cut2 > size ? cut1 + 1 : 0);

            g_assert_cmpstr (decoded.content->str, ==, framings[i].content);
            g_assert_cmpuint (decoded.bare, ==, framings[i].bare);
            g_assert_cmpint (decoded.ended, ==, framings[i].ended);
            g_assert_cmpuint (decoded.eaten, ==, size - framings[i].rest);
            g_string_free (decoded.content, TRUE);
          }
    }
}

static char *
encode (const char *content, size_t size, size_t step, size_t *wire_size)
{
  ClrDataEncoder encoder = CLR_DATA_ENCODER_INIT;
  ClrBuffer buffer = CLR_BUFFER_INIT;

  for (size_t at = 0; at < size; at += step)
    clr_data_encode (&encoder, (const uint8_t *)content + at, MIN (step, size - at), &buffer);
  clr_data_encode_end (&encoder, &buffer);
  *wire_size = clr_buffer_size (&buffer);
  char *wire = clr_test_take_buffer (&buffer);
  clr_buffer_clear (&buffer);
  return wire;
}

static void
test_data_encode (void)
{
  static const char *const cases[][2] = {
    { "", ".\r\n" },
    { "a\r\n", "a\r\n.\r\n" },
    { "a", "a\r\n.\r\n" },
    { ".\r\n", "..\r\n.\r\n" },
    { ".", "..\r\n.\r\n" },
    { "a\r\n.b\r\n..c", "a\r\n..b\r\n...c\r\n.\r\n" },
    { "a.b\r\n", "a.b\r\n.\r\n" },
    { "a\n.\nb", "a\r\n..\r\nb\r\n.\r\n" },
    { "a\r.\rb", "a\r\n..\r\nb\r\n.\r\n" },
    { "a\r", "a\r\n.\r\n" },
    { "a\r\r\n", "a\r\n\r\n.\r\n" },
    { "\r\n.\r\n", "\r\n..\r\n.\r\n" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    for (size_t step = 1; step <= strlen (cases[i][0]) + 1; step++)
      {
        size_t size;
        g_autofree char *wire = encode (cases[i][0], strlen (cases[i][0]), step, &size);
        g_assert_cmpstr (wire, ==, cases[i][1]);
      }
}

/* What leaves has one end, at its end, and no lone CR or LF; clean content comes back as it was. */
static void
test_data_round_trip (void)
{
  static const char letters[] = { '\r', '\n', '.', 'a' };

  for (unsigned n = 0; n <= 7; n++)
    for (unsigned word = 0; word < 1u << (2 * n); word++)
      {
        char content[8];
        size_t size;

        for (unsigned i = 0; i < n; i++)
          content[i] = letters[word >> (2 * i) & 3];
        g_autofree char *wire = encode (content, n, n + 1, &size);
        Decoded decoded = decode (wire, size, size, size, 0);
        g_assert_true (decoded.ended);
        g_assert_cmpuint (decoded.eaten, ==, size);
        g_assert_cmpuint (decoded.bare, ==, 0);
        g_string_free (decoded.content, TRUE);

        Decoded first = decode (content, n, n, n, 0); /* what we would have received */
        if (!first.ended)
          {
            g_autofree char *again = encode (first.content->str, first.content->len, 1, &size);
            Decoded second = decode (again, size, size, size, 0);
            if (g_str_has_suffix (first.content->str, "\r\n"))
              g_assert_cmpstr (second.content->str, ==, first.content->str);
            g_string_free (second.content, TRUE);
          }
        g_string_free (first.content, TRUE);
      }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/smtp/data/decode", test_data_decode);
  g_test_add_func ("/smtp/data/encode", test_data_encode);
  g_test_add_func ("/smtp/data/round-trip", test_data_round_trip);
  return g_test_run ();
}

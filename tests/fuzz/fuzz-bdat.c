/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Chunks (RFC 3030). The argument of BDAT is a size or nothing; what is in the chunks comes out in lines, the
 * same wherever a chunk or a piece ends, and the same as by DATA; and what our client sends as a chunk is
 * what it was given.
 */
#include "fuzz.h"
#include "smtp/clr-client.h"
#include "smtp/clr-content.h"

static void
sink (const uint8_t *bytes, size_t size, void *data)
{
  g_string_append_len (data, (const char *)bytes, size);
}

static void
check_argument (const uint8_t *bytes, size_t size)
{
  g_autofree char *text = fuzz_dup_text (bytes, size);
  uint64_t n;
  gboolean last;

  if (!clr_bdat_parse (text, size, &n, &last))
    return;
  char *end;
  fuzz_check (g_ascii_strtoull (text, &end, 10) == n);
  fuzz_check (last == (*end != 0) && (!last || g_ascii_strcasecmp (g_strchug (end), "last") == 0));
}

static GString *
take_chunks (const uint8_t *bytes, size_t size, uint32_t seed, gboolean normalize, ClrContent *content)
{
  GString *into = g_string_new (NULL);

  clr_content_begin (content, sink, into, 3000, normalize);
  for (size_t at = 0, piece; at < size; at += piece)
    {
      piece = fuzz_piece (&seed, size - at);
      uint8_t *copy = g_memdup2 (bytes + at, piece);
      clr_content_feed_chunk (content, copy, piece);
      g_free (copy);
    }
  clr_content_end_chunks (content);
  return into;
}

static void
check_in (const uint8_t *bytes, size_t size, uint32_t seed, gboolean normalize)
{
  ClrContent one, other, dotted;
  g_autoptr (GString) whole = take_chunks (bytes, size, 0, normalize, &one);
  g_autoptr (GString) pieces = take_chunks (bytes, size, seed, normalize, &other);

  fuzz_check (clr_content_get_complaint (&one) == clr_content_get_complaint (&other));
  if (clr_content_get_complaint (&one))
    return;
  fuzz_check (g_string_equal (whole, pieces) && one.size == whole->len + one.nuls && other.size == one.size);
  fuzz_check (clr_content_get_repairs (&one) == clr_content_get_repairs (&other));
  fuzz_check (fuzz_has_clean_lines ((const uint8_t *)whole->str, whole->len));
  fuzz_check (memchr (whole->str, 0, whole->len) == NULL);
  if (!normalize)
    fuzz_check (clr_content_get_repairs (&one) == 0 && whole->len >= size && whole->len <= size + 2
                && (size == 0 || memcmp (whole->str, bytes, size) == 0));

  /* The same by DATA. */
  ClrBuffer stuffed = CLR_BUFFER_INIT;
  ClrDataEncoder encoder = CLR_DATA_ENCODER_INIT;
  g_autoptr (GString) by_data = g_string_new (NULL);
  size_t eaten;
  clr_data_encode (&encoder, (const uint8_t *)whole->str, whole->len, &stuffed);
  clr_data_encode_end (&encoder, &stuffed);
  clr_content_begin (&dotted, sink, by_data, 3000, FALSE);
  fuzz_check (
      clr_content_feed_data (&dotted, clr_buffer_peek (&stuffed), clr_buffer_size (&stuffed), &eaten));
  fuzz_check (!clr_content_get_complaint (&dotted) && g_string_equal (whole, by_data));
  clr_buffer_clear (&stuffed);
}

/* -- out */

typedef struct
{
  ClrSmtpClient *client;
  const GString *content;
  uint32_t seed;
  unsigned wanted, results;
} Play;

static void
get_recipient (unsigned index, ClrSmtpRecipient *recipient, void *data)
{
  *recipient = (ClrSmtpRecipient){ "a@example.com", 0, NULL };
}

static void
on_ready (ClrSmtpClient *client, void *data)
{
}

static void
on_result (ClrSmtpClient *client, unsigned recipient, ClrPhase phase, const ClrSmtpReply *reply, void *data)
{
  fuzz_check (reply->code == 250 && phase == CLR_PHASE_DOT);
  ((Play *)data)->results++;
}

static void
on_want_content (ClrSmtpClient *client, void *data)
{
  Play *play = data;

  play->wanted++;
  for (size_t at = 0, piece; at < play->content->len; at += piece)
    {
      piece = fuzz_piece (&play->seed, play->content->len - at);
      clr_smtp_client_send_content (client, (const uint8_t *)play->content->str + at, piece);
    }
  clr_smtp_client_end_content (client);
}

static void
on_failed (ClrSmtpClient *client, ClrPhase phase, const ClrSmtpReply *reply, void *data)
{
  fuzz_check (!"a peer that plays along");
}

static void
say (Play *play, const char *text)
{
  clr_smtp_client_feed (play->client, (const uint8_t *)text, strlen (text));
}

static void
check_out (const GString *content, uint32_t seed, gboolean at_hand)
{
  static const ClrSmtpClientHandler handler = { NULL, on_ready, on_result, on_want_content, on_failed };
  static const ClrSmtpClientConfig config = { .helo = "relay.example.com" };
  Play play = { .content = content, .seed = seed };
  ClrSmtpTransaction transaction = { .sender = "s@example.com",
                                     .size = content->len,
                                     .eight_bit = TRUE,
                                     .exact_size = TRUE,
                                     .at_hand = at_hand,
                                     .n_recipients = 1,
                                     .get_recipient = get_recipient };
  ClrBuffer output = CLR_BUFFER_INIT;
  g_autofree char *command = g_strdup_printf ("BDAT %zu LAST\r\n", content->len);

  play.client = clr_smtp_client_new (&config, &handler, &output, &play);
  say (&play, "220 peer.example.com\r\n");
  say (&play, "250-peer.example.com\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 8BITMIME\r\n");
  clr_buffer_drop (&output, clr_buffer_size (&output));
  clr_smtp_client_begin (play.client, &transaction);
  say (&play, "250 ok\r\n250 ok\r\n");
  fuzz_check (play.wanted == 1 && play.results == 0);
  const char *sent = (const char *)clr_buffer_peek (&output);
  size_t size = clr_buffer_size (&output), head = size - content->len;
  fuzz_check (size > content->len && fuzz_ends_with ((const uint8_t *)sent, head, command));
  fuzz_check (memcmp (sent + head, content->str, content->len) == 0);
  say (&play, "250 taken\r\n");
  fuzz_check (play.results == 1);
  clr_smtp_client_free (play.client);
  clr_buffer_clear (&output);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  unsigned variant = fuzz_take (&bytes, &size);
  uint32_t seed = fuzz_take (&bytes, &size) + 1u;
  ClrBdatDecoder decoder = CLR_BDAT_DECODER_INIT;
  g_autoptr (GString) lines = g_string_new (NULL);

  if (variant % 4 == 0)
    {
      check_argument (bytes, size);
      return 0;
    }
  check_in (bytes, size, seed, variant % 2);
  clr_bdat_decode (&decoder, bytes, size, sink, lines);
  clr_bdat_decode_end (&decoder, sink, lines);
  if (lines->len > 0)
    check_out (lines, seed, variant & 8);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Blocks, ropes and buffers: how octets are kept.
 */
#include "base/clr-block.h"
#include "base/clr-buffer.h"
#include "clr-test.h"

/* -- ropes */

static void
test_rope_append (void)
{
  ClrRope rope = CLR_ROPE_INIT;
  g_autoptr (GString) expected = g_string_new (NULL);

  /* Sizes around what a block may hold, so that appends begin, fill and overflow blocks. */
  for (unsigned i = 0; i < 400; i++)
    {
      g_autofree char *piece = g_strnfill (i * 37 % 4100, 'a' + i % 26);
      clr_rope_append (&rope, piece, strlen (piece));
      g_string_append (expected, piece);
    }
  g_assert_cmpuint (rope.size, ==, expected->len);
  g_autofree char *all = clr_test_dup_rope (&rope);
  g_assert_cmpstr (all, ==, expected->str);
  clr_rope_clear (&rope);
  g_assert_cmpuint (rope.size, ==, 0);
}

/* Every start and length over slices of several blocks gives the same as one flat copy. */
static void
test_rope_read_across_slices (void)
{
  ClrRope parts[4] = { CLR_ROPE_INIT, CLR_ROPE_INIT, CLR_ROPE_INIT, CLR_ROPE_INIT }, rope = CLR_ROPE_INIT;
  const char *const texts[] = { "abc", "", "defghijk", "l" };
  const char *const flat = "abcdefghijkl";
  char into[16];

  for (unsigned i = 0; i < 4; i++)
    {
      clr_rope_append (&parts[i], texts[i], strlen (texts[i]));
      clr_rope_append_rope (&rope, &parts[i]);
      clr_rope_clear (&parts[i]); /* the slices live on their own references */
    }
  g_assert_cmpuint (rope.size, ==, 12);
  for (size_t at = 0; at <= 13; at++)
    for (size_t n = 0; n <= 14; n++)
      {
        size_t expected = at >= 12 ? 0 : MIN (n, 12 - at);
        g_assert_cmpuint (clr_rope_read (&rope, at, into, n), ==, expected);
        if (expected > 0)
          g_assert_cmpmem (into, expected, flat + at, expected);
      }
  clr_rope_clear (&rope);
}

static void
test_rope_flatten (void)
{
  ClrRope one = CLR_ROPE_INIT, two = CLR_ROPE_INIT;
  uint8_t *copy = NULL;
  const uint8_t *bytes;

  clr_rope_append (&one, "hello ", 6);
  bytes = clr_rope_flatten (&one, &copy);
  g_assert_null (copy); /* one slice: a view */
  g_assert_cmpmem (bytes, 6, "hello ", 6);

  clr_rope_append (&two, "world", 5);
  clr_rope_append_rope (&one, &two);
  bytes = clr_rope_flatten (&one, &copy);
  g_assert_cmpmem (bytes, 11, "hello world", 11);
  g_free (copy);
  clr_rope_clear (&one);
  clr_rope_clear (&two);
}

static void
test_rope_take (void)
{
  ClrRope one = CLR_ROPE_INIT, two = CLR_ROPE_INIT;

  clr_rope_append (&one, "let go", 6); /* what it held before gives way */
  clr_rope_append (&two, "1234", 4);
  clr_rope_take (&one, &two);
  g_assert_cmpuint (two.size, ==, 0);
  clr_rope_append (&two, "x", 1); /* what was taken may be filled again, and does not write into the other */
  clr_rope_append (&one, "5", 1);
  g_autofree char *first = clr_test_dup_rope (&one), *second = clr_test_dup_rope (&two);
  g_assert_cmpstr (first, ==, "12345");
  g_assert_cmpstr (second, ==, "x");
  clr_rope_clear (&one);
  clr_rope_clear (&two);
}

/* An append after the rope was shared must not change what the other rope sees. */
static void
test_rope_shared_is_stable (void)
{
  ClrRope one = CLR_ROPE_INIT, two = CLR_ROPE_INIT;

  clr_rope_append (&one, "shared", 6);
  clr_rope_append_rope (&two, &one);
  clr_rope_append (&one, "-one", 4);
  clr_rope_append (&two, "-two", 4);
  g_autofree char *first = clr_test_dup_rope (&one), *second = clr_test_dup_rope (&two);
  g_assert_cmpstr (first, ==, "shared-one");
  g_assert_cmpstr (second, ==, "shared-two");
  clr_rope_clear (&one);
  clr_rope_clear (&two);
}

static void
test_block_references (void)
{
  ClrRope rope = CLR_ROPE_INIT;

  clr_rope_append (&rope, "kept", 4);
  ClrSlice slice = rope.slices[0];
  clr_block_ref (slice.block);
  clr_rope_clear (&rope);
  g_assert_cmpmem (slice.data, slice.size, "kept", 4);
  clr_block_unref (slice.block);
}

/* -- buffer */

static void
test_buffer_is_a_queue (void)
{
  ClrBuffer buffer = CLR_BUFFER_INIT;
  unsigned written = 0, read = 0;

  for (unsigned round = 0; round < 3000; round++)
    {
      for (unsigned i = 0; i < round % 23; i++, written++)
        clr_buffer_append (&buffer, &(uint8_t){ written & 0xff }, 1);
      size_t n = MIN (clr_buffer_size (&buffer), round % 19);
      for (size_t i = 0; i < n; i++, read++)
        g_assert_cmpuint (clr_buffer_peek (&buffer)[i], ==, read & 0xff);
      clr_buffer_drop (&buffer, n);
      g_assert_cmpuint (clr_buffer_size (&buffer), ==, written - read);
    }
  clr_buffer_clear (&buffer);
  g_assert_cmpuint (clr_buffer_size (&buffer), ==, 0);
}

static void
test_buffer_text (void)
{
  ClrBuffer buffer = CLR_BUFFER_INIT;
  g_autofree char *big = g_strnfill (9000, 'x');

  clr_buffer_append_string (&buffer, "a");
  clr_buffer_printf (&buffer, "%d-%s", 42, big); /* longer than any first guess */
  g_assert_cmpuint (clr_buffer_size (&buffer), ==, 1 + 3 + 9000);
  g_assert_cmpmem (clr_buffer_peek (&buffer), 5, "a42-x", 5);
  clr_buffer_drop (&buffer, 4);
  uint8_t *room = clr_buffer_reserve (&buffer, 3);
  memcpy (room, "end", 3);
  clr_buffer_added (&buffer, 3);
  g_assert_cmpmem (clr_buffer_peek (&buffer) + 9000, 3, "end", 3);
  clr_buffer_clear (&buffer);
}

/* Thousands of idle sessions must cost nothing. */
static void
test_buffer_gives_memory_back (void)
{
  ClrBuffer buffer = CLR_BUFFER_INIT;
  g_autofree char *big = g_strnfill (1 << 20, 'x');

  clr_buffer_append (&buffer, big, 1 << 20);
  clr_buffer_drop (&buffer, 1 << 20);
  g_assert_cmpuint (buffer.capacity, <=, 16384);
  clr_buffer_append (&buffer, "again", 5);
  g_assert_cmpmem (clr_buffer_peek (&buffer), 5, "again", 5);
  clr_buffer_clear (&buffer);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/rope/append", test_rope_append);
  g_test_add_func ("/base/rope/read-across-slices", test_rope_read_across_slices);
  g_test_add_func ("/base/rope/flatten", test_rope_flatten);
  g_test_add_func ("/base/rope/take", test_rope_take);
  g_test_add_func ("/base/rope/shared-is-stable", test_rope_shared_is_stable);
  g_test_add_func ("/base/block/references", test_block_references);
  g_test_add_func ("/base/buffer/is-a-queue", test_buffer_is_a_queue);
  g_test_add_func ("/base/buffer/text", test_buffer_text);
  g_test_add_func ("/base/buffer/gives-memory-back", test_buffer_gives_memory_back);
  return g_test_run ();
}

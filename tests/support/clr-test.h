/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What several test programs need: octets in and out of ropes and buffers, and a folder of their own.
 */
#pragma once

#include "base/clr-block.h"
#include "base/clr-buffer.h"
#include "system/clr-file.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* All of @rope as text. (transfer full) */
static inline char *
clr_test_dup_rope (const ClrRope *rope)
{
  char *text = g_malloc0 (rope->size + 1);

  g_assert_cmpuint (clr_rope_read (rope, 0, text, rope->size), ==, rope->size);
  return text;
}

/* What stands in @buffer, which is empty afterwards. (transfer full) */
static inline char *
clr_test_take_buffer (ClrBuffer *buffer)
{
  size_t size = clr_buffer_size (buffer);
  char *text = g_malloc0 (size + 1);

  if (size > 0)
    memcpy (text, clr_buffer_peek (buffer), size);
  clr_buffer_drop (buffer, size);
  return text;
}

/* A new folder for files of one test; clr_test_remove_folder() takes it away with all that lies in it. */
static inline char *
clr_test_make_folder (void)
{
  /* With letters that no code page has all of, and a blank. */
  char *path = g_dir_make_tmp ("clrelay test \u00fc \u4f8b XXXXXX", NULL);

  g_assert_nonnull (path);
  return path;
}

static inline void
clr_test_remove_folder (char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      /* A folder that is not empty. A link to one is gone now. */
      if (g_remove (file) != 0 && g_file_test (file, G_FILE_TEST_IS_DIR))
        clr_test_remove_folder (g_steal_pointer (&file));
    }
  if (dir)
    g_dir_close (dir);
  g_rmdir (path);
  g_free (path);
}

/* Writes @text to the new file @path, which nobody else may read. */
static inline void
clr_test_write_private (const char *path, const char *text)
{
  int fd = clr_file_open (path, CLR_FILE_OVER, 0600);

  g_assert_true (fd >= 0 && clr_file_write_all (fd, text, strlen (text)));
  g_assert_cmpint (close (fd), ==, 0);
}

/* Makes @path a link to @target, a name in the same folder. FALSE: Windows lets administrators only. */
static inline gboolean
clr_test_make_link (const char *target, const char *path)
{
#ifdef _WIN32
  return FALSE;
#else
  g_assert_cmpint (symlink (target, path), ==, 0);
  return TRUE;
#endif
}

/* Stands on Windows for a test of what only Unix has: links that anybody may make, pipes in folders. */
static inline void
clr_test_is_of_unix (void)
{
  g_test_skip ("what it tests is of Unix");
}

/* "0d0a" to two octets. (transfer full) */
static inline GByteArray *
clr_test_unhex (const char *hex)
{
  GByteArray *bytes = g_byte_array_new ();

  for (; hex[0] && hex[1]; hex += 2)
    {
      uint8_t octet = g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]);
      g_byte_array_append (bytes, &octet, 1);
    }
  return bytes;
}

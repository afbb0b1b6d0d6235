/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The main of a fuzz target where there is no libFuzzer: gives it every file of its corpus once, so that what
 * was found stays found under every compiler. With arguments: those files instead.
 */
#include "fuzz.h"

static void
play (const char *file)
{
  g_autofree char *text = NULL;
  gsize size;

  g_printerr ("%s\n", file);
  if (!g_file_get_contents (file, &text, &size, NULL))
    g_error ("%s cannot be read", file);
  /* Exactly as large as it is: what lies behind is not ours. */
  uint8_t *copy = malloc (size ? size : 1);
  memcpy (copy, text, size);
  LLVMFuzzerTestOneInput (copy, size);
  free (copy);
}

int
main (int n, char **words)
{
  g_autofree char *folder = g_build_filename (CORPUS, FUZZ_NAME, NULL);
  unsigned played = 0;

  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING | G_LOG_FATAL_MASK);

  if (n > 1 && !g_str_equal (words[1], "--tap"))
    {
      for (int i = 1; i < n; i++)
        play (words[i]);
      return 0;
    }
  LLVMFuzzerTestOneInput ((const uint8_t *)"", 0);
  GDir *dir = g_dir_open (folder, 0, NULL);
  for (const char *name; dir && (name = g_dir_read_name (dir)); played++)
    {
      g_autofree char *file = g_build_filename (folder, name, NULL);
      play (file);
    }
  if (dir)
    g_dir_close (dir);
  g_print ("%sok 1 corpus of %s: %u inputs\n", played ? "" : "not ", FUZZ_NAME, played);
  return played ? 0 : 1;
}

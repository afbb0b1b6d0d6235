/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The dictionary of replies: each entry's own example leads to it and to no other.
 */
#include "replies/clr-reply-dictionary.h"

#include <stdlib.h>
#include <string.h>

static const ClrReplyEntry *
find (const char *reply)
{
  /* "550 5.1.1 text", "550 text" or no reply at all. */
  int code = g_ascii_isdigit (reply[0]) && g_ascii_isdigit (reply[1]) && g_ascii_isdigit (reply[2])
                 ? atoi (reply)
                 : 0;
  const char *rest = code > 0 ? reply + 4 : reply;
  size_t size = strspn (rest, "0123456789.");
  gboolean is_enhanced = code > 0 && size >= 5 && rest[1] == '.' && rest[size] == ' ';
  g_autofree char *enhanced = is_enhanced ? g_strndup (rest, size) : NULL;

  return clr_reply_dictionary_find (code, enhanced, is_enhanced ? rest + size + 1 : rest);
}

static void
test_examples (void)
{
  const ClrReplyEntry *entry;
  guint n = 0;

  for (; (entry = clr_reply_dictionary_get (n)); n++)
    {
      const ClrReplyEntry *found = find (entry->example);

      if (found != entry)
        {
          g_test_message ("\"%s\" is found as \"%s\", not as \"%s\"", entry->example,
                          found ? found->title : "nothing", entry->title);
          g_test_fail ();
        }
      g_assert_cmpuint (strlen (entry->title), >, 8);
      g_assert_cmpuint (strlen (entry->advice), >, 8);
      g_assert_true (entry->page == NULL
                     || strstr ("overview queue trace live devices settings", entry->page) != NULL);
    }
  g_test_message ("%u entries", n);
  g_assert_cmpuint (n, >=, 150);
}

static void
test_none (void)
{
  g_assert_null (clr_reply_dictionary_find (0, NULL, NULL));
  g_assert_null (clr_reply_dictionary_find (0, NULL, "xyzzy"));
  g_assert_nonnull (clr_reply_dictionary_find (550, NULL, "\xff\xfe not UTF-8"));
}

/* Strangers choose the text: no pattern may take long over it. */
static void
test_long (void)
{
  g_autofree char *text = g_strnfill (1000000, 'a');
  gint64 start = g_get_monotonic_time ();

  g_assert_null (clr_reply_dictionary_find (0, NULL, text));
  g_assert_nonnull (clr_reply_dictionary_find (450, "4.0.0", text));
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/replies/examples", test_examples);
  g_test_add_func ("/replies/none", test_none);
  g_test_add_func ("/replies/long", test_long);
  return g_test_run ();
}

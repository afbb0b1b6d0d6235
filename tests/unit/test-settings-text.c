/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-test.h"
#include "settings/clr-diff.h"
#include "settings/clr-secret.h"
#include "settings/clr-settings-file.h"
#include "settings/clr-settings-text.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_places (void)
{
  static const struct
  {
    const char *place, *group, *name, *key;
  } cases[] = {
    { "server.hostname", "server", NULL, "hostname" },
    { "server", "server", NULL, NULL },
    { "listener:office.address", "listener", "office", "address" },
    { "listener office.address", "listener", "office", "address" },
    { "key:s1.example.com.file", "key", "s1.example.com", "file" },
    { "", NULL },
    { ".x", NULL },
    { "server.", NULL },
    { "listener:.x", NULL },
    { "server.a b", NULL },
    { "ser]ver.a", NULL },
    { "a:b\nc.d", NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (ClrSettingChange) change = clr_setting_change_new_from_place (cases[i].place, NULL);

      g_test_message ("%s", cases[i].place);
      g_assert_true ((change != NULL) == (cases[i].group != NULL));
      if (change == NULL)
        continue;
      g_assert_cmpstr (change->group, ==, cases[i].group);
      g_assert_cmpstr (change->name, ==, cases[i].name);
      g_assert_cmpstr (change->key, ==, cases[i].key);
    }
}

static void
test_changes (void)
{
  static const struct
  {
    const char *before, *place, *value, *after; /* NULL: refused */
  } cases[] = {
    /* What stands there is replaced, and nothing else. */
    { "[server]\nhostname = a\n", "server.hostname", "b", "[server]\nhostname = b\n" },
    { "# c\n\n[server]\n  hostname  =  a  \n# d\npostmaster=x\n", "server.hostname", "b",
      "# c\n\n[server]\n  hostname  =  b\n# d\npostmaster=x\n" },
    { "[server]\nhostname=a\n", "server.hostname", "b", "[server]\nhostname= b\n" },
    { "[server]\nhostname = a", "server.hostname", "b", "[server]\nhostname = b" },
    { "[server]\r\nhostname = a\r\n", "server.hostname", "b", "[server]\r\nhostname = b\r\n" },
    { "[ server ]\nhostname = a\n", "server.hostname", "b", "[ server ]\nhostname = b\n" },
    { "[route  a]\nvia = x\n[route b]\nvia = y\n", "route:b.via", "z",
      "[route  a]\nvia = x\n[route b]\nvia = z\n" },
    { "[device a]\nlabel = J\xc3\xb6rg\n", "device:a.label", "Z\xc3\xbcrich = 1; #2",
      "[device a]\nlabel = Z\xc3\xbcrich = 1; #2\n" },
    { "#[server]\n#hostname = x\n[server]\nhostname = a\n", "server.hostname", "b",
      "#[server]\n#hostname = x\n[server]\nhostname = b\n" },
    { "[server]\nhostnames = a\nhostname = a\n", "server.hostname", "b",
      "[server]\nhostnames = a\nhostname = b\n" },
    /* What stands twice: the first; the check then complains of the other. */
    { "[server]\nhostname = a\nhostname = c\n", "server.hostname", "b",
      "[server]\nhostname = b\nhostname = c\n" },
    /* A new setting: at the end of its group, or behind its commented-out default. */
    { "[server]\nhostname = a\n", "server.node", "7", "[server]\nhostname = a\nnode = 7\n" },
    { "[server]\nhostname = a", "server.node", "7", "[server]\nhostname = a\nnode = 7\n" },
    { "[server]\r\nhostname = a", "server.node", "7", "[server]\r\nhostname = a\r\nnode = 7\r\n" },
    { "[server]\nhostname = a\n\n# of the log\n[log]\n", "server.node", "7",
      "[server]\nhostname = a\nnode = 7\n\n# of the log\n[log]\n" },
    { "[server]\n# Node number.\n#node = 0\nhostname = a\n", "server.node", "7",
      "[server]\n# Node number.\n#node = 0\nnode = 7\nhostname = a\n" },
    { "[server]\nhostname = a\n#[log]\n#level = info\n", "server.level", "7",
      "[server]\nhostname = a\nlevel = 7\n#[log]\n#level = info\n" },
    { "[log]\n", "log.level", "info", "[log]\nlevel = info\n" },
    /* A new group: behind the last of its kind, or at the end. */
    { "", "server.node", "7", "[server]\nnode = 7\n" },
    { "[server]\nhostname = a\n", "log.level", "info", "[server]\nhostname = a\n\n[log]\nlevel = info\n" },
    { "[server]\nhostname = a", "log.level", "info", "[server]\nhostname = a\n\n[log]\nlevel = info\n" },
    { "[server]\r\nhostname = a\r\n", "log.level", "info",
      "[server]\r\nhostname = a\r\n\r\n[log]\r\nlevel = info\r\n" },
    { "[device a]\nx = 1\n\n# way out\n[route default]\nvia = y\n", "device:b.x", "2",
      "[device a]\nx = 1\n\n[device b]\nx = 2\n\n# way out\n[route default]\nvia = y\n" },
    /* Taken out. */
    { "[server]\n# why\nhostname = a\nnode = 1\n", "server.hostname", NULL, "[server]\n# why\nnode = 1\n" },
    { "[server]\nhostname = a", "server.hostname", NULL, "[server]\n" },
    { "[a]\nx = 1\n\n# of b\n[b]\ny = 2\n", "a", NULL, "# of b\n[b]\ny = 2\n" },
    { "[a]\nx = 1\n[b]\ny = 2\n", "b", NULL, "[a]\nx = 1\n" },
    /* Refused. */
    { "[server]\nhostname = a\n", "server.node", NULL, NULL },
    { "[server]\nhostname = a\n", "log.level", NULL, NULL },
    { "[server]\nhostname = a\n", "log", NULL, NULL },
    { "[server]\n", "server.hostname", "a\n[device all]", NULL },
    { "[server]\n", "server.hostname", "a\r", NULL },
    { "[server]\n", "server.hostname", " a", NULL },
    { "[server]\n", "server.hostname", "a\t", NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (ClrSettingChange) change = clr_setting_change_new_from_place (cases[i].place, NULL);
      g_autoptr (GError) error = NULL;

      g_test_message ("%u: %s = %s", i, cases[i].place, cases[i].value);
      change->value = g_strdup (cases[i].value);
      g_autofree char *after = clr_settings_text_change (cases[i].before, change, &error);
      g_assert_cmpstr (after, ==, cases[i].after);
      g_assert_true ((error == NULL) == (after != NULL));
      if (after && change->value)
        {
          g_autofree char *read = clr_settings_text_get (after, change);
          g_assert_cmpstr (read, ==, change->value);
        }
    }
}

static void
test_diff (void)
{
  static const struct
  {
    const char *before, *after, *diff;
  } cases[] = {
    { "", "", "" },
    { "a\n", "a\n", "" },
    { "a\nb\n", "a\nc\n", "  a\n- b\n+ c\n" },
    { "", "a\n", "+ a\n" },
    { "a", "", "- a\n" },
    { "a\r\nb\r\n", "a\r\nc\r\n", "  a\n- b\n+ c\n" },
    { "1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\n6\n7\n", "  4\n  5\n  6\n+ 7\n" },
    { "x\n1\n2\n3\n4\n5\n6\n7\ny\n", "X\n1\n2\n3\n4\n5\n6\n7\nY\n",
      "- x\n+ X\n  1\n  2\n  3\n  ...\n  5\n  6\n  7\n- y\n+ Y\n" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *diff = clr_diff (cases[i].before, cases[i].after);
      g_assert_cmpstr (diff, ==, cases[i].diff);
    }
}

#define GOOD "# ours\n[server]\nhostname = a.example\npostmaster = p@a.example\n"

static void
test_file (void)
{
  char *folder = clr_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "relay.conf", NULL);
  g_autofree char *linked_name = g_build_filename (folder, "link.conf", NULL), *text = NULL;
  ClrFileFacts facts;
  g_autoptr (GError) error = NULL;
  g_assert_true (g_file_set_contents_full (path, GOOD, -1, 0, 0640, NULL));
  gboolean linked = clr_test_make_link ("relay.conf", linked_name);
  const char *link = linked ? linked_name : path;
  g_autoptr (ClrSettingsFile) first = clr_settings_file_read (link, NULL);

  /* Not valid: the file stays, and there is no version. */
  g_assert_false (clr_settings_file_replace (link, "[server]\nhostname = a b\n", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
  g_clear_error (&error);
  g_autoptr (GArray) none = clr_settings_file_list_versions (link);
  g_assert_cmpuint (none->len, ==, 0);

  g_assert_true (clr_settings_file_replace (link, GOOD "node = 1\n", first->etag, &error));
  g_assert_no_error (error);
  /* The second editor began with the same text. */
  g_assert_false (clr_settings_file_replace (path, GOOD "node = 2\n", first->etag, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WRONG_ETAG);
  g_clear_error (&error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, GOOD "node = 1\n");
  g_assert_true (clr_file_look (path, &facts) && (facts.mode == 0640 || facts.mode == 0));
  g_assert_true (g_file_test (linked_name, G_FILE_TEST_IS_SYMLINK) == linked);

  g_assert_true (clr_settings_file_replace (path, GOOD "node = 3\n", NULL, &error));
  g_assert_true (clr_settings_file_undo (path, &error));
  g_autoptr (ClrSettingsFile) one = clr_settings_file_read (path, NULL);
  g_assert_cmpstr (one->text, ==, GOOD "node = 1\n");
  g_assert_true (clr_settings_file_undo (link, &error));
  g_autoptr (ClrSettingsFile) zero = clr_settings_file_read (path, NULL);
  g_assert_cmpstr (zero->text, ==, GOOD);
  g_assert_false (clr_settings_file_undo (path, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);

  /* Their number is bounded. */
  for (unsigned i = 0; i < CLR_SETTINGS_VERSIONS_MOST + 5; i++)
    {
      g_autofree char *next = g_strdup_printf (GOOD "node = %u\n", i);
      g_assert_true (clr_settings_file_replace (path, next, NULL, NULL));
    }
  g_autoptr (GArray) versions = clr_settings_file_list_versions (path);
  g_assert_cmpuint (versions->len, ==, CLR_SETTINGS_VERSIONS_MOST);
  clr_test_remove_folder (folder);
}

#ifdef _WIN32
#define test_traps        clr_test_is_of_unix
#define test_secret_traps clr_test_is_of_unix
#else
/* Root edits where another user may write: what that one has prepared is neither followed nor written to. */
static void
test_traps (void)
{
  char *folder = clr_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "relay.conf", NULL);
  g_autofree char *temporary = g_strconcat (path, ".new", NULL),
                  *versions = g_strconcat (path, ".versions", NULL);
  g_autofree char *victim = g_build_filename (folder, "victim", NULL);
  g_autofree char *elsewhere = g_build_filename (folder, "elsewhere", NULL);
  g_autofree char *inside = g_build_filename (elsewhere, "1", NULL), *text = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, GOOD, -1, NULL)
                 && g_file_set_contents (victim, "mine", -1, NULL));
  g_assert_cmpint (link (victim, temporary), ==, 0);
  g_assert_true (clr_settings_file_replace (path, GOOD "node = 1\n", NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (mkfifo (temporary, 0666), ==, 0); /* would wait for a reader */
  g_assert_true (clr_settings_file_replace (path, GOOD "node = 2\n", NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (victim, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "mine");

  g_autofree char *away = g_strconcat (versions, ".away", NULL);
  g_assert_cmpint (rename (versions, away), ==, 0);
  g_assert_cmpint (mkdir (elsewhere, 0755), ==, 0);
  g_assert_cmpint (symlink (elsewhere, versions), ==, 0);
  g_assert_false (clr_settings_file_replace (path, GOOD "node = 3\n", NULL, &error));
  g_assert_nonnull (strstr (error->message, "must be writable"));
  g_assert_false (g_file_test (inside, G_FILE_TEST_EXISTS));
  clr_test_remove_folder (folder);
}
#endif

static void
expect_secret (const char *state, const char *name, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = clr_secret_load (state, name, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_secrets (void)
{
  static const char *const bad[] = { "", ".a", "..", "a/b", "../a", "a b", "a%2fb", "a\nb" };
  char *state = clr_test_make_folder ();
  g_autofree char *file = g_build_filename (state, "secrets", "a", NULL);
  ClrFileFacts facts;

  for (unsigned i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (clr_secret_store (state, bad[i], "x", 1, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
  /* One secret's way to the disk is not another secret. */
  g_assert_true (clr_secret_store (state, "a.new", "other", 5, NULL));
  g_assert_true (clr_secret_store (state, "a", "one", 3, NULL));
  expect_secret (state, "a.new", "other");
  expect_secret (state, "a", "one");
  g_assert_true (clr_file_look (file, &facts) && (facts.mode == 0600 || facts.mode == 0));
  g_assert_true (clr_secret_store (state, "a", "two", 3, NULL));
  expect_secret (state, "a", "two");
  clr_test_remove_folder (state);
}

#ifndef _WIN32
/* As test_traps() for settings. */
static void
test_secret_traps (void)
{
  char *state = clr_test_make_folder ();
  g_autofree char *folder = g_build_filename (state, "secrets", NULL);
  g_autofree char *trap = g_build_filename (folder, ".a.new", NULL);
  g_autofree char *victim = g_build_filename (state, "victim", NULL), *text = NULL;
  g_autofree char *elsewhere = g_build_filename (state, "elsewhere", NULL);
  g_autofree char *away = g_build_filename (state, "away", NULL);
  g_autofree char *inside = g_build_filename (elsewhere, "a", NULL);

  g_assert_true (clr_secret_store (state, "a", "one", 3, NULL));
  g_assert_true (g_file_set_contents (victim, "mine", -1, NULL));
  g_assert_cmpint (link (victim, trap), ==, 0);
  g_assert_true (clr_secret_store (state, "a", "two", 3, NULL));
  expect_secret (state, "a", "two");
  g_assert_true (g_file_get_contents (victim, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "mine");

  g_assert_cmpint (rename (folder, away), ==, 0);
  g_assert_cmpint (mkdir (elsewhere, 0755), ==, 0);
  g_assert_cmpint (symlink (elsewhere, folder), ==, 0);
  g_assert_false (clr_secret_store (state, "a", "three", 5, NULL));
  g_assert_false (g_file_test (inside, G_FILE_TEST_EXISTS));
  clr_test_remove_folder (state);
}
#endif

/* Routes and devices: the first that matches counts. */
static void
test_moves (void)
{
  static const char start[]
      = "[server]\nhostname = h\n\n# of a\n[route a]\nvia = mx\n\n[route b]\nvia = discard\n\n"
        "[route c]\nvia = reject";
  static const struct
  {
    const char *name, *before, *after; /* NULL: refused */
  } cases[] = {
    { "b", "a",
      "[server]\nhostname = h\n\n[route b]\nvia = discard\n\n# of a\n[route a]\nvia = mx\n\n[route c]\nvia = "
      "reject" },
    { "c", "a",
      "[server]\nhostname = h\n\n[route c]\nvia = reject\n\n# of a\n[route a]\nvia = mx\n\n[route b]\nvia = "
      "discard\n\n" },
    { "a", "c",
      "[server]\nhostname = h\n\n[route b]\nvia = discard\n\n# of a\n[route a]\nvia = mx\n\n[route c]\nvia = "
      "reject" },
    { "a", "b", start },
    { "a", "a", start },
    { "a", "d", NULL },
    { "d", "a", NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (ClrSettingChange) change = g_new0 (ClrSettingChange, 1);
      g_autoptr (GError) error = NULL;
      g_autofree char *after = NULL;

      change->group = g_strdup ("route");
      change->name = g_strdup (cases[i].name);
      change->before = g_strdup (cases[i].before);
      after = clr_settings_text_change (start, change, &error);
      g_test_message ("%s before %s", cases[i].name, cases[i].before);
      g_assert_cmpstr (after, ==, cases[i].after);
      g_assert_true ((after == NULL) == (error != NULL));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/settings-text/places", test_places);
  g_test_add_func ("/settings-text/changes", test_changes);
  g_test_add_func ("/settings-text/moves", test_moves);
  g_test_add_func ("/settings-text/diff", test_diff);
  g_test_add_func ("/settings-text/file", test_file);
  g_test_add_func ("/settings-text/secrets", test_secrets);
  g_test_add_func ("/settings-text/traps", test_traps);
  g_test_add_func ("/settings-text/secret-traps", test_secret_traps);
  return g_test_run ();
}

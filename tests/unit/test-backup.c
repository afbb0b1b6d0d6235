/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Backup files: what goes in comes out; whatever is cut, flipped, put behind or of another kind is refused.
 * Paths that move from system to system, as a table.
 */
#include "backup/clr-backup-name.h"
#include "backup/clr-backup-paths.h"
#include "backup/clr-backup-reader.h"
#include "backup/clr-backup-writer.h"
#include "backup/clr-restore-settings.h"
#include "backup/clr-restore.h"
#include "clr-test.h"
#include "settings/clr-sections.h"

#include <archive.h>
#include <archive_entry.h>
#include <glib/gstdio.h>
#include <string.h>

#define ITERATIONS CLR_BACKUP_ITERATIONS_LEAST
#define PASSPHRASE "correct horse"

static gboolean
collect (const void *bytes, size_t size, void *data, GError **error)
{
  g_byte_array_append (data, bytes, size);
  return TRUE;
}

static ClrBackupManifest *
make_manifest (void)
{
  ClrBackupManifest *manifest = clr_backup_manifest_new ();
  ClrBackupFile *file = g_new0 (ClrBackupFile, 1);

  manifest->program = g_strdup ("0.1.0");
  manifest->time = g_strdup ("2026-11-24T12:00:00.000Z");
  manifest->hostname = g_strdup ("relay.example.org");
  manifest->settings_file = g_strdup ("/etc/clrelay/clrelay.conf");
  manifest->state_directory = g_strdup ("/var/lib/clrelay");
  file->path = g_strdup ("/etc/ssl/relay.pem");
  file->entry = g_strdup ("files/1");
  g_ptr_array_add (manifest->files, file);
  return manifest;
}

static ClrBackupWriter *
begin_file (GByteArray *into)
{
  g_autoptr (GError) error = NULL;
  ClrBackupSealer *sealer;
  ClrBackupWriter *writer;
  ClrBackupHead head;

  g_assert_true (clr_backup_head_make (&head, PASSPHRASE, ITERATIONS, &error));
  g_assert_no_error (error);
  sealer = clr_backup_sealer_new (&head, collect, into, &error);
  g_assert_no_error (error);
  writer = clr_backup_writer_new (sealer, &error);
  g_assert_no_error (error);
  return writer;
}

/* A backup with a secret of @size octets. */
static GByteArray *
make_file (size_t size)
{
  GByteArray *into = g_byte_array_new ();
  ClrBackupWriter *writer = begin_file (into);
  g_autoptr (ClrBackupManifest) manifest = make_manifest ();
  g_autoptr (ClrBackupEnd) end = clr_backup_end_new ();
  g_autofree char *text = clr_backup_manifest_to_text (manifest);
  g_autofree char *secret = g_strnfill (size, 's');
  g_autoptr (GError) error = NULL;

  g_assert_true (clr_backup_writer_add (writer, "manifest.json", text, strlen (text), &error));
  g_assert_true (clr_backup_writer_add (writer, "settings.conf", "[server]\n", 9, &error));
  g_assert_true (clr_backup_writer_add (writer, "files/1", secret, size, &error));
  end->n_messages = 3;
  g_ptr_array_add (end->notes, g_strdup ("a note"));
  g_assert_true (clr_backup_writer_finish (writer, end, &error));
  g_assert_no_error (error);
  clr_backup_writer_free (writer);
  return into;
}

/* Reads all of it. Returns: the octets of its entries; -1 with @error. */
static gint64
read_all (ClrBackupReader *reader, GError **error)
{
  ClrBackupEntry entry;
  gint64 all = 0;
  char piece[1000];
  gssize n;

  do
    {
      if (!clr_backup_reader_next (reader, &entry, error))
        return -1;
      for (n = 1; entry.name && n > 0; all += n)
        if ((n = clr_backup_reader_read (reader, piece, sizeof piece, error)) < 0)
          return -1;
    }
  while (entry.name);
  return all;
}

static gint64
read_file (const char *path, const char *passphrase, GError **error)
{
  g_autoptr (ClrBackupReader) reader = clr_backup_reader_open (path, passphrase, error);

  return reader ? read_all (reader, error) : -1;
}

static void
save (const char *path, const void *bytes, gsize size)
{
  g_assert_true (g_file_set_contents (path, bytes, (gssize)size, NULL));
}

static void
test_round_trip (void)
{
  static const size_t sizes[] = { 0, 1, 50000, CLR_BACKUP_CHUNK, 3 * CLR_BACKUP_CHUNK + 7 };
  char *folder = clr_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "backup", NULL);

  for (unsigned i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GByteArray) bytes = make_file (sizes[i]);
      g_autoptr (GError) error = NULL;

      save (path, bytes->data, bytes->len);
      g_assert_cmpint (read_file (path, PASSPHRASE, &error), ==, 9 + sizes[i]);
      g_assert_no_error (error);
      g_autoptr (ClrRestoreReport) report = clr_restore_check (path, PASSPHRASE, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (report->manifest->hostname, ==, "relay.example.org");
      g_assert_cmpuint (report->end->n_messages, ==, 3);
      g_assert_cmpstr (g_ptr_array_index (report->notes, 0), ==, "a note");
    }
  clr_test_remove_folder (folder);
}

static void
test_passphrase (void)
{
  char *folder = clr_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "backup", NULL);
  g_autoptr (GByteArray) bytes = make_file (10);
  g_autoptr (GError) error = NULL;

  save (path, bytes->data, bytes->len);
  g_assert_cmpint (read_file (path, "another one", &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_false (clr_backup_passphrase_is_good ("äöüß1234"
                                                 "\xff",
                                                 NULL));
  g_assert_false (clr_backup_passphrase_is_good ("1234567", NULL));
  g_assert_true (clr_backup_passphrase_is_good ("äöüßäöüß", NULL));
  clr_test_remove_folder (folder);
}

/* Each octet with one bit turned over, another bit each time. */
static void
test_flips (void)
{
  char *folder = clr_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "backup", NULL);
  g_autoptr (GByteArray) bytes = make_file (100);

  for (guint i = 0; i < bytes->len; i += i < 200 ? 1 : 7)
    {
      g_autoptr (GError) error = NULL;
      guint8 bit = 1 << (i % 8);

      if (i >= 12 && i < 14)
        bit = 0x80; /* of the iterations: so many that they are refused, and not computed */
      bytes->data[i] ^= bit;
      save (path, bytes->data, bytes->len);
      bytes->data[i] ^= bit;
      g_assert_cmpint (read_file (path, PASSPHRASE, &error), ==, -1);
      g_assert_nonnull (error);
    }
  clr_test_remove_folder (folder);
}

static void
test_cuts (void)
{
  char *folder = clr_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "backup", NULL);
  g_autoptr (GByteArray) small = make_file (100), large = make_file (2 * CLR_BACKUP_CHUNK);
  static const guint chunk = CLR_BACKUP_CHUNK + CLR_BACKUP_TAG;
  const guint cuts[] = { CLR_BACKUP_HEAD_SIZE + chunk - 1, CLR_BACKUP_HEAD_SIZE + chunk,
                         CLR_BACKUP_HEAD_SIZE + chunk + 1, CLR_BACKUP_HEAD_SIZE + chunk + CLR_BACKUP_TAG,
                         CLR_BACKUP_HEAD_SIZE + 2 * chunk, large->len - 1 };

  for (guint size = 0; size < small->len; size += size < 200 ? 1 : 13)
    {
      save (path, small->data, size);
      g_assert_cmpint (read_file (path, PASSPHRASE, NULL), ==, -1);
    }
  for (unsigned i = 0; i < G_N_ELEMENTS (cuts); i++)
    {
      g_autoptr (GError) error = NULL;

      save (path, large->data, cuts[i]);
      g_assert_cmpint (read_file (path, PASSPHRASE, &error), ==, -1);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
    }
  /* Chunks that have changed places, or come from another file under the same passphrase. */
  g_autoptr (GByteArray) swapped = g_byte_array_new ();
  g_byte_array_append (swapped, large->data, CLR_BACKUP_HEAD_SIZE);
  g_byte_array_append (swapped, large->data + CLR_BACKUP_HEAD_SIZE + chunk, chunk);
  g_byte_array_append (swapped, large->data + CLR_BACKUP_HEAD_SIZE, chunk);
  g_byte_array_append (swapped, large->data + CLR_BACKUP_HEAD_SIZE + 2 * chunk,
                       large->len - CLR_BACKUP_HEAD_SIZE - 2 * chunk);
  save (path, swapped->data, swapped->len);
  g_assert_cmpint (read_file (path, PASSPHRASE, NULL), ==, -1);
  clr_test_remove_folder (folder);
}

/* -- archives that somebody else made, who knows the passphrase */

typedef struct
{
  GByteArray *bytes;
  gboolean given;
} Memory;

static gboolean
give (void *data, const void **bytes, size_t *size, GError **error)
{
  Memory *memory = data;

  *bytes = memory->bytes->data;
  *size = memory->given ? 0 : memory->bytes->len;
  memory->given = TRUE;
  return TRUE;
}

static la_ssize_t
on_write (struct archive *archive, void *data, const void *bytes, size_t size)
{
  g_byte_array_append (data, bytes, size);
  return (la_ssize_t)size;
}

typedef struct
{
  const char *name;
  const char *text;
  unsigned type;    /* 0: a regular file */
  const char *link; /* a symbolic one */
} Entry;

static GByteArray *
make_archive (const Entry *entries)
{
  GByteArray *bytes = g_byte_array_new ();
  struct archive *archive = archive_write_new ();

  archive_write_set_format_pax_restricted (archive);
  archive_write_open (archive, bytes, NULL, on_write, NULL);
  for (; entries->name; entries++)
    {
      struct archive_entry *entry = archive_entry_new ();

      archive_entry_set_pathname (entry, entries->name);
      archive_entry_set_filetype (entry, entries->type ? entries->type : AE_IFREG);
      archive_entry_set_size (entry, strlen (entries->text));
      if (entries->link)
        archive_entry_set_hardlink (entry, entries->link);
      archive_write_header (archive, entry);
      archive_write_data (archive, entries->text, strlen (entries->text));
      archive_entry_free (entry);
    }
  archive_write_close (archive);
  archive_write_free (archive);
  return bytes;
}

static void
assert_refused (const Entry *entries)
{
  g_autoptr (GByteArray) bytes = make_archive (entries);
  Memory memory = { bytes, FALSE };
  g_autoptr (GError) error = NULL;
  ClrBackupReader *reader = clr_backup_reader_new (give, &memory, NULL, &error);

  if (reader)
    {
      g_assert_cmpint (read_all (reader, &error), ==, -1);
      clr_backup_reader_free (reader);
    }
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
}

static void
test_foreign (void)
{
  g_autoptr (ClrBackupManifest) manifest = make_manifest ();
  g_autofree char *text = clr_backup_manifest_to_text (manifest);
  g_autofree char *end = g_strdup_printf ("{\"entries\": 1, \"octets\": %d}", (int)strlen (text));
#define HEAD                                                                                                 \
  {                                                                                                          \
    "manifest.json", text                                                                                    \
  }
  const Entry cases[][5] = {
    { { NULL } },
    { { "settings.conf", "x" } },
    { { "manifest.json", "{}" } },
    { { "manifest.json", "[" } },
    { HEAD },
    { HEAD, { "end.json", "{}" } },
    { HEAD, { "settings.conf", "" }, { "end.json", end } },
    { HEAD, { "end.json", end }, { "users", "x" } },
    { HEAD, { "../users", "x" } },
    { HEAD, { "/etc/passwd", "x" } },
    { HEAD, { "secrets/../../x", "x" } },
    { HEAD, { "secrets/", "", AE_IFDIR } },
    { HEAD, { "secrets/a/b", "x" } },
    { HEAD, { "secrets/.a", "x" } },
    { HEAD, { "secrets/a\\b", "x" } },
    { HEAD, { "secrets/c:", "x" } },
    { HEAD, { "users", "", AE_IFREG, "/etc/passwd" } },
    { HEAD, { "users", "", AE_IFIFO } },
    { HEAD, { "users", "x" }, { "users", "y" } },
    { HEAD, { "users", "x" }, { "settings.conf", "y" } },
    { HEAD, { "secrets/a", "x" }, { "secrets/b", "x" }, { "secrets/a", "x" } },
    { HEAD, { "spool/0000000000001.msg", "x" }, { "spool/0000000000000.msg", "x" } },
    { HEAD, { "spool/000000000000.msg", "x" } },
    { HEAD, { "versions/01", "x" } },
    { HEAD, { "files/x", "x" } },
    { HEAD, { "more", "x" } },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_refused (cases[i]);
  const Entry good[] = { HEAD, { "end.json", end }, { NULL } };
  g_autoptr (GByteArray) bytes = make_archive (good);
  Memory memory = { bytes, FALSE };
  g_autoptr (ClrBackupReader) reader = clr_backup_reader_new (give, &memory, NULL, NULL);
  g_assert_cmpint (read_all (reader, NULL), ==, 0);
}

/* -- paths */

#define UNIX                                                                                                 \
  {                                                                                                          \
    FALSE, "/etc/clrelay/clrelay.conf", "/var/lib/clrelay"                                                   \
  }
#define WINDOWS                                                                                              \
  {                                                                                                          \
    TRUE, "C:\\ProgramData\\Cl Mail Relay\\clrelay.conf", "C:\\ProgramData\\Cl Mail Relay\\State"            \
  }
#define OTHER                                                                                                \
  {                                                                                                          \
    FALSE, "/srv/relay/relay.conf", "/srv/relay/state"                                                       \
  }

static void
test_paths (void)
{
  static const ClrBackupPlace unix_place = UNIX, windows = WINDOWS, other = OTHER;
  static const struct
  {
    const ClrBackupPlace *from, *to;
    const char *path, *there;
    ClrPathFate fate;
  } cases[] = {
    { &unix_place, &unix_place, "/etc/clrelay/dkim/a.pem", "/etc/clrelay/dkim/a.pem", CLR_PATH_KEPT },
    { &unix_place, &unix_place, "/etc/ssl/a.pem", "/etc/ssl/a.pem", CLR_PATH_KEPT },
    { &unix_place, &other, "/var/lib/clrelay/keys/a", "/srv/relay/state/keys/a", CLR_PATH_MOVED },
    { &unix_place, &other, "/var/lib//clrelay/keys/a", "/srv/relay/state/keys/a", CLR_PATH_MOVED },
    { &unix_place, &other, "/var/lib/clrelay2/a", "/var/lib/clrelay2/a", CLR_PATH_KEPT },
    { &unix_place, &other, "/var/lib/clrelay/../a", "/var/lib/clrelay/../a", CLR_PATH_KEPT },
    { &unix_place, &other, "/etc/clrelay/a", "/srv/relay/a", CLR_PATH_MOVED },
    { &unix_place, &windows, "/var/lib/clrelay/keys/a", "C:\\ProgramData\\Cl Mail Relay\\State\\keys\\a",
      CLR_PATH_MOVED },
    { &unix_place, &windows, "/etc/clrelay/a", "C:\\ProgramData\\Cl Mail Relay\\a", CLR_PATH_MOVED },
    { &unix_place, &windows, "/etc/ssl/a.pem", NULL, CLR_PATH_FOREIGN },
    { &windows, &unix_place, "c:\\programdata\\cl mail relay\\state\\Keys\\A", "/var/lib/clrelay/Keys/A",
      CLR_PATH_MOVED },
    { &windows, &unix_place, "C:/ProgramData/Cl Mail Relay/a", "/etc/clrelay/a", CLR_PATH_MOVED },
    { &windows, &unix_place, "D:\\scan", NULL, CLR_PATH_FOREIGN },
    { &windows, &unix_place, "\\\\server\\share\\x", NULL, CLR_PATH_FOREIGN },
  };
  static const char *const names[][2] = { { "/etc/ssl/a.pem", "a.pem" },
                                          { "C:\\x\\Büro é.pem", "B__ro___.pem" },
                                          { "/a/.hidden", "_hidden" },
                                          { "D:\\scan\\", "scan_" },
                                          { "/a/..", "_." } };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ClrPathFate fate;
      g_autofree char *there = clr_backup_path_translate (cases[i].from, cases[i].to, cases[i].path, &fate);

      g_assert_cmpstr (there, ==, cases[i].there);
      g_assert_cmpint (fate, ==, cases[i].fate);
    }
  for (unsigned i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = clr_backup_path_dup_name (names[i][0]);

      g_assert_cmpstr (name, ==, names[i][1]);
    }
}

/* Whoever declares a setting that is a path says here what becomes of it in a backup. */
static void
test_roles (void)
{
  static const char *const known[] = { "certificate.certificate-file 1",
                                       "certificate.key-file 1",
                                       "control.certificate-file 1",
                                       "control.key-file 1",
                                       "dns.trust-anchor 2",
                                       "key.file 1",
                                       "listener.certificate-file 1",
                                       "listener.key-file 1",
                                       "log.file 3",
                                       "mta-sts.ca-file 2",
                                       "oauth.ca-file 2",
                                       "oauth.certificate-file 1",
                                       "oauth.key-file 1",
                                       "pickup.bad-directory 3",
                                       "pickup.directory 3",
                                       "route.ca-file 2",
                                       "route.directory 3",
                                       "server.control-socket 3",
                                       "server.state-directory 0",
                                       "smarthost.ca-file 2",
                                       "smarthost.certificate-file 1",
                                       "smarthost.key-file 1",
                                       "tls-report.ca-file 2",
                                       NULL };
  unsigned n_types, n_found = 0;
  const GType *types = clr_sections_get_types (&n_types);

  for (unsigned t = 0; t < n_types; t++)
    {
      ClrSectionClass *klass = g_type_class_ref (types[t]);
      unsigned n;
      g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_CLASS (klass), &n);

      for (unsigned i = 0; i < n; i++)
        if (pspecs[i]->owner_type == types[t] && clr_value_get_kind (pspecs[i]) == CLR_VALUE_PATH)
          {
            g_autofree char *line
                = g_strdup_printf ("%s.%s %d", klass->group, pspecs[i]->name,
                                   clr_backup_path_get_role (klass->group, pspecs[i]->name));

            if (!g_strv_contains (known, line))
              g_error ("%s is not in the table", line);
            n_found++;
          }
    }
  g_assert_cmpuint (n_found, ==, g_strv_length ((char **)known));
}

static void
test_settings (void)
{
  static const ClrBackupPlace to = OTHER;
  static const char windows[]
      = "[server]\r\nhostname = a.example\r\n# state-directory = x\r\n[log]\r\nfile = D:\\logs\\relay.log\r\n"
        "[key one]\r\nfile = C:\\ProgramData\\Cl Mail Relay\\State\\keys\\one.pem\r\n"
        "[listener in]\r\ncertificate-file = E:\\certs\\in.pem\r\nkey-file = E:\\certs\\gone.pem\r\n";
  char *folder = clr_test_make_folder ();
  g_autofree char *files = g_build_filename (folder, "files", NULL);
  g_autofree char *one = g_build_filename (files, "1", NULL), *two = g_build_filename (files, "2", NULL);
  g_autofree char *placed = g_build_filename (files, "1-in.pem", NULL);
  g_autoptr (ClrBackupManifest) manifest = make_manifest ();
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  ClrBackupFile *file = g_ptr_array_index (manifest->files, 0);

  g_assert_cmpint (g_mkdir (files, 0700), ==, 0);
  save (one, "certificate", 11);
  save (two, "of no use", 9);
  manifest->is_windows = TRUE;
  g_free (manifest->settings_file);
  g_free (manifest->state_directory);
  g_free (file->path);
  manifest->settings_file = g_strdup ("C:\\ProgramData\\Cl Mail Relay\\clrelay.conf");
  manifest->state_directory = g_strdup ("C:\\ProgramData\\Cl Mail Relay\\State");
  file->path = g_strdup ("E:\\certs\\in.pem");
  g_autofree char *text = clr_restore_settings_translate (windows, manifest, &to, files, notes, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, "state-directory = /srv/relay/state\r\n"));
  g_assert_nonnull (strstr (text, "file = /srv/relay/state/relay.log\r\n"));
  g_assert_nonnull (strstr (text, "file = /srv/relay/state/keys/one.pem\r\n"));
  g_assert_nonnull (strstr (text, "certificate-file = /srv/relay/state/files/1-in.pem\r\n"));
  g_assert_nonnull (strstr (text, "key-file = /srv/relay/state/files/gone.pem"));
  g_assert_true (g_file_test (placed, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (two, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (notes->len, ==, 4);
  clr_test_remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/backup/round-trip", test_round_trip);
  g_test_add_func ("/backup/passphrase", test_passphrase);
  g_test_add_func ("/backup/flips", test_flips);
  g_test_add_func ("/backup/cuts", test_cuts);
  g_test_add_func ("/backup/foreign", test_foreign);
  g_test_add_func ("/backup/paths", test_paths);
  g_test_add_func ("/backup/roles", test_roles);
  g_test_add_func ("/backup/settings", test_settings);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-test.h"
#include "settings/clr-describe.h"
#include "settings/clr-settings.h"

#include <json-glib/json-glib.h>

#define SERVER "[server]\nhostname = relay.example.com\npostmaster = p@example.com\n"

/* Every group, every setting, every form a value may have. */
static const char sample[]
    = "# a comment\n; another\n\n  [server]  \n"
      "hostname=relay.example.com\n  postmaster  =  p@example.com  \n"
      "state-directory = /var/lib/x\ncontrol-socket = /run/x\nworkers = 4\nnode = 255\ndrain-time = 20s\n"
      "[log]\nformat = json\nlevel = debug\nfile = /var/log/x\n"
      "[dns]\nservers = 127.0.0.1:53, [::1]:5353\ntimeout = 5\n"
      "[limits]\nmax-connections = 10\nmax-connections-per-client = 5\nmax-messages-per-connection = 7\n"
      "max-message-size = 25M\nmax-header-size = 64K\nmax-recipients = 100\nmax-line = 1024\nmax-errors = 3\n"
      "max-received = 30\ncommand-timeout = 5m\ndata-timeout = 3m\nsession-timeout = 1h\n"
      "[queue]\nretry-first = 5m\nretry-longest = 4h\nlifetime = 5d\nspool-size = 128K\nmin-free-space = 1G\n"
      "window = 100\nhistory = 30d\n"
      "[dkim]\ncanonicalization = relaxed/simple\noversigned-headers = From, To\nsigned-headers = Sender\n"
      "[listener office]\naddress = 192.0.2.1:25, [2001:db8::1]:25\ntls = require\n"
      "certificate-file = /etc/x.pem\nkey-file = /etc/x.key\n"
      "[device printer.2_b-c]\nnetworks = 192.0.2.0/24, 2001:db8::/64, 192.0.2.7\nlabel = The printer, "
      "upstairs; = #1\n"
      "repair-headers = true\nbare-newlines = normalize\nlenient-commands = false\n"
      "[smarthost provider]\nhosts = smtp.example.com:587, 192.0.2.9, [2001:db8::2]:25, 2001:db8::3\ntls = "
      "verify\n"
      "ca-file = /etc/ca.pem\nuser = me@example.com\npassword = provider\nallow-loopback = "
      "true\nmax-connections = 5\n"
      "max-recipients = 50\nmax-messages-per-connection = 10\nconnect-timeout = 30s\nidle-time = 0\n"
      "source-address = 192.0.2.1\n"
      "[route local]\nrecipients = example.com, .example.com\nvia = capture\ndirectory = /var/x\n"
      "[route no]\nrecipients = *\nvia = reject\nreply = go away\n[route trash]\nvia = discard\n"
      "[route default]\nvia = smarthost:provider\n"
      "[key one]\ndomain = example.com\nselector = s1\nfile = /etc/key.pem\r\n";

static ClrSettings *
parse (const char *text, char ***problems)
{
  return clr_settings_new_from_text (text, strlen (text), "test.conf", problems);
}

static void
test_sample (void)
{
  g_auto (GStrv) problems = NULL;
  g_autoptr (ClrSettings) settings = parse (sample, &problems);

  if (settings == NULL)
    g_error ("%s", problems[0]);
  g_assert_null (problems);
  ClrSection *server = clr_settings_get_section (settings, "server"),
             *limits = clr_settings_get_section (settings, "limits"),
             *device = clr_settings_find (settings, "device", "printer.2_b-c"),
             *smarthost = clr_settings_find (settings, "smarthost", "provider");
  g_assert_cmpstr (clr_section_get_text (server, "postmaster"), ==, "p@example.com");
  g_assert_cmpint (clr_section_get_number (server, "node"), ==, 255);
  g_assert_cmpint (clr_section_get_number (limits, "max-message-size"), ==, 25 << 20);
  g_assert_cmpint (clr_section_get_number (limits, "session-timeout"), ==, 3600);
  /* Raw text to the end of the line. */
  g_assert_cmpstr (clr_section_get_text (device, "label"), ==, "The printer, upstairs; = #1");
  g_assert_true (clr_section_get_boolean (device, "repair-headers"));
  g_assert_cmpuint (g_strv_length ((char **)clr_section_get_list (smarthost, "hosts")), ==, 4);
  g_assert_cmpstr (clr_section_get_list (smarthost, "hosts")[2], ==, "[2001:db8::2]:25");
  g_assert_cmpuint (clr_settings_get_sections (settings, "route")->len, ==, 4);
  g_assert_null (clr_settings_find (settings, "route", "none"));
}

static void
test_defaults (void)
{
  g_autoptr (ClrSettings) settings = parse (SERVER, NULL);

  g_assert_nonnull (settings);
  ClrSection *limits = clr_settings_get_section (settings, "limits");
  g_assert_cmpint (clr_section_get_number (limits, "max-message-size"), ==, 50 << 20);
  g_assert_false (clr_section_is_set (limits, "max-message-size"));
  g_assert_cmpuint (clr_settings_get_sections (settings, "device")->len, ==, 0);
}

/* Each problem names file and line, group, key, and what would be right. */
static void
test_problems (void)
{
  static const struct
  {
    const char *text;
    const char *says[4];
  } cases[] = {
    { SERVER "[nonsense]\n", { "test.conf:4:", "[nonsense]", "[listener NAME]" } },
    { SERVER "colour = red\n", { "test.conf:4:", "[server]", "colour", "hostname" } },
    { SERVER "[log]\n[server]\n", { "test.conf:5:", "[server]", "line 1" } },
    { SERVER "[device a]\nnetworks = ::1\n[device a]\nnetworks = ::1\n",
      { "test.conf:6:", "[device a]", "line 4" } },
    { SERVER "hostname = other.example.com\n", { "test.conf:4:", "[server]", "hostname", "twice" } },
    { SERVER "[device]\nnetworks = ::1\n", { "test.conf:4:", "[device]", "name" } },
    { SERVER "[device a b]\nnetworks = ::1\n", { "test.conf:4:", "[device a b]", "name" } },
    { SERVER "[log x]\n", { "test.conf:4:", "[log x]", "[log]" } },
    { SERVER "[log\n", { "test.conf:4:", "[log", "]" } },
    { SERVER "what is this\n", { "test.conf:4:", "what is this", "key = value" } },
    { "hostname = x.example\n" SERVER, { "test.conf:1:", "hostname", "[group]" } },
    { "", { "test.conf", "[server]", "missing" } },
    { "[server]\nhostname = relay.example.com\n", { "[server]", "postmaster", "missing", "mail address" } },
    { SERVER "[listener a]\n", { "[listener a]", "address", "missing", "192.0.2.1:25" } },
    { SERVER "[device a]\n", { "[device a]", "networks", "missing" } },
    { SERVER "[route default]\nvia = smarthost:gone\n", { "[route default]", "via", "[smarthost gone]" } },
    { SERVER "[route x]\nvia = capture\n", { "[route x]", "capture", "directory" } },
    { SERVER "[route default]\nvia = discard\nrecipients = a.example\n",
      { "[route default]", "recipients" } },
    { SERVER "[smarthost s]\nhosts = h.example\nuser = u\n", { "[smarthost s]", "user", "password" } },
    { SERVER "[listener l]\naddress = 192.0.2.1:25\n[smarthost s]\nhosts = 192.0.2.1:25\n",
      { "[smarthost s]", "hosts", "192.0.2.1:25", "[listener l]" } },
    { SERVER "[listener l]\naddress = 192.0.2.1:25\nkey-file = /x\n",
      { "[listener l]", "certificate-file", "key-file" } },
    { SERVER "[log]\nlevel =\n", { "test.conf:5:", "[log]", "level", "error|warning|info|debug" } },
    { SERVER "[log]\nlevel = loud\n", { "test.conf:5:", "[log]", "level", "error|warning|info|debug" } },
    { SERVER "[log]\nfile = x\n", { "test.conf:5:", "[log]", "file", "absolute path" } },
    { SERVER "node = 256\n", { "test.conf:4:", "[server]", "node", "255" } },
    { SERVER "node = -1\n", { "test.conf:4:", "[server]", "node", "0" } },
    { SERVER "node = 1.5\n", { "test.conf:4:", "[server]", "node", "whole number" } },
    { SERVER "node = 99999999999999999999999\n", { "test.conf:4:", "[server]", "node", "whole number" } },
    { SERVER "drain-time = 2h\n", { "test.conf:4:", "[server]", "drain-time", "1h" } },
    { SERVER "drain-time = 2 s\n", { "test.conf:4:", "[server]", "drain-time", "30s" } },
    { SERVER "[limits]\nmax-message-size = 1T\n", { "test.conf:5:", "[limits]", "max-message-size", "25M" } },
    { SERVER "[limits]\nmax-message-size = 99999999999G\n",
      { "test.conf:5:", "[limits]", "max-message-size", "4G" } },
    { SERVER "[device a]\nnetworks = ::1\nrepair-headers = yes\n",
      { "test.conf:6:", "[device a]", "repair-headers", "true or false" } },
    { SERVER "[device a]\nnetworks = 192.0.2.0/33\n",
      { "test.conf:5:", "[device a]", "networks", "192.0.2.0/24" } },
    { SERVER "[device a]\nnetworks = 192.0.2.1/24\n",
      { "test.conf:5:", "[device a]", "networks", "192.0.2.0/24" } },
    { SERVER "[device a]\nnetworks = ::1,,::2\n", { "test.conf:5:", "[device a]", "networks" } },
    { SERVER "[listener a]\naddress = 192.0.2.1\n", { "test.conf:5:", "[listener a]", "address", "port" } },
    { SERVER "[listener a]\naddress = localhost:25\n",
      { "test.conf:5:", "[listener a]", "address", "port" } },
    { SERVER "[listener a]\naddress = 192.0.2.1:65536\n",
      { "test.conf:5:", "[listener a]", "address", "port" } },
    { SERVER "[smarthost a]\nhosts = a b\n", { "test.conf:5:", "[smarthost a]", "hosts", "host names" } },
    { SERVER "[smarthost a]\nhosts = a:0\n", { "test.conf:5:", "[smarthost a]", "hosts" } },
    { SERVER "[smarthost a]\nhosts = a\nsource-address = eth0\n",
      { "test.conf:6:", "[smarthost a]", "source-address", "IP address" } },
    { SERVER "[smarthost a]\nhosts = a\nuser = u\npassword = my pass!\n",
      { "test.conf:7:", "[smarthost a]", "password", "secret set" } },
    { SERVER "[route a]\nvia = somewhere\n", { "test.conf:5:", "[route a]", "via", "smarthost:NAME" } },
    { SERVER "[route a]\nvia = discard\nrecipients = a@b.example\n",
      { "test.conf:6:", "[route a]", "recipients", "domains" } },
    { SERVER "[dkim]\nsigned-headers = From To\n", { "test.conf:5:", "[dkim]", "signed-headers", "words" } },
    { "[server]\nhostname = two words\npostmaster = p@example.com\n",
      { "test.conf:2:", "[server]", "hostname", "relay.example.com" } },
    { "[server]\nhostname = a.example\npostmaster = me\n",
      { "test.conf:3:", "[server]", "postmaster", "mail address" } },
    { SERVER "[log]\nfile = /x\xff\n", { "test.conf:5:", "UTF-8" } },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GStrv) problems = NULL;
      g_autoptr (ClrSettings) settings = parse (cases[i].text, &problems);

      if (settings)
        g_error ("accepted: %s", cases[i].text);
      g_assert_nonnull (problems[0]);
      g_autofree char *all = g_strjoinv ("\n", problems);
      for (unsigned k = 0; k < 4 && cases[i].says[k]; k++)
        if (!strstr (all, cases[i].says[k]))
          g_error ("\"%s\" is missing in: %s", cases[i].says[k], all);
    }
}

/* A control character in a value would stand in replies, fields and log lines. */
static void
test_control_characters (void)
{
  static const char *const texts[]
      = { SERVER "[route a]\nvia = reject\nreply = a\rb\n",
          SERVER "[route a]\nvia = reject\nreply = a\x1b[2J\n",
          SERVER "[device a]\nnetworks = ::1\nlabel = a\x01\n", SERVER "[log]\nfile = /a\x7f\n" };

  for (unsigned i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_auto (GStrv) problems = NULL;
      g_autoptr (ClrSettings) settings = parse (texts[i], &problems);
      if (settings)
        g_error ("accepted: case %u", i);
      g_assert_true (g_str_has_prefix (problems[0], "test.conf:"));
      for (const char *p = problems[0]; *p; p++)
        g_assert_false (g_ascii_iscntrl (*p));
    }
  g_auto (GStrv) problems = NULL;
  static const char nul[] = SERVER "[log]\nfile = /a\0b\n";
  g_assert_null (clr_settings_new_from_text (nul, sizeof nul - 1, "test.conf", &problems));
  g_assert_true (g_str_has_prefix (problems[0], "test.conf:5:"));
}

/* All problems are told, not only the first. */
static void
test_all_problems (void)
{
  g_auto (GStrv) problems = NULL;

  g_assert_null (
      parse ("[server]\nhostname = ?\nnode = x\n[what]\nignored = here\n[log]\nlevel = x\n", &problems));
  g_assert_cmpuint (g_strv_length (problems), ==, 5); /* hostname once: it is wrong, not missing */
  g_clear_pointer (&problems, g_strfreev);
  g_autoptr (ClrSettings) none = clr_settings_new_from_file ("/nonexistent/file", &problems);
  g_assert_null (none);
  g_assert_nonnull (strstr (problems[0], "/nonexistent/file"));
}

static void
test_describe (void)
{
  g_autofree char *text = clr_describe_to_json (), *human = clr_describe_to_text (),
                  *commented = clr_describe_to_sample ();
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  unsigned n;
  const GType *types = clr_sections_get_types (&n);

  json_parser_load_from_data (parser, text, -1, &error);
  g_assert_no_error (error);
  g_assert_true (JSON_NODE_HOLDS_ARRAY (json_parser_get_root (parser)));
  g_assert_cmpuint (n, >=, 13);
  for (unsigned i = 0; i < n; i++)
    {
      ClrSectionClass *klass = g_type_class_ref (types[i]);
      unsigned n_pspecs;
      g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_CLASS (klass), &n_pspecs);

      for (unsigned k = 0; k < n_pspecs; k++)
        if (pspecs[k]->owner_type == types[i])
          {
            g_autofree char *quoted = g_strdup_printf ("\"%s\"", pspecs[k]->name);
            g_assert_nonnull (strstr (text, quoted));
            g_assert_nonnull (strstr (human, pspecs[k]->name));
            g_assert_nonnull (strstr (commented, pspecs[k]->name));
          }
      g_type_class_unref (klass);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/settings/sample", test_sample);
  g_test_add_func ("/settings/defaults", test_defaults);
  g_test_add_func ("/settings/problems", test_problems);
  g_test_add_func ("/settings/control-characters", test_control_characters);
  g_test_add_func ("/settings/all-problems", test_all_problems);
  g_test_add_func ("/settings/describe", test_describe);
  return g_test_run ();
}

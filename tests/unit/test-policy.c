/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-test.h"
#include "policy/clr-policy.h"
#include "system/clr-internet.h"

static const char settings_text[]
    = "[server]\nhostname = relay.example.com\npostmaster = p@example.com\n"
      "[device one]\nnetworks = 192.0.2.7\nrepair-headers = true\n"
      "[device office]\nnetworks = 192.0.2.0/25, 2001:db8:1::/48\nlenient-commands = true\n"
      "[device all]\nnetworks = 10.0.0.0/8, 192.0.2.130/31\nbare-newlines = normalize\n"
      "[smarthost a]\nhosts = a.example\n[smarthost b]\nhosts = b.example\n"
      "[route default]\nvia = smarthost:b\n"
      "[route trash]\nrecipients = trash.example, .sub.example\nvia = discard\n"
      "[route second]\nrecipients = trash.example, Other.Example\nvia = smarthost:a\n"
      "[route no]\nrecipients = no.example\nvia = reject\nreply = no\n"
      "[route files]\nrecipients = files.example\nvia = capture\ndirectory = /nowhere\n";

static ClrPolicy *
make_policy (const char *text)
{
  g_auto (GStrv) problems = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrSettings) settings = clr_settings_new_from_text (text, strlen (text), "test.conf", &problems);

  if (settings == NULL)
    g_error ("%s", problems[0]);
  ClrPolicy *policy = clr_policy_new (settings, &error);
  g_assert_no_error (error);
  return policy;
}

static const char *
device_of (ClrPolicy *policy, const char *text)
{
  uint8_t address[16] = { [10] = 0xff, [11] = 0xff };

  g_assert_cmpint (strchr (text, ':') ? inet_pton (AF_INET6, text, address)
                                      : inet_pton (AF_INET, text, address + 12),
                   ==, 1);
  const ClrDevice *device = clr_policy_find_device (policy, address, NULL);
  return device ? device->name : "none";
}

static void
test_devices (void)
{
  g_autoptr (ClrPolicy) policy = make_policy (settings_text);
  static const char *const cases[][2] = {
    { "192.0.2.7", "one" },        { "192.0.2.8", "office" },
    { "192.0.2.0", "office" },     { "192.0.2.127", "office" },
    { "192.0.2.128", "none" },     { "192.0.2.129", "none" },
    { "192.0.2.130", "all" },      { "192.0.2.131", "all" },
    { "192.0.2.132", "none" },     { "10.255.255.255", "all" },
    { "11.0.0.0", "none" },        { "9.255.255.255", "none" },
    { "2001:db8:1::5", "office" }, { "2001:db8:1:ffff::", "office" },
    { "2001:db8:2::", "none" },    { "::1", "none" },
    { "127.0.0.1", "none" },       { "::ffff:192.0.2.7", "one" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpstr (device_of (policy, cases[i][0]), ==, cases[i][1]);

  uint8_t address[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 7 };
  const ClrDevice *device = clr_policy_find_device (policy, address, NULL);
  g_assert_cmpuint (device->repairs, ==, CLR_REPAIR_HEADER);
  g_assert_cmpuint (device->quirks, ==,
                    CLR_QUIRK_MISSING_DATE | CLR_QUIRK_MISSING_MESSAGE_ID | CLR_QUIRK_MISSING_FROM);
  g_assert_cmpstr (device->label, ==, "one");
}

/* Closed by default. */
static void
test_no_devices (void)
{
  g_autoptr (ClrPolicy) policy
      = make_policy ("[server]\nhostname = relay.example.com\npostmaster = p@example.com\n");

  g_assert_cmpstr (device_of (policy, "127.0.0.1"), ==, "none");
  g_assert_cmpstr (device_of (policy, "::1"), ==, "none");
  g_assert_null (clr_policy_find_lane (policy, &(ClrRouteCase){ "", NULL, "a@example.com" }));
  g_assert_null (clr_policy_find_identities (policy, "example.com"));
}

static void
test_whole_networks (void)
{
  g_autoptr (ClrPolicy) four = make_policy ("[server]\nhostname = relay.example.com\npostmaster = "
                                            "p@example.com\n[device v4]\nnetworks = 0.0.0.0/0\n");
  g_autoptr (ClrPolicy) six = make_policy ("[server]\nhostname = relay.example.com\npostmaster = "
                                           "p@example.com\n[device v6]\nnetworks = 2000::/3\n");

  g_assert_cmpstr (device_of (four, "203.0.113.1"), ==, "v4");
  g_assert_cmpstr (device_of (four, "2001:db8::1"), ==, "none");
  g_assert_cmpstr (device_of (six, "203.0.113.1"), ==, "none");
  g_assert_cmpstr (device_of (six, "2001:db8::1"), ==, "v6");
  g_assert_cmpstr (device_of (six, "fe80::1"), ==, "none");
}

static void
test_routes (void)
{
  g_autoptr (ClrPolicy) policy = make_policy (settings_text);
  static const char *const cases[][2] = {
    { "x@trash.example", "discard:" },         { "x@TRASH.Example", "discard:" },
    { "x@sub.trash.example", "smarthost:b" }, /* itself only */
    { "x@a.sub.example", "discard:" },         { "x@b.a.sub.example", "discard:" },
    { "x@sub.example", "smarthost:b" },    /* below it only */
    { "x@notsub.example", "smarthost:b" }, /* no label boundary */
    { "x@other.example", "smarthost:a" },      { "x@no.example", "reject:no" },
    { "x@files.example", "capture:/nowhere" }, { "\"a@trash.example\"@elsewhere.example", "smarthost:b" },
    { "postmaster", "smarthost:b" },           { "x@[192.0.2.1]", "smarthost:b" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *lane = clr_policy_find_lane (policy, &(ClrRouteCase){ "", NULL, cases[i][0] });
      g_assert_cmpstr (lane, ==, cases[i][1]);
    }
}

static void
test_routes_by_sender_and_device (void)
{
  g_autoptr (ClrPolicy) policy = make_policy (
      "[server]\nhostname = relay.example.com\npostmaster = p@example.com\n"
      "[device printer]\nnetworks = 192.0.2.1\n[device crm]\nnetworks = 192.0.2.2\n"
      "[route reports]\nsenders = <>\nvia = capture\ndirectory = /reports\n"
      "[route both]\nsenders = boss@example.com\ndevices = printer\nvia = capture\ndirectory = /both\n"
      "[route people]\nsenders = Boss@example.com, example.net, .example.net\nvia = "
      "capture\ndirectory = /people\n"
      "[route devices]\nrecipients = example.org\ndevices = crm, printer\nvia = capture\ndirectory = "
      "/devices\n"
      "[route default]\nvia = discard\n");
  static const struct
  {
    const char *sender, *device, *recipient, *lane;
  } cases[] = {
    { "", "printer", "x@example.org", "capture:/reports" },
    { "boss@example.com", "printer", "x@example.org", "capture:/both" },
    { "BOSS@EXAMPLE.com", "crm", "x@example.org", "capture:/people" },
    { "boss@example.com", NULL, "x@example.com", "capture:/people" },
    { "other@example.com", NULL, "x@example.com", "discard:" },
    { "a@example.net", NULL, "x@example.com", "capture:/people" },
    { "a@b.EXAMPLE.net", NULL, "x@example.com", "capture:/people" },
    { "a@notexample.net", NULL, "x@example.com", "discard:" },
    { "a@example.com", "crm", "x@example.org", "capture:/devices" },
    { "a@example.com", "Crm", "x@example.org", "discard:" },
    { "a@example.com", "crm", "x@example.com", "discard:" },
    { "a@example.com", NULL, "x@example.org", "discard:" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ClrRouteCase what = { cases[i].sender, cases[i].device, cases[i].recipient };
      g_autofree char *lane = clr_policy_find_lane (policy, &what);
      g_assert_cmpstr (lane, ==, cases[i].lane);
    }
}

static void
test_lanes_by_domain (void)
{
  g_autoptr (ClrPolicy) policy
      = make_policy ("[server]\nhostname = relay.example.com\npostmaster = p@example.com\n"
                     "[route b]\nrecipients = xn--bcher-kva.example\nvia = discard\n"
                     "[route world]\nvia = mx\n");
  static const char *const cases[][2] = {
    { "x@example.com", "mx:world/example.com" },
    { "x@EXAMPLE.Com", "mx:world/example.com" },
    { "x@stra\xc3\x9f"
      "e.example",
      "mx:world/xn--strae-oqa.example" },
    { "x@XN--STRAE-OQA.example", "mx:world/xn--strae-oqa.example" },
    { "x@b\xc3\xbc"
      "cher.example",
      "discard:" },
    { "x@[192.0.2.1]", "mx:world/[192.0.2.1]" },
    { "x@[IPv6:2001:DB8::1]", "mx:world/[ipv6:2001:db8::1]" },
    { "\"a/b@c\"@example.com", "mx:world/example.com" },
    { "x@no\xff", "mx:world/no\xff" },
    { "postmaster", "mx:world/" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *lane = clr_policy_find_lane (policy, &(ClrRouteCase){ "", NULL, cases[i][0] });
      g_assert_cmpstr (lane, ==, cases[i][1]);
    }
}

static void
test_identities (void)
{
  char *folder = clr_test_make_folder ();
  g_autofree char *file = g_build_filename (folder, "key.pem", NULL);
  g_autoptr (GError) error = NULL;
  ClrDkimKey *key = clr_dkim_key_generate (CLR_DKIM_ED25519_SHA256, 0, file, &error);
  g_assert_no_error (error);
  clr_dkim_key_free (key);
  g_autofree char *text
      = g_strdup_printf ("[server]\nhostname = relay.example.com\npostmaster = p@example.com\n"
                         "[key a]\ndomain = Example.com\nselector = a\nfile = %s\n[key b]\ndomain = "
                         "news.example.com\nselector = b\nfile = %s\n"
                         "[key c]\ndomain = example.com\nselector = c\nfile = %s\n",
                         file, file, file);
  static const char *const cases[][2] = {
    { "example.com", "ac" },
    { "x.example.com", "ac" },
    { "news.example.com", "b" },
    { "a.news.example.com", "b" },
    { "badexample.com", "" },
    { "com", "" },
    { "example.com.evil.example", "" },
    { "badnews.example.com", "ac" },
  };
  g_autoptr (ClrPolicy) policy = make_policy (text);

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) found = clr_policy_find_identities (policy, cases[i][0]);
      g_autoptr (GString) selectors = g_string_new (NULL);

      for (unsigned k = 0; found && k < found->len; k++)
        g_string_append (selectors, ((const ClrDkimIdentity *)found->pdata[k])->selector);
      g_assert_cmpstr (selectors->str, ==, cases[i][1]);
    }
  clr_test_remove_folder (folder);
}

/* A key that cannot sign refuses the settings and says which. */
static void
test_bad_key (void)
{
  static const char text[] = "[server]\nhostname = relay.example.com\npostmaster = p@example.com\n"
                             "[key a]\ndomain = example.com\nselector = a\nfile = /nonexistent/key\n";
  g_autoptr (ClrSettings) settings = clr_settings_new_from_text (text, strlen (text), "test.conf", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (settings);
  g_assert_null (clr_policy_new (settings, &error));
  g_assert_nonnull (strstr (error->message, "[key a]"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/policy/devices", test_devices);
  g_test_add_func ("/policy/no-devices", test_no_devices);
  g_test_add_func ("/policy/whole-networks", test_whole_networks);
  g_test_add_func ("/policy/routes", test_routes);
  g_test_add_func ("/policy/lanes-by-domain", test_lanes_by_domain);
  g_test_add_func ("/policy/routes-by-sender-and-device", test_routes_by_sender_and_device);
  g_test_add_func ("/policy/identities", test_identities);
  g_test_add_func ("/policy/bad-key", test_bad_key);
  return g_test_run ();
}

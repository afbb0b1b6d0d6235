/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The stranger who tries every listener: what opens a relay is found and named, what only looks like it is
 * not.
 */
#include "reception/clr-stranger-addresses.h"
#include "reception/clr-stranger.h"

#include <string.h>

#define HEAD                                                                                                 \
  "[server]\nhostname = relay.internal.test\npostmaster = postmaster@internal.test\nstate-directory = "      \
  "/tmp\n"
#define ROUTE    "[route default]\nvia = mx\n"
#define LISTENER "[listener in]\naddress = 192.0.2.1:25\n"

static ClrSettings *
read_settings (const char *text)
{
  g_auto (GStrv) problems = NULL;
  ClrSettings *settings = clr_settings_new_from_text (text, strlen (text), "test", &problems);

  if (settings == NULL)
    g_test_message ("%s: %s", text, problems[0]);
  g_assert_nonnull (settings);
  return settings;
}

static void
check (const char *text, const char *rule)
{
  g_autoptr (ClrSettings) settings = read_settings (text);
  g_autoptr (ClrPolicy) policy = clr_policy_new (settings, NULL);
  g_autofree char *found = clr_stranger_find_opening (policy, settings);

  if (rule == NULL ? found != NULL : found == NULL || !strstr (found, rule))
    {
      g_test_message ("%s gave %s instead of %s", text, found ? found : "nothing", rule ? rule : "nothing");
      g_test_fail ();
    }
}

static void
test_devices (void)
{
  static const struct
  {
    const char *device, *rule;
  } cases[] = {
    { "networks = 0.0.0.0/0\n", "networks = 0.0.0.0/0" },
    { "networks = ::/0\n", "networks = ::/0" },
    { "networks = 10.0.0.0/8, 0.0.0.0/1, 128.0.0.0/1\n", "networks = 128.0.0.0/1" },
    { "networks = 128.0.0.0/1\n", "networks = 128.0.0.0/1" },
    { "networks = ::/1\n", "networks = ::/1" },
    { "networks = 8000::/1\n", "networks = 8000::/1" },
    /* IPv4 lies in there, mapped. */
    { "networks = ::ffff:0:0/96\n", "networks = ::ffff:0:0/96" },
    { "networks = ::/64\n", "networks = ::/64" },
    { "networks = ::ffff:128.0.0.0/97\n", "networks = ::ffff:128.0.0.0/97" },
    /* Many networks are as good as one. */
    { "networks = 20.0.0.0/16, 20.1.0.0/16, 20.2.0.0/16, 20.3.0.0/16, 20.4.0.0/16\n", "networks = 20." },
    /* A network of an office, private or public, is none of strangers. */
    { "networks = 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fd00::/8, fe80::/10, 100.64.0.0/10\n", NULL },
    { "networks = 203.0.113.0/24, 198.51.100.0/24, 2001:db8::/32\n", NULL },
    { "networks = 192.0.0.0/16\n", NULL },
    { "networks = ::ffff:192.0.2.0/120\n", NULL },
    { "networks = ::1, 127.0.0.0/8\n", NULL },
    /* Strangers have no login. */
    { "networks = 0.0.0.0/0\nlogins = staff\n", NULL },
    { "networks = ::/0\nlogins = *\n", NULL },
    { "logins = *\n", NULL },
    { "logins = anna\n", NULL },
    /* Whom they may write to, and in whose name. */
    { "networks = 0.0.0.0/0\nrecipients = internal.test\n", NULL },
    { "networks = 0.0.0.0/0\nrecipients = .internal.test\n", NULL },
    { "networks = 0.0.0.0/0\nrecipients = *\n", "networks = 0.0.0.0/0" },
    { "networks = 0.0.0.0/0\nrecipients = .com\n", "networks = 0.0.0.0/0" },
    { "networks = 0.0.0.0/0\ndenied-recipients = stranger.invalid\n", NULL },
    /* Any sender can be named by whoever wants to. */
    { "networks = 0.0.0.0/0\nsenders = internal.test\n", "networks = 0.0.0.0/0" },
    { "networks = 0.0.0.0/0\nsenders = scanner@internal.test\n", "networks = 0.0.0.0/0" },
    { "networks = 0.0.0.0/0\nsenders = .internal.test\n", "networks = 0.0.0.0/0" },
    { "networks = 0.0.0.0/0\nrewrite-sender = scanner@internal.test\n", "networks = 0.0.0.0/0" },
    { "networks = 0.0.0.0/0\npreset = old-printer\n", "networks = 0.0.0.0/0" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strconcat (HEAD LISTENER ROUTE "[device world]\n", cases[i].device, NULL);
      g_autofree char *rule
          = cases[i].rule
                ? g_strconcat ("open relay through [listener in]: [device world] ", cases[i].rule, NULL)
                : NULL;

      check (text, rule);
    }
}

/* The most specific device counts, for strangers too. */
static void
test_inside (void)
{
  check (HEAD LISTENER ROUTE "[device world]\nnetworks = 20.0.0.0/8\nlogins = x\n"
                             "[device office]\nnetworks = 20.1.2.0/24\n",
         NULL);
  check (HEAD LISTENER ROUTE
         "[device world]\nnetworks = 20.0.0.0/8\n[device office]\nnetworks = 20.1.2.0/24\n",
         "[device world] networks = 20.0.0.0/8");
  /* A wide one inside another that may nothing. */
  check (HEAD LISTENER ROUTE "[device world]\nnetworks = 0.0.0.0/0\nrecipients = internal.test\n"
                             "[device hole]\nnetworks = 60.0.0.0/7\n",
         "[device hole] networks = 60.0.0.0/7");
}

static void
test_listeners (void)
{
  static const char wide[] = HEAD ROUTE "[device world]\nnetworks = 0.0.0.0/0\n";
  static const struct
  {
    const char *listener;
    gboolean is_open;
  } cases[] = {
    { "address = 127.0.0.1:25, [::1]:25\n", FALSE }, /* nobody else reaches it */
    { "address = 127.0.0.1:25, 198.51.100.1:25\n", TRUE },
    { "address = 0.0.0.0:25\n", TRUE },
    { "address = [::]:25\n", TRUE },
    { "address = 198.51.100.1:25\ntls = none\n", TRUE },
    { "address = 198.51.100.1:25\ntls = require\n", TRUE },
    { "address = 198.51.100.1:465\ntls = implicit\n", TRUE },
    { "address = 198.51.100.1:587\nauth = require\n", FALSE },
    { "address = 198.51.100.1:25\nauth = none\n", TRUE },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strconcat (wide, "[listener in]\n", cases[i].listener, NULL);
      check (text, cases[i].is_open ? "[listener in]" : NULL);
    }
  check (HEAD LISTENER ROUTE, NULL);
}

static void
test_inbound (void)
{
#define INBOUND HEAD ROUTE "[listener mx]\naddress = 0.0.0.0:25\nrole = inbound\n[inbound]\ndomains = "
  check (INBOUND "internal.test\n", NULL);
  check (INBOUND "internal.test, .internal.test, stranger.test\n", NULL);
  check (INBOUND ".com, internal.test\n", "[listener mx]: [inbound] domains = .com");
  check (INBOUND "invalid, stranger.invalid\n", "[inbound] domains = stranger.invalid");
#ifdef HAVE_PSL
  check (INBOUND ".co.uk\n", "[inbound] domains = .co.uk");
#endif
  check (INBOUND ".example.co.uk\n", NULL);
}

static void
test_routes (void)
{
#define WIDE HEAD LISTENER "[device world]\nnetworks = 0.0.0.0/0\n"
  check (WIDE "[route default]\nvia = reject\n", NULL);
  check (WIDE "[route default]\nvia = discard\n", NULL);
  check (WIDE, NULL); /* there is no way out */
  check (WIDE "[route ours]\nvia = mx\nsenders = boss@internal.test\n", "[device world]");
  check (WIDE "[route ours]\nvia = mx\ndevices = other\n[device other]\nnetworks = 10.0.0.1\n", NULL);
}

/* Every line of every dialogue is shown, and nobody ever says more than a stranger can. */
static void
test_describe (void)
{
  g_autoptr (ClrSettings) settings
      = read_settings (HEAD ROUTE "[device office]\nnetworks = 10.0.0.0/8\n"
                                  "[listener in]\naddress = 0.0.0.0:25\ntls = may\n"
                                  "[listener secure]\naddress = 0.0.0.0:465\ntls = implicit\n"
                                  "[listener strict]\naddress = 0.0.0.0:587\ntls = require\nauth = require\n"
                                  "[listener here]\naddress = 127.0.0.1:2525\ntls = none\n");
  g_autoptr (ClrPolicy) policy = clr_policy_new (settings, NULL);
  g_autoptr (JsonObject) all = clr_stranger_describe (policy, settings);
  JsonArray *listeners = json_object_get_array_member (all, "listeners");
  static const unsigned visits[] = { 4, 2, 4, 2 }; /* two families, each state of TLS */

  g_assert_cmpuint (json_array_get_length (listeners), ==, G_N_ELEMENTS (visits));
  for (unsigned i = 0; i < G_N_ELEMENTS (visits); i++)
    {
      JsonObject *listener = json_array_get_object_element (listeners, i);
      JsonArray *array = json_object_get_array_member (listener, "visits");

      g_assert_cmpuint (json_array_get_length (array), ==, visits[i]);
      g_assert_cmpstr (json_object_get_string_member (listener, "verdict"), ==, "closed");
      for (unsigned k = 0; k < visits[i]; k++)
        {
          JsonObject *visit = json_array_get_object_element (array, k);
          JsonArray *lines = json_object_get_array_member (visit, "dialogue");
          gboolean tls = FALSE, refused = FALSE;

          for (unsigned n = 0; n < json_array_get_length (lines); n++)
            {
              const char *line = json_array_get_string_element (lines, n);

              tls = tls || g_str_equal (line, "(TLS)");
              refused
                  = refused || g_str_has_prefix (line, "S: 550 5.7.1 ") || g_str_has_prefix (line, "S: 530 ");
              g_assert_false (g_str_has_prefix (line, "C: DATA") || g_str_has_prefix (line, "C: AUTH"));
            }
          g_assert_true (refused);
          g_assert_cmpint (tls, ==, json_object_get_boolean_member (visit, "tls"));
        }
    }
}

static void
test_addresses (void)
{
  g_autoptr (ClrSettings) settings
      = read_settings (HEAD LISTENER "[device a]\nnetworks = 203.0.113.0/24, 2001:db8::/32\n"
                                     "[device b]\nnetworks = 198.51.100.0/24\n[device c]\nnetworks = ::/0\n");
  g_autoptr (ClrPolicy) policy = clr_policy_new (settings, NULL);
  g_autoptr (GArray) addresses = clr_stranger_find_addresses (policy);
  unsigned families[2] = { 0 };

  for (unsigned i = 0; i < addresses->len; i++)
    {
      const ClrStrangerAddress *address = &g_array_index (addresses, ClrStrangerAddress, i);

      families[strchr (address->text, ':') != NULL]++;
      g_assert_nonnull (address->device);
      g_assert_cmpstr (address->device->name, ==, "c");
    }
  g_assert_cmpuint (families[0], ==, 1);
  g_assert_cmpuint (families[1], ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stranger/devices", test_devices);
  g_test_add_func ("/stranger/inside", test_inside);
  g_test_add_func ("/stranger/listeners", test_listeners);
  g_test_add_func ("/stranger/inbound", test_inbound);
  g_test_add_func ("/stranger/routes", test_routes);
  g_test_add_func ("/stranger/describe", test_describe);
  g_test_add_func ("/stranger/addresses", test_addresses);
  return g_test_run ();
}

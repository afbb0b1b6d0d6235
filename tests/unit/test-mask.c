/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is masked before it is given to somebody who helps, and what stays.
 */
#include "client/clr-mask.h"

#include <glib.h>
#include <string.h>

#define BOTH (CLR_MASK_ADDRESSES | CLR_MASK_HOSTS)

static const struct
{
  unsigned flags;
  const char *text, *masked;
} cases[] = {
  { BOTH, "", "" },
  { BOTH, "ready: version 0.1.0, listening on 0.0.0.0:25, [::]:25",
    "ready: version 0.1.0, listening on 0.0.0.0:25, [::]:25" },
  { BOTH, "<anna@example.org> to <\"b c\"@Example.net>", "<ADDRESS> to <ADDRESS>" },
  { CLR_MASK_HOSTS, "mx.example.org [192.0.2.7]:25 and MX.example.org", "HOST1 [IP1]:25 and HOST1" },
  { CLR_MASK_ADDRESSES, "mx.example.org [192.0.2.7]", "mx.example.org [192.0.2.7]" },
  { CLR_MASK_ADDRESSES, "user = me@example.org\nhosts = a.example.org\n",
    "user = MASKED\nhosts = a.example.org\n" },
  { CLR_MASK_ADDRESSES, "logins = printer, \"x\"\r\nauth = offer", "logins = MASKED\r\nauth = offer" },
  { BOTH, "[2001:db8::1]:587, 2001:db8::1 and ::1", "[IP1]:587, IP1 and ::1" },
  { BOTH, "networks = 192.0.2.0/24, 127.0.0.0/8", "networks = IP1/24, 127.0.0.0/8" },
  { BOTH, "file = /etc/clrelay/keys/example.org.pem", "file = /etc/clrelay/keys/example.org.pem" },
  { BOTH, "C:\\ProgramData\\relay.conf, queue.db", "C:\\ProgramData\\relay.conf, queue.db" },
  { BOTH, "at 12:34:56 on 2026-11-24T12:34:56.789Z", "at 12:34:56 on 2026-11-24T12:34:56.789Z" },
  { BOTH, "[route default]\nrecipients = example.com, .example.net\n",
    "[route default]\nrecipients = HOST1, .HOST2\n" },
  { BOTH, "550 5.1.1 unknown; 421 4.7.0 [TS01]", "550 5.1.1 unknown; 421 4.7.0 [TS01]" },
};

static void
test_table (void)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_VALUE);

      json_node_set_string (node, cases[i].text);
      g_assert_true (clr_mask_json (node, cases[i].flags));
      g_assert_cmpstr (json_node_get_string (node), ==, cases[i].masked);
    }
}

static void
test_object (void)
{
  g_autoptr (JsonNode) node = json_from_string (
      "{\"event\": \"service.ready\", \"n\": 3, \"list\": [\"a.example.org\", {\"x\": \"a.example.org\"}]}",
      NULL);

  g_assert_true (clr_mask_json (node, BOTH));
  g_autofree char *text = json_to_string (node, FALSE);
  g_assert_cmpstr (text, ==, "{\"event\":\"service.ready\",\"n\":3,\"list\":[\"HOST1\",{\"x\":\"HOST1\"}]}");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mask/table", test_table);
  g_test_add_func ("/mask/object", test_object);
  return g_test_run ();
}

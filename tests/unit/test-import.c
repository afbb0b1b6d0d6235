/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Configurations of other relays, and the settings that are expected of them.
 */
#include "import/clr-import-network.h"
#include "import/clr-import.h"

#include <gio/gio.h>
#include <string.h>

/* RelayIpList: "only the list below", one mask, @n addresses. */
#define LIST_HEAD                                                                                            \
  "18000080200000803c0000804400008001000000"                                                                 \
  "4c0000000000000000000000"                                                                                 \
  "01000000"
#define LIST_TAIL                                                                                            \
  "02000000"                                                                                                 \
  "03000000"                                                                                                 \
  "04000000"                                                                                                 \
  "00000000"                                                                                                 \
  "4c000080"                                                                                                 \
  "00000000000000000000000000000000"
#define LIST(n, addresses) LIST_HEAD n "000000" LIST_TAIL addresses

#define IIS(attributes, more)                                                                                \
  "<?xml version=\"1.0\"?><configuration xmlns=\"urn:microsoft-catalog:XML_Metabase_V64_0\"><MBProperty>"    \
  "<IIsSmtpServer Location=\"/LM/SmtpSvc/1\" " attributes "/>" more "</MBProperty></configuration>"
#define HMAIL(more)                                                                                          \
  "<Backup><BackupInformation Mode=\"7\" Version=\"5.6\"/><Configuration>" more "</Configuration></Backup>"
#define PROPERTY(name, text, number)                                                                         \
  "<Property Name=\"" name "\" StringValue=\"" text "\" LongValue=\"" number "\"/>"

static const struct
{
  const char *product, *text;
  const char *settings; /* one a line, in order; NULL: refused */
} cases[] = {
  { "iis", "", NULL },
  { "iis", "no xml", NULL },
  { "iis", "<a/>", NULL },
  { "iis", "<!DOCTYPE a [<!ENTITY b \"b\">]><a>&b;</a>", NULL },
  { "iis",
    IIS ("ServerBindings=\":25:&#xD;&#xA;192.0.2.5:2525:\" SmartHost=\"[203.0.113.9]\" SmartHostType=\"2\""
         " MaxMessageSize=\"2097152\" MaxRecipients=\"10\" PickupDirectory=\"C:\\inetpub\\mailroot\\Pickup\""
         " FullyQualifiedDomainName=\"mail.example.com\" RouteUserName=\"me\" RelayIpList=\"" LIST (
             "02", "ffffffff7f000001c0000207") "\"",
         "<IIsSmtpDomain Location=\"/LM/SmtpSvc/1/Domain/Example.net\" RouteAction=\"2\" "
         "RouteActionString=\"mx.example.net\"/>"
         "<IIsSmtpDomain Location=\"/LM/SmtpSvc/1/Domain/local.example\" RouteAction=\"16\"/>"),
    "listener:iis.address=0.0.0.0:25, 192.0.2.5:2525\ndevice:iis.networks=127.0.0.1, 192.0.2.7\n"
    "smarthost:iis.hosts=203.0.113.9:25\nsmarthost:iis.tls=may\nroute:default.via=smarthost:iis\n"
    "smarthost:iis.user=me\nsmarthost:iis.password=iis\nlimits.max-message-size=2097152\n"
    "limits.max-recipients=100\npickup:iis.directory=C:\\inetpub\\mailroot\\Pickup\n"
    "server.hostname=mail.example.com\nsmarthost:mx.example.net-25.hosts=mx.example.net:25\n"
    "route:mx.example.net-25.recipients=example.net\nroute:mx.example.net-25.via=smarthost:mx.example.net-"
    "25\n" },
  /* A list that says everybody, one that is cut, one of another form. */
  { "iis", IIS ("RelayIpList=\"" LIST ("01", "0000000000000000") "\"", ""), "route:default.via=mx\n" },
  { "iis", IIS ("RelayIpList=\"" LIST ("02", "ffffffff7f000001") "\"", ""), "route:default.via=mx\n" },
  { "iis", IIS ("RelayIpList=\"zz\" SmartHost=\"bad host\" SmartHostType=\"2\"", ""), "" },
  { "postfix", "", NULL },
  { "postfix", "# nothing\n", NULL },
  { "postfix",
    "# main.cf\nmyhostname = relay.example.com\ninet_interfaces = loopback-only\nnet = 192.0.2.0/24\n"
    "mynetworks = 127.0.0.0/8\n# in between\n  [::1]/128, $net ${net} !192.0.2.9\nrelayhost = "
    "[smtp.example.net]:587\n"
    "smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd\n"
    "smtp_tls_security_level = encrypt\nmessage_size_limit = 26214400\nmaximal_queue_lifetime = 3\n"
    "delay_warning_time = 4h\ntransport_maps = hash:/etc/postfix/transport\nheader_checks = regexp:/x\n",
    "server.hostname=relay.example.com\nlistener:postfix.address=127.0.0.1:25\n"
    "device:postfix.networks=127.0.0.0/8, ::1, 192.0.2.0/24\nsmarthost:postfix.hosts=smtp.example.net:587\n"
    "smarthost:postfix.tls=encrypt\nroute:default.via=smarthost:postfix\nsmarthost:postfix.user=me\n"
    "smarthost:postfix.password=postfix\nsmarthost:192.0.2.80-25.hosts=192.0.2.80:25\n"
    "route:192.0.2.80-25.recipients=example.org, "
    ".example.org\nroute:192.0.2.80-25.via=smarthost:192.0.2.80-25\n"
    "limits.max-message-size=26214400\nqueue.lifetime=259200s\nqueue.delay-notice=14400s\n" },
  { "postfix", "mynetworks = 0.0.0.0/0 ::/0\ninet_interfaces = x\n", "route:default.via=mx\n" },
  { "postfix", "mynetworks = $a\r\na = $b\r\nb = $a\r\n",
    "listener:postfix.address=0.0.0.0:25\nroute:default.via=mx\n" },
  /* What depends on another setting (postconf(5)), brackets in brackets, one that never ends. */
  { "postfix",
    "myhostname = ${mail_host?{$mail_host}:{${x:relay}.example.com}}\ny = set\n"
    "mynetworks = ${y?192.0.2.1} ${x?192.0.2.2} ${y:192.0.2.3} $(x:192.0.2.4) ${y?{192.0.2.5}:{192.0.2.6}} "
    "${x?{${y\n"
    "inet_interfaces = localhost, $myhostname\n",
    "server.hostname=relay.example.com\nlistener:postfix.address=127.0.0.1:25\n"
    "device:postfix.networks=192.0.2.1, 192.0.2.4, 192.0.2.5\nroute:default.via=mx\n" },
  { "postfix",
    "relayhost = [192.0.2.9]\nsmtp_helo_name = ${a == b ? {x.example.com} : {y}}\ninet_interfaces = x\n",
    "smarthost:postfix.hosts=192.0.2.9:25\nsmarthost:postfix.tls=may\nroute:default.via=smarthost:"
    "postfix\n" },
  { "emailrelay", "", NULL },
  { "emailrelay",
    "# conf\nport 587\n--interface=192.0.2.5\nforward-to "
    "smtp.example.net:25\nclient-tls\nclient-tls-required\n"
    "client-auth plain:bWU=:cHc=\nsize 100\nfilter /x\nremote-clients\n",
    "listener:emailrelay.address=192.0.2.5:587\nlistener:emailrelay.tls=may\n"
    "smarthost:emailrelay.hosts=smtp.example.net:25\nsmarthost:emailrelay.tls=encrypt\n"
    "route:default.via=smarthost:emailrelay\nsmarthost:emailrelay.user=me\n"
    "smarthost:emailrelay.password=emailrelay\nlimits.max-message-size=65536\n" },
  { "hmailserver", "<a/>", NULL },
  { "hmailserver",
    HMAIL (PROPERTY ("SMTPRelayer", "smtp.example.net", "0") PROPERTY ("smtprelayerport", "", "587")
               PROPERTY ("smtprelayerconnectionsecurity", "", "3") PROPERTY ("maxmessagesize", "", "20480")
                   PROPERTY ("hostname", "mail.example.com",
                             "0") "<SecurityRange Name=\"LAN\" LowerIP=\"192.0.2.4\" UpperIP=\"192.0.2.9\" "
                                  "Options=\"641\"/>"
                                  "<SecurityRange Name=\"Internet\" LowerIP=\"0.0.0.0\" "
                                  "UpperIP=\"255.255.255.255\" Options=\"641\"/>"
                                  "<SecurityRange Name=\"Login\" LowerIP=\"198.51.100.0\" "
                                  "UpperIP=\"198.51.100.255\" Options=\"82561\"/>"
                                  "<TCPIPPort PortProtocol=\"1\" PortNumber=\"465\" ConnectionSecurity=\"1\" "
                                  "Address=\"0.0.0.0\"/>"
                                  "<TCPIPPort PortProtocol=\"5\" PortNumber=\"143\"/>"
                                  "<Route Name=\"example.org\" TargetHost=\"192.0.2.80\" "
                                  "TargetPort=\"26\"/><Domain Name=\"x\"/>"),
    "device:hmailserver.networks=192.0.2.4/30, 192.0.2.8/31\nlistener:hmailserver-465.address=0.0.0.0:465\n"
    "listener:hmailserver-465.tls=implicit\nsmarthost:192.0.2.80-26.hosts=192.0.2.80:26\n"
    "route:192.0.2.80-26.recipients=example.org\nroute:192.0.2.80-26.via=smarthost:192.0.2.80-26\n"
    "smarthost:hmailserver.hosts=smtp.example.net:587\nsmarthost:hmailserver.tls=encrypt\n"
    "route:default.via=smarthost:hmailserver\nserver.hostname=mail.example.com\nlimits.max-message-size="
    "20480K\n" },
  { "sendmail", "x", NULL },
};

static char *
load (const char *path, void *data)
{
  return g_strdup (strstr (path, "sasl")
                       ? "# x\n[other]:25 a:b\n[smtp.example.net]:587 me:p:w\n"
                       : "example.org smtp:[192.0.2.80]\n.example.org relay:[192.0.2.80]:25\n"
                         "user@x smtp:y\nz local:\n");
}

static void
test_cases (void)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (ClrImport) import = clr_import_new ();
      g_autoptr (GError) error = NULL;
      g_autoptr (GString) found = g_string_new (NULL);
      gboolean ok;

      import->load = load;
      ok = clr_import_read (import, cases[i].product, cases[i].text, strlen (cases[i].text), &error);
      g_test_message ("%u: %s %.60s", i, cases[i].product, cases[i].text);
      g_assert_true (ok == (cases[i].settings != NULL));
      g_assert_true (ok == (error == NULL));
      for (unsigned k = 0; k < import->changes->len; k++)
        {
          ClrSettingChange *change = g_ptr_array_index (import->changes, k);
          g_autofree char *place = clr_setting_change_to_place (change);

          g_string_append_printf (found, "%s=%s\n", place, change->value);
        }
      if (ok)
        {
          g_assert_cmpstr (found->str, ==, cases[i].settings);
          g_assert_cmpuint (import->notes->len, >, 0);
        }
      if (strstr (found->str, "smarthost:postfix.password"))
        g_assert_cmpstr (((ClrImportSecret *)import->secrets->pdata[0])->secret, ==, "p:w");
      if (strstr (found->str, "smarthost:emailrelay.password"))
        g_assert_cmpstr (((ClrImportSecret *)import->secrets->pdata[0])->secret, ==, "pw");
    }
}

static void
test_networks (void)
{
  static const struct
  {
    const char *first, *last, *networks;
  } ranges[] = {
    { "192.0.2.0", "192.0.2.255", "192.0.2.0/24" },
    { "192.0.2.1", "192.0.2.6", "192.0.2.1 192.0.2.2/31 192.0.2.4/31 192.0.2.6" },
    { "0.0.0.0", "255.255.255.255", "0.0.0.0/0" },
    { "255.255.255.254", "255.255.255.255", "255.255.255.254/31" },
    { "2001:db8::", "2001:db8::ffff", "2001:db8::/112" },
    { "192.0.2.2", "192.0.2.1", NULL },
    { "192.0.2.1", "2001:db8::", NULL },
    { "x", "y", NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (ranges); i++)
    {
      g_autoptr (GPtrArray) networks = g_ptr_array_new_with_free_func (g_free);
      gboolean ok = clr_import_network_add_range (networks, ranges[i].first, ranges[i].last);

      g_assert_true (ok == (ranges[i].networks != NULL));
      g_ptr_array_add (networks, NULL);
      g_autofree char *all = g_strjoinv (" ", (char **)networks->pdata);
      if (ok)
        g_assert_cmpstr (all, ==, ranges[i].networks);
    }
}

/* Names that lead to names that lead to nothing, each ten thousand times: it ends soon. */
static void
test_expansion (void)
{
  g_autoptr (GString) text = g_string_new ("mynetworks = $a\n");
  g_autoptr (ClrImport) import = clr_import_new ();
  gint64 begun = g_get_monotonic_time ();

  for (char name = 'a'; name < 'g'; name++)
    {
      g_string_append_printf (text, "%c = ", name);
      for (int i = 0; i < 10000; i++)
        g_string_append_printf (text, "$%c ", name + 1);
      g_string_append_c (text, '\n');
    }
  g_assert_true (clr_import_read (import, "postfix", text->str, text->len, NULL));
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 20 * G_USEC_PER_SEC);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/import/cases", test_cases);
  g_test_add_func ("/import/expansion", test_expansion);
  g_test_add_func ("/import/networks", test_networks);
  return g_test_run ();
}

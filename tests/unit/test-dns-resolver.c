/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The resolver itself, with name servers of ours, and its trust anchors.
 */
#include "clr-test.h"
#include "dns/clr-resolver.h"
#include "dns/clr-trust-anchor.h"
#include "system/clr-internet.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#ifdef _WIN32 /* the system's servers stand in no file */
#define test_servers_change clr_test_is_of_unix
#else

typedef struct
{
  int fd;
  char *address;
  char word; /* what its TXT records say */
  GThread *thread;
} Server;

static void *
serve (void *data)
{
  Server *server = data;
  uint8_t packet[512];
  struct sockaddr_storage from;
  socklen_t from_size = sizeof from;
  ssize_t n;

  while ((n = recvfrom (server->fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &from_size)) > 0)
    {
      size_t end = 12;

      while (end < (size_t)n && packet[end] != 0)
        end += packet[end] + 1;
      end += 5;
      uint8_t record[] = { 0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, 2, 1, server->word };
      packet[2] = 0x81;
      packet[3] = 0x80;
      packet[7] = packet[end - 3] == 16;
      packet[11] = 0;
      if (packet[7])
        memcpy (packet + end, record, sizeof record);
      sendto (server->fd, packet, end + (packet[7] ? sizeof record : 0), 0, (struct sockaddr *)&from,
              from_size);
      from_size = sizeof from;
    }
  return NULL;
}

/* A resolv.conf names no port: it has to be 53. Returns: FALSE when we may not have it. */
static gboolean
server_start (Server *server, char word)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (53) };

  server->word = word;
  server->address = g_strdup_printf ("127.0.53.%c", word);
  inet_pton (AF_INET, server->address, &address.sin_addr);
  server->fd = socket (AF_INET, SOCK_DGRAM, 0);
  if (bind (server->fd, (struct sockaddr *)&address, sizeof address) != 0)
    return FALSE;
  server->thread = g_thread_new ("server", serve, server);
  return TRUE;
}

static void
server_stop (Server *server)
{
  struct sockaddr_in address;
  socklen_t size = sizeof address;

  if (server->thread)
    {
      /* An empty datagram ends it. */
      getsockname (server->fd, (struct sockaddr *)&address, &size);
      sendto (server->fd, "", 0, 0, (struct sockaddr *)&address, size);
      g_thread_join (server->thread);
    }
  close (server->fd);
  g_free (server->address);
}

static void
write_resolv_conf (const char *path, const Server *server)
{
  g_autofree char *text = g_strdup_printf ("nameserver %s\n", server->address);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static char
ask_for_word (ClrResolver *resolver, const char *name)
{
  ClrDnsAnswer *answer = clr_resolver_ask_now (resolver, name, CLR_DNS_TXT);
  char word = answer->status == CLR_DNS_FOUND ? answer->records[0].bytes[0] : 0;

  clr_dns_answer_free (answer);
  return word;
}

static void
test_servers_change (void)
{
  static const char *const none[] = { NULL };
  g_autofree char *folder = g_dir_make_tmp ("clrelay-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "resolv.conf", NULL);
  ClrResolverOptions options = { .servers = none, .resolv_conf = path, .timeout_us = 10 * G_USEC_PER_SEC };
  ClrWorker *worker = clr_worker_new (0);
  ClrResolver *resolver;
  Server one = { 0 }, two = { 0 };
  gboolean started = server_start (&one, '1');

  if (!server_start (&two, '2') || !started)
    {
      g_test_skip ("port 53 of 127.0.53.1 and .2 is not for us");
      goto end;
    }
  write_resolv_conf (path, &one);
  resolver = clr_resolver_new (worker, &options, NULL);
  g_assert_nonnull (resolver);
  g_assert_cmpint (ask_for_word (resolver, "a.example.org"), ==, '1');
  write_resolv_conf (path, &two);
  g_usleep (1100 * 1000);
  g_assert_cmpint (ask_for_word (resolver, "b.example.org"), ==, '2');
  g_remove (path);
  g_usleep (1100 * 1000);
  g_assert_cmpint (ask_for_word (resolver, "c.example.org"), ==, '2');
  clr_resolver_free (resolver);
end:
  clr_worker_free (worker);
  server_stop (&one);
  server_stop (&two);
  g_rmdir (folder);
}
#endif

static void
test_no_trust_anchor (void)
{
  static const char *const none[] = { NULL };
  ClrResolverOptions options = { .servers = none, .trust_anchor = "/nowhere/root.key", .timeout_us = 1 };
  ClrWorker *worker = clr_worker_new (0);
  g_autoptr (GError) error = NULL;

  g_assert_null (clr_resolver_new (worker, &options, &error));
  g_assert_nonnull (strstr (error->message, "/nowhere/root.key"));
  clr_worker_free (worker);
}

static void
test_trust_anchors (void)
{
  static const struct
  {
    const char *text, *records; /* one a line; NULL: it is wrong */
  } table[] = {
    { "", "" },
    { ". IN DS 20326 8 2 E06D ; root\n", ". IN DS 20326 8 2 E06D " },
    { "; only a comment\n\n$TTL 3600\n", "" },
    { "a.test. 60 IN DNSKEY 257 3 13 (\r\n mdsswUyr ; a key (\r\n 3DPW )\r\n",
      "a.test. 60 IN DNSKEY 257 3 13   mdsswUyr   3DPW " },
    { "a.test. ds 1 13 2 aa\n  DS 2 13 2 bb\nb.test. SOA ns h 1 2 3 4 5\n",
      "a.test. ds 1 13 2 aa|a.test.  DS 2 13 2 bb" },
    { "a.test. DS 1 13 2 aa", "a.test. DS 1 13 2 aa" },
    { "a.test. DS ( 1 13 2 aa\n", NULL },
    { ") a.test. DS 1 13 2 aa\n", " a.test. DS 1 13 2 aa" },
  };
  char *folder = clr_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "root.key", NULL);

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_auto (GStrv) records = clr_trust_anchor_split (table[i].text);
      g_autofree char *all = records ? g_strjoinv ("|", records) : NULL;
      g_autoptr (GError) error = NULL;

      g_assert_cmpstr (all, ==, table[i].records);
      g_assert_true (g_file_set_contents (path, table[i].text, -1, NULL));
      g_auto (GStrv) read = clr_trust_anchor_read (path, &error);
      g_assert_true ((read != NULL) == (all && *all));
      if (read == NULL)
        g_assert_nonnull (strstr (error->message, "root.key"));
    }
  clr_test_remove_folder (folder);
}

/* What is read is what libunbound takes. */
static void
test_trust_anchor_is_taken (void)
{
  static const char *const servers[] = { "127.0.0.1", NULL };
  char *folder = clr_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "root.key", NULL);
  ClrResolverOptions options = { .servers = servers, .trust_anchor = path, .timeout_us = 1 };
  ClrWorker *worker = clr_worker_new (0);
  g_autoptr (GError) error = NULL;

  g_assert_true (
      g_file_set_contents (path,
                           ". IN DS 20326 8 2 (\n"
                           " E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D ) ; 2017\n",
                           -1, NULL));
  ClrResolver *resolver = clr_resolver_new (worker, &options, &error);
  g_assert_no_error (error);
  clr_resolver_free (resolver);
  clr_worker_free (worker);
  clr_test_remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dns/resolver/servers-change", test_servers_change);
  g_test_add_func ("/dns/resolver/no-trust-anchor", test_no_trust_anchor);
  g_test_add_func ("/dns/resolver/trust-anchors", test_trust_anchors);
  g_test_add_func ("/dns/resolver/trust-anchor-is-taken", test_trust_anchor_is_taken);
  return g_test_run ();
}

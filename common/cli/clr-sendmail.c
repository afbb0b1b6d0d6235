/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * clrelay-sendmail: what programs call as sendmail. A message is left in the relay's drop folder with its
 * envelope in front (X-Sender, X-Receiver), which the service takes out again; -bs speaks with a listener of
 * the relay. No privilege is needed or had.
 */
#include "clr-drop.h"
#include "clr-sendmail-options.h"
#include "clr-version.h"
#include "settings/clr-settings.h"
#include "system/clr-data.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define HEADER_MAX     (1024 * 1024) /* octets looked through for fields; the service has a limit of its own */
#define RECIPIENTS_MAX 100000
#define PIECE          65536
#define LAST_WORDS_MS  60000 /* -bs: how long the relay may be silent behind the end of input */

static int
fail (int code, const char *text)
{
  fprintf (stderr, "clrelay-sendmail: %s\n", text);
  return code;
}

/* The domain of addresses that name none: what the administrator says is this machine's name for mail. */
static const char *
get_domain (void)
{
  static char *domain;
  g_autofree char *text = NULL;

  if (domain)
    return domain;
  if (g_file_get_contents ("/etc/mailname", &text, NULL, NULL) && *g_strstrip (text))
    domain = g_strndup (text, strcspn (text, "\r\n"));
  else
    domain = g_strdup (g_get_host_name ());
  return domain;
}

/* An address of the command line, with or without brackets, for an envelope line. Returns: NULL when it is
 * none. */
static char *
make_path (const char *text)
{
  gsize size = strlen (text);

  if (size >= 2 && text[0] == '<' && text[size - 1] == '>')
    {
      text++;
      size -= 2;
    }
  for (gsize i = 0; i < size; i++)
    if ((guchar)text[i] <= ' ' || text[i] == '<' || text[i] == '>' || text[i] == 0x7f)
      return NULL;
  if (size == 0 || size > 1000)
    return size == 0 ? g_strdup ("<>") : NULL;
  if (memchr (text, '@', size))
    return g_strdup_printf ("<%.*s>", (int)size, text);
  return g_strdup_printf ("<%.*s@%s>", (int)size, text, get_domain ());
}

static gboolean
is_parameter (const char *text)
{
  for (; *text; text++)
    if ((guchar)*text <= ' ' || (guchar)*text >= 0x7f)
      return FALSE;
  return TRUE;
}

/* The lines in front of the message. Returns: NULL, and says why. */
static char *
make_envelope (const ClrSendmailOptions *options, const char *sender)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "X-Sender: %s", sender);
  if ((options->ret && !is_parameter (options->ret)) || (options->envid && !is_parameter (options->envid))
      || (options->notify && !is_parameter (options->notify)))
    return NULL;
  if (options->ret)
    g_string_append_printf (text, " RET=%s", options->ret);
  if (options->envid)
    g_string_append_printf (text, " ENVID=%s", options->envid);
  g_string_append_c (text, '\n');
  for (char **recipient = options->recipients; *recipient; recipient++)
    {
      g_autofree char *path = make_path (*recipient);

      if (path == NULL || g_str_equal (path, "<>"))
        {
          fprintf (stderr, _ ("clrelay-sendmail: %s is no address\n"), *recipient);
          return NULL;
        }
      g_string_append_printf (text, "X-Receiver: %s", path);
      if (options->notify)
        g_string_append_printf (text, " NOTIFY=%s", options->notify);
      g_string_append_c (text, '\n');
    }
  /* Always there, and last: fields of these names in the message itself are the message's. */
  g_string_append_printf (text, "X-Clrelay-Read-Recipients: %s%s%s\n",
                          options->read_recipients ? "yes" : "no", options->notify ? " NOTIFY=" : "",
                          options->notify ? options->notify : "");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

typedef struct
{
  gboolean has_from;
  gboolean has_recipient;
  gboolean begins_with_field;
} HeaderFacts;

static gboolean
is_field (const char *line, const char *name)
{
  gsize size = strlen (name);

  return g_ascii_strncasecmp (line, name, size) == 0 && line[size + strspn (line + size, " \t")] == ':';
}

/* @line: with its end. Returns: FALSE at the end of the header section. */
static gboolean
look_at_line (HeaderFacts *facts, const char *line, gboolean first)
{
  gsize name = strcspn (line, ": \t\r\n");
  gboolean field = name > 0 && line[name + strspn (line + name, " \t")] == ':';

  if (first)
    facts->begins_with_field = field;
  if (!field && (first || (*line != ' ' && *line != '\t')))
    return FALSE;
  facts->has_from = facts->has_from || is_field (line, "From");
  facts->has_recipient
      = facts->has_recipient || is_field (line, "To") || is_field (line, "Cc") || is_field (line, "Bcc");
  return TRUE;
}

/* A From of what the command line and the user database say; quoted or encoded, it cannot end its line. */
static void
append_from (GString *header, const char *name, const char *path)
{
  gboolean plain = g_str_is_ascii (name);

  g_string_append (header, "From: ");
  if (*name && plain)
    {
      g_string_append_c (header, '"');
      for (; *name; name++)
        {
          if (*name == '"' || *name == '\\')
            g_string_append_c (header, '\\');
          if ((guchar)*name >= ' ')
            g_string_append_c (header, *name);
        }
      g_string_append (header, "\" ");
    }
  else if (*name && g_utf8_validate (name, -1, NULL))
    {
      /* RFC 2047: an encoded word is 75 octets at most. */
      const char *end = name + MIN (strlen (name), 42);

      while (end > name && (*end & 0xc0) == 0x80)
        end--;
      g_autofree char *encoded = g_base64_encode ((const guchar *)name, end - name);
      g_string_append_printf (header, "=?UTF-8?B?%s?= ", encoded);
    }
  g_string_append_printf (header, "%s\n", path);
}

static char *
dup_full_name (void)
{
  struct passwd *entry = getpwuid (getuid ());
  char *name = g_strdup (entry && entry->pw_gecos ? entry->pw_gecos : "");

  name[strcspn (name, ",")] = 0;
  return name;
}

static char *
dup_user_path (void)
{
  struct passwd *entry = getpwuid (getuid ());
  g_autofree char *user = entry ? g_strdup (entry->pw_name) : g_strdup_printf ("uid-%u", (unsigned)getuid ());

  return make_path (user);
}

/* The message from standard input, line by line, into the drop. */
static int
copy (const ClrSendmailOptions *options, ClrDrop *drop, const char *sender)
{
  g_autoptr (GString) header = g_string_new (NULL);
  g_autofree char *line = NULL;
  HeaderFacts facts = { 0 };
  size_t capacity = 0;
  ssize_t size;
  gboolean in_header = TRUE, first = TRUE, line_start = TRUE;

  while ((size = getline (&line, &capacity, stdin)) >= 0)
    {
      if (line_start && !options->ignore_dots && (g_str_equal (line, ".\n") || g_str_equal (line, ".\r\n")))
        break;
      line_start = line[size - 1] == '\n';
      if (first && g_str_has_prefix (line, "From ")) /* the separator of a mailbox file */
        continue;
      if (in_header && (!look_at_line (&facts, line, first) || header->len + size > HEADER_MAX))
        {
          in_header = FALSE;
          clr_drop_write (drop, header->str, header->len);
          g_string_truncate (header, 0);
          if (!facts.has_from)
            {
              g_autofree char *name = options->full_name ? g_strdup (options->full_name) : dup_full_name ();
              g_autofree char *user = g_str_equal (sender, "<>") ? dup_user_path () : g_strdup (sender);

              append_from (header, name, user);
              clr_drop_write (drop, header->str, header->len);
            }
          if (!facts.begins_with_field || (*line != '\n' && *line != '\r'))
            clr_drop_write (drop, "\n", 1);
        }
      if (in_header)
        g_string_append_len (header, line, size);
      else
        clr_drop_write (drop, line, size);
      first = FALSE;
    }
  if (ferror (stdin))
    return fail (EX_IOERR, g_strerror (errno));
  if (in_header) /* the message has no body */
    {
      clr_drop_write (drop, header->str, header->len);
      if (!facts.has_from)
        {
          g_autofree char *user = g_str_equal (sender, "<>") ? dup_user_path () : g_strdup (sender);

          g_string_truncate (header, 0);
          append_from (header, options->full_name ? options->full_name : "", user);
          clr_drop_write (drop, header->str, header->len);
        }
      clr_drop_write (drop, "\n", 1);
    }
  if (options->read_recipients && *options->recipients == NULL && !facts.has_recipient)
    return fail (EX_USAGE, _ ("the message names no recipient in To, Cc or Bcc"));
  return EX_OK;
}

static int
deliver (const ClrSendmailOptions *options)
{
  const char *directory = g_getenv ("CLRELAY_DROP");
  g_autofree char *sender = options->sender ? make_path (options->sender) : dup_user_path ();
  g_autoptr (GError) error = NULL;

  if (sender == NULL)
    return fail (EX_USAGE, _ ("the sender is no address"));
  if (!options->read_recipients && *options->recipients == NULL)
    return fail (EX_USAGE, _ ("no recipient is given; -t takes them from the message"));
  if (g_strv_length (options->recipients) > RECIPIENTS_MAX)
    return fail (EX_USAGE, _ ("too many recipients"));
  g_autofree char *envelope = make_envelope (options, sender);
  if (envelope == NULL)
    return fail (EX_USAGE, _ ("the envelope is not valid; nothing was sent"));
  g_autoptr (ClrDrop) drop = clr_drop_new (directory ? directory : CLR_DROP_DIRECTORY, &error);
  if (drop == NULL)
    return fail (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE) ? EX_TEMPFAIL : EX_UNAVAILABLE,
                 error->message);
  clr_drop_write (drop, envelope, strlen (envelope));
  int code = copy (options, drop, sender);
  if (code != EX_OK)
    return code;
  return clr_drop_commit (drop, &error) ? EX_OK : fail (EX_TEMPFAIL, error->message);
}

/* Where the relay listens, seen from this machine. */
static char *
find_listener (const char *file)
{
  g_auto (GStrv) problems = NULL;
  g_autoptr (ClrSettings) settings
      = clr_settings_new_from_file (file ? file : clr_data_get_settings_file (), &problems);
  GPtrArray *listeners = settings ? clr_settings_get_sections (settings, "listener") : NULL;

  for (guint i = 0; listeners && i < listeners->len; i++)
    {
      ClrSection *section = g_ptr_array_index (listeners, i);
      const char *tls = clr_section_get_text (section, "tls");
      const char *const *addresses = clr_section_get_list (section, "address");

      if (g_str_equal (tls, "implicit") || *addresses == NULL)
        continue;
      if (g_str_has_prefix (*addresses, "0.0.0.0:"))
        return g_strconcat ("127.0.0.1:", *addresses + strlen ("0.0.0.0:"), NULL);
      if (g_str_has_prefix (*addresses, "[::]:"))
        return g_strconcat ("[::1]:", *addresses + strlen ("[::]:"), NULL);
      return g_strdup (*addresses);
    }
  return g_strdup ("127.0.0.1:25");
}

static gboolean
write_all (int fd, const char *bytes, gsize size)
{
  while (size > 0)
    {
      ssize_t n = write (fd, bytes, size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      bytes += n;
      size -= n;
    }
  return TRUE;
}

static int
speak_smtp (const ClrSendmailOptions *options)
{
  g_autofree char *address = find_listener (options->config);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection
      = g_socket_client_connect_to_host (client, address, 25, NULL, &error);
  char piece[PIECE];
  int n_ready;

  if (connection == NULL)
    {
      printf ("421 4.3.2 the relay cannot be reached at %s\r\n", address);
      return fail (EX_TEMPFAIL, error->message);
    }
  GSocket *socket = g_socket_connection_get_socket (connection);
  int fd = g_socket_get_fd (socket);
  struct pollfd polls[] = { { STDIN_FILENO, POLLIN, 0 }, { fd, POLLIN, 0 } };

  g_socket_set_blocking (socket, TRUE);
  /* Behind the end of input only the relay speaks; a half-closed connection would be closed by it at once. */
  while ((n_ready = poll (polls, G_N_ELEMENTS (polls), polls[0].fd < 0 ? LAST_WORDS_MS : -1)) > 0
         || (n_ready < 0 && errno == EINTR))
    {
      if (n_ready < 0)
        continue;
      if (polls[1].revents)
        {
          ssize_t n = read (fd, piece, sizeof piece);

          if (n == 0)
            return EX_OK; /* the relay said goodbye */
          if (n < 0 || !write_all (STDOUT_FILENO, piece, n))
            return fail (EX_IOERR, g_strerror (errno));
        }
      if (polls[0].revents)
        {
          ssize_t n = read (STDIN_FILENO, piece, sizeof piece);

          if (n <= 0)
            polls[0].fd = -1;
          else if (!write_all (fd, piece, n))
            return fail (EX_IOERR, g_strerror (errno));
        }
      polls[0].revents = polls[1].revents = 0;
    }
  return n_ready == 0 ? EX_OK : fail (EX_OSERR, g_strerror (errno));
}

int
main (int argc, char **argv)
{
  ClrSendmailOptions options = { 0 };
  g_autofree char *name = g_path_get_basename (argv[0]), *problem = NULL;

  setlocale (LC_ALL, "");
  signal (SIGPIPE, SIG_IGN);
  if (g_str_equal (name, "mailq"))
    options.mode = CLR_SENDMAIL_LIST;
  else if (g_str_equal (name, "newaliases"))
    options.mode = CLR_SENDMAIL_ALIASES;
  problem = clr_sendmail_options_parse (&options, argc, argv);
  if (problem)
    {
      fprintf (stderr, _ ("clrelay-sendmail: %s; see clrelay-sendmail --help\n"), problem);
      return EX_USAGE;
    }
  if (options.help)
    {
      clr_sendmail_options_print_help (stdout);
      return EX_OK;
    }
  if (options.version)
    {
      printf ("clrelay-sendmail %s\n", CLR_VERSION);
      return EX_OK;
    }
  switch (options.mode)
    {
    case CLR_SENDMAIL_DELIVER:
      return deliver (&options);
    case CLR_SENDMAIL_SMTP:
      return speak_smtp (&options);
    case CLR_SENDMAIL_LIST:
      execlp ("clrelay", "clrelay", "queue", "list", NULL);
      return fail (EX_OSERR, g_strerror (errno));
    case CLR_SENDMAIL_ALIASES:
      return EX_OK;
    }
  g_assert_not_reached ();
}

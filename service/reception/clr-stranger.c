/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reception/clr-stranger.h"

#include "reception/clr-stranger-addresses.h"
#include "reception/clr-visitor.h"

#include <gio/gio.h>
#include <string.h>

#ifdef HAVE_PSL
#include <libpsl.h>
#endif

#define ELSEWHERE    "stranger.invalid"
#define NAMES_MOST   8   /* senders and recipients that the settings suggest, of a kind */
#define NAME_LONGEST 200 /* octets */

/* One way in: an address at a listener, with TLS or without. */
typedef struct
{
  ClrVisitor visitor;
  ClrSmtpServer *server; /* NULL: no session stands */
  ClrBuffer output;
  GPtrArray *lines; /* of the dialogue */
  char *sender;     /* of this transaction, as it is used */
  char *lane;       /* of the recipient that was accepted last */
  char *recipient;  /* it */
  gboolean secure;
  gboolean starting_tls;
  gboolean over;
} Visit;

/* -- what the machine asks: as of a session */

static void
ask_mail (ClrSmtpServer *server, const ClrMailCommand *mail, void *data)
{
  Visit *visit = data;
  const char *sender = mail->address;
  const ClrObjection *why
      = visit->visitor.device ? clr_acceptance_judge_sender (visit->visitor.device, &sender, 0) : NULL;

  g_free (visit->sender);
  visit->sender = g_strdup (sender);
  if (why)
    clr_smtp_server_answer (server, why->code, why->enhanced, why->text);
  else
    clr_smtp_server_answer (server, 250, "2.1.0", "sender noted");
}

static void
ask_rcpt (ClrSmtpServer *server, const ClrRcptCommand *rcpt, void *data)
{
  Visit *visit = data;
  const char *recipient = rcpt->address;
  const ClrObjection *why = clr_visitor_judge_recipient (&visit->visitor, recipient, FALSE, visit->secure);

  g_clear_pointer (&visit->lane, g_free);
  if (why == NULL)
    why = clr_acceptance_judge_recipient (visit->visitor.policy, visit->visitor.device, visit->sender,
                                          &recipient, 0, &visit->lane);
  if (why)
    {
      clr_smtp_server_answer (server, why->code, why->enhanced, why->text);
      return;
    }
  g_free (visit->recipient);
  visit->recipient = g_strdup (rcpt->address);
  clr_smtp_server_answer (server, 250, "2.1.5", "recipient noted");
}

static void
ask_data (ClrSmtpServer *server, void *data)
{
  clr_smtp_server_answer (server, 354, NULL, "send the message, end with a line that is a single dot");
}

static void
content (ClrSmtpServer *server, const uint8_t *bytes, size_t size, void *data)
{
}

static void
ask_accept (ClrSmtpServer *server, void *data)
{
  g_assert_not_reached (); /* the stranger leaves before */
}

static void
abandon (ClrSmtpServer *server, void *data)
{
}

static void
start_tls (ClrSmtpServer *server, void *data)
{
  ((Visit *)data)->starting_tls = TRUE;
}

static void
finish (ClrSmtpServer *server, void *data)
{
  ((Visit *)data)->over = TRUE;
}

static void
ask_login (ClrSmtpServer *server, const ClrSaslClaim *claim, void *data)
{
  g_assert_not_reached ();
}

static const ClrSmtpServerHandler handler
    = { ask_mail, ask_rcpt, ask_data, content, ask_accept, abandon, start_tls, finish, ask_login, { NULL } };

/* -- the dialogue */

static void
note (Visit *visit, const char *who, const char *text, size_t size)
{
  g_autofree char *line = g_strndup (text, size);

  g_ptr_array_add (visit->lines, g_strdup_printf ("%s%s", who, g_strchomp (line)));
}

/* Takes what the machine has written down. Returns: the code of its last line. */
static unsigned
hear (Visit *visit)
{
  unsigned code = 0;
  size_t size = clr_buffer_size (&visit->output);
  const char *text = (const char *)clr_buffer_peek (&visit->output), *end = text + size;

  while (size > 0 && text < end)
    {
      const char *line_end = memchr (text, '\n', end - text);
      size_t n = line_end ? (size_t)(line_end - text) + 1 : (size_t)(end - text);

      note (visit, "S: ", text, n);
      code = (unsigned)g_ascii_strtoull (text, NULL, 10);
      text += n;
    }
  clr_buffer_clear (&visit->output);
  return code;
}

static unsigned
say (Visit *visit, const char *line)
{
  g_autofree char *sent = g_strconcat (line, "\r\n", NULL);

  note (visit, "C: ", line, strlen (line));
  clr_smtp_server_feed (visit->server, (const uint8_t *)sent, strlen (sent));
  return hear (visit);
}

static void
leave (Visit *visit)
{
  g_clear_pointer (&visit->server, clr_smtp_server_free);
  clr_buffer_clear (&visit->output);
}

/* A session up to MAIL, unless one stands. @secure: by TLS. */
static void
enter (Visit *visit, const ClrEntrance *entrance, const ClrPolicy *policy, const ClrStrangerAddress *address,
       gboolean has_users, gboolean secure)
{
  if (visit->server && !visit->over)
    return;
  leave (visit);
  visit->over = visit->secure = visit->starting_tls = FALSE;
  clr_visitor_init (&visit->visitor, entrance, policy, address->octets, address->text, has_users);
  visit->server = clr_smtp_server_new (&visit->visitor.config, &handler, &visit->output, visit);
  if (entrance->tls == CLR_LISTENER_TLS_IMPLICIT)
    {
      clr_visitor_set_secure (&visit->visitor);
      visit->secure = TRUE;
      note (visit, "", "(TLS)", 5);
    }
  clr_smtp_server_greet (visit->server);
  hear (visit);
  say (visit, "EHLO " ELSEWHERE);
  if (!secure || visit->secure)
    return;
  say (visit, "STARTTLS");
  if (!visit->starting_tls)
    return;
  note (visit, "", "(TLS)", 5);
  visit->secure = TRUE;
  clr_visitor_set_secure (&visit->visitor);
  clr_smtp_server_secured (visit->server);
  say (visit, "EHLO " ELSEWHERE);
}

static gboolean
is_accepted (unsigned code)
{
  return code >= 200 && code < 400;
}

/* Whether what was accepted leads mail of strangers to elsewhere. The odd forms are taken for mail to us,
 * which they are: our domain stands behind their last @, and what is before it is never read. */
static gboolean
is_opening (const Visit *visit)
{
  return visit->lane && !g_str_has_prefix (visit->lane, "reject:")
         && !g_str_has_prefix (visit->lane, "discard:")
         && g_str_has_prefix (visit->recipient, "victim@stranger.");
}

/* -- whom the stranger names */

/* All below it belongs to many: a top-level domain, or one like co.uk. */
static gboolean
is_shared (const char *domain)
{
#ifdef HAVE_PSL
  const psl_ctx_t *list = psl_builtin ();

  if (list)
    return psl_is_public_suffix2 (list, domain, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
#endif
  return strchr (domain, '.') == NULL && strlen (domain) <= 3;
}

static void
add_name (GPtrArray *names, char *name)
{
  if (names->len < NAMES_MOST && strlen (name) <= NAME_LONGEST)
    g_ptr_array_add (names, name);
  else
    g_free (name);
}

/* A sender that @pattern allows: whoever knows the settings, or guesses, can name it. */
static void
add_sender (GPtrArray *senders, const char *pattern)
{
  if (g_str_equal (pattern, "*") || g_str_equal (pattern, "<>"))
    return; /* tried in any case */
  add_name (senders, strchr (pattern, '@') ? g_strdup (pattern)
                     : *pattern == '.'     ? g_strdup_printf ("stranger@sub%s", pattern)
                                           : g_strdup_printf ("stranger@%s", pattern));
}

static void
add_senders (GPtrArray *senders, ClrSettings *settings, const ClrDevice *device)
{
  GPtrArray *routes = clr_settings_get_sections (settings, "route");

  for (char **pattern = device ? device->senders : NULL; pattern && *pattern; pattern++)
    add_sender (senders, *pattern);
  for (unsigned i = 0; i < routes->len; i++)
    for (const char *const *pattern = clr_section_get_list (g_ptr_array_index (routes, i), "senders");
         *pattern; pattern++)
      add_sender (senders, *pattern);
}

/* Where a pattern holds domains of many owners: one of them. */
static void
add_victims (GPtrArray *victims, const char *const *patterns)
{
  for (; patterns && *patterns; patterns++)
    if (**patterns == '.' && is_shared (*patterns + 1))
      add_name (victims, g_strdup_printf ("victim@stranger%s", *patterns));
}

/* Then the ways in which relays have been talked into mail to elsewhere: source routes, the percent hack,
 * quoted local parts, bang paths. @n_plain: (out): how many stand before these. */
static GPtrArray *
list_victims (const ClrEntrance *entrance, const ClrPolicy *policy, const ClrDevice *device,
              unsigned *n_plain)
{
  const ClrOutside *outside = clr_policy_get_outside (policy);
  const char *ours
      = outside->domains && *outside->domains ? *outside->domains : clr_policy_get_hostname (policy);
  GPtrArray *victims = g_ptr_array_new_with_free_func (g_free);

  ours += *ours == '.';
  g_ptr_array_add (victims, g_strdup ("victim@" ELSEWHERE));
  if (entrance->is_inbound)
    add_victims (victims, (const char *const *)outside->domains);
  else if (device)
    add_victims (victims, (const char *const *)device->recipients);
  *n_plain = victims->len;
  if (strlen (ours) <= NAME_LONGEST)
    {
      g_ptr_array_add (victims, g_strdup_printf ("@%s:victim@" ELSEWHERE, ours));
      g_ptr_array_add (victims, g_strdup_printf ("victim%%" ELSEWHERE "@%s", ours));
      g_ptr_array_add (victims, g_strdup_printf ("\"victim@" ELSEWHERE "\"@%s", ours));
      g_ptr_array_add (victims, g_strdup_printf (ELSEWHERE "!victim@%s", ours));
    }
  return victims;
}

/* -- the rule */

static char *
name_network (ClrSettings *settings, const ClrDevice *device, const uint8_t octets[16])
{
  ClrSection *section = clr_settings_find (settings, "device", device->name);
  const char *const *texts = clr_section_get_list (section, "networks");
  int best = -1;

  for (unsigned i = 0; i < device->n_networks; i++)
    if (clr_network_holds (&device->networks[i], octets)
        && (best < 0 || device->networks[i].bits > device->networks[best].bits))
      best = (int)i;
  return g_strdup (best < 0 ? "" : texts[best]);
}

static char *
name_rule (const Visit *visit, ClrSettings *settings, const char *listener)
{
  const ClrDevice *device = visit->visitor.device;
  g_autofree char *network = NULL;

  if (visit->visitor.entrance->is_inbound)
    {
      const char *const *domains
          = (const char *const *)clr_policy_get_outside (visit->visitor.policy)->domains;

      for (; *domains; domains++)
        if (clr_route_patterns_hold ((char *[]){ (char *)*domains, NULL }, visit->recipient))
          break;
      return g_strdup_printf (
          "open relay through [listener %s]: [inbound] domains = %s names domains of others "
          "as ours",
          listener, *domains ? *domains : "");
    }
  network = name_network (settings, device, visit->visitor.octets);
  return g_strdup_printf ("open relay through [listener %s]: [device %s] networks = %s lets whoever is in it "
                          "send to anybody, without a login",
                          listener, device->name, network);
}

/* Plays the whole of one way in. Returns: (transfer full) (nullable): the rule that opens it */
static char *
play (Visit *visit, const ClrEntrance *entrance, const ClrPolicy *policy, ClrSettings *settings,
      const ClrStrangerAddress *address, const char *listener, gboolean has_users, gboolean secure)
{
  g_autoptr (GPtrArray) senders = g_ptr_array_new_with_free_func (g_free), victims = NULL;
  g_autofree char *rule = NULL;
  unsigned n_plain;

  g_ptr_array_add (senders, g_strdup ("stranger@elsewhere.invalid"));
  g_ptr_array_add (senders, g_strdup (""));
  enter (visit, entrance, policy, address, has_users, secure);
  if (secure && !visit->secure)
    return NULL; /* it is not offered here */
  victims = list_victims (entrance, policy, visit->visitor.device, &n_plain);
  if (!entrance->is_inbound)
    add_senders (senders, settings, visit->visitor.device);
  for (unsigned i = 0; i < senders->len && rule == NULL; i++)
    {
      g_autofree char *mail = g_strdup_printf ("MAIL FROM:<%s>", (char *)g_ptr_array_index (senders, i));

      enter (visit, entrance, policy, address, has_users, secure);
      if (!is_accepted (say (visit, mail)))
        continue;
      /* Who the sender is does not matter to the odd forms. */
      for (unsigned k = 0; k < (i == 0 ? victims->len : n_plain) && rule == NULL; k++)
        {
          g_autofree char *rcpt = g_strdup_printf ("RCPT TO:<%s>", (char *)g_ptr_array_index (victims, k));

          if (visit->over)
            {
              enter (visit, entrance, policy, address, has_users, secure);
              say (visit, mail);
            }
          g_clear_pointer (&visit->lane, g_free);
          if (is_accepted (say (visit, rcpt)) && is_opening (visit) && say (visit, "DATA") == 354)
            rule = name_rule (visit, settings, listener);
        }
      if (rule == NULL && !visit->over)
        say (visit, "RSET");
    }
  if (rule == NULL && !visit->over)
    say (visit, "QUIT");
  return g_steal_pointer (&rule);
}

/* -- listeners */

/* Strangers do not reach a listener of this machine only. */
static gboolean
is_reachable (ClrSection *listener)
{
  for (const char *const *text = clr_section_get_list (listener, "address"); *text; text++)
    if (!g_str_has_prefix (*text, "127.") && !g_str_has_prefix (*text, "[::1]"))
      return TRUE;
  return FALSE;
}

static gboolean
has_logins (const ClrPolicy *policy)
{
  const GArray *devices = clr_policy_get_devices (policy);

  for (unsigned i = 0; i < devices->len; i++)
    if (g_array_index (devices, ClrDevice, i).logins)
      return TRUE;
  return FALSE;
}

/* All ways in of one listener; without @visits up to the first that is open. Returns: the rule that opens it.
 */
static char *
visit_listener (const ClrPolicy *policy, ClrSettings *settings, ClrSection *listener, GArray *addresses,
                gboolean has_users, JsonArray *visits)
{
  const char *name = clr_section_get_name (listener);
  char *first = NULL;
  ClrEntrance entrance;

  clr_entrance_read (&entrance, listener);
  for (unsigned i = 0; i < addresses->len; i++)
    for (unsigned secure = entrance.tls == CLR_LISTENER_TLS_IMPLICIT; secure < 2; secure++)
      {
        const ClrStrangerAddress *address = &g_array_index (addresses, ClrStrangerAddress, i);
        Visit visit = { .output = CLR_BUFFER_INIT, .lines = g_ptr_array_new_with_free_func (g_free) };
        g_autofree char *rule = play (&visit, &entrance, policy, settings, address, name, has_users, secure);

        if (visits && visit.secure == (gboolean)secure)
          {
            JsonObject *object = json_object_new ();
            JsonArray *lines = json_array_new ();

            for (unsigned k = 0; k < visit.lines->len; k++)
              json_array_add_string_element (lines, g_ptr_array_index (visit.lines, k));
            json_object_set_string_member (object, "address", address->text);
            json_object_set_boolean_member (object, "tls", secure);
            json_object_set_string_member (object, "verdict",
                                           rule == NULL              ? "closed"
                                           : is_reachable (listener) ? "open"
                                                                     : "local");
            if (rule)
              json_object_set_string_member (object, "rule", rule);
            json_object_set_array_member (object, "dialogue", lines);
            json_array_add_object_element (visits, object);
          }
        leave (&visit);
        g_ptr_array_unref (visit.lines);
        g_free (visit.sender);
        g_free (visit.lane);
        g_free (visit.recipient);
        if (first == NULL)
          first = g_steal_pointer (&rule);
        if (first && visits == NULL)
          return first;
      }
  return first;
}

char *
clr_stranger_find_opening (const ClrPolicy *policy, ClrSettings *settings)
{
  GPtrArray *listeners = clr_settings_get_sections (settings, "listener");
  g_autoptr (GArray) addresses = clr_stranger_find_addresses (policy);
  gboolean has_users = has_logins (policy);
  char *rule = NULL;

  for (unsigned i = 0; i < listeners->len && rule == NULL; i++)
    if (is_reachable (g_ptr_array_index (listeners, i)))
      rule = visit_listener (policy, settings, g_ptr_array_index (listeners, i), addresses, has_users, NULL);
  return rule;
}

JsonObject *
clr_stranger_describe (const ClrPolicy *policy, ClrSettings *settings)
{
  GPtrArray *listeners = clr_settings_get_sections (settings, "listener");
  g_autoptr (GArray) addresses = clr_stranger_find_addresses (policy);
  gboolean has_users = has_logins (policy);
  JsonObject *all = json_object_new ();
  JsonArray *array = json_array_new ();

  for (unsigned i = 0; i < listeners->len; i++)
    {
      ClrSection *listener = g_ptr_array_index (listeners, i);
      JsonObject *object = json_object_new ();
      JsonArray *visits = json_array_new (), *places = json_array_new ();
      g_autofree char *rule = visit_listener (policy, settings, listener, addresses, has_users, visits);

      for (const char *const *text = clr_section_get_list (listener, "address"); *text; text++)
        json_array_add_string_element (places, *text);
      json_object_set_string_member (object, "name", clr_section_get_name (listener));
      json_object_set_array_member (object, "addresses", places);
      json_object_set_string_member (object, "role", clr_section_get_text (listener, "role"));
      json_object_set_string_member (object, "tls", clr_section_get_text (listener, "tls"));
      json_object_set_string_member (object, "verdict",
                                     rule == NULL              ? "closed"
                                     : is_reachable (listener) ? "open"
                                                               : "local");
      json_object_set_array_member (object, "visits", visits);
      json_array_add_object_element (array, object);
    }
  json_object_set_array_member (all, "listeners", array);
  return all;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reception/clr-visitor.h"

#include <string.h>

static ClrListenerTls
read_tls (const char *word)
{
  static const char *const words[] = { "none", "may", "require", "implicit" };

  for (unsigned i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (word, words[i]))
      return i;
  g_assert_not_reached ();
}

static ClrListenerAuth
read_auth (const char *word)
{
  return g_str_equal (word, "require") ? CLR_LISTENER_AUTH_REQUIRE
         : g_str_equal (word, "offer") ? CLR_LISTENER_AUTH_OFFER
                                       : CLR_LISTENER_AUTH_NONE;
}

void
clr_entrance_read (ClrEntrance *entrance, ClrSection *listener)
{
  *entrance = (ClrEntrance){ .tls = read_tls (clr_section_get_text (listener, "tls")),
                             .auth = read_auth (clr_section_get_text (listener, "auth")),
                             .is_inbound = g_str_equal (clr_section_get_text (listener, "role"), "inbound") };
}

/* What takes effect at any time of a session. */
static void
apply_late_quirks (ClrVisitor *visitor)
{
  ClrQuirks quirks = visitor->quirks;

  visitor->config.normalize = (quirks & CLR_QUIRK_BARE_NEWLINES) != 0;
  visitor->config.leniency = (quirks & CLR_QUIRK_MISSING_BRACKETS ? CLR_ADDRESS_NO_BRACKETS : 0)
                             | (quirks & CLR_QUIRK_SPACE_AFTER_COLON ? CLR_ADDRESS_SPACES : 0);
}

void
clr_visitor_set_login (ClrVisitor *visitor, const char *login)
{
  ClrQuirks early = clr_quirks_get_early ();
  ClrQuirks by_address
      = visitor->entrance->is_inbound ? 0 : clr_policy_find_quirks (visitor->policy, visitor->octets);

  visitor->device = visitor->entrance->is_inbound
                        ? &clr_policy_get_outside (visitor->policy)->device
                        : clr_policy_find_device (visitor->policy, visitor->octets, login);
  /* Who has logged in is that device and no other of its network; what acted before that has acted. */
  visitor->quirks
      = login && visitor->device ? (by_address & early) | (visitor->device->quirks & ~early) : by_address;
  apply_late_quirks (visitor);
}

void
clr_visitor_set_secure (ClrVisitor *visitor)
{
  if (visitor->config.mechanisms)
    visitor->config.mechanisms |= CLR_SASL_OFFER_SCRAM_PLUS;
  if (visitor->entrance->tls == CLR_LISTENER_TLS_IMPLICIT)
    {
      visitor->config.offer_tls = FALSE;
      visitor->config.require_tls = FALSE;
    }
}

void
clr_visitor_init (ClrVisitor *visitor, const ClrEntrance *entrance, const ClrPolicy *policy,
                  const uint8_t octets[16], const char *address, gboolean has_users)
{
  const ClrLimits *limits = clr_policy_get_limits (policy);
  ClrQuirks quirks;

  *visitor = (ClrVisitor){ .entrance = entrance, .policy = policy, .address = address };
  memcpy (visitor->octets, octets, 16);
  clr_visitor_set_login (visitor, NULL);
  quirks = visitor->quirks;
  visitor->config = (ClrSmtpServerConfig){
    .hostname = clr_policy_get_hostname (policy),
    .max_line = limits->max_line,
    .max_message_size = limits->max_message_size,
    .max_recipients = limits->max_recipients,
    .max_errors = limits->max_errors,
    .max_messages = limits->max_messages_per_connection,
    .offer_tls = (entrance->tls == CLR_LISTENER_TLS_MAY && !(quirks & CLR_QUIRK_NO_STARTTLS))
                 || entrance->tls == CLR_LISTENER_TLS_REQUIRE,
    .require_tls = entrance->tls == CLR_LISTENER_TLS_REQUIRE,
    .mechanisms = entrance->auth != CLR_LISTENER_AUTH_NONE && !entrance->is_inbound && has_users
                      ? CLR_SASL_OFFER_SCRAM | CLR_SASL_OFFER_PLAIN | CLR_SASL_OFFER_LOGIN
                            | (quirks & CLR_QUIRK_CRAM_MD5 ? CLR_SASL_OFFER_CRAM_MD5 : 0)
                      : 0,
    .require_auth = entrance->auth == CLR_LISTENER_AUTH_REQUIRE,
    .max_failed_logins = limits->max_failed_logins,
    .auth_in_clear = (quirks & CLR_QUIRK_AUTH_IN_CLEAR) != 0,
    .auth_equals = (quirks & CLR_QUIRK_AUTH_IN_CLEAR) != 0,
    .lenient_helo = (quirks & CLR_QUIRK_BAD_HELO) != 0,
  };
  apply_late_quirks (visitor);
}

static const ClrObjection *
deny (ClrVisitor *visitor, gboolean has_login, gboolean is_secure)
{
  static const ClrObjection needs_login = { 530, "5.7.0", "relaying needs a login; send AUTH first" };
  const ClrSmtpServerConfig *config = &visitor->config;

  /* RFC 4954 section 6: what it lacks is a login, which it could have. */
  if (config->mechanisms && !has_login && (is_secure || config->auth_in_clear || config->offer_tls))
    return &needs_login;
  g_snprintf (visitor->denial, sizeof visitor->denial,
              "relaying denied: no device is set up for your address %s", visitor->address);
  visitor->objection = (ClrObjection){ 550, "5.7.1", visitor->denial };
  return &visitor->objection;
}

const ClrObjection *
clr_visitor_judge_recipient (ClrVisitor *visitor, const char *recipient, gboolean has_login,
                             gboolean is_secure)
{
  static const ClrObjection not_ours
      = { 550, "5.7.1", "relaying denied: this server takes mail for its own domains only" };

  if (visitor->device == NULL)
    return deny (visitor, has_login, is_secure);
  if (visitor->entrance->is_inbound && !clr_policy_is_ours (visitor->policy, recipient))
    return &not_ours;
  return NULL;
}

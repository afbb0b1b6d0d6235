/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrVisitor: one client at a listener: which device it is, how the SMTP machine meets it, and what it is
 * answered. Sessions ask it, and so does the stranger who tries whether the relay is open: there is one set
 * of rules. Pure; belongs to whoever made it.
 */
#pragma once

#include "policy/clr-acceptance.h"
#include "smtp/clr-server.h"

typedef enum
{
  CLR_LISTENER_TLS_NONE,
  CLR_LISTENER_TLS_MAY,
  CLR_LISTENER_TLS_REQUIRE,
  CLR_LISTENER_TLS_IMPLICIT,
} ClrListenerTls;

typedef enum
{
  CLR_LISTENER_AUTH_NONE,
  CLR_LISTENER_AUTH_OFFER,
  CLR_LISTENER_AUTH_REQUIRE,
} ClrListenerAuth;

/* A [listener], as far as its clients are concerned. */
typedef struct
{
  ClrListenerTls tls;
  ClrListenerAuth auth;
  gboolean is_inbound; /* strangers bring mail for our domains */
} ClrEntrance;

typedef struct
{
  const ClrEntrance *entrance;
  const ClrPolicy *policy;
  uint8_t octets[16]; /* the address, IPv4 mapped */
  const char *address;
  const ClrDevice *device; /* NULL: a stranger */
  ClrQuirks quirks;        /* what is borne of it */
  ClrSmtpServerConfig config;
  char denial[160]; /* the text of an objection that names the address */
  ClrObjection objection;
} ClrVisitor;

void clr_entrance_read (ClrEntrance *entrance, ClrSection *listener);

/* What is given must outlive @visitor. @has_users: somebody could log in. */
void clr_visitor_init (ClrVisitor *visitor, const ClrEntrance *entrance, const ClrPolicy *policy,
                       const uint8_t octets[16], const char *address, gboolean has_users);
/* @login: whom it has proved to be, NULL: nobody (again). */
void clr_visitor_set_login (ClrVisitor *visitor, const char *login);
/* TLS stands. */
void clr_visitor_set_secure (ClrVisitor *visitor);

/* What RCPT is told before anything of the device counts: NULL, or the objection, valid until the next call.
 * @has_login, @is_secure: how far its session is. */
const ClrObjection *clr_visitor_judge_recipient (ClrVisitor *visitor, const char *recipient,
                                                 gboolean has_login, gboolean is_secure);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrPolicy: a frozen snapshot of the settings that decide over a message on its way in: who may relay,
 * within which limits, which way it leaves, what signs it. Built by the main thread; shared, never changed; a
 * session keeps the one it began with.
 */
#pragma once

#include "auth/clr-dkim-signer.h"
#include "auth/clr-spf.h"
#include "mail/clr-report-words.h"
#include "policy/clr-device.h"
#include "policy/clr-route.h"
#include "settings/clr-settings.h"

typedef struct
{
  unsigned max_connections;
  unsigned max_connections_per_client;
  unsigned max_messages_per_connection;
  uint64_t max_message_size; /* octets */
  size_t max_header_size;    /* octets */
  unsigned max_recipients;
  size_t max_line;
  unsigned max_errors;
  unsigned max_failed_logins; /* of one connection */
  unsigned max_received;
  int64_t command_timeout_us;
  int64_t data_timeout_us;
  int64_t session_timeout_us;
  size_t spool_size;     /* octets */
  char **frozen_senders; /* patterns as of routes; NULL: none */
} ClrLimits;

/* How our own reports are written. */
typedef struct
{
  char *author; /* address of their From */
  ClrLanguage language;
  uint64_t return_size; /* octets; larger messages come back as their header section */
} ClrReportStyle;

/* What strangers may bring, at listeners with role = inbound. */
typedef struct
{
  ClrDevice device;   /* stands for all of them: "outside" */
  char **domains;     /* whose mail they may bring; patterns as of routes */
  gboolean hold;      /* what fails DMARC against its author's will */
  int64_t timeout_us; /* of SPF, DKIM and DMARC, at the end of a message */
  ClrSpfLimits spf;   /* of one message */
} ClrOutside;

typedef struct ClrPolicy ClrPolicy;

ClrPolicy *clr_policy_new (ClrSettings *settings, GError **error);
ClrPolicy *clr_policy_ref (ClrPolicy *policy);
void clr_policy_unref (ClrPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrPolicy, clr_policy_unref)

const ClrLimits *clr_policy_get_limits (const ClrPolicy *policy);
const char *clr_policy_get_hostname (const ClrPolicy *policy);
const char *clr_policy_get_postmaster (const ClrPolicy *policy);
unsigned clr_policy_get_node (const ClrPolicy *policy);
const ClrDkimStyle *clr_policy_get_dkim_style (const ClrPolicy *policy);
const ClrReportStyle *clr_policy_get_report_style (const ClrPolicy *policy);

/* The device a client is (clr-device-map.h). @address: 16 octets, IPv4 mapped. @login: in lower case, NULL:
 * not logged in. NULL: this client may not relay. */
const ClrDevice *clr_policy_find_device (const ClrPolicy *policy, const uint8_t address[16],
                                         const char *login);
/* The smallest network of any device that holds @address; NULL: none does. */
const struct ClrNetwork *clr_policy_find_network (const ClrPolicy *policy, const uint8_t address[16]);
/* What is borne of whoever connects from @address, before it can have logged in, at this moment. */
ClrQuirks clr_policy_find_quirks (const ClrPolicy *policy, const uint8_t address[16]);
/* All of them, in file order: of ClrDevice. */
const GArray *clr_policy_get_devices (const ClrPolicy *policy);
const ClrOutside *clr_policy_get_outside (const ClrPolicy *policy);
/* Whether strangers may bring mail for @recipient: its domain is ours, or it is the postmaster without one.
 */
gboolean clr_policy_is_ours (const ClrPolicy *policy, const char *recipient);

/* Whether mail of this envelope sender is held. */
gboolean clr_policy_is_frozen (const ClrPolicy *policy, const char *sender);

/* The key of the lane by which such mail leaves; NULL when no route takes it. Returns: (transfer
 * full) (nullable) */
char *clr_policy_find_lane (const ClrPolicy *policy, const ClrRouteCase *what);
/* The name of the [route] behind it. */
const char *clr_policy_find_route (const ClrPolicy *policy, const ClrRouteCase *what);

/* The keys that sign for a From domain: those of its longest match, itself or above.
 * Returns: (transfer container) an array of const ClrDkimIdentity*, NULL when there is none. */
GPtrArray *clr_policy_find_identities (const ClrPolicy *policy, const char *domain);
/* All of them. Returns: (transfer container) of const ClrDkimIdentity, which live as long as @policy. */
GPtrArray *clr_policy_list_identities (const ClrPolicy *policy);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSmarthost: a [smarthost] as delivery needs it, frozen; and ClrDeliveryPlan, all that delivery takes from
 * the settings. Built by the main thread, shared, never changed.
 */
#pragma once

#include "net/clr-endpoint.h"
#include "net/clr-tls.h"
#include "settings/clr-settings.h"

typedef enum
{
  CLR_SMARTHOST_TLS_NONE,
  CLR_SMARTHOST_TLS_MAY,
  CLR_SMARTHOST_TLS_ENCRYPT,
  CLR_SMARTHOST_TLS_VERIFY,
  CLR_SMARTHOST_TLS_IMPLICIT,
} ClrSmarthostTls;

typedef struct
{
  char *name; /* as it stands in the settings, without port */
  unsigned port;
  gboolean is_literal;
  ClrEndpoint endpoint; /* of a literal */
} ClrHost;

typedef struct
{
  char *name;
  ClrHost *hosts;
  unsigned n_hosts;
  ClrSmarthostTls tls;
  ClrTlsContext *tls_context; /* NULL with CLR_SMARTHOST_TLS_NONE */
  char *user;
  char *password;
  char *secret; /* the name of the password */
  gboolean allow_loopback;
  unsigned max_connections; /* of one shard */
  unsigned max_recipients;
  unsigned max_messages;
  int64_t connect_timeout_us;
  int64_t idle_us;
  gboolean has_source;
  ClrEndpoint source;
} ClrSmarthost;

typedef struct ClrDeliveryPlan ClrDeliveryPlan;

/* @shards: workers among whom limits are divided. @own: our listeners' endpoints, of ClrEndpoint. */
ClrDeliveryPlan *clr_delivery_plan_new (ClrSettings *settings, unsigned shards, const GArray *own,
                                        GError **error);
ClrDeliveryPlan *clr_delivery_plan_ref (ClrDeliveryPlan *plan);
void clr_delivery_plan_unref (ClrDeliveryPlan *plan);

const char *clr_delivery_plan_get_hostname (const ClrDeliveryPlan *plan);
const ClrSmarthost *clr_delivery_plan_find_smarthost (const ClrDeliveryPlan *plan, const char *name);
/* The text of a route via reject; NULL when the route is gone. */
const char *clr_delivery_plan_find_reply (const ClrDeliveryPlan *plan, const char *route);
gboolean clr_delivery_plan_is_own (const ClrDeliveryPlan *plan, const ClrEndpoint *endpoint);

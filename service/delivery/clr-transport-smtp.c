/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SMTP to a smarthost: one site, whose hosts stand in the settings.
 */
#include "delivery/clr-site.h"
#include "delivery/clr-transport.h"

typedef struct
{
  ClrTransport parent;
  ClrSite *site;
} Smtp;

static void
smtp_deliver (ClrTransport *transport, ClrJob *job)
{
  clr_site_deliver (((Smtp *)transport)->site, job);
}

static void
smtp_cancel (ClrTransport *transport, gboolean now)
{
  clr_site_cancel (((Smtp *)transport)->site, now);
}

static void
smtp_look (ClrTransport *transport)
{
  clr_site_look (((Smtp *)transport)->site);
}

static gboolean
smtp_is_idle (ClrTransport *transport)
{
  return clr_site_is_idle (((Smtp *)transport)->site);
}

static void
smtp_free (ClrTransport *transport)
{
  clr_site_free (((Smtp *)transport)->site);
  g_free (transport);
}

static const ClrTransportClass smtp_class = { smtp_deliver, smtp_cancel, smtp_look, smtp_is_idle, smtp_free };

ClrTransport *
clr_transport_smtp_new (const ClrDeliveryPlace *place, ClrDeliveryPlan *plan, const ClrNextHop *hop)
{
  Smtp *self = g_new0 (Smtp, 1);

  self->parent = (ClrTransport){ &smtp_class, place };
  self->site = clr_site_new (place, plan, hop, hop->hosts, hop->n_hosts, NULL);
  return &self->parent;
}

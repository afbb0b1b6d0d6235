/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrWebResolver: the GResolver of GIO and libsoup over our own resolver, so that [dns] reaches HTTPS. Lives
 * in the main thread; questions go to a worker as letters, or to a function that knows the answer at once.
 */
#pragma once

#include "dns/clr-resolver.h"

#include <gio/gio.h>

#define CLR_TYPE_WEB_RESOLVER (clr_web_resolver_get_type ())
G_DECLARE_FINAL_TYPE (ClrWebResolver, clr_web_resolver, CLR, WEB_RESOLVER, GResolver)

/* @worker: whose resolver is asked; it must outlive the last question, but not the object. */
ClrWebResolver *clr_web_resolver_new (ClrWorker *worker);

/* Fills in @answer inside the call, which may wait. @family: AF_UNSPEC, AF_INET, AF_INET6. */
typedef void (*ClrWebFind) (const char *name, int family, ClrDnsAddresses *answer, void *data);

/* For the command line. */
ClrWebResolver *clr_web_resolver_new_waiting (ClrWebFind find, void *data);

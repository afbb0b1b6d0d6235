/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSmtpConnection: one connection to a next hop: the SMTP client on a stream, and job after job. It asks
 * its owner for jobs and tells it what became of itself. How a host is reached is its approach's matter.
 */
#pragma once

#include "delivery/clr-transport.h"
#include "smtp/clr-client.h"

typedef struct ClrSmtpConnection ClrSmtpConnection;

typedef struct
{
  /* The next job, or NULL: then the connection waits a little for one, and ends. */
  ClrJob *(*take_job) (ClrSmtpConnection *connection, void *data);
  /* The domain of the next job, for the tally of TLS; NULL when there is none. Valid until the next turn. */
  const char *(*peek_domain) (void *data);
  /* A job has an observation for each recipient. @clean: no 4xx and no failure among them. */
  void (*job_done) (ClrSmtpConnection *connection, ClrJob *job, gboolean clean, void *data);
  /* A job was taken, but nothing of it was said before the kept connection turned out to be dead. */
  void (*job_undone) (ClrSmtpConnection *connection, ClrJob *job, void *data);
  /* No host could be reached, or none would talk. @outcome: deferred, or failed when it is certain that none
   * ever will. @reply: what the last one said or what failed, in words if code is 0. */
  void (*unreachable) (ClrSmtpConnection *connection, ClrOutcome outcome, ClrPhase phase,
                       const ClrSmtpReply *reply, const char *host, void *data);
  /* The server refuses the token. What was taken has been told as undone; it ends. */
  void (*token_refused) (ClrSmtpConnection *connection, const ClrToken *token, const ClrSmtpReply *reply,
                         void *data);
  /* It is over; free it. */
  void (*ended) (ClrSmtpConnection *connection, void *data);
} ClrSmtpConnectionEvents;

/* @hosts: by rank; they must outlive the connection. */
ClrSmtpConnection *clr_smtp_connection_new (const ClrDeliveryPlace *place, ClrDeliveryPlan *plan,
                                            const ClrNextHop *hop, const ClrHost *hosts, unsigned n_hosts,
                                            const ClrSmtpConnectionEvents *events, void *data);
void clr_smtp_connection_free (ClrSmtpConnection *connection);

/* Idle and ready: looks for a job now. Returns: FALSE when it is not idle. */
gboolean clr_smtp_connection_poke (ClrSmtpConnection *connection);
/* Ends: after the job it has, or @now. */
void clr_smtp_connection_end (ClrSmtpConnection *connection, gboolean now);
gboolean clr_smtp_connection_is_idle (ClrSmtpConnection *connection);
/* It has reached a host that takes mail. */
gboolean clr_smtp_connection_works (ClrSmtpConnection *connection);

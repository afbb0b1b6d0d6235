/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inbound/clr-session.h"

#include "base/clr-clock.h"
#include "base/clr-counter.h"
#include "base/clr-log.h"
#include "inbound/clr-admission.h"
#include "net/clr-stream.h"
#include "reception/clr-visitor.h"
#include "sessions/clr-roster.h"
#include "smtp/clr-server.h"

#include <string.h>

struct ClrSession
{
  ClrRosterEntry entry; /* first */
  const ClrIntakePlace *place;
  ClrReception *reception;
  const ClrLimits *limits;
  ClrVisitor visitor; /* which device it is, and what it may do */
  ClrStream *stream;
  ClrSmtpServer *server;
  ClrTlsContext *context; /* of the reception: which, was decided by the address before any ClientHello */
  ClrLogins *logins;
  ClrSightings *sightings;
  ClrAdmission *login; /* NULL before the first AUTH */
  ClrIntake *intake;
  ClrTimer timer;
  unsigned slot;
  char address[CLR_ENDPOINT_TEXT];
  char *sender;        /* of this transaction, for events */
  int64_t progress_us; /* when the session began, or last ended a message */
  void (*ended) (ClrSession *session, void *data);
  void *data;
  unsigned refusals_noted;
  gboolean starting_tls;
  gboolean was_secure; /* also when the stream is closed */
  gboolean stopping;   /* after this message */
  gboolean over;
};

/* For the inventory. @tls_problem: NULL, or why TLS failed. */
static void
note (ClrSession *session, gboolean is_session, gboolean is_message, const char *tls_problem)
{
  const char *helo = clr_smtp_server_get_helo (session->server);
  const char *tls = clr_stream_get_tls_description (session->stream);
  unsigned refusals = clr_smtp_server_count_refusals (session->server);
  ClrSightingNote facts = {
    .octets = session->visitor.octets,
    .address = session->address,
    .helo = *helo ? helo : NULL,
    .tls = tls                             ? tls
           : *helo && !session->was_secure ? ""
                                           : NULL,
    .device = session->visitor.device ? session->visitor.device->name : NULL,
    .login = session->login ? clr_admission_get_name (session->login) : NULL,
    .is_session = is_session,
    .is_message = is_message,
    .why = tls_problem                          ? tls_problem
           : refusals > session->refusals_noted ? clr_smtp_server_get_refusal (session->server)
                                                : NULL,
  };

  if (session->visitor.entrance->is_inbound)
    return;
  session->refusals_noted = refusals;
  clr_sightings_note (session->sightings, &facts, clr_clock_wall ());
}

static void
end (ClrSession *session, const char *why)
{
  if (session->over)
    return;
  session->over = TRUE;
  note (session, TRUE, FALSE, g_str_has_prefix (why, "TLS: ") ? why : NULL);
  clr_log_event (CLR_EVENT_CLIENT_CLOSED, session->address, why);
  if (session->login)
    clr_admission_abandon (session->login);
  clr_roster_leave (session->place->worker, &session->entry);
  clr_timers_clear (session->place->worker->timers, &session->timer);
  g_clear_pointer (&session->intake, clr_intake_abandon);
  session->ended (session, session->data);
}

/* For those who look at sessions. */
static void
describe (const ClrRosterEntry *entry, ClrSessionFacts *facts)
{
  const ClrSession *session = (const ClrSession *)entry;
  const char *tls = clr_stream_get_tls_description (session->stream);
  const char *helo = clr_smtp_server_get_helo (session->server);
  const char *login = session->login ? clr_admission_get_name (session->login) : NULL;
  char text[CLR_ENDPOINT_TEXT];

  clr_endpoint_to_text (clr_stream_get_peer (session->stream), text);
  facts->peer = g_strdup (text);
  facts->name = *helo ? g_strdup (helo) : NULL;
  facts->place = g_strdup (session->reception->name);
  facts->device = session->visitor.device ? g_strdup (session->visitor.device->name) : NULL;
  facts->login = g_strdup (login);
  facts->tls = g_strdup (tls);
  facts->messages = clr_smtp_server_count_messages (session->server);
  facts->state
      = session->intake
            ? g_strdup_printf ("%s, from <%s>", clr_smtp_server_describe (session->server), session->sender)
            : g_strdup (clr_smtp_server_describe (session->server));
}

/* Whether somebody wants it recorded. */
static void
look_for_orders (ClrSession *session)
{
  ClrWorker *worker = session->place->worker;

  if (clr_roster_has_orders (worker))
    clr_roster_look (
        worker, &session->entry,
        &(ClrRecordMark){ .address = session->visitor.octets,
                          .device = session->visitor.device ? session->visitor.device->name : NULL });
}

static void
arm (ClrSession *session)
{
  int64_t wait = clr_smtp_server_is_receiving (session->server) ? session->limits->data_timeout_us
                                                                : session->limits->command_timeout_us;
  int64_t now = session->place->worker->now;
  int64_t end = session->progress_us + session->limits->session_timeout_us;

  clr_timers_set (session->place->worker->timers, &session->timer, MIN (now + wait, MAX (end, now + 1)));
}

static void
on_timer (ClrTimer *timer, void *data)
{
  ClrSession *session = data;
  int64_t now = session->place->worker->now;

  if (clr_smtp_server_is_waiting (session->server))
    {
      /* We are the slow ones. */
      clr_timers_set (session->place->worker->timers, timer, now + session->limits->command_timeout_us);
      return;
    }
  clr_smtp_server_goodbye (session->server, "4.4.2",
                           now >= session->progress_us + session->limits->session_timeout_us
                               ? "this session took too long without a message"
                               : "nothing came for too long");
  clr_stream_flush (session->stream);
}

static void
on_intake_done (const ClrIntakeAnswer *answer, void *data)
{
  ClrSession *session = data;

  session->intake = NULL; /* frees itself behind this call */
  session->progress_us = session->place->worker->now;
  if (answer->result != CLR_INTAKE_STORED)
    {
      g_autofree char *reply = g_strdup_printf ("%d %s %s", answer->code, answer->enhanced, answer->text);
      clr_log_event (CLR_EVENT_MESSAGE_REFUSED, session->address, session->sender, reply);
    }
  clr_smtp_server_answer (session->server, answer->code, answer->enhanced, answer->text);
  if (answer->result == CLR_INTAKE_STORED)
    note (session, FALSE, TRUE, NULL);
  if (session->over)
    return;
  if (session->stopping)
    clr_smtp_server_goodbye (session->server, "4.3.2", "the relay is stopping, please try again later");
  clr_stream_flush (session->stream);
  if (!session->over)
    {
      arm (session);
      clr_stream_resume (session->stream);
    }
}

static void
on_intake_pause (void *data)
{
  clr_stream_pause (((ClrSession *)data)->stream);
}

static void
on_intake_resume (void *data)
{
  clr_stream_resume (((ClrSession *)data)->stream);
}

static const ClrIntakeEvents intake_events = { on_intake_pause, on_intake_resume, on_intake_done };

/* Policy knows everything at once today; the machine would wait if it did not. */
static void
ask_mail (ClrSmtpServer *server, const ClrMailCommand *mail, void *data)
{
  ClrSession *session = data;

  g_free (session->sender);
  session->sender = g_strdup (mail->address);
  g_clear_pointer (&session->intake, clr_intake_abandon);
  if (session->visitor.device)
    {
      /* RFC 3848, and RFC 6531 section 4.3 */
      static const char *const protocols[3][2][2] = {
        { { "SMTP", "SMTP" }, { "SMTP", "SMTP" } },
        { { "ESMTP", "ESMTPA" }, { "ESMTPS", "ESMTPSA" } },
        { { "UTF8SMTP", "UTF8SMTPA" }, { "UTF8SMTPS", "UTF8SMTPSA" } },
      };
      gboolean secure = clr_stream_is_secure (session->stream);
      ClrOrigin origin = {
        .origin = "smtp",
        .client = session->address,
        .helo = clr_smtp_server_get_helo (server),
        .protocol = protocols[mail->smtputf8 ? 2 : clr_smtp_server_is_esmtp (server)][secure]
                             [clr_smtp_server_is_authenticated (server)],
        .tls = clr_stream_get_tls_description (session->stream),
        .smtputf8 = mail->smtputf8,
        .outside = session->visitor.entrance->is_inbound,
        .device = session->visitor.device,
      };
      session->intake
          = clr_intake_begin (session->place, session->reception->policy, &origin, &intake_events, session);
      const ClrObjection *why
          = clr_intake_set_sender (session->intake, mail->address, mail->ret, mail->envid);
      if (why)
        {
          g_autofree char *reply = g_strdup_printf ("%d %s %s", why->code, why->enhanced, why->text);

          g_clear_pointer (&session->intake, clr_intake_abandon);
          clr_log_event (CLR_EVENT_MESSAGE_REFUSED, session->address, session->sender, reply);
          clr_smtp_server_answer (server, why->code, why->enhanced, why->text);
          return;
        }
    }
  clr_smtp_server_answer (server, 250, "2.1.0", "sender noted");
}

static void
refuse_recipient (ClrSession *session, const char *recipient, int code, const char *enhanced,
                  const char *text)
{
  g_autofree char *reply = g_strdup_printf ("%d %s %s", code, enhanced, text);

  clr_counter_add (CLR_COUNTER_RECIPIENTS_REFUSED_TOTAL, 1);
  clr_log_event (CLR_EVENT_RECIPIENT_REFUSED, session->address, session->sender, recipient, reply);
  clr_smtp_server_answer (session->server, code, enhanced, text);
}

static void
ask_rcpt (ClrSmtpServer *server, const ClrRcptCommand *rcpt, void *data)
{
  ClrSession *session = data;
  const ClrObjection *why = clr_visitor_judge_recipient (&session->visitor, rcpt->address,
                                                         clr_smtp_server_is_authenticated (server),
                                                         clr_stream_is_secure (session->stream));

  if (why == NULL)
    why = clr_intake_add_recipient (session->intake, rcpt->address, rcpt->notify, rcpt->orcpt);
  if (why)
    refuse_recipient (session, rcpt->address, why->code, why->enhanced, why->text);
  else
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
  clr_intake_write (((ClrSession *)data)->intake, bytes, size);
}

/* What was borne of this client for its message. */
static ClrQuirks
find_quirks_used (ClrSession *session)
{
  ClrAddressFlags leniency = clr_smtp_server_get_leniency (session->server);
  unsigned used = 0;

  if (leniency & CLR_ADDRESS_NO_BRACKETS)
    used |= CLR_QUIRK_MISSING_BRACKETS;
  if (leniency & CLR_ADDRESS_SPACES)
    used |= CLR_QUIRK_SPACE_AFTER_COLON;
  if (clr_smtp_server_is_helo_bad (session->server))
    used |= CLR_QUIRK_BAD_HELO;
  if (clr_smtp_server_is_authenticated (session->server) && !clr_stream_is_secure (session->stream))
    used |= CLR_QUIRK_AUTH_IN_CLEAR;
  return used;
}

static void
ask_accept (ClrSmtpServer *server, void *data)
{
  ClrSession *session = data;

  clr_intake_set_quirks (session->intake, find_quirks_used (session));
  clr_intake_finish (session->intake, clr_smtp_server_get_bare_newlines (server));
}

static void
abandon (ClrSmtpServer *server, void *data)
{
  g_clear_pointer (&((ClrSession *)data)->intake, clr_intake_abandon);
}

/* By address, and by login once there is one. */
static void
choose_device (ClrSession *session)
{
  clr_visitor_set_login (&session->visitor, session->login ? clr_admission_get_name (session->login) : NULL);
}

static void
on_login_told (gboolean good, void *data)
{
  ClrSession *session = data;

  if (session->over)
    return;
  if (good)
    {
      choose_device (session);
      look_for_orders (session);
    }
  /* Where the answer came later, the stream was paused meanwhile. */
  clr_stream_flush (session->stream);
  if (session->over)
    return;
  arm (session);
  clr_stream_resume (session->stream);
}

static ClrAdmission *
get_login (ClrSession *session)
{
  if (session->login == NULL)
    session->login = clr_admission_new (session->logins, on_login_told, session);
  return session->login;
}

static void
ask_login (ClrSmtpServer *server, const ClrSaslClaim *claim, void *data)
{
  ClrSession *session = data;

  clr_admission_judge (get_login (session), server, claim, session->visitor.octets, session->address);
}

static void
find_verifier (const char *login, ClrSaslVerifier *verifier, void *data)
{
  clr_admission_find_verifier (get_login (data), login, verifier);
}

static char *
dup_secret (const char *login, void *data)
{
  return clr_logins_dup_password (((ClrSession *)data)->logins, login);
}

static char *
dup_binding (gboolean exporter, void *data)
{
  return clr_stream_dup_tls_binding (((ClrSession *)data)->stream, exporter);
}

static void
start_tls (ClrSmtpServer *server, void *data)
{
  ClrSession *session = data;

  session->starting_tls = TRUE;
  clr_stream_start_tls (session->stream, session->context, NULL);
}

static void
finish (ClrSmtpServer *server, void *data)
{
  clr_stream_finish (((ClrSession *)data)->stream);
}

static const ClrSmtpServerHandler server_handler
    = { ask_mail, ask_rcpt,  ask_data, content,   ask_accept,
        abandon,  start_tls, finish,   ask_login, { find_verifier, dup_secret, dup_binding } };

static size_t
on_bytes (ClrStream *stream, const uint8_t *bytes, size_t size, void *data)
{
  ClrSession *session = data;
  size_t eaten = clr_smtp_server_feed (session->server, bytes, size);

  if (session->over)
    return size;
  /* While an answer is awaited the client waits too; its next bytes stay in the kernel. */
  if (clr_smtp_server_is_waiting (session->server) && !session->starting_tls)
    clr_stream_pause (stream);
  arm (session);
  return eaten;
}

static void
on_secure (ClrStream *stream, void *data)
{
  ClrSession *session = data;

  session->starting_tls = FALSE;
  session->was_secure = TRUE;
  clr_roster_note (session->place->worker, &session->entry, clr_stream_get_tls_description (stream));
  note (session, FALSE, FALSE, NULL);
  clr_visitor_set_secure (&session->visitor);
  if (session->login)
    {
      clr_admission_forget (session->login);
      choose_device (session);
    }
  if (session->visitor.entrance->tls == CLR_LISTENER_TLS_IMPLICIT)
    clr_smtp_server_greet (session->server);
  else
    clr_smtp_server_secured (session->server);
  arm (session);
}

static void
on_closed (ClrStream *stream, gboolean orderly, const char *why, void *data)
{
  ClrSession *session = data;

  if (g_str_has_prefix (why, "TLS: "))
    clr_log_event (CLR_EVENT_CLIENT_TLS_FAILED, session->address, why + strlen ("TLS: "));
  end (session, why);
}

static const ClrStreamEvents stream_events = { NULL, on_bytes, NULL, on_secure, on_closed };

ClrSession *
clr_session_new (const ClrIntakePlace *place, ClrLogins *logins, ClrSightings *sightings, int fd,
                 const ClrEndpoint *peer, unsigned slot, ClrReception *reception,
                 void (*ended) (ClrSession *session, void *data), void *data)
{
  ClrSession *session = g_new0 (ClrSession, 1);
  uint8_t octets[16];

  session->place = place;
  session->logins = logins;
  session->sightings = sightings;
  session->reception = clr_reception_ref (reception);
  session->limits = clr_policy_get_limits (reception->policy);
  session->slot = slot;
  session->ended = ended;
  session->data = data;
  session->progress_us = place->worker->now;
  clr_endpoint_get_bytes (peer, octets);
  clr_endpoint_address_to_text (peer, session->address);
  clr_visitor_init (&session->visitor, &session->reception->entrance, reception->policy, octets,
                    session->address, clr_logins_has_users (logins));
  session->context = (session->visitor.quirks & CLR_QUIRK_LEGACY_TLS) && reception->old_context
                         ? reception->old_context
                         : reception->context;
  clr_counter_add (CLR_COUNTER_CONNECTIONS_IN, 1);
  clr_counter_add (CLR_COUNTER_CONNECTIONS_IN_TOTAL, 1);
  clr_log_event (CLR_EVENT_CLIENT_CONNECTED, session->address, reception->name,
                 session->visitor.device ? session->visitor.device->name : "a stranger");

  session->stream = clr_stream_new (place->worker, fd, peer, &stream_events, session);
  session->server = clr_smtp_server_new (&session->visitor.config, &server_handler,
                                         clr_stream_get_output (session->stream), session);
  session->entry.describe = describe;
  session->entry.stream = session->stream;
  clr_roster_enter (place->worker, &session->entry);
  look_for_orders (session);
  clr_timer_init (&session->timer, on_timer, session);
  arm (session);
  if (reception->entrance.tls == CLR_LISTENER_TLS_IMPLICIT)
    clr_stream_start_tls (session->stream, session->context, NULL);
  else
    {
      clr_smtp_server_greet (session->server);
      clr_stream_flush (session->stream);
    }
  return session;
}

void
clr_session_free (ClrSession *session)
{
  session->over = TRUE;
  clr_roster_leave (session->place->worker, &session->entry);
  clr_timers_clear (session->place->worker->timers, &session->timer);
  g_clear_pointer (&session->intake, clr_intake_abandon);
  g_clear_pointer (&session->login, clr_admission_free);
  clr_stream_free (session->stream);
  clr_smtp_server_free (session->server);
  clr_client_leave (session->slot);
  clr_counter_add (CLR_COUNTER_CONNECTIONS_IN, -1);
  clr_reception_unref (session->reception);
  g_free (session->sender);
  g_free (session);
}

void
clr_session_stop (ClrSession *session, gboolean now)
{
  session->stopping = TRUE;
  /* A message whose answer is awaited gets it in any case; one that is still coming in only if there is time.
   */
  if (session->over || (session->intake && (!now || clr_smtp_server_is_waiting (session->server))))
    return;
  clr_smtp_server_goodbye (session->server, "4.3.2", "the relay is stopping, please try again later");
  clr_stream_flush (session->stream);
}

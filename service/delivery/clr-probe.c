/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-probe.h"

#include "delivery/clr-dialer.h"
#include "delivery/clr-smtp-peer.h"

#include <glib/gi18n-lib.h>

#define LONGEST_US (40 * (int64_t)G_USEC_PER_SEC) /* whoever asked still waits */

struct ClrProbe
{
  ClrLetter letter; /* first */
  char *smarthost, *from, *to;
  ClrMailbox *reply_to;
  void (*open) (ClrLetter *probe, void *owner);
  void *data;
  JsonArray *steps;
  char *problem;      /* the probe could not be made at all */
  gboolean any_works; /* some host took all steps */

  const ClrDeliveryPlace *place;
  ClrDeliveryPlan *plan;
  const ClrNextHop *hop;
  unsigned at; /* which host */
  ClrDialer *dialer;
  ClrSmtpPeer *peer;
  ClrTimer step, limit;
  gboolean asked; /* the envelope is under way, or has been answered */
  gboolean bad;   /* a step of this host has failed */
  void (*ended) (ClrProbe *probe, void *data);
  void *ended_data;
};

static void
add_step (ClrProbe *probe, const char *name, gboolean ok, const char *text, const char *advice)
{
  JsonObject *step = json_object_new ();

  json_object_set_string_member (
      step, "host", probe->dialer ? clr_dialer_get_peer (probe->dialer) : probe->hop->hosts[probe->at].name);
  json_object_set_string_member (step, "step", name);
  json_object_set_boolean_member (step, "ok", ok);
  if (text)
    {
      g_autofree char *valid = g_utf8_make_valid (text, -1);
      json_object_set_string_member (step, "text", valid);
    }
  if (advice)
    json_object_set_string_member (step, "advice", advice);
  json_array_add_object_element (probe->steps, step);
  probe->bad = probe->bad || !ok;
}

/* From the loop: the peer must not go inside its events. */
static void
go_on_soon (ClrProbe *probe)
{
  clr_timers_set (probe->place->worker->timers, &probe->step, probe->place->worker->now);
}

static const char *
advise (ClrPhase phase, const ClrSmtpReply *reply)
{
  switch (phase)
    {
    case CLR_PHASE_GREETING:
      return reply->code
                 ? _ ("the server wants no mail from this address now: ask the provider, or look for the "
                      "address in blocking lists")
                 : _ ("nobody who speaks SMTP answers here: check port and tls (465 wants tls = implicit)");
    case CLR_PHASE_EHLO:
      return _ ("check helo or hostname: the name should exist in the DNS; and tls: 587 wants STARTTLS");
    case CLR_PHASE_TLS:
      return _ ("check ca-file, the host's name and the clock; tls = encrypt takes any certificate");
    case CLR_PHASE_AUTH:
      return _ ("check user and password (clrelay secret set) or the OAuth account (clrelay oauth list), and "
                "that the "
                "provider allows SMTP AUTH for the user");
    case CLR_PHASE_MAIL:
      return _ (
          "the sender is not allowed to this user: choose another with --from, or allow it at the provider");
    case CLR_PHASE_RCPT:
      return _ (
          "the server does not take this recipient from us: check the login, or that the provider lets this "
          "address relay");
    default:
      return NULL;
    }
}

static const char *const phase_steps[] = {
  [CLR_PHASE_GREETING] = "greeting", [CLR_PHASE_EHLO] = "ehlo", [CLR_PHASE_TLS] = "tls",
  [CLR_PHASE_AUTH] = "auth",         [CLR_PHASE_MAIL] = "mail", [CLR_PHASE_RCPT] = "rcpt",
};

/* The phases from greeting on, before @end, were good. */
static void
add_good_phases (ClrProbe *probe, ClrPhase end)
{
  const char *tls = clr_smtp_peer_get_tls_description (probe->peer);
  gboolean logs_in = probe->hop->user != NULL;

  for (ClrPhase phase = CLR_PHASE_GREETING; phase < end && phase <= CLR_PHASE_AUTH; phase++)
    if ((phase != CLR_PHASE_TLS || tls) && (phase != CLR_PHASE_AUTH || logs_in))
      add_step (probe, phase_steps[phase], TRUE, phase == CLR_PHASE_TLS ? tls : NULL, NULL);
}

/* -- the peer's events */

static void
on_ready (ClrSmtpPeer *peer, void *data)
{
  ClrProbe *probe = data;

  if (!probe->asked)
    add_good_phases (probe, CLR_PHASE_IDLE);
  if (probe->to && !probe->asked)
    {
      ClrSmtpTransaction transaction = { .sender = probe->from, .n_recipients = 1, .envelope_only = TRUE };

      probe->asked = TRUE;
      clr_smtp_peer_begin (peer, &transaction);
      return;
    }
  clr_smtp_peer_quit (peer);
}

static void
get_recipient (unsigned index, ClrSmtpRecipient *recipient, void *data)
{
  *recipient = (ClrSmtpRecipient){ .address = ((ClrProbe *)data)->to };
}

static void
on_result (ClrSmtpPeer *peer, unsigned recipient, ClrPhase phase, const ClrSmtpReply *reply, void *data)
{
  ClrProbe *probe = data;
  g_autofree char *text = clr_smtp_reply_to_text (reply);
  gboolean good = reply->code / 100 == 2;

  if (phase == CLR_PHASE_RCPT)
    add_step (probe, "mail", TRUE, NULL, NULL);
  add_step (probe, phase == CLR_PHASE_MAIL ? "mail" : "rcpt", good, text,
            good ? NULL : advise (phase, reply));
}

static void
on_timed_out (ClrSmtpPeer *peer, void *data)
{
  clr_smtp_peer_fail (peer, _ ("the server did not answer in time"));
}

static void
on_failed (ClrSmtpPeer *peer, ClrPhase phase, const ClrSmtpReply *reply, void *data)
{
  ClrProbe *probe = data;

  if (phase < CLR_PHASE_QUIT)
    {
      g_autofree char *text = clr_smtp_reply_to_text (reply);

      if (phase < CLR_PHASE_IDLE)
        add_good_phases (probe, phase);
      add_step (probe, phase < G_N_ELEMENTS (phase_steps) && phase_steps[phase] ? phase_steps[phase] : "rset",
                FALSE, text, advise (phase, reply));
    }
  go_on_soon (probe);
}

static const ClrSmtpPeerEvents peer_events
    = { on_ready, get_recipient, on_result, NULL, NULL, on_timed_out, on_failed };

/* -- the dialer's */

static void
on_reached (ClrDialer *dialer, ClrStream *stream, void *data)
{
  ClrProbe *probe = data;
  const ClrNextHop *hop = probe->hop;
  const ClrHost *host = &hop->hosts[probe->at];
  ClrTlsChoice tls = clr_tls_choice_make (hop, host, clr_dialer_get_dane (dialer), FALSE);
  ClrToken *token = NULL;

  add_step (probe, "connect", TRUE, NULL, NULL);
  if (hop->oauth
      && clr_token_box_look (probe->place->tokens, hop->oauth, probe->place->worker->now, &token)
             != CLR_TOKEN_GOOD)
    {
      add_step (probe, "token", FALSE, token && token->why ? token->why : _ ("the token is being asked for"),
                _ ("see clrelay oauth list"));
      clr_dialer_hang_up (stream);
      go_on_soon (probe);
      return;
    }
  probe->peer = clr_smtp_peer_new (probe->place, hop, stream, &tls, host,
                                   hop->helo ? hop->helo : clr_delivery_plan_get_hostname (probe->plan),
                                   token, &peer_events, probe);
}

static void
on_dial_failed (ClrDialer *dialer, ClrDialProblem problem, const char *why, void *data)
{
  ClrProbe *probe = data;
  gboolean no_name = problem == CLR_DIAL_NO_ADDRESS || g_str_has_prefix (why, "the name ");

  add_step (probe, no_name ? "dns" : "connect", FALSE, why,
            no_name
                ? _ ("check hosts for a mistyped name, and [dns] servers")
                : _ ("check hosts and port; a firewall here, or the network's provider, may block the port"));
  go_on_soon (probe);
}

static const ClrDialerEvents dialer_events = { on_reached, on_dial_failed };

/* -- from host to host */

static void
begin_host (ClrProbe *probe)
{
  probe->asked = probe->bad = FALSE;
  probe->dialer = clr_dialer_new (probe->place, probe->plan, probe->hop, &probe->hop->hosts[probe->at],
                                  &dialer_events, probe);
  clr_dialer_dial (probe->dialer);
}

static void
stop (ClrProbe *probe)
{
  if (probe->place == NULL)
    return;
  clr_timers_clear (probe->place->worker->timers, &probe->step);
  clr_timers_clear (probe->place->worker->timers, &probe->limit);
  g_clear_pointer (&probe->peer, clr_smtp_peer_free);
  g_clear_pointer (&probe->dialer, clr_dialer_free);
  g_clear_pointer (&probe->plan, clr_delivery_plan_unref);
  probe->place = NULL;
}

static void
finish (ClrProbe *probe)
{
  stop (probe);
  probe->ended (probe, probe->ended_data);
  probe->letter.open = probe->open;
  clr_mailbox_post (probe->reply_to, &probe->letter);
}

static void
on_step (ClrTimer *timer, void *data)
{
  ClrProbe *probe = data;

  if (probe->hop && probe->dialer)
    probe->any_works = probe->any_works || !probe->bad;
  g_clear_pointer (&probe->peer, clr_smtp_peer_free);
  g_clear_pointer (&probe->dialer, clr_dialer_free);
  if (probe->hop == NULL || ++probe->at >= probe->hop->n_hosts)
    finish (probe);
  else
    begin_host (probe);
}

static void
on_limit (ClrTimer *timer, void *data)
{
  ClrProbe *probe = data;

  add_step (probe, "time", FALSE, _ ("the check took too long and was ended here"),
            _ ("whoever does not answer may be a firewall that swallows packets"));
  finish (probe);
}

void
clr_probe_run (ClrProbe *probe, const ClrDeliveryPlace *place, ClrDeliveryPlan *plan,
               void (*ended) (ClrProbe *probe, void *data), void *ended_data)
{
  g_autofree char *way = g_strconcat ("smarthost:", probe->smarthost, NULL);

  probe->place = place;
  probe->plan = clr_delivery_plan_ref (plan);
  probe->ended = ended;
  probe->ended_data = ended_data;
  clr_timer_init (&probe->step, on_step, probe);
  clr_timer_init (&probe->limit, on_limit, probe);
  probe->hop = clr_delivery_plan_find_next_hop (plan, way);
  if (probe->hop == NULL)
    {
      probe->problem = g_strdup_printf (_ ("there is no [smarthost %s]"), probe->smarthost);
      go_on_soon (probe);
      return;
    }
  clr_timers_set (place->worker->timers, &probe->limit, place->worker->now + LONGEST_US);
  begin_host (probe);
}

ClrProbe *
clr_probe_new (const char *smarthost, const char *from, const char *to, ClrMailbox *reply_to,
               void (*open) (ClrLetter *probe, void *owner), void *data)
{
  ClrProbe *probe = g_new0 (ClrProbe, 1);

  probe->smarthost = g_strdup (smarthost);
  probe->from = g_strdup (from);
  probe->to = g_strdup (to);
  probe->reply_to = reply_to;
  probe->open = open;
  probe->data = data;
  probe->steps = json_array_new ();
  return probe;
}

void
clr_probe_free (ClrProbe *probe)
{
  stop (probe);
  json_array_unref (probe->steps);
  g_free (probe->problem);
  g_free (probe->smarthost);
  g_free (probe->from);
  g_free (probe->to);
  g_free (probe);
}

void *
clr_probe_get_data (ClrProbe *probe)
{
  return probe->data;
}

JsonNode *
clr_probe_tell (ClrProbe *probe)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "result",
                                 probe->problem     ? "error"
                                 : probe->any_works ? "ok"
                                                    : "failed");
  json_object_set_string_member (object, "reason",
                                 probe->problem     ? probe->problem
                                 : probe->any_works ? _ ("mail can leave by this smarthost")
                                                    : _ ("no host of this smarthost took all steps"));
  json_object_set_array_member (object, "steps", json_array_ref (probe->steps));
  json_node_take_object (node, object);
  return node;
}

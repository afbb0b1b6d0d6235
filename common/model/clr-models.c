/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The facts, declared once. Times are ISO 8601 in UTC with milliseconds; sizes are octets.
 */
#include "model/clr-model.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

#define FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS)

#define DEFINE_MODEL(Name, name)                                                                             \
  struct _Clr##Name##Info                                                                                    \
  {                                                                                                          \
    ClrModel parent_instance;                                                                                \
  };                                                                                                         \
  G_DEFINE_FINAL_TYPE (Clr##Name##Info, clr_##name##_info, CLR_TYPE_MODEL)                                   \
  static void clr_##name##_info_init (Clr##Name##Info *self)                                                 \
  {                                                                                                          \
  }                                                                                                          \
  static void clr_##name##_info_class_init (Clr##Name##InfoClass *klass)

#define TEXT(name, help)                                                                                     \
  clr_model_class_declare (CLR_MODEL_CLASS (klass), g_param_spec_string (name, NULL, help, NULL, FLAGS))
#define NUMBER(name, help)                                                                                   \
  clr_model_class_declare (CLR_MODEL_CLASS (klass),                                                          \
                           g_param_spec_int64 (name, NULL, help, 0, G_MAXINT64, 0, FLAGS))
#define WORDS(name, help)                                                                                    \
  clr_model_class_declare (CLR_MODEL_CLASS (klass), g_param_spec_boxed (name, NULL, help, G_TYPE_STRV, FLAGS))
#define LIST(name, help, item_type)                                                                          \
  clr_model_class_declare_list (CLR_MODEL_CLASS (klass), name, help, item_type)

DEFINE_MODEL (Status, status)
{
  TEXT ("version", N_ ("Version of the service"));
  TEXT ("hostname", N_ ("Name of the relay"));
  TEXT ("started", N_ ("When the service started"));
  TEXT ("settings-file", N_ ("The settings in force"));
  WORDS ("warnings", N_ ("What needs somebody, and what to do"));
  WORDS ("listeners", N_ ("Name and address of each listener"));
  NUMBER ("messages", N_ ("Messages in the queue"));
  NUMBER ("waiting", N_ ("Recipients waiting for their next attempt"));
  NUMBER ("active", N_ ("Recipients being delivered"));
  NUMBER ("failed", N_ ("Recipients that failed and are kept"));
  NUMBER ("held", N_ ("Recipients held back by an administrator"));
  NUMBER ("bouncing", N_ ("Recipients given up, whose sender is about to be told"));
  NUMBER ("connections-in", N_ ("Client connections now"));
  NUMBER ("connections-out", N_ ("Connections to next hops now"));
  NUMBER ("accepted", N_ ("Messages accepted since the start"));
  NUMBER ("delivered", N_ ("Recipients delivered since the start"));
  NUMBER ("deferred", N_ ("Attempts deferred since the start"));
  NUMBER ("refused", N_ ("Recipients refused since the start"));
  NUMBER ("store-failures", N_ ("Transactions the store refused since the start"));
  LIST ("lanes", N_ ("The ways out"), CLR_TYPE_LANE_INFO);
}

DEFINE_MODEL (Lane, lane)
{
  TEXT ("key", N_ ("Which way out"));
  TEXT ("site", N_ ("The site whose limits and rest it shares"));
  NUMBER ("in-memory", N_ ("Recipients claimed for delivery"));
  TEXT ("next-due", N_ ("When the next waiting recipient is due"));
  TEXT ("resting-until", N_ ("The next hop failed; nothing is sent until then"));
  TEXT ("reason", N_ ("Why it rests"));
}

DEFINE_MODEL (Message, message)
{
  TEXT ("id", N_ ("Queue id"));
  TEXT ("received", N_ ("When it was accepted"));
  TEXT ("sender", N_ ("Envelope sender"));
  TEXT ("subject", N_ ("Subject field"));
  TEXT ("message-id", N_ ("Message-ID field"));
  TEXT ("origin", N_ ("How it came in"));
  TEXT ("client", N_ ("Address it came from"));
  TEXT ("device", N_ ("Device it came from"));
  NUMBER ("size", N_ ("Octets, with the fields added here"));
  TEXT ("envid", N_ ("Envelope id of the sender (RFC 3461)"));
  WORDS ("repairs", N_ ("What was repaired"));
  WORDS ("quirks", N_ ("What was borne of the device"));
  WORDS ("signatures", N_ ("Names of the DKIM keys that signed"));
  WORDS ("authentication", N_ ("What SPF, DKIM and DMARC say of mail from outside"));
  TEXT ("place", N_ ("queue, or history when it is finished"));
  LIST ("recipients", N_ ("Its recipients"), CLR_TYPE_RECIPIENT_INFO);
  LIST ("attempts", N_ ("Every attempt to deliver it"), CLR_TYPE_ATTEMPT_INFO);
}

DEFINE_MODEL (Recipient, recipient)
{
  TEXT ("address", N_ ("Envelope recipient"));
  TEXT ("state", N_ ("waiting, active, delivered, failed, held, bouncing, deleted"));
  TEXT ("via", N_ ("Which way out"));
  NUMBER ("attempts", N_ ("Attempts so far"));
  TEXT ("next-attempt", N_ ("When it is tried again"));
  TEXT ("expires", N_ ("When it is given up"));
  TEXT ("last-attempt", N_ ("When it was last tried"));
  TEXT ("host", N_ ("Who answered last"));
  NUMBER ("code", N_ ("The last reply's code; 0: no reply"));
  TEXT ("enhanced", N_ ("The last reply's enhanced status code"));
  TEXT ("reply", N_ ("The last reply's text, or what went wrong"));
  TEXT ("deleted-by", N_ ("Who deleted it"));
}

DEFINE_MODEL (Attempt, attempt)
{
  TEXT ("recipient", N_ ("Envelope recipient"));
  TEXT ("started", N_ ("When it began"));
  TEXT ("ended", N_ ("When it ended"));
  TEXT ("outcome", N_ ("delivered, deferred or failed"));
  TEXT ("phase", N_ ("Where in the dialogue it was decided"));
  TEXT ("host", N_ ("Name and address of the peer"));
  TEXT ("tls", N_ ("Protocol and cipher; none in clear"));
  NUMBER ("code", N_ ("The reply's code; 0: no reply"));
  TEXT ("enhanced", N_ ("The reply's enhanced status code"));
  TEXT ("reply", N_ ("The reply's text, verbatim"));
}

DEFINE_MODEL (LogLine, log_line)
{
  NUMBER ("number", N_ ("Events are counted from the start of the service"));
  TEXT ("time", N_ ("When it happened"));
  TEXT ("level", N_ ("error, warning, info or debug"));
  TEXT ("event", N_ ("Which kind of event"));
  TEXT ("text", N_ ("What happened, as a sentence"));
  TEXT ("id", N_ ("Queue id of the message it is about"));
}

DEFINE_MODEL (User, user)
{
  TEXT ("login", N_ ("What the user is called"));
  TEXT ("changed", N_ ("When the password was set"));
  NUMBER ("iterations", N_ ("What one guess at the password costs"));
  NUMBER ("recoverable", N_ ("1: the password itself is kept, for CRAM-MD5"));
}

DEFINE_MODEL (Ban, ban)
{
  TEXT ("subject", N_ ("An address, or a login"));
  TEXT ("until", N_ ("When it ends"));
  TEXT ("last-failure", N_ ("When a login failed last"));
  NUMBER ("bans", N_ ("Bans so far"));
}

DEFINE_MODEL (Client, client)
{
  TEXT ("address", N_ ("The address it connects from"));
  TEXT ("helo", N_ ("The name it gives of itself"));
  TEXT ("tls", N_ ("Protocol and cipher of its last session; none in clear"));
  TEXT ("login", N_ ("Who it logged in as last"));
  TEXT ("device", N_ ("The device it is; none: it may not relay"));
  TEXT ("first-seen", N_ ("When it was seen first"));
  TEXT ("last-seen", N_ ("When it was seen last"));
  TEXT ("last-success", N_ ("When its last message was accepted"));
  TEXT ("last-refusal", N_ ("When it was last refused something"));
  TEXT ("reason", N_ ("What it was told then"));
  NUMBER ("sessions", N_ ("Its sessions so far"));
  NUMBER ("messages", N_ ("Messages accepted so far"));
  NUMBER ("refusals", N_ ("Refusals so far"));
}

DEFINE_MODEL (Use, use)
{
  TEXT ("name", N_ ("Which quirk or repair"));
  NUMBER ("messages", N_ ("Messages it was used for"));
}

DEFINE_MODEL (Device, device)
{
  TEXT ("name", N_ ("Name of its [device] section"));
  TEXT ("label", N_ ("What people call it"));
  TEXT ("preset", N_ ("Which kind of device it is"));
  WORDS ("networks", N_ ("Addresses it connects from"));
  WORDS ("logins", N_ ("Logins it uses"));
  WORDS ("quirks", N_ ("What is borne of it"));
  TEXT ("last-seen", N_ ("When it was seen last"));
  TEXT ("last-message", N_ ("When its last message came"));
  NUMBER ("messages", N_ ("Messages so far"));
  NUMBER ("sent", N_ ("Recipients so far"));
  NUMBER ("this-hour", N_ ("Recipients in this hour, without what came while it was frozen"));
  TEXT ("frozen-since", N_ ("Since when its mail is held; none: it is not frozen"));
  TEXT ("frozen-reason", N_ ("Why"));
  LIST ("quirks-used", N_ ("What was borne of it, and how often"), CLR_TYPE_USE_INFO);
  LIST ("repairs-used", N_ ("What was repaired, and how often"), CLR_TYPE_USE_INFO);
  LIST ("clients", N_ ("Addresses it came from"), CLR_TYPE_CLIENT_INFO);
}

DEFINE_MODEL (Session, session)
{
  TEXT ("id", N_ ("What it is called while it lasts"));
  TEXT ("direction", N_ ("in or out"));
  TEXT ("peer", N_ ("Who is at the other end, with address and port"));
  TEXT ("name", N_ ("What the client calls itself, or the host is called"));
  TEXT ("place", N_ ("Name of the listener, or of the smarthost or route"));
  TEXT ("device", N_ ("The device that it is; none: a stranger"));
  TEXT ("login", N_ ("Who has logged in"));
  TEXT ("tls", N_ ("Protocol and cipher; none in clear"));
  TEXT ("state", N_ ("What it does now"));
  NUMBER ("age", N_ ("Seconds since it began"));
  NUMBER ("octets-in", N_ ("Octets received"));
  NUMBER ("octets-out", N_ ("Octets sent"));
  NUMBER ("messages", N_ ("Messages so far"));
  NUMBER ("recorded", N_ ("1: it is being recorded"));
}

DEFINE_MODEL (Alert, alert)
{
  TEXT ("name", N_ ("Name of its [alert] section"));
  TEXT ("kind", N_ ("What is measured"));
  TEXT ("subject", N_ ("Which file, device or account it is about; empty: there is only one"));
  TEXT ("text", N_ ("What is wrong, as it was last measured"));
  TEXT ("state", N_ ("active, acknowledged or cleared"));
  TEXT ("since", N_ ("When it was raised"));
  TEXT ("acknowledged", N_ ("When somebody said that he knows of it"));
  TEXT ("acknowledged-by", N_ ("Who"));
  TEXT ("cleared", N_ ("When it was over"));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-reason.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_READ 4096u

static const struct
{
  const char *name;
  const char *detail;
  ClrBounceClass class;
} reasons[CLR_REASON_LAST] = {
  [CLR_REASON_UNKNOWN] = { "unknown", "0.0", CLR_BOUNCE_UNKNOWN },
  [CLR_REASON_NO_USER] = { "no-user", "1.1", CLR_BOUNCE_HARD },
  [CLR_REASON_DISABLED] = { "disabled", "2.1", CLR_BOUNCE_SOFT },
  [CLR_REASON_MOVED] = { "moved", "1.6", CLR_BOUNCE_HARD },
  [CLR_REASON_FULL] = { "full", "2.2", CLR_BOUNCE_FULL },
  [CLR_REASON_TOO_LARGE] = { "too-large", "3.4", CLR_BOUNCE_POLICY },
  [CLR_REASON_NO_DOMAIN] = { "no-domain", "1.2", CLR_BOUNCE_HARD },
  [CLR_REASON_NO_MAIL] = { "no-mail", "1.10", CLR_BOUNCE_HARD },
  [CLR_REASON_UNREACHABLE] = { "unreachable", "4.1", CLR_BOUNCE_SOFT },
  [CLR_REASON_EXPIRED] = { "expired", "4.7", CLR_BOUNCE_SOFT },
  [CLR_REASON_BUSY] = { "busy", "4.5", CLR_BOUNCE_SOFT },
  [CLR_REASON_TROUBLE] = { "trouble", "3.0", CLR_BOUNCE_SOFT },
  [CLR_REASON_SPAM] = { "spam", "7.1", CLR_BOUNCE_POLICY },
  [CLR_REASON_VIRUS] = { "virus", "7.1", CLR_BOUNCE_POLICY },
  [CLR_REASON_BLOCKED] = { "blocked", "7.1", CLR_BOUNCE_BLOCK },
  [CLR_REASON_AUTHENTICATION] = { "authentication", "7.1", CLR_BOUNCE_POLICY },
  [CLR_REASON_POLICY] = { "policy", "7.1", CLR_BOUNCE_POLICY },
  [CLR_REASON_RELAYING] = { "relaying", "7.1", CLR_BOUNCE_POLICY },
  [CLR_REASON_SENDER] = { "sender", "1.8", CLR_BOUNCE_POLICY },
  [CLR_REASON_SECURITY] = { "security", "7.0", CLR_BOUNCE_POLICY },
  [CLR_REASON_LOOP] = { "loop", "4.6", CLR_BOUNCE_SOFT },
  [CLR_REASON_CONTENT] = { "content", "6.0", CLR_BOUNCE_POLICY },
  [CLR_REASON_ADDRESS] = { "address", "1.3", CLR_BOUNCE_SOFT },
  [CLR_REASON_MANY_RECIPIENTS] = { "many-recipients", "5.3", CLR_BOUNCE_SOFT },
  [CLR_REASON_INTERNATIONAL] = { "international", "6.7", CLR_BOUNCE_POLICY },
};

/* RFC 3463, RFC 7372, RFC 7505 and the registry of enhanced status codes: subject and detail. Those that the
 * world uses for everything (0.0, 7.1) say nothing; 1.0 and 5.0 neither. */
static const struct
{
  const char *detail;
  ClrReason reason;
} details[] = {
  { "1.1", CLR_REASON_NO_USER },
  { "1.2", CLR_REASON_NO_DOMAIN },
  { "1.3", CLR_REASON_ADDRESS },
  { "1.6", CLR_REASON_MOVED },
  { "1.7", CLR_REASON_SENDER },
  { "1.8", CLR_REASON_SENDER },
  { "1.9", CLR_REASON_CONTENT },
  { "1.10", CLR_REASON_NO_MAIL },
  { "2.1", CLR_REASON_DISABLED },
  { "2.2", CLR_REASON_FULL },
  { "2.3", CLR_REASON_TOO_LARGE },
  { "3.1", CLR_REASON_TROUBLE },
  { "3.2", CLR_REASON_BUSY },
  { "3.3", CLR_REASON_CONTENT },
  { "3.4", CLR_REASON_TOO_LARGE },
  { "3.5", CLR_REASON_TROUBLE },
  { "4.1", CLR_REASON_UNREACHABLE },
  { "4.2", CLR_REASON_UNREACHABLE },
  { "4.3", CLR_REASON_UNREACHABLE },
  { "4.4", CLR_REASON_UNREACHABLE },
  { "4.5", CLR_REASON_BUSY },
  { "4.6", CLR_REASON_LOOP },
  { "4.7", CLR_REASON_EXPIRED },
  { "5.3", CLR_REASON_MANY_RECIPIENTS },
  { "6.1", CLR_REASON_CONTENT },
  { "6.2", CLR_REASON_CONTENT },
  { "6.3", CLR_REASON_CONTENT },
  { "6.7", CLR_REASON_INTERNATIONAL },
  { "6.8", CLR_REASON_INTERNATIONAL },
  { "6.9", CLR_REASON_INTERNATIONAL },
  { "7.4", CLR_REASON_SECURITY },
  { "7.8", CLR_REASON_SECURITY },
  { "7.10", CLR_REASON_SECURITY },
  { "7.11", CLR_REASON_SECURITY },
  { "7.20", CLR_REASON_AUTHENTICATION },
  { "7.21", CLR_REASON_AUTHENTICATION },
  { "7.22", CLR_REASON_AUTHENTICATION },
  { "7.23", CLR_REASON_AUTHENTICATION },
  { "7.24", CLR_REASON_AUTHENTICATION },
  { "7.25", CLR_REASON_BLOCKED },
  { "7.26", CLR_REASON_AUTHENTICATION },
  { "7.27", CLR_REASON_NO_MAIL },
  { "7.28", CLR_REASON_BUSY },
  { "7.30", CLR_REASON_SECURITY },
};

/* What servers say, in small letters, separated by "|"; the first that is found counts, so the narrow ones
 * come before the wide ones. "*" stands for at most 60 octets of anything. */
static const struct
{
  ClrReason reason;
  const char *words;
} sayings[] = {
  /* Our own, of what delivery meets. */
  { CLR_REASON_LOOP, "mail would go round in circles|leads to this machine" },
  { CLR_REASON_SECURITY, "tls is required for this next hop|offers no auth|not sent in clear|way to log in" },
  { CLR_REASON_INTERNATIONAL, "has 8-bit content" },
  { CLR_REASON_TOO_LARGE, "larger than the next hop accepts" },
  { CLR_REASON_NO_DOMAIN, "there is no domain|there is no such name" },
  { CLR_REASON_NO_MAIL, "have no valid names|(null mx)" },
  { CLR_REASON_POLICY, "mail to this recipient is not accepted" },
  { CLR_REASON_TROUBLE, "does not speak smtp|answers are out of step|has no meaning there" },
  { CLR_REASON_UNREACHABLE,
    "the connect took too long|closed the connection|did not answer in time|cannot be looked up|"
    "cannot be resolved" },
  /* The world's. */
  { CLR_REASON_LOOP, "too many hops|hop count exceeded|mail loop|mail forwarding loop|routing loop|"
                     "loops back to myself|loop detected|maximum hop count" },
  { CLR_REASON_INTERNATIONAL, "smtputf8|internationalized|8bitmime was not offered" },
  { CLR_REASON_VIRUS,
    "virus|malware|infected|potential security issue|presents a potential|attachment type*not|"
    "executable*not allowed|forbidden attachment" },
  { CLR_REASON_AUTHENTICATION,
    "dmarc|spf check|spf fail|fails to pass spf|fail policy (-all)|spf record*fail|spf validation|"
    "not pass spf|dkim check|dkim verification|dkim signature*fail|unauthenticated email|"
    "sender policy framework|purported responsible|sender id (pra)|not authorized to send*on behalf" },
  { CLR_REASON_BLOCKED,
    "reverse dns|rdns|ptr record|ip name lookup failed|no ptr|without*ptr|cannot find your hostname|"
    "cannot find your reverse|spamhaus|spamcop|blacklist*url: |dnsbl| rbl |block list|blocklist|"
    "blacklisted by|blacklisted at|is blacklisted|on a blacklist|black list|banned sending ip|"
    "client host*blocked|ip*is blocked|blocked ip|ip address*blocked|ip*blocked for|blocked using|"
    "poor reputation|low reputation|reputation|your ip|your network|has been blocked|"
    "is temporarily blocked|temporarily deferred due to*user complaints|smtp server of your isp|"
    "dynamic ip|dial-up|dialup|client host rejected|mail server*rejected due to|invalid domain name|"
    "not accepted from servers|connection refused by*policy|554 blocked|553 blocked|550 blocked" },
  { CLR_REASON_SPAM,
    "spam|blacklisted url|blacklisted link|message content rejected|content rejected|unsolicited|"
    "ube, id|junk mail|bulk mail|looks like|score*exceed" },
  { CLR_REASON_TOO_LARGE,
    "too large|too big|size limit|message size exceeds|exceeds size|exceeds*size|"
    "exceeded*message size|maximum message size|message length exceeds|exceeds*maximum size|"
    "line limit exceeded|exceeds the maximum|larger than the current system limit|message exceed" },
  { CLR_REASON_FULL,
    "mailbox full|mailbox is full|mailbox*is full|mailbox has exceeded|mailbox size limit|over quota|"
    "overquota|quota exceeded|exceeded*quota|quota*exceeded|out of quota|over the quota|disk quota|"
    "quota violation|quota is full|storage*exceeded|exceed*storage|out of storage|not enough storage|"
    "insufficient*storage|inbox is full|mailfolder is full|mail folder is full|account is full|"
    "out of space|no space left for user|delivery*over limit|allocated space|"
    "has reached*limit of*mailbox|not enough space|maildir over|boite*pleine|postfach ist voll|"
    "voice mailbox*full" },
  { CLR_REASON_MOVED,
    "has moved|no longer on server|not our customer|address has changed|new address|moved to|"
    "user not local; please try|account*moved|no longer*working|has left the company" },
  { CLR_REASON_DISABLED,
    "disabled|temporary locked|temporarily locked|is frozen|suspended*account|account*suspended|"
    "user*suspended|mailbox*suspended|account is inactive|mailbox*inactive|account*inactive|"
    "not active|account*deactivated|account closed|mailbox*locked|account*locked|user is inactive|"
    "inactive account|user*inactive" },
  { CLR_REASON_SENDER,
    "sender address rejected|domain of sender address|sender domain|sender*not allowed|sender denied|"
    "unroutable sender|sender verify failed|sender*not exist|sender*invalid|invalid sender|"
    "bad sender|sender*unknown|from address*not|return-path*not|address of sender|may not send|"
    "not permitted to post|permission to post|don't have permission to post|you do not have "
    "permission|sending address|"
    "must be a member|mail from command failed|not allowed to post|not authorized to send" },
  { CLR_REASON_NO_MAIL,
    "null mx|nullmx|does not accept mail|doesn't accept mail|doesn't receive email|"
    "does not receive mail|domain*accepts no mail|malformed or unexpected name server|"
    "mail for*not accepted|host does not accept|does not accept smtp|service not available at this" },
  { CLR_REASON_NO_DOMAIN,
    "host unknown|host not found|unknown host|dns lookup failure|name service error*host not found|domain "
    "not found|"
    "no such domain|domain*does not exist|domain*doesn't exist|domain is not exist|unrouteable|"
    "unroutable mail domain|unroutable address|nxdomain|name or service not known|invalid domain|"
    "domain*cannot be found|domain must exist|unable to*find*domain|recipient domain*not exist|"
    "couldn't find any host|no route to domain|bad destination host|dns*no such|unknown domain|"
    "no mx*for|host*could not be found|failed to*resolve|domain lookup failed" },
  { CLR_REASON_BUSY,
    "greylist|graylist|grey list|try again*minutes|too many connections|too many concurrent|"
    "too many sessions|connection*limit|rate limit|rate*exceeded|too many messages|"
    "too many recipients this|frequency limited|has sent to too many|sending rate|throttl|slow down|"
    "maximum*connections|receiving mail at a rate|deferred*policy|too quickly|exceeded*per hour|"
    "exceeded the*hourly" },
  { CLR_REASON_RELAYING,
    "relay access denied|relaying denied|relaying not|relay not permitted|not permitted to relay|"
    "unable to relay|no relaying|mail relay|relay denied|relaying prohibited|relay operation|"
    "we do not relay|insecure mail relay|is not local|not verified" },
  { CLR_REASON_MANY_RECIPIENTS, "too many recipients" },
  { CLR_REASON_SECURITY,
    "starttls|tls required|must issue a starttls|tls negotiation|encryption required|"
    "authentication required|authentication failed|smtp authentication|authenticate|auth*required|"
    "certificate|login*failed|username and password|authrequired|unauthenticated senders|credentials|"
    "access denied... |... access denied" },
  { CLR_REASON_NO_USER,
    "user unknown|unknown user|no such user|user not found|user*not found|unknown recipient|"
    "recipient*unknown|recipient unknown|no mailbox here|mailbox not found|mailbox*not found|"
    "mailbox*does not exist|mailbox does not exist|mailbox*doesn't exist|no such mailbox|"
    "unknown mailbox|mailbox unknown|invalid recipient|recipient*invalid|invalid mailbox|"
    "invalid address|address*invalid|bad destination mailbox|unknown address|address unknown|"
    "unknown local|address does not exist|address*does not exist|does not exist|doesn't exist|"
    "not exist|no such recipient|no such address|no such person|no such account|not a valid|"
    "not a registered|not listed in|isn't listed|not found in directory|not a known user|"
    "doesn't have a|does not have a|recipient not found|"
    "mailbox unavailable|recipnotfound|"
    "unable to find*recipient|not known|addressee unknown|inactive email address|no account|"
    "unknown account|user*unknown|utilisateur*inconnu|invalide|destinataire*inconnu|unbekannt|"
    "mailbox*invalid|undeliverable address|recipient is not|no recipients|"
    "account*not found|can not be found|could not be found|cannot be found|no longer exists|"
    "user invalid|not known here|usuario desconocido" },
  { CLR_REASON_EXPIRED,
    "too old|delivery time expired|message expired|time expired|retry time*exceeded|retry timeout|delivery "
    "failed*attempts|"
    "been in the queue too long|been in queue*too|could not be delivered for|giving up|"
    "unable to deliver*within|delivery time-out|could not send message for|was not delivered within|"
    "hours*expired|timeout exceeded" },
  { CLR_REASON_UNREACHABLE,
    "connection refused|connection timed out|connect timed out|no route to host|"
    "network is unreachable|could not connect|unable to connect|cannot connect|can't connect|"
    "connect to|connection reset|lost connection|connection*dropped|connection died|"
    "no answer from host|could not be reached|accept our requests to connect|host*unreachable|timed "
    "out|timeout|did not respond|not respond|"
    "name server*timeout|conversation with|unable to establish|establish an smtp connection" },
  { CLR_REASON_TROUBLE,
    "internal error|internal server error|internal system error|system config|configuration error|"
    "mail server*error|temporary failure|temporary problem|temporary error|temporarily unavailable|"
    "temporary system|local error|queue file write error|insufficient system|disk full|"
    "resources temporarily|unable to open|cannot open|couldn't create|local configuration|"
    "service unavailable|service currently unavailable|server*error|try again later|try later|"
    "service not available|not available|system not accepting|mailer error|operating system error" },
  { CLR_REASON_NO_USER, "recipient address rejected|recipient rejected|rejected recipient|address "
                        "rejected|final delivery userid|no valid recipients" },
  { CLR_REASON_POLICY,
    "policy|not accepted for|not allowed|prohibited|administrative prohibition|administratively|"
    "access denied|denied|forbidden|refused due to recipient|recipient preferences|rejected by|"
    "has been rejected|was rejected|filtered|blocked|not permitted|permission|unacceptable|refused" },
  { CLR_REASON_CONTENT,
    "header error|headers too large|malformed|not compliant|rfc 5322|rfc5322|rfc 2822|rfc2822|"
    "multiple*from|bare lf|bare line|line too long|too long|invalid header|message format|mime error|"
    "content*not|syntax error|missing header|missing*header" },
};

/* Whether @words up to @end, with their "*", stand somewhere in @text. */
static gboolean
holds (const char *text, const char *words, const char *end)
{
  size_t first = MIN (strcspn (words, "*"), (size_t)(end - words));

  for (const char *at = text; (at = memmem (at, strlen (at), words, first)); at++)
    {
      const char *rest = words + first, *here = at + first;

      while (rest < end && here)
        {
          size_t n = strcspn (++rest, "*|");

          here = memmem (here, strnlen (here, 60 + n), rest, n);
          here = here ? here + n : NULL;
          rest += n;
        }
      if (here)
        return TRUE;
    }
  return FALSE;
}

static ClrReason
find_saying (const char *text)
{
  g_autofree char *small = g_ascii_strdown (text, strnlen (text, TEXT_READ));
  char *into = small;

  /* Line ends and runs of blanks are one blank. */
  for (const char *at = small; *at; at++)
    if (!g_ascii_isspace (*at))
      *into++ = *at;
    else if (into > small && into[-1] != ' ')
      *into++ = ' ';
  *into = 0;
  for (unsigned i = 0; i < G_N_ELEMENTS (sayings); i++)
    for (const char *words = sayings[i].words, *end;; words = end + 1)
      {
        end = strchrnul (words, '|');
        if (holds (small, words, end))
          return sayings[i].reason;
        if (*end == 0)
          break;
      }
  return CLR_REASON_UNKNOWN;
}

ClrReason
clr_reason_find (int code, const char *enhanced, const char *text)
{
  ClrReason reason = text ? find_saying (text) : CLR_REASON_UNKNOWN;

  if (reason != CLR_REASON_UNKNOWN)
    return reason;
  if (enhanced && strlen (enhanced) > 2)
    for (unsigned i = 0; i < G_N_ELEMENTS (details); i++)
      if (g_str_equal (enhanced + 2, details[i].detail))
        return details[i].reason;
  switch (code)
    {
    case 421:
      return CLR_REASON_BUSY;
    case 451:
      return CLR_REASON_TROUBLE;
    case 452:
    case 552:
      return CLR_REASON_FULL;
    case 511: /* met at some providers */
    case 551:
      return CLR_REASON_NO_USER;
    case 521: /* RFC 7504 */
    case 556:
      return CLR_REASON_NO_MAIL;
    case 530:
    case 535:
    case 538:
      return CLR_REASON_SECURITY;
    default:
      return CLR_REASON_UNKNOWN;
    }
}

const char *
clr_reason_get_detail (ClrReason reason)
{
  return reasons[reason].detail;
}

const char *
clr_reason_get_name (ClrReason reason)
{
  return reasons[reason].name;
}

ClrBounceClass
clr_reason_get_class (ClrReason reason)
{
  return reasons[reason].class;
}

const char *
clr_bounce_class_get_name (ClrBounceClass bounce)
{
  static const char *const names[] = { "unknown", "hard", "soft", "block", "full", "policy" };

  return names[bounce];
}

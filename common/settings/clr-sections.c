/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every setting, declared once. The file reader, the sample file, "config describe", the API and the forms
 * follow from these lines. To add a setting: one line here, and one reader where it is used.
 */
#include "settings/clr-sections-private.h"

#include "system/clr-data.h"

DEFINE_SECTION (Server, server)
{
  SECTION ("server", FALSE, N_ ("The relay itself."));
  TEXT (HOSTNAME, "hostname", N_ ("Host name"),
        N_ ("Name of the relay in greetings, EHLO, Received and Message-ID."), NULL, CLR_SETTING_REQUIRED);
  TEXT (PATH, "state-directory", N_ ("State directory"),
        N_ ("Where queue, history, spool, secrets and own certificates live."),
        clr_data_get_state_directory (), CLR_SETTING_RESTART);
  TEXT (PATH, "control-socket", N_ ("Control socket"), N_ ("Unix-domain socket of the control API."),
        "/run/clrelay/control.sock", CLR_SETTING_RESTART);
  TEXT (MAILBOX, "postmaster", N_ ("Postmaster"),
        N_ ("Who answers for this relay; author of messages that name none."), NULL, CLR_SETTING_REQUIRED);
  NUMBER (NUMBER, "workers", N_ ("Workers"),
          N_ ("Threads that carry connections; 0 means one for each processor."), 0, 64, 0,
          CLR_SETTING_RESTART);
  NUMBER (NUMBER, "node", N_ ("Node number"),
          N_ ("Different for each relay of an office; part of every queue id."), 0, 255, 0,
          CLR_SETTING_RESTART);
  BOOLEAN (
      "accept-open-relay", N_ ("Accept an open relay"),
      N_ ("Work even with settings by which strangers can send to anybody. Each start and reload warns."),
      FALSE, 0);
  NUMBER (DURATION, "drain-time", N_ ("Drain time"),
          N_ ("How long a stop waits for sessions and deliveries to end."), 0, HOUR, 20, 0);
}

DEFINE_SECTION (Control, control)
{
  SECTION ("control", FALSE, N_ ("The control API over TCP, beside the control socket."));
  LIST (ENDPOINTS, "listen", N_ ("Addresses"),
        N_ ("Where programs with a token reach the control API; on Unix nowhere when not set, on Windows "
            "127.0.0.1:2580. Beyond loopback always by TLS."),
        CLR_SETTING_RESTART);
  TEXT (PATH, "certificate-file", N_ ("Certificate"),
        N_ ("PEM; self-signed when not set. Clients know it by its fingerprint."), NULL, CLR_SETTING_RESTART);
  TEXT (PATH, "key-file", N_ ("Key"), N_ ("PEM, of the certificate."), NULL, CLR_SETTING_RESTART);
}

DEFINE_SECTION (Log, log)
{
  SECTION ("log", FALSE, N_ ("What is written down, and how."));
  CHOICE ("human|json", "format", N_ ("Format"), N_ ("Lines for people, or one JSON object a line."), "human",
          0);
  CHOICE ("error|warning|info|debug", "level", N_ ("Level"),
          N_ ("The least important level that is written."), "info", 0);
  TEXT (PATH, "file", N_ ("File"),
        N_ ("Where lines are appended; standard error when not set. SIGHUP opens it anew."), NULL, 0);
}

DEFINE_SECTION (Dns, dns)
{
  SECTION ("dns", FALSE, N_ ("Name resolution."));
  LIST (ENDPOINTS, "servers", N_ ("Servers"), N_ ("Resolvers to ask; the system's when not set."),
        CLR_SETTING_RESTART);
  TEXT (PATH, "trust-anchor", N_ ("Trust anchor"),
        N_ ("File of DS or DNSKEY records, such as /usr/share/dns/root.key: answers are then validated by "
            "DNSSEC, and wrong ones not believed."),
        NULL, CLR_SETTING_RESTART);
  NUMBER (DURATION, "timeout", N_ ("Time-out"), N_ ("How long one question may take."), 1, 5 * MINUTE, 20, 0);
}

DEFINE_SECTION (MtaSts, mta_sts)
{
  SECTION ("mta-sts", FALSE,
           N_ ("How policies of MTA-STS (RFC 8461) are fetched; routes say who keeps to them."));
  TEXT (PATH, "ca-file", N_ ("Authorities"),
        N_ ("PEM file of the authorities trusted for policy hosts; the system's when not set."), NULL,
        CLR_SETTING_RESTART);
  NUMBER (NUMBER, "port", N_ ("Port"), N_ ("Port of policy hosts; any but 443 is for tests only."), 1, 65535,
          443, CLR_SETTING_RESTART);
  NUMBER (DURATION, "timeout", N_ ("Time-out"), N_ ("How long fetching one policy may take."), 1, 5 * MINUTE,
          60, CLR_SETTING_RESTART);
  NUMBER (DURATION, "retry", N_ ("Retry"), N_ ("How long a policy that could not be fetched is left alone."),
          1, DAY, 5 * MINUTE, CLR_SETTING_RESTART);
}

DEFINE_SECTION (TlsReport, tls_report)
{
  SECTION (
      "tls-report", FALSE,
      N_ ("Reports to other domains on TLS with their servers (TLSRPT, RFC 8460). What they would say is "
          "counted in any case: clrelay tls-results."));
  BOOLEAN ("send", N_ ("Send"), N_ ("After the end of each day (UTC), to the domains that ask for it."),
           FALSE, CLR_SETTING_RESTART);
  TEXT (MAILBOX, "from", N_ ("From"),
        N_ ("Author of the reports; the postmaster when not set. A [key] of its domain must sign them."),
        NULL, CLR_SETTING_RESTART);
  TEXT (TEXT, "organization", N_ ("Organization"), N_ ("Who reports; the host name when not set."), NULL,
        CLR_SETTING_RESTART);
  TEXT (TEXT, "contact", N_ ("Contact"), N_ ("Whom to ask about a report; the postmaster when not set."),
        NULL, CLR_SETTING_RESTART);
  TEXT (PATH, "ca-file", N_ ("Authorities"),
        N_ ("PEM file of the authorities trusted where reports go by HTTPS; the system's when not set."),
        NULL, CLR_SETTING_RESTART);
}

DEFINE_SECTION (Check, check)
{
  SECTION ("check", FALSE, N_ ("What checks look at beyond this relay."));
  LIST (HOSTS, "port-hosts", N_ ("Hosts for port 25"),
        N_ ("Mail servers, or domains whose exchangers are looked up, that \"clrelay check ports\" tries to "
            "reach; "
            "default: gmail.com, outlook.com."),
        0);
}

DEFINE_SECTION (Limits, limits)
{
  SECTION ("limits", FALSE, N_ ("What a client may ask of the relay. Beyond a limit it gets a clear reply."));
  NUMBER (NUMBER, "max-connections", N_ ("Connections"), N_ ("Client connections in all; beyond it 421."), 1,
          100000, 5000, 0);
  NUMBER (NUMBER, "max-connections-per-client", N_ ("Connections a client"),
          N_ ("Connections of one address (IPv6: of one /64); beyond it 421."), 1, 100000, 200, 0);
  NUMBER (NUMBER, "max-known-clients", N_ ("Known clients"),
          N_ ("Client addresses that are remembered with what became of them (clrelay device list); who was "
              "not seen for the longest time falls out. 0: none."),
          0, 10000, 5000, 0);
  NUMBER (NUMBER, "max-messages-per-connection", N_ ("Messages a connection"),
          N_ ("Then the client is told to connect again."), 1, 10000000, 100000, 0);
  NUMBER (SIZE, "max-message-size", N_ ("Message size"),
          N_ ("Largest message, advertised by SIZE; beyond it 552."), 64 * KIB, 4 * GIB, 50 * MIB, 0);
  NUMBER (SIZE, "max-header-size", N_ ("Header size"), N_ ("Largest header section; beyond it 552."), 4 * KIB,
          4 * MIB, 256 * KIB, 0);
  NUMBER (NUMBER, "max-recipients", N_ ("Recipients"), N_ ("Recipients of one message; beyond it 452."), 100,
          100000, 1000, 0);
  NUMBER (SIZE, "max-line", N_ ("Command line"), N_ ("Longest command line in octets; beyond it 500."), 512,
          64 * KIB, 2 * KIB, 0);
  NUMBER (NUMBER, "max-errors", N_ ("Errors"), N_ ("Wrong or refused commands of one connection, then 421."),
          1, 10000, 20, 0);
  NUMBER (NUMBER, "max-failed-logins", N_ ("Failed logins"),
          N_ ("Failed logins of one connection, then 421."), 1, 1000, 3, 0);
  NUMBER (NUMBER, "max-received", N_ ("Hops"), N_ ("Received fields that prove a loop."), 10, 1000, 50, 0);
  LIST (SENDERS, "frozen-senders", N_ ("Frozen senders"),
        N_ ("Envelope senders, or their domains, whose mail is accepted and held until somebody has looked."),
        0);
  NUMBER (DURATION, "command-timeout", N_ ("Command time-out"),
          N_ ("How long the next command may take (RFC 5321: 5 minutes)."), 1, HOUR, 5 * MINUTE, 0);
  NUMBER (DURATION, "data-timeout", N_ ("Data time-out"),
          N_ ("How long the next piece of content may take (RFC 5321: 3 minutes)."), 1, HOUR, 3 * MINUTE, 0);
  NUMBER (DURATION, "session-timeout", N_ ("Session time-out"),
          N_ ("How long a session may last that moves no message."), 10, DAY, 30 * MINUTE, 0);
}

DEFINE_SECTION (Queue, queue)
{
  SECTION ("queue", FALSE, N_ ("How long and how often delivery is tried."));
  NUMBER (DURATION, "retry-first", N_ ("First retry"),
          N_ ("Wait after the first failed attempt; doubled after each further."), 1, DAY, 5 * MINUTE, 0);
  NUMBER (DURATION, "retry-longest", N_ ("Longest retry"), N_ ("Longest wait between two attempts."), 1,
          7 * DAY, 4 * HOUR, 0);
  NUMBER (DURATION, "lifetime", N_ ("Lifetime"),
          N_ ("After this time a message that could not be delivered has failed."), 1, 90 * DAY, 5 * DAY, 0);
  NUMBER (DURATION, "delay-notice", N_ ("Delay notice"),
          N_ ("After this time the sender of mail that still waits is told so, once; 0: never."), 0, 90 * DAY,
          4 * HOUR, 0);
  NUMBER (SIZE, "spool-size", N_ ("Spool size"),
          N_ ("Larger contents are files in the spool, smaller ones rows of the queue."), 4 * KIB, 16 * MIB,
          128 * KIB, 0);
  NUMBER (SIZE, "min-free-space", N_ ("Free space"),
          N_ ("With less free disk space new mail is told 452 4.3.1."), 0, 1024 * GIB, 64 * MIB, 0);
  NUMBER (NUMBER, "window", N_ ("Window"),
          N_ ("Recipients a next hop may have in memory; the others wait on disk."), 10, 100000, 2000,
          CLR_SETTING_RESTART);
  NUMBER (DURATION, "history", N_ ("History"), N_ ("How long finished messages can be looked up."), HOUR,
          3650 * DAY, 90 * DAY, 0);
  NUMBER (SIZE, "history-size", N_ ("History size"),
          N_ ("Largest size of the history's file; the oldest messages leave it first. 0: no limit."), 0,
          16 * 1024 * GIB, 4 * GIB, 0);
}

DEFINE_SECTION (Reports, reports)
{
  SECTION ("reports", FALSE, N_ ("What senders are told about mail that failed, waits or has arrived."));
  CHOICE ("en|de", "language", N_ ("Language"), N_ ("Language of the text in front of a report."), "en", 0);
  TEXT (MAILBOX, "from", N_ ("From"),
        N_ ("Author of the reports; the postmaster when not set. A [key] of its domain signs them."), NULL,
        0);
  NUMBER (SIZE, "return-size", N_ ("Returned size"),
          N_ ("Larger messages come back as their header section, even when the sender asked for all "
              "(RET=FULL)."),
          0, 16 * MIB, 50 * KIB, 0);
}

DEFINE_SECTION (Dkim, dkim)
{
  SECTION ("dkim", FALSE, N_ ("How outgoing mail is signed; [key NAME] says with what."));
  CHOICE ("relaxed/relaxed|relaxed/simple|simple/relaxed|simple/simple", "canonicalization",
          N_ ("Canonicalization"), N_ ("How much change on the way a signature bears: header/body."),
          "relaxed/relaxed", 0);
  LIST (NAMES, "oversigned-headers", N_ ("Oversigned fields"),
        N_ ("Fields signed once more than they occur, so that none can be added. Default: From, To, Cc, "
            "Subject, Date, "
            "Message-ID, Reply-To, MIME-Version, Content-Type, List-Unsubscribe, List-Unsubscribe-Post."),
        0);
  LIST (NAMES, "signed-headers", N_ ("Signed fields"),
        N_ ("Fields signed where they occur. Default: Sender, In-Reply-To, References, "
            "Content-Transfer-Encoding, "
            "Resent-From, Resent-To, Resent-Date, Resent-Message-ID, List-Id, List-Post, List-Help, "
            "List-Subscribe, "
            "Auto-Submitted, Feedback-ID."),
        0);
}

DEFINE_SECTION (Listener, listener)
{
  SECTION ("listener", TRUE, N_ ("An address on which devices and applications connect."));
  LIST (ENDPOINTS, "address", N_ ("Addresses"), N_ ("Where to listen."), CLR_SETTING_REQUIRED);
  CHOICE ("none|may|require|implicit", "tls", N_ ("TLS"),
          N_ ("none: never offered; may: STARTTLS offered; require: nothing without it; implicit: TLS from "
              "the first octet."),
          "may", 0);
  CHOICE ("relay|inbound", "role", N_ ("Role"),
          N_ ("relay: devices send through it; inbound: strangers bring mail for the domains of [inbound], "
              "which is "
              "checked by SPF, DKIM and DMARC."),
          "relay", 0);
  CHOICE ("none|offer|require", "auth", N_ ("Logins"),
          N_ ("none: no AUTH; offer: for those who log in; require: nothing without a login. In clear it is "
              "offered "
              "only to devices that are set so."),
          "offer", 0);
  TEXT (PATH, "certificate-file", N_ ("Certificate"),
        N_ ("PEM file, own certificate first, or PFX; read again when it changes. A self-signed one is made "
            "when not set."),
        NULL, 0);
  TEXT (PATH, "key-file", N_ ("Private key"),
        N_ ("PEM file that belongs to the certificate; when not set, the key stands in certificate-file."),
        NULL, 0);
  LIST (NAMES, "certificates", N_ ("Certificates"),
        N_ ("Names of [certificate] groups; the name a client asks for chooses one, else the first."), 0);
}

DEFINE_SECTION (Certificate, certificate)
{
  SECTION (
      "certificate", TRUE,
      N_ ("A certificate that listeners show. It is read again when its file changes, and warned about 30, "
          "14 and 3 days before it expires."));
  TEXT (PATH, "certificate-file", N_ ("Certificate"), N_ ("PEM file, own certificate first, or PFX."), NULL,
        CLR_SETTING_REQUIRED);
  TEXT (PATH, "key-file", N_ ("Private key"),
        N_ ("PEM file that belongs to the certificate; when not set, the key stands in certificate-file."),
        NULL, 0);
  TEXT (SECRET, "password", N_ ("Password"),
        N_ ("Name of the secret that opens the PFX or the key, set with \"clrelay secret set NAME\"."), NULL,
        0);
}

DEFINE_SECTION (Inbound, inbound)
{
  SECTION ("inbound", FALSE, N_ ("Mail from outside, at listeners with role = inbound."));
  LIST (DOMAINS, "domains", N_ ("Domains"),
        N_ ("Our domains, whose mail strangers may bring; a route hands it to the internal server. Nothing "
            "else is "
            "taken from them."),
        0);
  CHOICE ("report|hold", "dmarc", N_ ("DMARC"),
          N_ ("What fails DMARC against the will of its author's domain: report: it goes on, marked in its "
              "Authentication-Results field; hold: it stays in the queue until it is released or deleted."),
          "report", 0);
  NUMBER (DURATION, "timeout", N_ ("Time-out"),
          N_ ("How long a message waits at its end for SPF, DKIM and DMARC; what is not known then is a "
              "temporary "
              "error, and the message goes on."),
          1, 5 * MINUTE, 20, 0);
  NUMBER (NUMBER, "spf-lookups", N_ ("SPF look-ups"),
          N_ ("Terms of an SPF record that may ask the DNS (RFC 7208: 10); beyond it, it is in error."), 1,
          50, 10, 0);
  NUMBER (NUMBER, "spf-void-lookups", N_ ("SPF look-ups for nothing"),
          N_ ("How many of them may find nothing (RFC 7208: 2)."), 0, 50, 2, 0);
}

DEFINE_SECTION (Users, users)
{
  SECTION ("users", FALSE, N_ ("How logins are proved, and what becomes of those who guess."));
  NUMBER (NUMBER, "iterations", N_ ("Iterations"),
          N_ ("What one guess at a password costs (PBKDF2, SHA-256), and one login; for passwords set from "
              "now on."),
          4096, 10000000, 32768, 0);
  NUMBER (NUMBER, "password-length", N_ ("Password length"), N_ ("Of passwords that are generated."), 8, 64,
          12, 0);
  NUMBER (DURATION, "cache-time", N_ ("Cache time"),
          N_ ("How long a password that was proved is not computed again; 0: each time."), 0, DAY,
          10 * MINUTE, 0);
  NUMBER (NUMBER, "guesses", N_ ("Guesses"),
          N_ ("Failed logins from one address or for one login, then a ban; 0: never one. The same wrong "
              "password "
              "again is no new guess."),
          0, 100000, 10, 0);
  NUMBER (DURATION, "guess-time", N_ ("Guess time"), N_ ("Failures older than this are forgotten."), MINUTE,
          30 * DAY, HOUR, 0);
  NUMBER (DURATION, "ban-time", N_ ("Ban"),
          N_ ("How long the first ban lasts; each further one twice as long."), 1, 30 * DAY, 15 * MINUTE, 0);
  NUMBER (DURATION, "longest-ban", N_ ("Longest ban"), N_ ("No ban lasts longer."), 1, 30 * DAY, DAY, 0);
}

static void
declare_device_rates (ClrSectionClass *section)
{
  NUMBER (NUMBER, "messages-per-minute", N_ ("Messages a minute"), N_ ("At most so many; 0: no limit."), 0,
          100000000, 0, 0);
  NUMBER (NUMBER, "messages-per-hour", N_ ("Messages an hour"), N_ ("At most so many; 0: no limit."), 0,
          100000000, 0, 0);
  NUMBER (NUMBER, "messages-per-day", N_ ("Messages a day"), N_ ("At most so many; 0: no limit."), 0,
          100000000, 0, 0);
  NUMBER (NUMBER, "recipients-per-minute", N_ ("Recipients a minute"), N_ ("At most so many; 0: no limit."),
          0, 100000000, 0, 0);
  NUMBER (NUMBER, "recipients-per-hour", N_ ("Recipients an hour"), N_ ("At most so many; 0: no limit."), 0,
          100000000, 0, 0);
  NUMBER (NUMBER, "recipients-per-day", N_ ("Recipients a day"), N_ ("At most so many; 0: no limit."), 0,
          100000000, 0, 0);
  NUMBER (NUMBER, "max-recipients", N_ ("Recipients a message"),
          N_ ("At most so many; beyond it 452. 0: as [limits] says."), 0, 100000, 0, 0);
  NUMBER (SIZE, "max-message-size", N_ ("Message size"),
          N_ ("Largest message; beyond it 552. 0: as [limits] says."), 0, 4 * GIB, 0, 0);
  CHOICE (
      "hold|defer|freeze", "on-excess", N_ ("On excess"),
      N_ ("Beyond a limit a minute, hour or day. hold: mail is taken, and held in the queue until it is "
          "released; defer: the device is told 452, to try again later; freeze: all its mail is held from "
          "then on, until clrelay device thaw."),
      "hold", 0);
  CHOICE (
      "freeze|report|ignore", "on-unusual", N_ ("On unusual volume"),
      N_ ("In an hour with more than 50 recipients, and more than 5 times the mean of the same weekday and "
          "hour of the last 4 weeks (of those since the device is known, at least one). freeze: all its "
          "mail is held from then on, until clrelay device thaw; report: only an event tells of it."),
      "freeze", 0);
}

DEFINE_SECTION (Device, device)
{
  SECTION (
      "device", TRUE,
      N_ ("Who may relay. Nobody else may; without any device, nobody at all. Of several that match, the "
          "most specific counts: by network and login, then by login, then by the smallest network."));
  LIST (NETWORKS, "networks", N_ ("Networks"), N_ ("Addresses the device or application connects from."), 0);
  LIST (LOGINS, "logins", N_ ("Logins"),
        N_ ("Logins it uses; with networks too, both must match. *: any login."), 0);
  CHOICE ("generic-printer|old-printer|ups-or-camera|application|bulk", "preset", N_ ("Preset"),
          N_ ("What it is: sets defaults for the settings below; what is set here overrides them."), NULL, 0);
  TEXT (TEXT, "label", N_ ("Label"), N_ ("What people call it."), NULL, 0);
  BOOLEAN (
      "repair-headers", N_ ("Repair headers"),
      N_ ("Add a missing Date, Message-ID or From, take Bcc out, before signing; each repair is recorded."),
      FALSE, 0);
  CHOICE ("reject|normalize", "bare-newlines", N_ ("Bare newlines"),
          N_ ("A CR or LF that stands alone: refuse the message, or make it CR LF. It never ends a message."),
          "reject", 0);
  BOOLEAN ("lenient-commands", N_ ("Lenient commands"),
           N_ ("Accept addresses without angle brackets, a space after the colon, HELO without a name."),
           FALSE, 0);
  LIST (NAMES, "quirks", N_ ("Quirks"),
        N_ ("What else is borne of it; those that act before a login need networks: bad-helo, no-starttls, "
            "legacy-tls, auth-in-clear, cram-md5. The others: bare-newlines, missing-brackets, "
            "space-after-colon, missing-date, missing-message-id, missing-from."),
        0);
  TEXT (DATE, "legacy-tls-until", N_ ("Old TLS until"),
        N_ ("Until the end of this day TLS 1.0 and 1.1 with old ciphers are accepted of its networks."), NULL,
        0);
  LIST (SENDERS, "senders", N_ ("Senders"),
        N_ ("Envelope senders it may use; all when not set. Others are refused, or rewritten."), 0);
  LIST (DOMAINS, "from-domains", N_ ("From domains"),
        N_ ("Domains its From field may name; all when not set. Others are refused, or rewritten."), 0);
  TEXT (MAILBOX, "rewrite-sender", N_ ("Rewrite sender"),
        N_ ("Senders and From addresses that are not allowed become this address, the original is kept in "
            "Reply-To; every one is when neither senders nor from-domains are set."),
        NULL, 0);
  LIST (DOMAINS, "recipients", N_ ("Recipient domains"), N_ ("Domains it may send to; all when not set."), 0);
  LIST (DOMAINS, "denied-recipients", N_ ("Denied recipient domains"),
        N_ ("Domains it may not send to, whatever else says."), 0);
  declare_device_rates (section);
  TEXT (MAILBOX, "journal", N_ ("Journal"), N_ ("Who gets a copy of all its mail, unseen."), NULL, 0);
  NUMBER (NUMBER, "priority", N_ ("Priority"), N_ ("Of its mail; what is due goes highest first."), -9, 9, 0,
          0);
  TEXT (TEXT, "route", N_ ("Route"), N_ ("Name of the [route] all its mail takes."), NULL, 0);
  TEXT (TEXT, "tag", N_ ("Tag"), N_ ("A word kept with its mail, to find it by."), NULL, 0);
}

/* What every way out over SMTP has, whether the settings or the DNS name its hosts. */
static void
declare_next_hop (ClrSectionClass *section, int max_connections)
{
  TEXT (PATH, "ca-file", N_ ("Authorities"),
        N_ ("PEM file of the authorities trusted by tls = verify; the system's when not set."), NULL, 0);
  CHOICE ("any|ipv4|ipv6", "family", N_ ("Address family"), N_ ("Which addresses of a host name are used."),
          "any", 0);
  BOOLEAN (
      "allow-loopback", N_ ("Allow loopback"),
      N_ ("Accept that a host name resolves to this machine. Addresses given as such are always accepted."),
      FALSE, 0);
  NUMBER (NUMBER, "max-connections", N_ ("Connections"), N_ ("Connections at the same time at the most."), 1,
          1000, max_connections, 0);
  NUMBER (NUMBER, "max-recipients", N_ ("Recipients"), N_ ("Recipients of one transaction."), 1, 10000, 100,
          0);
  NUMBER (NUMBER, "max-messages-per-connection", N_ ("Messages a connection"),
          N_ ("Then a new connection is made."), 1, 1000000, 1000, 0);
  NUMBER (DURATION, "connect-timeout", N_ ("Connect time-out"),
          N_ ("How long one host may take to answer the connect."), 1, 10 * MINUTE, 30, 0);
  NUMBER (DURATION, "command-timeout", N_ ("Command time-out"),
          N_ ("How long the answer to one command may take (RFC 5321: 5 minutes)."), 1, HOUR, 5 * MINUTE, 0);
  NUMBER (DURATION, "data-timeout", N_ ("Data time-out"),
          N_ ("How long the next hop may take no content (RFC 5321: 3 minutes)."), 1, HOUR, 3 * MINUTE, 0);
  NUMBER (DURATION, "final-timeout", N_ ("Final time-out"),
          N_ ("How long the answer to the content may take (RFC 5321: 10 minutes)."), 1, HOUR, 10 * MINUTE,
          0);
  NUMBER (DURATION, "idle-time", N_ ("Idle time"), N_ ("How long a connection is kept for the next message."),
          0, 10 * MINUTE, 5, 0);
  TEXT (ADDRESS, "source-address", N_ ("Source address"),
        N_ ("Local address to connect from; the system chooses when not set."), NULL, 0);
}

DEFINE_SECTION (Pickup, pickup)
{
  SECTION ("pickup", TRUE, N_ ("A folder from which messages are taken. Who may write to it may relay."));
  TEXT (PATH, "directory", N_ ("Directory"),
        N_ ("The folder. Files with X-Sender and X-Receiver in front, or plain messages with From and To."),
        NULL, CLR_SETTING_REQUIRED);
  BOOLEAN (
      "local-users", N_ ("Local users"),
      N_ ("All users of this machine may leave messages in it, as clrelay-sendmail does; its mode is 3733."),
      FALSE, 0);
  BOOLEAN (
      "repair-headers", N_ ("Repair headers"),
      N_ ("Add a missing Date, Message-ID or From before signing; each repair is recorded. Bcc always goes."),
      TRUE, 0);
  TEXT (PATH, "bad-directory", N_ ("Bad mail"),
        N_ ("Where files go that are no message or are refused; STATE/badmail when not set."), NULL, 0);
  NUMBER (DURATION, "poll-interval", N_ ("Interval"), N_ ("How often the folder is looked into."), 1, HOUR, 2,
          0);
  NUMBER (DURATION, "settle-time", N_ ("Settle time"),
          N_ ("How long a file must not have changed before it is taken as whole."), 0, HOUR, 2, 0);
}

DEFINE_SECTION (Smarthost, smarthost)
{
  SECTION ("smarthost", TRUE, N_ ("A relay of a provider that takes our mail."));
  TEXT (TEXT, "preset", N_ ("Preset"),
        N_ ("A provider whose hosts and limits are known: microsoft365, google. What is set here counts for "
            "more."),
        NULL, 0);
  LIST (HOSTS, "hosts", N_ ("Hosts"),
        N_ ("Tried in this order; port 25 when not given (587 with a user, 465 with tls = implicit)."),
        CLR_SETTING_REQUIRED);
  CHOICE ("none|may|dane|encrypt|dane-only|verify|implicit", "tls", N_ ("TLS"),
          N_ ("none: never; may: if offered; dane: as may, but as the host's TLSA records say where it has "
              "some; encrypt: required, any certificate; dane-only: required, as the TLSA records say, which "
              "it must have; verify: required, with a trusted certificate for the host's name; implicit: as "
              "verify, from the first octet."),
          "may", 0);
  CHOICE ("password|oauth", "auth", N_ ("Log in"),
          N_ ("What the user logs in with: a password, or the token of an [oauth] account."), "password", 0);
  TEXT (TEXT, "user", N_ ("User"), N_ ("Name to log in with; no AUTH when not set."), NULL, 0);
  TEXT (SECRET, "password", N_ ("Password"), N_ ("Name of the secret that holds the password."), NULL, 0);
  TEXT (TEXT, "oauth", N_ ("OAuth account"),
        N_ ("With auth = oauth: the [oauth NAME] whose token is used; the one named like the smarthost when "
            "not "
            "set."),
        NULL, 0);
  TEXT (HOSTNAME, "helo", N_ ("EHLO name"), N_ ("Name to greet with; the relay's host name when not set."),
        NULL, 0);
  TEXT (PATH, "certificate-file", N_ ("Client certificate"),
        N_ ("PEM file that is shown to servers that ask for a certificate, own certificate first."), NULL, 0);
  TEXT (PATH, "key-file", N_ ("Private key"), N_ ("PEM file that belongs to the certificate."), NULL, 0);
  NUMBER (NUMBER, "max-messages-per-minute", N_ ("Messages a minute"),
          N_ ("No more in any 60 seconds; the rest waits. 0: no limit."), 0, 100000, 0, 0);
  declare_next_hop (section, 20);
}

DEFINE_SECTION (Oauth, oauth)
{
  SECTION (
      "oauth", TRUE,
      N_ ("An account at a provider that gives access tokens (OAuth 2.0, RFC 6749), for smarthosts with auth "
          "= oauth."));
  TEXT (TEXT, "preset", N_ ("Preset"),
        N_ ("A provider whose addresses are known: microsoft365, google. What is set here counts for more."),
        NULL, 0);
  CHOICE ("client-secret|client-certificate|authorization-code|device-code", "grant", N_ ("Grant"),
          N_ ("How the token is had. client-secret, client-certificate: the relay itself is the user; "
              "authorization-code, device-code: a person logs in once, with \"clrelay oauth login NAME\"."),
          "authorization-code", 0);
  TEXT (TEXT, "tenant", N_ ("Tenant"),
        N_ ("Microsoft's directory, an id or a domain: what {tenant} in the addresses becomes."), NULL, 0);
  TEXT (TEXT, "client-id", N_ ("Client id"), N_ ("The id the provider gave to the registered application."),
        NULL, CLR_SETTING_REQUIRED);
  TEXT (SECRET, "client-secret", N_ ("Client secret"),
        N_ ("Name of the secret that holds the application's secret."), NULL, 0);
  TEXT (PATH, "certificate-file", N_ ("Certificate"),
        N_ ("PEM file with the certificate that is registered with the application."), NULL, 0);
  TEXT (PATH, "key-file", N_ ("Private key"), N_ ("PEM file that belongs to the certificate: RSA."), NULL, 0);
  TEXT (TEXT, "scope", N_ ("Scope"), N_ ("What a person grants, words separated by spaces."), NULL, 0);
  TEXT (TEXT, "application-scope", N_ ("Application's scope"),
        N_ ("What client-secret and client-certificate ask for."), NULL, 0);
  TEXT (TEXT, "token-url", N_ ("Token address"), N_ ("Where tokens are given: https."), NULL, 0);
  TEXT (TEXT, "authorization-url", N_ ("Login address"), N_ ("Where a person logs in."), NULL, 0);
  TEXT (TEXT, "device-url", N_ ("Device address"), N_ ("Where device codes are given."), NULL, 0);
  NUMBER (NUMBER, "redirect-port", N_ ("Redirect port"),
          N_ ("Port of 127.0.0.1 to which the login page leads back; 0: any that is free."), 0, 65535, 0, 0);
  TEXT (TEXT, "proxy", N_ ("Proxy"), N_ ("HTTP proxy for all of this, such as http://proxy:3128."), NULL, 0);
  TEXT (PATH, "ca-file", N_ ("Authorities"),
        N_ ("PEM file of the authorities trusted for the addresses; the system's when not set."), NULL, 0);
  NUMBER (DURATION, "timeout", N_ ("Time-out"), N_ ("How long one request may take."), 1, 5 * MINUTE, 30, 0);
  NUMBER (DURATION, "login-timeout", N_ ("Login time-out"), N_ ("How long a login may take."), 5, HOUR,
          15 * MINUTE, 0);
}

DEFINE_SECTION (Route, route)
{
  SECTION ("route", TRUE,
           N_ ("Which way mail leaves. The first match in file order counts; the route named default comes "
               "last."));
  LIST (DOMAINS, "recipients", N_ ("Recipients"),
        N_ ("Domains of the recipients it is for; all when not set."), 0);
  LIST (SENDERS, "senders", N_ ("Senders"),
        N_ ("Envelope senders it is for: addresses, domains, or <> for none; all when not set."), 0);
  LIST (NAMES, "devices", N_ ("Devices"),
        N_ ("Names of the [device] or [pickup] sections whose mail it is for; all when not set."), 0);
  TEXT (ROUTE, "via", N_ ("Via"),
        N_ ("Where matching mail goes. mx: to the mail exchangers of each recipient's domain; all settings "
            "from "
            "port on are for it."),
        NULL, CLR_SETTING_REQUIRED);
  TEXT (PATH, "directory", N_ ("Directory"), N_ ("With via = capture: where the messages are written."), NULL,
        0);
  TEXT (TEXT, "reply", N_ ("Reply"), N_ ("With via = reject: what the recipients' failure says."), NULL, 0);
  NUMBER (NUMBER, "port", N_ ("Port"), N_ ("With via = mx: the port of mail exchangers."), 1, 65535, 25, 0);
  CHOICE (
      "none|may|dane|encrypt|dane-only|verify", "tls", N_ ("TLS"),
      N_ ("With via = mx. none: never; may: if offered; dane: as may, but as the exchanger's TLSA records "
          "say where it has some ([dns] trust-anchor must be set); encrypt: required, any certificate; "
          "dane-only: required, as the TLSA records say, which it must have; verify: required, with a "
          "trusted certificate for the exchanger's name."),
      "dane", 0);
  BOOLEAN ("mta-sts", N_ ("MTA-STS"),
           N_ ("With via = mx: keep to the policies that recipients' domains publish by MTA-STS (RFC 8461): "
               "only to the exchangers they name, with a trusted certificate. Not with tls = none."),
           TRUE, 0);
  declare_next_hop (section, 10);
}

DEFINE_SECTION (Key, key)
{
  SECTION ("key", TRUE, N_ ("A DKIM key. All keys of the longest domain that matches the From domain sign."));
  TEXT (HOSTNAME, "domain", N_ ("Domain"),
        N_ ("The d= of signatures; for From addresses in it and below it."), NULL, CLR_SETTING_REQUIRED);
  TEXT (HOSTNAME, "selector", N_ ("Selector"),
        N_ ("The s= of signatures; the record stands at SELECTOR._domainkey.DOMAIN."), NULL,
        CLR_SETTING_REQUIRED);
  TEXT (PATH, "file", N_ ("File"), N_ ("Private key in PEM: RSA of 2048 bits or more, or Ed25519."), NULL,
        CLR_SETTING_REQUIRED);
  CHOICE ("active|next|retired", "state", N_ ("State"),
          N_ ("active: signs; next: its record is being published, it will sign; retired: signs no more, its "
              "record stays for mail that is under way."),
          "active", 0);
}

const GType *
clr_sections_get_types (unsigned *n_types)
{
  static GType types[22];

  if (g_once_init_enter (&types[0]))
    {
      types[1] = clr_log_section_get_type ();
      types[2] = clr_dns_section_get_type ();
      types[3] = clr_limits_section_get_type ();
      types[4] = clr_queue_section_get_type ();
      types[5] = clr_reports_section_get_type ();
      types[6] = clr_dkim_section_get_type ();
      types[7] = clr_listener_section_get_type ();
      types[17] = clr_users_section_get_type ();
      types[8] = clr_device_section_get_type ();
      types[9] = clr_pickup_section_get_type ();
      types[10] = clr_smarthost_section_get_type ();
      types[11] = clr_route_section_get_type ();
      types[12] = clr_oauth_section_get_type ();
      types[13] = clr_key_section_get_type ();
      types[14] = clr_mta_sts_section_get_type ();
      types[16] = clr_tls_report_section_get_type ();
      types[15] = clr_inbound_section_get_type ();
      types[18] = clr_control_section_get_type ();
      types[19] = clr_certificate_section_get_type ();
      types[20] = clr_check_section_get_type ();
      types[21] = clr_alert_section_get_type ();
      g_once_init_leave (&types[0], clr_server_section_get_type ());
    }
  *n_types = G_N_ELEMENTS (types);
  return types;
}

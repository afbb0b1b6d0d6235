/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Replies of Gmail, Google Workspace and its relay service.
 */
#include "replies/clr-reply-tables.h"

const ClrReplyEntry clr_replies_google[] = {
  { "Google", "4\\.7\\.0.*try again later, closing connection.*\\(EHLO\\)|4\\.7\\.0 .*EHLO",
    N_ ("Google does not like the EHLO name"),
    N_ ("smtp-relay.gmail.com refuses a name such as localhost or an address. Set the relay's host name to "
        "one that is known in DNS."),
    "settings", "421 4.7.0 Try again later, closing connection. (EHLO) d9443c01a7336-20d" },
  { "Google", "5\\.7\\.26.*(unauthenticated|blocked because the sender is unauthenticated)|5\\.7\\.26",
    N_ ("The message is not authenticated"),
    N_ ("Gmail asks for SPF or DKIM that passes for the From domain. Let the relay sign for this domain and "
        "publish the records."),
    "settings",
    "550 5.7.26 Your email has been blocked because the sender is unauthenticated. Gmail requires all "
    "senders to authenticate with either SPF or DKIM." },
  { "Google", "5\\.7\\.27", N_ ("SPF does not pass for the sender's domain"),
    N_ ("Add the relay's public address to the SPF record of the sender's domain."), "settings",
    "550 5.7.27 Your email has been blocked because the sender is unauthenticated: SPF did not pass for "
    "example.com" },
  { "Google", "5\\.7\\.30", N_ ("DKIM does not pass"),
    N_ ("Sign the domain's mail, and publish the key that the relay shows."), "settings",
    "550 5.7.30 Your email has been blocked because DKIM authentication did not pass" },
  { "Google", "5\\.7\\.25.*PTR record setup|does not have a PTR",
    N_ ("The public address has no name in DNS"),
    N_ ("Ask your provider to set a PTR record whose name points back to the address, or send over IPv4 "
        "only."),
    "settings",
    "550 5.7.25 The IP address sending this message does not have a PTR record setup, or the corresponding "
    "forward DNS entry does not match the sending IP." },
  { "Google", "5\\.7\\.29|must be sent over a TLS|4\\.7\\.29", N_ ("Google asks for encryption"),
    N_ ("Let the smarthost or the route use TLS."), "settings",
    "550 5.7.29 This email has been rate limited because it was not sent over a TLS connection" },
  { "Google", "4\\.7\\.28.*SPF domain", N_ ("Too much mail of this SPF domain"),
    N_ ("Gmail slows down by the domain, whatever address it comes from. Send less at a time; mail waits."),
    "queue",
    "421 4.7.28 Gmail has detected an unusual rate of email originating from your SPF domain "
    "[example.com]." },
  { "Google", "4\\.7\\.28|unusual rate of (unsolicited )?(mail|email)",
    N_ ("Too much mail from this address at once"),
    N_ ("Gmail slows down. The relay tries again more slowly by itself; look whether a device sends more "
        "than usual."),
    "queue",
    "421 4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP "
    "address." },
  { "Google", "5\\.7\\.1.*valid Message-ID|Messages missing a valid Message-ID",
    N_ ("The Message-ID is missing"),
    N_ ("Let the relay repair messages of this device: it adds Message-ID, Date and From before it signs."),
    "devices", "550 5.7.1 [203.0.113.7] Messages missing a valid Message-ID header are not accepted." },
  { "Google", "5\\.7\\.1.*not RFC 5322 compliant|RFC 5322 compliant", N_ ("The header is broken"),
    N_ ("A field is missing or stands twice (From, Date, Subject). Let the relay repair messages of this "
        "device."),
    "devices", "550 5.7.1 This message is not RFC 5322 compliant. There are multiple From headers." },
  { "Google", "5\\.7\\.1.*low reputation|very low reputation",
    N_ ("The domain or address has a bad name at Gmail"),
    N_ ("Send less and only what is wanted, authenticate it all; the name mends within weeks. Google "
        "Postmaster Tools shows it."),
    NULL,
    "550 5.7.1 Our system has detected that this message is likely suspicious due to the very low reputation "
    "of the sending domain." },
  { "Google", "5\\.7\\.1.*likely (unsolicited|suspicious)", N_ ("Gmail takes it for spam"),
    N_ ("Look at subject, links and attachments; look whether SPF, DKIM and DMARC pass."), "settings",
    "550 5.7.1 Our system has detected that this message is likely unsolicited mail." },
  { "Google", "5\\.7\\.0.*mail relay denied|Invalid credentials for relay",
    N_ ("The Google relay service does not know this relay"),
    N_ ("Add its public address in the Admin console (Apps, Gmail, Routing, SMTP relay service), or log in."),
    "settings",
    "550 5.7.0 Mail relay denied [203.0.113.7]. Invalid credentials for relay for one of the domains in: "
    "example.com" },
  { "Google", "5\\.7\\.8.*username and password not accepted|BadCredentials",
    N_ ("Google does not accept the login"),
    N_ ("Normal passwords are no longer taken. Use OAuth, or an app password with 2-step verification."),
    "settings",
    "535 5.7.8 Username and Password not accepted. For more information, go to "
    "https://support.google.com/mail/?p=BadCredentials" },
  { "Google", "5\\.7\\.9|application-specific password required", N_ ("An app password is asked for"),
    N_ ("The account has 2-step verification: use OAuth or make an app password for the relay."), "settings",
    "534 5.7.9 Application-specific password required. "
    "https://support.google.com/mail/?p=InvalidSecondFactor" },
  { "Google", "5\\.7\\.14|please log in (through|via) your web browser", N_ ("Google suspects the login"),
    N_ ("Log in once with a browser from the office's network, and confirm that it was you."), NULL,
    "534 5.7.14 Please log in through your web browser and then try again." },
  { "Google", "4\\.7\\.0.*temporary system problem|4\\.3\\.0.*temporary system problem",
    N_ ("Google has a problem of its own"), N_ ("Nothing to do: the relay tries again by itself."), NULL,
    "451 4.3.0 Temporary System Problem. Try again later" },
  { "Google", "5\\.4\\.5|daily (user )?sending (limit|quota)", N_ ("The day's number of messages is used up"),
    N_ ("The Google account may not send more today. The relay tries again; spread the mail or use the relay "
        "service."),
    "queue", "550 5.4.5 Daily user sending limit exceeded." },
  { "Google", "5\\.2\\.1.*receiving (mail|email) (at a rate|too quickly)|4\\.2\\.1.*(at a rate|too quickly)",
    N_ ("The recipient gets too much mail"),
    N_ ("Gmail limits how much one mailbox takes. Send one message instead of many."), "trace",
    "450 4.2.1 The user you are trying to contact is receiving email at a rate that prevents additional "
    "messages from being delivered." },
  { "Google", "5\\.2\\.1.*email account", N_ ("The Gmail account is disabled"),
    N_ ("The recipient cannot take mail there. Take the address out."), "trace",
    "550 5.2.1 The email account that you tried to reach is disabled." },
  { "Google",
    "5\\.2\\.2.*over quota|recipient's inbox is out of storage|4\\.2\\.2.*(over quota|out of storage)",
    N_ ("The recipient's Google storage is full"), N_ ("The recipient has to make room."), NULL,
    "452 4.2.2 The recipient's inbox is out of storage space and inactive." },
  { "Google", "5\\.1\\.1.*gsmtp|the email account that you tried to reach does not exist",
    N_ ("The Gmail address does not exist"), N_ ("Correct it in the device's address book."), "trace",
    "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the "
    "recipient's email address" },
  { "Google",
    "5\\.7\\.0.*(security reasons|its content presents a potential)|552 5\\.7\\.0 This message was blocked",
    N_ ("Google refuses the attachment"),
    N_ ("It is of a kind that is blocked: a program, a script, or an archive with a password. Send it "
        "another way."),
    NULL, "552 5.7.0 This message was blocked because its content presents a potential security issue." },
  { "Google", "exceeded Google.s message size|5\\.2\\.3.*exceeded Google's message size",
    N_ ("The message is too large for Google"),
    N_ ("25 MB with encoding is the most. Let the scanner make smaller files."), "devices",
    "552 5.3.4 Your message exceeded Google's message size limits." },
  { "Google", "invalid_grant", N_ ("The Google login is no longer valid"),
    N_ ("The grant was withdrawn, or the app is in testing mode, where it ends after 7 days. Publish the app "
        "and log in once more."),
    "settings", "invalid_grant: Token has been expired or revoked." },
  { NULL },
};

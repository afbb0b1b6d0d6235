/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Replies of Microsoft 365 and Outlook.com, and what its login service says.
 */
#include "replies/clr-reply-tables.h"

const ClrReplyEntry clr_replies_microsoft[] = {
  { "Microsoft 365", "5\\.7\\.60\\b|SendAsDenied|5\\.2\\.252", N_ ("The login may not send as this address"),
    N_ ("The account that the relay logs in with needs the right to send as the From address (Exchange admin "
        "center, mailbox delegation), or the device gets a sender rewrite to an allowed address."),
    "devices", "554 5.2.252 SendAsDenied; scans@contoso.com not allowed to send as ceo@contoso.com" },
  { "Microsoft 365", "SmtpClientAuthentication is disabled",
    N_ ("SMTP AUTH is switched off for the tenant or mailbox"),
    N_ ("Switch authenticated SMTP on for this mailbox in the Microsoft 365 admin center, or send through a "
        "connector."),
    "settings",
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit "
    "https://aka.ms/smtp_auth_disabled" },
  { "Microsoft 365", "basic authentication is disabled|5\\.7\\.139",
    N_ ("Logging in with a password is switched off"),
    N_ ("Microsoft has switched basic authentication off for this mailbox or tenant. Let the smarthost log "
        "in with OAuth."),
    "settings",
    "535 5.7.139 Authentication unsuccessful, basic authentication is disabled. "
    "[AM0PR01CA0080.eurprd01.prod.exchangelabs.com]" },
  { "Microsoft 365", "5\\.7\\.3 authentication unsuccessful", N_ ("The login was refused"),
    N_ ("The user name, the password or the token is not accepted. Renew the secret; with OAuth look whether "
        "the app still has its consent."),
    "settings", "535 5.7.3 Authentication unsuccessful [FR2P281CA0150.DEUP281.PROD.OUTLOOK.COM]" },
  { "Microsoft 365", "5\\.7\\.68|TenantInboundAttribution", N_ ("Direct Send is refused"),
    N_ ("The tenant does not take mail for itself from an address it does not know. Set up a connector for "
        "the relay's public address, or let the smarthost log in."),
    "settings",
    "550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization from unauthorized "
    "sources" },
  { "Microsoft 365", "5\\.7\\.64|TenantAttribution; Relay Access Denied",
    N_ ("No connector knows this relay"),
    N_ ("Neither the relay's public address nor its certificate fits a connector of the tenant: did the "
        "address or the certificate change? Correct the inbound connector in Exchange Online."),
    "settings",
    "550 5.7.64 TenantAttribution; Relay Access Denied "
    "[DB5EUR01FT022.eop-EUR01.prod.protection.outlook.com]" },
  { "Microsoft 365", "4\\.7\\.66|TLS 1\\.0 and 1\\.1 are not supported", N_ ("TLS is too old"),
    N_ ("Microsoft takes TLS 1.2 and newer only. The relay offers that: look for a firewall or scanner in "
        "between that breaks the encryption up."),
    "settings",
    "421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade/update your client to support TLS 1.2." },
  { "Microsoft 365", "432 4\\.3\\.2 concurrent|concurrent connections limit exceeded",
    N_ ("Too many connections at a time"),
    N_ ("Microsoft allows three connections for a mailbox. Set max-connections of the smarthost to 3; mail "
        "waits its turn."),
    "settings", "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending" },
  { "Microsoft 365", "5\\.1\\.90|daily (message|recipient) limit",
    N_ ("The day's number of recipients is used up"),
    N_ ("The mailbox may send to 10,000 recipients a day. Send bulk mail by another way; the rest goes out "
        "tomorrow."),
    "devices",
    "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients" },
  { "Microsoft 365",
    "4\\.7\\.321|4\\.7\\.322|4\\.7\\.323|4\\.7\\.324|4\\.7\\.325|dane-required|starttls-not-supported|"
    "certificate-expired|tlsa-invalid",
    N_ ("DANE or certificate of the recipient's server is wrong"),
    N_ ("The recipient's domain asks for encryption that its server does not keep. Its administrator has to "
        "mend it."),
    NULL,
    "450 4.7.325 certificate-host-mismatch: Remote certificate MUST have a common name or subject "
    "alternative name matching the hostname (DANE)" },
  { "Microsoft 365", "5\\.7\\.515", N_ ("The sender's domain is not authenticated well enough"),
    N_ ("Outlook.com asks those who send much for SPF, DKIM and DMARC that pass for the From domain. Publish "
        "the records of the domain."),
    "settings",
    "550 5.7.515 Access denied, sending domain contoso.com doesn't meet the required authentication level." },
  { "Microsoft 365", "5\\.7\\.509|does not pass DMARC verification",
    N_ ("DMARC of the From domain refuses it"),
    N_ ("The message passes neither SPF nor DKIM for its From domain, whose policy is reject. Let the relay "
        "sign for this domain, or use a From address of your own."),
    "settings",
    "550 5.7.509 Access denied, sending domain example.com does not pass DMARC verification and has a DMARC "
    "policy of reject." },
  { "Microsoft 365", "message was rejected because of Sender Policy Framework",
    N_ ("SPF of the sender's domain refuses it"),
    N_ ("The relay's public address is not in the SPF record of the sender's domain. Add it there."),
    "settings", "550 5.7.23 The message was rejected because of Sender Policy Framework violation" },
  { "Microsoft 365", "5\\.7\\.606|5\\.7\\.607|5\\.7\\.608|banned sending IP",
    N_ ("The relay's public address is banned"),
    N_ ("Ask for its release at the Office 365 delist portal, and look which device sent so much."), "live",
    "550 5.7.606 Access denied, banned sending IP [203.0.113.7]. To request removal from this list please "
    "visit https://sender.office.com/" },
  { "Microsoft 365", "5\\.7\\.511", N_ ("The relay's public address is banned by hand"),
    N_ ("Forward the reply to delist@microsoft.com from another address."), NULL,
    "550 5.7.511 Access denied, banned sender[203.0.113.7]. To request removal from this list please forward "
    "this message to delist@microsoft.com" },
  { "Microsoft 365", "S3140|S3150|part of their network is on our block list",
    N_ ("Outlook.com blocks your network"),
    N_ ("The public address or its neighbours have a bad name at Outlook.com. Ask for mitigation at the "
        "sender support form of Outlook.com."),
    NULL,
    "550 5.7.1 Unfortunately, messages from [203.0.113.7] weren't sent. Please contact your Internet service "
    "provider since part of their network is on our block list (S3140)." },
  { "Microsoft 365", "S775|S844|RP-00[13]|rate limited.*reputation",
    N_ ("Outlook.com slows this address down"),
    N_ ("Its name is not good or not known yet. The relay tries again more slowly by itself; send less at a "
        "time."),
    "queue",
    "421 RP-001 (SNT004-MC1F43) Unfortunately, some messages from 203.0.113.7 weren't sent. Please try "
    "again. The IP is rate limited due to reputation" },
  { "Microsoft 365", "5\\.7\\.708|traffic not accepted from this IP", N_ ("A new tenant sends too much"),
    N_ ("Microsoft does not trust trial and new tenants yet. Ask its support, or send less."), NULL,
    "550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP. For more information "
    "please go to http://go.microsoft.com/fwlink/?LinkId=526653" },
  { "Microsoft 365", "5\\.7\\.705|tenant has exceeded threshold",
    N_ ("The tenant is held for suspicious sending"),
    N_ ("Look which account or device sent so much, freeze it, then ask Microsoft to open the tenant again."),
    "live", "550 5.7.705 Access denied, tenant has exceeded threshold" },
  { "Microsoft 365", "5\\.7\\.501|5\\.7\\.502|5\\.7\\.503|spam abuse detected|banned sender",
    N_ ("The account is stopped because of spam"),
    N_ ("Change its password, look which device used it, and lift the block in Microsoft 365 Defender under "
        "restricted entities."),
    "trace", "550 5.7.501 Access denied, spam abuse detected" },
  { "Microsoft 365", "5\\.7\\.750", N_ ("Mail of unregistered domains from the tenant"),
    N_ ("The From domain is not a verified domain of the tenant. Verify it in Microsoft 365, or rewrite the "
        "sender of the device."),
    "devices", "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains" },
  { "Microsoft 365", "5\\.7\\.134|only accepts messages from senders in its organization|5\\.7\\.133",
    N_ ("The group takes mail from inside only"),
    N_ ("The recipient is a group that outsiders may not write to. Its owner can allow it."), NULL,
    "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; group only accepts "
    "messages from people in its organization" },
  { "Microsoft 365", "5\\.7\\.124|sender not in allowed-senders list",
    N_ ("The group does not take this sender"),
    N_ ("Its owner has to add the sender to the list of those who may write."), NULL,
    "550 5.7.124 Sender not in allowed-senders list" },
  { "Microsoft 365", "5\\.1\\.10 RESOLVER|RecipNotFound|RecipientNotFound",
    N_ ("The recipient does not exist at Microsoft 365"),
    N_ ("The address is wrong or was deleted. Correct it in the device's address book."), "trace",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient anna@contoso.com not found by SMTP address "
    "lookup" },
  { "Microsoft 365", "5\\.4\\.1.*recipient address rejected: access denied",
    N_ ("The recipient's domain or address is not served there"),
    N_ ("The address does not exist, or the domain's MX points to a tenant that does not have it."), "trace",
    "550 5.4.1 Recipient address rejected: Access denied. "
    "[AM5EUR02FT032.eop-EUR02.prod.protection.outlook.com]" },
  { "Microsoft 365", "5\\.2\\.2.*(mailbox full|quota)|STOREDRV\\.Deliver.*quota",
    N_ ("The recipient's mailbox is full"), N_ ("The recipient has to make room."), NULL,
    "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException" },
  { "Microsoft 365", "RST\\.RecipSizeLimit", N_ ("The message is too large for the recipient"),
    N_ ("Let the scanner make smaller files: less resolution, black and white, compressed PDF."), "devices",
    "550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient" },
  { "Microsoft 365", "5\\.5\\.105", N_ ("High Volume Email does not send outside"),
    N_ ("The HVE service delivers within the tenant only. Take another smarthost for recipients outside."),
    "settings", "550 5.5.105 External recipients are not allowed for HVE accounts" },
  { "Microsoft 365", "4\\.3\\.2 (STOREDRV|service not active)|server too busy|4\\.3\\.2 system not accepting",
    N_ ("Microsoft is busy"), N_ ("Nothing to do: the relay tries again by itself."), NULL,
    "432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded" },
  { "Microsoft 365", "AADSTS7000215|invalid client secret", N_ ("The OAuth client secret is wrong"),
    N_ ("It was typed wrongly, or the secret's id was taken instead of its value. Make a new secret in Entra "
        "ID and store it."),
    "settings", "AADSTS7000215: Invalid client secret provided." },
  { "Microsoft 365", "AADSTS7000222|client secret keys.*expired", N_ ("The OAuth client secret has expired"),
    N_ ("Make a new secret in Entra ID (App registrations, Certificates & secrets) and store it at the "
        "relay."),
    "settings", "AADSTS7000222: The provided client secret keys for app are expired." },
  { "Microsoft 365", "AADSTS700082|refresh token has expired", N_ ("The OAuth login is too old"),
    N_ ("It was not used for 90 days. Log in once more."), "settings",
    "AADSTS700082: The refresh token has expired due to inactivity." },
  { "Microsoft 365", "AADSTS50076|AADSTS50079|multi-factor", N_ ("A second factor is asked for"),
    N_ ("A rule of the tenant asks for multi-factor authentication. Log in once more, or use client "
        "credentials, which no person signs in for."),
    "settings",
    "AADSTS50076: Due to a configuration change made by your administrator, you must use multi-factor "
    "authentication" },
  { "Microsoft 365", "AADSTS65001|has not consented", N_ ("The app has no consent"),
    N_ ("An administrator of the tenant has to grant the app its permissions (SMTP.SendAsApp)."), NULL,
    "AADSTS65001: The user or administrator has not consented to use the application" },
  { "Microsoft 365", "AADSTS53003|Conditional Access", N_ ("Conditional Access blocks the login"),
    N_ ("A policy of the tenant blocks it, often for device codes. Exempt the relay's address, or use client "
        "credentials."),
    NULL, "AADSTS53003: Access has been blocked by Conditional Access policies." },
  { "Microsoft 365", "AADSTS90002|tenant .* not found", N_ ("There is no such tenant"),
    N_ ("The tenant's id or domain in the smarthost's settings is wrong."), "settings",
    "AADSTS90002: Tenant 'contso.onmicrosoft.com' not found." },
  { NULL },
};

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrValueKind: what a setting's text means beyond its GType. One table holds how each kind is read, written
 * and explained; file, API, man page and form all use it.
 */
#pragma once

#include <glib-object.h>
#include <stdint.h>

G_BEGIN_DECLS

/**
 * ClrValueKind:
 * @CLR_VALUE_TEXT: any text on one line
 * @CLR_VALUE_HOSTNAME: a fully qualified host name
 * @CLR_VALUE_MAILBOX: a mail address
 * @CLR_VALUE_PATH: an absolute path
 * @CLR_VALUE_CHOICE: one word of a list
 * @CLR_VALUE_ROUTE: where mail goes: `smarthost:NAME`, `mx`, `capture`, `discard` or `reject`
 * @CLR_VALUE_SECRET: the name of a secret, never the secret itself
 * @CLR_VALUE_ENDPOINTS: list of addresses with port
 * @CLR_VALUE_HOSTS: list of host names or addresses, with or without port
 * @CLR_VALUE_NETWORKS: list of addresses or networks in CIDR form
 * @CLR_VALUE_DOMAINS: list of domain patterns: `example.com`, `.example.com`, `*`
 * @CLR_VALUE_SENDERS: list of mail addresses, domain patterns, or `<>`
 * @CLR_VALUE_NAMES: list of words
 * @CLR_VALUE_LOGINS: list of logins, or *
 * @CLR_VALUE_DATE: a day: `2027-06-30`
 * @CLR_VALUE_ADDRESS: one IP address without port
 * @CLR_VALUE_BOOLEAN: true or false
 * @CLR_VALUE_NUMBER: a whole number
 * @CLR_VALUE_DURATION: seconds; written `30s`, `5m`, `4h`, `5d`
 * @CLR_VALUE_SIZE: octets; written `64K`, `25M`, `1G`
 *
 * The kinds of settings.
 */
typedef enum
{
  CLR_VALUE_TEXT,
  CLR_VALUE_HOSTNAME,
  CLR_VALUE_MAILBOX,
  CLR_VALUE_PATH,
  CLR_VALUE_CHOICE,
  CLR_VALUE_ROUTE,
  CLR_VALUE_SECRET,
  CLR_VALUE_ENDPOINTS,
  CLR_VALUE_HOSTS,
  CLR_VALUE_NETWORKS,
  CLR_VALUE_DOMAINS,
  CLR_VALUE_SENDERS,
  CLR_VALUE_NAMES,
  CLR_VALUE_LOGINS,
  CLR_VALUE_DATE,
  CLR_VALUE_ADDRESS,
  CLR_VALUE_BOOLEAN,
  CLR_VALUE_NUMBER,
  CLR_VALUE_DURATION,
  CLR_VALUE_SIZE,
} ClrValueKind;

const char *clr_value_kind_get_name (ClrValueKind kind);
const char *clr_value_kind_get_help (ClrValueKind kind);

/**
 * clr_value_parse:
 * @pspec: the setting
 * @text: its raw text
 * @value: (out caller-allocates): filled on success
 * @why: (out) (transfer full): on failure, what is wrong and what would be right
 *
 * Returns: whether @text is a value of @pspec
 */
gboolean clr_value_parse (GParamSpec *pspec, const char *text, GValue *value, char **why);

/**
 * clr_value_to_text:
 *
 * Returns: (transfer full): the text as it would stand in the file
 */
char *clr_value_to_text (GParamSpec *pspec, const GValue *value);

/**
 * clr_domain_pattern_matches:
 * @pattern: `example.com` is itself, `.example.com` what lies below it, `*` everything
 * @domain: a domain
 *
 * Returns: whether @domain is meant; case does not matter
 */
gboolean clr_domain_pattern_matches (const char *pattern, const char *domain);

/**
 * clr_date_setting_to_time:
 * @text: a value of kind %CLR_VALUE_DATE
 *
 * Returns: the end of that day in UTC, seconds since 1970; -1 when @text is no day
 */
gint64 clr_date_setting_to_time (const char *text);

/* How a kind is attached to a GParamSpec. @choices: for CLR_VALUE_CHOICE, "a|b|c" (static). */
void clr_value_set_kind (GParamSpec *pspec, ClrValueKind kind, const char *choices);
ClrValueKind clr_value_get_kind (GParamSpec *pspec);
const char *clr_value_get_choices (GParamSpec *pspec);

G_END_DECLS

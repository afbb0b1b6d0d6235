/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrLogins: what one worker knows of logins: the users, what was proved a short while ago, who has to wait.
 * It judges attempts, with the crypto threads' help. Belongs to one worker; what changes comes by letter.
 */
#pragma once

#include "users/clr-hasher.h"
#include "users/clr-proven.h"

typedef struct ClrLogins ClrLogins;
typedef struct ClrLoginAttempt ClrLoginAttempt;
typedef struct ClrGuard ClrGuard;

typedef enum
{
  CLR_VERDICT_GOOD,
  CLR_VERDICT_BAD,
  CLR_VERDICT_BUSY,    /* the crypto threads have enough to do */
  CLR_VERDICT_WAIT,    /* too many failures: this attempt was not looked at */
  CLR_VERDICT_PENDING, /* is told later */
} ClrVerdict;

typedef struct
{
  unsigned iterations; /* of passwords that are set, and of the verifiers of logins that do not exist */
  int64_t cache_us;    /* how long a proof counts */
} ClrLoginRule;

/* Who wants to be whom. */
typedef struct
{
  const uint8_t *address; /* 16 octets, IPv4 mapped */
  const char *login;
  const char *password;                          /* NULL: the proof stands already */
  gboolean proved;                               /* without a password: how the proof went */
  void (*done) (ClrVerdict verdict, void *data); /* the end of CLR_VERDICT_PENDING */
  void *data;
} ClrLoginQuestion;

/* @mailbox: the worker's. @key: CLR_PROVEN_TAG octets, the same for all workers. Before the worker starts. */
ClrLogins *clr_logins_new (ClrMailbox *mailbox, ClrHasher *hasher, ClrGuard *guard, const uint8_t *key);
/* After the worker and the crypto threads have ended. */
void clr_logins_free (ClrLogins *logins);

/* Any thread. */
void clr_logins_post_users (ClrLogins *logins, ClrUsers *users, const ClrLoginRule *rule);
/* @until_us: 0 lifts it. */
void clr_logins_post_wait (ClrLogins *logins, const char *subject, int64_t until_us, gboolean banned);
/* An address that has logged in as somebody: others' failures for this login do not touch it. */
void clr_logins_post_known (ClrLogins *logins, const char *pair);

/* The worker's thread. */
gboolean clr_logins_has_users (ClrLogins *logins);
/* The password itself, of users who log in by CRAM-MD5; else NULL. (transfer full) */
char *clr_logins_dup_password (ClrLogins *logins, const char *login);
/* For a login that does not exist, one that nothing fits. */
void clr_logins_find_verifier (ClrLogins *logins, const char *login, ClrVerifier *verifier);
/* A banned address may not even connect, unless it is a device's. */
gboolean clr_logins_is_banned (ClrLogins *logins, const uint8_t address[16]);
/* @attempt: with CLR_VERDICT_PENDING, what may be abandoned: then nobody is told. */
ClrVerdict clr_logins_judge (ClrLogins *logins, const ClrLoginQuestion *question, ClrLoginAttempt **attempt);
void clr_login_attempt_abandon (ClrLoginAttempt *attempt);

/* "address 192.0.2.1"; of IPv6 the /64, which one customer has. (transfer full) */
char *clr_login_dup_subject (const uint8_t address[16]);

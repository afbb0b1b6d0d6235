/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inbound/clr-admission.h"

#include "base/clr-counter.h"
#include "base/clr-log.h"

#include <string.h>

struct ClrAdmission
{
  ClrLogins *logins;
  void (*told) (gboolean good, void *data);
  void *data;
  ClrVerifier verifier; /* what the exchange under way is given */
  ClrSmtpServer *server;
  ClrLoginAttempt *attempt; /* that is being computed */
  char *claimed;
  const char *mechanism;
  char *client;
  char *name;
};

ClrAdmission *
clr_admission_new (ClrLogins *logins, void (*told) (gboolean good, void *data), void *data)
{
  ClrAdmission *login = g_new0 (ClrAdmission, 1);

  login->logins = logins;
  login->told = told;
  login->data = data;
  return login;
}

void
clr_admission_abandon (ClrAdmission *login)
{
  if (login->attempt)
    clr_login_attempt_abandon (login->attempt);
  login->attempt = NULL;
}

void
clr_admission_free (ClrAdmission *login)
{
  clr_admission_abandon (login);
  explicit_bzero (&login->verifier, sizeof login->verifier);
  g_free (login->claimed);
  g_free (login->client);
  g_free (login->name);
  g_free (login);
}

void
clr_admission_find_verifier (ClrAdmission *login, const char *name, ClrSaslVerifier *verifier)
{
  clr_logins_find_verifier (login->logins, name, &login->verifier);
  *verifier = (ClrSaslVerifier){ .iterations = login->verifier.iterations,
                                 .salt = login->verifier.salt,
                                 .salt_size = login->verifier.salt_size,
                                 .stored_key = login->verifier.stored_key,
                                 .server_key = login->verifier.server_key };
}

static void
answer (ClrAdmission *login, ClrVerdict verdict)
{
  static const struct
  {
    int code;
    const char *enhanced, *text, *why;
  } answers[] = {
    [CLR_VERDICT_GOOD] = { 235, "2.7.0", "you are logged in", NULL },
    [CLR_VERDICT_BAD]
    = { 535, "5.7.8", "login or password are not right", "login or password are not right" },
    [CLR_VERDICT_BUSY]
    = { 454, "4.7.0", "too many logins at this moment, please try again", "too many logins at this moment" },
    [CLR_VERDICT_WAIT]
    = { 454, "4.7.0", "too many failed logins, this one was not looked at; please try again later",
        "it has to wait after too many failed logins" },
  };
  gboolean good = verdict == CLR_VERDICT_GOOD;

  if (good)
    {
      login->name = g_ascii_strdown (login->claimed, -1);
      clr_log_event (CLR_EVENT_LOGIN_GOOD, login->client, login->name, login->mechanism);
    }
  else
    clr_log_event (CLR_EVENT_LOGIN_FAILED, login->client, login->claimed, login->mechanism,
                   answers[verdict].why);
  clr_counter_add (good ? CLR_COUNTER_LOGINS_TOTAL : CLR_COUNTER_LOGINS_REFUSED_TOTAL, 1);
  clr_smtp_server_answer (login->server, answers[verdict].code, answers[verdict].enhanced,
                          answers[verdict].text);
  login->told (good, login->data);
}

static void
on_done (ClrVerdict verdict, void *data)
{
  ClrAdmission *login = data;

  login->attempt = NULL;
  answer (login, verdict);
}

void
clr_admission_judge (ClrAdmission *login, ClrSmtpServer *server, const ClrSaslClaim *claim,
                     const uint8_t address[16], const char *client)
{
  ClrLoginQuestion question = {
    .address = address,
    .login = claim->login,
    .password = claim->proof == CLR_SASL_PROOF_PASSWORD ? claim->password : NULL,
    .proved = claim->proof == CLR_SASL_PROOF_GOOD,
    .done = on_done,
    .data = login,
  };
  ClrVerdict verdict;

  login->server = server;
  login->mechanism = claim->mechanism;
  g_free (login->claimed);
  login->claimed = g_strndup (claim->login, CLR_LOGIN_MOST);
  g_free (login->client);
  login->client = g_strdup (client);
  verdict = clr_logins_judge (login->logins, &question, &login->attempt);
  if (verdict != CLR_VERDICT_PENDING)
    answer (login, verdict);
}

const char *
clr_admission_get_name (ClrAdmission *login)
{
  return login->name;
}

void
clr_admission_forget (ClrAdmission *login)
{
  g_clear_pointer (&login->name, g_free);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/clr-tls.h"

#include "base/clr-error.h"
#include "system/clr-file.h"
#include "system/clr-internet.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdatomic.h>
#include <string.h>

/* GnuTLS's plain NORMAL still accepts TLS 1.0. */
#define PRIORITY "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1:-VERS-DTLS-ALL"
/* What devices of 2004 speak. The server's order counts, so that a device which knows better does better. */
#define OLD_PRIORITY                                                                                         \
  "NORMAL:%COMPAT:%SERVER_PRECEDENCE:+VERS-TLS1.1:+VERS-TLS1.0:-VERS-DTLS-ALL:+DHE-RSA:+RSA:+AES-256-CBC:"   \
  "+AES-128-CBC:+3DES-CBC:+ARCFOUR-128:+SHA1:+MD5:+SIGN-RSA-SHA1:+SIGN-ECDSA-SHA1"

struct ClrTlsContext
{
  atomic_int references;
  gboolean is_server;
  ClrTlsVerify verify;
  gnutls_certificate_credentials_t credentials;
  gnutls_priority_t priority;
};

struct ClrTls
{
  ClrTlsContext *context;
  gnutls_session_t session;
  ClrBuffer in;
  ClrBuffer out;
  gboolean in_ended;
  char *problem;
  char *description;
};

static ClrTlsContext *
context_new (gboolean is_server, const char *priority)
{
  ClrTlsContext *context = g_new0 (ClrTlsContext, 1);

  atomic_init (&context->references, 1);
  context->is_server = is_server;
  gnutls_certificate_allocate_credentials (&context->credentials);
  /* Only our own words are read here, and GnuTLS knows them all. */
  if (gnutls_priority_init2 (&context->priority, priority, NULL, 0) < 0)
    g_error ("GnuTLS does not know its priorities %s", priority);
  return context;
}

/* Largest file of certificates or keys: a bundle of all authorities has 250 KiB. */
#define FILE_MOST (4u * 1024 * 1024)

/* We read it ourselves: GnuTLS would open it in the code page of the system, where on Windows most letters of
 * the world have no place. (transfer full) */
static gboolean
read_pem (const char *path, gnutls_datum_t *pem, GError **error)
{
  g_autofree char *text = NULL;
  ClrFileFacts facts;
  gsize size;

  if (clr_file_look (path, &facts) && (facts.kind != CLR_FILE_REGULAR || facts.size > FILE_MOST))
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID, "%s is no file of certificates or keys", path);
      return FALSE;
    }
  if (!g_file_get_contents (path, &text, &size, error))
    return FALSE;
  *pem = (gnutls_datum_t){ (unsigned char *)g_steal_pointer (&text), size };
  return TRUE;
}

static void
forget_pem (gnutls_datum_t *pem)
{
  if (pem->data)
    explicit_bzero (pem->data, pem->size);
  g_free (pem->data);
}

static gboolean
set_key (ClrTlsContext *context, const char *certificate_file, const char *key_file, GError **error)
{
  gnutls_datum_t certificate = { 0 }, key = { 0 };
  g_autoptr (GError) problem = NULL;
  int code = GNUTLS_E_FILE_ERROR;

  if (read_pem (certificate_file, &certificate, &problem) && read_pem (key_file, &key, &problem))
    code
        = gnutls_certificate_set_x509_key_mem (context->credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
  forget_pem (&certificate);
  forget_pem (&key);
  if (code < 0)
    g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID, "certificate %s with key %s cannot be used: %s",
                 certificate_file, key_file, problem ? problem->message : gnutls_strerror (code));
  return code >= 0;
}

/* Returns: how many; or an error of GnuTLS, with @problem when the file cannot be read. */
static int
set_trust (ClrTlsContext *context, const char *file, GError **problem)
{
  gnutls_datum_t pem = { 0 };
  int code = GNUTLS_E_FILE_ERROR;

  if (read_pem (file, &pem, problem))
    code = gnutls_certificate_set_x509_trust_mem (context->credentials, &pem, GNUTLS_X509_FMT_PEM);
  g_free (pem.data);
  return code;
}

ClrTlsContext *
clr_tls_context_new_server (ClrTlsAge age)
{
  ClrTlsContext *context = context_new (TRUE, age == CLR_TLS_OLD ? OLD_PRIORITY : PRIORITY);

  gnutls_certificate_set_known_dh_params (context->credentials, GNUTLS_SEC_PARAM_MEDIUM);
  return context;
}

gboolean
clr_tls_context_add_certificate (ClrTlsContext *context, ClrServerCertificate *certificate, GError **error)
{
  return clr_server_certificate_give (certificate, context->credentials, error);
}

ClrTlsContext *
clr_tls_context_new_client (ClrTlsVerify verify, const char *ca_file, GError **error)
{
  ClrTlsContext *context = context_new (FALSE, PRIORITY);
  g_autoptr (GError) problem = NULL;
  int code = 0;

  context->verify = verify;
  if (verify != CLR_TLS_VERIFY_NOTHING)
    code = ca_file ? set_trust (context, ca_file, &problem)
                   : gnutls_certificate_set_x509_system_trust (context->credentials);
  /* A machine without authorities can trust nobody later; that is no reason not to encrypt. */
  if (code < 0 && ca_file == NULL && verify == CLR_TLS_VERIFY_LATER)
    code = 0;
  if (code < 0 || (ca_file && code == 0 && verify != CLR_TLS_VERIFY_NOTHING))
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID, "the trusted authorities of %s cannot be read: %s",
                   ca_file ? ca_file : "the system",
                   problem    ? problem->message
                   : code < 0 ? gnutls_strerror (code)
                              : "no certificate in it");
      clr_tls_context_unref (context);
      return NULL;
    }
  return context;
}

gboolean
clr_tls_context_show_certificate (ClrTlsContext *context, const char *certificate_file, const char *key_file,
                                  GError **error)
{
  return set_key (context, certificate_file, key_file, error);
}

ClrTlsContext *
clr_tls_context_ref (ClrTlsContext *context)
{
  atomic_fetch_add (&context->references, 1);
  return context;
}

void
clr_tls_context_unref (ClrTlsContext *context)
{
  if (atomic_fetch_sub (&context->references, 1) != 1)
    return;
  gnutls_certificate_free_credentials (context->credentials);
  gnutls_priority_deinit (context->priority);
  g_free (context);
}

static ssize_t
push (gnutls_transport_ptr_t data, const void *bytes, size_t size)
{
  clr_buffer_append (&((ClrTls *)data)->out, bytes, size);
  return size;
}

static ssize_t
pull (gnutls_transport_ptr_t data, void *into, size_t size)
{
  ClrTls *tls = data;
  size_t n = MIN (size, clr_buffer_size (&tls->in));

  if (n == 0)
    {
      if (tls->in_ended)
        return 0;
      gnutls_transport_set_errno (tls->session, EAGAIN);
      return -1;
    }
  memcpy (into, clr_buffer_peek (&tls->in), n);
  clr_buffer_drop (&tls->in, n);
  return n;
}

static int
pull_timeout (gnutls_transport_ptr_t data, unsigned ms)
{
  return clr_buffer_size (&((ClrTls *)data)->in) > 0;
}

ClrTls *
clr_tls_new (ClrTlsContext *context, const char *name)
{
  ClrTls *tls = g_new0 (ClrTls, 1);
  uint8_t literal[16];

  tls->context = clr_tls_context_ref (context);
  gnutls_init (&tls->session,
               (context->is_server ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
  gnutls_priority_set (tls->session, context->priority);
  gnutls_credentials_set (tls->session, GNUTLS_CRD_CERTIFICATE, context->credentials);
  gnutls_transport_set_ptr (tls->session, tls);
  gnutls_transport_set_push_function (tls->session, push);
  gnutls_transport_set_pull_function (tls->session, pull);
  gnutls_transport_set_pull_timeout_function (tls->session, pull_timeout);
  gnutls_handshake_set_timeout (tls->session,
                                GNUTLS_INDEFINITE_TIMEOUT); /* the stream's owner keeps the time */
  if (context->is_server)
    gnutls_certificate_server_set_request (tls->session, GNUTLS_CERT_IGNORE);
  else if (name)
    {
      /* RFC 6066 section 3: no address literals in server_name. */
      if (inet_pton (AF_INET, name, literal) != 1 && inet_pton (AF_INET6, name, literal) != 1)
        gnutls_server_name_set (tls->session, GNUTLS_NAME_DNS, name, strlen (name));
      if (context->verify == CLR_TLS_VERIFY_NAME)
        gnutls_session_set_verify_cert (tls->session, name, 0);
    }
  return tls;
}

void
clr_tls_free (ClrTls *tls)
{
  gnutls_deinit (tls->session);
  clr_buffer_clear (&tls->in);
  clr_buffer_clear (&tls->out);
  clr_tls_context_unref (tls->context);
  g_free (tls->problem);
  g_free (tls->description);
  g_free (tls);
}

void
clr_tls_give (ClrTls *tls, const void *wire, size_t size)
{
  if (size == 0)
    tls->in_ended = TRUE;
  clr_buffer_append (&tls->in, wire, size);
}

ClrBuffer *
clr_tls_get_wire (ClrTls *tls)
{
  return &tls->out;
}

static ClrTlsStatus
status_of (ClrTls *tls, ssize_t code)
{
  if (code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED)
    return CLR_TLS_AGAIN;
  if (!gnutls_error_is_fatal (code))
    return CLR_TLS_AGAIN;
  if (code == GNUTLS_E_PREMATURE_TERMINATION)
    return CLR_TLS_CLOSED;

  g_free (tls->problem);
  if (code == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
    {
      gnutls_datum_t text = { 0 };
      unsigned status = gnutls_session_get_verify_cert_status (tls->session);

      gnutls_certificate_verification_status_print (status, GNUTLS_CRT_X509, &text, 0);
      tls->problem = g_strdup_printf ("certificate not accepted: %s", text.data ? (char *)text.data : "?");
      gnutls_free (text.data);
    }
  else if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
    tls->problem = g_strdup_printf ("the peer sent the alert \"%s\"",
                                    gnutls_alert_get_name (gnutls_alert_get (tls->session)));
  else
    tls->problem = g_strdup (gnutls_strerror (code));
  return CLR_TLS_FAILED;
}

ClrTlsStatus
clr_tls_handshake (ClrTls *tls)
{
  int code;

  do
    code = gnutls_handshake (tls->session);
  while (code < 0 && code != GNUTLS_E_AGAIN && !gnutls_error_is_fatal (code));
  if (code >= 0)
    return CLR_TLS_OK;
  if (gnutls_error_is_fatal (code))
    gnutls_alert_send_appropriate (tls->session, code);
  return status_of (tls, code);
}

ClrTlsStatus
clr_tls_read (ClrTls *tls, void *into, size_t size, size_t *got)
{
  size_t before;
  ssize_t n;

  /* A record without application data (a session ticket, a key update) reads as "again" though more may be
   * here. */
  do
    {
      before = clr_buffer_size (&tls->in);
      n = gnutls_record_recv (tls->session, into, size);
    }
  while ((n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED) && clr_buffer_size (&tls->in) > 0
         && clr_buffer_size (&tls->in) < before);
  *got = MAX (n, 0);
  if (n > 0)
    return CLR_TLS_OK;
  return n == 0 ? CLR_TLS_CLOSED : status_of (tls, n);
}

ClrTlsStatus
clr_tls_write (ClrTls *tls, const void *data, size_t size)
{
  const uint8_t *from = data;

  while (size > 0)
    {
      ssize_t n = gnutls_record_send (tls->session, from, size);
      if (n < 0)
        return status_of (tls, n);
      from += n;
      size -= n;
    }
  return CLR_TLS_OK;
}

void
clr_tls_say_bye (ClrTls *tls)
{
  gnutls_bye (tls->session, GNUTLS_SHUT_WR);
}

const char *
clr_tls_get_problem (ClrTls *tls)
{
  return tls->problem ? tls->problem : "unknown";
}

const char *
clr_tls_get_description (ClrTls *tls)
{
  if (tls->description == NULL)
    tls->description
        = g_strdup_printf ("%s %s", gnutls_protocol_get_name (gnutls_protocol_get_version (tls->session)),
                           gnutls_cipher_get_name (gnutls_cipher_get (tls->session)));
  return tls->description;
}

ClrTlsFlaw
clr_tls_check_name (ClrTls *tls, const char *name, char **why)
{
  unsigned status = GNUTLS_CERT_INVALID;
  gnutls_datum_t text = { 0 };
  const unsigned dates = GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED;
  int code = gnutls_certificate_verify_peers3 (tls->session, name, &status);

  *why = NULL;
  if (code >= 0 && status == 0)
    return CLR_TLS_FLAWLESS;
  if (code >= 0)
    gnutls_certificate_verification_status_print (status, GNUTLS_CRT_X509, &text, 0);
  *why = g_strdup_printf ("certificate not accepted: %s",
                          text.data ? (char *)text.data : gnutls_strerror (code));
  g_strchomp (*why);
  gnutls_free (text.data);
  if (code < 0)
    return CLR_TLS_FLAW_UNTRUSTED;
  status &= ~(unsigned)GNUTLS_CERT_INVALID;
  return status == GNUTLS_CERT_UNEXPECTED_OWNER       ? CLR_TLS_FLAW_NAME
         : (status & dates) && (status & ~dates) == 0 ? CLR_TLS_FLAW_EXPIRED
                                                      : CLR_TLS_FLAW_UNTRUSTED;
}

const gnutls_datum_t *
clr_tls_get_chain (ClrTls *tls, unsigned *n)
{
  *n = 0;
  return gnutls_certificate_get_peers (tls->session, n);
}

char *
clr_tls_dup_binding (ClrTls *tls, gboolean exporter)
{
  gnutls_datum_t binding = { 0 };
  char *text;

  /* RFC 9266 section 4: with TLS 1.2 and before, the exporter needs the extended master secret to be bound to
   * this connection; there tls-unique is used, as clients do. */
  if (exporter != (gnutls_protocol_get_version (tls->session) >= GNUTLS_TLS1_3)
      || gnutls_session_channel_binding (tls->session,
                                         exporter ? GNUTLS_CB_TLS_EXPORTER : GNUTLS_CB_TLS_UNIQUE, &binding)
             < 0)
    return NULL;
  text = g_base64_encode (binding.data, binding.size);
  gnutls_free (binding.data);
  return text;
}

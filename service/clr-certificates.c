/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-certificates.h"

#include "base/clr-error.h"
#include "base/clr-log.h"
#include "clr-own-certificate.h"
#include "settings/clr-secret.h"
#include "system/clr-file.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define DAY 86400

/* A certificate in use. */
typedef struct
{
  char *file;
  char *key_file; /* NULL: in the former */
  ClrFileFacts facts, key_facts;
  char *names;
  char *subject;
  gboolean is_self_signed;
  GPtrArray *listeners; /* names of those that show it */
  gint64 expires;       /* seconds since 1970 */
  unsigned told;        /* stage */
} Use;

struct ClrCertificates
{
  ClrSettings *settings;
  char *hostname;
  char *state_directory;
  GArray *uses;         /* of Use, each file once */
  const char *listener; /* for which they are read now */
};

static void
clear_use (void *data)
{
  Use *use = data;

  g_free (use->file);
  g_free (use->key_file);
  g_free (use->names);
  g_free (use->subject);
  g_clear_pointer (&use->listeners, g_ptr_array_unref);
}

ClrCertificates *
clr_certificates_new (ClrSettings *settings, const char *hostname, const char *state_directory)
{
  ClrCertificates *self = g_new0 (ClrCertificates, 1);

  self->settings = g_object_ref (settings);
  self->hostname = g_strdup (hostname);
  self->state_directory = g_strdup (state_directory);
  self->uses = g_array_new (FALSE, TRUE, sizeof (Use));
  g_array_set_clear_func (self->uses, clear_use);
  return self;
}

void
clr_certificates_free (ClrCertificates *self)
{
  g_array_unref (self->uses);
  g_object_unref (self->settings);
  g_free (self->hostname);
  g_free (self->state_directory);
  g_free (self);
}

/* A file that is not there is nothing but zeros. */
static void
look (const char *file, ClrFileFacts *facts)
{
  memset (facts, 0, sizeof *facts);
  if (file && !clr_file_look (file, facts))
    memset (facts, 0, sizeof *facts);
}

static gboolean
is_same (const ClrFileFacts *a, const ClrFileFacts *b)
{
  return a->size == b->size && a->modified_us == b->modified_us && a->place == b->place && a->mode == b->mode;
}

static Use *
find_use (ClrCertificates *self, const char *file)
{
  for (unsigned i = 0; i < self->uses->len; i++)
    if (g_str_equal (g_array_index (self->uses, Use, i).file, file))
      return &g_array_index (self->uses, Use, i);
  return NULL;
}

static void
note_listener (Use *use, const char *name)
{
  if (name && !g_ptr_array_find_with_equal_func (use->listeners, name, g_str_equal, NULL))
    g_ptr_array_add (use->listeners, g_strdup (name));
}

/* The facts are taken before the files are read: a change in between is seen afterwards. */
static gboolean
add (ClrCertificates *self, ClrTlsContext *context, const char *file, const char *key_file,
     const char *password, GError **error)
{
  g_autoptr (ClrServerCertificate) certificate = NULL;
  Use use = { .file = g_strdup (file), .key_file = g_strdup (key_file) };

  look (file, &use.facts);
  look (key_file, &use.key_facts);
  certificate = clr_server_certificate_load (file, key_file, password, error);
  if (certificate == NULL || !clr_tls_context_add_certificate (context, certificate, error))
    {
      clear_use (&use);
      return FALSE;
    }
  use.names = clr_server_certificate_dup_names (certificate);
  use.expires = clr_server_certificate_get_expiry (certificate);
  use.subject = clr_server_certificate_dup_subject (certificate);
  use.is_self_signed = clr_server_certificate_is_self_signed (certificate);
  use.listeners = g_ptr_array_new_with_free_func (g_free);
  if (find_use (self, file))
    clear_use (&use);
  else
    g_array_append_val (self->uses, use);
  note_listener (find_use (self, file), self->listener);
  return TRUE;
}

static gboolean
add_own (ClrCertificates *self, ClrTlsContext *context, ClrSelfSignedKind kind, GError **error)
{
  g_auto (ClrOwnCertificate) own = { 0 };

  return clr_own_certificate_make (&own, kind, self->hostname, self->state_directory, error)
         && add (self, context, own.certificate_file, own.key_file, NULL, error);
}

/* One [certificate]. */
static gboolean
add_named (ClrCertificates *self, ClrTlsContext *context, const char *name, GError **error)
{
  ClrSection *section = clr_settings_find (self->settings, "certificate", name);
  const char *secret = clr_section_get_text (section, "password");
  g_autofree char *password = secret ? clr_secret_load (self->state_directory, secret, error) : NULL;
  gboolean ok = FALSE;

  if (secret == NULL || password)
    ok = add (self, context, clr_section_get_text (section, "certificate-file"),
              clr_section_get_text (section, "key-file"), password, error);
  if (!ok)
    g_prefix_error (error, "[certificate %s]: ", name);
  if (password)
    gnutls_memset (password, 0, strlen (password));
  return ok;
}

static gboolean
add_all (ClrCertificates *self, ClrTlsContext *context, ClrSection *listener, ClrTlsAge age, GError **error)
{
  const char *const *name = clr_section_get_list (listener, "certificates");
  const char *file = clr_section_get_text (listener, "certificate-file");

  /* Old devices know no other keys than RSA. */
  if (file == NULL && *name == NULL)
    return add_own (self, context, CLR_SELF_SIGNED_EC, error)
           && (age == CLR_TLS_MODERN || add_own (self, context, CLR_SELF_SIGNED_RSA, error));
  if (file && !add (self, context, file, clr_section_get_text (listener, "key-file"), NULL, error))
    return FALSE;
  for (; *name; name++)
    if (!add_named (self, context, *name, error))
      return FALSE;
  return TRUE;
}

ClrTlsContext *
clr_certificates_make_context (ClrCertificates *self, ClrSection *listener, ClrTlsAge age, GError **error)
{
  ClrTlsContext *context = clr_tls_context_new_server (age);

  self->listener = clr_section_get_name (listener);
  if (!add_all (self, context, listener, age, error))
    g_clear_pointer (&context, clr_tls_context_unref);
  return context;
}

static gboolean
has_moved (const char *file, ClrFileFacts *known)
{
  ClrFileFacts facts;

  look (file, &facts);
  if (is_same (&facts, known))
    return FALSE;
  *known = facts;
  return TRUE;
}

gboolean
clr_certificates_have_changed (ClrCertificates *self)
{
  gboolean changed = FALSE;

  for (unsigned i = 0; i < self->uses->len; i++)
    {
      Use *use = &g_array_index (self->uses, Use, i);

      changed = has_moved (use->file, &use->facts) || changed;
      changed = has_moved (use->key_file, &use->key_facts) || changed;
    }
  return changed;
}

static char *
dup_time (gint64 when)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (when);

  return time ? g_date_time_format_iso8601 (time) : g_strdup ("?");
}

void
clr_certificates_tell (ClrCertificates *self)
{
  for (unsigned i = 0; i < self->uses->len; i++)
    {
      Use *use = &g_array_index (self->uses, Use, i);
      g_autofree char *expires = dup_time (use->expires);

      clr_log_event (CLR_EVENT_CERTIFICATE_READ, use->file, use->names, expires);
    }
}

unsigned
clr_certificates_get_stage (gint64 expires, gint64 now)
{
  static const unsigned days[] = { 30, 14, 3 };
  unsigned stage = 0;

  if (now >= expires)
    return G_N_ELEMENTS (days) + 1;
  while (stage < G_N_ELEMENTS (days) && expires - now <= (gint64)days[stage] * DAY)
    stage++;
  return stage;
}

void
clr_certificates_warn (ClrCertificates *self, gint64 now)
{
  for (unsigned i = 0; i < self->uses->len; i++)
    {
      Use *use = &g_array_index (self->uses, Use, i);
      unsigned stage = clr_certificates_get_stage (use->expires, now);
      g_autofree char *expires = dup_time (use->expires);
      g_autofree char *days = g_strdup_printf ("%d", (int)((use->expires - now) / DAY));

      if (stage <= use->told)
        continue;
      use->told = stage;
      if (now >= use->expires)
        clr_log_event (CLR_EVENT_CERTIFICATE_EXPIRED, use->file, use->names, expires);
      else
        clr_log_event (CLR_EVENT_CERTIFICATE_EXPIRES, use->file, use->names, expires, days);
    }
}

void
clr_certificates_add_warnings (ClrCertificates *self, gint64 now, GPtrArray *lines)
{
  for (unsigned i = 0; i < self->uses->len; i++)
    {
      Use *use = &g_array_index (self->uses, Use, i);
      int days = (int)((use->expires - now) / DAY);
      g_autofree char *expires = dup_time (use->expires);

      if (now >= use->expires)
        g_ptr_array_add (lines, g_strdup_printf (_ ("certificate %s (%s) has expired at %s; renew it"),
                                                 use->file, use->names, expires));
      else if (clr_certificates_get_stage (use->expires, now) > 0)
        g_ptr_array_add (
            lines, g_strdup_printf (
                       g_dngettext (GETTEXT_PACKAGE, "certificate %s (%s) expires in %d day, at %s; renew it",
                                    "certificate %s (%s) expires in %d days, at %s; renew it", days),
                       use->file, use->names, days, expires));
    }
}

void
clr_certificates_visit (ClrCertificates *self, ClrCertificateVisitor visitor, void *data)
{
  for (unsigned i = 0; i < self->uses->len; i++)
    {
      const Use *use = &g_array_index (self->uses, Use, i);

      visitor (use->file, use->names, use->expires, data);
    }
}

/* What somebody should see to; NULL: nothing. (transfer full) */
static char *
find_problem (const Use *use, gint64 now)
{
  int days = (int)((use->expires - now) / DAY);

  if (now >= use->expires)
    return g_strdup (_ ("it has expired: clients that look at it do not connect; renew it"));
  if (clr_certificates_get_stage (use->expires, now) > 0)
    return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "it expires in %d day; renew it",
                                         "it expires in %d days; renew it", days),
                            days);
  if (use->is_self_signed)
    return g_strdup (_ ("nobody but itself vouches for it: clients that verify certificates do not connect"));
  return NULL;
}

static JsonObject *
describe (const Use *use, gint64 now)
{
  JsonObject *object = json_object_new ();
  JsonArray *names = json_array_new (), *listeners = json_array_new ();
  g_auto (GStrv) parts = g_strsplit (use->names, ", ", -1);
  g_autofree char *expires = dup_time (use->expires), *base = g_path_get_basename (use->file),
                  *problem = find_problem (use, now);

  for (unsigned i = 0; parts[i]; i++)
    {
      g_autofree char *valid = g_utf8_make_valid (parts[i], -1);
      json_array_add_string_element (names, valid);
    }
  for (unsigned i = 0; i < use->listeners->len; i++)
    json_array_add_string_element (listeners, g_ptr_array_index (use->listeners, i));
  json_object_set_string_member (object, "name", base);
  json_object_set_string_member (object, "file", use->file);
  json_object_set_array_member (object, "listeners", listeners);
  json_object_set_string_member (object, "subject", use->subject);
  json_object_set_array_member (object, "names", names);
  json_object_set_string_member (object, "expires", expires);
  json_object_set_int_member (object, "days", (use->expires - now) / DAY);
  json_object_set_boolean_member (object, "self-signed", use->is_self_signed);
  if (problem)
    json_object_set_string_member (object, "problem", problem);
  return object;
}

JsonArray *
clr_certificates_describe (ClrCertificates *self, gint64 now)
{
  JsonArray *array = json_array_new ();

  for (unsigned i = 0; i < self->uses->len; i++)
    json_array_add_object_element (array, describe (&g_array_index (self->uses, Use, i), now));
  return array;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backup/clr-backup-name.h"

#include <string.h>

#define KIB UINT64_C (1024)
#define MIB (1024 * KIB)
#define TIB (1024 * 1024 * MIB)

#define ID_LENGTH 13 /* of a queue id */

static const ClrBackupKindInfo kinds[CLR_BACKUP_KINDS] = {
  [CLR_BACKUP_MANIFEST] = { "manifest.json", 4 * MIB, 1 },
  [CLR_BACKUP_SETTINGS] = { "settings.conf", 4 * MIB, 1 },
  [CLR_BACKUP_VERSION] = { "versions/", 4 * MIB, 1000 },
  [CLR_BACKUP_SECRET] = { "secrets/", 64 * KIB, 10000 },
  [CLR_BACKUP_USERS] = { "users", 256 * MIB, 1 },
  [CLR_BACKUP_KEY] = { "keys/", MIB, 10000 },
  [CLR_BACKUP_TLS] = { "tls/", MIB, 1000 },
  [CLR_BACKUP_FILE] = { "files/", 4 * MIB, 1000 },
  [CLR_BACKUP_SPOOL] = { "spool/", TIB, 100000000 },
  [CLR_BACKUP_QUEUE] = { "queue.db", 16 * TIB, 1 },
  [CLR_BACKUP_STATE] = { "state.db", 16 * TIB, 1 },
  [CLR_BACKUP_HISTORY] = { "history.db", 16 * TIB, 1 },
  [CLR_BACKUP_END] = { "end.json", 4 * MIB, 1 },
};

const ClrBackupKindInfo *
clr_backup_kind_get_info (ClrBackupKind kind)
{
  return &kinds[kind];
}

gboolean
clr_backup_name_is_plain (const char *name)
{
  size_t size = strlen (name);

  for (const char *p = name; *p; p++)
    if (!g_ascii_isalnum (*p) && !strchr ("-_.", *p))
      return FALSE;
  return size > 0 && size <= 100 && *name != '.';
}

static gboolean
is_spool_name (const char *name)
{
  for (int i = 0; i < ID_LENGTH; i++)
    if (!g_ascii_isalnum (name[i]))
      return FALSE;
  return g_str_equal (name + ID_LENGTH, ".msg");
}

static gboolean
is_number (const char *name)
{
  guint64 number;

  return *name != '0' && g_ascii_string_to_unsigned (name, 10, 1, G_MAXINT64, &number, NULL);
}

gboolean
clr_backup_name_parse (const char *name, ClrBackupKind *kind, const char **rest)
{
  for (unsigned i = 0; i < CLR_BACKUP_KINDS; i++)
    {
      size_t size = strlen (kinds[i].name);
      gboolean is_folder = kinds[i].name[size - 1] == '/';

      if (is_folder ? !g_str_has_prefix (name, kinds[i].name) : !g_str_equal (name, kinds[i].name))
        continue;
      *kind = i;
      *rest = name + size;
      switch (i)
        {
        case CLR_BACKUP_VERSION:
        case CLR_BACKUP_FILE:
          return is_number (*rest);
        case CLR_BACKUP_SPOOL:
          return is_spool_name (*rest);
        default:
          return !is_folder || clr_backup_name_is_plain (*rest);
        }
    }
  return FALSE;
}

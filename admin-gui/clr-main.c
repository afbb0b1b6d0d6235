/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-application.h"
#include "system/clr-share.h"

#include <glib/gi18n.h>
#include <locale.h>

int
main (int argc, char **argv)
{
  g_autoptr (ClrApplication) application = NULL;

  setlocale (LC_ALL, "");
  g_autofree char *locale = clr_share_dup_folder (CLR_LOCALE_DIR, "locale");
  bindtextdomain (GETTEXT_PACKAGE, locale);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_application_name (_ ("Cl Mail Relay"));
  application = clr_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}

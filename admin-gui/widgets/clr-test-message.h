/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrTestMessage: sends a message through the relay, and follows it to its result.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_TEST_MESSAGE (clr_test_message_get_type ())
G_DECLARE_FINAL_TYPE (ClrTestMessage, clr_test_message, CLR, TEST_MESSAGE, AdwBin)

/* The page that it stands on, through which it asks. */
void clr_test_message_set_page (ClrTestMessage *self, ClrPage *page);
void clr_test_message_set_from (ClrTestMessage *self, const char *from);
/* Nobody looks at it any more. */
void clr_test_message_stop (ClrTestMessage *self);

G_END_DECLS

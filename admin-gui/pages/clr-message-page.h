/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Message: one message, its recipients and all that happened to it, in plain words.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_MESSAGE_PAGE (clr_message_page_get_type ())
G_DECLARE_FINAL_TYPE (ClrMessagePage, clr_message_page, CLR, MESSAGE_PAGE, ClrPage)

/* Shows the message with the queue id @id. */
void clr_message_page_set_id (ClrMessagePage *self, const char *id);

G_END_DECLS

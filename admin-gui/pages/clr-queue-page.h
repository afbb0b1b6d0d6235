/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Queue: what is not delivered yet; chosen or found messages are held, released, retried or deleted.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

#define CLR_TYPE_QUEUE_PAGE (clr_queue_page_get_type ())
G_DECLARE_FINAL_TYPE (ClrQueuePage, clr_queue_page, CLR, QUEUE_PAGE, ClrPage)

G_END_DECLS

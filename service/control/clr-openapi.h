/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The OpenAPI document, made from the table of methods and the models: what stands in it is what is asked
 * and answered. Pure.
 *
 * Members are declared as words: NAME, NAME? when it may be missing, NAME:TYPE when it is no text; TYPE is
 * number, boolean, object, any, or a model such as Message, with [] behind it for a list. A * stands for
 * further members. "=Message" is a model itself, "=text/plain" a content that is no JSON.
 */
#pragma once

#include "control/clr-methods-private.h"

/* (transfer full) */
JsonNode *clr_openapi_describe (const ClrMethodRow *rows, unsigned n);
/* Whether @name is among @members; NULL: none are. */
gboolean clr_openapi_has (const char *members, const char *name);
/* What a word of a request or reply means; NULL when it is not explained. */
const char *clr_openapi_explain (const char *name);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-error.h"

G_DEFINE_QUARK (clr - error - quark, clr_error)

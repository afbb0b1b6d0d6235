/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The verdicts of clr_check_domain(): what must stand in the DNS for mail of a domain that this relay sends.
 */
#pragma once

/* The worst comes last. */
typedef enum
{
  CLR_DOMAIN_OK,
  CLR_DOMAIN_NONE,    /* it is not there, and need not be */
  CLR_DOMAIN_UNKNOWN, /* nobody can say here and now */
  CLR_DOMAIN_WARNING,
  CLR_DOMAIN_MISSING,
  CLR_DOMAIN_WRONG,
} ClrDomainVerdict;

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * TLSA records and certificates of a stranger: three octets of types, a length, the data, then certificates,
 * each behind its length.
 */
#include "fuzz.h"
#include "dns/clr-dane.h"

#define CHAIN_MOST 4

static gnutls_datum_t
take_datum (const uint8_t **bytes, size_t *size)
{
  size_t wanted = fuzz_take (bytes, size) << 8;
  gnutls_datum_t datum;

  wanted |= fuzz_take (bytes, size);
  datum = (gnutls_datum_t){ (uint8_t *)*bytes, MIN (wanted, *size) };
  *bytes += datum.size;
  *size -= datum.size;
  return datum;
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  static const char *const names[] = { "example.com", NULL };
  ClrDnsRecord record = { .usage = fuzz_take (&bytes, &size) % 4 };
  gnutls_datum_t data, chain[CHAIN_MOST];
  ClrDaneResult result;
  unsigned n = 0;

  record.selector = fuzz_take (&bytes, &size) % 3;
  record.matching = fuzz_take (&bytes, &size) % 4;
  data = take_datum (&bytes, &size);
  record.bytes = data.data;
  record.size = data.size;
  while (size > 0 && n < CHAIN_MOST)
    chain[n++] = take_datum (&bytes, &size);
  g_autoptr (ClrDane) dane = clr_dane_new (&record, 1);
  clr_dane_judge (dane, chain, n, names, 1800000000, &result);
  fuzz_check ((result.verdict == CLR_DANE_MATCH) == (result.problem == NULL));
  fuzz_check ((result.verdict == CLR_DANE_MATCH) == (result.record == 0));
  fuzz_check ((result.verdict == CLR_DANE_UNUSABLE) == !clr_dane_is_usable (dane));
  return 0;
}

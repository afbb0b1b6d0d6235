/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dns/clr-dns-packet.h"

#include <string.h>

#define HEADER_SIZE 12
#define TYPE_SOA    6
#define WIRE_MOST   255 /* octets of a name, RFC 1035 section 2.3.4 */

typedef struct
{
  const uint8_t *bytes;
  size_t size;
  size_t at;
} Packet;

typedef struct
{
  unsigned type;
  unsigned ttl;
  size_t at; /* of the data */
  size_t size;
} Record;

static unsigned
be16 (const uint8_t *p)
{
  return (unsigned)p[0] << 8 | p[1];
}

static unsigned
be32 (const uint8_t *p)
{
  return be16 (p) << 16 | be16 (p + 2);
}

static void
write_label (GString *into, const uint8_t *label, unsigned size)
{
  if (into->len > 0)
    g_string_append_c (into, '.');
  for (unsigned i = 0; i < size; i++)
    if (label[i] > ' ' && label[i] < 127 && label[i] != '.' && label[i] != '\\')
      g_string_append_c (into, label[i]);
    else
      g_string_append_printf (into, "\\%03u", label[i]);
}

/* Reads the name at *@at and moves *@at behind it; @into may be NULL. A pointer must lead to before the name
 * or the part of it that it ends: no loop is possible. */
static gboolean
read_name (const Packet *packet, size_t *at, GString *into)
{
  size_t here = *at, before = *at;
  unsigned wire = 0;
  gboolean jumped = FALSE;

  while (here < packet->size)
    {
      unsigned size = packet->bytes[here];

      if (size == 0)
        {
          *at = jumped ? *at : here + 1;
          return TRUE;
        }
      if (size >= 0xc0)
        {
          if (here + 2 > packet->size)
            return FALSE;
          size_t target = be16 (packet->bytes + here) & 0x3fff;
          if (target >= before)
            return FALSE;
          *at = jumped ? *at : here + 2;
          jumped = TRUE;
          here = before = target;
          continue;
        }
      wire += size + 1;
      if (size > 63 || here + 1 + size > packet->size || wire >= WIRE_MOST)
        return FALSE;
      if (into)
        write_label (into, packet->bytes + here + 1, size);
      here += 1 + size;
    }
  return FALSE;
}

static gboolean
read_record (Packet *packet, Record *record)
{
  if (!read_name (packet, &packet->at, NULL) || packet->at + 10 > packet->size)
    return FALSE;
  const uint8_t *fixed = packet->bytes + packet->at;
  record->type = be16 (fixed);
  record->ttl = be32 (fixed + 4);
  /* RFC 2181 section 8: with the topmost bit it counts as none. */
  if (record->ttl > G_MAXINT32)
    record->ttl = 0;
  record->size = be16 (fixed + 8);
  record->at = packet->at + 10;
  packet->at = record->at + record->size;
  return packet->at <= packet->size;
}

/* RFC 1035 section 3.3.14: strings with their length in front. */
static gboolean
read_texts (const uint8_t *data, size_t size, ClrDnsRecord *into)
{
  into->bytes = g_malloc (size + 1);
  for (size_t at = 0; at < size; at += 1 + data[at])
    {
      if (at + 1 + data[at] > size)
        return FALSE;
      memcpy (into->bytes + into->size, data + at + 1, data[at]);
      into->size += data[at];
    }
  into->bytes[into->size] = 0;
  return TRUE;
}

static gboolean
read_data (const Packet *packet, const Record *record, ClrDnsRecord *into)
{
  const uint8_t *data = packet->bytes + record->at;
  g_autoptr (GString) name = NULL;
  size_t at = record->at;

  switch (record->type)
    {
    case CLR_DNS_A:
    case CLR_DNS_AAAA:
      if (record->size != (record->type == CLR_DNS_A ? 4 : 16))
        return FALSE;
      clr_endpoint_from_bytes (&into->address, record->type == CLR_DNS_A ? AF_INET : AF_INET6, data, 0);
      return TRUE;
    case CLR_DNS_MX:
      if (record->size < 3)
        return FALSE;
      into->preference = be16 (data);
      at += 2;
      G_GNUC_FALLTHROUGH;
    case CLR_DNS_PTR:
      name = g_string_new (NULL);
      if (!read_name (packet, &at, name) || at != record->at + record->size)
        return FALSE;
      into->name = g_strdup (name->str);
      return TRUE;
    case CLR_DNS_TXT:
      return read_texts (data, record->size, into);
    case CLR_DNS_TLSA:
      if (record->size < 3)
        return FALSE;
      into->usage = data[0];
      into->selector = data[1];
      into->matching = data[2];
      into->size = record->size - 3;
      into->bytes = g_memdup2 (data + 3, into->size);
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
read_answers (Packet *packet, unsigned n, ClrDnsType type, ClrDnsAnswer *answer)
{
  Record record;

  for (unsigned i = 0; i < n; i++)
    {
      if (!read_record (packet, &record))
        return FALSE;
      answer->ttl = MIN (answer->ttl, record.ttl);
      if (record.type != type)
        continue;
      if (answer->n_records == CLR_DNS_RECORDS_MOST)
        {
          answer->is_cut = TRUE;
          continue;
        }
      if (answer->records == NULL)
        answer->records = g_new0 (ClrDnsRecord, MIN (n, CLR_DNS_RECORDS_MOST));
      if (!read_data (packet, &record, &answer->records[answer->n_records++]))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_proof (Packet *packet, unsigned n, ClrDnsAnswer *answer)
{
  Record record;

  for (unsigned i = 0; i < n; i++)
    {
      if (!read_record (packet, &record))
        return FALSE;
      /* The minimum stands at the end of the data. */
      if (record.type == TYPE_SOA && record.size >= 22)
        answer->ttl = MIN (answer->ttl, MIN (record.ttl, be32 (packet->bytes + record.at + record.size - 4)));
    }
  return TRUE;
}

gboolean
clr_dns_packet_read (const uint8_t *bytes, size_t size, ClrDnsType type, ClrDnsAnswer *answer)
{
  Packet packet = { bytes, size, HEADER_SIZE };

  if (size < HEADER_SIZE)
    return FALSE;
  for (unsigned i = be16 (bytes + 4); i > 0; i--)
    {
      if (!read_name (&packet, &packet.at, NULL) || packet.at + 4 > size)
        return FALSE;
      packet.at += 4;
    }
  return read_answers (&packet, be16 (bytes + 6), type, answer)
         && (answer->n_records > 0 || read_proof (&packet, be16 (bytes + 8), answer));
}

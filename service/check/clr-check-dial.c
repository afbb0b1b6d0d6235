/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check-dial.h"

#include <string.h>

#define GREETING_MOST 512u /* octets, RFC 5321 section 4.5.3.1.5 */

typedef struct
{
  GMainLoop *loop;
  unsigned n_running;
  GCancellable *cancellable;
} Round;

typedef struct
{
  ClrDial *dial;
  Round *round;
  GSocketConnection *connection;
  char greeting[GREETING_MOST];
} Attempt;

static const char *const words[] = { "timeout", "refused", "unreachable", "silent", "ok" };

const char *
clr_dial_result_to_text (ClrDialResult result)
{
  return words[result];
}

void
clr_dial_free (ClrDial *dial)
{
  g_free (dial->target);
  g_free (dial->host);
  g_free (dial->text);
  g_clear_object (&dial->address);
  g_clear_object (&dial->local);
  g_free (dial);
}

static void
end_attempt (Attempt *attempt, ClrDialResult result, const char *text)
{
  Round *round = attempt->round;

  attempt->dial->result = result;
  g_free (attempt->dial->text);
  attempt->dial->text = text ? g_utf8_make_valid (text, -1) : NULL;
  g_clear_object (&attempt->connection);
  g_free (attempt);
  if (--round->n_running == 0)
    g_main_loop_quit (round->loop);
}

static void
on_greeting (GObject *source, GAsyncResult *answer, void *data)
{
  Attempt *attempt = data;
  gssize size = g_input_stream_read_finish (G_INPUT_STREAM (source), answer, NULL);

  if (size <= 0)
    {
      end_attempt (attempt, CLR_DIAL_SILENT, "connected, but no greeting came");
      return;
    }
  attempt->greeting[size] = 0;
  attempt->greeting[strcspn (attempt->greeting, "\r\n")] = 0;
  end_attempt (attempt, g_str_has_prefix (attempt->greeting, "220") ? CLR_DIAL_GREETED : CLR_DIAL_SILENT,
               attempt->greeting);
}

static void
note_local (Attempt *attempt, GSocket *socket)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, NULL);

  if (local && G_IS_INET_SOCKET_ADDRESS (local))
    g_set_object (&attempt->dial->local, g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (local)));
}

static void
on_connected (GObject *source, GAsyncResult *answer, void *data)
{
  Attempt *attempt = data;
  g_autoptr (GError) error = NULL;

  attempt->connection = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), answer, &error);
  if (attempt->connection == NULL)
    {
      end_attempt (attempt,
                   g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED) ? CLR_DIAL_REFUSED
                   : g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
                           || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
                       ? CLR_DIAL_TIMED_OUT
                       : CLR_DIAL_UNREACHABLE,
                   error->message);
      return;
    }
  note_local (attempt, g_socket_connection_get_socket (attempt->connection));
  g_input_stream_read_async (g_io_stream_get_input_stream (G_IO_STREAM (attempt->connection)),
                             attempt->greeting, sizeof attempt->greeting - 1, G_PRIORITY_DEFAULT,
                             attempt->round->cancellable, on_greeting, attempt);
}

/* Which of our addresses the system would take; nothing is sent. */
static void
find_local (ClrDial *dial)
{
  g_autoptr (GSocket) socket = g_socket_new (g_inet_address_get_family (dial->address),
                                             G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GSocketAddress) there = g_inet_socket_address_new (dial->address, dial->port), here = NULL;

  if (socket == NULL || !g_socket_connect (socket, there, NULL, NULL))
    return;
  here = g_socket_get_local_address (socket, NULL);
  if (here)
    g_set_object (&dial->local, g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (here)));
}

static void
start_attempt (Round *round, ClrDial *dial, GInetAddress *from)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) there = g_inet_socket_address_new (dial->address, dial->port);
  Attempt *attempt = g_new0 (Attempt, 1);

  attempt->dial = dial;
  attempt->round = round;
  g_socket_client_set_enable_proxy (client, FALSE);
  if (from && g_inet_address_get_family (from) == g_inet_address_get_family (dial->address))
    {
      g_autoptr (GSocketAddress) here = g_inet_socket_address_new (from, 0);

      g_socket_client_set_local_address (client, here);
      g_set_object (&dial->local, from);
    }
  else
    find_local (dial);
  round->n_running++;
  g_socket_client_connect_async (client, G_SOCKET_CONNECTABLE (there), round->cancellable, on_connected,
                                 attempt);
}

static gboolean
on_time_over (void *data)
{
  g_cancellable_cancel (((Round *)data)->cancellable);
  return G_SOURCE_REMOVE;
}

void
clr_dial_all (GPtrArray *dials, GInetAddress *source, guint timeout_s)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Round round = { .cancellable = cancellable };
  g_autoptr (GSource) timer = g_timeout_source_new_seconds (timeout_s);

  if (dials->len == 0)
    return;
  g_main_context_push_thread_default (context);
  round.loop = g_main_loop_new (context, FALSE);
  g_source_set_callback (timer, on_time_over, &round, NULL);
  g_source_attach (timer, context);
  for (unsigned i = 0; i < dials->len; i++)
    start_attempt (&round, g_ptr_array_index (dials, i), source);
  g_main_loop_run (round.loop);
  g_source_destroy (timer);
  g_main_loop_unref (round.loop);
  g_main_context_pop_thread_default (context);
}

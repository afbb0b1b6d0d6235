/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "web/clr-web-resolver.h"

struct _ClrWebResolver
{
  GResolver parent;
  ClrWorker *worker;
  ClrWebFind find; /* instead of a worker */
  void *find_data;
};

/* Goes to the worker as a letter, and comes back as a source of the main context. */
typedef struct
{
  ClrLetter letter;
  GTask *task;
  char *name;
  int family;
  GMainContext *context;
  ClrDnsAddresses answer;
} Question;

G_DEFINE_TYPE (ClrWebResolver, clr_web_resolver, G_TYPE_RESOLVER)

static GList *
list_addresses (const ClrDnsAddresses *answer)
{
  GList *list = NULL;

  for (unsigned i = answer->n_addresses; i-- > 0;)
    {
      const ClrEndpoint *endpoint = &answer->addresses[i];
      gboolean v4 = endpoint->any.sa_family == AF_INET;
      const uint8_t *bytes = v4 ? (const uint8_t *)&endpoint->v4.sin_addr : endpoint->v6.sin6_addr.s6_addr;

      list = g_list_prepend (
          list, g_inet_address_new_from_bytes (bytes, v4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6));
    }
  return list;
}

static void
free_addresses (void *list)
{
  g_resolver_free_addresses (list);
}

static void
tell (GTask *task, const char *name, const ClrDnsAddresses *answer)
{
  if (answer->n_addresses > 0)
    g_task_return_pointer (task, list_addresses (answer), free_addresses);
  else
    g_task_return_new_error (
        task, G_RESOLVER_ERROR,
        answer->status == CLR_DNS_TEMPORARY ? G_RESOLVER_ERROR_TEMPORARY_FAILURE : G_RESOLVER_ERROR_NOT_FOUND,
        "the name %s cannot be resolved: %s", name, answer->problem ? answer->problem : "it has no address");
}

static void
question_free (void *data)
{
  Question *question = data;

  g_main_context_unref (question->context);
  g_object_unref (question->task);
  g_free (question->name);
  g_free (question);
}

/* Main thread. */
static gboolean
on_back (void *data)
{
  Question *question = data;

  tell (question->task, question->name, &question->answer);
  return G_SOURCE_REMOVE;
}

/* Worker. */
static void
on_addresses (const ClrDnsAddresses *answer, void *data)
{
  Question *question = data;
  GSource *source = g_idle_source_new ();

  question->answer = *answer;
  question->answer.problem = g_intern_static_string (answer->status == CLR_DNS_TEMPORARY
                                                         ? "the name servers do not answer, or wrongly"
                                                         : "there is no such name, or it has no address");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_back, question, question_free);
  g_source_attach (source, question->context);
  g_source_unref (source);
}

/* Worker. */
static void
open_question (ClrLetter *letter, void *owner)
{
  Question *question = (Question *)letter;

  clr_resolver_find_addresses (((ClrWorker *)owner)->resolver, question->name, question->family, on_addresses,
                               question);
}

static void
ask (GResolver *resolver, const char *name, int family, GCancellable *cancellable,
     GAsyncReadyCallback callback, void *data)
{
  ClrWebResolver *self = CLR_WEB_RESOLVER (resolver);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);

  if (self->find)
    {
      ClrDnsAddresses answer = { .status = CLR_DNS_FOUND };

      self->find (name, family, &answer, self->find_data);
      tell (task, name, &answer);
      return;
    }
  Question *question = g_new0 (Question, 1);
  question->letter.open = open_question;
  question->task = g_steal_pointer (&task);
  question->name = g_strdup (name);
  question->family = family;
  question->context = g_main_context_ref_thread_default ();
  clr_worker_post (self->worker, &question->letter);
}

static void
lookup_by_name_async (GResolver *resolver, const char *name, GCancellable *cancellable,
                      GAsyncReadyCallback callback, void *data)
{
  ask (resolver, name, AF_UNSPEC, cancellable, callback, data);
}

static void
lookup_by_name_with_flags_async (GResolver *resolver, const char *name, GResolverNameLookupFlags flags,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, void *data)
{
  ask (resolver, name,
       flags & G_RESOLVER_NAME_LOOKUP_FLAGS_IPV4_ONLY   ? AF_INET
       : flags & G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY ? AF_INET6
                                                        : AF_UNSPEC,
       cancellable, callback, data);
}

static GList *
lookup_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
clr_web_resolver_class_init (ClrWebResolverClass *klass)
{
  GResolverClass *resolver = G_RESOLVER_CLASS (klass);

  resolver->lookup_by_name_async = lookup_by_name_async;
  resolver->lookup_by_name_finish = lookup_finish;
  resolver->lookup_by_name_with_flags_async = lookup_by_name_with_flags_async;
  resolver->lookup_by_name_with_flags_finish = lookup_finish;
}

static void
clr_web_resolver_init (ClrWebResolver *self)
{
}

ClrWebResolver *
clr_web_resolver_new (ClrWorker *worker)
{
  ClrWebResolver *self = g_object_new (CLR_TYPE_WEB_RESOLVER, NULL);

  self->worker = worker;
  return self;
}

ClrWebResolver *
clr_web_resolver_new_waiting (ClrWebFind find, void *data)
{
  ClrWebResolver *self = g_object_new (CLR_TYPE_WEB_RESOLVER, NULL);

  self->find = find;
  self->find_data = data;
  return self;
}

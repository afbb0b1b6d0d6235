/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/clr-model.h"

#include <gio/gio.h>

typedef struct
{
  GHashTable *values; /* property name -> GValue* */
} ClrModelPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (ClrModel, clr_model, G_TYPE_OBJECT)

static void
value_free (void *data)
{
  g_value_unset (data);
  g_free (data);
}

static void
clr_model_init (ClrModel *self)
{
  ClrModelPrivate *priv = clr_model_get_instance_private (self);

  priv->values = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, value_free);
}

static void
clr_model_finalize (GObject *object)
{
  ClrModelPrivate *priv = clr_model_get_instance_private (CLR_MODEL (object));

  g_hash_table_unref (priv->values);
  G_OBJECT_CLASS (clr_model_parent_class)->finalize (object);
}

static void
clr_model_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ClrModelPrivate *priv = clr_model_get_instance_private (CLR_MODEL (object));
  GValue *set = g_hash_table_lookup (priv->values, GUINT_TO_POINTER (id));

  if (set)
    g_value_copy (set, value);
  else
    g_param_value_set_default (pspec, value);
}

static void
clr_model_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ClrModelPrivate *priv = clr_model_get_instance_private (CLR_MODEL (object));
  GValue *copy = g_new0 (GValue, 1);

  g_value_init (copy, pspec->value_type);
  g_value_copy (value, copy);
  g_hash_table_replace (priv->values, GUINT_TO_POINTER (id), copy);
}

static void
clr_model_class_init (ClrModelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = clr_model_finalize;
}

void
clr_model_class_declare (ClrModelClass *klass, GParamSpec *pspec)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  /* GObject does not let a class inherit these two. */
  object_class->get_property = clr_model_get_property;
  object_class->set_property = clr_model_set_property;
  g_object_class_install_property (object_class, ++klass->n_properties, pspec);
}

static GQuark
item_type_quark (void)
{
  return g_quark_from_static_string ("clr-item-type");
}

void
clr_model_class_declare_list (ClrModelClass *klass, const char *name, const char *help, GType item_type)
{
  GParamSpec *pspec
      = g_param_spec_object (name, NULL, help, G_TYPE_LIST_STORE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);

  g_param_spec_set_qdata (pspec, item_type_quark (), GSIZE_TO_POINTER (item_type));
  clr_model_class_declare (klass, pspec);
}

GType
clr_model_get_item_type (GParamSpec *pspec)
{
  return GPOINTER_TO_SIZE (g_param_spec_get_qdata (pspec, item_type_quark ()));
}

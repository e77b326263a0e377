/** Hashing, block pools, tiers, transfers, policies, metrics and plugin loading. */
module io.kvbm.core {
  requires transitive io.kvbm.api;
  requires transitive micrometer.core;
  requires com.dynatrace.hash4j;
  requires org.agrona;
  requires org.snakeyaml.engine;
  requires static org.jspecify;

  exports io.kvbm.core.cache;
  exports io.kvbm.core.config;
  exports io.kvbm.core.cost;
  exports io.kvbm.core.event;
  exports io.kvbm.core.layout;
  exports io.kvbm.core.logical;
  exports io.kvbm.core.metrics;
  exports io.kvbm.core.objects;
  exports io.kvbm.core.offload;
  exports io.kvbm.core.onboard;
  exports io.kvbm.core.placement;
  exports io.kvbm.core.policy;
  exports io.kvbm.core.pool;
  exports io.kvbm.core.prefetch;
  exports io.kvbm.core.registry;
  exports io.kvbm.core.remote;
  exports io.kvbm.core.retention;
  exports io.kvbm.core.storage;
  exports io.kvbm.core.tier;
  exports io.kvbm.core.tiering;
  exports io.kvbm.core.time;
  exports io.kvbm.core.tokens;
  exports io.kvbm.core.transfer;
  exports io.kvbm.core;

  uses io.kvbm.api.codec.Codec;
  uses io.kvbm.api.hash.HashScheme;
  uses io.kvbm.api.policy.EvictionPolicyProvider;
  uses io.kvbm.api.spi.BackendProvider;

  provides io.kvbm.api.hash.HashScheme with
      io.kvbm.core.tokens.PositionalLineageScheme,
      io.kvbm.core.tokens.Xxh3HashScheme,
      io.kvbm.core.tokens.Xxh3V1HashScheme;
  provides io.kvbm.api.policy.EvictionPolicyProvider with
      io.kvbm.core.policy.AdaptivePolicyProvider,
      io.kvbm.core.policy.ArcPolicyProvider,
      io.kvbm.core.policy.FifoPolicyProvider,
      io.kvbm.core.policy.LineagePolicyProvider,
      io.kvbm.core.policy.LruPolicyProvider,
      io.kvbm.core.policy.MultiLruPolicyProvider,
      io.kvbm.core.policy.PriorityPolicyProvider,
      io.kvbm.core.policy.S3FifoPolicyProvider,
      io.kvbm.core.policy.TinyLfuPolicyProvider;
}

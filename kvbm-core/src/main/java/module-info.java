/** Hashing, block pools, tiers, transfers, policies, metrics and plugin loading. */
module io.kvbm.core {
  requires transitive io.kvbm.api;
  requires transitive micrometer.core;
  requires static org.jspecify;
  requires com.dynatrace.hash4j;
  requires org.agrona;

  exports io.kvbm.core.storage;

  uses io.kvbm.api.codec.Codec;
  uses io.kvbm.api.hash.HashScheme;
  uses io.kvbm.api.policy.EvictionPolicyProvider;
  uses io.kvbm.api.spi.BackendProvider;
}

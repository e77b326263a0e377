/**
 * Every interface of the kvbm platform: what a backend implements, what a caller uses and the
 * values both exchange.
 *
 * <p>The module depends on nothing at run time. Backends see this module only; the block pools and
 * the engine that drive them live in {@code io.kvbm.core}.
 */
module io.kvbm.api {
  requires static org.jspecify;

  exports io.kvbm.api;
  exports io.kvbm.api.block;
  exports io.kvbm.api.cache;
  exports io.kvbm.api.codec;
  exports io.kvbm.api.config;
  exports io.kvbm.api.disk;
  exports io.kvbm.api.event;
  exports io.kvbm.api.hash;
  exports io.kvbm.api.layout;
  exports io.kvbm.api.metrics;
  exports io.kvbm.api.policy;
  exports io.kvbm.api.remote;
  exports io.kvbm.api.spi;
  exports io.kvbm.api.storage;
  exports io.kvbm.api.store;
  exports io.kvbm.api.transfer;
}

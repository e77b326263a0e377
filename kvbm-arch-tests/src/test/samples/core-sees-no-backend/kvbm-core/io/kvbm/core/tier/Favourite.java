package io.kvbm.core.tier;

import io.kvbm.backend.system.SystemBackendProvider;

/** Broken: core knows a backend. */
interface Favourite {
  SystemBackendProvider provider();
}

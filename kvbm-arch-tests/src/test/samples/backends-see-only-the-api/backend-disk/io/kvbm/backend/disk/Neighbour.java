package io.kvbm.backend.disk;

import io.kvbm.backend.system.SystemBackendProvider;

/** Broken: a backend knows another. */
interface Neighbour {
  SystemBackendProvider provider();
}

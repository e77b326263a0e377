package io.kvbm.graph.csr;

import io.kvbm.core.KvBlockManager;

/** Broken: a store above the api knows core. */
interface Borrowed {
  KvBlockManager manager();
}

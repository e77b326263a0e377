package io.kvbm.cli.replay;

import io.kvbm.api.config.KvManagerRuntimeConfig;
import io.kvbm.core.remote.SharingOptions;

/**
 * One process among those that replay a trace together.
 *
 * @param index from 0
 * @param directory how they find each other's blocks
 */
record PeerIdentity(int index, String directory) {

  KvManagerRuntimeConfig runtime() {
    return KvManagerRuntimeConfig.builder().workerId(index + 1L).enableRemote().build();
  }

  SharingOptions sharing() {
    return SharingOptions.DEFAULT.withDirectory(directory);
  }
}

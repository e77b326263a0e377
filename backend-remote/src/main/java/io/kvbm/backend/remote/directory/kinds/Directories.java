package io.kvbm.backend.remote.directory.kinds;

import static io.kvbm.api.spi.ConfigKey.Type.BYTE_SIZE;
import static io.kvbm.api.spi.ConfigKey.Type.DURATION;
import static io.kvbm.api.spi.ConfigKey.Type.INTEGER;
import static io.kvbm.api.spi.ConfigKey.Type.PATH;
import static io.kvbm.api.spi.ConfigKey.Type.STRING;

import io.kvbm.api.remote.DirectoryFactory;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.backend.remote.directory.DirectoryLimits;
import io.kvbm.backend.remote.directory.LocalDirectoryFactory;
import io.kvbm.backend.remote.directory.StaticDirectoryFactory;
import io.kvbm.backend.remote.directory.etcd.EtcdDirectoryFactory;
import java.util.List;

/** The kinds of directories there are, and their settings. */
public final class Directories {

  private static final long DEFAULT_MEMBERS = 1024;
  private static final long DEFAULT_BLOCKS = 8L << 20;
  private static final long DEFAULT_OWN_BLOCKS = 1L << 20;

  private Directories() {}

  /** {@return what can be set} */
  public static List<ConfigKey> settings() {
    return List.of(
        new ConfigKey("directoryNamespace", STRING, "/kvbm", "Members of one namespace meet"),
        new ConfigKey("directoryMembers", INTEGER, "1024", "The most other members")
            .withRange(1, 16_384),
        new ConfigKey("directoryBlocks", INTEGER, "8388608", "The most entries of other members")
            .withRange(1, 1L << 28),
        new ConfigKey("directoryOwnBlocks", INTEGER, "1048576", "The most blocks announced")
            .withRange(1, 1 << 24),
        new ConfigKey("directoryBatchDelay", DURATION, "50ms", "How long changes wait for others"),
        new ConfigKey("directoryBatchBlocks", INTEGER, "4096", "As many changes do not wait")
            .withRange(1, 1 << 20),
        new ConfigKey("directoryFile", PATH, "", "The members of a static directory"),
        new ConfigKey("directoryCheck", DURATION, "2s", "How often that file is looked at"),
        new ConfigKey("etcdEndpoints", STRING, "", "Where etcd is: http://host:port, by commas"),
        new ConfigKey("etcdLease", DURATION, "10s", "A member without a sign of life is gone then"),
        new ConfigKey("etcdTimeout", DURATION, "3s", "How long one request to etcd may take"),
        new ConfigKey("etcdSegment", BYTE_SIZE, "512KiB", "The most bytes of one list of blocks")
            .withRange(4096, 1 << 20),
        new ConfigKey("etcdUser", STRING, "", "Who signs in to etcd"),
        new ConfigKey("etcdPassword", STRING, "", "The password").asSecret(),
        new ConfigKey("etcdPasswordFile", PATH, "", "A file with the password"),
        new ConfigKey("etcdCa", PATH, "", "PEM: who signed etcd's certificates"),
        new ConfigKey("etcdCertificate", PATH, "", "PEM: this client's certificate"),
        new ConfigKey("etcdKey", PATH, "", "PEM: the key of that certificate"));
  }

  /**
   * {@return a factory for each kind; what a kind needs to be set is checked when a member joins}
   *
   * @param context outlives the factories and what they open
   * @param config texts of {@link #settings()}
   */
  public static List<DirectoryFactory> open(BackendContext context, BackendConfig config) {
    DirectoryLimits limits =
        new DirectoryLimits(
            Math.toIntExact(config.integer("directoryMembers").orElse(DEFAULT_MEMBERS)),
            config.integer("directoryBlocks").orElse(DEFAULT_BLOCKS),
            Math.toIntExact(config.integer("directoryOwnBlocks").orElse(DEFAULT_OWN_BLOCKS)));
    String namespace = config.string("directoryNamespace").orElse("/kvbm");
    return List.of(
        new LocalDirectoryFactory(context, namespace, limits),
        new StaticDirectoryFactory(context, config, limits),
        new EtcdDirectoryFactory(context, config, limits));
  }
}

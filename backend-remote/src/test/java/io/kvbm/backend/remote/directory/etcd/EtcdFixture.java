package io.kvbm.backend.remote.directory.etcd;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.backend.remote.directory.kinds.Directories;
import io.kvbm.testkit.TestContext;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Members of one namespace; closes what was opened. */
final class EtcdFixture implements AutoCloseable {

  private final TestContext context = new TestContext();
  private final List<BlockDirectory> open = new ArrayList<>();
  private final BackendConfig config;

  EtcdFixture(String endpoint, String namespace) {
    config =
        BackendConfig.of("etcdEndpoints", endpoint)
            .with("directoryNamespace", "/test/" + namespace)
            .with("etcdLease", "2s")
            .with("etcdTimeout", "3s")
            .with("directoryBatchDelay", "10ms");
  }

  TestContext context() {
    return context;
  }

  BackendConfig config() {
    return config;
  }

  BlockDirectory join(DirectoryMember member, DirectoryListener listener) {
    return join(member, listener, config);
  }

  BlockDirectory join(DirectoryMember member, DirectoryListener listener, BackendConfig with) {
    BlockDirectory directory =
        Directories.open(context, with).stream()
            .filter(factory -> factory.name().equals("etcd"))
            .findFirst()
            .orElseThrow()
            .join(member, listener);
    open.add(directory);
    return directory;
  }

  static List<BlockKey> keys(int from, int to) {
    return IntStream.range(from, to).mapToObj(BlockKey::derived).toList();
  }

  static int held(BlockDirectory directory, List<BlockKey> keys) {
    var holders = directory.holders(7, keys, 0);
    return holders.isEmpty() ? 0 : holders.getFirst().blocks();
  }

  @Override
  public void close() {
    open.forEach(BlockDirectory::close);
    context.close();
  }
}

package io.kvbm.bench;

import io.kvbm.bench.cache.CacheCommand;
import io.kvbm.bench.collections.CollectionsCommand;
import io.kvbm.bench.disk.DiskCommand;
import io.kvbm.bench.gpu.GpuCommand;
import io.kvbm.bench.pool.PoolCommand;
import io.kvbm.bench.store.StoreCommand;
import io.kvbm.bench.transfer.TransferCommand;
import picocli.CommandLine.Command;

/** {@code kvbm bench}: a group of benchmarks. */
@Command(
    name = "bench",
    description = {
      "Measures kvbm side by side with a peer.",
      "A ratio above 1 means that kvbm is better; spread says how far the rounds lie apart."
    },
    synopsisSubcommandLabel = "BENCHMARK",
    subcommands = {
      CacheCommand.class,
      CollectionsCommand.class,
      DiskCommand.class,
      GpuCommand.class,
      PoolCommand.class,
      StoreCommand.class,
      TransferCommand.class
    },
    sortOptions = false)
final class BenchCommand {}

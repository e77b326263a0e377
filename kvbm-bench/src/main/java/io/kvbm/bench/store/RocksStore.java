package io.kvbm.bench.store;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.store.Durability;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.CompressionType;
import org.rocksdb.FlushOptions;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteOptions;

/** RocksDB, tuned for values that do not compress and a device that is reached directly. */
final class RocksStore implements BenchedStore {

  private static final long WRITE_BUFFER_BYTE_SIZE = 64L << 20;
  private static final int WRITE_BUFFERS = 3;
  private static final int JOBS = 2;
  private static final int BLOCK_BYTE_SIZE = 16 << 10;
  private static final int BLOOM_BITS = 10;
  private static final int RECYCLED_LOGS = 4;
  private static final long BLOB_FILE_BYTE_SIZE = 256L << 20;
  private static final long BYTES_PER_SYNC = 1L << 20;

  private final Cache cache;
  private final BloomFilter filter;
  private final Options options;
  private final WriteOptions writing;
  private final ReadOptions reading;
  private final RocksDB database;

  RocksStore(StoreSetup setup, Path directory, boolean blobs) {
    RocksDB.loadLibrary();
    cache = new LRUCache(setup.cacheByteSize());
    filter = new BloomFilter(BLOOM_BITS);
    options = options(blobs);
    if (setup.durability() == Durability.NONE) {
      options.setRecycleLogFileNum(0); // RocksDB wants it so where there is no log.
    }
    options.setTableFormatConfig(
        new BlockBasedTableConfig()
            .setBlockCache(cache)
            .setBlockSize(BLOCK_BYTE_SIZE)
            .setFilterPolicy(filter));
    writing =
        new WriteOptions()
            .setSync(setup.durability() == Durability.SYNCED)
            .setDisableWAL(setup.durability() == Durability.NONE);
    reading = new ReadOptions();
    try {
      database = RocksDB.open(options, directory.toString());
    } catch (RocksDBException e) {
      throw failed(e);
    }
  }

  private static Options options(boolean blobs) {
    Options options =
        new Options()
            .setCreateIfMissing(true)
            .setCompressionType(CompressionType.NO_COMPRESSION)
            .setWriteBufferSize(WRITE_BUFFER_BYTE_SIZE)
            .setMaxWriteBufferNumber(WRITE_BUFFERS)
            .setMaxBackgroundJobs(JOBS)
            .setRecycleLogFileNum(RECYCLED_LOGS)
            .setBytesPerSync(BYTES_PER_SYNC)
            .setMaxOpenFiles(-1)
            .setUseDirectReads(true)
            .setUseDirectIoForFlushAndCompaction(true);
    return blobs
        ? options
            .setEnableBlobFiles(true)
            .setMinBlobSize(0)
            .setBlobFileSize(BLOB_FILE_BYTE_SIZE)
            .setBlobCompressionType(CompressionType.NO_COMPRESSION)
        : options;
  }

  static String settings(StoreSetup setup, boolean blobs) {
    return ("no compression, write buffers %d x %d MiB, background jobs %d, block cache %d MiB,"
            + " blocks %d KiB, bloom filter %d bits, recycled logs %d, bytes_per_sync 1 MiB, direct"
            + " reads, direct flush and compaction, all files open, compacted before gets%s;"
            + " synced: sync=true, written: sync=false, none: disableWAL")
        .formatted(
            WRITE_BUFFERS,
            WRITE_BUFFER_BYTE_SIZE >> 20,
            JOBS,
            setup.cacheByteSize() >> 20,
            BLOCK_BYTE_SIZE >> 10,
            BLOOM_BITS,
            RECYCLED_LOGS,
            blobs
                ? ", all values in blob files of %d MiB".formatted(BLOB_FILE_BYTE_SIZE >> 20)
                : "");
  }

  private static BackendException failed(RocksDBException e) {
    return new BackendException(ErrorCode.OPERATION_FAILED, "RocksDB failed: " + e.getMessage(), e);
  }

  @Override
  public void put(long index, ByteBuffer value) {
    try {
      database.put(writing, Keys.bytes(index), value.duplicate());
    } catch (RocksDBException e) {
      throw failed(e);
    }
  }

  @Override
  public int get(long index, ByteBuffer target) {
    try {
      return database.get(reading, Keys.bytes(index), target.duplicate());
    } catch (RocksDBException e) {
      throw failed(e);
    }
  }

  @Override
  public void settle() {
    try (FlushOptions flush = new FlushOptions().setWaitForFlush(true)) {
      database.flush(flush);
      database.compactRange();
    } catch (RocksDBException e) {
      throw failed(e);
    }
  }

  @Override
  public void close() {
    database.close();
    reading.close();
    writing.close();
    options.close();
    filter.close();
    cache.close();
  }
}

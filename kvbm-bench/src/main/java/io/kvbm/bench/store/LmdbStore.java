package io.kvbm.bench.store;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.store.Durability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.Txn;

/**
 * LMDB. It has one writer at a time and no group commit of its own: here the puts that wait
 * together share a transaction, which is the best that can be done for it.
 */
final class LmdbStore implements BenchedStore {

  private static final long MAP_BYTE_SIZE = 64L << 30;
  private static final int READERS = 256;

  private final Env<ByteBuffer> environment;
  private final Dbi<ByteBuffer> table;
  private final ThreadLocal<Txn<ByteBuffer>> readers;
  private final List<Txn<ByteBuffer>> opened = new ArrayList<>();
  private final ConcurrentLinkedQueue<Pending> waiting = new ConcurrentLinkedQueue<>();
  private final ReentrantLock writer = new ReentrantLock();
  private final ByteBuffer key = ByteBuffer.allocateDirect(Keys.BYTE_SIZE);

  /** A put that waits for a commit. */
  private record Pending(long index, ByteBuffer value, CompletableFuture<@Nullable Void> done) {}

  LmdbStore(StoreSetup setup, Path directory) {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<EnvFlags> flags = new ArrayList<>(List.of(EnvFlags.MDB_NORDAHEAD, EnvFlags.MDB_NOTLS));
    if (setup.durability() != Durability.SYNCED) {
      flags.add(EnvFlags.MDB_NOSYNC);
    }
    environment =
        Env.create()
            .setMapSize(MAP_BYTE_SIZE)
            .setMaxReaders(READERS)
            .open(directory.toFile(), flags.toArray(EnvFlags[]::new));
    table = environment.openDbi((String) null, DbiFlags.MDB_CREATE);
    readers = ThreadLocal.withInitial(this::reader);
  }

  static String settings() {
    return "MDB_NORDAHEAD, MDB_NOTLS, waiting puts share a commit, one reader per thread; values"
        + " are cached by the page cache; synced: a commit syncs, written: MDB_NOSYNC";
  }

  private Txn<ByteBuffer> reader() {
    Txn<ByteBuffer> reader = environment.txnRead();
    reader.reset();
    synchronized (opened) {
      opened.add(reader);
    }
    return reader;
  }

  @Override
  public void put(long index, ByteBuffer value) {
    Pending mine = new Pending(index, value, new CompletableFuture<>());
    waiting.add(mine);
    writer.lock();
    try {
      if (!mine.done().isDone()) {
        commitAll();
      }
    } finally {
      writer.unlock();
    }
    mine.done().join();
  }

  private void commitAll() {
    List<Pending> batch = new ArrayList<>();
    for (Pending next = waiting.poll(); next != null; next = waiting.poll()) {
      batch.add(next);
    }
    try (Txn<ByteBuffer> transaction = environment.txnWrite()) {
      for (Pending put : batch) {
        key.clear().put(Keys.bytes(put.index())).flip();
        table.put(transaction, key, put.value().duplicate());
      }
      transaction.commit();
    } catch (RuntimeException e) {
      BackendException failure =
          new BackendException(ErrorCode.OPERATION_FAILED, "LMDB failed: " + e.getMessage(), e);
      batch.forEach(put -> put.done().completeExceptionally(failure));
      return;
    }
    batch.forEach(put -> put.done().complete(null));
  }

  @Override
  public int get(long index, ByteBuffer target) {
    Txn<ByteBuffer> reader = readers.get();
    reader.renew();
    try {
      ByteBuffer found = table.get(reader, Keys.bytes(index));
      if (found == null) {
        return -1;
      }
      int length = found.remaining();
      target.duplicate().put(found);
      return length;
    } finally {
      reader.reset();
    }
  }

  @Override
  public void settle() {
    environment.sync(true);
  }

  @Override
  public void close() {
    synchronized (opened) {
      opened.forEach(Txn::close);
    }
    environment.close();
  }
}

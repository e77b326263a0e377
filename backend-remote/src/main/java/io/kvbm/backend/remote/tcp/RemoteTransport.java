package io.kvbm.backend.remote.tcp;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Moves bytes between host memory and the memory of peers. */
public final class RemoteTransport implements Transport {

  private static final Set<String> HOST = Set.of("system", "pinned");

  /** Creates the transport. */
  public RemoteTransport() {}

  @Override
  public String name() {
    return "remote";
  }

  @Override
  public boolean supports(Route route) {
    String source = route.source().kind();
    String target = route.target().kind();
    return source.equals("remote") && HOST.contains(target)
        || HOST.contains(source) && target.equals("remote");
  }

  /** One copy, found to be possible, or why it is not. */
  private record Copy(
      int block,
      boolean read,
      @Nullable MappedStorage remote,
      long offset,
      MemorySegment local,
      @Nullable KvbmException obstacle) {}

  @Override
  public void submit(TransferBatch batch, TransferCompletion completion) {
    int[] parts = new int[batch.blockCount()];
    List<Copy> copies = new ArrayList<>(batch.size());
    for (int i = 0; i < batch.size(); i++) {
      Copy copy = copy(batch, i);
      copies.add(copy);
      parts[copy.block] += partCount(copy);
    }
    Batch progress = new Batch(completion, parts);
    IdentityHashMap<Link, List<DataRequest>> byPeer = new IdentityHashMap<>();
    long now = System.nanoTime();
    for (Copy copy : copies) {
      MappedStorage remote = copy.remote;
      if (copy.obstacle != null || remote == null) {
        progress.failed(copy.block, copy.obstacle == null ? noRoute() : copy.obstacle);
        continue;
      }
      List<DataRequest> requests = byPeer.computeIfAbsent(remote.link, _ -> new ArrayList<>());
      long step = remote.link.partByteSize();
      for (long at = 0; at < copy.local.byteSize(); at += step) {
        MemorySegment part = copy.local.asSlice(at, Math.min(step, copy.local.byteSize() - at));
        requests.add(
            new DataRequest(
                progress, copy.block, copy.read, remote.key, copy.offset + at, part, now));
      }
    }
    byPeer.forEach(Link::submit);
  }

  private static int partCount(Copy copy) {
    if (copy.obstacle != null || copy.remote == null) {
      return 1;
    }
    return Math.toIntExact(Math.ceilDiv(copy.local.byteSize(), copy.remote.link.partByteSize()));
  }

  private static Copy copy(TransferBatch batch, int i) {
    boolean read = batch.route().source().kind().equals("remote");
    Storage far = read ? batch.source(i) : batch.target(i);
    long offset = read ? batch.sourceOffset(i) : batch.targetOffset(i);
    try {
      Region remote = read ? batch.sourceRegion(i) : batch.targetRegion(i);
      Region near = read ? batch.targetRegion(i) : batch.sourceRegion(i);
      if (remote.byteSize() > 0
          && far instanceof MappedStorage mapped
          && near instanceof Region.HostRegion host) {
        KvbmException obstacle = mapped.link.obstacle(mapped.key);
        return new Copy(batch.block(i), read, mapped, offset, host.segment(), obstacle);
      }
      return failed(batch.block(i), read, noRoute());
    } catch (KvbmException e) {
      return failed(batch.block(i), read, e);
    }
  }

  private static Copy failed(int block, boolean read, KvbmException why) {
    return new Copy(block, read, null, 0, MemorySegment.NULL, why);
  }

  private static CallerException noRoute() {
    return new CallerException(
        ErrorCode.NO_ROUTE,
        "one side must be host memory, the other a storage that a peer of this backend gave");
  }
}

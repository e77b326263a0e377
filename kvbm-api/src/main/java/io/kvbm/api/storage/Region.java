package io.kvbm.api.storage;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * A run of bytes in some storage, as a transport addresses it. Sealed, so that transports switch
 * without a default; a device pointer is never a readable {@link MemorySegment}.
 *
 * <p>A region owns nothing: it is valid as long as its storage, which a {@link Lease} keeps open.
 */
@Stability(Stability.Level.STABLE)
public sealed interface Region {

  /** {@return the length in bytes} */
  long byteSize();

  /**
   * {@return a part of this region}
   *
   * @param offset where the part starts, in bytes
   * @param byteSize its length in bytes
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if the part leaves the region
   */
  Region slice(long offset, long byteSize);

  /**
   * Host memory.
   *
   * @param segment the bytes
   */
  record HostRegion(MemorySegment segment) implements Region {
    /** Checks that there is a segment. */
    public HostRegion {
      Objects.requireNonNull(segment, "segment");
    }

    @Override
    public long byteSize() {
      return segment.byteSize();
    }

    @Override
    public HostRegion slice(long offset, long byteSize) {
      checkRange(this, offset, byteSize);
      return new HostRegion(segment.asSlice(offset, byteSize));
    }
  }

  /**
   * Memory of a GPU.
   *
   * @param device the device ordinal
   * @param address the device pointer
   * @param byteSize the length in bytes
   */
  record DeviceRegion(int device, long address, long byteSize) implements Region {
    @Override
    public DeviceRegion slice(long offset, long byteSize) {
      checkRange(this, offset, byteSize);
      return new DeviceRegion(device, address + offset, byteSize);
    }
  }

  /**
   * A part of a file.
   *
   * @param file the open file
   * @param position where the region starts in the file, in bytes
   * @param byteSize the length in bytes
   */
  record FileRegion(DiskFile file, long position, long byteSize) implements Region {
    /** Checks that there is a file. */
    public FileRegion {
      Objects.requireNonNull(file, "file");
    }

    @Override
    public FileRegion slice(long offset, long byteSize) {
      checkRange(this, offset, byteSize);
      return new FileRegion(file, position + offset, byteSize);
    }
  }

  /**
   * Memory of another agent.
   *
   * @param agent the agent's name
   * @param generation the agent's generation; a restarted agent has another one
   * @param key what the transport needs to reach the memory, as exported by the agent; not copied:
   *     nobody changes it any more
   * @param address the address in the agent
   * @param byteSize the length in bytes
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by content below
  record RemoteRegion(String agent, long generation, byte[] key, long address, long byteSize)
      implements Region {
    /** Checks that there is an agent and a key. */
    public RemoteRegion {
      Objects.requireNonNull(agent, "agent");
      Objects.requireNonNull(key, "key");
    }

    @Override
    public RemoteRegion slice(long offset, long byteSize) {
      checkRange(this, offset, byteSize);
      return new RemoteRegion(agent, generation, key, address + offset, byteSize);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof RemoteRegion region
          && agent.equals(region.agent)
          && generation == region.generation
          && Arrays.equals(key, region.key)
          && address == region.address
          && byteSize == region.byteSize;
    }

    @Override
    public int hashCode() {
      return Objects.hash(agent, generation, Arrays.hashCode(key), address, byteSize);
    }
  }

  /**
   * Bytes that are not there: writes are dropped, reads give zeros.
   *
   * @param byteSize the length in bytes
   */
  record NullRegion(long byteSize) implements Region {
    @Override
    public NullRegion slice(long offset, long byteSize) {
      checkRange(this, offset, byteSize);
      return new NullRegion(byteSize);
    }
  }

  private static void checkRange(Region region, long offset, long byteSize) {
    if (offset < 0 || byteSize < 0 || offset > region.byteSize() - byteSize) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "bytes [%d, %d + %d) leave the region of %d bytes"
              .formatted(offset, offset, byteSize, region.byteSize()));
    }
  }
}

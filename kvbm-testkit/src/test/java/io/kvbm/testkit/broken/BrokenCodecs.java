package io.kvbm.testkit.broken;

import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.codec.Codec;
import io.kvbm.testkit.contract.CodecContract;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;

/** A sound codec, and one for each way to break the contract. */
public final class BrokenCodecs {

  private BrokenCodecs() {}

  /** Stores bytes behind their checksum. */
  static class Stored implements Codec {

    static final int HEADER = 4;
    static final ValueLayout.OfInt INT =
        ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    @Override
    public String name() {
      return "stored";
    }

    @Override
    public long maxEncodedByteSize(long byteSize) {
      return byteSize + HEADER;
    }

    @Override
    public long encode(MemorySegment source, MemorySegment target) {
      requireApart(source, target);
      if (target.byteSize() < source.byteSize() + HEADER) {
        throw new CallerException(ErrorCode.OUT_OF_BOUNDS, "the target is too short");
      }
      target.set(INT, 0, checksum(source));
      MemorySegment.copy(source, 0, target, HEADER, source.byteSize());
      return source.byteSize() + HEADER;
    }

    @Override
    public void decode(MemorySegment source, MemorySegment target) {
      requireApart(source, target);
      if (source.byteSize() != target.byteSize() + HEADER
          || checksum(source.asSlice(HEADER)) != source.get(INT, 0)) {
        throw new CorruptionException(ErrorCode.CORRUPT, "not what was stored");
      }
      MemorySegment.copy(source, HEADER, target, 0, target.byteSize());
    }

    static void requireApart(MemorySegment source, MemorySegment target) {
      if (source.asOverlappingSlice(target).isPresent()) {
        throw new CallerException(ErrorCode.INVALID_ARGUMENT, "source and target overlap");
      }
    }

    static int checksum(MemorySegment bytes) {
      CRC32C checksum = new CRC32C();
      checksum.update(bytes.asByteBuffer());
      return (int) checksum.getValue();
    }
  }

  /** Keeps to everything. */
  public static final class Sound extends CodecContract {
    @Override
    protected Codec codec() {
      return new Stored();
    }
  }

  /** Writes a byte behind the target when it decodes. */
  public static final class WritesPastTarget extends CodecContract {
    @Override
    protected Codec codec() {
      return new Stored() {
        @SuppressWarnings("restricted")
        @Override
        public void decode(MemorySegment source, MemorySegment target) {
          super.decode(source, target);
          if (target.isNative()) {
            MemorySegment.ofAddress(target.address() + target.byteSize())
                .reinterpret(1)
                .set(ValueLayout.JAVA_BYTE, 0, (byte) 0);
          }
        }
      };
    }
  }

  /** Says that nothing gets longer. */
  public static final class BoundTooSmall extends CodecContract {
    @Override
    protected Codec codec() {
      return new Stored() {
        @Override
        public long maxEncodedByteSize(long byteSize) {
          return byteSize;
        }
      };
    }
  }

  /** Takes a source that lacks its end for whole. */
  public static final class AcceptsTruncated extends CodecContract {
    @Override
    protected Codec codec() {
      return new Stored() {
        @Override
        public void decode(MemorySegment source, MemorySegment target) {
          if (source.byteSize() >= HEADER && source.byteSize() < target.byteSize() + HEADER) {
            requireApart(source, target);
            MemorySegment.copy(source, HEADER, target, 0, source.byteSize() - HEADER);
            return;
          }
          super.decode(source, target);
        }
      };
    }
  }

  /** Lets an exception of the JDK through. */
  public static final class WrongError extends CodecContract {
    @Override
    protected Codec codec() {
      return new Stored() {
        @Override
        public void decode(MemorySegment source, MemorySegment target) {
          try {
            super.decode(source, target);
          } catch (CorruptionException e) {
            throw new IllegalStateException(e);
          }
        }
      };
    }
  }

  /** Fills a part of a longer target and says nothing. */
  public static final class DecodesShort extends CodecContract {
    @Override
    protected Codec codec() {
      return new Stored() {
        @Override
        public void decode(MemorySegment source, MemorySegment target) {
          long length = Math.min(target.byteSize(), Math.max(0, source.byteSize() - HEADER));
          super.decode(source, target.asSlice(0, length));
        }
      };
    }
  }

  /** Has a new name each time. */
  public static final class ChangingName extends CodecContract {
    private final AtomicInteger asked = new AtomicInteger();

    @Override
    protected Codec codec() {
      return new Stored() {
        @Override
        public String name() {
          return "stored-" + asked.getAndIncrement();
        }
      };
    }
  }

  /** Shares a buffer between threads. */
  public static final class NotThreadSafe extends CodecContract {
    @Override
    protected Codec codec() {
      return new Stored() {
        private byte[] buffer = {};

        @Override
        public long encode(MemorySegment source, MemorySegment target) {
          requireApart(source, target);
          buffer = source.toArray(ValueLayout.JAVA_BYTE);
          Thread.yield();
          return super.encode(MemorySegment.ofArray(buffer), target);
        }
      };
    }
  }

  /** Clears the source after it was read, where it can. */
  public static final class ChangesSource extends CodecContract {
    @Override
    protected Codec codec() {
      return new Stored() {
        @SuppressWarnings("restricted")
        @Override
        public long encode(MemorySegment source, MemorySegment target) {
          long encoded = super.encode(source, target);
          if (source.isNative() && !source.isMapped()) {
            MemorySegment.ofAddress(source.address()).reinterpret(source.byteSize()).fill((byte) 0);
          }
          return encoded;
        }
      };
    }
  }
}

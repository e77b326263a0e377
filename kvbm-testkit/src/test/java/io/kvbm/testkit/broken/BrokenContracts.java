package io.kvbm.testkit.broken;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.Feature;
import io.kvbm.testkit.contract.AllocatorContract;
import io.kvbm.testkit.contract.BlockStoreContract;
import io.kvbm.testkit.contract.ProviderContract;
import io.kvbm.testkit.contract.StorageContract;
import io.kvbm.testkit.contract.TransportContract;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Contracts run on fixtures. Their names do not end in Test: the build must not run them by itself.
 */
public final class BrokenContracts {

  private BrokenContracts() {}

  /** The sound fixture: it must pass. */
  public static class SoundAllocator extends AllocatorContract {
    @Override
    protected BackendHarness harness() {
      return new FixtureHarness(new HeapProvider());
    }
  }

  /** The sound fixture: it must pass. */
  public static class SoundStorage extends StorageContract {
    @Override
    protected BackendHarness harness() {
      return new FixtureHarness(new HeapProvider());
    }
  }

  /** The sound fixture: it must pass. */
  public static class SoundTransport extends TransportContract {
    @Override
    protected BackendHarness harness() {
      return new FixtureHarness(new HeapProvider());
    }
  }

  /** The sound fixture says it has no block store and has none: nothing fails. */
  public static class DeclaredAbsent extends BlockStoreContract {
    @Override
    protected BackendHarness harness() {
      return new FixtureHarness(new HeapProvider());
    }
  }

  /** Says it allocates nothing, and does. */
  public static class DeclaredAbsentYetThere extends AllocatorContract {
    @Override
    protected BackendHarness harness() {
      return new BackendHarness() {
        @Override
        public BackendProvider provider() {
          return new HeapProvider();
        }

        @Override
        public Map<Feature, String> unsupported() {
          return Map.of(Feature.ALLOCATION, "not told the truth");
        }
      };
    }
  }

  /** Gives every storage the same memory. */
  public static class OverlappingAllocator extends AllocatorContract {
    private static final MemorySegment SHARED = Arena.global().allocate(8 << 20, 2 << 20);

    @Override
    protected BackendHarness harness() {
      return allocatingWith(
          new HostAllocator() {
            @Override
            MemorySegment memory(AllocationRequest request) {
              return SHARED.asSlice(0, request.byteSize()).fill((byte) 0);
            }
          });
    }
  }

  /** Hands out memory as its last user left it. */
  public static class DirtyAllocator extends AllocatorContract {
    @Override
    protected BackendHarness harness() {
      return allocatingWith(
          new HostAllocator() {
            @Override
            MemorySegment memory(AllocationRequest request) {
              MemorySegment memory = super.memory(request);
              memory.set(ValueLayout.JAVA_BYTE, memory.byteSize() - 1, (byte) 1);
              return memory;
            }
          });
    }
  }

  /** Rounds up what it was asked for. */
  public static class RoundingAllocator extends AllocatorContract {
    @Override
    protected BackendHarness harness() {
      return allocatingWith(
          new HostAllocator() {
            @Override
            MemorySegment memory(AllocationRequest request) {
              long rounded = Math.ceilDiv(request.byteSize(), 64) * 64;
              return super.memory(new AllocationRequest(rounded, request.alignment()));
            }
          });
    }
  }

  /** Ignores the alignment asked for. */
  public static class MisalignedAllocator extends AllocatorContract {
    @Override
    protected BackendHarness harness() {
      return allocatingWith(
          new HostAllocator() {
            @Override
            MemorySegment memory(AllocationRequest request) {
              return Arena.ofAuto().allocate(request.byteSize() + 1, 4096).asSlice(1);
            }
          });
    }
  }

  /** Says that memory is exhausted with an error of another kind. */
  public static class WrongErrorAllocator extends AllocatorContract {
    @Override
    protected BackendHarness harness() {
      return allocatingWith(
          new HostAllocator() {
            @Override
            public Storage allocate(AllocationRequest request) {
              if (request.byteSize() > 1 << 30) {
                throw new BackendException(ErrorCode.OPERATION_FAILED, "out of memory", null);
              }
              return super.allocate(request);
            }
          });
    }
  }

  /** Drops the last byte of each copy and says it moved. */
  public static class ShortTransport extends TransportContract {
    @Override
    protected BackendHarness harness() {
      return movingWith(
          new PlainTransport() {
            @Override
            void copy(MemorySegment source, MemorySegment target) {
              long byteSize = source.byteSize() - 1;
              MemorySegment.copy(source, 0, target, 0, byteSize);
            }
          });
    }
  }

  /** Says of the first block that it moved fewer bytes than asked, as if that were a success. */
  public static class ShortCountTransport extends TransportContract {
    @Override
    protected BackendHarness harness() {
      return movingWith(
          new PlainTransport() {
            @Override
            void report(TransferCompletion completion, int block, long byteSize) {
              completion.done(block, byteSize - 1);
            }
          });
    }
  }

  /** Forgets every fourth block. */
  public static class LosingTransport extends TransportContract {
    private final AtomicInteger reports = new AtomicInteger();

    @Override
    protected BackendHarness harness() {
      return movingWith(
          new PlainTransport() {
            @Override
            void report(TransferCompletion completion, int block, long byteSize) {
              if (reports.incrementAndGet() % 4 != 0) {
                super.report(completion, block, byteSize);
              }
            }
          });
    }
  }

  /** Reports every block twice. */
  public static class RepeatingTransport extends TransportContract {
    @Override
    protected BackendHarness harness() {
      return movingWith(
          new PlainTransport() {
            @Override
            void report(TransferCompletion completion, int block, long byteSize) {
              super.report(completion, block, byteSize);
              super.report(completion, block, byteSize);
            }
          });
    }
  }

  /** Its probe and its checks throw where the settings are strange, and it takes any. */
  public static class CarelessProvider extends ProviderContract {
    @Override
    protected BackendHarness harness() {
      return new FixtureHarness(
          new HeapProvider() {
            @Override
            public Availability probe(BackendConfig config) {
              config.validate(name(), configKeys());
              return super.probe(config);
            }

            @Override
            public List<Finding> diagnose(BackendConfig config) {
              config.validate(name(), configKeys());
              return super.diagnose(config);
            }
          });
    }
  }

  private static BackendHarness allocatingWith(StorageAllocator allocator) {
    return new FixtureHarness(
        new HeapProvider() {
          @Override
          protected StorageAllocator allocator() {
            return allocator;
          }
        });
  }

  private static BackendHarness movingWith(Transport transport) {
    return new FixtureHarness(
        new HeapProvider() {
          @Override
          protected Transport transport() {
            return transport;
          }
        });
  }
}

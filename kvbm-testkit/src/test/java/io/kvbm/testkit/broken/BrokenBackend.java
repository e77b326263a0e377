package io.kvbm.testkit.broken;

import io.kvbm.api.BackendException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.LogFactory;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.store.PutOptions;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import io.kvbm.testkit.disk.SimDisk;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * The reference backend with one promise broken.
 *
 * @param name what it does
 * @param contract the one contract that must fail
 * @param test a test among those that must fail
 * @param parts its parts
 */
public record BrokenBackend(String name, String contract, String test, Parts parts) {

  /** How many blocks the batch has whose end some transports lose. */
  private static final int LOST_BLOCKS = 7;

  private static final MemorySegment SHARED = Arena.global().allocate(4 << 20, 2 << 20);

  /** What the leaking backends keep until the tests have measured it. */
  private static final List<AutoCloseable> LEAKED = new ArrayList<>();

  /** Uses the parts of this backend from now on. */
  public void use() {
    Parts.use(parts);
  }

  /** Uses the sound parts again and releases what broken backends leaked. */
  public static void restore() throws Exception {
    Parts.use(new Parts());
    synchronized (LEAKED) {
      for (AutoCloseable leaked : LEAKED) {
        leaked.close();
      }
      LEAKED.clear();
    }
  }

  /** {@return every broken backend} */
  public static List<BrokenBackend> all() {
    List<BrokenBackend> all = new ArrayList<>();
    all.addAll(allocators());
    all.addAll(transports());
    all.addAll(leaks());
    all.addAll(lifecycles());
    all.addAll(faults());
    all.addAll(stores());
    all.addAll(others());
    return all;
  }

  private static void leak(AutoCloseable resource) {
    synchronized (LEAKED) {
      LEAKED.add(resource);
    }
  }

  private static List<BrokenBackend> allocators() {
    String contract = "AllocatorContract";
    return List.of(
        new BrokenBackend(
            "overlapping storages",
            contract,
            "liveStoragesNeverOverlap",
            allocating(
                (_, state) ->
                    new HostAllocator(state) {
                      @Override
                      MemorySegment memory(Arena arena, AllocationRequest request) {
                        return request.byteSize() > SHARED.byteSize()
                            ? super.memory(arena, request)
                            : SHARED.asSlice(0, request.byteSize()).fill((byte) 0);
                      }
                    })),
        new BrokenBackend(
            "dirty memory",
            contract,
            "contentsAreZeroEvenWhereOthersWereBefore",
            allocating(
                (_, state) ->
                    new HostAllocator(state) {
                      @Override
                      MemorySegment memory(Arena arena, AllocationRequest request) {
                        MemorySegment memory = super.memory(arena, request);
                        memory.set(ValueLayout.JAVA_BYTE, memory.byteSize() - 1, (byte) 1);
                        return memory;
                      }
                    })),
        new BrokenBackend(
            "lying size",
            contract,
            "storageIsNewOpenOfItsKindAndExactlyAsLongAsAsked",
            allocating(
                (_, state) ->
                    new HostAllocator(state) {
                      @Override
                      MemorySegment memory(Arena arena, AllocationRequest request) {
                        long rounded = Math.ceilDiv(request.byteSize(), 64) * 64;
                        return super.memory(
                            arena, new AllocationRequest(rounded, request.alignment()));
                      }
                    })),
        new BrokenBackend(
            "misaligned storages",
            contract,
            "firstByteIsAlignedAsAsked",
            allocating(
                (_, state) ->
                    new HostAllocator(state) {
                      @Override
                      MemorySegment memory(Arena arena, AllocationRequest request) {
                        return arena.allocate(request.byteSize() + 1, 4096).asSlice(1);
                      }
                    })),
        new BrokenBackend(
            "wrong error when full",
            contract,
            "tooMuchIsATypedErrorAndNothingIsReserved",
            allocating(
                (_, state) ->
                    new HostAllocator(state) {
                      @Override
                      public Storage allocate(AllocationRequest request) {
                        try {
                          return super.allocate(request);
                        } catch (CapacityException e) {
                          throw new BackendException(ErrorCode.OPERATION_FAILED, "full", e);
                        }
                      }
                    })),
        new BrokenBackend(
            "memset beyond its range",
            "StorageContract",
            "memsetSetsTheRangeAndNothingElse",
            allocating(
                (_, state) ->
                    new HostAllocator(state) {
                      @Override
                      long fillByteSize(long length, long room) {
                        return Math.min(length + 1, room);
                      }
                    })));
  }

  private static List<BrokenBackend> transports() {
    String contract = "TransportContract";
    AtomicInteger reports = new AtomicInteger();
    return List.of(
        new BrokenBackend(
            "short copy",
            contract,
            "everyByteArrivesAndNoneBesides",
            moving(
                state ->
                    new PlainTransport(state) {
                      @Override
                      void copy(MemorySegment source, MemorySegment target) {
                        MemorySegment.copy(source, 0, target, 0, source.byteSize() - 1);
                      }
                    })),
        new BrokenBackend(
            "short count",
            contract,
            "everyByteArrivesAndNoneBesides",
            moving(
                state ->
                    new PlainTransport(state) {
                      @Override
                      void report(
                          TransferBatch batch,
                          TransferCompletion completion,
                          int block,
                          long size) {
                        completion.done(block, size - 1);
                      }
                    })),
        new BrokenBackend(
            "lost block",
            contract,
            "blocksOfSeveralCopiesReportTheSumOnce",
            moving(
                state ->
                    new PlainTransport(state) {
                      @Override
                      void report(
                          TransferBatch batch,
                          TransferCompletion completion,
                          int block,
                          long size) {
                        if (reports.incrementAndGet() % 4 != 0) {
                          super.report(batch, completion, block, size);
                        }
                      }
                    })),
        new BrokenBackend(
            "lost completion",
            contract,
            "blocksOfSeveralCopiesReportTheSumOnce",
            moving(
                state ->
                    new PlainTransport(state) {
                      @Override
                      void end(TransferBatch batch, TransferCompletion completion) {
                        if (batch.blockCount() != LOST_BLOCKS) {
                          super.end(batch, completion);
                        }
                      }
                    })),
        new BrokenBackend(
            "double completion",
            contract,
            "blocksOfSeveralCopiesReportTheSumOnce",
            moving(
                state ->
                    new PlainTransport(state) {
                      @Override
                      void report(
                          TransferBatch batch,
                          TransferCompletion completion,
                          int block,
                          long size) {
                        super.report(batch, completion, block, size);
                        super.report(batch, completion, block, size);
                      }
                    })),
        new BrokenBackend(
            "completion after drained",
            contract,
            "blocksOfSeveralCopiesReportTheSumOnce",
            moving(
                state ->
                    new PlainTransport(state) {
                      @Override
                      void report(
                          TransferBatch batch,
                          TransferCompletion completion,
                          int block,
                          long size) {
                        if (batch.blockCount() == LOST_BLOCKS && block == LOST_BLOCKS - 1) {
                          super.end(batch, completion);
                        }
                        super.report(batch, completion, block, size);
                      }

                      @Override
                      void end(TransferBatch batch, TransferCompletion completion) {
                        if (batch.blockCount() != LOST_BLOCKS) {
                          super.end(batch, completion);
                        }
                      }
                    })));
  }

  private static List<BrokenBackend> leaks() {
    String contract = "LeakContract";
    return List.of(
        new BrokenBackend(
            "memory leak",
            contract,
            "memoryIsFreed",
            allocating(
                (_, state) ->
                    new HostAllocator(state) {
                      @Override
                      void free(Arena arena) {
                        leak(arena::close);
                      }
                    })),
        new BrokenBackend(
            "descriptor leak", contract, "descriptorsAreClosed", opening(BrokenBackend::leakFile)),
        new BrokenBackend(
            "thread leak", contract, "threadsEnd", opening(BrokenBackend::leakThread)),
        new BrokenBackend(
            "budget leak",
            contract,
            "theMemoryBudgetIsGivenBack",
            allocating(
                (context, state) -> {
                  try {
                    context.memoryBudget().reserve(1);
                  } catch (CapacityException e) {
                    // Refused for a test's sake: then there is nothing to leak.
                  }
                  return new HostAllocator(state);
                })));
  }

  private static void leakFile() {
    try {
      InputStream open = Files.newInputStream(Path.of("/dev/null"));
      leak(open);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void leakThread() {
    AtomicBoolean end = new AtomicBoolean();
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  while (!end.get()) {
                    LockSupport.park();
                  }
                });
    leak(
        () -> {
          end.set(true);
          LockSupport.unpark(thread);
          thread.join();
        });
  }

  private static List<BrokenBackend> lifecycles() {
    String contract = "LifecycleContract";
    return List.of(
        new BrokenBackend(
            "allocates after close",
            contract,
            "allocatorsRefuseAfterClose",
            allocating(
                (_, state) ->
                    new HostAllocator(state) {
                      @Override
                      void requireOpen() {
                        // Takes work at any time.
                      }
                    })),
        new BrokenBackend(
            "close races transfers",
            contract,
            "closeWaitsForTransfersInFlight",
            new Parts() {
              @Override
              ReferenceState state() {
                return new ReferenceState() {
                  @Override
                  synchronized void close() {
                    refuse();
                  }
                };
              }
            }),
        new BrokenBackend(
            "close not idempotent",
            contract,
            "closingTwiceDoesNothing",
            new Parts() {
              @Override
              ReferenceState state() {
                return new ReferenceState() {
                  @Override
                  synchronized void close() {
                    requireOpen();
                    super.close();
                  }
                };
              }
            }),
        new BrokenBackend(
            "stateful provider",
            contract,
            "providerIsStateless",
            new Parts() {
              @Override
              BackendProvider provider() {
                return new StatefulProvider();
              }
            }));
  }

  private static List<BrokenBackend> faults() {
    String contract = "FaultContract";
    String test = "aRefusedMemoryBudgetIsACapacityError";
    return List.of(
        new BrokenBackend(
            "untyped error", contract, test, withoutMemory(IllegalStateException::new)),
        new BrokenBackend(
            "error of two lines",
            contract,
            test,
            withoutMemory(
                e -> new CapacityException(ErrorCode.ALLOCATION_FAILED, "no\nmemory", 1, 0, e))),
        new BrokenBackend(
            "stays broken after a fault",
            contract,
            test,
            allocating(
                (context, state) ->
                    new HostAllocator(state) {
                      private final AtomicBoolean failed = new AtomicBoolean();

                      @Override
                      public Storage allocate(AllocationRequest request) {
                        try {
                          context.memoryBudget().reserve(1).close();
                        } catch (CapacityException e) {
                          failed.set(true);
                        }
                        if (failed.get()) {
                          throw new CapacityException(
                              ErrorCode.ALLOCATION_FAILED, "no memory", 1, 0);
                        }
                        return super.allocate(request);
                      }
                    })));
  }

  private static Parts withoutMemory(Function<CapacityException, RuntimeException> error) {
    return allocating(
        (context, state) ->
            new HostAllocator(state) {
              @Override
              public Storage allocate(AllocationRequest request) {
                try {
                  context.memoryBudget().reserve(1).close();
                } catch (CapacityException e) {
                  throw error.apply(e);
                }
                return super.allocate(request);
              }
            });
  }

  private static List<BrokenBackend> stores() {
    List<BrokenBackend> all = new ArrayList<>();
    all.addAll(blockStores());
    all.addAll(objectStores());
    all.addAll(logs());
    return all;
  }

  private static List<BrokenBackend> blockStores() {
    String contract = "BlockStoreContract";
    return List.of(
        new BrokenBackend(
            "wrong bytes",
            contract,
            "givesExactlyTheBytesWritten",
            keepingBlocks(
                state ->
                    new MemoryBlocks(state) {
                      @Override
                      void copy(byte[] bytes, int from, MemorySegment target) {
                        super.copy(bytes, from, target);
                        target.set(ValueLayout.JAVA_BYTE, 0, (byte) (bytes[from] + 1));
                      }
                    })),
        new BrokenBackend(
            "ignores the generation",
            contract,
            "anotherGenerationIsCorrupt",
            keepingBlocks(
                state ->
                    new MemoryBlocks(state) {
                      @Override
                      boolean matches(StoredBlock held, BlockRead read) {
                        return held.key().equals(read.key());
                      }
                    })),
        new BrokenBackend(
            "loses blocks when reopened",
            contract,
            "recoveryGivesWhatAFormerRunLeft",
            keepingBlocks(
                state ->
                    new MemoryBlocks(state) {
                      @Override
                      void closed() {
                        blocks.clear();
                      }
                    })),
        new BrokenBackend(
            "keeps what was damaged on the way",
            contract,
            "whatWasDamagedOnTheWayIsNotKept",
            keepingBlocks(
                state ->
                    new MemoryBlocks(state) {
                      @Override
                      boolean isAsSent(BlockWrite write, byte[] arrived) {
                        return true;
                      }
                    })),
        new BrokenBackend(
            "accepts a torn block",
            contract,
            "aDamagedBlockIsCorrupt",
            keepingBlocks(
                state ->
                    new MemoryBlocks(state) {
                      @Override
                      boolean isWhole(Held held) {
                        return true;
                      }
                    })));
  }

  private static List<BrokenBackend> objectStores() {
    String contract = "ObjectStoreContract";
    return List.of(
        new BrokenBackend(
            "lost conditional put",
            contract,
            "conditionsHoldOrNothingChanges",
            keepingObjects(
                (clock, state) ->
                    new MemoryObjects(clock, state) {
                      @Override
                      boolean holds(PutOptions options, Held held) {
                        return true;
                      }
                    })),
        new BrokenBackend(
            "wrong range",
            contract,
            "rangesEndWithTheObject",
            keepingObjects(
                (clock, state) ->
                    new MemoryObjects(clock, state) {
                      @Override
                      long rangeStart(long offset) {
                        return offset + 1;
                      }
                    })),
        new BrokenBackend(
            "list misses a key",
            contract,
            "listsInOrderOfKeysPageByPage",
            keepingObjects(
                (clock, state) ->
                    new MemoryObjects(clock, state) {
                      @Override
                      boolean lists(String key) {
                        return !key.equals("a-1");
                      }
                    })),
        new BrokenBackend(
            "batch in part",
            contract,
            "aBatchTakesEffectWholeOrNotAtAll",
            keepingObjects(
                (clock, state) ->
                    new MemoryObjects(clock, state) {
                      @Override
                      void rollBack(TreeMap<String, Held> objects, TreeMap<String, Held> before) {
                        // What was done stays done.
                      }
                    })),
        new BrokenBackend(
            "mutable mapping",
            contract,
            "mappedObjectsAreReadOnlyAlignedAndOutliveAReplacement",
            keepingObjects(
                (clock, state) ->
                    new MemoryObjects(clock, state) {
                      @Override
                      MemorySegment seal(MemorySegment segment) {
                        return segment;
                      }
                    })));
  }

  private static List<BrokenBackend> logs() {
    String contract = "LogContract";
    return List.of(
        new BrokenBackend(
            "log reorders",
            contract,
            "recordsComeBackInOrderWithRisingNumbersFromOne",
            logging(
                state ->
                    new MemoryLogs(state) {
                      @Override
                      List<Long> order(List<Long> sequences) {
                        return sequences.reversed();
                      }
                    })),
        new BrokenBackend(
            "log loses what it acknowledged",
            contract,
            "whatWasAcknowledgedIsThereAfterReopening",
            logging(
                state ->
                    new MemoryLogs(state) {
                      @Override
                      void closed(Records records) {
                        records.bySequence.pollLastEntry();
                      }
                    })),
        new BrokenBackend(
            "log replays what was truncated",
            contract,
            "truncationKeepsWhatIsAtOrBehindTheNumber",
            logging(
                state ->
                    new MemoryLogs(state) {
                      @Override
                      void truncate(Records records, long before) {
                        // Nothing is dropped, though the first number rises.
                      }
                    })));
  }

  private static List<BrokenBackend> others() {
    return List.of(
        new BrokenBackend(
            "probe throws",
            "ProviderContract",
            "probeNeverThrows",
            new Parts() {
              @Override
              Availability probe(BackendConfig config) {
                config.validate("fixture", new HeapProvider().configKeys());
                return super.probe(config);
              }
            }),
        new BrokenBackend(
            "diagnose throws",
            "ProviderContract",
            "diagnoseNeverThrowsAndNamesEachCheckOnce",
            new Parts() {
              @Override
              List<Finding> diagnose(BackendConfig config) {
                config.validate("fixture", new HeapProvider().configKeys());
                return super.diagnose(config);
              }
            }),
        new BrokenBackend(
            "overlapping blocks",
            "LayoutContract",
            "regionsHoldTheirBytesAndNeverOverlap",
            layingOut(
                new PlainLayouts() {
                  @Override
                  long stride(LayoutConfig config) {
                    return config.alignment();
                  }
                })),
        new BrokenBackend(
            "lying address",
            "LayoutContract",
            "addressesOffsetsAndRegionsAgree",
            layingOut(
                new PlainLayouts() {
                  @Override
                  long address(Storage storage, long offset) {
                    return super.address(storage, offset) + 4096;
                  }
                })),
        new BrokenBackend(
            "short read called success",
            "DiskContract",
            "bytesComeBackAndWhatWasNeverWrittenIsZero",
            onDisk(ShortReadDisk::new)),
        new BrokenBackend(
            "sync lies",
            "DiskContract",
            "whatWasSyncedSurvivesAPowerCut",
            onDisk(_ -> SimDisk.builder(1).lyingSync().build())));
  }

  private static Parts allocating(
      BiFunction<BackendContext, ReferenceState, StorageAllocator> allocator) {
    return new Parts() {
      @Override
      StorageAllocator allocator(BackendContext context, ReferenceState state) {
        return allocator.apply(context, state);
      }
    };
  }

  private static Parts moving(Function<ReferenceState, Transport> transport) {
    return new Parts() {
      @Override
      Transport transport(ReferenceState state) {
        return transport.apply(state);
      }
    };
  }

  private static Parts opening(Runnable leak) {
    return new Parts() {
      @Override
      ReferenceState state() {
        leak.run();
        return super.state();
      }
    };
  }

  private static Parts keepingBlocks(Function<ReferenceState, BlockStoreFactory> factory) {
    return new Parts() {
      @Override
      BlockStoreFactory blockStores(ReferenceState state) {
        return factory.apply(state);
      }
    };
  }

  private static Parts keepingObjects(
      BiFunction<Clock, ReferenceState, ObjectStoreFactory> factory) {
    return new Parts() {
      @Override
      ObjectStoreFactory objectStores(BackendContext context, ReferenceState state) {
        return factory.apply(context.clock(), state);
      }
    };
  }

  private static Parts logging(Function<ReferenceState, LogFactory> factory) {
    return new Parts() {
      @Override
      LogFactory logs(ReferenceState state) {
        return factory.apply(state);
      }
    };
  }

  private static Parts layingOut(LayoutProvider layouts) {
    return new Parts() {
      @Override
      LayoutProvider layouts() {
        return layouts;
      }
    };
  }

  private static Parts onDisk(UnaryOperator<Disk> disk) {
    return new Parts() {
      @Override
      Disk disk() {
        return disk.apply(super.disk());
      }
    };
  }
}

package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.kvbm.api.CapacityException;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.testkit.Fault;
import io.kvbm.testkit.Feature;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.disk.SimDisk;
import io.kvbm.testkit.disk.SimFault;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Faults from outside: each ends as a typed error with a message of one line, or does not show, and
 * the backend works afterwards. A use that does not work without the fault is left to the contract
 * of its part.
 */
public abstract class FaultContract extends BackendContract {

  /** How many calls of a disk, one after the other, are made to fail. */
  private static final int DISK_CALLS = 24;

  /** Creates the contract; called by JUnit. */
  protected FaultContract() {}

  /** {@return the uses that work while nothing is wrong} */
  private Map<String, Workload.Use> workingUses() {
    Map<String, Workload.Use> uses =
        new LinkedHashMap<>(new Workload(backend(), openHarness()).uses());
    uses.values().removeIf(use -> !Workload.works(use));
    return uses;
  }

  private static void assertWorks(Map<String, Workload.Use> uses, String after) {
    uses.forEach(
        (name, use) -> {
          try {
            use.run();
          } catch (Exception e) {
            fail("'%s' does not work after %s".formatted(name, after), e);
          }
        });
  }

  /** {@return the typed error a use ends with, if it does not work} */
  private static Optional<KvbmException> assertWorksOrTyped(
      String name, Workload.Use use, String fault) {
    try {
      use.run();
      return Optional.empty();
    } catch (Exception e) {
      Throwable cause = e instanceof ExecutionException ? e.getCause() : e;
      if (!(cause instanceof KvbmException typed)) {
        throw new AssertionError("'%s' under %s ends untyped".formatted(name, fault), e);
      }
      assertOneLine(typed);
      return Optional.of(typed);
    }
  }

  @Test
  void fullCapacityIsATypedError() {
    List<StorageAllocator> allocators = offered(Feature.ALLOCATION, Backend::allocators);
    Map<String, Workload.Use> uses = workingUses();
    for (StorageAllocator allocator : allocators) {
      for (int i = 0; i < 3; i++) {
        assertWorksOrTyped(
            "allocate",
            () -> allocator.allocate(openHarness().impossibleByteSize()).close(),
            "a full medium");
      }
    }
    assertWorks(uses, "a full medium");
  }

  @Test
  void aRefusedMemoryBudgetIsACapacityError() {
    Map<String, Workload.Use> uses = workingUses();
    context().refuseMemory(true);
    uses.forEach(
        (name, use) ->
            assertWorksOrTyped(name, use, "a memory budget that is used up")
                .ifPresent(
                    error ->
                        assertThat(error)
                            .as("'%s' without memory", name)
                            .isInstanceOf(CapacityException.class)));
    context().refuseMemory(false);
    assertWorks(uses, "a memory budget that was used up");
  }

  @Test
  void aFailingSourceFailsItsBatchOnly() {
    offered(Feature.TRANSFER, Backend::transports);
    Map<String, Workload.Use> uses = workingUses();
    Workload.Lane lane = Workload.anyLane(backend(), openHarness());
    try (Storage target = lane.target().apply(4096)) {
      Storage source = lane.source().apply(4096);
      TransferBatch batch = TransferBatch.builder().add(0, source, 0, target, 0, 4096).build();
      source.close();
      for (int i = 0; i < 3; i++) {
        RecordingCompletion completion = completion(1);
        lane.transport().submit(batch, completion);
        assertOneLine(completion.awaitFailure(0));
      }
    }
    assertWorks(uses, "a source that failed");
  }

  @Test
  void cancelledBatchesEndAndHarmNoOther() {
    offered(Feature.TRANSFER, Backend::transports);
    Map<String, Workload.Use> uses = workingUses();
    Workload.Lane lane = Workload.anyLane(backend(), openHarness());
    try (Storage source = lane.source().apply(4096);
        Storage target = lane.target().apply(4096)) {
      TransferBatch batch = TransferBatch.builder().add(0, source, 0, target, 0, 4096).build();
      for (int i = 0; i < 3; i++) {
        RecordingCompletion completion = completion(1);
        completion.cancel();
        lane.transport().submit(batch, completion);
        assertThat(completion.await()).hasSize(1);
      }
    }
    assertWorks(uses, "a cancelled batch");
  }

  @Test
  void faultsOfTheHarnessEndTyped() {
    List<Fault> faults = openHarness().faults(context());
    Assumptions.assumeFalse(faults.isEmpty(), "the harness declares no faults of its own");
    Map<String, Workload.Use> uses = workingUses();
    for (Fault fault : faults) {
      fault.strike().run();
      try {
        uses.forEach((name, use) -> assertWorksOrTyped(name, use, fault.name()));
      } finally {
        fault.mend().run();
      }
      assertWorks(uses, fault.name());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFailingDiskEndsTyped(SimFault fault) {
    Assumptions.assumeTrue(
        context().disk().orElse(null) instanceof SimDisk, "the backend runs on no simulated disk");
    SimDisk disk = (SimDisk) context().disk().orElseThrow();
    Map<String, Workload.Use> uses = workingUses();
    uses.forEach(
        (name, use) -> {
          for (int call = 1; call <= DISK_CALLS; call++) {
            disk.failAt(disk.calls() + call, fault);
            assertWorksOrTyped(name, use, "%s at call %d of the disk".formatted(fault, call));
          }
        });
    // Faults that were set behind the last call of a use still lie ahead.
    for (int i = 0; i <= DISK_CALLS; i++) {
      uses.values().forEach(Workload::works);
    }
    assertWorks(uses, "a disk that failed with " + fault);
  }
}

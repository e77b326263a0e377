package io.kvbm.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorCodeTest {

  /** Every variant of the specification's error types, except those that only wrap another type. */
  @ParameterizedTest
  @CsvSource({
    "BlockPoolError, BlockNotComplete, BLOCK_NOT_COMPLETE, CALLER",
    "BlockPoolError, NotEnoughBlocksAvailable, NOT_ENOUGH_BLOCKS_AVAILABLE, CAPACITY",
    "BlockPoolError, InvalidMutableBlock, INVALID_MUTABLE_BLOCK, CALLER",
    "BlockPoolError, FailedToRegisterBlock, FAILED_TO_REGISTER_BLOCK, CALLER",
    "BlockPoolError, ProgressEngineShutdown, PROGRESS_ENGINE_SHUTDOWN, CALLER",
    "BlockError, ViewsNotAvailableOnLogicalBlocks, VIEWS_NOT_AVAILABLE_ON_LOGICAL_BLOCKS, CALLER",
    "BlockError, InvalidLayerIndex, INVALID_LAYER_INDEX, CALLER",
    "BlockError, InvalidOuterIndex, INVALID_OUTER_INDEX, CALLER",
    "StorageError, AllocationFailed, ALLOCATION_FAILED, CAPACITY",
    "StorageError, NotAccessible, NOT_ACCESSIBLE, CALLER",
    "StorageError, InvalidConfig, INVALID_CONFIG, CONFIGURATION",
    "StorageError, OperationFailed, OPERATION_FAILED, BACKEND",
    "StorageError, Cuda, CUDA, BACKEND",
    "StorageError, RegistrationKeyExists, REGISTRATION_KEY_EXISTS, CALLER",
    "StorageError, HandleNotFound, HANDLE_NOT_FOUND, CALLER",
    "StorageError, NixlError, REMOTE, BACKEND",
    "StorageError, OutOfBounds, OUT_OF_BOUNDS, CALLER"
  })
  void everyErrorOfTheSpecificationHasACode(
      String type, String variant, ErrorCode code, ErrorKind kind) {
    assertThat(code.kind()).as("%s::%s", type, variant).isEqualTo(kind);
    if (!variant.equals("NixlError")) {
      assertThat(variant.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase(Locale.ROOT))
          .as("the code keeps the name")
          .isEqualTo(code.name());
    }
  }

  @Test
  void exceptionsKeepCodeKindMessageAndCause() {
    Exception cause = new Exception("why");
    Map<ErrorCode, KvbmException> all = new TreeMap<>();
    all.put(
        ErrorCode.INVALID_ARGUMENT, new CallerException(ErrorCode.INVALID_ARGUMENT, "m", cause));
    all.put(
        ErrorCode.ALLOCATION_FAILED,
        new CapacityException(ErrorCode.ALLOCATION_FAILED, "m", 5, 3, cause));
    all.put(ErrorCode.QUEUE_FULL, new TransientException(ErrorCode.QUEUE_FULL, "m", cause));
    all.put(ErrorCode.CUDA, new BackendException(ErrorCode.CUDA, "m", 700, cause));
    all.put(ErrorCode.CORRUPT, new CorruptionException(ErrorCode.CORRUPT, "m", cause));
    all.put(
        ErrorCode.INVALID_CONFIG, new ConfigurationException(ErrorCode.INVALID_CONFIG, "m", cause));
    all.put(ErrorCode.CLOSED, new ClosedException(ErrorCode.CLOSED, "m", cause));
    all.forEach(
        (code, e) -> {
          assertThat(e.code()).isEqualTo(code);
          assertThat(e.kind()).isEqualTo(code.kind());
          assertThat(e).hasMessage("m").hasCause(cause);
        });
    CapacityException capacity = (CapacityException) all.get(ErrorCode.ALLOCATION_FAILED);
    assertThat(capacity.requested()).isEqualTo(5);
    assertThat(capacity.available()).isEqualTo(3);
    assertThat(((BackendException) all.get(ErrorCode.CUDA)).nativeCode()).isEqualTo(700);
    assertThat(new BackendException(ErrorCode.CUDA, "m", null).nativeCode())
        .isEqualTo(BackendException.NO_NATIVE_CODE);
  }
}

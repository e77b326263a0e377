package io.kvbm.backend.remote.ucx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.backend.remote.path.PathExport;
import io.kvbm.backend.remote.path.PathMemory;
import io.kvbm.backend.remote.path.PathPeer;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A fatal error of UCX ended the process, whoever's it was. */
@Timeout(60)
@SuppressWarnings({"restricted", "try"}) // what is closed when is what is tested
class UcxFatalErrorTest {

  private static final int BYTE_SIZE = 1 << 20;
  private static final Duration ONE = Duration.ofSeconds(1);

  @BeforeEach
  void needsUcx() {
    Ucx.require();
  }

  @Test
  void aFatalErrorOfUcxEndsThePathAndNotTheProcess() throws Exception {
    MethodHandle fatal = fatalError();
    try (Arena arena = Arena.ofShared();
        UcxPath here = new UcxPath(UcxOptions.DEFAULTS);
        UcxPath there = new UcxPath(UcxOptions.DEFAULTS)) {
      MemorySegment format = Arena.global().allocateFrom("made up"); // The call does not return.
      MemorySegment local = arena.allocate(BYTE_SIZE);
      PathExport export = there.export(arena.allocate(BYTE_SIZE));
      PathPeer peer = here.connect(there.address());
      PathMemory memory = peer.open(export.key(), export.address(), BYTE_SIZE);
      peer.read(memory, 0, local, _ -> fail(fatal, format));
      List<Ucx.Outcome> outcomes = new ArrayList<>();
      for (int i = 0; i < 300; i++) { // more than UCX is given at a time
        Ucx.Outcome outcome = new Ucx.Outcome();
        outcomes.add(outcome);
        peer.read(memory, 0, local, outcome);
      }
      for (Ucx.Outcome outcome : outcomes) {
        outcome.failure().ifPresent(e -> assertThat(e.code()).isEqualTo(ErrorCode.DISCONNECTED));
      }
      Ucx.Outcome later = new Ucx.Outcome();
      peer.read(memory, 0, local, later);
      assertThat(later.failure().orElseThrow().code()).isEqualTo(ErrorCode.DISCONNECTED);
      assertThat(peer.isConnected()).isFalse();
      assertThat(here.isUsable()).isFalse();
      assertThatThrownBy(() -> here.export(local)).isInstanceOf(ClosedException.class);
      memory.close();
      peer.close();
      here.close();
      assertThat(there.isUsable()).isTrue();
      try (UcxPath other = new UcxPath(UcxOptions.DEFAULTS);
          PathPeer again = other.connect(there.address());
          PathMemory same = again.open(export.key(), export.address(), BYTE_SIZE)) {
        Ucx.Outcome read = new Ucx.Outcome();
        again.read(same, 0, local, read);
        read.succeeds();
      }
    }
  }

  @Test
  void aPathOverHardwareIsNotGuarded() {
    assertThat(UcxOptions.DEFAULTS.isTcp()).isTrue();
    assertThat(new UcxOptions("mlx5_0:1", "rc,tcp", false, 1, ONE, ONE).isTcp()).isFalse();
  }

  private static MethodHandle fatalError() {
    SymbolLookup symbols = SymbolLookup.libraryLookup("libucs.so.0", Arena.global());
    return Linker.nativeLinker()
        .downcallHandle(
            symbols.findOrThrow("ucs_fatal_error_format"),
            FunctionDescriptor.ofVoid(
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS),
            Linker.Option.firstVariadicArg(4));
  }

  private static void fail(MethodHandle fatal, MemorySegment format) {
    try {
      fatal.invokeExact(format, 7, format, format);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}

package io.kvbm.testkit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Calls of the driver by name. Handles and addresses are numbers. */
@SuppressWarnings("restricted")
final class DriverCalls {

  static final int SUCCESS = 0;
  static final int INVALID_VALUE = 1;
  static final int OUT_OF_MEMORY = 2;
  static final int INVALID_DEVICE = 101;
  static final int INVALID_CONTEXT = 201;
  static final int INVALID_HANDLE = 400;
  static final int NOT_READY = 600;
  static final int ILLEGAL_ADDRESS = 700;

  private final SymbolLookup symbols;
  private final Map<Signature, MethodHandle> handles = new ConcurrentHashMap<>();

  /** Addresses are given as numbers and as segments, so that a name has several types. */
  private record Signature(String name, FunctionDescriptor type) {}

  DriverCalls(SymbolLookup symbols) {
    this.symbols = symbols;
  }

  /** {@return the result of a call, under the newest name cuda.h has for it} */
  int call(String name, Object... arguments) {
    MethodHandle handle =
        handles.computeIfAbsent(new Signature(name, typeOf(arguments)), this::bind);
    try {
      return (int) handle.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new AssertionError(name, e);
    }
  }

  private MethodHandle bind(Signature call) {
    MemorySegment function =
        symbols.find(call.name + "_v2").orElseGet(() -> symbols.findOrThrow(call.name));
    return Linker.nativeLinker().downcallHandle(function, call.type);
  }

  private static FunctionDescriptor typeOf(Object[] arguments) {
    return FunctionDescriptor.of(
        ValueLayout.JAVA_INT,
        Arrays.stream(arguments).map(DriverCalls::layoutOf).toArray(MemoryLayout[]::new));
  }

  private static MemoryLayout layoutOf(Object argument) {
    return switch (argument) {
      case Integer _ -> ValueLayout.JAVA_INT;
      case Long _ -> ValueLayout.JAVA_LONG;
      case Byte _ -> ValueLayout.JAVA_BYTE;
      case MemorySegment _ -> ValueLayout.ADDRESS;
      default -> throw new IllegalArgumentException("no parameter of a driver: " + argument);
    };
  }

  /** Makes a call that succeeds. */
  void ok(String name, Object... arguments) {
    assertThat(call(name, arguments)).as(name).isEqualTo(SUCCESS);
  }

  /** {@return the handle, address or number that a call gives by its first parameter} */
  long get(String name, Object... others) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment result = arena.allocate(8);
      Object[] arguments = new Object[others.length + 1];
      arguments[0] = result;
      System.arraycopy(others, 0, arguments, 1, others.length);
      ok(name, arguments);
      return result.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /** {@return bytes of the process at an address} */
  static MemorySegment at(long address, long byteSize) {
    return MemorySegment.ofAddress(address).reinterpret(byteSize);
  }
}

package io.kvbm.cuda;

import io.kvbm.api.KvbmException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/**
 * Copies any number of regions with one call: a kernel that reads a table of them. Both ends are
 * memory that the device reaches: its own, or page-locked host memory.
 *
 * <p>Threading: safe from any thread. Ownership: whoever loads it closes it, after the streams that
 * use it.
 */
public final class CopyKernel implements AutoCloseable {

  /** The most regions of one call. */
  public static final int MAX_REGIONS = 8192;

  private static final System.Logger LOG = System.getLogger(CopyKernel.class.getName());
  private static final String NAME = "kvbm_copy_regions";
  private static final long RECORD_BYTE_SIZE = 3 * Long.BYTES;

  /** Threads that copy one region together, 16 bytes each at a time. */
  private static final int THREADS = 256;

  /** More blocks of threads than any device runs at once; each takes region after region. */
  private static final int MAX_BLOCKS = 2048;

  private final CudaDevice device;
  private final CUmodule module = new CUmodule();
  private final CUfunction function = new CUfunction();
  private final Deque<Table> idle = new ArrayDeque<>();

  private CopyKernel(CudaDevice device) {
    this.device = device;
    String text = source();
    device.call("cuModuleLoadData", () -> JCudaDriver.cuModuleLoadData(module, text));
    try {
      device.call(
          "cuModuleGetFunction", () -> JCudaDriver.cuModuleGetFunction(function, module, NAME));
    } catch (KvbmException e) {
      unload();
      throw e;
    }
  }

  /**
   * {@return the kernel, compiled by the driver for a device}
   *
   * @param device where it runs
   * @throws KvbmException if the driver cannot compile it
   */
  public static CopyKernel load(CudaDevice device) {
    return new CopyKernel(device);
  }

  /** {@return the kernel as PTX} */
  static String source() {
    try (InputStream bytes = CopyKernel.class.getResourceAsStream("copy_regions.ptx")) {
      if (bytes == null) {
        throw new IllegalStateException("the kernel is not in the jar");
      }
      return new String(bytes.readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  CUfunction function() {
    return function;
  }

  /** {@return an empty table; the caller releases it once the stream has passed its copies} */
  public Table table() {
    synchronized (idle) {
      if (!idle.isEmpty()) {
        return idle.pop();
      }
    }
    return new Table();
  }

  /** Frees the tables and the kernel. */
  @Override
  public void close() {
    synchronized (idle) {
      idle.forEach(Table::free);
      idle.clear();
    }
    unload();
  }

  private void unload() {
    quietly(() -> device.giveBack("cuModuleUnload", () -> JCudaDriver.cuModuleUnload(module)));
  }

  /** What cannot be given back goes with the context, and must not keep the rest. */
  private static void quietly(Runnable giveBack) {
    try {
      giveBack.run();
    } catch (KvbmException e) {
      LOG.log(System.Logger.Level.WARNING, "part of the copy kernel was not given back", e);
    }
  }

  /** Regions to be copied, in memory that the device reads. For one thread at a time. */
  public final class Table {

    private final long address;
    private final MemorySegment records;
    private int count;

    @SuppressWarnings("restricted")
    private Table() {
      long byteSize = MAX_REGIONS * RECORD_BYTE_SIZE;
      address = device.allocateHost(byteSize, false);
      records = MemorySegment.ofAddress(address).reinterpret(byteSize);
    }

    /** {@return whether no more regions fit} */
    public boolean isFull() {
      return count == MAX_REGIONS;
    }

    /**
     * Adds a region; regions are copied in no particular order.
     *
     * @param source the address of the first byte read
     * @param target the address of the first byte written
     * @param byteSize how many bytes
     */
    public void add(long source, long target, long byteSize) {
      long record = count++ * RECORD_BYTE_SIZE;
      records.set(ValueLayout.JAVA_LONG, record, source);
      records.set(ValueLayout.JAVA_LONG, record + Long.BYTES, target);
      records.set(ValueLayout.JAVA_LONG, record + 2 * Long.BYTES, byteSize);
    }

    /**
     * Starts the copies.
     *
     * @param stream of the kernel's device
     * @throws KvbmException if they cannot be started; nothing is copied
     */
    public void start(CudaStream stream) {
      Pointer arguments =
          Pointer.to(Pointer.to(new long[] {address}), Pointer.to(new int[] {count}));
      stream.launch(CopyKernel.this, Math.min(count, MAX_BLOCKS), THREADS, arguments);
    }

    private void free() {
      quietly(() -> device.freeHost(address));
    }

    /** Gives the table back, to be used again. */
    public void release() {
      count = 0;
      synchronized (idle) {
        idle.push(this);
      }
    }
  }
}

package io.kvbm.bench.collections;

import java.util.ArrayList;
import org.agrona.collections.LongArrayList;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Lists of hashes, used as the trace readers and the chat workload use them. An operation is one
 * hash.
 */
@BenchmarkMode(Mode.AverageTime)
public class ListBenchmark {

  private static final int LENGTH = 128;

  /** The hashes of a request, and the lists that a reader keeps from request to request. */
  @State(Scope.Thread)
  public static class Request {

    private final long[] hashes = new long[LENGTH];
    private final LongArrayList agrona = new LongArrayList();
    private final ArrayList<Long> jdk = new ArrayList<>();

    /** Makes hashes that no cache of small numbers holds. */
    @Setup
    public void fill() {
      for (int i = 0; i < LENGTH; i++) {
        hashes[i] = (i + 1) * 0x9E3779B97F4A7C15L;
      }
    }
  }

  /** Gathers a request and copies it out, as a reader does. */
  @Benchmark
  @OperationsPerInvocation(LENGTH)
  public long[] gatherAgrona(Request request) {
    request.agrona.clear();
    for (long hash : request.hashes) {
      request.agrona.addLong(hash);
    }
    return request.agrona.toLongArray();
  }

  /** The peer of {@link #gatherAgrona}. */
  @Benchmark
  @OperationsPerInvocation(LENGTH)
  public long[] gatherJdk(Request request) {
    request.jdk.clear();
    for (long hash : request.hashes) {
      request.jdk.add(hash);
    }
    long[] copy = new long[request.jdk.size()];
    for (int i = 0; i < copy.length; i++) {
      copy[i] = request.jdk.get(i);
    }
    return copy;
  }

  /** Lets a chat grow and reads all of it, as the workload does. */
  @Benchmark
  @OperationsPerInvocation(LENGTH)
  public long growAgrona(Request request) {
    LongArrayList chat = new LongArrayList();
    for (long hash : request.hashes) {
      chat.addLong(hash);
    }
    long sum = 0;
    for (int i = 0; i < chat.size(); i++) {
      sum += chat.getLong(i);
    }
    return sum;
  }

  /** The peer of {@link #growAgrona}. */
  @Benchmark
  @OperationsPerInvocation(LENGTH)
  public long growJdk(Request request) {
    ArrayList<Long> chat = new ArrayList<>();
    for (long hash : request.hashes) {
      chat.add(hash);
    }
    long sum = 0;
    for (int i = 0; i < chat.size(); i++) {
      sum += chat.get(i);
    }
    return sum;
  }
}

package io.kvbm.graph.csr.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CapacityException;
import io.kvbm.api.KvbmException;
import io.kvbm.graph.csr.adjacency.CsrBuilder;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.adjacency.HeapAdjacency;
import io.kvbm.graph.csr.generate.GraphGenerator;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SerializedGraphTest {

  private static CsrGraph graph(boolean directed, boolean weighted) {
    GraphGenerator generator = GraphGenerator.kronecker(10, 300, 3); // longer than a buffer
    CsrBuilder out = new CsrBuilder(generator.vertexCount());
    CsrBuilder in = new CsrBuilder(generator.vertexCount());
    if (!directed) {
      out.symmetric();
    }
    generator.generate(
        (from, to) -> {
          if (weighted) {
            out.add(from, to, from ^ to);
            in.add(to, from, from ^ to);
          } else {
            out.add(from, to);
            in.add(to, from);
          }
        });
    return directed ? new CsrGraph(out.build(), in.build()) : CsrGraph.undirected(out.build());
  }

  private static byte[] written(CsrGraph graph) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    SerializedGraph.write(graph, Channels.newChannel(bytes));
    return bytes.toByteArray();
  }

  private static CsrGraph read(byte[] bytes, boolean weighted) throws IOException {
    return SerializedGraph.read(
        Channels.newChannel(new ByteArrayInputStream(bytes)), bytes.length, weighted);
  }

  private static void requireEqual(HeapAdjacency actual, HeapAdjacency expected) {
    assertThat(actual.offsets()).isEqualTo(expected.offsets());
    assertThat(actual.ids()).isEqualTo(expected.ids());
    assertThat(actual.weights()).isEqualTo(expected.weights());
  }

  @ParameterizedTest
  @CsvSource({"false, false", "false, true", "true, false", "true, true"})
  void whatIsWrittenIsRead(boolean directed, boolean weighted) throws IOException {
    CsrGraph graph = graph(directed, weighted);
    byte[] bytes = written(graph);
    assertThat(bytes.length).isEqualTo((int) SerializedGraph.byteSize(graph));
    CsrGraph again = read(bytes, weighted);
    assertThat(again.isUndirected()).isEqualTo(!directed);
    requireEqual((HeapAdjacency) again.out(), (HeapAdjacency) graph.out());
    requireEqual((HeapAdjacency) again.in(), (HeapAdjacency) graph.in());
  }

  @Test
  void everyTruncationAndAnyOtherLengthIsRefused() throws IOException {
    byte[] bytes = written(CsrGraph.undirected(new CsrBuilder(3).symmetric().add(0, 2).build()));
    for (int length = 0; length < bytes.length; length++) {
      byte[] some = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> read(some, false))
          .as("%d bytes", length)
          .isInstanceOfAny(KvbmException.class, IOException.class);
    }
    assertThatThrownBy(() -> read(Arrays.copyOf(bytes, bytes.length + 1), false))
        .hasMessage("this is no serialized graph: 3 vertices with 2 entries take 57 bytes, not 58");
    assertThatThrownBy(() -> read(bytes, true)).hasMessageContaining("and weights");
  }

  @Test
  void anyOtherByteGivesAGraphOrARefusal() throws IOException {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    byte[] bytes = written(CsrGraph.undirected(new CsrBuilder(5).symmetric().add(0, 2).build()));
    int refused = 0;
    for (int round = 0; round < 2000; round++) {
      byte[] other = bytes.clone();
      other[random.nextInt(other.length)] ^= (byte) (1 << random.nextInt(8));
      try {
        CsrGraph graph = read(other, false);
        assertThat(graph.vertexCount()).isEqualTo(5);
      } catch (KvbmException e) {
        assertThat(e.getMessage()).as("seed %d", seed).doesNotContain("\n");
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(1000);
  }

  @Test
  void whatDoesNotFitArraysIsNotAllocated() {
    ByteBuffer header = ByteBuffer.allocate(17).order(ByteOrder.LITTLE_ENDIAN);
    header.put((byte) 0).putLong(1L << 40).putLong(1L << 30);
    assertThatThrownBy(() -> read(header.array(), false)).isInstanceOf(CapacityException.class);
  }
}

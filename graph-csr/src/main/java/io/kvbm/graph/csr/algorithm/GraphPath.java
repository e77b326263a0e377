package io.kvbm.graph.csr.algorithm;

import io.kvbm.api.Stability;
import java.util.Arrays;
import java.util.StringJoiner;

/** A way through a graph that comes to no vertex twice. Threading: immutable. */
@Stability(Stability.Level.PREVIEW)
public final class GraphPath {

  private static final int MOST_SHOWN = 16;

  private final int[] vertices;
  private final long weight;

  /** Of vertices that belong to it from now on. */
  GraphPath(int[] vertices, long weight) {
    this.vertices = vertices;
    this.weight = weight;
  }

  /** {@return the vertices in their order, the first and the last among them; a copy} */
  public int[] vertices() {
    return vertices.clone();
  }

  /**
   * {@return a vertex}
   *
   * @param index 0 for the first, {@link #hops()} for the last
   */
  public int vertex(int index) {
    return vertices[index];
  }

  /** {@return what its edges cost together; where no weights were asked for, each costs 1} */
  public long weight() {
    return weight;
  }

  /** {@return how many edges it has} */
  public int hops() {
    return vertices.length - 1;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GraphPath path
        && weight == path.weight
        && Arrays.equals(vertices, path.vertices);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(vertices) + Long.hashCode(weight);
  }

  /** {@return the vertices, those in the middle of a long path left out, and the weight} */
  @Override
  public String toString() {
    StringJoiner shown = new StringJoiner(" -> ");
    boolean all = vertices.length <= MOST_SHOWN;
    for (int i = 0; i < vertices.length; i++) {
      if (all || i < MOST_SHOWN - 1 || i == vertices.length - 1) {
        shown.add(String.valueOf(vertices[i]));
      } else if (i == MOST_SHOWN - 1) {
        shown.add("...");
      }
    }
    return "%s (weight %d, %d hops)".formatted(shown, weight, hops());
  }
}

package io.kvbm.graph.csr.generate;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.SplittableRandom;

/**
 * Makes up the edges of a graph; the same seed gives the same edges, on every machine. Kronecker
 * and uniform graphs follow the rules of the GAP Benchmark Suite (Beamer, Asanović, Patterson,
 * 2015), not its sequence of random numbers.
 */
@Stability(Stability.Level.PREVIEW)
public final class GraphGenerator {

  private static final int MOST_SCALE = 30;
  private static final double A = 0.57;
  private static final double B = 0.19;
  private static final double C = 0.19;

  private final Rule rule;
  private final int vertexCount;
  private final long edgeCount;
  private final int scale;
  private final int width;
  private final long seed;

  private enum Rule {
    KRONECKER,
    UNIFORM,
    GRID
  }

  private GraphGenerator(
      Rule rule, int vertexCount, long edgeCount, int scale, int width, long seed) {
    this.rule = rule;
    this.vertexCount = vertexCount;
    this.edgeCount = edgeCount;
    this.scale = scale;
    this.width = width;
    this.seed = seed;
  }

  /**
   * {@return a graph with few vertices of very many neighbours, as social networks have: the
   * Graph500's Kronecker graph with A, B, C = .57, .19, .19 and its ids shuffled}
   *
   * @param scale 2 to this power vertices, 0 to 30
   * @param degree edges for each vertex
   * @param seed of the random numbers
   */
  public static GraphGenerator kronecker(int scale, int degree, long seed) {
    return random(Rule.KRONECKER, scale, degree, seed);
  }

  /**
   * {@return a graph in which every edge is as likely as any other}
   *
   * @param scale 2 to this power vertices, 0 to 30
   * @param degree edges for each vertex
   * @param seed of the random numbers
   */
  public static GraphGenerator uniform(int scale, int degree, long seed) {
    return random(Rule.UNIFORM, scale, degree, seed);
  }

  private static GraphGenerator random(Rule rule, int scale, int degree, long seed) {
    if (scale < 0 || scale > MOST_SCALE || degree < 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "scale %d is not from 0 to %d, or degree %d is below 0"
              .formatted(scale, MOST_SCALE, degree));
    }
    return new GraphGenerator(rule, 1 << scale, (long) degree << scale, scale, 0, seed);
  }

  /**
   * {@return a grid in which every vertex is connected with those right of it and below it: a graph
   * of great diameter, as road networks are}
   *
   * @param width vertices of a row
   * @param height vertices of a column
   */
  public static GraphGenerator grid(int width, int height) {
    if (width < 1 || height < 1 || (long) width * height > 1 << MOST_SCALE) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a grid of %d x %d has no vertices or more than 2^%d"
              .formatted(width, height, MOST_SCALE));
    }
    long edges = (width - 1L) * height + (height - 1L) * width;
    return new GraphGenerator(Rule.GRID, width * height, edges, 0, width, 0);
  }

  /** {@return how many vertices the graph has} */
  public int vertexCount() {
    return vertexCount;
  }

  /** {@return how many edges are made} */
  public long edgeCount() {
    return edgeCount;
  }

  /**
   * Makes the edges.
   *
   * @param sink takes them
   */
  public void generate(EdgeSink sink) {
    switch (rule) {
      case KRONECKER -> generateKronecker(sink);
      case UNIFORM -> generateUniform(sink);
      case GRID -> generateGrid(sink);
    }
  }

  private void generateKronecker(EdgeSink sink) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] shuffled = shuffled(random.split());
    for (long i = 0; i < edgeCount; i++) {
      int from = 0;
      int to = 0;
      for (int level = 0; level < scale; level++) {
        double point = random.nextDouble();
        from <<= 1;
        to <<= 1;
        if (point < A + B) {
          to += point > A ? 1 : 0;
        } else {
          from++;
          to += point > A + B + C ? 1 : 0;
        }
      }
      sink.edge(shuffled[from], shuffled[to]);
    }
  }

  private int[] shuffled(SplittableRandom random) {
    int[] ids = new int[vertexCount];
    for (int i = 0; i < vertexCount; i++) {
      int other = random.nextInt(i + 1);
      ids[i] = ids[other];
      ids[other] = i;
    }
    return ids;
  }

  private void generateUniform(EdgeSink sink) {
    SplittableRandom random = new SplittableRandom(seed);
    for (long i = 0; i < edgeCount; i++) {
      sink.edge(random.nextInt(vertexCount), random.nextInt(vertexCount));
    }
  }

  private void generateGrid(EdgeSink sink) {
    for (int v = 0; v < vertexCount; v++) {
      if (v % width != width - 1) {
        sink.edge(v, v + 1);
      }
      if (v < vertexCount - width) {
        sink.edge(v, v + width);
      }
    }
  }
}

package io.kvbm.graph.csr.algorithm;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.TransientException;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.adjacency.HeapAdjacency;
import io.kvbm.graph.csr.adjacency.NativeAdjacency;
import io.kvbm.graph.csr.adjacency.RawMemory;
import java.util.Arrays;

/**
 * PageRank (Page, Brin, Motwani, Winograd: The PageRank Citation Ranking, 1999) as LDBC
 * Graphalytics defines it: scores add up to 1, and what vertices without edges out have is spread
 * over all. Every sweep pulls along the edges in, from contributions that are kept as floats:
 * scores have a relative error of about 1e-7 besides that of ending early. Parallel edges count
 * each, weights do not. Time O(n + m) for each sweep, memory 16 bytes for each vertex besides the
 * result.
 */
@Stability(Stability.Level.PREVIEW)
public final class PageRank {

  private static final int CHUNK = 1 << 12;

  /**
   * What is computed.
   *
   * @param damping the share of a score that goes along edges; at least 0, below 1
   * @param tolerance ends after the sweep in which scores changed by less than this in sum; 0 for
   *     always as many sweeps as are allowed
   * @param mostIterations the most sweeps, at least 1
   * @param spreadDangling whether the scores of vertices without edges out are spread over all
   *     vertices; where false they are lost, as in the GAP Benchmark Suite, and the sum is below 1
   * @param inPlace whether a sweep uses what it has computed itself (Gauss-Seidel, as the GAP
   *     Benchmark Suite does): less memory, fewer or more sweeps depending on the vertices' order,
   *     and with several threads the scores differ from run to run within the tolerance; where
   *     false (Jacobi) they are the same for any number of threads
   */
  @Stability(Stability.Level.PREVIEW)
  public record Settings(
      double damping,
      double tolerance,
      int mostIterations,
      boolean spreadDangling,
      boolean inPlace) {

    /** Damping .85, tolerance 1e-6, 100 sweeps, as Graphalytics, the same for any threads. */
    public static final Settings DEFAULT = new Settings(0.85, 1e-6, 100, true, false);

    /** Creates settings. */
    public Settings {
      if (!(damping >= 0 && damping < 1) || !(tolerance >= 0) || mostIterations < 1) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT,
            "damping %s is not from 0 to below 1, tolerance %s is below 0 or %d sweeps are below 1"
                .formatted(damping, tolerance, mostIterations));
      }
    }
  }

  /** The scores, and how they were reached. */
  @Stability(Stability.Level.PREVIEW)
  public static final class Result {

    private final double[] scores;
    private final int iterations;
    private final double error;

    private Result(double[] scores, int iterations, double error) {
      this.scores = scores;
      this.iterations = iterations;
      this.error = error;
    }

    /** {@return for each vertex its score; the caller's own} */
    public double[] scores() {
      return scores;
    }

    /** {@return how many sweeps there were} */
    public int iterations() {
      return iterations;
    }

    /** {@return by how much the last sweep changed the scores, in sum} */
    public double error() {
      return error;
    }
  }

  private final CsrGraph graph;
  private final Team team;
  private final Settings settings;
  private final double[] scores;
  private final double[] shares; // one divided by the degree; 0 without edges out
  private final double[] errors;
  private final double[] dangling;
  private float[] given;
  private float[] taken;

  private PageRank(CsrGraph graph, Settings settings, Team team) {
    this.graph = graph;
    this.team = team;
    this.settings = settings;
    int vertices = graph.vertexCount();
    int chunks = (int) ((vertices + CHUNK - 1L) / CHUNK);
    scores = new double[vertices];
    shares = new double[vertices];
    errors = new double[chunks];
    dangling = new double[chunks];
    given = new float[vertices];
    taken = settings.inPlace() ? given : new float[vertices];
  }

  /**
   * {@return the scores}
   *
   * @param graph any graph
   * @param settings what is computed
   * @param options how it runs
   * @throws TransientException with {@link ErrorCode#CANCELLED}
   * @throws CapacityException with {@link ErrorCode#BUDGET_EXCEEDED}
   */
  public static Result scores(CsrGraph graph, Settings settings, AlgorithmOptions options) {
    try (Team team = new Team(options)) {
      return scores(graph, settings, team);
    }
  }

  static Result scores(CsrGraph graph, Settings settings, Team team) {
    return new PageRank(graph, settings, team).run();
  }

  private Result run() {
    int vertices = graph.vertexCount();
    if (vertices == 0) {
      return new Result(scores, 0, 0);
    }
    Arrays.fill(scores, 1.0 / vertices);
    team.run(errors.length, 1, (from, to, _) -> begin(from, to));
    int iterations = 0;
    double error;
    do {
      double spread = settings.spreadDangling() ? settings.damping() * sum(dangling) : 0;
      double base = (1 - settings.damping() + spread) / vertices;
      team.run(
          errors.length,
          1,
          (from, to, _) ->
              switch (graph.in()) {
                case HeapAdjacency rows -> sweep(rows, base, from, to);
                case NativeAdjacency rows -> sweep(rows, base, from, to);
              });
      float[] made = taken;
      taken = given;
      given = made;
      iterations++;
      error = sum(errors);
    } while (iterations < settings.mostIterations() && error >= settings.tolerance());
    return new Result(scores, iterations, error);
  }

  /** Of the chunks in their order: the same for any number of threads. */
  private static double sum(double[] parts) {
    double sum = 0;
    for (double part : parts) {
      sum += part;
    }
    return sum;
  }

  private int end(int first) {
    return scores.length - first < CHUNK ? scores.length : first + CHUNK;
  }

  private long begin(int fromChunk, int toChunk) {
    for (int chunk = fromChunk; chunk < toChunk; chunk++) {
      double lost = 0;
      int first = chunk * CHUNK;
      for (int v = first; v < end(first); v++) {
        int degree = graph.out().degree(v);
        if (degree == 0) {
          lost += scores[v];
        } else {
          shares[v] = 1.0 / degree;
          given[v] = (float) (scores[v] * shares[v]);
        }
      }
      dangling[chunk] = lost;
    }
    return 0;
  }

  private long sweep(HeapAdjacency rows, double base, int fromChunk, int toChunk) {
    int[] offsets = rows.offsets();
    int[] ids = rows.ids();
    float[] source = given;
    float[] target = taken;
    double damping = settings.damping();
    long looked = 0;
    for (int chunk = fromChunk; chunk < toChunk; chunk++) {
      double error = 0;
      double lost = 0;
      int first = chunk * CHUNK;
      int last = end(first);
      for (int v = first; v < last; v++) {
        double sum = 0;
        int rowEnd = offsets[v + 1];
        for (int i = offsets[v]; i < rowEnd; i++) {
          sum += source[ids[i]];
        }
        double score = base + damping * sum;
        error += Math.abs(score - scores[v]);
        scores[v] = score;
        target[v] = (float) (score * shares[v]);
        lost += shares[v] == 0 ? score : 0;
      }
      errors[chunk] = error;
      dangling[chunk] = lost;
      looked += offsets[last] - offsets[first];
    }
    return looked;
  }

  private long sweep(NativeAdjacency rows, double base, int fromChunk, int toChunk) {
    float[] source = given;
    float[] target = taken;
    double damping = settings.damping();
    long looked = 0;
    for (int chunk = fromChunk; chunk < toChunk; chunk++) {
      double error = 0;
      double lost = 0;
      int first = chunk * CHUNK;
      int last = end(first);
      for (int v = first; v < last; v++) {
        double sum = 0;
        long row = rows.rowAddress(v);
        int degree = rows.degree(v);
        for (int i = 0; i < degree; i++) {
          sum += source[RawMemory.getInt(row + (long) i * Integer.BYTES)];
        }
        double score = base + damping * sum;
        error += Math.abs(score - scores[v]);
        scores[v] = score;
        target[v] = (float) (score * shares[v]);
        lost += shares[v] == 0 ? score : 0;
        looked += degree;
      }
      errors[chunk] = error;
      dangling[chunk] = lost;
    }
    return looked;
  }
}

package io.kvbm.bench.report;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * One comparison, measured in several rounds.
 *
 * @param name what was measured
 * @param ours our figures by name, the median of the rounds; units are in the names
 * @param peerName the peer
 * @param peer the peer's figures, with the same names
 * @param ratios for each round how many times better we were
 * @param control the peer measured against itself: how far from 1 chance alone gets; empty where it
 *     was not measured
 * @param peers all peers, where there are several; {@code peer} is then the best of them
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record BenchCase(
    String name,
    Map<String, Double> ours,
    String peerName,
    Map<String, Double> peer,
    double[] ratios,
    OptionalDouble control,
    List<PeerFigures> peers) {

  /** Checks that there was a round. */
  public BenchCase {
    peers = List.copyOf(peers);
    if (ratios.length == 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "case " + name + " has no rounds; run at least one");
    }
  }

  /**
   * With one peer.
   *
   * @param name what was measured
   * @param ours our figures by name
   * @param peerName the peer
   * @param peer the peer's figures, with the same names
   * @param ratios for each round how many times better we were
   * @param control the peer measured against itself
   */
  public BenchCase(
      String name,
      Map<String, Double> ours,
      String peerName,
      Map<String, Double> peer,
      double[] ratios,
      OptionalDouble control) {
    this(name, ours, peerName, peer, ratios, control, List.of());
  }

  /**
   * {@return this case with several peers}
   *
   * @param all every peer
   */
  public BenchCase withPeers(List<PeerFigures> all) {
    return new BenchCase(name, ours, peerName, peer, ratios, control, all);
  }

  /**
   * {@return this case with one figure more for each side}
   *
   * @param figure its name
   * @param of gives it for the name of a peer, and for {@code kvbm}; empty leaves it out
   */
  public BenchCase withFigure(String figure, Function<String, OptionalDouble> of) {
    return new BenchCase(
        name,
        with(ours, figure, of.apply("kvbm")),
        peerName,
        with(peer, figure, of.apply(peerName)),
        ratios,
        control,
        peers.stream()
            .map(
                each ->
                    new PeerFigures(
                        each.name(), with(each.figures(), figure, of.apply(each.name()))))
            .toList());
  }

  private static Map<String, Double> with(
      Map<String, Double> figures, String name, OptionalDouble value) {
    Map<String, Double> more = new LinkedHashMap<>(figures);
    value.ifPresent(found -> more.put(name, found));
    return more;
  }

  /** {@return how many rounds there were} */
  public int rounds() {
    return ratios.length;
  }

  /** {@return the median of the rounds' ratios; above 1 means ours is better} */
  public double ratio() {
    return median(ratios);
  }

  /**
   * {@return how far the rounds lie apart: the largest ratio less the smallest, as a share of the
   * median}
   */
  public double spread() {
    double[] sorted = ratios.clone();
    Arrays.sort(sorted);
    return (sorted[sorted.length - 1] - sorted[0]) / ratio();
  }

  /**
   * {@return the value in the middle, or the mean of the two there}
   *
   * @param values at least one
   */
  public static double median(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }
}

package io.kvbm.core.remote;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.core.tier.CacheLevel;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;

/**
 * How a manager shares blocks with other workers.
 *
 * @param directory the kind of directory that says who holds which blocks; empty for none: then
 *     nothing is fetched or published, and peers that know of this worker may still borrow
 * @param lend which tiers are lent; tiers there are not are left out
 * @param writable whether peers may write the exported tiers
 * @param stagingByteSize host memory for blocks on their way to peers out of tiers they cannot read
 *     themselves; 0 for none: such blocks are not lent
 * @param fetchTimeout how long a fetch may take where its request has no earlier deadline
 * @param maxFetchBlocks the most blocks of one fetch
 * @param maxFetches the most fetches at once; further ones are misses
 * @param maxLentBlocks the most blocks lent at once
 * @param loanTime how long a loan lasts at most
 * @param publish whether what is lent is announced in the directory
 */
public record SharingOptions(
    String directory,
    Set<CacheLevel> lend,
    boolean writable,
    long stagingByteSize,
    Duration fetchTimeout,
    int maxFetchBlocks,
    int maxFetches,
    int maxLentBlocks,
    Duration loanTime,
    boolean publish) {

  /**
   * No directory; every tier is lent, to be read; 64 MiB of staging; fetches of up to 2 s and 1024
   * blocks, 16 at once; 16,384 blocks lent at once, for 30 s.
   */
  public static final SharingOptions DEFAULT =
      new SharingOptions(
          "",
          Set.of(CacheLevel.values()),
          false,
          64L << 20,
          Duration.ofSeconds(2),
          1024,
          16,
          16_384,
          Duration.ofSeconds(30),
          true);

  /** Checks the values and copies the set. */
  public SharingOptions {
    Objects.requireNonNull(directory, "directory");
    lend = Set.copyOf(lend);
    require("stagingByteSize", stagingByteSize, 0);
    require("maxFetchBlocks", maxFetchBlocks, 1);
    require("maxFetches", maxFetches, 1);
    require("maxLentBlocks", maxLentBlocks, 1);
    require("fetchTimeout", fetchTimeout.toNanos(), 1);
    require("loanTime", loanTime.toNanos(), 1);
  }

  /**
   * {@return these options with a directory}
   *
   * @param kind of directory; empty for none
   */
  public SharingOptions withDirectory(String kind) {
    return new SharingOptions(
        kind,
        lend,
        writable,
        stagingByteSize,
        fetchTimeout,
        maxFetchBlocks,
        maxFetches,
        maxLentBlocks,
        loanTime,
        publish);
  }

  /**
   * {@return these options with other tiers lent}
   *
   * @param tiers which
   */
  public SharingOptions withLend(Set<CacheLevel> tiers) {
    return new SharingOptions(
        directory,
        tiers,
        writable,
        stagingByteSize,
        fetchTimeout,
        maxFetchBlocks,
        maxFetches,
        maxLentBlocks,
        loanTime,
        publish);
  }

  /**
   * {@return these options with other access for peers}
   *
   * @param value whether they may write
   */
  public SharingOptions withWritable(boolean value) {
    return new SharingOptions(
        directory,
        lend,
        value,
        stagingByteSize,
        fetchTimeout,
        maxFetchBlocks,
        maxFetches,
        maxLentBlocks,
        loanTime,
        publish);
  }

  /**
   * {@return these options with another staging area}
   *
   * @param byteSize of host memory; 0 for none
   */
  public SharingOptions withStagingByteSize(long byteSize) {
    return new SharingOptions(
        directory,
        lend,
        writable,
        byteSize,
        fetchTimeout,
        maxFetchBlocks,
        maxFetches,
        maxLentBlocks,
        loanTime,
        publish);
  }

  /**
   * {@return these options with other bounds of fetches}
   *
   * @param timeout of one fetch
   * @param blocks the most of one fetch
   * @param atOnce the most fetches at once
   */
  public SharingOptions withFetches(Duration timeout, int blocks, int atOnce) {
    return new SharingOptions(
        directory,
        lend,
        writable,
        stagingByteSize,
        timeout,
        blocks,
        atOnce,
        maxLentBlocks,
        loanTime,
        publish);
  }

  /**
   * {@return these options with other bounds of loans}
   *
   * @param blocks the most lent at once
   * @param time how long a loan lasts at most
   */
  public SharingOptions withLoans(int blocks, Duration time) {
    return new SharingOptions(
        directory,
        lend,
        writable,
        stagingByteSize,
        fetchTimeout,
        maxFetchBlocks,
        maxFetches,
        blocks,
        time,
        publish);
  }

  /**
   * {@return these options with announcing on or off}
   *
   * @param value whether what is lent is announced
   */
  public SharingOptions withPublish(boolean value) {
    return new SharingOptions(
        directory,
        lend,
        writable,
        stagingByteSize,
        fetchTimeout,
        maxFetchBlocks,
        maxFetches,
        maxLentBlocks,
        loanTime,
        value);
  }

  private static void require(String name, long value, long min) {
    if (value < min) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "%s of sharing must be at least %d, got %d".formatted(name, min, value));
    }
  }
}

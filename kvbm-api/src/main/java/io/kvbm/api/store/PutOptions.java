package io.kvbm.api.store;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How to put an object.
 *
 * @param durability what is promised when the put returns
 * @param condition when to put
 * @param version for {@link Condition#IF_VERSION} the version the object must have
 * @param timeToLive after which the object may disappear, or null to keep it
 */
@Stability(Stability.Level.STABLE)
public record PutOptions(
    Durability durability, Condition condition, long version, @Nullable Duration timeToLive) {

  /** Always, {@link Durability#WRITTEN}, without end. */
  public static final PutOptions DEFAULT =
      new PutOptions(Durability.WRITTEN, Condition.ALWAYS, 0, null);

  /** When a put takes effect. */
  public enum Condition {
    /** In any case. */
    ALWAYS,
    /** If there is no such object. */
    IF_ABSENT,
    /** If the object has the version named. */
    IF_VERSION
  }

  /** Checks the values. */
  public PutOptions {
    Objects.requireNonNull(durability, "durability");
    Objects.requireNonNull(condition, "condition");
    if (timeToLive != null && (timeToLive.isNegative() || timeToLive.isZero())) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "time to live must be above zero, got " + timeToLive);
    }
  }

  /**
   * {@return these options with another durability}
   *
   * @param value what is promised when the put returns
   */
  public PutOptions withDurability(Durability value) {
    return new PutOptions(value, condition, version, timeToLive);
  }

  /** {@return these options for an object that must not exist} */
  public PutOptions ifAbsent() {
    return new PutOptions(durability, Condition.IF_ABSENT, 0, timeToLive);
  }

  /**
   * {@return these options for an object that must have a version}
   *
   * @param value as {@link ObjectStat#version()} gave it
   */
  public PutOptions ifVersion(long value) {
    return new PutOptions(durability, Condition.IF_VERSION, value, timeToLive);
  }

  /**
   * {@return these options with a time to live}
   *
   * @param value after which the object may disappear
   */
  public PutOptions withTimeToLive(Duration value) {
    return new PutOptions(durability, condition, version, value);
  }
}

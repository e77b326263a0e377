package io.kvbm.core.placement;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.policy.PlacementPolicy;
import java.util.List;

/**
 * Places data by how often it is used and how large it is, as the specification's {@code
 * get_optimal_storage}: used in more than 0.8 of the cases, device memory; in more than 0.3 and
 * smaller than 100 MiB, page-locked host memory; otherwise disk.
 *
 * <p>Where the kind is absent, the next one below takes its place: of {@code device}, {@code
 * pinned}, {@code system}, {@code disk}, {@code remote} the first present after it, and where there
 * is none the last present before it. If all kinds present are others, the last of them, the
 * slowest. Such an answer is a {@linkplain PlacementPolicy.Placement#isFallback fallback} and its
 * reason says what is absent.
 */
public final class FrequencyPlacement implements PlacementPolicy {

  /** The name users give. */
  public static final String NAME = "by-frequency";

  /** Above this frequency data goes to the device. */
  public static final double DEVICE_FREQUENCY = 0.8;

  /** Above this frequency small data goes to page-locked memory. */
  public static final double PINNED_FREQUENCY = 0.3;

  /** Data of so many bytes is not small any more. */
  public static final long PINNED_BYTE_SIZE = 100L << 20;

  private static final String DEVICE = "device";
  private static final String PINNED = "pinned";
  private static final String DISK = "disk";

  /** From the fastest to the slowest. */
  private static final List<String> ORDER = List.of(DEVICE, PINNED, "system", DISK, "remote");

  /** Creates the policy; it keeps nothing. */
  public FrequencyPlacement() {}

  /**
   * {@inheritDoc}
   *
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the frequency is not from 0
   *     to 1, the length is negative or there is no storage
   */
  @Override
  public Placement place(double accessFrequency, long byteSize, List<String> present) {
    if (!(accessFrequency >= 0 && accessFrequency <= 1) || byteSize < 0 || present.isEmpty()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "%d bytes used at frequency %s cannot be placed in %s; give a frequency from 0 to 1, at least 0 bytes and a kind of storage"
              .formatted(byteSize, accessFrequency, present));
    }
    String preferred = preferred(accessFrequency, byteSize);
    String reason = reason(preferred, accessFrequency, byteSize);
    if (present.contains(preferred)) {
      return new Placement(preferred, preferred, reason);
    }
    String chosen = nextTo(preferred, present);
    return new Placement(
        chosen,
        preferred,
        "%s, but there is no %s; %s instead".formatted(reason, preferred, chosen));
  }

  private static String preferred(double accessFrequency, long byteSize) {
    if (accessFrequency > DEVICE_FREQUENCY) {
      return DEVICE;
    }
    return accessFrequency > PINNED_FREQUENCY && byteSize < PINNED_BYTE_SIZE ? PINNED : DISK;
  }

  private static String reason(String preferred, double accessFrequency, long byteSize) {
    return switch (preferred) {
      case DEVICE -> "used at %s, more than %s".formatted(accessFrequency, DEVICE_FREQUENCY);
      case PINNED ->
          "used at %s, more than %s, and %d bytes, fewer than %d"
              .formatted(accessFrequency, PINNED_FREQUENCY, byteSize, PINNED_BYTE_SIZE);
      default ->
          "used at %s and %d bytes: too rare or too large for memory"
              .formatted(accessFrequency, byteSize);
    };
  }

  private static String nextTo(String preferred, List<String> present) {
    int wanted = ORDER.indexOf(preferred);
    for (int next = wanted + 1; next < ORDER.size(); next++) {
      if (present.contains(ORDER.get(next))) {
        return ORDER.get(next);
      }
    }
    for (int before = wanted - 1; before >= 0; before--) {
      if (present.contains(ORDER.get(before))) {
        return ORDER.get(before);
      }
    }
    return present.getLast();
  }
}

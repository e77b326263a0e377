package io.kvbm.core.offload;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import java.util.Arrays;

/** When blocks of a tier are copied to the one below. */
public enum WritePolicy {
  /** As soon as they are registered. */
  THROUGH("through"),
  /** When they are about to be evicted; whoever evicts them asks for it. */
  BACK("back"),
  /** Once they were registered or matched several times. */
  SELECTIVE("selective"),
  /** Only when asked for. */
  NONE("none");

  private final String text;

  WritePolicy(String text) {
    this.text = text;
  }

  /** {@return the name in configurations} */
  public String text() {
    return text;
  }

  /**
   * {@return the policy of that name}
   *
   * @param text a name as {@link #text()} gives it
   * @throws ConfigurationException if there is none
   */
  public static WritePolicy parse(String text) {
    for (WritePolicy policy : values()) {
      if (policy.text.equals(text)) {
        return policy;
      }
    }
    throw new ConfigurationException(
        ErrorCode.INVALID_CONFIG,
        "there is no write policy '%s'; use one of %s"
            .formatted(text, Arrays.stream(values()).map(WritePolicy::text).toList()));
  }
}

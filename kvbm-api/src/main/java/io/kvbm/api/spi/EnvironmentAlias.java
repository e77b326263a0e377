package io.kvbm.api.spi;

import io.kvbm.api.Stability;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

/**
 * An environment variable from elsewhere that stands for a setting. It counts as the environment:
 * above a file, below what a program sets, and below kvbm's own variable of the same setting.
 *
 * @param variable its name
 * @param toSetting the text of the setting for a text of the variable, empty where that sets
 *     nothing; must not throw
 */
@Stability(Stability.Level.PREVIEW)
public record EnvironmentAlias(String variable, Function<String, Optional<String>> toSetting) {

  /** Checks the values. */
  public EnvironmentAlias {
    Objects.requireNonNull(variable, "variable");
    Objects.requireNonNull(toSetting, "toSetting");
  }
}

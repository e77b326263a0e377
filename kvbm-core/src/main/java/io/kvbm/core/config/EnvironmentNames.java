package io.kvbm.core.config;

import java.util.Map;
import java.util.Set;

/**
 * The names of environment variables: which are settings, and which belong to somebody else. Also
 * the one place of the core that reads the environment of the process.
 */
public final class EnvironmentNames {

  /** What every variable of kvbm begins with. */
  public static final String PREFIX = "KVBM_";

  /** Names the configuration file of the {@code kvbm} command. */
  public static final String CONFIG_FILE = "KVBM_CONFIG";

  /** Names the folder of plugins; the launcher reads it too. */
  public static final String PLUGINS = "KVBM_PLUGINS";

  /** Variables that begin like settings and are none: those of launcher, command and tests. */
  public static final Set<String> RESERVED =
      Set.of(CONFIG_FILE, "KVBM_JAVA_HOME", "KVBM_JAVA_OPTS", "KVBM_REQUIRE", "KVBM_TRACES");

  private EnvironmentNames() {}

  /** {@return the environment of this process} */
  public static Map<String, String> ofProcess() {
    return System.getenv();
  }

  /**
   * {@return the variable of a setting: {@code KVBM_TIERS_HOST_BLOCKS} for {@code
   * tiers.host.blocks}}
   *
   * @param path the setting's path
   */
  public static String variable(String path) {
    StringBuilder name = new StringBuilder(PREFIX);
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      boolean word = i > 0 && isLower(path.charAt(i - 1)) && c >= 'A' && c <= 'Z';
      if (word) {
        name.append('_');
      }
      boolean plain = isLower(c) || (c >= 'A' && c <= 'Z');
      name.append(plain ? Character.toUpperCase(c) : '_');
    }
    return name.toString();
  }

  private static boolean isLower(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  }
}

package io.kvbm.core.config;

import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.EnvironmentAlias;
import io.kvbm.api.spi.Nearest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Every setting there is: those of the core, and {@code backends.<name>.<key>} for each key of each
 * installed backend. Immutable.
 *
 * <p>{@code Platform.builder().schema()} gives that of what is installed.
 */
public final class ConfigSchema {

  /** The owner of the settings of the core. */
  static final String CORE = "core";

  private static final String BACKENDS = "backends.";

  private final Map<String, ConfigSetting> settings = new LinkedHashMap<>();
  private final Map<String, List<ConfigSetting>> variables = new LinkedHashMap<>();
  private final Map<String, AliasOf> aliases = new LinkedHashMap<>();
  private final Set<String> sections = new TreeSet<>();
  private final Set<String> backends = new TreeSet<>();

  /** A setting and one of the variables from elsewhere that stand for it. */
  record AliasOf(ConfigSetting setting, EnvironmentAlias alias) {}

  private ConfigSchema(List<ConfigSetting> all, Collection<String> backends) {
    sections.add("backends");
    backends.forEach(
        name -> {
          this.backends.add(name);
          sections.add(BACKENDS + name);
        });
    all.forEach(this::add);
  }

  private void add(ConfigSetting setting) {
    settings.put(setting.path(), setting);
    variables.computeIfAbsent(setting.variable(), _ -> new ArrayList<>()).add(setting);
    for (EnvironmentAlias alias : setting.key().aliases()) {
      aliases.putIfAbsent(alias.variable(), new AliasOf(setting, alias));
    }
    String section = setting.section();
    sections.add(section);
    if (!section.startsWith(BACKENDS)) {
      for (int dot = section.indexOf('.'); dot > 0; dot = section.indexOf('.', dot + 1)) {
        sections.add(section.substring(0, dot));
      }
    }
  }

  /** {@return the schema of a platform without backends} */
  public static ConfigSchema ofCore() {
    return of(Map.of());
  }

  /**
   * {@return the schema of a platform with these backends}
   *
   * @param backends the keys of each backend, by its name, or by {@code name@version} for one of
   *     several versions
   */
  public static ConfigSchema of(Map<String, List<ConfigKey>> backends) {
    List<ConfigSetting> all = new ArrayList<>(CoreSettings.all());
    for (String name : new TreeSet<>(backends.keySet())) {
      for (ConfigKey key : backends.getOrDefault(name, List.of())) {
        String path = BACKENDS + name + "." + key.name();
        all.add(new ConfigSetting(path, key, EnvironmentNames.variable(path), "backend " + name));
      }
    }
    return new ConfigSchema(all, backends.keySet());
  }

  /** {@return every setting, those of the core first} */
  public List<ConfigSetting> settings() {
    return List.copyOf(settings.values());
  }

  /**
   * {@return a setting}
   *
   * @param path its path
   */
  public Optional<ConfigSetting> setting(String path) {
    return Optional.ofNullable(settings.get(path));
  }

  /** {@return the names of the backends that can be configured, with {@code name@version}} */
  public Set<String> backends() {
    return new TreeSet<>(backends);
  }

  /** {@return environment variables that stand for more than one setting; they cannot be used} */
  public Map<String, List<ConfigSetting>> clashes() {
    Map<String, List<ConfigSetting>> clashes = new LinkedHashMap<>();
    variables.forEach(
        (variable, candidates) -> {
          if (candidates.size() > 1 || aliases.containsKey(variable)) {
            clashes.put(variable, List.copyOf(candidates));
          }
        });
    return clashes;
  }

  boolean isSection(String path) {
    return sections.contains(path);
  }

  List<ConfigSetting> ofVariable(String variable) {
    return variables.getOrDefault(variable, List.of());
  }

  Map<String, AliasOf> aliases() {
    return aliases;
  }

  /** {@return one clause: what a path that is no setting may have meant} */
  String hintFor(String path) {
    String start = ShownText.start(path);
    Optional<String> missing = missingBackend(start);
    if (missing.isPresent()) {
      return missing.get();
    }
    List<String> known = new ArrayList<>(settings.keySet());
    known.addAll(sections);
    return "the nearest known one is '" + Nearest.to(start, known) + "'";
  }

  private Optional<String> missingBackend(String path) {
    if (!path.startsWith(BACKENDS)) {
      return Optional.empty();
    }
    String rest = path.substring(BACKENDS.length());
    boolean installed =
        backends.stream().anyMatch(name -> rest.equals(name) || rest.startsWith(name + "."));
    if (installed) {
      return Optional.empty();
    }
    String near =
        Nearest.similarTo(rest, backends).map(name -> ", nearest '" + name + "'").orElse("");
    return Optional.of(
        backends.isEmpty()
            ? "no backend is installed; install it or remove the setting"
            : "no such backend is installed (there are %s%s); install it or remove the setting"
                .formatted(String.join(", ", backends), near));
  }

  String hintForVariable(String variable) {
    List<String> known = new ArrayList<>(variables.keySet());
    known.addAll(EnvironmentNames.RESERVED);
    known.add(EnvironmentNames.PLUGINS);
    return "the nearest known one is " + Nearest.to(ShownText.start(variable), known);
  }
}

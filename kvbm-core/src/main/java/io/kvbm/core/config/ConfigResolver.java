package io.kvbm.core.config;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Holds what the sources say against a schema. The sources come in rising precedence; what is wrong
 * with a value that another one overrides is told all the same. For one thread.
 */
final class ConfigResolver {

  private final ConfigSchema schema;
  private final Map<String, ConfigValue> values = new HashMap<>();
  private final List<Problem> problems = new ArrayList<>();
  private @Nullable String skipped;

  /**
   * Something wrong.
   *
   * @param path the setting
   * @param line where, what, and what to do
   */
  private record Problem(String path, String line) {}

  ConfigResolver(ConfigSchema schema) {
    this.schema = schema;
  }

  /** Takes a key of a file; those below a section that does not exist are told by it. */
  void take(YamlEntry entry) {
    if (skipped != null && entry.path().startsWith(skipped)) {
      return;
    }
    skipped = null;
    Optional<ConfigSetting> setting = schema.setting(entry.path());
    if (setting.isPresent()) {
      takeSetting(setting.get(), entry);
    } else if (schema.isSection(entry.path())) {
      if (entry.text() != null) {
        problem(
            entry.path(),
            "%s: '%s' is a section, not a setting; write its settings below it"
                .formatted(entry.origin(), ShownText.of(entry.path())));
      }
    } else {
      unknown(entry.path(), entry.keyOrigin());
      skipBelow(entry);
    }
  }

  private void takeSetting(ConfigSetting setting, YamlEntry entry) {
    if (entry.section()) {
      problem(
          entry.path(),
          "%s: '%s' is a setting, not a section; expected %s"
              .formatted(entry.origin(), entry.path(), setting.key().expected()));
      skipBelow(entry);
    } else if (entry.text() == null) {
      problem(
          entry.path(),
          "%s: '%s' has no value, expected %s; write one or remove the line"
              .formatted(entry.origin(), entry.path(), setting.key().expected()));
    } else {
      takeText(setting, entry.text(), entry.origin());
    }
  }

  private void skipBelow(YamlEntry entry) {
    if (entry.section()) {
      skipped = entry.path() + ".";
    }
  }

  /** Takes the environment: the variables from elsewhere first, then those of kvbm. */
  void take(Map<String, String> environment) {
    schema
        .aliases()
        .forEach(
            (variable, alias) ->
                Optional.ofNullable(environment.get(variable))
                    .flatMap(alias.alias().toSetting())
                    .ifPresent(
                        text ->
                            takeText(
                                alias.setting(), text, new ConfigOrigin.InEnvironment(variable))));
    new TreeMap<>(environment).forEach(this::takeVariable);
  }

  private void takeVariable(String variable, String text) {
    boolean elsewhere =
        !variable.startsWith(EnvironmentNames.PREFIX)
            || EnvironmentNames.RESERVED.contains(variable)
            || schema.aliases().containsKey(variable);
    if (elsewhere) {
      return;
    }
    ConfigOrigin origin = new ConfigOrigin.InEnvironment(variable);
    List<ConfigSetting> meant = schema.ofVariable(variable);
    switch (meant.size()) {
      case 0 ->
          problem(
              variable,
              "%s stands for no setting; %s; correct the variable or unset it"
                  .formatted(ShownText.of(origin.toString()), schema.hintForVariable(variable)));
      case 1 -> takeText(meant.getFirst(), text, origin);
      default ->
          problem(
              variable,
              "%s could mean %s; unset it and use a file"
                  .formatted(
                      origin,
                      meant.stream().map(ConfigSetting::path).collect(Collectors.joining(" or "))));
    }
  }

  /** Takes a value that the program sets. */
  void take(String path, String text, String by) {
    ConfigOrigin origin = new ConfigOrigin.InProgram(by);
    schema
        .setting(path)
        .ifPresentOrElse(setting -> takeText(setting, text, origin), () -> unknown(path, origin));
  }

  private void takeText(ConfigSetting setting, String text, ConfigOrigin origin) {
    if (setting.key().accepts(text)) {
      String value = setting.key().choices().isEmpty() ? text : text.strip();
      values.put(setting.path(), new ConfigValue(value, origin));
      return;
    }
    problem(
        setting.path(),
        "%s: '%s' is '%s', expected %s; %s"
            .formatted(
                origin,
                setting.path(),
                setting.shown(text),
                setting.key().expected(),
                origin.remedy()));
  }

  private void unknown(String path, ConfigOrigin origin) {
    problem(
        path,
        "%s: there is no setting '%s'; %s"
            .formatted(origin, ShownText.of(path), schema.hintFor(path)));
  }

  private void problem(String path, String line) {
    problems.add(new Problem(path, line));
  }

  List<String> problems() {
    return problems.stream().map(Problem::line).toList();
  }

  void throwProblems() {
    if (!problems.isEmpty()) {
      String more =
          problems.size() == 1
              ? ""
              : " (and %d more %s)"
                  .formatted(problems.size() - 1, problems.size() == 2 ? "problem" : "problems");
      throw new ConfigurationException(ErrorCode.INVALID_CONFIG, problems.getFirst().line() + more);
    }
  }

  void throwProblemsOf(String path) {
    problems.stream()
        .filter(problem -> problem.path().equals(path))
        .findFirst()
        .ifPresent(
            problem -> {
              throw new ConfigurationException(ErrorCode.INVALID_CONFIG, problem.line());
            });
  }

  KvbmConfig config() {
    return new KvbmConfig(schema, values);
  }
}

package io.kvbm.core.config;

import io.kvbm.api.spi.ConfigKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A configuration file made up at random, right or with something wrong in it. */
final class RandomYaml {

  private static final List<String> WRONG =
      List.of(
          "nothing: 1",
          "tiers.host.block: 2",
          "model: 3",
          "a:\n  b:\n    c: 1",
          "backends.none.x: 1",
          "model.pageSize: x",
          "model.pageSize: [1]",
          "model.pageSize:",
          "model.dtype: {fp16: 1}",
          "platform.leakDetection: 1",
          "? [a]\n: b",
          "tiers.host.blocks: 1e3",
          "<<: {a: 1}",
          "runtime.workerId: 0x10",
          "tiers.host.blocks: 99999999999");

  private final Map<String, String> settings = new LinkedHashMap<>();
  private final StringBuilder text = new StringBuilder();
  private final boolean clean;

  RandomYaml(Random random, ConfigSchema schema) {
    List<ConfigSetting> some = new ArrayList<>(schema.settings());
    Collections.shuffle(some, random);
    List<String> parts = new ArrayList<>();
    for (ConfigSetting setting : some.subList(0, random.nextInt(8))) {
      if (!setting.path().equals("model.pageSize") && !setting.section().contains("@")) {
        String value = value(setting.key(), random);
        settings.put(setting.path(), value);
        parts.add(setting.path() + ": " + quoted(value, random));
      }
    }
    clean = random.nextBoolean();
    if (!clean) {
      String wrong = WRONG.get(random.nextInt(WRONG.size()));
      parts.removeIf(part -> wrong.startsWith(part.substring(0, part.indexOf(':'))));
      parts.add(random.nextInt(parts.size() + 1), wrong);
    }
    parts.forEach(part -> text.append(part).append(random.nextBoolean() ? "\n" : " # why\n"));
  }

  private static String value(ConfigKey key, Random random) {
    if (!key.choices().isEmpty()) {
      return key.choices().get(random.nextInt(key.choices().size()));
    }
    return switch (key.type()) {
      case BOOLEAN -> String.valueOf(random.nextBoolean());
      case INTEGER, BYTE_SIZE ->
          String.valueOf(Math.clamp(random.nextInt(3), key.min(), key.max()));
      case DURATION -> random.nextInt(9) + "ms";
      case PATH, STRING -> "x" + random.nextInt(100);
    };
  }

  private static String quoted(String value, Random random) {
    return switch (random.nextInt(3)) {
      case 0 -> "'" + value + "'";
      case 1 -> '"' + value + '"';
      default -> value;
    };
  }

  String text() {
    return text.toString();
  }

  boolean isClean() {
    return clean;
  }

  Map<String, String> settings() {
    return settings;
  }
}

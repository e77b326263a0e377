package io.kvbm.cli.doctor;

import com.fasterxml.jackson.core.JsonGenerator;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.spi.Finding.Scope;
import io.kvbm.api.spi.Finding.Status;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.Table;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that was found, in the order in which it is shown.
 *
 * @param machine findings on the machine
 * @param directory what was looked at besides, without symbolic links
 * @param ofDirectory findings on it
 */
record DoctorReport(List<Finding> machine, Optional<Path> directory, List<Finding> ofDirectory) {

  private static final String MOUNT = "mount";
  private static final int TEXT_WIDTH = 90;

  /** Titles and a rule. */
  private static final int TABLE_HEAD = 2;

  /** The order of what is known; whatever else a backend finds follows. */
  private static final List<String> ORDER =
      List.of(
          "processor",
          "memory",
          "memory-lock",
          "huge-pages",
          "open-files",
          "direct-io",
          "io-uring",
          "disk-engine",
          "gpu",
          "ucx",
          "java",
          "kernel");

  /** Who makes the checks that the command cannot make itself. */
  private static final Map<String, String> BACKENDS =
      Map.of(
          "memory", "system",
          "memory-lock", "system",
          "huge-pages", "system",
          "direct-io", "disk",
          "io-uring", "disk",
          "disk-engine", "disk");

  /**
   * {@return the report}
   *
   * @param own what the command found itself; a backend's finding of the same name, which knows
   *     better, takes its place
   * @param ofBackends what the backends found
   * @param directory what they looked at besides
   */
  static DoctorReport of(List<Finding> own, List<Finding> ofBackends, Optional<Path> directory) {
    Map<String, Finding> byName = new LinkedHashMap<>();
    own.forEach(finding -> byName.put(finding.name(), finding));
    ofBackends.stream()
        .filter(finding -> finding.scope() == Scope.MACHINE)
        .forEach(finding -> byName.put(finding.name(), finding));
    BACKENDS.forEach(
        (name, backend) ->
            byName.computeIfAbsent(name, _ -> unchecked(Scope.MACHINE, name, backend)));
    List<Finding> machine = new ArrayList<>();
    for (String name : ORDER) {
      Optional.ofNullable(byName.remove(name)).ifPresent(machine::add);
    }
    machine.addAll(byName.values());
    return new DoctorReport(machine, directory, ofDirectory(ofBackends, directory));
  }

  private static List<Finding> ofDirectory(List<Finding> ofBackends, Optional<Path> directory) {
    if (directory.isEmpty()) {
      return List.of();
    }
    List<Finding> found =
        ofBackends.stream().filter(finding -> finding.scope() == Scope.DIRECTORY).toList();
    return found.isEmpty() ? List.of(unchecked(Scope.DIRECTORY, "file-system", "disk")) : found;
  }

  private static Finding unchecked(Scope scope, String name, String backend) {
    return Finding.missing(
        scope,
        name,
        "not checked: that needs the backend '" + backend + "', which is not installed",
        "put the folder of its jars into the plugin folder; see which there are: kvbm backends");
  }

  /** Shows tables, with what to do below the line it belongs to. */
  void print(Console console) {
    print("machine", machine, console);
    if (directory.isPresent()) {
      console.line("");
      console.line("directory " + directory.get());
      console.line("");
      print("directory", ofDirectory, console);
    }
  }

  /** Text is broken where it is long; a command is not, so that it can be copied. */
  private static void print(String title, List<Finding> findings, Console console) {
    Table table = new Table(title, "status", "found");
    List<Optional<String>> advice = new ArrayList<>();
    for (Finding finding : findings) {
      List<String> found = wrap(finding.found());
      table.row(finding.name(), text(finding.status()), found.getFirst());
      found.stream().skip(1).forEach(line -> table.row("", "", line));
      found.stream().skip(1).forEach(_ -> advice.add(Optional.empty()));
      advice.add(Optional.of(finding.advice()).filter(text -> !text.isEmpty()));
    }
    List<String> lines = table.lines();
    String indent = " ".repeat(lines.get(1).lastIndexOf(' ') + 1);
    lines.subList(0, TABLE_HEAD).forEach(console::line);
    for (int i = 0; i < advice.size(); i++) {
      console.line(lines.get(TABLE_HEAD + i));
      advice.get(i).ifPresent(text -> console.line(indent + "to do: " + text));
    }
  }

  private static List<String> wrap(String text) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (!line.isEmpty() && line.length() + 1 + word.length() > TEXT_WIDTH) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  /** Writes the document. */
  void write(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeFieldName("machine");
    write(machine, json);
    json.writeFieldName("directory");
    if (directory.isPresent()) {
      writeDirectory(directory.get(), json);
    } else {
      json.writeNull();
    }
    json.writeEndObject();
  }

  private void writeDirectory(Path path, JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("path", path.toString());
    Optional<String> mount =
        ofDirectory.stream()
            .filter(finding -> finding.name().equals(MOUNT) && finding.status() == Status.OK)
            .map(Finding::found)
            .findFirst();
    json.writeStringField(MOUNT, mount.orElse(null));
    json.writeFieldName("findings");
    write(ofDirectory, json);
    json.writeEndObject();
  }

  private static void write(List<Finding> findings, JsonGenerator json) throws IOException {
    json.writeStartArray();
    for (Finding finding : findings) {
      json.writeStartObject();
      json.writeStringField("name", finding.name());
      json.writeStringField("status", text(finding.status()));
      json.writeStringField("found", finding.found());
      json.writeStringField("advice", finding.advice());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static String text(Status status) {
    return status.name().toLowerCase(Locale.ROOT);
  }
}

package io.kvbm.bench.report;

import com.fasterxml.jackson.core.JsonGenerator;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a benchmark found, as one JSON document or as a table.
 *
 * @param machine where it ran
 * @param commit what ran
 * @param cases the comparisons
 * @param settings how each side was tuned, by its name; empty where there is nothing to say
 */
public record BenchReport(
    String machine, String commit, List<BenchCase> cases, Map<String, String> settings) {

  /**
   * Without settings.
   *
   * @param machine where it ran
   * @param commit what ran
   * @param cases the comparisons
   */
  public BenchReport(String machine, String commit, List<BenchCase> cases) {
    this(machine, commit, cases, Map.of());
  }

  /**
   * {@return this report with what each side was tuned to}
   *
   * @param tuned one line each, by the side's name
   */
  public BenchReport withSettings(Map<String, String> tuned) {
    return new BenchReport(machine, commit, cases, tuned);
  }

  /**
   * {@return a report of this machine and this checkout}
   *
   * @param cases the comparisons
   */
  public static BenchReport of(List<BenchCase> cases) {
    return new BenchReport(Machine.describe(), Machine.commit(), List.copyOf(cases));
  }

  /**
   * Writes the report in the form the user asked for.
   *
   * @param console where to
   */
  public void print(Console console) {
    if (console.isJson()) {
      console.document(this::write);
      return;
    }
    console.line(machine + ", commit " + commit);
    settings.forEach((name, line) -> console.line(name + ": " + line));
    console.line("");
    table().print(console);
  }

  private void write(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("machine", machine);
    json.writeStringField("commit", commit);
    if (!settings.isEmpty()) {
      json.writeObjectFieldStart("settings");
      for (Map.Entry<String, String> setting : settings.entrySet()) {
        json.writeStringField(setting.getKey(), setting.getValue());
      }
      json.writeEndObject();
    }
    json.writeArrayFieldStart("cases");
    for (BenchCase each : cases) {
      write(each, json);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void write(BenchCase each, JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("case", each.name());
    json.writeObjectFieldStart("ours");
    write(each.ours(), json);
    json.writeEndObject();
    json.writeObjectFieldStart("peer");
    json.writeStringField("name", each.peerName());
    write(each.peer(), json);
    json.writeEndObject();
    if (!each.peers().isEmpty()) {
      json.writeArrayFieldStart("peers");
      for (PeerFigures peer : each.peers()) {
        json.writeStartObject();
        json.writeStringField("name", peer.name());
        write(peer.figures(), json);
        json.writeEndObject();
      }
      json.writeEndArray();
    }
    json.writeNumberField("ratio", each.ratio());
    json.writeNumberField("rounds", each.rounds());
    json.writeNumberField("spread", each.spread());
    json.writeFieldName("control");
    if (each.control().isPresent()) {
      json.writeNumber(each.control().getAsDouble());
    } else {
      json.writeNull();
    }
    json.writeEndObject();
  }

  private static void write(Map<String, Double> figures, JsonGenerator json) throws IOException {
    for (Map.Entry<String, Double> figure : figures.entrySet()) {
      json.writeNumberField(figure.getKey(), figure.getValue());
    }
  }

  private Table table() {
    TreeSet<String> names = new TreeSet<>();
    cases.forEach(each -> names.addAll(each.ours().keySet()));
    List<String> header = new ArrayList<>(List.of("case"));
    names.forEach(name -> header.add(">" + name));
    header.add("peer");
    names.forEach(name -> header.add(">" + name));
    header.addAll(List.of(">ratio", ">spread", ">control"));
    Table table = new Table(header.toArray(String[]::new));
    for (BenchCase each : cases) {
      List<String> cells = new ArrayList<>(List.of(each.name()));
      names.forEach(name -> cells.add(cell(each.ours().get(name))));
      cells.add(each.peerName());
      names.forEach(name -> cells.add(cell(each.peer().get(name))));
      cells.add(String.format(Locale.ROOT, "%.2f", each.ratio()));
      cells.add(String.format(Locale.ROOT, "%.0f %%", 100 * each.spread()));
      cells.add(
          each.control().isPresent()
              ? String.format(Locale.ROOT, "%.2f", each.control().getAsDouble())
              : "");
      table.row(cells.toArray(String[]::new));
    }
    return table;
  }

  private static String cell(@Nullable Double figure) {
    return figure == null ? "" : String.format(Locale.ROOT, figure < 100 ? "%.1f" : "%.0f", figure);
  }
}

package io.kvbm.bench.disk;

import com.fasterxml.jackson.core.JsonGenerator;
import io.kvbm.bench.report.BenchCase;
import io.kvbm.bench.report.BenchReport;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.Table;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code kvbm bench disk} found.
 *
 * @param engine the name of ours
 * @param engineText the same and why it is not a better one
 * @param peer fio's version, empty where there is none
 * @param device the device the kernel counts for, empty where it counts for none
 * @param results of each job
 */
record DiskReport(
    String engine,
    String engineText,
    Optional<String> peer,
    Optional<String> device,
    List<DiskCaseResult> results) {

  void print(Console console) {
    BenchReport frame = BenchReport.of(List.of());
    if (console.isJson()) {
      console.document(json -> write(frame, json));
      return;
    }
    console.line(frame.machine() + ", commit " + frame.commit());
    console.line(engineText + ", beside " + peer.orElse("nothing: fio is not installed"));
    console.line(
        device
            .map(name -> "direct I/O is checked by what /proc/diskstats counts for " + name)
            .orElse("direct I/O is not proven: /proc/diskstats has no line for this file system"));
    console.line("");
    table().print(console);
    for (DiskCaseResult result : results) {
      if (result.isUndecided()) {
        double[] quartiles = DiskCaseResult.quartiles(result.controls());
        console.line(
            String.format(
                Locale.ROOT,
                "undecided: %s: fio beside itself has quartiles %.2f and %.2f",
                result.job().name(),
                quartiles[0],
                quartiles[1]));
      }
    }
  }

  private Table table() {
    Table table =
        new Table(
            "case",
            "side",
            ">iops",
            ">MB/s",
            ">p50 us",
            ">p99 us",
            ">CPU s/GiB",
            "direct",
            ">ratio",
            ">quartiles",
            ">control",
            ">quartiles",
            ">p99 ratio",
            ">CPU ratio");
    for (DiskCaseResult result : results) {
      table.row(ours(result));
      if (result.hasPeer()) {
        table.row(row("", "fio", result.peer(), new String[6]));
      }
    }
    return table;
  }

  private String[] ours(DiskCaseResult result) {
    String[] verdict = new String[6];
    if (result.hasPeer()) {
      verdict[0] = two(BenchCase.median(result.ratios())) + (result.isUndecided() ? " ?" : "");
      verdict[1] = quartiles(result.ratios());
      verdict[2] = two(BenchCase.median(result.controls()));
      verdict[3] = quartiles(result.controls());
      verdict[4] = two(result.p99Ratio());
      verdict[5] = two(result.cpuRatio());
    }
    return row(result.job().name(), engine, result.ours(), verdict);
  }

  private String[] row(String name, String side, List<DiskSample> samples, String[] verdict) {
    Map<String, Double> figures = DiskSample.figures(samples);
    String[] cells = new String[14];
    cells[0] = name;
    cells[1] = side;
    int at = 2;
    for (double figure : figures.values()) {
      cells[at++] = String.format(Locale.ROOT, figure < 10 ? "%.3f" : "%.0f", figure);
    }
    cells[at++] =
        device.isEmpty() ? "unknown" : DiskCaseResult.isProvenDirect(samples) ? "yes" : "NO";
    for (String cell : verdict) {
      cells[at++] = cell == null ? "" : cell;
    }
    return cells;
  }

  private static String quartiles(double[] values) {
    double[] quartiles = DiskCaseResult.quartiles(values);
    return two(quartiles[0]) + "-" + two(quartiles[1]);
  }

  private static String two(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  private void write(BenchReport frame, JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("machine", frame.machine());
    json.writeStringField("commit", frame.commit());
    json.writeStringField("engine", engineText);
    json.writeStringField("device", device.orElse(null));
    json.writeArrayFieldStart("cases");
    for (DiskCaseResult result : results) {
      write(result, json);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void write(DiskCaseResult result, JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("case", result.job().name());
    json.writeObjectFieldStart("ours");
    json.writeStringField("engine", engine);
    write(result.ours(), json);
    json.writeEndObject();
    if (!result.hasPeer()) {
      json.writeNullField("peer");
      json.writeNullField("ratio");
      json.writeNumberField("rounds", result.ours().size());
      json.writeNullField("spread");
      json.writeNullField("control");
      json.writeEndObject();
      return;
    }
    json.writeObjectFieldStart("peer");
    json.writeStringField("name", peer.orElse("fio"));
    write(result.peer(), json);
    json.writeEndObject();
    double[] ratios = result.ratios();
    double[] controls = result.controls();
    json.writeNumberField("ratio", BenchCase.median(ratios));
    json.writeNumberField("rounds", ratios.length);
    json.writeNumberField("spread", spread(ratios));
    json.writeNumberField("control", BenchCase.median(controls));
    writeQuartiles("ratioQuartiles", ratios, json);
    writeQuartiles("controlQuartiles", controls, json);
    json.writeNumberField("p99Ratio", result.p99Ratio());
    json.writeNumberField("cpuRatio", result.cpuRatio());
    json.writeBooleanField("undecided", result.isUndecided());
    json.writeEndObject();
  }

  private void write(List<DiskSample> samples, JsonGenerator json) throws IOException {
    for (Map.Entry<String, Double> figure : DiskSample.figures(samples).entrySet()) {
      json.writeNumberField(figure.getKey(), figure.getValue());
    }
    json.writeFieldName("provenDirect");
    if (device.isPresent()) {
      json.writeBoolean(DiskCaseResult.isProvenDirect(samples));
    } else {
      json.writeNull();
    }
  }

  private static void writeQuartiles(String name, double[] values, JsonGenerator json)
      throws IOException {
    double[] quartiles = DiskCaseResult.quartiles(values);
    json.writeArrayFieldStart(name);
    json.writeNumber(quartiles[0]);
    json.writeNumber(quartiles[1]);
    json.writeEndArray();
  }

  private static double spread(double[] ratios) {
    return new BenchCase("", Map.of(), "", Map.of(), ratios, java.util.OptionalDouble.empty())
        .spread();
  }
}

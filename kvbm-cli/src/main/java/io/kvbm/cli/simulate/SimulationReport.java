package io.kvbm.cli.simulate;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * One page of HTML that shows hit ratios over capacity, a line for each policy, and every figure in
 * a table. It loads nothing: chart and style are in it.
 */
final class SimulationReport {

  private static final int WIDTH = 880;
  private static final int HEIGHT = 440;
  private static final int LEFT = 56;
  private static final int RIGHT = 110;
  private static final int TOP = 20;
  private static final int BOTTOM = 46;
  private static final int LABEL_HEIGHT = 15;

  /**
   * As many as there are policies. The first six are told apart also by those who see fewer colours
   * (Okabe and Ito, 2008).
   */
  static final List<String> COLOURS =
      List.of(
          "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#7f7f7f",
          "#a6761d", "#b3123f");

  private final String title;
  private final String subtitle;
  private final List<PolicyScore> scores;
  private final Map<String, List<PolicyScore>> byPolicy = new LinkedHashMap<>();
  private final List<Long> capacities;
  private final double highest;

  /**
   * @param title what was simulated
   * @param subtitle how much of it
   * @param scores what came out, at least one
   */
  SimulationReport(String title, String subtitle, List<PolicyScore> scores) {
    this.title = title;
    this.subtitle = subtitle;
    this.scores = scores;
    Set<Long> sizes = new LinkedHashSet<>();
    double most = 0;
    for (PolicyScore score : scores) {
      byPolicy.computeIfAbsent(score.policy(), _ -> new ArrayList<>()).add(score);
      sizes.add(score.capacity());
      most = Math.max(most, score.hitRatio());
    }
    capacities = sizes.stream().sorted().toList();
    highest = Math.clamp(Math.ceil(most * 10) / 10, 0.1, 1.0);
  }

  /** Writes the page, replacing what is there. */
  void write(Path file) throws IOException {
    Files.writeString(file, html(), StandardCharsets.UTF_8);
  }

  String html() {
    return """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>%1$s</title>
    <style>
    :root { color-scheme: light dark; --line: #8884; --text: #555; }
    @media (prefers-color-scheme: dark) { :root { --text: #bbb; } }
    body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
    h1 { font-size: 1.3rem; margin: 0; overflow-wrap: anywhere; }
    p { color: var(--text); margin: .2rem 0 1.2rem; }
    svg { display: block; height: auto; width: 100%%; }
    svg text { fill: var(--text); font-size: 12px; }
    svg .grid { stroke: var(--line); }
    svg polyline { fill: none; stroke-width: 2; }
    svg .min { stroke-dasharray: 5 4; }
    div { overflow-x: auto; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin-top: 1.5rem; }
    th, td { border-bottom: 1px solid var(--line); padding: .25rem .8rem; text-align: right; }
    th:first-child, td:first-child { text-align: left; }
    </style>
    </head>
    <body>
    <h1>%1$s</h1>
    <p>%2$s</p>
    %3$s
    <div>%4$s</div>
    </body>
    </html>
    """
        .formatted(escaped(title), escaped(subtitle), chart(), table());
  }

  private String chart() {
    StringBuilder svg = new StringBuilder();
    svg.append(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Hit ratio over capacity\">\n"
            .formatted(WIDTH, HEIGHT));
    appendAxes(svg);
    int colour = 0;
    List<int[]> labels = new ArrayList<>();
    for (Map.Entry<String, List<PolicyScore>> policy : byPolicy.entrySet()) {
      appendLine(svg, policy.getKey(), policy.getValue(), COLOURS.get(colour % COLOURS.size()));
      List<PolicyScore> sorted = sorted(policy.getValue());
      labels.add(new int[] {colour, (int) Math.round(y(sorted.getLast().hitRatio()))});
      colour++;
    }
    appendLabels(svg, labels);
    return svg.append("</svg>").toString();
  }

  private void appendAxes(StringBuilder svg) {
    int steps = 5;
    for (int step = 0; step <= steps; step++) {
      double ratio = highest * step / steps;
      svg.append(
          "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%s\" y2=\"%s\"/>"
              .formatted(LEFT, WIDTH - RIGHT, coordinate(y(ratio)), coordinate(y(ratio))));
      svg.append(
          "<text x=\"%d\" y=\"%s\" text-anchor=\"end\">%s</text>\n"
              .formatted(
                  LEFT - 8,
                  coordinate(y(ratio) + 4),
                  String.format(Locale.ROOT, "%.0f %%", 100 * ratio)));
    }
    double last = -WIDTH;
    for (long capacity : capacities) {
      double x = x(capacity);
      if (x - last >= 60) {
        last = x;
        svg.append(
            "<text x=\"%s\" y=\"%d\" text-anchor=\"middle\">%d</text>\n"
                .formatted(coordinate(x), HEIGHT - BOTTOM + 20, capacity));
      }
    }
    svg.append(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">blocks kept</text>\n"
            .formatted((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6));
  }

  private void appendLine(
      StringBuilder svg, String policy, List<PolicyScore> policyScores, String colour) {
    String style = policy.equals(MinPolicy.NAME) ? " class=\"min\"" : "";
    svg.append("<g stroke=\"").append(colour).append("\" fill=\"").append(colour).append("\">");
    svg.append("<polyline").append(style).append(" points=\"");
    for (PolicyScore score : sorted(policyScores)) {
      svg.append(coordinate(x(score.capacity()))).append(',');
      svg.append(coordinate(y(score.hitRatio()))).append(' ');
    }
    svg.append("\"/>");
    for (PolicyScore score : policyScores) {
      svg.append(
          "<circle cx=\"%s\" cy=\"%s\" r=\"3.5\"><title>%s, %d blocks: %s</title></circle>"
              .formatted(
                  coordinate(x(score.capacity())),
                  coordinate(y(score.hitRatio())),
                  escaped(policy),
                  score.capacity(),
                  ratio(score.hitRatio())));
    }
    svg.append("</g>\n");
  }

  /** Names stand beside the ends of their lines, pushed apart where those are close. */
  private void appendLabels(StringBuilder svg, List<int[]> labels) {
    List<String> names = List.copyOf(byPolicy.keySet());
    labels.sort((left, right) -> Integer.compare(left[1], right[1]));
    int lowest = HEIGHT - BOTTOM - LABEL_HEIGHT * (labels.size() - 1);
    int free = TOP;
    for (int[] label : labels) {
      int y = Math.max(free, Math.min(label[1], lowest));
      lowest += LABEL_HEIGHT;
      free = y + LABEL_HEIGHT;
      svg.append(
          "<circle cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"%s\"/><text x=\"%d\" y=\"%d\">%s</text>\n"
              .formatted(
                  WIDTH - RIGHT + 14,
                  y,
                  COLOURS.get(label[0] % COLOURS.size()),
                  WIDTH - RIGHT + 24,
                  y + 4,
                  escaped(names.get(label[0]))));
    }
  }

  private String table() {
    StringBuilder table = new StringBuilder("<table>\n<tr><th>policy</th>");
    for (long capacity : capacities) {
      table.append("<th>").append(capacity).append("</th>");
    }
    table.append("</tr>\n");
    for (String policy : byPolicy.keySet()) {
      table.append("<tr><td>").append(escaped(policy)).append("</td>");
      for (long capacity : capacities) {
        table.append("<td>").append(cell(policy, capacity)).append("</td>");
      }
      table.append("</tr>\n");
    }
    return table.append("</table>").toString();
  }

  private String cell(String policy, long capacity) {
    for (PolicyScore score : scores) {
      if (score.policy().equals(policy) && score.capacity() == capacity) {
        return ratio(score.hitRatio());
      }
    }
    return "";
  }

  private static List<PolicyScore> sorted(List<PolicyScore> scores) {
    return scores.stream()
        .sorted((left, right) -> Long.compare(left.capacity(), right.capacity()))
        .toList();
  }

  /** Capacities lie on a logarithmic axis. */
  private double x(long capacity) {
    double first = Math.log((double) capacities.getFirst());
    double span = Math.log((double) capacities.getLast()) - first;
    double share = span == 0 ? 0.5 : (Math.log((double) capacity) - first) / span;
    return LEFT + share * (WIDTH - LEFT - RIGHT);
  }

  private double y(double ratio) {
    return HEIGHT - BOTTOM - ratio / highest * (HEIGHT - TOP - BOTTOM);
  }

  private static String coordinate(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  private static String ratio(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}

package io.kvbm.cli.console;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Text in columns that line up: a header, a rule, rows. Columns of numbers are set flush right. */
public final class Table {

  private static final String GAP = "  ";

  private final List<String[]> rows = new ArrayList<>();
  private final boolean[] right;

  /**
   * Creates a table.
   *
   * @param header a title for each column; one that starts with {@code >} (which is not shown) is
   *     set flush right
   */
  public Table(String... header) {
    right = new boolean[header.length];
    String[] titles = new String[header.length];
    for (int i = 0; i < header.length; i++) {
      right[i] = header[i].startsWith(">");
      titles[i] = right[i] ? header[i].substring(1) : header[i];
    }
    rows.add(titles);
  }

  /**
   * Adds a row.
   *
   * @param cells one text for each column
   * @return this table
   * @throws CallerException if there are more or fewer cells than columns
   */
  public Table row(String... cells) {
    if (cells.length != right.length) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a row has " + cells.length + " cells and the table " + right.length + " columns");
    }
    rows.add(cells.clone());
    return this;
  }

  /**
   * Writes the table as lines of the result.
   *
   * @param console where to
   */
  public void print(Console console) {
    lines().forEach(console::line);
  }

  /** {@return the header, a rule and the rows, without trailing blanks} */
  public List<String> lines() {
    int[] widths = new int[right.length];
    for (String[] row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    List<String> lines = new ArrayList<>();
    for (String[] row : rows) {
      lines.add(align(row, widths));
    }
    String[] rule = Arrays.stream(widths).mapToObj("-"::repeat).toArray(String[]::new);
    lines.add(1, align(rule, widths));
    return lines;
  }

  private String align(String[] row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < row.length; i++) {
      String padding = " ".repeat(widths[i] - row[i].length());
      line.append(i == 0 ? "" : GAP);
      line.append(right[i] ? padding + row[i] : row[i] + padding);
    }
    return line.toString().stripTrailing();
  }
}

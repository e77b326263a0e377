package io.kvbm.cli.docs;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The rows of the tables of a Markdown document. */
final class DocumentTable {

  private static final Pattern CODE = Pattern.compile("`([^`]+)`");

  private DocumentTable() {}

  /**
   * A row.
   *
   * @param line its line in the document, from 1
   * @param section the heading it stands under
   * @param cells its cells
   */
  record Row(int line, String section, List<String> cells) {

    String cell(int column) {
      return column < cells.size() ? cells.get(column) : "";
    }

    /** What stands in backticks in a cell. */
    List<String> code(int column) {
      List<String> found = new ArrayList<>();
      Matcher matcher = CODE.matcher(cell(column));
      while (matcher.find()) {
        found.add(matcher.group(1));
      }
      return found;
    }

    @Override
    public String toString() {
      return "line " + line + ": " + cell(0);
    }
  }

  /** The rows of every table whose header starts with the given cell; the header is left out. */
  static List<Row> rows(String document, String firstHeader) {
    List<Row> rows = new ArrayList<>();
    String section = "";
    boolean wanted = false;
    boolean inTable = false;
    int number = 0;
    for (String line : document.lines().toList()) {
      number++;
      if (line.startsWith("#")) {
        section = line.replaceFirst("^#+ *", "");
      }
      if (!line.startsWith("|")) {
        inTable = false;
        continue;
      }
      List<String> cells = cells(line);
      if (!inTable) {
        inTable = true;
        wanted = cells.getFirst().equals(firstHeader);
      } else if (wanted && !line.startsWith("|--") && !line.startsWith("| --")) {
        rows.add(new Row(number, section, cells));
      }
    }
    return rows;
  }

  private static List<String> cells(String line) {
    String inner = line.strip().replaceFirst("^\\|", "").replaceFirst("\\|$", "");
    List<String> cells = new ArrayList<>();
    for (String cell : inner.split("(?<!\\\\)\\|", -1)) {
      cells.add(cell.strip().replace("\\|", "|"));
    }
    return cells;
  }
}

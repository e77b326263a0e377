package io.kvbm.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code docs/metrics.md} names the metrics that the code reports, no more and no fewer. */
class MetricsDocumentTest {

  private static final Pattern METER =
      Pattern.compile("(counter|histogram|gauge)\\(\\s*\"(kvbm\\.[a-z.]+)\"");

  @Test
  void everyMetricOfTheCodeIsInTheDocumentWithItsType() {
    assertThat(documented()).isEqualTo(reported());
  }

  private static Set<String> reported() {
    Set<String> meters = new TreeSet<>();
    for (Path source : Repository.sources("src/main")) {
      Matcher matcher = METER.matcher(Repository.read(source));
      while (matcher.find()) {
        meters.add(matcher.group(2) + " " + matcher.group(1));
      }
    }
    return meters;
  }

  private static Set<String> documented() {
    Set<String> meters = new TreeSet<>();
    for (DocumentTable.Row row : DocumentTable.rows(Repository.text("docs/metrics.md"), "Name")) {
      for (String name : row.code(0)) {
        meters.add(name + " " + row.cell(1));
      }
    }
    return meters;
  }
}

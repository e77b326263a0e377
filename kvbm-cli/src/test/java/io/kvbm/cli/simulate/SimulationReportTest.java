package io.kvbm.cli.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SimulationReportTest {

  private static PolicyScore score(String policy, long capacity, double ratio) {
    return new PolicyScore(policy, capacity, (long) (1000 * ratio), ratio, 1, List.of());
  }

  private static final List<PolicyScore> SCORES =
      List.of(
          score("lru", 100, 0.125),
          score("lru", 1000, 0.5),
          score("min", 100, 0.25),
          score("min", 1000, 0.5));

  private static String html(String title, List<PolicyScore> scores) {
    return new SimulationReport(title, "4 requests", scores).html();
  }

  @Test
  void a_page_has_every_figure_in_its_table_and_a_line_for_each_policy() {
    String html = html("t", SCORES);

    assertThat(html).startsWith("<!doctype html>").endsWith("</html>\n");
    assertThat(html)
        .contains("<tr><th>policy</th><th>100</th><th>1000</th></tr>")
        .contains("<tr><td>lru</td><td>0.1250</td><td>0.5000</td></tr>")
        .contains("<tr><td>min</td><td>0.2500</td><td>0.5000</td></tr>");
    assertThat(html.split("<polyline", -1)).hasSize(3);
    assertThat(html).contains("<polyline class=\"min\"");
  }

  @Test
  void points_lie_at_their_figures() {
    String html = html("t", SCORES);

    assertThat(html).contains("<circle cx=\"56.0\" cy=\"300.5\" r=\"3.5\"><title>lru, 100 blocks");
    assertThat(html).contains("<circle cx=\"770.0\" cy=\"20.0\" r=\"3.5\"><title>min, 1000 blocks");
  }

  @Test
  void a_page_loads_nothing_from_elsewhere() {
    assertThat(html("t", SCORES))
        .doesNotContain("http:", "https:", "src=", "<script", "@import", "url(");
  }

  @Test
  void names_cannot_become_markup() {
    assertThat(html("<b>\"&", SCORES)).contains("&lt;b&gt;&quot;&amp;").doesNotContain("<b>");
  }

  @Test
  void labels_of_lines_that_end_together_do_not_cover_each_other() {
    String html = html("t", SCORES);
    String labels = html.substring(html.indexOf("cx=\"784\""));

    assertThat(labels).contains("cy=\"20\"").contains("cy=\"35\"");
  }

  @Test
  void each_policy_there_is_has_a_colour_of_its_own() {
    assertThat(SimulationReport.COLOURS)
        .doesNotHaveDuplicates()
        .hasSizeGreaterThanOrEqualTo(PolicyNames.all().size());
  }

  @Test
  void one_capacity_and_no_hits_make_a_page_too() {
    assertThat(html("t", List.of(score("lru", 7, 0)))).doesNotContain("NaN").contains("0.0000");
  }
}

package io.kvbm.cli.replay;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;

/** The command line for a process among several: this one's, without what is this one's own. */
final class ChildArguments {

  private static final Set<String> OWN =
      Set.of("--peers", "--workers", "--directory", "--transport");

  private ChildArguments() {}

  /** {@return the arguments} */
  static List<String> of(CommandSpec spec) {
    List<String> all = spec.root().commandLine().getParseResult().originalArgs();
    List<String> kept = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      String word = all.get(i);
      int equals = word.indexOf('=');
      if (OWN.contains(word)) {
        i++;
      } else if (!(equals > 0 && OWN.contains(word.substring(0, equals)))
          && !word.equals("--json")) {
        kept.add(word);
      }
    }
    return kept;
  }
}

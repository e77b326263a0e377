/** The kvbm command; subcommands are found by ServiceLoader. */
module io.kvbm.cli {
  requires transitive io.kvbm.core;
  requires com.fasterxml.jackson.core;
  requires info.picocli;
}

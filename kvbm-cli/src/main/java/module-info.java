/** The kvbm command; subcommands are found by ServiceLoader. */
module io.kvbm.cli {
  requires transitive com.fasterxml.jackson.core;
  requires transitive io.kvbm.core;
  requires static org.jspecify;
  requires info.picocli;
  requires java.logging;
  requires org.agrona;

  exports io.kvbm.cli.console;
  exports io.kvbm.cli.settings;
  exports io.kvbm.cli.spi;

  opens io.kvbm.cli to
      info.picocli;
  opens io.kvbm.cli.backends to
      info.picocli;
  opens io.kvbm.cli.doctor to
      info.picocli;
  opens io.kvbm.cli.node to
      info.picocli;
  opens io.kvbm.cli.replay to
      info.picocli;
  opens io.kvbm.cli.settings to
      info.picocli;
  opens io.kvbm.cli.simulate to
      info.picocli;
  opens io.kvbm.cli.store to
      info.picocli;
  opens io.kvbm.cli.trace to
      info.picocli;

  uses io.kvbm.cli.spi.CommandProvider;

  provides io.kvbm.cli.spi.CommandProvider with
      io.kvbm.cli.backends.BackendsCommandProvider,
      io.kvbm.cli.doctor.DoctorCommandProvider,
      io.kvbm.cli.node.NodeCommandProvider,
      io.kvbm.cli.replay.ReplayCommandProvider,
      io.kvbm.cli.settings.ConfigCommandProvider,
      io.kvbm.cli.simulate.SimulateCommandProvider,
      io.kvbm.cli.store.StoreCommandProvider;
}

package io.kvbm.cli.spi;

/**
 * Contributes one subcommand. Found by {@link java.util.ServiceLoader}; stateless.
 *
 * <p>Subcommands are listed in the order of their names. Each of them, without declaring it, also
 * knows {@code --config}, {@code --json}, {@code --verbose} and {@code --help}.
 */
public interface CommandProvider {

  /**
   * {@return a new object annotated with {@code picocli.CommandLine.Command}} It implements {@link
   * Subcommand}, unless it is only a group of further subcommands.
   */
  Object command();
}

package io.kvbm.backend.remote.path;

import java.util.Optional;

/** Opens data paths of one kind. Threading: safe from any thread. */
public interface PathProvider {

  /** {@return a new path, which the caller closes; empty where none can be opened} */
  Optional<DataPath> open();

  /** {@return why the last {@link #open} gave none, in one line; empty if it gave one} */
  String reason();
}

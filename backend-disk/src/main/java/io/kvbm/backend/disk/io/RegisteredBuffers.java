package io.kvbm.backend.disk.io;

/**
 * Memory an engine knows beforehand, so that requests inside it cost less. Closing it ends that; it
 * is closed before the memory is freed, when no request uses it. Later closes do nothing.
 */
public interface RegisteredBuffers extends AutoCloseable {

  /** Memory that is used as any other. */
  RegisteredBuffers NONE =
      new RegisteredBuffers() {
        @Override
        public boolean isRegistered() {
          return false;
        }

        @Override
        public void close() {}
      };

  /** {@return false where the memory is used as any other} */
  boolean isRegistered();

  @Override
  void close();
}

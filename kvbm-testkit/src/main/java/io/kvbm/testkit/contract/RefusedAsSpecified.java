package io.kvbm.testkit.contract;

import io.kvbm.testkit.Feature;

/** Ends a test that has passed: what it is about is left out, and refused as it must be. */
final class RefusedAsSpecified extends RuntimeException {

  private static final long serialVersionUID = 1L;

  RefusedAsSpecified(Feature feature, String reason) {
    super(feature + ": " + reason, null, false, false);
  }

  /** {@return the feature and why it is left out} */
  String what() {
    return String.valueOf(getMessage());
  }
}

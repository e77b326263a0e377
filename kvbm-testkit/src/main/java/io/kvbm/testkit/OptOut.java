package io.kvbm.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Leaves out one test of one contract, on a test class. The reason is mandatory and is counted in
 * the report; an opt-out that names no test is an error. With the system property {@code
 * kvbm.testkit.verifyOptOuts} set to {@code true} the test runs all the same, and the opt-out is an
 * error where it passes.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@Repeatable(OptOut.List.class)
public @interface OptOut {

  /** {@return contract and test, for instance {@code LogContract#anEmptyLogHasNoRecord}} */
  String test();

  /** {@return why, in one line} */
  String reason();

  /** Several of them. */
  @Documented
  @Inherited
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.TYPE)
  @interface List {
    /** {@return the opt-outs} */
    OptOut[] value();
  }
}

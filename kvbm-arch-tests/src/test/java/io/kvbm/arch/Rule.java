package io.kvbm.arch;

import com.tngtech.archunit.core.domain.JavaClass;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;

/**
 * One rule of the architecture.
 *
 * @param id names the rule, its broken sample and its row in the table
 * @param says the rule in one sentence
 * @param source the rule of the style guide it keeps, or where it comes from
 * @param leastClasses how many production classes it must at least look at: none is no proof
 * @param applies which classes it looks at
 * @param check adds a sentence per violation
 */
record Rule(
    String id,
    String says,
    String source,
    int leastClasses,
    BiPredicate<CodeBase, JavaClass> applies,
    Check check) {

  /** Looks at one class. */
  @FunctionalInterface
  interface Check {
    void check(CodeBase code, JavaClass type, List<String> violations);
  }

  /** {@return how many classes the rule looks at} */
  long count(CodeBase code) {
    return code.classes().stream().filter(type -> looksAt(code, type)).count();
  }

  List<String> violations(CodeBase code) {
    List<String> found = new ArrayList<>();
    for (JavaClass type : code.classes()) {
      if (looksAt(code, type)) {
        check.check(code, type, found);
      }
    }
    return found.stream().sorted().distinct().toList();
  }

  private boolean looksAt(CodeBase code, JavaClass type) {
    // Classes that were only resolved as dependencies belong to no module of the code base.
    return !code.moduleOf(type).isEmpty() && applies.test(code, type);
  }

  @Override
  public String toString() {
    return id;
  }
}
